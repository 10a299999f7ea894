// SPDX-License-Identifier: BSD-3-Clause
// The publication that the process has.
#include "control/publication.h"

#include <gtest/gtest.h>
#include <poll.h>

#include "unit/model/sample_state.h"

namespace warren::control {
namespace {

class Live : public testing::Test {
  protected:
    boost::asio::io_context io_;
    std::unique_ptr<model::State> state_ =
        model::state_of(model::router("A", "eth0", 51, "192.168.8.100/24"));
    journal::EventLog events_;
    exchange::Exchange exchange_{1};
    election::VrrpLink link_;
    unsigned published_ = 0;
    LivePublication publication_{io_, *state_, events_, exchange_, link_, [this] { ++published_; }};
};

TEST_F(Live, ManyChangesOfOneTurnAreOneSnapshot) {
    for (int i = 0; i < 10; ++i)
        publication_.publish_soon();
    EXPECT_EQ(published_, 0U);
    io_.run();
    EXPECT_EQ(published_, 1U);
    EXPECT_EQ(exchange_.publisher.current().generation, 1U);
}

TEST_F(Live, WakesAWorkerThatSleeps) {
    exchange::Doorbell& bell = exchange_.workers[0]->doorbell;
    bell.fall_asleep();
    publication_.publish();
    pollfd descriptor{bell.descriptor(), POLLIN, 0};
    EXPECT_EQ(poll(&descriptor, 1, 0), 1);
}

TEST_F(Live, OneThatCannotWaitTakesThoseThatCouldWithIt) {
    publication_.publish_soon();
    publication_.publish();
    io_.run();
    EXPECT_EQ(published_, 1U);
}

TEST_F(Live, AFaultReachesTheControlLcore) {
    publication_.fault(0, vrrp::FaultCause::tracked, true);
    election::VrrpCommand command;
    ASSERT_TRUE(link_.commands.pop(command));
    EXPECT_EQ(command.kind, election::VrrpCommand::Kind::fault);
    EXPECT_EQ(command.cause, vrrp::FaultCause::tracked);
    EXPECT_TRUE(command.present && command.can_transmit);
}

TEST_F(Live, ACommandThatFindsNoRoomIsSaid) {
    for (int i = 0; i < 5'000; ++i)
        publication_.fault(0, vrrp::FaultCause::tracked, true);
    EXPECT_EQ(events_.at(events_.end() - 1).text,
              "the control lcore does not take commands: one is lost");
}

}  // namespace
}  // namespace warren::control
