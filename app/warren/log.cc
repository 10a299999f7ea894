// SPDX-License-Identifier: BSD-3-Clause
#include "log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <exception>
#include <memory>
#include <utility>

#include "journal/event_kind.h"
#include "journald_sink.h"
#include "json_formatter.h"

namespace warren::app {
namespace {

constexpr auto pattern = "%Y-%m-%d %H:%M:%S.%e %l %v";

spdlog::sink_ptr open_sink(const Options& options) {
    if (options.log_file)
        return std::make_shared<spdlog::sinks::basic_file_sink_mt>(*options.log_file);
    return std::make_shared<spdlog::sinks::stderr_sink_mt>();
}

spdlog::sink_ptr make_sink(const Options& options) {
    if (options.log_format == LogFormat::automatic && !options.log_file &&
        journal_reads(STDERR_FILENO))
        return std::make_shared<JournaldSink>(options.instance);
    spdlog::sink_ptr sink = open_sink(options);
    if (options.log_format == LogFormat::json)
        sink->set_formatter(std::make_unique<JsonFormatter>(options.instance));
    else
        sink->set_pattern(pattern);
    return sink;
}

}  // namespace

void open_log(const Options& options) {
    auto logger = std::make_shared<spdlog::logger>("warren", make_sink(options));
    logger->set_level(options.verbose ? spdlog::level::debug : spdlog::level::info);
    logger->flush_on(spdlog::level::info);
    // Events are logged by the logger of their kind.
    for (const std::string_view kind : journal::event_kinds)
        spdlog::register_logger(logger->clone(std::string(kind)));
    spdlog::set_default_logger(std::move(logger));
}

std::string reopen_log(const Options& options) {
    if (!options.log_file) return {};
    try {
        const spdlog::sink_ptr sink = make_sink(options);
        spdlog::apply_all([&](const auto& logger) { logger->sinks() = {sink}; });
        return {};
    } catch (const std::exception& error) {
        return error.what();
    }
}

}  // namespace warren::app
