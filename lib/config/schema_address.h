// SPDX-License-Identifier: BSD-3-Clause
// What stands after a virtual address: how the host has it while it is master.
#pragma once

#include "config/schema.h"

namespace warren::config {

void read_address_options(Statement& s, VirtualAddress& address);

}  // namespace warren::config
