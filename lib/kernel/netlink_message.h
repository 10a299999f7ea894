// SPDX-License-Identifier: BSD-3-Clause
// An rtnetlink request as bytes, all but its sequence number: it can be compared, kept, and sent by
// another process.
#pragma once

#include <vector>

namespace warren::kernel {

using NetlinkMessage = std::vector<char>;

}  // namespace warren::kernel
