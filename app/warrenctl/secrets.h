// SPDX-License-Identifier: BSD-3-Clause
// What must not leave the machine.
#pragma once

#include <string>

namespace warren::ctl {

// What stands behind auth_pass, X_PASSWORD, secret, --token and their kin becomes ********, and so
// does what stands before the @ of a URL, and the password of -u NAME:X.
std::string without_secrets(const std::string& text);

}  // namespace warren::ctl
