// SPDX-License-Identifier: BSD-3-Clause
// The status page: one HTML file that needs nothing else, whole without JavaScript. Pure.
#pragma once

#include <string>

#include "metrics/facts.h"

namespace warren::page {

std::string render(const metrics::Facts& facts);

// Allows the page its own style and script, by their hashes, and nothing else.
std::string content_security_policy();

}  // namespace warren::page
