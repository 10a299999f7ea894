// SPDX-License-Identifier: BSD-3-Clause
// Real checkers around a State: the one counter that judges is the one that paces.
#include "control/checks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "../health/own_namespace.h"
#include "sample_state.h"

namespace warren::control {
namespace {

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
    EventLog events;
    unsigned down = 0;
    Checks checks(io, *state, events,
                  {.changed =
                       [&](std::uint16_t) {
                           if (++down == 2) io.stop();
                       },
                   .answered = [](std::uint16_t) {}});
    const auto begin = std::chrono::steady_clock::now();
    io.run_for(20s);
    EXPECT_EQ(down, 2U);
    EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(panic_hold_ms));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 8s) << "a delay_loop is 60 s";
}

}  // namespace
}  // namespace warren::control
