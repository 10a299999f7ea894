// SPDX-License-Identifier: BSD-3-Clause
#include "json_formatter.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "journal/event_log.h"
#include "journal/subject.h"
#include "record_kind.h"

namespace warren::app {
JsonFormatter::JsonFormatter(std::string instance) : instance_(std::move(instance)) {}

void JsonFormatter::format(const spdlog::details::log_msg& record, spdlog::memory_buf_t& line) {
    using Json = nlohmann::ordered_json;
    const std::int64_t ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(record.time.time_since_epoch())
            .count();
    Json object{{"time", journal::utc_text(ms)},
                {"level", level_of(record)},
                {"kind", kind_of(record)},
                {"instance", instance_},
                {"text", std::string(record.payload.begin(), record.payload.end())}};
    if (const journal::Subject* about = journal::logged_subject())
        for (const auto& [name, value] : journal::subject_fields)
            if (!(about->*value).empty()) object[std::string(name)] = about->*value;
    // What others say need not be UTF-8.
    const std::string text = object.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
    line.append(text.data(), text.data() + text.size());
}

std::unique_ptr<spdlog::formatter> JsonFormatter::clone() const {
    return std::make_unique<JsonFormatter>(instance_);
}

}  // namespace warren::app
