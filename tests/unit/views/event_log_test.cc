// SPDX-License-Identifier: BSD-3-Clause
// The ring of events, and its pages.
#include "journal/event_log.h"
#include "views/event_rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "unit/views/read_page.h"
#include "views/pages.h"

namespace warren::views {
namespace {

class EventLogTest : public testing::Test {
  protected:
    std::int64_t now_ms_ = 1'000;
    journal::EventLog log_{[this] { return now_ms_; }};
};

TEST_F(EventLogTest, KeepsOrderTimeAndKind) {
    log_.info(journal::EventKind::vrrp, "{}: {} -> {}", "VI_1", "backup", "master");
    now_ms_ = 2'500;
    log_.warn(journal::EventKind::link, "interface {}: link down", "eth0");
    ASSERT_EQ(log_.first(), 1U);
    ASSERT_EQ(log_.end(), 3U);
    EXPECT_EQ(log_.at(1).text, "VI_1: backup -> master");
    EXPECT_EQ(log_.at(1).wall_ms, 1'000);
    EXPECT_EQ(log_.at(2).kind, journal::EventKind::link);
    EXPECT_EQ(log_.at(2).level, journal::EventLevel::warning);
    EXPECT_EQ(log_.at(2).wall_ms, 2'500);
}

TEST_F(EventLogTest, ARowSaysWhomItIsAbout) {
    log_.info(journal::EventKind::vrrp, journal::Subject{.router = "rabbit", .cause = "startup"},
              "rabbit: initialize -> backup");
    const Json row = read_page(events_page(log_, ""))["rows"][0];
    EXPECT_EQ(row["router"], "rabbit");
    EXPECT_EQ(row["cause"], "startup");
    for (const char* other : {"interface", "service", "server", "client", "tracked"})
        EXPECT_TRUE(row.at(other).is_null()) << other;
}

TEST_F(EventLogTest, TheOldestGoFirst) {
    for (std::size_t i = 1; i <= journal::EventLog::capacity + 10; ++i)
        log_.info(journal::EventKind::check, "{}", i);
    EXPECT_EQ(log_.first(), 11U);
    EXPECT_EQ(log_.at(log_.first()).text, "11");
    EXPECT_EQ(log_.at(log_.end() - 1).text, std::to_string(journal::EventLog::capacity + 10));
}

TEST_F(EventLogTest, AFloodOfOneKindTakesNothingFromTheOthers) {
    constexpr std::size_t flood = 2 * journal::EventLog::capacity + 100;
    log_.info(journal::EventKind::vrrp, "rabbit: backup -> master");
    for (std::size_t i = 0; i < flood; ++i)
        log_.warn(journal::EventKind::server, "server {} is down", i);
    log_.info(journal::EventKind::config, "reloaded");
    EXPECT_EQ(read_page(events_page(log_, ""))["rows"][0]["text"], "rabbit: backup -> master");
    std::vector<std::uint64_t> numbers;
    for (std::string cursor = "0"; !cursor.empty();) {
        const Json page = read_page(events_page(log_, cursor));
        for (const Json& row : page["rows"])
            numbers.push_back(row["number"].get<std::uint64_t>());
        cursor = page.contains("next") ? page["next"].get<std::string>() : "";
    }
    EXPECT_EQ(numbers.size(), journal::EventLog::capacity + 2);
    EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end()));
    EXPECT_EQ(numbers.back(), flood + 2);
}

TEST_F(EventLogTest, ALongTextIsCut) {
    log_.info(journal::EventKind::config, "{}", std::string(10'000, 'x'));
    EXPECT_EQ(log_.at(1).text.size(), journal::EventLog::max_text_bytes + 3);
}

// As warrenctl does it: no event twice, none left out, though some are added and overwritten.
TEST_F(EventLogTest, PagesJoin) {
    for (std::size_t i = 0; i < journal::EventLog::capacity; ++i)
        log_.info(journal::EventKind::server, "server \"{}\" is up", i);
    std::set<std::uint64_t> seen;
    std::string cursor;
    do {
        const std::string text = events_page(log_, cursor);
        EXPECT_LE(text.size(), max_page_bytes);
        const Json page = read_page(text);
        for (const Json& row : page["rows"])
            EXPECT_TRUE(seen.insert(row["number"].get<std::uint64_t>()).second);
        cursor = page.contains("next") ? page["next"].get<std::string>() : "";
        if (seen.size() < 200) log_.info(journal::EventKind::vrrp, "one more, {}", seen.size());
    } while (!cursor.empty());
    EXPECT_EQ(seen.size(), log_.end() - 1) << "pages were faster than what overwrites";
    EXPECT_EQ(*seen.rbegin(), log_.end() - 1);
}

TEST_F(EventLogTest, AnOldCursorGoesOnWithTheOldestKept) {
    for (std::size_t i = 0; i < journal::EventLog::capacity + 100; ++i)
        log_.info(journal::EventKind::server, "{}", i);
    EXPECT_EQ(read_page(events_page(log_, "5"))["rows"][0]["number"], 101);
    EXPECT_TRUE(read_page(events_page(log_, "999999"))["rows"].empty());
}

}  // namespace
}  // namespace warren::views
