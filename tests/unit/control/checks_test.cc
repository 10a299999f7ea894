// SPDX-License-Identifier: BSD-3-Clause
// Real checkers around a State: the one counter that judges is the one that paces.
#include "control/checks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "../health/own_namespace.h"
#include "unit/model/sample_state.h"

namespace warren::control {
namespace {

using namespace model;  // the words of its fixture

using namespace std::chrono_literals;

// Two servers to which there is no route, which is silence. The panic rule doubts it for three
// seconds; meanwhile they are asked at the pace of retries, not after delay_loop.
TEST(Checks, SilentServersAreDownAsSoonAsTheyAreBelieved) {
    if (!testing_support::enter_own_namespace()) GTEST_SKIP() << "no network namespaces here";
    std::string text = router("A", "eth0", 51, "192.168.8.100/24") +
                       "virtual_server 192.168.8.100 5672 {\n lb_kind FNAT\n delay_loop 60\n";
    for (const char* address : {"192.168.8.11", "192.168.8.12"})
        text += std::string("real_server ") + address +
                " 5672 {\nTCP_CHECK {\nretry 1\nconnect_timeout 1\ndelay_before_retry 0.1\n}\n}\n";
    const auto state = state_of(text + "}\n");
    boost::asio::io_context io;
    journal::EventLog events;
    unsigned down = 0;
    Checks checks(io, *state, events,
                  {.changed =
                       [&](std::uint16_t) {
                           if (++down == 2) io.stop();
                       },
                   .answered = [](std::uint16_t) {},
                   .weighed = [](std::uint16_t) {}},
                  {});
    const auto begin = std::chrono::steady_clock::now();
    io.run_for(20s);
    EXPECT_EQ(down, 2U);
    EXPECT_GE(std::chrono::steady_clock::now() - begin,
              std::chrono::milliseconds(model::panic_hold_ms));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 8s) << "a delay_loop is 60 s";
}

// A table of its own for the mark answers otherwise than the main one, which has no route at all.
// An interface that is not there cannot be bound to.
TEST(Checks, AMarkAndAnInterfaceAreTheSocketsOwn) {
    using testing_support::run;
    if (!testing_support::enter_own_namespace() || !run("ip rule add fwmark 5 lookup 100") ||
        !run("ip route add unreachable 203.0.113.1 table 100"))
        GTEST_SKIP() << "no network namespaces or policy routes here";
    std::string text = router("A", "eth0", 51, "192.168.8.100/24") +
                       "virtual_server 192.168.8.100 5672 {\n lb_kind DR\n";
    int last = 10;
    for (const char* more : {"", "fwmark 5\n", "bind_if nowhere\n"})
        text += "real_server 192.168.8." + std::to_string(++last) +
                " 5672 {\nTCP_CHECK {\nconnect_ip 203.0.113.1\n" + more + "}\n}\n";
    const auto state = state_of(text + "}\n");
    boost::asio::io_context io;
    journal::EventLog events;
    Checks checks(
        io, *state, events,
        {.changed = [](std::uint16_t) {}, .answered = [](auto) {}, .weighed = [](auto) {}}, {});
    const auto all_known = [&] {
        return std::all_of(state->servers.begin(), state->servers.end(),
                           [](const model::ServerRecord& s) { return s.check.known; });
    };
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (!all_known() && io.run_one_until(deadline) != 0) {
    }
    ASSERT_TRUE(all_known());
    EXPECT_EQ(state->servers[0].check.text, "Network is unreachable");
    EXPECT_EQ(state->servers[1].check.text, "No route to host");
    EXPECT_EQ(state->servers[2].check.text, "No such device");
}

}  // namespace
}  // namespace warren::control
