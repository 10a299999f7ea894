// SPDX-License-Identifier: BSD-3-Clause
// Which events are chosen: by whom they are about, not by what their text quotes.
#include "past/events.h"

#include <gtest/gtest.h>

#include <sstream>

#include "fake_warren.h"

namespace warren::ctl {
namespace {

std::string chosen_texts(const EventFilter& filter) {
    const FakeWarren warren(Json{{"events",
                                  {{{"number", 1},
                                    {"level", "info"},
                                    {"kind", "vrrp"},
                                    {"router", "rabbit"},
                                    {"cause", "auth_data"},
                                    {"text", "one;"}},
                                   {{"number", 2},
                                    {"level", "info"},
                                    {"kind", "server"},
                                    {"server", "10.0.0.1:5672"},
                                    {"text", "two, of rabbit;"}},
                                   {{"number", 3},
                                    {"level", "info"},
                                    {"kind", "server"},
                                    {"server", "10.0.0.11:5672"},
                                    {"text", "three;"}},
                                   {{"number", 4},
                                    {"level", "info"},
                                    {"kind", "link"},
                                    {"interface", "eth0"},
                                    {"text", "four;"}}}}});
    Telemetry telemetry(warren.socket());
    std::ostringstream out;
    print_events(telemetry, filter, {}, {out, Format::jsonl});
    std::string texts;
    std::istringstream lines(out.str());
    for (std::string line; std::getline(lines, line);)
        texts += Json::parse(line)["text"].get<std::string>();
    return texts;
}

EventFilter about(std::vector<std::string> names) {
    return {.words = {}, .level = "info", .names = std::move(names)};
}

TEST(Events, AreChosenByWhomTheyAreAbout) {
    EXPECT_EQ(chosen_texts(about({"rabbit"})), "one;");
    EXPECT_EQ(chosen_texts(about({"10.0.0.1"})), "two, of rabbit;") << "10.0.0.11 is another";
    EXPECT_EQ(chosen_texts(about({"10.0.0.11:5672"})), "three;");
    EXPECT_EQ(chosen_texts(about({"eth0"})), "four;");
    EXPECT_EQ(chosen_texts(about({"eth0", "rabbit"})), "") << "both";
}

TEST(Events, AWordIsAKindACauseOrAPartOfTheText) {
    EXPECT_EQ(chosen_texts({.words = {"auth_data"}}), "one;");
    EXPECT_EQ(chosen_texts({.words = {"RABBIT"}}), "two, of rabbit;");
    EXPECT_EQ(chosen_texts({.words = {"link"}}), "four;");
}

}  // namespace
}  // namespace warren::ctl
