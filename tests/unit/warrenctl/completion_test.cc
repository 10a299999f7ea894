// SPDX-License-Identifier: BSD-3-Clause
// What a line may go on with, and how it becomes words.
#include "completion.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace warren::ctl {
namespace {

Words names(const std::string& kind) {
    if (kind == any_server) return {"10.0.0.1:5672", "10.0.0.2:5672", "10.1.0.1:5672"};
    if (kind == any_router) return {"rabbit", "rabbit6"};
    return {"10.0.0.9:5672"};
}

TEST(Completions, BeginAsTheWordDoes) {
    EXPECT_EQ(completions({}, "dra", names), Words{"drain"});
    EXPECT_EQ(completions({"show"}, "serv", names), (Words{"servers", "services"}));
    EXPECT_EQ(completions({"nonsense"}, "", names), Words{});
}

TEST(Completions, HaveLiveNames) {
    EXPECT_EQ(completions({"drain"}, "10.0.", names), (Words{"10.0.0.1:5672", "10.0.0.2:5672"}));
    EXPECT_EQ(completions({"drain", "10.0.0.1:5672"}, "", names), Words{"10.0.0.9:5672"});
    EXPECT_EQ(completions({"show", "vrrp"}, "", names), (Words{"rabbit", "rabbit6"}));
    EXPECT_EQ(completions({"handover"}, "a", names), Words{"all"});
}

TEST(Completions, OptionsAreNoWords) {
    EXPECT_EQ(completions({"--json", "-i", "drain", "show"}, "sta", names), Words{"status"});
    EXPECT_EQ(completions({"--instance=drain"}, "expl", names), Words{"explain"});
    EXPECT_EQ(completions({"--follow"}, "expl", names), Words{"explain"});
    EXPECT_EQ(completions({"-i"}, "", names), Words{});
    EXPECT_EQ(completions({"events", "--level"}, "w", names), Words{"warning"});
    EXPECT_EQ(completions({"events", "--level"}, "", names), (Words{"info", "warning", "error"}));
    EXPECT_EQ(completions({"ended"}, "--by", names), Words{"--by"});
    EXPECT_EQ(completions({"show"}, "--by", names), Words{});
}

TEST(WordsOfLine, AreThoseOfSh) {
    EXPECT_EQ(words_of_line("  show\tstatus "), (Words{"show", "status"}));
    EXPECT_EQ(words_of_line(R"(events "no route" 'a"b' c\ d "\"e")"),
              (Words{"events", "no route", "a\"b", "c d", "\"e"}));
    EXPECT_EQ(words_of_line(R"(x '' y""z '\')"), (Words{"x", "", "yz", "\\"}));
    EXPECT_EQ(words_of_line(""), Words{});
    EXPECT_EQ(words_of_line("\\"), Words{"\\"});
    EXPECT_THROW(words_of_line("events \"open"), std::invalid_argument);
}

}  // namespace
}  // namespace warren::ctl
