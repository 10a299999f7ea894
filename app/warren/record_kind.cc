// SPDX-License-Identifier: BSD-3-Clause
#include "record_kind.h"

#include <algorithm>

#include "journal/event_kind.h"

namespace warren::app {

std::string_view kind_of(const spdlog::details::log_msg& record) {
    const std::string_view logger(record.logger_name.data(), record.logger_name.size());
    const auto& kinds = journal::event_kinds;
    const bool is_event = std::find(kinds.begin(), kinds.end(), logger) != kinds.end();
    return is_event ? logger : name(journal::EventKind::process);
}

std::string_view level_of(const spdlog::details::log_msg& record) {
    if (record.level < spdlog::level::info) return "debug";
    if (record.level == spdlog::level::info) return name(journal::EventLevel::info);
    return record.level == spdlog::level::warn ? name(journal::EventLevel::warning)
                                               : name(journal::EventLevel::error);
}

}  // namespace warren::app
