// SPDX-License-Identifier: BSD-3-Clause
// What members of the unit's group may read though telemetry is shut to them: views, by the Unix
// socket of `dataplane { http unix:/run/warren/%i.http }`. Nothing can be ordered there.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace warren::ctl {

// Where an instance has it, if it has it where the manual says.
std::string reader_socket(const std::string& instance);
// Whether somebody answers there whom this user may ask.
bool is_answered(const std::string& socket);
// The instances that this user may read so.
std::vector<std::string> readable_instances();

// What telemetry is asked, as a path: a view, and what its first page begins with ("", a row's
// number, "@" and a time, which flows, or another question). Empty: readers are not told that.
std::string reader_path(const std::string& view, const std::string& cursor);

// {"rows": […]} of such a path, with "next" where there is more. Throws std::runtime_error
// otherwise.
nlohmann::ordered_json read_view(const std::string& socket, const std::string& path);

}  // namespace warren::ctl
