// SPDX-License-Identifier: BSD-3-Clause
// What stands after a virtual address: how the host has it while it is master.
#pragma once

#include "schema/schema.h"

namespace warren::schema {

void read_address_options(Statement& s, config::VirtualAddress& address);

}  // namespace warren::schema
