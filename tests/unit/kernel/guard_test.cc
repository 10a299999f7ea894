// SPDX-License-Identifier: BSD-3-Clause
// The guard keeps the kernel quiet while packet sockets still see everything.
// In a namespace of the test's own: frames are written to gu1 and arrive at gu0, where the kernel
// owns 10.2.0.1 and (as it never would in earnest, but here it makes the kernel answer) 10.2.0.100.
#include "kernel/guard.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "../health/own_namespace.h"
#include "net/own_frames.h"

namespace warren::kernel {
namespace {

using testing_support::run;

const net::IpAddress host = net::IpAddress::v4(10, 2, 0, 1);
const net::IpAddress vip = net::IpAddress::v4(10, 2, 0, 100);
const net::IpAddress client = net::IpAddress::v4(10, 2, 0, 2);

using Frame = std::vector<std::uint8_t>;

std::uint16_t checksum(const std::uint8_t* bytes, std::size_t size) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i + 1 < size; i += 2)
        sum += static_cast<std::uint32_t>(bytes[i] << 8 | bytes[i + 1]);
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return htons(static_cast<std::uint16_t>(~sum));
}

Frame ip_frame(const net::IpAddress& to, std::uint8_t protocol, const Frame& payload) {
    iphdr ip{};
    ip.version = 4;
    ip.ihl = 5;
    ip.ttl = 255;
    ip.protocol = protocol;
    ip.tot_len = htons(static_cast<std::uint16_t>(sizeof(ip) + payload.size()));
    ip.saddr = client.as_v4().raw();
    ip.daddr = to.as_v4().raw();
    std::uint8_t header[sizeof(ip)];
    std::memcpy(header, &ip, sizeof(ip));
    ip.check = checksum(header, sizeof(header));
    std::memcpy(header, &ip, sizeof(ip));
    Frame frame{2, 0, 0, 0, 2, 1, 2, 0, 0, 0, 2, 2, 8, 0};
    frame.reserve(frame.size() + sizeof(header) + payload.size());
    frame.insert(frame.end(), std::begin(header), std::end(header));
    frame.insert(frame.end(), payload.begin(), payload.end());
    return frame;
}

Frame echo_request(const net::IpAddress& to) {
    Frame echo{ICMP_ECHO, 0, 0, 0, 0, 1, 0, 1};
    const std::uint16_t sum = checksum(echo.data(), echo.size());
    std::memcpy(&echo[2], &sum, sizeof(sum));
    return ip_frame(to, IPPROTO_ICMP, echo);
}

Frame advert(std::uint8_t vrid) {
    return ip_frame(host, 112, {0x21, vrid, 100, 0, 0, 1, 0, 0});
}

Frame arp_request(const net::IpAddress& target) {
    Frame frame{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 2, 2, 8, 6,
                0,    1,    8,    0,    6,    4,    0, 1, 2, 0, 0, 0, 2, 2};
    for (const net::IpAddress& address : {client, target}) {
        const std::uint32_t raw = address.as_v4().raw();
        const auto* bytes = reinterpret_cast<const std::uint8_t*>(&raw);
        frame.insert(frame.end(), bytes, bytes + 4);
        if (address == client) frame.resize(frame.size() + 6);
    }
    return frame;
}

class GuardTest : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        ready = testing_support::enter_own_namespace();
        if (!ready) return;
        for (const char* command :
             {"ip link add gu0 address 02:00:00:00:02:01 type veth peer name gu1 address "
              "02:00:00:00:02:02",
              "ip addr add 10.2.0.1/24 dev gu0", "ip addr add 10.2.0.100/32 dev lo",
              "ip link set gu0 up", "ip link set gu1 up",
              "ip neigh add 10.2.0.2 lladdr 02:00:00:00:02:02 dev gu0 nud permanent"})
            ASSERT_TRUE(run(command)) << command;
        for (const char* scope : {"all", "default", "gu0"})
            std::ofstream(std::string("/proc/sys/net/ipv4/conf/") + scope + "/rp_filter") << 0;
    }
    void SetUp() override {
        if (!ready) GTEST_SKIP() << "no network namespaces here";
        inside = packet_socket("gu0");
        wire = packet_socket("gu1");
    }
    void TearDown() override {
        if (!ready) return;
        close(inside);
        close(wire);
        run("nft flush ruleset");
    }
    static int packet_socket(const char* name) {
        const int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
        sockaddr_ll where{};
        where.sll_family = AF_PACKET;
        where.sll_protocol = htons(ETH_P_ALL);
        where.sll_ifindex = static_cast<int>(if_nametoindex(name));
        EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&where), sizeof(where)), 0);
        return fd;
    }
    void put(const Frame& frame) const {
        ASSERT_EQ(send(wire, frame.data(), frame.size(), 0), static_cast<ssize_t>(frame.size()));
    }
    // The next frame from there that the predicate takes; empty after five seconds.
    template <typename Predicate>
    static Frame next(int fd, Predicate wanted) {
        pollfd waiting{fd, POLLIN, 0};
        while (poll(&waiting, 1, 5000) == 1) {
            Frame frame(2048);
            const ssize_t size = recv(fd, frame.data(), frame.size(), 0);
            if (size < 0) break;
            frame.resize(static_cast<std::size_t>(size));
            if (wanted(frame)) return frame;
        }
        return {};
    }
    // Who answers, when the guarded address and then the host's own are pinged? The kernel works in
    // order, so the host's answer tells that the first ping was dealt with.
    std::string answers() const {
        put(echo_request(vip));
        put(echo_request(host));
        std::string seen;
        next(wire, [&seen](const Frame& f) {
            if (f.size() < 42 || f[12] != 8 || f[13] != 0 || f[23] != IPPROTO_ICMP ||
                f[34] != ICMP_ECHOREPLY)
                return false;
            seen += f[29] == 100 ? "vip " : "host ";
            return f[29] != 100;
        });
        return seen;
    }
    std::string answers_arp() const {
        put(arp_request(vip));
        put(arp_request(host));
        std::string seen;
        next(wire, [&seen](const Frame& f) {
            if (f.size() < 42 || f[12] != 8 || f[13] != 6 || f[21] != 2) return false;
            seen += f[31] == 100 ? "vip " : "host ";
            return f[31] != 100;
        });
        return seen;
    }
    static GuardRules on_gu0(InterfaceRules rules) {
        rules.interface = "gu0";
        rules.ifindex = static_cast<int>(if_nametoindex("gu0"));
        return {.interfaces = {std::move(rules)}};
    }
    static GuardRules rules() { return on_gu0({.addresses = {vip}, .vrids = {51}}); }

    static inline bool ready = false;
    int inside = -1;
    int wire = -1;
};

TEST_F(GuardTest, KernelIsQuietAndPacketSocketsStillSee) {
    ASSERT_EQ(answers(), "vip host ") << "without a guard the kernel answers both";
    {
        Guard guard("t");
        EXPECT_EQ(answers(), "vip host ") << "no rules yet";
        EXPECT_TRUE(guard.follow(rules()).empty());
        while (recv(inside, nullptr, 0, MSG_DONTWAIT) >= 0) {
        }
        EXPECT_EQ(answers(), "host ");
        const Frame seen = next(inside, [](const Frame& f) {
            return f.size() >= 42 && f[23] == IPPROTO_ICMP && f[33] == 100 && f[34] == ICMP_ECHO;
        });
        EXPECT_FALSE(seen.empty()) << "our own port must see it";
    }
    EXPECT_EQ(answers(), "vip host ") << "gone with the guard";
}

// The kernel has the VIP (a master's host, or what a dead keepalived has left): we alone answer.
TEST_F(GuardTest, TheKernelSaysNothingOfWhoHasTheAddress) {
    ASSERT_EQ(answers_arp(), "vip host ");
    Guard guard("t");
    InterfaceRules silent;
    silent.silent = {vip};
    EXPECT_TRUE(guard.follow(on_gu0(silent)).empty());
    EXPECT_EQ(answers_arp(), "host ");
    EXPECT_EQ(answers(), "vip host ") << "all else is the host's";
}

Frame in_vlan(Frame frame, std::uint8_t vlan) {
    frame.insert(frame.begin() + 12, {0x81, 0, 0, vlan});
    return frame;
}

// They are on their way to an interface of that VLAN, where the same VRID is another virtual
// router.
TEST_F(GuardTest, AVlansFramesAreNotHidden) {
    Guard guard("t");
    EXPECT_TRUE(guard.follow(rules()).empty());
    put(in_vlan(advert(51), 7));
    put(in_vlan(echo_request(vip), 7));
    put(in_vlan(advert(51), 0));  // a priority alone
    put(advert(51));
    ASSERT_EQ(answers(), "host ");  // all have been dealt with
    const auto counts = [](const std::string& rule, int packets) {
        return run("nft list table netdev warren_gu0 | grep -Eq '" + rule + ".*counter packets " +
                   std::to_string(packets) + " '");
    };
    EXPECT_TRUE(counts("ip protocol (112|vrrp)", 2));
    EXPECT_TRUE(counts("ip daddr", 1));
}

// As if it were the kernel's own, and what it answers leaves with it.
TEST_F(GuardTest, AVirtualMacIsTheKernels) {
    Guard guard("t");
    InterfaceRules with_mac;
    const net::MacAddress virtual_mac{{0, 0, 0x5e, 0, 1, 51}};
    with_mac.heard_macs = {virtual_mac};
    with_mac.senders = {{virtual_mac, vip}};
    EXPECT_TRUE(guard.follow(on_gu0(with_mac)).empty());
    EXPECT_FALSE(guard.lacks_egress());
    Frame request = echo_request(vip);
    std::copy(virtual_mac.bytes.begin(), virtual_mac.bytes.end(), request.begin());
    put(request);
    const Frame answer = next(wire, [](const Frame& f) {
        return f.size() >= 42 && f[23] == IPPROTO_ICMP && f[34] == ICMP_ECHOREPLY;
    });
    ASSERT_FALSE(answer.empty());
    EXPECT_TRUE(std::equal(virtual_mac.bytes.begin(), virtual_mac.bytes.end(), &answer[6]));
}

// A worker that hands a virtual router over leaves its MAC to the peer.
TEST_F(GuardTest, WhatWeSendKeepsItsMac) {
    Guard guard("t");
    InterfaceRules with_mac;
    const net::MacAddress virtual_mac{{0, 0, 0x5e, 0, 1, 51}};
    with_mac.senders = {{virtual_mac, vip}};
    EXPECT_TRUE(guard.follow(on_gu0(with_mac)).empty());
    Frame frame = ip_frame(client, IPPROTO_TCP, Frame(40));
    frame[11] = 1;  // from gu0's MAC
    frame[29] = 100;
    for (const std::uint32_t mark : {0U, net::own_frames_mark}) {
        ASSERT_EQ(setsockopt(inside, SOL_SOCKET, SO_MARK, &mark, sizeof mark), 0);
        ASSERT_EQ(send(inside, frame.data(), frame.size(), 0), ssize_t{74});
        const Frame seen =
            next(wire, [](const Frame& f) { return f.size() == 74 && f[29] == 100; });
        ASSERT_FALSE(seen.empty());
        EXPECT_EQ(std::equal(virtual_mac.bytes.begin(), virtual_mac.bytes.end(), &seen[6]),
                  mark == 0);
    }
}

TEST_F(GuardTest, OnlyOurVirtualRoutersAdvertsAreHidden) {
    const int daemon = socket(AF_INET, SOCK_RAW, 112);
    Guard guard("t");
    EXPECT_TRUE(guard.follow(rules()).empty());
    put(advert(51));
    put(advert(60));
    const Frame seen = next(daemon, [](const Frame&) { return true; });
    ASSERT_GE(seen.size(), 22U);
    EXPECT_EQ(seen[21], 60) << "another daemon's virtual router";
    close(daemon);
}

// About a client's packet to a NAT server; the kernel would forward it untranslated.
Frame error_about(const net::IpAddress& server, std::uint16_t port) {
    Frame error{ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, 0, 0, 0, 0, 0, 0};
    const Frame quoted = ip_frame(server, IPPROTO_TCP,
                                  {0x9c, 0x40, static_cast<std::uint8_t>(port >> 8),
                                   static_cast<std::uint8_t>(port), 0, 0, 0, 1});
    error.insert(error.end(), quoted.begin() + ETH_HLEN, quoted.end());
    const std::uint16_t sum = checksum(error.data(), error.size());
    std::memcpy(&error[2], &sum, sizeof(sum));
    return ip_frame(host, IPPROTO_ICMP, error);
}

TEST_F(GuardTest, ErrorsAboutPacketsToNatServersAreHidden) {
    const int daemon = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
    const net::IpAddress server = net::IpAddress::v4(10, 2, 0, 11);
    InterfaceRules nat;
    nat.nat_servers = {{server, 5672}, {*net::IpAddress::parse("2001:db8::11"), 5672}};
    Guard guard("t");
    EXPECT_TRUE(guard.follow(on_gu0(nat)).empty());
    put(error_about(server, 5672));
    put(error_about(server, 22));
    constexpr std::size_t quoted_port = 20 + 8 + 20 + 2;  // low byte at + 1
    const auto is_error = [](const Frame& f) {
        return f.size() > quoted_port + 1 && f[20] == ICMP_DEST_UNREACH;
    };
    EXPECT_EQ(next(daemon, is_error).at(quoted_port + 1), 22) << "SSH through the same router";
    nat.kernel_addresses = {host};
    EXPECT_TRUE(guard.follow(on_gu0(nat)).empty());
    put(error_about(server, 5672));
    EXPECT_EQ(next(daemon, is_error).at(quoted_port), 5672 >> 8) << "about a checker's connection";
    close(daemon);
}

TEST_F(GuardTest, RulesAreReplaced) {
    Guard guard("t");
    EXPECT_TRUE(guard.follow(rules()).empty());
    EXPECT_EQ(answers(), "host ");
    EXPECT_TRUE(guard.follow(on_gu0({})).empty());
    EXPECT_EQ(answers(), "vip host ");
    EXPECT_TRUE(guard.follow(rules()).empty());
    EXPECT_EQ(answers(), "host ");
}

// Each of these keeps the VIP hidden, and so does each moment between two: a chain beside its
// successor would not. A frame meets the newest of a priority first, then the slow one, then the
// older one, and an exchange while it is in the slow one shows it two empty chains.
TEST_F(GuardTest, NothingPassesWhileRulesAreExchanged) {
    Guard guard("t");
    const InterfaceRules one{.addresses = {vip}, .vrids = {51}};
    const InterfaceRules other{.addresses = {vip}, .vrids = {52}};
    ASSERT_TRUE(guard.follow(on_gu0(one)).empty());
    ASSERT_TRUE(
        run("nft 'add table ip seen; add chain ip seen input { type filter hook input "
            "priority 0; }; add rule ip seen input ip daddr 10.2.0.100 counter'"));
    std::string slow =
        "add table netdev slow\ndelete table netdev slow\ntable netdev slow {\n chain ingress {\n"
        "  type filter hook ingress device \"gu0\" priority -500;\n";
    for (int i = 0; i < 1'000; ++i)
        slow += "  counter\n";
    const std::string file = testing::TempDir() + "guard_test." + std::to_string(getpid());
    std::ofstream(file) << slow << " }\n}\n";
    std::atomic<bool> is_over = false;
    std::thread sender([&] {
        const Frame frame = ip_frame(vip, IPPROTO_UDP, Frame(40));
        while (!is_over)
            send(wire, frame.data(), frame.size(), 0);
    });
    for (int i = 0; i < 40; ++i) {
        EXPECT_TRUE(run("nft -f " + file));
        EXPECT_TRUE(guard.follow(on_gu0(i % 2 == 0 ? other : one)).empty());
    }
    is_over = true;
    sender.join();
    std::remove(file.c_str());
    EXPECT_TRUE(run("nft list table ip seen | grep -q 'counter packets 0 '"))
        << "some have reached the kernel";
}

TEST_F(GuardTest, WhatStaysKeepsItsCounters) {
    Guard guard("t");
    ASSERT_TRUE(guard.follow(rules()).empty());
    ASSERT_EQ(answers(), "host ");
    GuardRules more = rules();
    more.silent = {vip};
    more.interfaces[0].senders = {{{{0, 0, 0x5e, 0, 1, 51}}, vip}};
    ASSERT_TRUE(guard.follow(more).empty());
    EXPECT_TRUE(
        run("nft list table netdev warren_gu0 | grep -q 'daddr 10.2.0.100 counter packets 1 '"));
}

// The kernel would say on gu0 who has an address of lo.
TEST_F(GuardTest, TheHostIsSilentOnInterfacesThatNobodyGuards) {
    Guard guard("t");
    EXPECT_TRUE(guard.follow({.silent = {vip}}).empty());
    EXPECT_EQ(answers_arp(), "host ");
    EXPECT_TRUE(guard.follow({}).empty());
    EXPECT_EQ(answers_arp(), "vip host ");
}

TEST_F(GuardTest, ReplacesWhatAKilledPredecessorLeft) {
    ASSERT_TRUE(
        run("nft 'add table netdev warren_gu0; add chain netdev warren_gu0 ingress "
            "{ type filter hook ingress device gu0 priority -500; }; "
            "add rule netdev warren_gu0 ingress drop; add table inet warren_local_t'"));
    Guard guard("t");
    EXPECT_TRUE(guard.follow(rules()).empty());
    EXPECT_EQ(answers(), "host ") << "the old table dropped everything";
    EXPECT_FALSE(run("nft list table inet warren_local_t"));
}

TEST_F(GuardTest, SurvivesTheOperatorsFlush) {
    Guard guard("t");
    EXPECT_TRUE(guard.follow(rules()).empty());
    ASSERT_TRUE(run("nft flush ruleset"));
    EXPECT_EQ(answers(), "host ");
    EXPECT_TRUE(guard.restore().empty()) << "nothing was lost";
}

// On a kernel without owners.
TEST_F(GuardTest, PutsBackWhatAFlushHasRemoved) {
    Guard guard("t", nullptr, false);
    GuardRules all = rules();
    all.silent = {vip};
    EXPECT_TRUE(guard.follow(all).empty());
    ASSERT_TRUE(run("nft flush ruleset"));
    ASSERT_EQ(answers(), "vip host ");
    const std::vector<GuardTrouble> troubles = guard.restore();
    ASSERT_EQ(troubles.size(), 1U);
    EXPECT_EQ(troubles[0].kind, GuardTrouble::Kind::flushed);
    EXPECT_NE(troubles[0].text.find("arp warren_local_t, netdev warren_gu0"), std::string::npos)
        << troubles[0].text;
    EXPECT_EQ(answers(), "host ");
    EXPECT_TRUE(guard.restore().empty());
    ASSERT_TRUE(run("nft flush ruleset"));
    EXPECT_EQ(guard.follow(on_gu0({})).size(), 1U) << "a change finds it out too";
    ASSERT_TRUE(run("nft list table netdev warren_gu0"));
}

TEST_F(GuardTest, TwoGuardsOfOneInterfaceDoNotFight) {
    Guard first("a");
    EXPECT_TRUE(first.follow(rules()).empty());
    {
        Guard second("b");
        const std::vector<GuardTrouble> troubles = second.follow(on_gu0({}));
        ASSERT_EQ(troubles.size(), 1U);
        EXPECT_EQ(troubles[0].kind, GuardTrouble::Kind::held) << troubles[0].text;
        EXPECT_EQ(troubles[0].interface, "gu0");
        EXPECT_TRUE(second.restore().empty()) << "told once";
    }
    EXPECT_EQ(answers(), "host ");
}

// This thread's capabilities, put back at the end.
class WithoutNetAdmin {
  public:
    WithoutNetAdmin() {
        syscall(SYS_capget, &header_, sets_.data());
        auto less = sets_;
        less[CAP_TO_INDEX(CAP_NET_ADMIN)].effective &= ~CAP_TO_MASK(CAP_NET_ADMIN);
        syscall(SYS_capset, &header_, less.data());
    }
    ~WithoutNetAdmin() { syscall(SYS_capset, &header_, sets_.data()); }
    WithoutNetAdmin(const WithoutNetAdmin&) = delete;
    WithoutNetAdmin& operator=(const WithoutNetAdmin&) = delete;

  private:
    __user_cap_header_struct header_{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets_{};
};

TEST_F(GuardTest, WithoutTheRightItSaysSoOnceAndInItsOwnWords) {
    Guard guard("t");
    testing::internal::CaptureStderr();
    {
        const WithoutNetAdmin without;
        const std::vector<GuardTrouble> troubles = guard.follow(rules());
        ASSERT_EQ(troubles.size(), 1U);
        EXPECT_EQ(troubles[0].kind, GuardTrouble::Kind::no_permission);
        EXPECT_EQ(troubles[0].text,
                  "interface gu0: the kernel sees our frames too and may answer them: nftables: no "
                  "permission (CAP_NET_ADMIN); give warren this capability");
        EXPECT_TRUE(guard.restore().empty());
    }
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
    EXPECT_TRUE(guard.restore().empty());
    EXPECT_EQ(answers(), "host ") << "it is tried again";
}

// What the kernel refuses (here a name of its own for a server's address: a weight of 0 in all)
// stays as it was, is told once, and takes nothing else with it.
TEST_F(GuardTest, WhatIsRefusedLeavesTheOldRulesAndTheOthers) {
    const net::IpAddress server = net::IpAddress::v4(10, 2, 0, 11);
    Guard guard("t");
    GuardRules some = rules();
    some.local.services = {{vip, 5672, {{server, 5672, 1}}}};
    ASSERT_TRUE(guard.follow(some).empty());
    const auto translates = [](const std::string& what) {
        return run("nft list table inet warren_local_t | grep -q 'dnat.*" + what + "'");
    };
    ASSERT_TRUE(translates("10.2.0.11 . 5672"));
    GuardRules wrong = on_gu0({.addresses = {host}});
    wrong.local.services = {{vip, 5672, {{*net::IpAddress::parse("2001:db8::11"), 5672, 1}}}};
    const std::vector<GuardTrouble> troubles = guard.follow(wrong);
    ASSERT_EQ(troubles.size(), 1U);
    EXPECT_EQ(troubles[0].interface, "");
    EXPECT_EQ(troubles[0].text.find("programs of this host cannot reach its virtual_servers: nft"),
              0U)
        << troubles[0].text;
    EXPECT_TRUE(translates("10.2.0.11 . 5672")) << "the old rules stand";
    EXPECT_TRUE(run("nft list table netdev warren_gu0 | grep -q 'daddr 10.2.0.1 '"));
    EXPECT_TRUE(guard.restore().empty()) << "told once";
    ASSERT_TRUE(guard.follow(some).empty());
    EXPECT_EQ(guard.follow(wrong).size(), 1U) << "it was over";
}

TEST_F(GuardTest, AnInterfaceThatIsNotThereTakesNoOtherWithIt) {
    Guard guard("t");
    GuardRules both = rules();
    both.interfaces.insert(both.interfaces.begin(),
                           {.interface = "gu9", .ifindex = 99, .addresses = {vip}});
    EXPECT_TRUE(guard.follow(both).empty());
    EXPECT_EQ(answers(), "host ");
    EXPECT_FALSE(run("nft list table netdev warren_gu9"));
}

TEST_F(GuardTest, AnInterfaceMadeAnewIsGuardedAgain) {
    Guard guard("t");
    const auto of_gu5 = [] {
        GuardRules rules;
        rules.interfaces.push_back({.interface = "gu5",
                                    .ifindex = static_cast<int>(if_nametoindex("gu5")),
                                    .addresses = {vip}});
        return rules;
    };
    const auto is_guarded = [] {
        return run("nft list table netdev warren_gu5 | grep -q 'device .*gu5'");
    };
    for (int i = 0; i < 2; ++i) {
        ASSERT_TRUE(run("ip link add gu5 type veth peer name gu6"));
        EXPECT_TRUE(guard.follow(of_gu5()).empty());
        EXPECT_TRUE(is_guarded());
        ASSERT_TRUE(run("ip link del gu5"));
        EXPECT_TRUE(guard.follow(of_gu5()).empty()) << "nothing can be done";
    }
}

// By itself, and where the kernel would not do it with the socket.
TEST_F(GuardTest, TakesAllBack) {
    for (const bool owned : {true, false}) {
        {
            Guard guard("t", nullptr, owned);
            GuardRules all = rules();
            all.silent = {vip};
            all.interfaces[0].services = {{vip, 5672}};
            all.local.services = {{vip, 5672, {{net::IpAddress::v4(10, 2, 0, 11), 5672, 1}}}};
            ASSERT_TRUE(guard.follow(all).empty());
            ASSERT_TRUE(run("test $(nft list tables | grep -c warren_) = 4"));
        }
        EXPECT_TRUE(run("test -z \"$(nft list tables)\"")) << owned;
    }
}

}  // namespace
}  // namespace warren::kernel
