// SPDX-License-Identifier: BSD-3-Clause
// Which addresses come and go, and that the real kernel has them as asked for: in a namespace of
// the test's own, on ha0 with 10.3.0.1/24. And that they go with us, whatever ends us.
#include "kernel/host_addresses.h"

#include <gtest/gtest.h>
#include <linux/if_addr.h>
#include <net/if.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>

#include "../health/own_namespace.h"
#include "ip.h"

namespace warren::kernel {
namespace {

using testing_support::ip;
using testing_support::run;

KernelAddress on(const char* interface, const char* prefix) {
    return {.interface = interface, .prefix = net::Prefix::parse(prefix).value()};
}

Link link_with(const char* name, std::initializer_list<const char*> prefixes) {
    Link link;
    link.index = 7;
    link.name = name;
    for (const char* prefix : prefixes) {
        LinkAddress address;
        address.prefix = net::Prefix::parse(prefix).value();
        address.link_scope = address.prefix.address.is_link_local();
        link.addresses.push_back(address);
    }
    return link;
}

const KernelAddress first = on("eth0", "10.3.0.100/24");
const KernelAddress second = on("eth0", "10.3.0.101/24");

PlacedAddresses placed(std::initializer_list<KernelAddress> addresses, bool seen = true) {
    PlacedAddresses all;
    for (const KernelAddress& address : addresses)
        all[{address.interface, address.prefix.address}] = {address, seen};
    return all;
}

AddressChanges changes_of(PlacedAddresses placed, const std::vector<KernelAddress>& wanted,
                          const std::vector<Link>& links, Lost lost = Lost::come_again) {
    return address_changes(placed, wanted, links, lost);
}

TEST(AddressChanges, ComeAndGo) {
    const std::vector<Link> empty{link_with("eth0", {"10.3.0.1/24"})};
    const AddressChanges come = changes_of({}, {first, second}, empty);
    EXPECT_EQ(come.add, (std::vector{first, second}));
    EXPECT_TRUE(come.remove.empty());
    const AddressChanges go = changes_of(placed({first, second}), {second}, empty);
    EXPECT_EQ(go.remove, std::vector{first});
    EXPECT_EQ(go.add, std::vector{second}) << "somebody has taken it away";
}

// A link that has just lost all its addresses may be about to get others, which come first.
TEST(AddressChanges, WhatIsLostWaits) {
    const std::vector<Link> empty{link_with("eth0", {})};
    const PlacedAddresses now = placed({first});
    EXPECT_TRUE(changes_of(now, {first}, empty, Lost::wait).add.empty());
    EXPECT_EQ(changes_of(now, {first}, empty, Lost::come_again).add, std::vector{first});
}

// The events of many take many turns.
TEST(AddressChanges, WhoseEventIsStillToComeIsNotLost) {
    PlacedAddresses now = placed({first}, false);
    const std::vector<Link> empty{link_with("eth0", {"10.3.0.1/24"})};
    EXPECT_TRUE(address_changes(now, {first}, empty, Lost::come_again).add.empty());
    address_changes(now, {first}, {link_with("eth0", {"10.3.0.100/24"})}, Lost::wait);
    EXPECT_EQ(address_changes(now, {first}, empty, Lost::come_again).add, std::vector{first});
    EXPECT_TRUE(address_changes(now, {first}, empty, Lost::come_again).add.empty())
        << "asked for once";
}

TEST(AddressChanges, OthersKeepWhatIsTheirs) {
    const std::vector<Link> has{link_with("eth0", {"10.3.0.1/24", "10.3.0.100/24"})};
    EXPECT_TRUE(changes_of({}, {first}, has).add.empty());
    EXPECT_TRUE(changes_of(placed({first}), {first}, has).add.empty()) << "nothing to do";
}

TEST(AddressChanges, NewAttributesNeedAnotherAddress) {
    const std::vector<Link> has{link_with("eth0", {"10.3.0.100/24"})};
    KernelAddress labelled = first;
    labelled.label = "eth0:1";
    const AddressChanges changes = changes_of(placed({first}), {labelled}, has);
    EXPECT_EQ(changes.remove, std::vector{first});
    EXPECT_EQ(changes.add, std::vector{labelled});
}

TEST(AddressChanges, WithoutALinkNothingComes) {
    EXPECT_TRUE(changes_of({}, {first}, {}).add.empty());
    EXPECT_EQ(changes_of(placed({first}), {}, {}).remove, std::vector{first});
}

TEST(Leftovers, ButNotTheHostsOwn) {
    const std::vector<Link> links{
        link_with("eth0", {"10.3.0.1/24", "10.3.0.100/32", "fe80::1/64", "fe80::100/64"}),
        link_with("eth1", {"10.3.0.101/24", "fe80::7/64"})};
    const std::vector<KernelAddress> ours{first,
                                          on("eth0", "10.3.0.1/24"),
                                          on("eth0", "fe80::100/64"),
                                          on("eth1", "10.3.0.101/24"),
                                          on("eth1", "fe80::7/64"),
                                          on("lo", "10.3.0.100/24")};
    const std::vector<KernelAddress> found = leftovers(ours, links);
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].prefix, (net::Prefix{ip("10.3.0.100"), 32})) << "as it is there";
    EXPECT_EQ(found[1].prefix.address, ip("fe80::100"));
}

// Kernel ------------------------------------------------------------------------------------------

std::string addresses() {
    std::string text;
    FILE* stream = popen("ip -o addr show dev ha0", "r");
    char buffer[512];
    while (stream != nullptr && fgets(buffer, sizeof(buffer), stream) != nullptr)
        text += buffer;
    if (stream != nullptr) pclose(stream);
    return text;
}

bool has(const std::string& text) {
    return addresses().find(text) != std::string::npos;
}

class HostAddressesTest : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        ready = testing_support::enter_own_namespace() &&
                run("ip link add ha0 type veth peer name ha1") && run("ip link set ha0 up") &&
                run("ip link set ha1 up") && run("ip addr add 10.3.0.1/24 dev ha0");
    }
    void SetUp() override {
        if (!ready) GTEST_SKIP() << "no network namespaces here";
    }
    HostAddresses::Log log() {
        return {
            .info = [this](const std::string&, const std::string& text) { told += text + "\n"; },
            .warning =
                [this](const std::string& interface, const std::string& text) {
                    warnings += text + "\n";
                    interfaces.insert(interface);
                }};
    }
    static std::vector<Link> links() {
        Link link = link_with("ha0", {"10.3.0.1/24"});
        link.index = static_cast<int>(if_nametoindex("ha0"));
        return {link};
    }

    static inline bool ready = false;
    std::string told, warnings;
    std::set<std::string> interfaces;  // whose they are
};

TEST_F(HostAddressesTest, TheKernelHasThemAsAskedForAndGivesThemBack) {
    KernelAddress v4 = on("ha0", "10.3.0.100/24");
    v4.label = "ha0:vip";
    v4.broadcast = ip("10.3.0.255");
    KernelAddress peer = on("ha0", "10.9.0.1");
    peer.peer = net::Prefix{ip("10.9.0.2"), 32};
    KernelAddress v6 = on("ha0", "fd03::100/64");
    v6.flags = IFA_F_NODAD;
    v6.preferred_lft = 0;
    {
        HostAddresses host(log(), nullptr);
        host.follow({v4, peer, v6}, links());
        EXPECT_TRUE(has("10.3.0.100/24 brd 10.3.0.255 scope global secondary ha0:vip"));
        EXPECT_TRUE(has("10.9.0.1 peer 10.9.0.2/32"));
        EXPECT_TRUE(has("fd03::100/64 scope global nodad deprecated") ||
                    has("fd03::100/64 scope global deprecated nodad"))
            << addresses();
        EXPECT_TRUE(host.has_placed("ha0", ip("10.3.0.100")));
        host.follow({v6}, links());
        EXPECT_FALSE(has("10.3.0.100"));
        EXPECT_FALSE(host.has_placed("ha0", ip("10.3.0.100")));
        EXPECT_FALSE(has("10.9.0.1"));
    }
    EXPECT_FALSE(has("fd03::100")) << "the destructor takes all";
    EXPECT_TRUE(has("10.3.0.1/24"));
    EXPECT_EQ(warnings, "");
}

TEST_F(HostAddressesTest, TheSameAddressWithAnotherPrefixIsSomebodyElses) {
    {
        HostAddresses host(log(), nullptr);
        host.follow({on("ha0", "10.3.0.100/24")}, links());
        ASSERT_TRUE(run("ip addr add 10.3.0.100/32 dev ha0"));
    }
    EXPECT_TRUE(has("10.3.0.100/32")) << addresses();
    EXPECT_FALSE(has("10.3.0.100/24")) << addresses();
    ASSERT_TRUE(run("ip addr del 10.3.0.100/32 dev ha0"));
}

TEST_F(HostAddressesTest, WhatAnEarlierLifeLeftGoesAndIsTold) {
    ASSERT_TRUE(run("ip addr add 10.3.0.100/32 dev ha0"));
    const std::vector<KernelAddress> ours{on("ha0", "10.3.0.100/24"), on("ha0", "10.3.0.1/24")};
    HostAddresses host(log(), nullptr);
    host.remove_leftovers(ours);
    EXPECT_FALSE(has("10.3.0.100"));
    EXPECT_TRUE(has("10.3.0.1/24"));
    EXPECT_NE(warnings.find("10.3.0.100/32 on ha0 was left there by an earlier life: removed"),
              std::string::npos);
    EXPECT_NE(warnings.find("10.3.0.1 is the first address of interface ha0"), std::string::npos);
    EXPECT_EQ(interfaces, std::set<std::string>{"ha0"});
}

TEST_F(HostAddressesTest, ARefusalIsToldOnce) {
    KernelAddress wrong = on("ha0", "10.3.0.100/24");
    wrong.prefix.length = 77;
    HostAddresses host(log(), nullptr);
    for (int i = 0; i < 3; ++i)
        host.follow({wrong}, links());
    EXPECT_EQ(std::count(warnings.begin(), warnings.end(), '\n'), 1) << warnings;
}

// For a track_group: what the kernel never took is nobody's fault, as in keepalived, and what
// somebody takes away comes again before it is one.
TEST_F(HostAddressesTest, OnlyWhatWasThereAndCannotComeIsLost) {
    const KernelAddress address = on("ha0", "10.3.0.100/24");
    KernelAddress wrong = on("ha0", "10.3.0.101/24");
    wrong.prefix.length = 77;
    HostAddresses host(log(), nullptr);
    host.follow({address, wrong}, links());
    EXPECT_FALSE(host.has_lost(wrong, links()));
    host.expect_all_seen();
    ASSERT_TRUE(run("ip addr del 10.3.0.100/24 dev ha0"));
    EXPECT_FALSE(host.has_lost(address, links())) << "nobody has tried";
    EXPECT_TRUE(host.has_lost(address, {})) << "its link has gone";
    std::vector<Link> broken = links();
    broken.front().index = 1'000'000;
    host.follow({address}, broken, Lost::come_again);
    EXPECT_TRUE(host.has_lost(address, links()));
    host.expect_all_seen();
    host.follow({address}, links(), Lost::come_again);
    EXPECT_FALSE(host.has_lost(address, links()));
}

TEST_F(HostAddressesTest, OneThatSomebodyTookAwayIsToldWhenItIsBack) {
    const KernelAddress address = on("ha0", "10.3.0.100/24");
    HostAddresses host(log(), nullptr);
    host.follow({address}, links());
    host.expect_all_seen();
    EXPECT_EQ(told, "");
    ASSERT_TRUE(run("ip addr del 10.3.0.100/24 dev ha0"));
    host.follow({address}, links(), Lost::come_again);
    EXPECT_TRUE(has("10.3.0.100/24"));
    EXPECT_EQ(told, "10.3.0.100/24 on ha0 was taken away: it is there again\n");
}

// Where the kernel's setting is to take all addresses of a network with its first one.
TEST_F(HostAddressesTest, OthersOfAPromotedNetworkStay) {
    ASSERT_TRUE(run("sysctl -qw net.ipv4.conf.all.promote_secondaries=0"));
    ASSERT_TRUE(run("sysctl -qw net.ipv4.conf.ha0.promote_secondaries=0"));
    const auto promotes = [] {
        return run("grep -q 1 /proc/sys/net/ipv4/conf/ha0/promote_secondaries");
    };
    for (const bool asked : {false, true}) {
        HostAddresses host(log(), nullptr);
        if (asked) host.promote_on({"ha0"});
        host.follow({on("ha0", "10.4.0.100/24")}, links());
        ASSERT_TRUE(run("ip addr add 10.4.0.7/24 dev ha0"));
        EXPECT_EQ(promotes(), asked);
        host.follow({}, links());
        EXPECT_EQ(has("10.4.0.7/24"), asked);
        EXPECT_EQ(promotes(), asked);
        host.promote_on({});
        host.follow({}, links());
        EXPECT_FALSE(promotes());
    }
    ASSERT_TRUE(run("ip addr del 10.4.0.7/24 dev ha0"));
    EXPECT_EQ(warnings, "");
}

// kill -9 of who has placed them.
TEST_F(HostAddressesTest, ADeadOnesAreRemoved) {
    int ready_pipe[2];
    ASSERT_EQ(pipe(ready_pipe), 0);
    const pid_t child = fork();
    if (child == 0) {
        Cleaner cleaner({});
        HostAddresses host(log(), &cleaner);
        host.follow({on("ha0", "10.3.0.100/24"), on("ha0", "fd03::100/64")}, links());
        host.follow({on("ha0", "10.3.0.100/24")}, links());
        static_cast<void>(!write(ready_pipe[1], "x", 1));
        pause();
    }
    char byte = 0;
    ASSERT_EQ(read(ready_pipe[0], &byte, 1), 1);
    EXPECT_TRUE(has("10.3.0.100"));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    for (int i = 0; i < 500 && has("10.3.0.100"); ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_FALSE(has("10.3.0.100"));
    EXPECT_TRUE(has("10.3.0.1/24"));
    close(ready_pipe[0]);
    close(ready_pipe[1]);
}

}  // namespace
}  // namespace warren::kernel
