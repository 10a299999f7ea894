// SPDX-License-Identifier: BSD-3-Clause
// What a record of the log says besides its text, as `warrenctl events` names it.
#pragma once

#include <spdlog/details/log_msg.h>

#include <string_view>

namespace warren::app {

// Of the event, "process" for what is none.
std::string_view kind_of(const spdlog::details::log_msg& record);
// "debug", "info", "warning" or "error".
std::string_view level_of(const spdlog::details::log_msg& record);

}  // namespace warren::app
