// SPDX-License-Identifier: BSD-3-Clause
// The names of all tables of nftables, as "inet filter". libnftables' `list tables` reads every
// rule and element of the host for that (1.0.6), and this is asked once a second.
#pragma once

#include <optional>
#include <set>
#include <string>

namespace warren::kernel {

std::optional<std::set<std::string>> nft_table_list();  // nothing: the kernel does not say

}  // namespace warren::kernel
