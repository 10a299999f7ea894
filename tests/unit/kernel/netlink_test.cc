// SPDX-License-Identifier: BSD-3-Clause
// Netlink against the real kernel, in two network namespaces of the test's own:
//   here: nl0 10.1.0.1/24, fd01::1/64  ---veth---  nl1 10.1.0.2/24, fd01::2/64: the other host
#include "kernel/netlink.h"
#include "kernel/next_hop.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "unit/kernel/ip.h"
#include "unit/kernel/other_host.h"

namespace warren::kernel {
namespace {

using namespace std::chrono_literals;
using testing_support::ip;
using testing_support::run;

const char* const mac_here = "02:00:00:00:01:01";
const char* const mac_there = "02:00:00:00:01:02";
const net::IpAddress neighbour = net::IpAddress::v4(10, 1, 0, 2);
const net::IpAddress absent = net::IpAddress::v4(10, 1, 0, 99);
const net::IpAddress remote = net::IpAddress::v4(172, 16, 5, 5);

std::string output_of(const std::string& command) {
    std::string text;
    FILE* stream = popen(command.c_str(), "r");
    char buffer[512];
    while (stream != nullptr && fgets(buffer, sizeof(buffer), stream) != nullptr)
        text += buffer;
    if (stream != nullptr) pclose(stream);
    return text;
}

class NetlinkTest : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        ready = testing_support::enter_own_namespace();
        if (!ready) return;
        std::ofstream("/proc/sys/net/ipv6/conf/default/accept_dad") << 0;
    }
    void SetUp() override {
        if (!ready) GTEST_SKIP() << "no network namespaces here";
        ASSERT_TRUE(other.ready());
        for (const std::string& command : {std::string("ip link add nl0 address ") + mac_here +
                                               " type veth peer name nl1 address " + mac_there,
                                           "ip link set nl1 netns " + other.pid(),
                                           std::string("ip addr add 10.1.0.1/24 dev nl0"),
                                           std::string("ip addr add fd01::1/64 dev nl0 nodad"),
                                           std::string("ip link set nl0 up")})
            ASSERT_TRUE(run(command)) << command;
        for (const char* command : {"ip addr add 10.1.0.2/24 dev nl1",
                                    "ip addr add fd01::2/64 dev nl1 nodad", "ip link set nl1 up"})
            ASSERT_TRUE(other.run(command)) << command;
        std::ofstream("/proc/sys/net/ipv4/neigh/nl0/retrans_time_ms") << 20;
        netlink = std::make_unique<Netlink>(
            io, Netlink::Callbacks{
                    [this](const Link& link) { links.push_back(link); },
                    [this](const net::IpAddress& server, const std::optional<NextHop>& hop) {
                        hops.emplace_back(server, hop);
                    }});
    }
    void TearDown() override {
        netlink.reset();
        if (ready) run("ip link del nl0");
    }

    // Ten seconds are for broken code only.
    template <typename Condition>
    bool wait_for(Condition condition) {
        const auto deadline = std::chrono::steady_clock::now() + 10s;
        io.restart();
        while (!condition()) {
            if (std::chrono::steady_clock::now() > deadline) return false;
            io.run_one_until(deadline);
        }
        return true;
    }
    void want(std::initializer_list<net::IpAddress> servers) {
        netlink->set_wanted(std::vector<net::IpAddress>(servers));
    }
    std::string mac_of(const net::IpAddress& server) const {
        const auto hop = netlink->next_hop(server);
        return hop && hop->mac ? hop->mac->to_string() : "";
    }
    int nl0() const { return netlink->link("nl0")->index; }

    static inline bool ready = false;
    boost::asio::io_context io;
    testing_support::OtherHost other;
    std::unique_ptr<Netlink> netlink;
    std::vector<Link> links;
    std::vector<std::pair<net::IpAddress, std::optional<NextHop>>> hops;
};

// Links -------------------------------------------------------------------------------------------

TEST_F(NetlinkTest, KnowsLinksFromTheStart) {
    EXPECT_TRUE(netlink->link("lo")->loopback);
    ASSERT_TRUE(wait_for([&] { return netlink->link("nl0")->running; }));
    const Link link = *netlink->link("nl0");
    EXPECT_EQ(link.mac.to_string(), mac_here);
    EXPECT_EQ(link.mtu, 1500U);
    EXPECT_TRUE(link.up);
    EXPECT_EQ(link.ipv4()->to_string(), "10.1.0.1/24");
    EXPECT_TRUE(wait_for([&] { return netlink->link("nl0")->ipv6_link_local().has_value(); }));
    EXPECT_EQ(netlink->link(link.index)->name, "nl0");
    EXPECT_FALSE(netlink->link("nl9"));
}

TEST_F(NetlinkTest, LostCarrierIsReported) {
    ASSERT_TRUE(wait_for([&] { return netlink->link("nl0")->running; }));
    links.clear();
    other.run("ip link set nl1 down");
    ASSERT_TRUE(wait_for([&] { return !links.empty() && !links.back().running; }));
    EXPECT_EQ(links.back().name, "nl0");
    EXPECT_TRUE(links.back().up) << "nobody set it down";
    other.run("ip link set nl1 up");
    EXPECT_TRUE(wait_for([&] { return links.back().running; }));
}

TEST_F(NetlinkTest, ShortLossOfCarrierLeavesItsMark) {
    ASSERT_TRUE(wait_for([&] { return netlink->link("nl0")->running; }));
    const std::uint32_t before = netlink->link("nl0")->carrier_losses;
    other.run("ip link set nl1 down");
    other.run("ip link set nl1 up");
    EXPECT_TRUE(wait_for([&] {
        const auto link = netlink->link("nl0");
        return link->running && link->carrier_losses > before;
    }));
}

TEST_F(NetlinkTest, SetDownIsReported) {
    run("ip link set nl0 down");
    ASSERT_TRUE(wait_for([&] { return !links.empty() && !links.back().up; }));
    EXPECT_FALSE(links.back().running);
}

TEST_F(NetlinkTest, AddressesComeAndGo) {
    run("ip addr add 10.1.0.7/24 dev nl0");  // secondary
    run("ip addr add 10.7.0.1/16 dev nl0");
    ASSERT_TRUE(
        wait_for([&] { return !links.empty() && netlink->link("nl0")->addresses.size() >= 4; }));
    EXPECT_EQ(netlink->link("nl0")->ipv4()->to_string(), "10.1.0.1/24");
    run("ip addr del 10.1.0.1/24 dev nl0");  // takes its secondary along
    ASSERT_TRUE(
        wait_for([&] { return netlink->link("nl0")->ipv4()->to_string() == "10.7.0.1/16"; }));
}

TEST_F(NetlinkTest, LeavingABridgeIsNotTheEndOfALink) {
    ASSERT_TRUE(run("ip link add nlbr type bridge && ip link set nl0 master nlbr"));
    ASSERT_TRUE(run("ip link set nl0 nomaster && ip link del nlbr"));
    bool bridge_gone = false;
    ASSERT_TRUE(wait_for([&] {
        for (const Link& link : links)
            bridge_gone |= link.name == "nlbr" && !link.present;
        return bridge_gone;
    }));
    for (const Link& link : links)
        EXPECT_TRUE(link.name != "nl0" || link.present) << "not even for a moment";
}

TEST_F(NetlinkTest, RemovedLinkIsReported) {
    run("ip link del nl0");
    ASSERT_TRUE(wait_for([&] { return !links.empty() && !links.back().present; }));
    EXPECT_EQ(links.back().name, "nl0");
    EXPECT_FALSE(netlink->link("nl0"));
}

// Routes ------------------------------------------------------------------------------------------

TEST_F(NetlinkTest, RoutesAreKnownWhenSetWantedReturns) {
    run("ip route add 172.16.0.0/16 via 10.1.0.2");
    want({neighbour, remote, net::IpAddress::v4(10, 1, 0, 1), net::IpAddress::v4(192, 0, 2, 1)});
    const auto on_link = netlink->next_hop(neighbour);
    ASSERT_TRUE(on_link);
    EXPECT_EQ(on_link->ifindex, nl0());
    EXPECT_EQ(on_link->gateway, neighbour);
    EXPECT_EQ(on_link->source->to_string(), "10.1.0.1");
    EXPECT_FALSE(on_link->local);
    EXPECT_EQ(netlink->next_hop(remote)->gateway, neighbour);
    EXPECT_TRUE(netlink->next_hop(net::IpAddress::v4(10, 1, 0, 1))->local);
    EXPECT_FALSE(netlink->next_hop(net::IpAddress::v4(192, 0, 2, 1))) << "no route";
    EXPECT_FALSE(netlink->next_hop(absent)) << "not wanted";
}

TEST_F(NetlinkTest, RouteChangesAreFollowed) {
    want({remote});
    EXPECT_FALSE(netlink->next_hop(remote));
    run("ip route add default via 10.1.0.2");
    ASSERT_TRUE(wait_for([&] { return mac_of(remote) == mac_there; }));
    EXPECT_EQ(hops.back().first, remote);
    run("ip route add 172.16.5.5 via 10.1.0.99");
    ASSERT_TRUE(wait_for([&] { return netlink->next_hop(remote)->gateway == absent; }));
    EXPECT_EQ(mac_of(remote), "") << "another router, its MAC is not known";
    run("ip link set nl0 down");
    ASSERT_TRUE(wait_for([&] { return !netlink->next_hop(remote); }));
    EXPECT_FALSE(hops.back().second);
}

TEST_F(NetlinkTest, Ipv6NextHop) {
    const net::IpAddress there = *net::IpAddress::parse("fd01::2");
    const net::IpAddress behind = *net::IpAddress::parse("fd77::1");
    run("ip route add fd77::/64 via fd01::2");
    want({there, behind});
    EXPECT_TRUE(
        wait_for([&] { return mac_of(there) == mac_there && mac_of(behind) == mac_there; }));
    EXPECT_EQ(netlink->next_hop(behind)->gateway, there);
}

TEST_F(NetlinkTest, ALinkLocalAddressIsOnItsInterface) {
    ASSERT_TRUE(
        run("ip link add nl8 type veth peer name nl9 && ip link set nl9 up && "
            "ip link set nl8 up"));
    ASSERT_TRUE(wait_for([&] {
        const auto link = netlink->link("nl8");
        return link && link->running && link->ipv6_link_local();
    }));
    const net::IpAddress there = *net::IpAddress::parse("fe80::2");
    const std::vector<net::IpAddress> wanted{there};
    for (const char* name : {"nl0", "nl8"}) {
        netlink->set_wanted(wanted, {{there, name}});
        EXPECT_TRUE(wait_for([&] {
            const auto hop = netlink->next_hop(there);
            return hop && hop->ifindex == netlink->link(name)->index;
        })) << name;
    }
    netlink->set_wanted(wanted, {{there, "nl7"}});
    EXPECT_TRUE(wait_for([&] { return !netlink->next_hop(there); })) << "there is no such link";
    run("ip link del nl8");
}

// Neighbours --------------------------------------------------------------------------------------

TEST_F(NetlinkTest, ResolvesWithoutTrafficAndKeepsManaged) {
    want({neighbour});
    ASSERT_TRUE(wait_for([&] { return mac_of(neighbour) == mac_there; }));
    EXPECT_NE(output_of("ip neigh show 10.1.0.2 dev nl0").find("managed"), std::string::npos);
    EXPECT_EQ(netlink->statistics().managed_refused, 0U);
    netlink.reset();
    EXPECT_EQ(output_of("ip neigh show 10.1.0.2 dev nl0").find("managed"), std::string::npos)
        << "what we set we take away";
}

// gc_thresh3 is 1024 on most hosts, for all network namespaces together.
TEST_F(NetlinkTest, MoreNextHopsThanTheKernelsTableMayHold) {
    run("ip addr add 10.2.0.1/16 dev nl0");
    for (const char* command : {"ip link set lo up", "ip route add local 10.2.128.0/17 dev lo"})
        ASSERT_TRUE(other.run(command)) << command;
    std::vector<net::IpAddress> many;
    for (unsigned i = 0; i < 1'100; ++i)
        many.push_back(net::IpAddress::v4(10, 2, static_cast<std::uint8_t>(128 + i / 250),
                                          static_cast<std::uint8_t>(i % 250 + 1)));
    netlink->set_wanted(many, {});
    const auto has_mac = [this](const net::IpAddress& server) {
        return mac_of(server) == mac_there;
    };
    EXPECT_TRUE(wait_for([&] { return std::all_of(many.begin(), many.end(), has_mac); }));
}

TEST_F(NetlinkTest, UnwantedNextHopIsReleased) {
    want({neighbour});
    ASSERT_TRUE(wait_for([&] { return mac_of(neighbour) == mac_there; }));
    want({remote});
    EXPECT_EQ(output_of("ip neigh show 10.1.0.2 dev nl0").find("managed"), std::string::npos);
}

TEST_F(NetlinkTest, NewMacIsReported) {
    want({neighbour});
    ASSERT_TRUE(wait_for([&] { return mac_of(neighbour) == mac_there; }));
    run("ip neigh replace 10.1.0.2 lladdr 02:00:00:00:99:99 dev nl0 nud reachable");
    ASSERT_TRUE(wait_for([&] { return mac_of(neighbour) == "02:00:00:00:99:99"; }));
    EXPECT_EQ(hops.back().second->mac->to_string(), "02:00:00:00:99:99");
    ASSERT_TRUE(wait_for([&] {
        return output_of("ip neigh show 10.1.0.2 dev nl0").find("managed") != std::string::npos;
    })) << "the command took the flag away";
}

// A machine that takes another's place, or its address, without an announcement.
TEST_F(NetlinkTest, DoubtFindsAMacThatNobodyAnnounced) {
    want({neighbour});
    ASSERT_TRUE(wait_for([&] { return mac_of(neighbour) == mac_there; }));
    std::ofstream("/proc/sys/net/ipv4/neigh/nl0/retrans_time_ms") << 5'000;
    other.run("ip link set nl1 address 02:00:00:00:01:03");
    const auto deadline = std::chrono::steady_clock::now() + 4s;
    bool lost = false;
    while (mac_of(neighbour) == mac_there && std::chrono::steady_clock::now() < deadline) {
        netlink->recheck(neighbour);
        io.restart();
        io.run_for(20ms);
        lost |= mac_of(neighbour).empty();
    }
    EXPECT_EQ(mac_of(neighbour), "02:00:00:00:01:03");
    EXPECT_FALSE(lost) << "the old MAC serves until there is a new one";
    EXPECT_NE(output_of("ip neigh show 10.1.0.2 dev nl0").find("managed"), std::string::npos);
}

TEST_F(NetlinkTest, DoubtLeavesAPermanentEntryAlone) {
    run("ip neigh add 10.1.0.50 lladdr 02:00:00:00:50:50 dev nl0 nud permanent");
    const net::IpAddress fixed = net::IpAddress::v4(10, 1, 0, 50);
    want({fixed});
    netlink->recheck(fixed);
    EXPECT_NE(output_of("ip neigh show 10.1.0.50 dev nl0").find("PERMANENT"), std::string::npos);
}

TEST_F(NetlinkTest, UnresolvableIsFailedWithoutMac) {
    want({absent});
    ASSERT_TRUE(wait_for([&] { return netlink->next_hop(absent)->failed; }));
    EXPECT_EQ(mac_of(absent), "");
}

TEST_F(NetlinkTest, LastMacIsKeptWhileFailedAndItRecovers) {
    want({neighbour});
    ASSERT_TRUE(wait_for([&] { return mac_of(neighbour) == mac_there; }));
    other.run("ip addr del 10.1.0.2/24 dev nl1");
    run("ip neigh flush to 10.1.0.2 dev nl0");
    ASSERT_TRUE(wait_for([&] { return netlink->next_hop(neighbour)->failed; }));
    EXPECT_EQ(mac_of(neighbour), mac_there);
    other.run("ip addr add 10.1.0.2/24 dev nl1");
    other.run("bash -c 'echo >/dev/udp/10.1.0.1/9'");  // its ARP request shows that it is back
    ASSERT_TRUE(wait_for([&] { return !netlink->next_hop(neighbour)->failed; }));
    EXPECT_EQ(mac_of(neighbour), mac_there);
}

TEST_F(NetlinkTest, ResolvedAgainAfterALossOfCarrier) {
    want({neighbour});
    ASSERT_TRUE(wait_for([&] { return mac_of(neighbour) == mac_there; }));
    other.run("ip link set nl1 down");
    ASSERT_TRUE(wait_for([&] { return !netlink->link("nl0")->running; }));
    io.run_for(50ms);  // the first try to resolve again fails: there is no carrier
    other.run("ip link set nl1 address 02:00:00:00:01:03");
    other.run("ip link set nl1 up");
    EXPECT_TRUE(wait_for([&] { return mac_of(neighbour) == "02:00:00:00:01:03"; }));
}

TEST_F(NetlinkTest, PermanentEntryIsTheOperatorsAndStays) {
    run("ip neigh add 10.1.0.50 lladdr 02:00:00:00:50:50 dev nl0 nud permanent");
    const net::IpAddress fixed = net::IpAddress::v4(10, 1, 0, 50);
    want({fixed});
    EXPECT_EQ(mac_of(fixed), "02:00:00:00:50:50") << "known at once";
    netlink.reset();
    EXPECT_NE(output_of("ip neigh show 10.1.0.50 dev nl0").find("PERMANENT"), std::string::npos);
}

// A tun is led to by the kernel alone, if it forwards. Only a sysctl says so, for each family.
TEST_F(NetlinkTest, TheKernelsForwardingIsFollowed) {
    const net::IpAddress far6 = ip("fd0a::2");
    const net::IpAddress far = net::IpAddress::v4(10, 10, 0, 2);
    ASSERT_TRUE(run("ip tuntap add nl2 mode tun"));
    run("ip addr add 10.10.0.1/24 dev nl2");
    run("ip addr add fd0a::1/64 dev nl2 nodad");
    run("ip link set nl2 up");
    // Kept by the operator: nothing but the news makes us look again.
    run("ip neigh add 10.10.0.2 dev nl2 nud permanent");
    run("ip neigh add fd0a::2 dev nl2 nud permanent");
    want({far, far6});
    io.run_for(50ms);
    for (const auto& [server, setting] :
         {std::pair{far, "ipv4/ip_forward"}, std::pair{far6, "ipv6/conf/all/forwarding"}})
        for (const bool is_on : {true, false}) {
            std::ofstream(std::string("/proc/sys/net/") + setting) << is_on << std::flush;
            hops.clear();
            io.restart();
            io.run_for(50ms);
            ASSERT_EQ(hops.size(), 1U) << setting;
            EXPECT_EQ(hops.front().second->kernel_forwards, is_on) << setting;
            EXPECT_TRUE(hops.front().second->without_ethernet);
        }
    run("ip link del nl2");
}

// Bounds ------------------------------------------------------------------------------------------

TEST_F(NetlinkTest, OverrunReadsEverythingAgain) {
    want({remote});
    ASSERT_TRUE(
        run("seq 1 6000 | awk '{printf \"route add 100.%d.%d.0/24 dev lo\\n\", "
            "64+$1/250, $1%250}' | ip -batch -"));
    run("ip route add 172.16.0.0/16 via 10.1.0.2");
    run("ip addr add 10.8.0.1/24 dev nl0");
    EXPECT_TRUE(wait_for([&] { return mac_of(remote) == mac_there; }));
    EXPECT_GE(netlink->statistics().overruns, 1U);
    bool found = false;
    const Link link = *netlink->link("nl0");
    for (const LinkAddress& address : link.addresses)
        found |= address.prefix.to_string() == "10.8.0.1/24";
    EXPECT_TRUE(found);
    run("ip route flush root 100.64.0.0/10");
}

TEST_F(NetlinkTest, ServersBeyondTheBoundAreCounted) {
    std::vector<net::IpAddress> many;
    for (std::size_t i = 0; i <= Netlink::max_servers; ++i)
        many.push_back(net::IpAddress::v4(net::Be32(static_cast<std::uint32_t>(0xc0000200U + i))));
    netlink->set_wanted(many);
    EXPECT_EQ(netlink->statistics().table_full, 1U);
}

TEST_F(NetlinkTest, ACallbackMayDestroyIt) {
    std::unique_ptr<Netlink> second;
    bool called = false;
    second = std::make_unique<Netlink>(io, Netlink::Callbacks{[&](const Link&) {
                                                                  called = true;
                                                                  second.reset();
                                                              },
                                                              {}});
    run("ip addr add 10.9.0.1/24 dev nl0");
    EXPECT_TRUE(wait_for([&] { return called; }));
    EXPECT_EQ(second, nullptr);
}

}  // namespace
}  // namespace warren::kernel
