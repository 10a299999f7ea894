// SPDX-License-Identifier: BSD-3-Clause
// What must not leave the machine.
#pragma once

#include <string>

namespace warren::ctl {

// The words behind auth_pass, password, secret and their kin become ********, and so does what
// stands before the @ of a URL.
std::string without_secrets(const std::string& text);

}  // namespace warren::ctl
