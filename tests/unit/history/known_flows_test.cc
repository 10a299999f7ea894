// SPDX-License-Identifier: BSD-3-Clause
// When connections began, and spans in words.
#include "history/known_flows.h"

#include <gtest/gtest.h>

#include "history/duration_text.h"

namespace warren::history {
namespace {

FlowName named(std::uint16_t port, std::uint8_t host = 9) {
    return {net::IpAddress::v4(10, 0, 0, host), port, 0};
}

TEST(KnownFlows, SaysWhenOneBeganAndHowItEnded) {
    KnownFlows flows;
    EXPECT_EQ(flows.find(named(4000)), nullptr);
    flows.begin(named(4000), {.began_ms = 5'000, .connect_us = 85, .server = 1});
    EXPECT_EQ(flows.find(named(4000))->began_ms, 5'000);
    flows.end(named(4000), "idle", 9'000);
    EXPECT_EQ(flows.find(named(4000))->ended_ms, 9'000);
    EXPECT_EQ(flows.find(named(4000))->cause, "idle");
    flows.begin(named(4000), {.began_ms = 10'000});
    EXPECT_EQ(flows.find(named(4000))->ended_ms, 0) << "it is another one";
}

TEST(KnownFlows, TheFirstGoFirstAndNoNewOneWithThem) {
    KnownFlows flows;
    flows.begin(named(1), {.began_ms = 1});
    for (std::size_t i = 0; i < KnownFlows::most - 1; ++i)
        flows.begin(named(static_cast<std::uint16_t>(i), 10), {.began_ms = 2});
    EXPECT_NE(flows.find(named(1)), nullptr);
    flows.begin(named(2), {.began_ms = 3});
    EXPECT_EQ(flows.find(named(1)), nullptr);
    EXPECT_NE(flows.find(named(2)), nullptr);
    flows.begin(named(0, 10), {.began_ms = 4});
    flows.begin(named(3), {.began_ms = 5});
    EXPECT_EQ(flows.find(named(0, 10))->began_ms, 4) << "the older of that name was forgotten";
}

TEST(KnownFlows, OfOneClientOnly) {
    KnownFlows flows;
    flows.begin(named(1), {});
    flows.begin(named(2), {});
    flows.begin(named(1, 10), {});
    unsigned found = 0;
    flows.of_client(named(1).client, [&](const FlowName&, const KnownFlow&) { ++found; });
    EXPECT_EQ(found, 2U);
}

TEST(Spans, AreWrittenAsPeopleSayThem) {
    EXPECT_EQ(duration_text(0), "0 s");
    EXPECT_EQ(duration_text(412), "0.41 s");
    EXPECT_EQ(duration_text(400), "0.4 s");
    EXPECT_EQ(duration_text(3'050), "3.05 s");
    EXPECT_EQ(duration_text(252'000), "4m12s");
    EXPECT_EQ(duration_text(7'440'000), "2h4m");
    EXPECT_EQ(duration_text(273'600'000), "3d4h");
    EXPECT_EQ(duration_text(86'400'000), "1d");
}

}  // namespace
}  // namespace warren::history
