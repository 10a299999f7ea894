// SPDX-License-Identifier: BSD-3-Clause
// What the log says of services that refuse clients: at first sight, once a minute, and at the end.
#include "history/refusals.h"

#include <gtest/gtest.h>

#include "model/server_state.h"
#include "unit/model/sample_state.h"

namespace warren::history {
namespace {

using exchange::EndCause;
using exchange::FlowEvent;
using exchange::FlowEventKind;

class Refusals : public testing::Test {
  protected:
    void happens(FlowEventKind kind, unsigned times, EndCause cause = EndCause::client_fin,
                 bool replayed = false) {
        for (unsigned i = 0; i < times; ++i)
            apply_flow_event(*state_, {.client = net::IpAddress::v4(10, 0, 0, 9),
                                       .client_port = net::Be16(4000),
                                       .server = 1,
                                       .service = 0,
                                       .kind = kind,
                                       .replayed = replayed,
                                       .cause = cause});
    }
    std::vector<std::string> seconds(unsigned count) {
        std::vector<std::string> all;
        for (unsigned i = 0; i < count; ++i)
            for (journal::Notice& notice : watch_.look(*state_))
                all.push_back(std::move(notice.text));
        return all;
    }
    using Texts = std::vector<std::string>;

    std::unique_ptr<model::State> state_ = model::state_of(
        model::router("A", "eth0", 51, "192.168.8.100/24") + model::service("192.168.8.100"));
    RefusalWatch watch_;
};

TEST_F(Refusals, AreToldOnceAndWhenTheyAreOver) {
    happens(FlowEventKind::turned_away, 14, EndCause::table_full);
    EXPECT_EQ(seconds(1),
              Texts{"service 192.168.8.100:5672 refuses clients: the flow table is full "
                    "(dataplane { flows })"});
    EXPECT_EQ(seconds(8), Texts{});
    happens(FlowEventKind::turned_away, 1, EndCause::table_full);
    EXPECT_EQ(seconds(9), Texts{});
    EXPECT_EQ(seconds(2),
              Texts{"service 192.168.8.100:5672 refuses clients: the flow table is full "
                    "(dataplane { flows }): no more; 15 clients in all"});
    EXPECT_EQ(seconds(60), Texts{});
}

TEST_F(Refusals, AreSummedUpOnceAMinute) {
    std::size_t lines = 0;
    for (unsigned i = 0; i < 121; ++i) {
        happens(FlowEventKind::turned_away, 5, EndCause::no_port);
        for (const std::string& line : seconds(1)) {
            ++lines;
            EXPECT_TRUE(lines == 1 || line.find("300 clients in the last minute") != line.npos)
                << line;
        }
    }
    EXPECT_EQ(lines, 3U);
}

TEST_F(Refusals, TwoAreNoNews) {
    happens(FlowEventKind::turned_away, 2, EndCause::no_server);
    EXPECT_EQ(seconds(20), Texts{});
}

TEST_F(Refusals, AServerRefusesThoughAnotherTakesItsClients) {
    happens(FlowEventKind::refused, 3, EndCause::client_fin, true);
    EXPECT_EQ(seconds(1), Texts{"server 192.168.8.12:5672 of 192.168.8.100:5672 is up and refuses "
                                "connections"});
    EXPECT_EQ(state_->services[0].refusals[0].total(), 0U) << "no client has noticed";
    EXPECT_EQ(seconds(20).size(), 1U);
}

TEST_F(Refusals, EachCauseIsCountedForItself) {
    happens(FlowEventKind::refused, 1);
    happens(FlowEventKind::unanswered, 2);
    happens(FlowEventKind::turned_away, 3, EndCause::no_server);
    happens(FlowEventKind::turned_away, 4, EndCause::no_port);
    happens(FlowEventKind::turned_away, 5, EndCause::table_full);
    happens(FlowEventKind::established, 6);
    happens(FlowEventKind::stray, 7);
    for (std::size_t i = 0; i < model::refusal_names.size(); ++i)
        EXPECT_EQ(state_->services[0].refusals[i].total(), i + 1) << model::refusal_names[i];
    EXPECT_EQ(state_->services[0].opened.recent(), 6U);
    seconds(10);
    EXPECT_EQ(state_->services[0].opened.recent(), 0U);
    EXPECT_EQ(state_->services[0].opened.total(), 6U);
}

}  // namespace
}  // namespace warren::history
