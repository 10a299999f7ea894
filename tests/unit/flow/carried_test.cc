// SPDX-License-Identifier: BSD-3-Clause
// Bytes of a flow: from its sequence numbers, each byte once, no SYN and no FIN among them.
#include "flow/carried.h"

#include <gtest/gtest.h>

#include "flow/table.h"
#include "flow_samples.h"

namespace warren::flow {
namespace {

constexpr std::uint8_t acks = net::tcp_flag::ack;
constexpr std::uint8_t closes = net::tcp_flag::fin | net::tcp_flag::ack;

// Numbers wrap on the way.
constexpr std::uint32_t clients_isn = 0xfffffff0;
constexpr std::uint32_t servers_isn = 0xffffff00;

class CarriedBytes : public testing::Test {
  protected:
    explicit CarriedBytes(Method method = Method::fnat) : table_({.capacity = 4, .servers = 64}) {
        Flow f = samples::flow(1);
        f.method = method;
        f.state = TcpState::syn_sent;
        f.next_to_server = f.ack_from_server = clients_isn + 1;
        index_ = table_.insert(f);
    }

    void pass(Side from, const Segment& segment) {
        Flow& f = table_[index_];
        if (is_unsure(f)) {
            start_again(table_.start(index_), f, from, segment);
            learn(f, from, segment);
        }
        track(f, from, segment);
        const TcpState next = sees_both_sides(f.method) ? step(f.state, from, segment.flags)
                                                        : step_one_way(f.state, segment.flags);
        table_.set_state(index_, next, 0);
    }
    void open() {
        pass(Side::server, {.sequence = servers_isn,
                            .acknowledgement = clients_isn + 1,
                            .length = 1,
                            .flags = net::tcp_flag::syn | acks});
        pass(Side::client, {.sequence = clients_isn + 1,
                            .acknowledgement = servers_isn + 1,
                            .length = 0,
                            .flags = acks});
    }
    void say(Side from, std::uint32_t behind, std::uint32_t length, std::uint8_t flags = acks) {
        const bool is_client = from == Side::client;
        pass(from, {.sequence = (is_client ? clients_isn : servers_isn) + 1 + behind,
                    .acknowledgement = (is_client ? servers_isn : clients_isn) + 1,
                    .length = length + ((flags & net::tcp_flag::fin) != 0 ? 1 : 0),
                    .flags = flags});
    }
    Carried bytes(TcpState state) const {
        return carried(table_[index_], table_.start(index_), state);
    }
    Carried bytes() const { return bytes(table_[index_].state); }

    FlowTable table_;
    FlowIndex index_ = no_flow;
};

TEST_F(CarriedBytes, AreNoneUntilItOpens) {
    EXPECT_EQ(bytes(), (Carried{}));
    open();
    EXPECT_EQ(bytes(), (Carried{}));
}

TEST_F(CarriedBytes, CountEachByteOnce) {
    open();
    say(Side::client, 0, 100);
    say(Side::server, 0, 1'000);
    say(Side::server, 1'000, 1'000);
    say(Side::server, 0, 1'000);
    EXPECT_EQ(bytes(), (Carried{100, 2'000}));
}

TEST_F(CarriedBytes, AFinIsNone) {
    open();
    say(Side::client, 0, 10, closes);
    EXPECT_EQ(bytes(), (Carried{10, 0}));
    say(Side::server, 0, 20, closes);
    EXPECT_EQ(table_[index_].state, TcpState::time_wait);
    EXPECT_EQ(bytes(), (Carried{10, 20}));
}

TEST_F(CarriedBytes, AreThoseBeforeItWasReset) {
    open();
    say(Side::client, 0, 10);
    table_.set_state(index_, TcpState::closed, 0);
    EXPECT_EQ(bytes(), (Carried{}));
    EXPECT_EQ(bytes(TcpState::established), (Carried{10, 0}));
}

TEST_F(CarriedBytes, GoOnModulo32Bits) {
    open();
    say(Side::client, 0, 0x70000000);
    say(Side::client, 0x70000000, 0x70000000);
    say(Side::client, 0xe0000000, 0x70000000);
    EXPECT_EQ(bytes().to_server, 0x50000000U);
}

TEST_F(CarriedBytes, OfThePeersFlowBeginWithEachEndsFirstSegmentHere) {
    open();
    say(Side::client, 0, 500);
    set_untouched(table_[index_]);
    EXPECT_EQ(bytes(), (Carried{}));
    say(Side::client, 0x90000000, 7);
    EXPECT_EQ(bytes(), (Carried{7, 0})) << "however far it has gone on meanwhile";
    say(Side::server, 3'000, 9);
    EXPECT_EQ(bytes(), (Carried{7, 9}));
}

TEST_F(CarriedBytes, OfAPeersFlowThatOnlyClosesAreNone) {
    open();
    say(Side::client, 0, 5, closes);
    set_untouched(table_[index_]);
    pass(Side::client, {.sequence = clients_isn + 7,
                        .acknowledgement = servers_isn + 1,
                        .length = 0,
                        .flags = acks});
    EXPECT_EQ(bytes(), (Carried{})) << "its FIN has been counted by nobody";
}

class DirectBytes : public CarriedBytes {
  protected:
    DirectBytes() : CarriedBytes(Method::dr) {}
};

TEST_F(DirectBytes, OfTheServerAreWhatTheClientAcknowledged) {
    pass(Side::client, {.sequence = clients_isn + 1,
                        .acknowledgement = servers_isn + 1,
                        .length = 0,
                        .flags = acks});
    ASSERT_EQ(table_[index_].state, TcpState::established);
    pass(Side::client, {.sequence = clients_isn + 1,
                        .acknowledgement = servers_isn + 301,
                        .length = 40,
                        .flags = acks});
    EXPECT_EQ(bytes(), (Carried{40, 300}));
}

}  // namespace
}  // namespace warren::flow
