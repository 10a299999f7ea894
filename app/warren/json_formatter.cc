// SPDX-License-Identifier: BSD-3-Clause
#include "json_formatter.h"

#include <array>
#include <chrono>
#include <ctime>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "record_kind.h"

namespace warren::app {
namespace {

std::string rfc3339(spdlog::log_clock::time_point when) {
    using std::chrono::milliseconds;
    const std::int64_t ms =
        std::chrono::duration_cast<milliseconds>(when.time_since_epoch()).count();
    const auto seconds = static_cast<std::time_t>(ms / 1'000);
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    std::array<char, 32> text{};
    const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc);
    return fmt::format("{}.{:03}Z", std::string_view(text.data(), size), ms % 1'000);
}

}  // namespace

JsonFormatter::JsonFormatter(std::string instance) : instance_(std::move(instance)) {}

void JsonFormatter::format(const spdlog::details::log_msg& record, spdlog::memory_buf_t& line) {
    using Json = nlohmann::ordered_json;
    const Json object{{"time", rfc3339(record.time)},
                      {"level", level_of(record)},
                      {"kind", kind_of(record)},
                      {"instance", instance_},
                      {"text", std::string(record.payload.begin(), record.payload.end())}};
    // What others say need not be UTF-8.
    const std::string text = object.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
    line.append(text.data(), text.data() + text.size());
}

std::unique_ptr<spdlog::formatter> JsonFormatter::clone() const {
    return std::make_unique<JsonFormatter>(instance_);
}

}  // namespace warren::app
