// SPDX-License-Identifier: BSD-3-Clause
// Which connections are asked for, and what has been counted.
#include "show/show_flows.h"

#include <gtest/gtest.h>

#include <sstream>
#include <stdexcept>

#include "fake_warren.h"
#include "help_words.h"
#include "show/show_counters.h"

namespace warren::ctl {
namespace {

std::string flow_problem_of(const std::vector<std::string>& words) {
    try {
        read_flows(words);
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return {};
}

TEST(Flows, AreAskedForInWordsOfWarren) {
    EXPECT_EQ(read_flows({}).question, "");
    const FlowChoice choice = read_flows({"count", "client", "2001:DB8::9", "idle", "5m", "state",
                                          "established", "server", "10.0.0.1:5672"});
    EXPECT_TRUE(choice.is_count);
    EXPECT_EQ(choice.question,
              "client 2001:db8::9 idle 300000 state established server 10.0.0.1:5672");
    EXPECT_EQ(read_flows({"older", "1h"}).question, "older 3600000");
    EXPECT_EQ(flow_problem_of({"clint", "x"}), "unknown word \"clint\": did you mean \"client\"?");
    EXPECT_EQ(flow_problem_of({"client"}), "client needs a value behind it");
    EXPECT_TRUE(flow_problem_of({"state", "open"}).starts_with("unknown state \"open\": one of"));
    EXPECT_NE(flow_problem_of({"client", "rabbit"}).find("is no address"), std::string::npos);
    EXPECT_NE(flow_problem_of({"idle", "5"}).find("no time that passes"), std::string::npos);
}

TEST(Flows, ResetIsOfConnectionsOrOfAServer) {
    EXPECT_TRUE(is_reset_of_flows({"reset", "client", "10.0.0.9"}));
    EXPECT_TRUE(is_reset_of_flows({"reset", "clinet"})) << "so that the near word is told";
    EXPECT_FALSE(is_reset_of_flows({"reset", "10.0.0.1:5672"}));
    EXPECT_FALSE(is_reset_of_flows({"reset"}));
    EXPECT_FALSE(is_reset_of_flows({"drain", "client"}));
}

std::string flows_shown(const FlowChoice& choice) {
    Json flows = Json::array();
    for (const unsigned idle_ms : {10U, 3'000U, 200U})
        flows.push_back({{"client", "10.0.0.9:" + std::to_string(4'000 + idle_ms)},
                         {"service", "10.0.0.100:5672"},
                         {"server", "10.0.0.1:5672"},
                         {"state", "established"},
                         {"idle_ms", idle_ms},
                         {"age_ms", idle_ms == 10 ? Json(90'000) : Json()},
                         {"to_server_bytes", 1'000 - idle_ms / 10},
                         {"to_client_bytes", 50}});
    Json counts = Json::array();
    counts.push_back({{"flows", 3}});
    FakeWarren warren(Json{{"flows", flows}, {"flow_count", counts}});
    Telemetry telemetry(warren.socket());
    std::ostringstream out;
    show_flows(telemetry, choice, {out});
    return out.str();
}

TEST(Flows, AreCutAndCounted) {
    EXPECT_EQ(flows_shown({.is_count = true}), "3 connections\n");
    const std::string said = flows_shown({.most = 2, .order = "idle"});
    EXPECT_LT(said.find("10.0.0.9:7000"), said.find("10.0.0.9:4010")) << said;
    EXPECT_NE(said.find("2 of 3: --all shows all"), std::string::npos) << said;
    EXPECT_EQ(flows_shown({.most = 3}).find("--all"), std::string::npos);
    EXPECT_NE(flows_shown({.question = "older 5", .most = 2}).find("2 of more"), std::string::npos);
    const std::string sized = flows_shown({.order = "bytes"});
    EXPECT_LT(sized.find("10.0.0.9:4010"), sized.find("10.0.0.9:4200")) << sized;
    EXPECT_LT(sized.find("10.0.0.9:4200"), sized.find("10.0.0.9:7000")) << sized;
    const std::string aged = flows_shown({.order = "age"});
    EXPECT_LT(aged.find("10.0.0.9:4010"), aged.find("10.0.0.9:7000")) << "no age is last";
}

Json counter(const char* group, const char* name, std::uint64_t total, const Json& per_s,
             const Json& moved_ms) {
    return {{"group", group},
            {"name", name},
            {"total", total},
            {"per_s", per_s},
            {"moved_ms", moved_ms}};
}

std::string counters_shown(const CounterChoice& choice) {
    Json counters = Json::array();
    counters.push_back(counter("worker", "rx", 12'345, 1234.5, 40));
    counters.push_back(counter("drop", "no_flow", 2, 0.2, 65'000));
    counters.push_back(counter("drop", "tx_full", 0, 0, nullptr));
    counters.push_back(counter("control", "longest_oversleep_ns", 70'000, nullptr, 90'000));
    FakeWarren warren(Json{{"counters", counters}});
    Telemetry telemetry(warren.socket());
    std::ostringstream out;
    show_counters(telemetry, choice, {out});
    return out.str();
}

TEST(Counters, ThoseThatMovedWithTheirRate) {
    EXPECT_EQ(counters_shown({}),
              "GROUP    COUNTER                TOTAL  A SECOND   LAST  BY WORKER\n"
              "worker   rx                    12,345     1,235  40 ms\n"
              "drop     no_flow                    2       0.2   1m5s\n"
              "control  longest_oversleep_ns  70,000         -  1m30s\n"
              "1 other is 0: --all; warrenctl help COUNTER explains one\n");
    EXPECT_NE(counters_shown({.with_all = true}).find("tx_full"), std::string::npos);
    EXPECT_EQ(counters_shown({.group = "drop"}).find("rx "), std::string::npos);
    EXPECT_NE(counters_shown({.group = "worker", .seconds = 0.01}).find(" 0  "), std::string::npos);
    EXPECT_NE(counters_shown({.group = "control", .seconds = 0.01}).find(" -  "), std::string::npos)
        << "a gauge has no rate";
}

TEST(Counters, EachIsExplained) {
    std::ostringstream out;
    EXPECT_TRUE(explain_counter("tx_full", out));
    EXPECT_EQ(out.str(),
              "tx_full, of drop\n"
              "  counts  frames that a port did not take\n"
              "  healthy 0\n"
              "  if not  the link is slower than its traffic; or it hangs\n");
    EXPECT_FALSE(explain_counter("nonsense", out));
    EXPECT_GT(counter_names().size(), 100U);
}

TEST(Words, EventsAndReasonsAreExplained) {
    std::ostringstream event, reason, both;
    EXPECT_TRUE(explain_word("sync", event));
    EXPECT_TRUE(event.str().starts_with("sync, a kind of events: warrenctl events sync\n  means "))
        << event.str();
    EXPECT_NE(event.str().find("\n  next    warrenctl "), std::string::npos) << event.str();
    EXPECT_TRUE(explain_word("two_masters", reason));
    EXPECT_TRUE(reason.str().starts_with("two_masters, a reason of the verdict, down\n  when "))
        << reason.str();
    EXPECT_TRUE(explain_word("late_adverts", both));
    EXPECT_NE(both.str().find("late_adverts, of "), std::string::npos) << "a counter's name, too";
    EXPECT_NE(both.str().find("a reason of the verdict"), std::string::npos);
    EXPECT_FALSE(explain_word("nonsense", both));
}

TEST(Words, EveryCauseOfAnEndIsExplained) {
    std::ostringstream takeover;
    EXPECT_TRUE(explain_word("takeover", takeover));
    EXPECT_EQ(takeover.str(),
              "takeover, a cause of ended connections: who ended them\n"
              "  means   the other warren had it; this one took the address without it: use\n"
              "          flow sync\n"
              "  next    warrenctl ended cause takeover\n");
    for (const char* cause :
         {"client_fin", "server_fin", "client_reset", "server_reset", "server_down",
          "idle",       "disabled",   "drained",      "removed",      "reset",
          "rebalance",  "refused",    "unanswered",   "no_server",    "no_port",
          "table_full", "takeover",   "moved",        "stale",        "stray"}) {
        std::ostringstream said;
        explain_word(cause, said);
        EXPECT_NE(said.str().find("a cause of ended connections"), std::string::npos) << cause;
    }
}

}  // namespace
}  // namespace warren::ctl
