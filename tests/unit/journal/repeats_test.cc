// SPDX-License-Identifier: BSD-3-Clause
// What is said again and again is folded, in the ring and in the log alike.
#include "journal/repeats.h"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <sstream>

#include "journal/event_log.h"

namespace warren::journal {
namespace {

class Folding : public testing::Test {
  protected:
    Folding() {
        auto sink = std::make_shared<spdlog::sinks::ostream_sink_st>(written_);
        sink->set_pattern("%n %l %v");
        spdlog::register_logger(std::make_shared<spdlog::logger>("vrrp", sink));
    }
    ~Folding() override { spdlog::drop("vrrp"); }
    Folding(const Folding&) = delete;
    Folding& operator=(const Folding&) = delete;

    void say(const char* text, int times) {
        for (int i = 0; i < times; ++i)
            log_.warn(EventKind::vrrp, "{}", text);
    }
    std::vector<std::string> kept() const {
        std::vector<std::string> texts;
        for (std::uint64_t i = log_.first(); i < log_.end(); ++i)
            texts.push_back(log_.at(i).text);
        return texts;
    }

    std::ostringstream written_;
    std::int64_t now_ms_ = 1'000'000;
    EventLog log_{[this] { return now_ms_; }};
};

TEST_F(Folding, TheFirstFiveAreSaidTheRestIsCountedWhenTheWindowEnds) {
    say("claimed", 100'000);
    say("another", 1);
    const std::vector<std::string> before{"claimed", "claimed", "claimed",
                                          "claimed", "claimed", "another"};
    EXPECT_EQ(kept(), before);
    now_ms_ += Repeats::window_ms - 1;
    log_.log_repeats();
    EXPECT_EQ(kept(), before);
    now_ms_ += 1;
    log_.log_repeats();
    EXPECT_EQ(kept().back(), "claimed (99995 times more in 30 s)");
    EXPECT_EQ(log_.at(log_.end() - 1).level, EventLevel::warning);
    log_.log_repeats();
    EXPECT_EQ(kept().size(), before.size() + 1) << "told once";
}

TEST_F(Folding, AnswersToAReloadAreNotFolded) {
    for (int i = 0; i < 20; ++i)
        log_.info(EventKind::config, "reloaded: nothing has changed");
    EXPECT_EQ(kept().size(), 20U);
}

TEST_F(Folding, ANewWindowSaysItAgain) {
    say("claimed", 6);
    now_ms_ += Repeats::window_ms;
    say("claimed", 1);
    ASSERT_EQ(kept().size(), 7U);
    EXPECT_EQ(kept()[5], "claimed (1 times more in 30 s)") << "before what comes next";
    EXPECT_EQ(kept()[6], "claimed");
}

TEST_F(Folding, WhatIsSaidSeldomIsNotFolded) {
    say("claimed", 5);
    now_ms_ += Repeats::window_ms;
    log_.log_repeats();
    EXPECT_EQ(kept().size(), 5U);
}

TEST_F(Folding, AClockThatIsSetBackEndsIt) {
    say("claimed", 7);
    now_ms_ -= 3'600'000;
    say("claimed", 1);
    EXPECT_EQ(kept().back(), "claimed");
}

TEST_F(Folding, BeyondItsBoundNothingIsFoldedAndNothingLost) {
    for (std::size_t i = 0; i < Repeats::capacity + 2; ++i)
        log_.info(EventKind::vrrp, "number {}", i);
    const std::size_t before = kept().size();
    say(fmt::format("number {}", Repeats::capacity + 1).c_str(), 50);
    EXPECT_EQ(kept().size(), before + 50);
}

TEST_F(Folding, TheLogHasTheSameByTheLoggerOfTheKind) {
    say("claimed", 6);
    now_ms_ += Repeats::window_ms;
    log_.log_repeats();
    std::string expected;
    for (const std::string& text : kept())
        expected += "vrrp warning " + text + "\n";
    EXPECT_EQ(written_.str(), expected);
}

TEST_F(Folding, WhatIsFoldedIsAboutTheSame) {
    for (int i = 0; i < 7; ++i)
        log_.warn(EventKind::vrrp, Subject{.router = "rabbit", .cause = "auth_data"}, "refused");
    now_ms_ += Repeats::window_ms;
    log_.log_repeats();
    EXPECT_EQ(kept().back(), "refused (2 times more in 30 s)");
    EXPECT_EQ(log_.at(log_.end() - 1).about.router, "rabbit");
    EXPECT_EQ(log_.at(log_.end() - 1).about.cause, "auth_data");
}

TEST_F(Folding, ARecordIsOneLineWhateverItQuotes) {
    say("node says \x1b[2J\r\nrabbit: backup -> master\x7f \xc3\xa4", 1);
    EXPECT_EQ(kept().back(), "node says  [2J  rabbit: backup -> master  \xc3\xa4");
    EXPECT_EQ(written_.str(), "vrrp warning " + kept().back() + "\n");
}

}  // namespace
}  // namespace warren::journal
