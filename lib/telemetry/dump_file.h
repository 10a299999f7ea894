// SPDX-License-Identifier: BSD-3-Clause
// A file that keepalived's tools expect in a folder that all may write: whoever reads it finds the
// old one or the new one, whole, and nobody can make us write elsewhere or read it unasked.
#pragma once

#include <string>
#include <string_view>

namespace warren::telemetry {

// TMPDIR if that is an absolute path, else /tmp: keepalived's rule.
std::string dump_folder();

// Mode 0600. Throws std::system_error.
void replace_file(const std::string& path, std::string_view text);

}  // namespace warren::telemetry
