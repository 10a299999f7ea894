// SPDX-License-Identifier: BSD-3-Clause
// Why a client disconnected, what happened beside it, and where it went.
#include "views/why.h"

#include <gtest/gtest.h>

#include "unit/model/sample_state.h"
#include "unit/views/read_page.h"

namespace warren::views {
namespace {

using exchange::EndCause;
using exchange::FlowEvent;
using exchange::FlowEventKind;

class Why : public testing::Test {
  protected:
    void happens(FlowEventKind kind, std::int64_t wall_ms, std::uint16_t port = 4000,
                 EndCause cause = EndCause::server_down) {
        ended_.take({.client = net::IpAddress::v4(10, 0, 0, 9),
                     .client_port = net::Be16(port),
                     .server = 1,
                     .service = 0,
                     .kind = kind,
                     .cause = cause},
                    *state_, wall_ms);
    }
    void says(std::int64_t wall_ms, const std::string& server, const std::string& text) {
        now_ms_ = wall_ms;
        events_.info(journal::EventKind::server, journal::Subject{.server = server}, "{}", text);
    }
    std::vector<Json> ask(const std::string& question) const {
        std::vector<Json> rows;
        for (std::string cursor = question;;) {
            const Json page = read_page(why_page({*state_, ended_, events_}, cursor));
            for (const Json& row : page.at("rows"))
                rows.push_back(row);
            if (!page.contains("next")) return rows;
            cursor = page.at("next").get<std::string>();
        }
    }

    std::unique_ptr<model::State> state_ = model::state_of(
        model::router("A", "eth0", 51, "192.168.8.100/24") + model::service("192.168.8.100"));
    history::EndedFlows ended_;
    std::int64_t now_ms_ = 0;
    journal::EventLog events_{[this] { return now_ms_; }};
};

TEST_F(Why, NamesTheCauseWhatHappenedBesideItAndWhereTheClientWent) {
    const std::string server = name_of(state_->servers[1]);
    says(1'000, server, "is up: long before");
    happens(FlowEventKind::established, 10'000);
    says(19'000, server, "is down: connection refused");
    says(19'000, "192.168.8.77:5672", "another is down, not " + server);
    happens(FlowEventKind::ended, 20'000);
    happens(FlowEventKind::established, 20'500, 4001);
    const std::vector<Json> rows = ask("10.0.0.9,0,90000");
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0]["end"]["cause"], "server_down");
    EXPECT_EQ(rows[0]["end"]["lasted_ms"], 10'000);
    ASSERT_EQ(rows[0]["events"].size(), 1U);
    EXPECT_EQ(rows[0]["events"][0]["time"], "1970-01-01T00:00:19.000Z");
    EXPECT_EQ(rows[0]["next"]["client"], "10.0.0.9:4001");
    EXPECT_EQ(rows[0]["next"]["after_ms"], 500);
    EXPECT_EQ(rows[1]["open"], 1);
}

TEST_F(Why, OfManyEventsTheNearestAreShown) {
    const std::string server = name_of(state_->servers[1]);
    for (int i = 0; i < 20; ++i)
        says(16'000 + i * 100, server, "number " + std::to_string(i));
    says(20'100, server, "is down");
    happens(FlowEventKind::ended, 20'000);
    const Json events = ask("10.0.0.9,0,90000")[0]["events"];
    ASSERT_EQ(events.size(), most_events_beside);
    EXPECT_EQ(events.back()["text"], "is down");
    EXPECT_EQ(events.front()["text"], "number 15");
}

TEST_F(Why, AsksForOnePortOneClientAndOneTime) {
    happens(FlowEventKind::ended, 10'000, 4000);
    happens(FlowEventKind::ended, 20'000, 4001);
    EXPECT_EQ(ask("10.0.0.9,0,90000").size(), 3U);
    EXPECT_EQ(ask("10.0.0.9:4001,0,90000").size(), 2U);
    EXPECT_EQ(ask("10.0.0.9,0,15000").size(), 2U);
    EXPECT_EQ(ask("10.0.0.9,15000,90000")[0]["end"]["client"], "10.0.0.9:4001");
    EXPECT_EQ(ask("10.0.0.8,0,90000").size(), 1U);
}

TEST_F(Why, ManyEndsAreTheLastOnesOverPages) {
    for (std::uint16_t i = 0; i < 100; ++i)
        happens(FlowEventKind::ended, i, static_cast<std::uint16_t>(4000 + i));
    const std::vector<Json> rows = ask("10.0.0.9,0,90000");
    ASSERT_EQ(rows.size(), most_ends_explained + 1);
    EXPECT_EQ(rows[most_ends_explained - 1]["end"]["client"], "10.0.0.9:4099");
}

TEST_F(Why, NonsenseIsNamed) {
    for (const char* nonsense : {"", "rabbit1,0,1", "10.0.0.9", "10.0.0.9,a,1", "10.0.0.9:0,0,1",
                                 "10.0.0.9,0,1,x", "10.0.0.9,0,1,2,3"})
        EXPECT_TRUE(read_page(why_page({*state_, ended_, events_}, nonsense)).contains("error"))
            << nonsense;
}

}  // namespace
}  // namespace warren::views
