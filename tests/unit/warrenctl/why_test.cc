// SPDX-License-Identifier: BSD-3-Clause
// Times as people write them, and the answer to why.
#include "past/why.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>
#include <stdexcept>

#include "fake_warren.h"
#include "text/times.h"

namespace warren::ctl {
namespace {

class Times : public testing::Test {
  protected:
    Times() {
        setenv("TZ", "UTC", 1);
        tzset();
    }
    static constexpr std::int64_t now = 1'795'910'400'000;  // 2026-11-29 00:00:00
    static constexpr std::int64_t minute = 60'000;
};

TEST_F(Times, AgesAndTimesOfDay) {
    EXPECT_EQ(read_time("5m", now).from_ms, now - 5 * minute);
    EXPECT_EQ(read_time("2h", now).from_ms, now - 120 * minute);
    EXPECT_EQ(read_time("1d", now).from_ms, now - 1'440 * minute);
    EXPECT_EQ(read_time("00:00", now).from_ms, now);
    EXPECT_EQ(read_time("12:03", now).from_ms, now - 717 * minute) << "yesterday's";
    EXPECT_EQ(read_time("12:03", now).to_ms, now - 716 * minute);
    EXPECT_EQ(read_time("12:03:07", now).to_ms - read_time("12:03:07", now).from_ms, 1'000);
    EXPECT_EQ(read_time("2026-11-28", now).from_ms, now - 1'440 * minute);
    EXPECT_EQ(read_time("2026-11-28T23:59:00", now).from_ms, now - minute);
    EXPECT_EQ(read_time("2026-11-28 23:59", now).from_ms, now - minute);
}

TEST_F(Times, NonsenseIsNamed) {
    for (const char* nonsense : {"", "5", "m", "5x", "12", "25:00", "12:03:07:01", "-5m", "5mm"})
        EXPECT_THROW(read_time(nonsense, now), std::invalid_argument) << nonsense;
}

TEST_F(Times, TodayNeedsNoDate) {
    EXPECT_EQ(local_time(now + 412, now), "00:00:00.412");
    EXPECT_EQ(local_time(now - minute, now), "2026-11-28T23:59:00.000+00:00");
    EXPECT_EQ(minute_time(now, now + minute), "00:00");
    EXPECT_EQ(minute_time(now - minute, now), "2026-11-28 23:59");
    EXPECT_EQ(utc_time(now + 7), "2026-11-29T00:00:00.007Z");
    EXPECT_EQ(read_duration("5m"), 5 * minute);
    EXPECT_THROW(read_duration("12:03"), std::invalid_argument);
}

TEST_F(Times, WhatWarrenWroteIsReadBack) {
    EXPECT_EQ(read_utc_time("2026-11-29T00:00:00.007Z"), now + 7);
    for (const std::int64_t ms : {std::int64_t{0}, now - 1, now + 43'387'412})
        EXPECT_EQ(read_utc_time(utc_time(ms)), ms);
    for (const char* other :
         {"", "-", "2026-11-29", "2026-11-29T00:00:00Z", "2026-11-29T00:00:00.07Z",
          "2026-11-29T00:00:00.007+01:00", "2026-11-29T00:00:00.0x7Z"})
        EXPECT_EQ(read_utc_time(other), std::nullopt) << other;
}

TEST_F(Times, WhyAsksForAClientAndATime) {
    EXPECT_EQ(why_question({"why", "10.9.8.7", "at", "00:00"}, now),
              "10.9.8.7," + std::to_string(now - 5'000) + "," + std::to_string(now + 65'000));
    EXPECT_EQ(why_question({"why", "10.9.8.7:50122"}, now).substr(0, 17), "10.9.8.7:50122,0,");
    const std::vector<std::vector<std::string>> wrong{
        {"why"}, {"why", "rabbit"}, {"why", "10.9.8.7", "at"}, {"why", "10.9.8.7", "on", "12:03"}};
    for (const auto& words : wrong)
        EXPECT_THROW(why_question(words, now), std::invalid_argument);
}

TEST_F(Times, TheAnswerFitsEightyColumns) {
    const Json row{
        {"end",
         {{"time", utc_time(now + 43'387'412)},
          {"client", "10.9.8.7:50122"},
          {"service", "10.0.1.100:5672"},
          {"server", nullptr},
          {"text",
           "RST sent: no flow here. rabbit became master 0.4 s before (nobody was heard "
           "for 3.65 s): the connection was 10.0.1.6's, gone with it"},
          {"lasted_ms", nullptr}}},
        {"events", {{{"time", utc_time(now + 43'387'010)}, {"text", "rabbit: backup -> master"}}}},
        {"next", {{"client", "10.9.8.7:50124"}, {"server", "10.0.1.12:5672"}, {"after_ms", 340}}}};
    std::ostringstream out;
    EXPECT_TRUE(write_why({row, {{"open", 1}}}, "10.9.8.7", now, out));
    EXPECT_EQ(out.str(),
              "10.9.8.7:50122 > 10.0.1.100:5672\n"
              "12:03:07.412  RST sent: no flow here. rabbit became master 0.4 s before (nobody\n"
              "              was heard for 3.65 s): the connection was 10.0.1.6's, gone with it\n"
              "12:03:07.010    rabbit: backup -> master\n"
              "              it was back after 340 ms: 10.9.8.7:50124 > 10.0.1.12:5672\n");
}

TEST_F(Times, TheAnswerAboutLongAddressesFitsToo) {
    const std::string host = "[2001:db8:1234:5678:9abc:def0:1234:";
    const Json row{{"end",
                    {{"time", utc_time(now)},
                     {"client", host + "c1]:60914"},
                     {"service", host + "5678]:5672"},
                     {"server", host + "1111]:5672"},
                     {"text", "the client closed it"},
                     {"lasted_ms", 20}}}};
    std::ostringstream out;
    EXPECT_TRUE(write_why({row}, host, now, out));
    EXPECT_EQ(out.str(), host + "c1]:60914 >\n" + host + "5678]:5672 >\n" + host +
                             "1111]:5672, open for 20 ms\n"
                             "00:00:00.000  the client closed it\n");
}

TEST_F(Times, NothingIsSaidSo) {
    std::ostringstream out;
    EXPECT_FALSE(write_why({{{"open", 3}}}, "10.9.8.7", now, out));
    EXPECT_EQ(out.str(), "nothing of 10.9.8.7 has ended here; 3 of its connections are open\n");
}

TEST_F(Times, ConnectionsThatWereTakenOverAreOpenToo) {
    FakeWarren warren(Json::parse(R"({"why": [{"open": 0}], "flow_count": [{"flows": 5}]})"));
    Telemetry telemetry(warren.socket());
    std::ostringstream out;
    EXPECT_FALSE(print_why(telemetry, {"why", "10.9.8.7"}, {out}));
    EXPECT_EQ(out.str(), "nothing of 10.9.8.7 has ended here; 5 of its connections are open\n");
}

}  // namespace
}  // namespace warren::ctl
