// SPDX-License-Identifier: BSD-3-Clause
// What a running process cannot exchange: all but virtual_servers and local_address_groups.
#pragma once

#include <string>

#include "config/config.h"

namespace warren::config {

// The first of those parts that differs: "vrrp_instance VI_1 has changed". Empty: none does.
std::string changed_fixed_part(const Config& running, const Config& wanted);

}  // namespace warren::config
