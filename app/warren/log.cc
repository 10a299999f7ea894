// SPDX-License-Identifier: BSD-3-Clause
#include "log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <exception>
#include <memory>
#include <utility>

namespace warren::app {
namespace {

constexpr auto pattern = "%Y-%m-%d %H:%M:%S.%e %l %v";

spdlog::sink_ptr open_file(const std::string& path) {
    auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path);
    sink->set_pattern(pattern);
    return sink;
}

}  // namespace

void open_log(const Options& options) {
    const spdlog::sink_ptr sink = options.log_file
                                      ? open_file(*options.log_file)
                                      : std::make_shared<spdlog::sinks::stderr_sink_mt>();
    auto logger = std::make_shared<spdlog::logger>("warren", sink);
    logger->set_pattern(pattern);
    logger->set_level(options.verbose ? spdlog::level::debug : spdlog::level::info);
    logger->flush_on(spdlog::level::info);
    spdlog::set_default_logger(std::move(logger));
}

std::string reopen_log(const Options& options) {
    if (!options.log_file) return {};
    try {
        spdlog::default_logger()->sinks() = {open_file(*options.log_file)};
        return {};
    } catch (const std::exception& error) {
        return error.what();
    }
}

}  // namespace warren::app
