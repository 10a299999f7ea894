// SPDX-License-Identifier: BSD-3-Clause
// Which path shows what, and how often it is made.
#include "http/site.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "unit/metrics/facts_fixture.h"
#include "views/service_views.h"

namespace warren::http {
namespace {

class HttpSite : public metrics::FactsFixture {
  protected:
    // As the loop does: what waits for later is done until there is an answer.
    Answer ask(const std::string& target) {
        Answer got;
        site_.answer(read_target(target), [&](const Answer& answer) { got = answer; });
        while (!later_.empty())
            take_turn();
        return got;
    }
    void take_turn() {
        for (const auto& go_on : std::exchange(later_, {}))
            go_on();
    }
    unsigned status(const std::string& target) { return ask(target).status; }
    std::string body(const std::string& target) { return *ask(target).body; }
    nlohmann::json json(const std::string& target) { return nlohmann::json::parse(body(target)); }

    history::EndedFlows ended_;
    unsigned made_ = 0;
    std::uint64_t lag_ns_ = 0, reloads_ = 0;
    Site site_{[this](const Site::Look& look) {
                   ++made_;
                   const views::ViewContext context = view();
                   return look({.view = context,
                                .tally = tally_,
                                .events = events_,
                                .reloads = {.taken = reloads_},
                                .manager_lag_ns = lag_ns_});
               },
               ended_,
               [this](const std::string& what, const std::string& question, const auto& take) {
                   asked_.push_back(question);
                   asked_for_ = what;
                   take(flow_page(question));
               },
               [this](std::function<void()> go_on) { later_.push_back(std::move(go_on)); }};
    std::vector<std::function<void()>> later_;
    std::vector<std::string> asked_;
    std::string asked_for_;
    std::function<std::string(const std::string& question)> flow_page;
};

TEST_F(HttpSite, ShowsMetricsByScope) {
    const Answer all = ask("/metrics");
    EXPECT_EQ(all.status, 200U);
    EXPECT_TRUE(all.type.starts_with("text/plain; version=0.0.4"));
    EXPECT_NE(all.body->find("warren_build_info"), std::string::npos);
    EXPECT_EQ(body("/metrics?scope=vrrp").find("warren_build_info"), std::string::npos);
    EXPECT_EQ(status("/metrics?scope=x"), 400U);
    EXPECT_EQ(status("/metrics?client=x"), 400U);
}

TEST_F(HttpSite, MakesOnceASecondWhoeverAsks) {
    const auto first = ask("/metrics").body;
    const unsigned made = made_;
    for (int i = 0; i < 100; ++i)
        EXPECT_EQ(ask("/metrics").body, first) << "the same bytes";
    EXPECT_EQ(made_, made);
}

TEST_F(HttpSite, ThousandsOfServersLeaveTheLoopItsTurns) {
    state_ = long_state(250);
    for (const char* path : {"/metrics", "/haproxy;csv", "/api/1/servers"}) {
        std::vector<Answer> got;
        const auto ask_now = [&] {
            site_.answer(read_target(path), [&](const Answer& answer) { got.push_back(answer); });
        };
        ask_now();
        EXPECT_TRUE(got.empty()) << path << " is made a part at a time";
        int turns = 0;
        for (; !later_.empty() && turns < 1'000; ++turns) {
            EXPECT_EQ(later_.size(), 1U) << path << " is made once for all who ask";
            if (turns < 2) ask_now();
            const std::size_t before = got.size();
            take_turn();
            EXPECT_LE(got.size(), before + 1) << path << " is given to one reader a turn";
        }
        EXPECT_GE(turns, 3) << path;
        ASSERT_EQ(got.size(), 3U) << path;
        for (const Answer& answer : got)
            EXPECT_EQ(answer.body, got[0].body) << path << ": the same bytes";
        EXPECT_EQ(ask(path).body, got[0].body);
    }
    nlohmann::json rows;
    for (const views::Json& row : views::server_rows(view()))
        rows.push_back(nlohmann::json(row));
    EXPECT_EQ(json("/api/1/servers")["rows"], rows);
}

TEST_F(HttpSite, AReloadBeginsAnew) {
    for (const char* path : {"/metrics", "/haproxy;csv", "/api/1/servers"}) {
        state_ = long_state(250);
        Answer got;
        site_.answer(read_target(path), [&](const Answer& answer) { got = answer; });
        take_turn();
        state_ = model::state_of(model::router("A", "eth0", 51, "192.168.8.100/24") +
                                 model::service("192.168.8.100"));
        ++reloads_;
        while (!later_.empty())
            take_turn();
        ASSERT_EQ(got.status, 200U) << path;
        EXPECT_EQ(got.body->find("10.1.0.1"), std::string::npos) << path;
        EXPECT_NE(got.body->find("192.168.8.12"), std::string::npos) << path;
    }
}

TEST_F(HttpSite, ReloadsWithoutEndAreNoEndlessWork) {
    state_ = long_state(250);
    Answer got;
    site_.answer(read_target("/metrics"), [&](const Answer& answer) { got = answer; });
    for (int turns = 0; !later_.empty() && turns < 100; ++turns) {
        ++reloads_;
        take_turn();
    }
    EXPECT_EQ(got.status, 500U);
    EXPECT_EQ(status("/metrics"), 200U) << "and then it is asked again";
}

TEST_F(HttpSite, HealthIsWhetherItAnswersInTime) {
    EXPECT_EQ(status("/health"), 200U);
    state_->routers[0].status.state = vrrp::State::fault;
    EXPECT_EQ(status("/health"), 200U) << "a fault is the router's, not the process's";
    lag_ns_ = 1'500'000'000;
    EXPECT_EQ(status("/health"), 503U);
    EXPECT_EQ(body("/health"), "late by 1500 ms\n");
}

TEST_F(HttpSite, PrimaryIsTheMaster) {
    EXPECT_EQ(status("/primary"), 200U);
    EXPECT_EQ(status("/primary/A"), 200U);
    EXPECT_EQ(status("/primary/B"), 404U);
    for (const vrrp::State state :
         {vrrp::State::backup, vrrp::State::fault, vrrp::State::initialize}) {
        state_->routers[0].status.state = state;
        EXPECT_EQ(status("/primary"), 503U);
        EXPECT_EQ(status("/primary/A"), 503U);
    }
}

TEST_F(HttpSite, TheHostsOwnAddressMakesNoMaster) {
    state_ = model::state_of(model::router("A", "eth0", 51, "192.168.8.100/24") +
                             model::router("B", "eth0", 52, "192.168.8.101/24"));
    model::make_static(state_->routers[1]);
    state_->routers[0].status.state = vrrp::State::backup;
    state_->routers[1].status.state = vrrp::State::master;
    EXPECT_EQ(status("/primary"), 503U);
    EXPECT_EQ(status("/primary/B"), 200U);
    state_->routers[0].status.state = vrrp::State::master;
    state_->routers[1].status.state = vrrp::State::fault;
    EXPECT_EQ(status("/primary"), 200U);
    model::make_static(state_->routers[0]);
    EXPECT_EQ(status("/primary"), 503U) << "then they are all there is";
}

TEST_F(HttpSite, ViewsAreWhatWarrenctlShows) {
    const nlohmann::json servers = json("/api/1/servers");
    EXPECT_EQ(servers["schema"], 1);
    EXPECT_EQ(servers["instance"], "a");
    EXPECT_EQ(servers["view"], "servers");
    EXPECT_EQ(servers["rows"].size(), 2U);
    EXPECT_EQ(servers["rows"][0]["server"], "192.168.8.11:5672");
    EXPECT_EQ(json("/api/1/vrrp")["rows"][0]["name"], "A");
    EXPECT_EQ(status("/api/1/"), 404U);
    EXPECT_EQ(status("/api/1/reload"), 404U) << "nothing is changed over HTTP";
    EXPECT_EQ(status("/api/1/order"), 404U);
}

TEST_F(HttpSite, EventsComeFromANumberOn) {
    for (int i = 1; i <= 1'200; ++i)
        events_.info(journal::EventKind::process, "event {}", i);
    EXPECT_EQ(json("/api/1/events")["rows"].size(), most_rows);
    EXPECT_EQ(json("/api/1/events?since=1199")["rows"].size(), 2U);
    EXPECT_EQ(json("/api/1/events?since=1199")["rows"][0]["text"], "event 1199");
    EXPECT_EQ(json("/api/1/events?since=5000")["rows"].size(), 0U);
    EXPECT_EQ(status("/api/1/events?since=x"), 400U);
    EXPECT_EQ(status("/api/1/events?since=1x"), 400U);
    EXPECT_EQ(status("/api/1/ended?until=1"), 400U);
    EXPECT_EQ(json("/api/1/ended")["rows"].size(), 0U);
}

TEST_F(HttpSite, FlowsAreAskedOfTheWorkers) {
    flow_page = [](const std::string&) {
        return R"({"view":"flows","keys":["client","worker"],"rows":[["a",0],{"error":"x"}]})";
    };
    const nlohmann::json all = json("/api/1/flows?client=%5B2001:db8::1%5D:9&state=established");
    EXPECT_EQ(asked_, std::vector<std::string>{" client [2001:db8::1]:9 state established"});
    EXPECT_EQ(all["view"], "flows");
    EXPECT_EQ(all["rows"], R"([{"client":"a","worker":0},{"error":"x"}])"_json);
    EXPECT_EQ(all["next"], nullptr);
}

TEST_F(HttpSite, FlowsComeInBoundedPages) {
    flow_page = [this](const std::string& question) {
        std::string rows;
        for (int i = 0; i < 64; ++i)
            rows += (i == 0 ? "[" : ",[") + std::to_string(i) + "]";
        const std::string next =
            question.starts_with("2:")
                ? ""
                : R"(,"next":"1:)" + std::to_string(asked_.size()) + R"( idle 5")";
        return R"({"view":"flows","keys":["n"],"rows":[)" + rows + "]" + next + "}";
    };
    const nlohmann::json first = json("/api/1/flows?idle=5");
    EXPECT_EQ(first["rows"].size(), 1'024U) << "the page that fills it is whole";
    EXPECT_EQ(first["next"], "1:16");
    EXPECT_EQ(asked_.back(), "1:15 idle 5");
    EXPECT_EQ(json("/api/1/flows?from=2:0&idle=5")["next"], nullptr);
    EXPECT_EQ(asked_.back(), "2:0 idle 5");
    flow_page = [](const std::string&) { return R"({"view":"flows","rows":[],"next":"0:9"})"; };
    asked_.clear();
    EXPECT_EQ(json("/api/1/flows?older=5")["next"], "0:9") << "a search ends, too";
    EXPECT_EQ(asked_.size(), most_flow_pages);
}

TEST_F(HttpSite, FlowsAreAskedWell) {
    flow_page = [](const std::string&) { return R"({"error":"unknown word"})"; };
    for (const char* wrong : {"x=1", "client", "client=", "client=a%20b", "client=%4", "client=%zz",
                              "client=a&client=b", "from=0:1&from=0:2", "client=a;b", "&"})
        EXPECT_EQ(status(std::string("/api/1/flows?") + wrong), 400U) << wrong;
    EXPECT_TRUE(asked_.empty());
    EXPECT_EQ(status("/api/1/flows?state=x"), 400U);
    EXPECT_EQ(body("/api/1/flows?state=x"), "unknown word\n");
    flow_page = [](const std::string&) { return R"({"error":"too many flow listings at once"})"; };
    EXPECT_EQ(status("/api/1/flows"), 503U);
}

TEST_F(HttpSite, QuestionsOfWarrenctlAreAnsweredPageByPage) {
    flow_page = [](const std::string&) {
        return R"({"view":"why","keys":["open"],"rows":[[3]],"next":"10.0.0.9,1,2,5"})";
    };
    const nlohmann::json page = json("/api/1/why?ask=10.0.0.9,1,2%2C4");
    EXPECT_EQ(asked_for_, "why");
    EXPECT_EQ(asked_, std::vector<std::string>{"10.0.0.9,1,2,4"});
    EXPECT_EQ(page["view"], "why");
    EXPECT_EQ(page["rows"], R"([{"open":3}])"_json);
    EXPECT_EQ(page["next"], "10.0.0.9,1,2,5");
    flow_page = [](const std::string&) { return R"({"view":"history","rows":[]})"; };
    EXPECT_EQ(json("/api/1/history")["next"], nullptr);
    for (const char* what : {"why", "explain", "history", "flow_count"}) {
        EXPECT_EQ(status(std::string("/api/1/") + what), 200U) << what;
        EXPECT_EQ(asked_for_, what);
    }
    flow_page = [](const std::string&) { return R"({"error":"which client?","usage":true})"; };
    EXPECT_EQ(status("/api/1/why"), 400U);
    EXPECT_EQ(body("/api/1/why"), "which client?\n");
    flow_page = [](const std::string&) { return R"({"error":"too many wait"})"; };
    EXPECT_EQ(status("/api/1/explain?ask=x"), 503U);
}

TEST_F(HttpSite, QuestionsAreAskedWellAndGiveNoOrders) {
    for (const char* wrong : {"x=1", "ask", "ask=%", "ask=%0a", "ask=%zz", "ask=%FF", "ask=%+1"})
        EXPECT_EQ(status(std::string("/api/1/why?") + wrong), 400U) << wrong;
    for (const char* order : {"order", "reload", "handover", "reset_flows", "config"})
        EXPECT_EQ(status(std::string("/api/1/") + order + "?ask=x"), 404U) << order;
    EXPECT_TRUE(asked_.empty());
}

TEST_F(HttpSite, WhatServersSayNeedNotBeText) {
    state_->servers[0].check = {.known = true, .ok = false, .text = "\xff\xfe"};
    EXPECT_EQ(status("/api/1/servers"), 200U);
}

TEST_F(HttpSite, OtherPathsAreNone) {
    for (const char* path : {"", "/x", "/metrics/", "//", "/../etc/passwd", "/primaryA", "/%2e"})
        EXPECT_EQ(status(path), 404U) << path;
    EXPECT_EQ(made_, 0U);
}

TEST_F(HttpSite, NoAnswerHasAPassword) {
    state_ =
        model::state_of(model::router("A", "eth0", 51, "192.168.8.100/24",
                                      "authentication {\n auth_type PASS\n auth_pass s3cret\n}\n") +
                        model::service("192.168.8.100"));
    for (const char* path : {"/", "/metrics", "/haproxy;csv", "/api/1/status", "/api/1/vrrp",
                             "/api/1/servers", "/api/1/events"})
        EXPECT_EQ(body(path).find("s3cret"), std::string::npos) << path;
}

}  // namespace
}  // namespace warren::http
