// SPDX-License-Identifier: BSD-3-Clause
// What a running process cannot exchange: what the data plane and its threads are made of, and
// with whom connections are shared.
#pragma once

#include <string>

#include "config/config.h"

namespace warren::config {

// The first of those parts that differs: "dataplane has changed (flows 64 -> 128)". Empty: none
// does.
std::string changed_fixed_part(const Config& running, const Config& wanted);

}  // namespace warren::config
