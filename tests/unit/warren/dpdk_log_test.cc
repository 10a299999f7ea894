// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk_log.h"

#include <gtest/gtest.h>
#include <rte_log.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <memory>
#include <sstream>

namespace warren::app {
namespace {

TEST(DpdkLog, ItsLinesAreRecordsWithTheirLevel) {
    std::ostringstream out;
    auto logger = std::make_shared<spdlog::logger>(
        "t", std::make_shared<spdlog::sinks::ostream_sink_st>(out));
    logger->set_pattern("%l %v");
    const auto before = spdlog::default_logger();
    spdlog::set_default_logger(logger);
    take_dpdk_log();
    rte_log(RTE_LOG_ERR, RTE_LOGTYPE_EAL, "EAL: no memory\nat all\n");
    rte_log(RTE_LOG_WARNING, RTE_LOGTYPE_EAL, "\nslow\n");
    rte_log(RTE_LOG_WARNING, RTE_LOGTYPE_EAL,
            "TELEMETRY: No legacy callbacks, legacy socket not created\n");
    rte_log(RTE_LOG_NOTICE, RTE_LOGTYPE_EAL, "by the way\n");
    rte_openlog_stream(nullptr);
    spdlog::set_default_logger(before);
    EXPECT_EQ(out.str(),
              "error DPDK: EAL: no memory\nerror DPDK: at all\nwarning DPDK: slow\n"
              "info DPDK: by the way\n");
}

}  // namespace
}  // namespace warren::app
