// SPDX-License-Identifier: BSD-3-Clause
// At the documented maxima (8,192 addresses, 1,024 virtual_servers, 4,096 real_servers) the manager
// must not keep anybody waiting: what it computes at a start, a reload and a link's flap takes less
// than 100 ms of its own time each, reading the file included. Measured is the thread's CPU time,
// so that a busy machine is no failure; something quadratic takes many times as long. Of the suite
// `limits`: as it ships, never sanitized.
#include <gtest/gtest.h>
#include <time.h>

#include <algorithm>
#include <cstdio>

#include "config/fixed_parts.h"
#include "kernel/multicast.h"
#include "model/builder.h"
#include "model/kernel_rules.h"
#include "model/reload.h"
#include "model/service_state.h"
#include "model/start.h"
#include "model/vrrp_plan.h"
#include "unit/model/sample_state.h"

namespace warren::model {
namespace {

constexpr unsigned routers = 32, addresses_of_a_router = 256, services = 1'024;
constexpr unsigned servers_of_a_service = 4;

std::string address(unsigned first, unsigned number) {
    return std::to_string(first) + "." + std::to_string(number >> 16) + "." +
           std::to_string(number >> 8 & 255) + "." + std::to_string(number & 255);
}

// Each service at a VIP of its own, or all at one.
std::string largest(bool one_vip, unsigned weight) {
    std::string text;
    for (unsigned r = 0; r < routers; ++r) {
        std::string lists[2];
        for (unsigned a = 0; a < addresses_of_a_router; ++a)
            lists[a < config::max_virtual_addresses ? 0 : 1] +=
                address(10, r * addresses_of_a_router + a) + "/16\n";
        text += router("VI_" + std::to_string(r), "eth" + std::to_string(r % 4),
                       static_cast<int>(1 + r), lists[0],
                       "virtual_ipaddress_excluded {\n" + lists[1] + "}\n");
    }
    for (unsigned s = 0; s < services; ++s) {
        text += "virtual_server " +
                address(10, one_vip ? 0 : s * routers * addresses_of_a_router / services) + " " +
                std::to_string(one_vip ? 5'000 + s : 5'672) + " {\nlb_kind FNAT\n";
        for (unsigned r = 0; r < servers_of_a_service; ++r)
            text += "real_server " + address(11, s * servers_of_a_service + r) +
                    " 5672 {\nweight " + std::to_string(weight) + "\nTCP_CHECK {\n}\n}\n";
        text += "}\n";
    }
    return text;
}

class CpuTime {
  public:
    double passed_ms() const { return now_ms() - begin_ms_; }

  private:
    static double now_ms() {
        timespec t{};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
        return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) / 1e6;
    }
    double begin_ms_ = now_ms();
};

// Measured: 22, 29 and 10 ms, most of it the allocator's; 28 to read.
constexpr double most_ms = 80, most_reading_ms = 100, most_of_one_ms = 12;

// As Manager does it after the file is read.
void look_at_ports(const State& state) {
    const auto snapshot = build_snapshot(state, 0);
    guard_rules(state, *snapshot);
    for (std::uint8_t port = 0; port < state.ports.size(); ++port)
        multicast_groups(state, *snapshot, port);
}

class Maxima : public testing::TestWithParam<bool> {};

struct Times {
    double start_ms, reload_ms, flap_ms;
};

Times start_reload_and_flap(bool one_vip) {
    Times times{};
    const auto loaded = state_of(largest(one_vip, 1));
    EXPECT_EQ(loaded->services.size(), services);
    EXPECT_EQ(loaded->servers.size(), services * servers_of_a_service);

    const CpuTime start;
    const auto state = make_state(loaded->config, loaded->ports, start_ns);
    update_quorums(*state, start_ns);
    look_at_ports(*state);
    const auto snapshot = build_snapshot(*state, 1);
    times.start_ms = start.passed_ms();
    EXPECT_EQ(snapshot->addresses.size(), routers * addresses_of_a_router);

    const auto other = state_of(largest(one_vip, 2));
    const CpuTime reload;
    EXPECT_EQ(config::changed_fixed_part(state->config, other->config), "");
    const ReloadPlan plan = plan_reload(*state, other->config, {});
    EXPECT_EQ(plan.refusal, "");
    const ReloadChanges changes = carry_out(*state, other->config, plan, start_ns);
    look_at_ports(*state);
    update_quorums(*state, start_ns);
    build_snapshot(*state, 2);
    times.reload_ms = reload.passed_ms();
    EXPECT_EQ(changes.changed_servers.size(), services * servers_of_a_service);

    const CpuTime flap;
    look_at_ports(*state);
    build_snapshot(*state, 3);
    times.flap_ms = flap.passed_ms();
    return times;
}

// The least of some: for a while another machine on the same processor may take half of it.
TEST_P(Maxima, StartReloadAndFlapAreShort) {
    Times least = start_reload_and_flap(GetParam());
    for (int more = 0; more < 2; ++more) {
        const Times times = start_reload_and_flap(GetParam());
        least = {std::min(least.start_ms, times.start_ms),
                 std::min(least.reload_ms, times.reload_ms),
                 std::min(least.flap_ms, times.flap_ms)};
    }
    std::printf("start %.0f ms, reload %.0f, flap %.0f\n", least.start_ms, least.reload_ms,
                least.flap_ms);
    EXPECT_LT(least.start_ms, most_ms);
    EXPECT_LT(least.reload_ms, most_ms);
    EXPECT_LT(least.flap_ms, most_ms);
}

// What most reloads do: the rest is looked at, and nothing of it copied.
TEST_P(Maxima, AReloadOfOneServerIsShort) {
    double least = most_ms;
    for (int round = 0; round < 3; ++round) {
        const auto state = state_of(largest(GetParam(), 1));
        const auto other = state_of(largest(GetParam(), 1));
        other->config.virtual_servers.back().real_servers.back().weight = 2;
        const CpuTime reload;
        const ReloadPlan plan = plan_reload(*state, other->config, {});
        const ReloadChanges changes = carry_out(*state, other->config, plan, start_ns);
        least = std::min(least, reload.passed_ms());
        EXPECT_EQ(changes.changed_servers.size(), 1U);
    }
    std::printf("one server of all: %.1f ms\n", least);
    EXPECT_LT(least, most_of_one_ms);
}

TEST_P(Maxima, TheFileIsReadInTime) {
    const std::string text = largest(GetParam(), 1);
    const CpuTime reading;
    const auto loaded =
        schema::load("warren.conf", [&](const std::string&) { return std::optional(text); });
    EXPECT_LT(reading.passed_ms(), most_reading_ms);
    EXPECT_TRUE(loaded.ok());
}

// Neighbouring addresses differ in their last byte only; a worker finds each in a step or two.
TEST_P(Maxima, AnAddressIsFoundInFewSteps) {
    const auto state = state_of(largest(GetParam(), 1));
    const auto snapshot = build_snapshot(*state, 1);
    const CpuTime looking;
    std::size_t found = 0;
    for (int i = 0; i < 50; ++i)
        for (const exchange::OwnedAddress& owned : snapshot->addresses)
            found += snapshot->find_address(owned.address) == &owned ? 1U : 0U;
    EXPECT_EQ(found, 50 * snapshot->addresses.size());
    EXPECT_LT(looking.passed_ms(), most_ms);
}

INSTANTIATE_TEST_SUITE_P(Services, Maxima, testing::Values(false, true),
                         [](const auto& c) { return c.param ? "AtOneVip" : "AtVipsOfTheirOwn"; });

}  // namespace
}  // namespace warren::model
