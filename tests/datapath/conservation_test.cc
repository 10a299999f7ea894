// SPDX-License-Identifier: BSD-3-Clause
// Anything in any order: segments of live, ended and unknown connections, questions, errors, noise,
// many of them damaged, while servers die and come back and the address moves.
// World asserts after each frame that it was counted exactly once; a frame that leaked would be
// missing from the pool long before the end.
#include <random>

#include "method_world.h"

namespace warren::datapath {
namespace {

using flow::Method;
using packets::Frame;
using packets::PacketBuilder;
using C = exchange::WorkerCounters;

class Conservation : public testing::TestWithParam<Method> {
  protected:
    static constexpr unsigned workers = 3;

    std::size_t below(std::size_t n) { return random() % n; }

    // The segments of a connection are answers to what came out of us, mostly.
    Frame segment() {
        constexpr std::array flags{"S", "SA", "A", "PA", "FA", "R", "RA", "", "SF"};
        const char* const chosen = flags.at(below(flags.size()));
        const auto port = static_cast<std::uint16_t>(4000 + below(60));
        if (below(3) == 0)
            return world.to_vip(below(2) == 0 ? "S" : chosen, port).payload(Frame(below(40)));
        if (below(4) == 0 || seen.empty()) return world.to_client(chosen, below(2), port);
        return answer_to(seen[below(seen.size())], chosen, static_cast<std::uint32_t>(random()));
    }
    Frame other() {
        const PacketBuilder from = PacketBuilder().ethernet(client_mac, vip_mac);
        switch (below(5)) {
            case 0:
                return PacketBuilder(from).arp_request(ipv4.client, ipv4.vip);
            case 1:
                return PacketBuilder(from).ip(ipv4.client, ipv4.vip).echo_request(1, 2);
            case 2:
                return PacketBuilder(from).ip(ipv4.client, ipv4.vip).udp(5, 6).payload("noise");
            case 3:
                return PacketBuilder(from)
                    .ip("192.168.8.6", "224.0.0.18")
                    .ttl(255)
                    .vrrp_v2(51, 90, 1, {ipv4.vip});
            default:
                if (seen.empty()) return PacketBuilder(from).ether_type(0x88cc).payload("LLDP");
                return error_about(seen[below(seen.size())], ipv4.router, 3, below(2) == 0 ? 4 : 1,
                                   1300, 20 + below(60));
        }
    }
    Frame damaged(Frame frame) {
        if (below(4) != 0) return frame;
        if (below(2) == 0) frame.resize(below(frame.size()) + 1);
        for (std::size_t flips = below(4); flips > 0; --flips)
            frame[below(frame.size())] ^= static_cast<std::uint8_t>(1U << below(8));
        return frame;
    }
    void change_the_world() {
        using State = exchange::ServerState;
        constexpr std::array states{State::up, State::up, State::down, State::drain};
        switch (below(4)) {
            case 0:
                world.set_server(below(2), states.at(below(states.size())));
                break;
            case 1:
                world.set_master(below(4) != 0);
                break;
            default:
                world.advance(below(3) * 50 * ms + below(50) / 49 * 100 * second);
                world.set_master(true);
                break;
        }
    }
    void remember(std::vector<Frame> sent) {
        for (Frame& frame : sent)
            if (net::parse(frame).is_tcp()) seen.push_back(std::move(frame));
        if (seen.size() > 50) seen.erase(seen.begin(), seen.end() - 50);
    }

    MethodWorld world{GetParam(), ipv4, workers};
    std::mt19937 random{static_cast<std::uint32_t>(GetParam()) + 1};
    std::vector<Frame> seen;  // segments that we have sent
};
INSTANTIATE_TEST_SUITE_P(Methods, Conservation,
                         testing::Values(Method::fnat, Method::nat, Method::dr, Method::tun));

TEST_P(Conservation, EveryFrameHasOneFate) {
    for (int round = 0; round < 10'000 && !HasFailure(); ++round) {
        SCOPED_TRACE(round);
        const Frame frame = damaged(below(5) == 0 ? other() : segment());
        remember(world.send_raw(frame, static_cast<unsigned>(below(workers)),
                                static_cast<unsigned>(below(2))));
        if (below(40) == 0) change_the_world();
        if (below(40) == 0) remember(world.run_raw());
    }
    for (const auto counter : {&C::tx, &C::kernel, &C::punt, &C::handoff_in, &C::generated,
                               &C::flows_admitted, &C::flows_ended, &C::flows_reset})
        EXPECT_GT(world.counted(counter), 10U);
    for (const auto reason : {exchange::Drop::bad_tcp_checksum, exchange::Drop::bad_ip_checksum,
                              exchange::Drop::not_owned, exchange::Drop::dead_flow})
        EXPECT_GT(world.dropped(reason), 10U) << exchange::name_of(reason);
}

}  // namespace
}  // namespace warren::datapath
