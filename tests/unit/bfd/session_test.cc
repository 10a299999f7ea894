// SPDX-License-Identifier: BSD-3-Clause
// The state machine of RFC 5880 6.2: (state, what the neighbour says) -> (state, packets).
#include "bfd/session.h"

#include <gtest/gtest.h>

#include "driver.h"

namespace warren::bfd {
namespace session_test {

TEST(Session, SaysDownAtOnceWhenItStarts) {
    Driver d;
    EXPECT_EQ(d.step(Tick{}), "");
    EXPECT_EQ(d.session.deadline_ns(), no_deadline);
    EXPECT_EQ(d.step(Startup{}), "AdminDown->Down:no diagnostic send(Down)");
    EXPECT_EQ(d.last, (ControlPacket{.state = State::down,
                                     .detect_mult = 5,
                                     .my_discriminator = 77,
                                     .your_discriminator = 0,
                                     .desired_min_tx_us = 1'000'000,
                                     .required_min_rx_us = 10'000}));
    EXPECT_EQ(d.step(Startup{}), "");
}

TEST(Session, ComesUpInThreePackets) {
    Driver d;
    d.step(Startup{});
    EXPECT_EQ(d.hear(State::down), "Down->Init:no diagnostic send(Init)");
    EXPECT_EQ(d.last.your_discriminator, 5U);
    EXPECT_EQ(d.hear(State::up), "Init->Up:no diagnostic send(Up P)");
    EXPECT_TRUE(d.session.status().path_up);
    EXPECT_EQ(d.session.status().counters.became_up, 1U);
}

// What has been heard brings the session to a state; then comes the row's packet.
struct Row {
    State local;
    State remote;
    const char* outcome;
};

void bring(Driver& d, State state) {
    d.step(Startup{});
    if (state == State::init) d.hear(State::down);
    if (state == State::up) d.hear(State::init);
    ASSERT_EQ(d.state(), state);
}

TEST(Session, EveryStateAnswersEveryState) {
    constexpr const char* signalled = "->Down:neighbour signalled down send(Down)";
    const std::string init_falls = std::string("Init") + signalled;
    const std::string up_falls = std::string("Up") + signalled;
    const Row rows[] = {
        {State::down, State::admin_down, ""},
        {State::down, State::down, "Down->Init:no diagnostic send(Init)"},
        {State::down, State::init, "Down->Up:no diagnostic send(Up P)"},
        {State::down, State::up, ""},
        {State::init, State::admin_down, init_falls.c_str()},
        {State::init, State::down, ""},
        {State::init, State::init, "Init->Up:no diagnostic send(Up P)"},
        {State::init, State::up, "Init->Up:no diagnostic send(Up P)"},
        {State::up, State::admin_down, up_falls.c_str()},
        {State::up, State::down, up_falls.c_str()},
        {State::up, State::init, ""},
        {State::up, State::up, ""},
    };
    for (const Row& row : rows) {
        Driver d;
        bring(d, row.local);
        EXPECT_EQ(d.hear(row.remote), row.outcome)
            << name(row.local) << " hears " << name(row.remote);
    }
}

TEST(Session, SilenceForADetectionTimeIsDown) {
    Driver d;
    d.come_up();
    const std::uint64_t heard_ns = d.now_ns;
    std::string said;
    do
        said = d.wait();
    while (said == "send(Up)");
    EXPECT_EQ(said, "Up->Down:detection time expired send(Down)");
    EXPECT_EQ(d.now_ns - heard_ns, 60 * ns_per_ms);
    EXPECT_EQ(d.last.your_discriminator, 0U);
    EXPECT_FALSE(d.session.status().path_up);
}

TEST(Session, InitIsDownAgainAfterADetectionTime) {
    Driver d;
    bring(d, State::init);
    EXPECT_EQ(d.wait(), "Init->Down:detection time expired send(Down)");
}

TEST(Session, AForgottenNeighbourIsNoMoreWaitedFor) {
    Driver d;
    d.step(Startup{});
    ControlPacket odd = from_neighbour(State::admin_down);
    odd.required_min_rx_us = 0xffffffff;
    odd.poll = true;  // answered at once, so that the next packet is due in an hour
    d.hear(odd);
    EXPECT_EQ(d.session.status().remote_discriminator, 5U);
    d.wait(60 * ns_per_ms);
    EXPECT_EQ(d.session.status().remote_discriminator, 0U);
    EXPECT_EQ(d.wait(ns_per_s), "send(Down)") << "an hour's interval is forgotten, too";
}

TEST(Session, ANeighbourThatStopsOnPurposeIsNoFailure) {
    Driver d;
    d.come_up();
    EXPECT_EQ(d.hear(State::admin_down), "Up->Down:neighbour signalled down send(Down)");
    EXPECT_TRUE(d.session.status().path_up);
    d.wait(10 * ns_per_s);
    EXPECT_TRUE(d.session.status().path_up);
    d.hear(State::down);
    d.hear(State::up);
    EXPECT_EQ(d.hear(State::down), "Up->Down:neighbour signalled down send(Down)");
    EXPECT_FALSE(d.session.status().path_up);
}

TEST(Session, StoppingTellsTheNeighbourAndStaysDown) {
    Driver d;
    d.come_up();
    EXPECT_EQ(d.step(Shutdown{}), "Up->AdminDown:administratively down send(AdminDown)");
    EXPECT_EQ(d.last.diagnostic, Diagnostic::administratively_down);
    EXPECT_EQ(d.step(Shutdown{}), "");
    EXPECT_EQ(d.hear(State::down), "");
    EXPECT_EQ(d.discarded(DiscardReason::not_started), 1U);
    EXPECT_EQ(d.wait(), "send(AdminDown)") << "the neighbour's silence changes nothing";
    EXPECT_EQ(d.step(Startup{}), "AdminDown->Down:no diagnostic send(Down)");
}

TEST(Session, StoppingBeforeTheStartSaysNothing) {
    Driver d;
    EXPECT_EQ(d.step(Shutdown{}), "");
}

TEST(Session, OneFromTooFarAwayTouchesNothing) {
    Driver d;
    d.come_up();
    const std::uint64_t deadline_ns = d.session.deadline_ns();
    ++d.now_ns;
    EXPECT_EQ(d.hear(from_neighbour(State::down), 254), "");
    EXPECT_EQ(d.discarded(DiscardReason::ttl), 1U);
    EXPECT_EQ(d.state(), State::up);
    EXPECT_EQ(d.session.deadline_ns(), deadline_ns);
}

TEST(Session, HopsThatAreAllowedAreAllowed) {
    Settings settings = test_settings();
    settings.least_ttl = 250;
    Driver d(settings);
    d.step(Startup{});
    EXPECT_EQ(d.hear(from_neighbour(State::down), 249), "");
    EXPECT_EQ(d.hear(from_neighbour(State::down), 250), "Down->Init:no diagnostic send(Init)");
}

TEST(Session, AnotherSessionsDiscriminatorTouchesNothing) {
    Driver d;
    d.come_up();
    ControlPacket stray = from_neighbour(State::down);
    stray.your_discriminator = 78;
    EXPECT_EQ(d.hear(stray), "");
    EXPECT_EQ(d.discarded(DiscardReason::other_session), 1U);
}

TEST(Session, ANeighbourThatRestartsBreaksAndComesBack) {
    Driver d;
    d.come_up();
    ControlPacket fresh = from_neighbour(State::down);
    fresh.my_discriminator = 6;
    fresh.your_discriminator = 0;
    EXPECT_EQ(d.hear(fresh), "Up->Down:neighbour signalled down send(Down)");
    EXPECT_EQ(d.last.your_discriminator, 6U);
    EXPECT_EQ(d.hear(State::init), "Down->Up:no diagnostic send(Up P)");
}

TEST(Passive, SaysNothingBeforeTheNeighbourHas) {
    Settings settings = test_settings();
    settings.passive = true;
    Driver d(settings);
    EXPECT_EQ(d.step(Startup{}), "AdminDown->Down:no diagnostic");
    EXPECT_EQ(d.wait(), "");
    EXPECT_EQ(d.hear(State::down), "Down->Init:no diagnostic send(Init)");
    EXPECT_EQ(d.hear(State::up), "Init->Up:no diagnostic send(Up P)");
}

TEST(Passive, IsSilentAgainOnceTheNeighbourIsForgotten) {
    Settings settings = test_settings();
    settings.passive = true;
    Driver d(settings);
    d.step(Startup{});
    d.hear(State::down);
    EXPECT_EQ(d.wait(), "Init->Down:detection time expired");
    EXPECT_EQ(d.wait(), "");
    EXPECT_EQ(d.session.deadline_ns(), no_deadline);
}

}  // namespace session_test
}  // namespace warren::bfd
