// SPDX-License-Identifier: BSD-3-Clause
// What may be asked about connections that have ended.
#include "past/ended.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "exchange/records.h"

namespace warren::ctl {
namespace {

std::string client_of(const std::string& text) {
    return EndedFilter::parse({"client", text}).client;
}

std::string problem_of(const std::vector<std::string>& words) {
    try {
        EndedFilter::parse(words);
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return {};
}

TEST(Ended, AnAddressIsComparedAsTheRowsHaveIt) {
    EXPECT_EQ(client_of("10.0.0.9"), "10.0.0.9");
    EXPECT_EQ(client_of("10.0.0.9:4000"), "10.0.0.9:4000");
    EXPECT_EQ(client_of("2001:DB8:0::9"), "2001:db8::9");
    EXPECT_EQ(client_of("[2001:DB8::9]:4000"), "[2001:db8::9]:4000");
}

TEST(Ended, MatchesAnyPortOrThatOne) {
    const Json row{{"client", "[2001:db8::9]:4000"}, {"cause", "idle"}};
    EXPECT_TRUE(EndedFilter::parse({"client", "2001:db8::9"}).matches(row));
    EXPECT_TRUE(EndedFilter::parse({"client", "2001:db8::9", "cause", "idle"}).matches(row));
    EXPECT_FALSE(EndedFilter::parse({"client", "[2001:db8::9]:4001"}).matches(row));
    EXPECT_FALSE(EndedFilter::parse({"client", "2001:db8::90"}).matches(row));
    EXPECT_TRUE(
        EndedFilter::parse({"service", "10.0.1.100"}).matches({{"service", "10.0.1.100:5672"}}));
}

// warrenctl knows no library of ours, so the two lists are held together here.
TEST(Ended, AllCausesCanBeAskedFor) {
    for (const std::string_view cause : exchange::end_cause_names)
        EXPECT_EQ(problem_of({"cause", std::string(cause)}), "") << cause;
}

TEST(Ended, AWordStandsForSeveralCauses) {
    const EndedFilter filter = EndedFilter::parse({"cause", "admin"});
    for (const char* cause : {"disabled", "drained", "removed", "reset"})
        EXPECT_TRUE(filter.matches({{"cause", cause}})) << cause;
    EXPECT_FALSE(filter.matches({{"cause", "idle"}}));
    EXPECT_TRUE(EndedFilter::parse({"cause", "limit"}).matches({{"cause", "no_port"}}));
}

TEST(Ended, NonsenseIsNamed) {
    for (const char* nonsense : {"nonsense", "10.0.0", "10.0.0.9:", "10.0.0.9:0", "10.0.0.9:70000",
                                 "[10.0.0.9]:4000", "2001:db8::g", ""})
        EXPECT_NE(
            problem_of({"client", nonsense}).find('"' + std::string(nonsense) + "\" is no address"),
            std::string::npos)
            << nonsense;
    EXPECT_NE(problem_of({"server", "rabbit1"}).find("\"rabbit1\" is no address"),
              std::string::npos);
    EXPECT_NE(problem_of({"cause", "bored"}).find("unknown cause \"bored\""), std::string::npos);
    EXPECT_EQ(problem_of({"client"}), "ended: client needs a value behind it");
    EXPECT_EQ(problem_of({"clint", "x"}), "unknown word \"clint\": did you mean \"client\"?");
    EXPECT_EQ(problem_of({"colour", "red"}),
              "unknown word \"colour\": one of client, server, service, cause");
}

}  // namespace
}  // namespace warren::ctl
