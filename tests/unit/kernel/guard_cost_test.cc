// SPDX-License-Identifier: BSD-3-Clause
// What the guard takes of the manager's time at the documented maximum of 4,096 real_servers. Of a
// change: how much of it libnftables is told, which takes some microseconds for each element, in
// place of a time. Of what is looked at each second: the thread's CPU time, with room for a
// sanitizer; with `list tables`, which reads all elements, it took 40 ms and more.
#include <gtest/gtest.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "../health/own_namespace.h"
#include "ip.h"
#include "kernel/guard.h"

namespace warren::kernel {
namespace {

using testing_support::ip;

struct Size {
    int services, servers_each;
};
constexpr Size few_services{16, 256}, many_services{1'024, 4};

net::IpAddress server(int number) {
    return net::IpAddress::v4(10, 1, static_cast<std::uint8_t>(number / 250),
                              static_cast<std::uint8_t>(1 + number % 250));
}

GuardRules largest(bool is_master, Size size = few_services) {
    const net::IpAddress vip = ip("192.168.8.100");
    InterfaceRules eth0{.interface = "lo", .ifindex = 1};
    eth0.vrids = {51};
    eth0.silent = eth0.local_addresses = {vip};
    eth0.first_host_port = 32'768;
    eth0.last_host_port = 60'999;
    eth0.is_translated = true;
    GuardRules all{.silent = {vip}};
    SharedSources& shared = all.local.shared;
    shared = {{ip("192.168.8.4")}, {}, 32'768, 60'999};
    if (is_master) {
        shared.addresses.push_back(vip);
        eth0.heard_macs = {{{0, 0, 0x5e, 0, 1, 51}}};
        eth0.senders = {{{{0, 0, 0x5e, 0, 1, 51}}, vip}};
    }
    for (int s = 0; s < size.services; ++s) {
        const auto port = static_cast<std::uint16_t>(1'000 + s);
        eth0.services.emplace_back(vip, port);
        LocalService service{vip, port, {}, {}, is_master};
        for (int r = 0; r < size.servers_each; ++r) {
            const net::IpAddress address = server(s * size.servers_each + r);
            service.targets.push_back({address, 5672, 1});
            shared.servers.emplace_back(address, 5672);
        }
        all.local.services.push_back(std::move(service));
    }
    eth0.fnat_servers = shared.servers;
    all.interfaces.push_back(std::move(eth0));
    return all;
}

std::size_t told(const GuardRules& before, const GuardRules& after) {
    const std::vector<GuardTable> old = guard_tables("x", before);
    std::string text;
    for (const GuardTable& table : guard_tables("x", after)) {
        const auto same = std::find_if(
            old.begin(), old.end(), [&](const GuardTable& one) { return one.name == table.name; });
        text += commands(same != old.end() ? &*same : nullptr, table);
    }
    return text.size();
}

TEST(GuardCost, OfAChangeOnlyTheChangeIsTold) {
    const GuardRules backup = largest(false), master = largest(true);
    EXPECT_GT(told({}, master), 300'000U) << "all there is";
    EXPECT_LT(told(backup, master), 2'500U);
    EXPECT_LT(told(master, backup), 2'500U);
    GuardRules one_less = master;
    one_less.interfaces[0].fnat_servers.pop_back();
    one_less.local.shared.servers.pop_back();
    EXPECT_LT(told(master, one_less), 500U) << "a real_server that a reload removes";
    EXPECT_LT(told(one_less, master), 500U) << "or adds";
    GuardRules one_down = master;
    one_down.local.services[0].targets.pop_back();
    EXPECT_LT(told(master, one_down), 10'000U) << "of its virtual_server only";
}

double cpu_ms(const std::function<void()>& work) {
    const auto now = [] {
        timespec t{};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
        return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) / 1e6;
    };
    const double begin = now();
    work();
    return now() - begin;
}

TEST(GuardCost, ToLookWhetherAllIsThereIsCheap) {
    if (!testing_support::enter_own_namespace()) GTEST_SKIP() << "no network namespaces here";
    Guard guard("cost");
    const GuardRules backup = largest(false), master = largest(true);
    const auto follow = [&](const GuardRules& rules) {
        return cpu_ms([&] { EXPECT_TRUE(guard.follow(rules).empty()); });
    };
    std::printf("all that is new: %.1f ms\n", follow(backup));
    double look = 1e9, change = 1e9;
    for (int i = 0; i < 5; ++i) {
        look = std::min(look, cpu_ms([&] { EXPECT_TRUE(guard.restore().empty()); }));
        change = std::min({change, follow(master), follow(backup)});
    }
    std::printf("nothing new: %.2f ms; another master: %.2f ms\n", look, change);
    EXPECT_LT(look, 10);
    EXPECT_LT(change, 150) << "3 ms; a sanitizer makes ten times as much of it";
}

TEST(GuardCost, AServerOfOneOfManyServices) {
    if (!testing_support::enter_own_namespace()) GTEST_SKIP() << "no network namespaces here";
    Guard guard("cost");
    const GuardRules all = largest(true, many_services);
    GuardRules one_down = all;
    one_down.local.services[500].targets.pop_back();
    const auto follow = [&](const GuardRules& rules) {
        return cpu_ms([&] { EXPECT_TRUE(guard.follow(rules).empty()); });
    };
    std::printf("all that is new: %.1f ms\n", follow(all));
    double change = 1e9;
    for (int i = 0; i < 20; ++i)
        change = std::min({change, follow(one_down), follow(all)});
    std::printf("one server of 1,024 services down: %.2f ms\n", change);
    EXPECT_LT(change, 300) << "11 ms; a sanitizer makes ten times as much of it";
}

}  // namespace
}  // namespace warren::kernel
