// SPDX-License-Identifier: BSD-3-Clause
// What may follow what on a command line.
#include "verbs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

namespace warren::ctl {
namespace {

bool has(const Words& words, const std::string& word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

TEST(Verbs, StandInTheUsageOnce) {
    std::ostringstream out;
    print_usage(out);
    EXPECT_TRUE(out.str().starts_with("Usage: warrenctl [options] status "));
    for (const Verb& verb : verbs()) {
        EXPECT_EQ(find_verb(verb.name), &verb);
        EXPECT_NE(out.str().find(verb.name), std::string::npos) << verb.name;
    }
    EXPECT_EQ(find_verb("stats"), nullptr);
    std::istringstream lines(out.str());
    for (std::string line; std::getline(lines, line);)
        EXPECT_LE(line.size(), 80U) << line;
    EXPECT_TRUE(list_of_verbs().ends_with(" or audit")) << list_of_verbs();
}

TEST(Verbs, WhatFollows) {
    EXPECT_TRUE(has(next_words({}), "status"));
    EXPECT_TRUE(has(next_words({"show"}), "servers"));
    EXPECT_EQ(next_words({"show", "servers"}), (Words{any_server, any_service}));
    EXPECT_EQ(next_words({"show", "services"}), Words{});
    EXPECT_TRUE(has(next_words({"show", "flows"}), "client"));
    EXPECT_TRUE(has(next_words({"show", "flows", "state"}), "established"));
    EXPECT_EQ(next_words({"show", "flows", "client"}), Words{});
    EXPECT_TRUE(has(next_words({"show", "flows", "client", "x"}), "idle"));
    EXPECT_TRUE(has(next_words({"show", "counters"}), "drop"));
    EXPECT_TRUE(has(next_words({"help"}), "drain"));
    EXPECT_TRUE(has(next_words({"reset"}), any_server));
    EXPECT_TRUE(has(next_words({"reset", "client", "x"}), "service"));
    EXPECT_EQ(next_words({"reset", "10.0.0.1:5672"}), Words{any_service});
    EXPECT_EQ(next_words({"show", "vrrp"}), Words{any_router});
    EXPECT_TRUE(has(next_words({"events"}), "vrrp"));
    EXPECT_EQ(next_words({"drain"}), Words{any_server});
    EXPECT_EQ(next_words({"drain", "x"}), Words{any_service});
    EXPECT_EQ(next_words({"drain", "x", "y"}), Words{});
    EXPECT_EQ(next_words({"weight", "x"}), Words{"default"});
    EXPECT_TRUE(has(next_words({"ended", "cause"}), "server_down"));
    EXPECT_EQ(next_words({"ended", "server"}), Words{any_server});
    EXPECT_TRUE(has(next_words({"ended", "server", "x"}), "cause"));
    EXPECT_EQ(next_words({"why", "10.0.0.9"}), Words{"at"});
    EXPECT_TRUE(has(next_words({"capture"}), "drops"));
    EXPECT_EQ(next_words({"capture", "client"}), Words{});
    EXPECT_EQ(next_words({"trace", "drops", "server"}), Words{any_server});
    EXPECT_TRUE(has(next_words({"trace", "client", "10.0.0.9"}), "service"));
    EXPECT_EQ(next_words({"trace", "10.0.0.9"}), Words{});
    EXPECT_EQ(next_words({"nonsense"}), Words{});
}

TEST(Verbs, EachHasItsOptions) {
    EXPECT_TRUE(has(options_of("events"), "--follow"));
    EXPECT_TRUE(has(options_of("events"), "--json"));
    EXPECT_FALSE(has(options_of("events"), "--url"));
    EXPECT_TRUE(has(options_of(""), "--url"));
}

}  // namespace
}  // namespace warren::ctl
