// SPDX-License-Identifier: BSD-3-Clause
// The guard's text, and that it keeps the kernel quiet while packet sockets still see everything.
// In a namespace of the test's own: frames are written to gu1 and arrive at gu0, where the kernel
// owns 10.2.0.1 and (as it never would in earnest, but here it makes the kernel answer) 10.2.0.100.
#include "kernel/guard.h"
#include "kernel/guard_rules.h"

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
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "../health/own_namespace.h"
#include "net/own_frames.h"

namespace warren::kernel {
namespace {

using testing_support::run;

const net::IpAddress host = net::IpAddress::v4(10, 2, 0, 1);
const net::IpAddress vip = net::IpAddress::v4(10, 2, 0, 100);
const net::IpAddress client = net::IpAddress::v4(10, 2, 0, 2);

// Text --------------------------------------------------------------------------------------------

// Replies of NAT servers are ours to translate; a checker's connection is the kernel's.
TEST(GuardText, NatReturnsAreDroppedUnlessTheyAreForTheKernel) {
    GuardRules rules;
    rules.nat_servers = {{net::IpAddress::v4(10, 2, 0, 11), 5672},
                         {*net::IpAddress::parse("2001:db8::11"), 5671}};
    EXPECT_NE(guard_ruleset("eth0", rules, GuardTable::plain)
                  .find("    ip saddr . tcp sport { 10.2.0.11 . 5672 } counter drop\n"
                        "    icmp type { 3, 11, 12 } @th,192,32 { 0x0a02000b } "
                        "@th,240,16 { 5672 } counter drop\n"
                        "    ip6 saddr . tcp sport { 2001:db8::11 . 5671 } counter drop\n"
                        "    icmpv6 type { 1, 2, 3, 4 } @th,256,128 "
                        "{ 0x20010db8000000000000000000000011 } @th,400,16 { 5671 } "
                        "counter drop\n"),
              std::string::npos);
    rules.kernel_addresses = {host};
    EXPECT_NE(guard_ruleset("eth0", rules, GuardTable::plain)
                  .find("    ip saddr . tcp sport { 10.2.0.11 . 5672 } ip daddr != { 10.2.0.1 } "
                        "counter drop\n"),
              std::string::npos);
}

TEST(GuardText, OneTransactionReplacesTheTable) {
    GuardRules rules;
    rules.addresses = {*net::IpAddress::parse("2001:db8::100"), vip, vip,
                       net::IpAddress::v4(10, 2, 0, 7)};
    rules.vrids = {52, 51};
    EXPECT_EQ(guard_ruleset("eth0", rules, GuardTable::owned),
              R"(add table netdev warren_eth0 {
  flags owner;
}
delete table netdev warren_eth0
table netdev warren_eth0 {
  flags owner;
  chain ingress {
    type filter hook ingress device "eth0" priority -500; policy accept;
    @ll,96,16 { 0x8100, 0x88a8 } @ll,112,16 & 0x0fff != 0 accept
    ip daddr { 10.2.0.7, 10.2.0.100 } counter drop
    ip6 daddr { 2001:db8::100 } counter drop
    ip protocol 112 @th,8,8 { 51, 52 } counter drop
    ip protocol 51 @th,0,8 112 @th,200,8 { 51, 52 } counter drop
    ip6 nexthdr 112 @th,8,8 { 51, 52 } counter drop
    ip6 nexthdr 51 @th,0,8 112 @th,200,8 { 51, 52 } counter drop
  }
}
add table ip warren_eth0 {
  flags owner;
}
delete table ip warren_eth0
)");
}

TEST(GuardText, OfTheHostsAddressesOurPart) {
    GuardRules rules;
    rules.addresses = {};
    rules.services = {{vip, 5672}, {*net::IpAddress::parse("2001:db8::100"), 5671}};
    rules.local_addresses = {vip};
    rules.fnat_servers = {{net::IpAddress::v4(10, 2, 0, 11), 5672}};
    rules.first_host_port = 32'768;
    rules.last_host_port = 60'999;
    rules.silent = {vip, *net::IpAddress::parse("2001:db8::100")};
    EXPECT_NE(guard_ruleset("eth0", rules, GuardTable::plain)
                  .find("    ip frag-off & 0x3fff == 0 ip daddr . tcp dport { 10.2.0.100 . 5672 } "
                        "counter drop\n"
                        "    ip frag-off & 0x3fff == 0 ip saddr . tcp sport { 10.2.0.11 . 5672 } "
                        "ip daddr { 10.2.0.100 } tcp dport != 32768-60999 counter drop\n"
                        "    ip6 daddr . tcp dport { 2001:db8::100 . 5671 } counter drop\n"
                        "    arp operation request arp daddr ip { 10.2.0.100 } counter drop\n"
                        "    icmpv6 type nd-neighbor-solicit @th,64,128 "
                        "{ 0x20010db8000000000000000000000100 } counter drop\n"),
              std::string::npos)
        << guard_ruleset("eth0", rules, GuardTable::plain);
}

TEST(GuardText, WhatTheMasterSendsToAServiceOfTheHostPasses) {
    GuardRules rules;
    rules.addresses = {};
    rules.services = {{vip, 5672}};
    rules.forwarded = {{{{2, 0, 0, 0, 0, 9}}, {vip, 5672}},
                       {{{2, 0, 0, 0, 0, 9}}, {*net::IpAddress::parse("2001:db8::100"), 80}}};
    EXPECT_NE(guard_ruleset("eth0", rules, GuardTable::plain)
                  .find("    ether saddr . ip daddr . tcp dport "
                        "{ 02:00:00:00:00:09 . 10.2.0.100 . 5672 } accept\n"
                        "    ether saddr . ip6 daddr . tcp dport "
                        "{ 02:00:00:00:00:09 . 2001:db8::100 . 80 } accept\n"
                        "    ip frag-off & 0x3fff == 0 ip daddr . tcp dport"),
              std::string::npos)
        << guard_ruleset("eth0", rules, GuardTable::plain);
    rules.is_translated = true;
    EXPECT_NE(guard_ruleset("eth0", rules, GuardTable::plain)
                  .find("    type filter hook input priority -500; policy accept;\n"
                        "    ct status snat accept\n"
                        "    ether saddr . ip daddr . tcp dport "
                        "{ 02:00:00:00:00:09 . 10.2.0.100 . 5672 } accept\n"),
              std::string::npos);
}

// What has come in fragments is joined by the kernel first.
TEST(GuardText, OurPartOfJoinedDatagrams) {
    GuardRules rules;
    rules.services = {{vip, 5672}, {*net::IpAddress::parse("2001:db8::100"), 5671}};
    const std::string text = guard_ruleset("eth0", rules, GuardTable::plain);
    EXPECT_NE(text.find("table ip warren_eth0 {\n"
                        "  chain input {\n"
                        "    type filter hook input priority -500; policy accept;\n"
                        "    iifname \"eth0\" ip daddr . tcp dport { 10.2.0.100 . 5672 } "
                        "counter drop\n"
                        "  }\n}\n"),
              std::string::npos)
        << text;
}

TEST(GuardText, NothingOwnedNothingDropped) {
    const std::string text = guard_ruleset("eth0", {}, GuardTable::plain);
    EXPECT_EQ(text.find("drop"), std::string::npos);
    EXPECT_EQ(text.find("owner"), std::string::npos);
}

TEST(GuardText, TableNamesAreWordsForNftAndDifferent) {
    EXPECT_EQ(guard_table_name("eth0.100"), "warren_eth0.100");
    EXPECT_EQ(guard_table_name("br-lan"), "warren_br-lan");
    EXPECT_EQ(guard_table_name("a+b"), "warren_a_2bb");
    EXPECT_NE(guard_table_name("a_2bb"), guard_table_name("a+b"));
}

TEST(GuardText, ImpossibleNamesAreRefused) {
    for (const char* name :
         {"", "a b", "a\"; flush ruleset", "a/b", "..", "sixteen-letters-", "a\n"})
        EXPECT_THROW(Guard{name}, std::invalid_argument) << name;
}

// Kernel ------------------------------------------------------------------------------------------

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
    static GuardRules rules() { return {{vip}, {51}}; }

    static inline bool ready = false;
    int inside = -1;
    int wire = -1;
};

TEST_F(GuardTest, KernelIsQuietAndPacketSocketsStillSee) {
    ASSERT_EQ(answers(), "vip host ") << "without a guard the kernel answers both";
    {
        Guard guard("gu0");
        EXPECT_EQ(answers(), "vip host ") << "no rules yet";
        guard.apply(rules());
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

// The kernel has the VIP (a master's host, or what a dead keepalived has left): we alone answer.
TEST_F(GuardTest, TheKernelSaysNothingOfWhoHasTheAddress) {
    const auto answers_arp = [this] {
        put(arp_request(vip));
        put(arp_request(host));
        std::string seen;
        next(wire, [&seen](const Frame& f) {
            if (f.size() < 42 || f[12] != 8 || f[13] != 6 || f[21] != 2) return false;
            seen += f[31] == 100 ? "vip " : "host ";
            return f[31] != 100;
        });
        return seen;
    };
    ASSERT_EQ(answers_arp(), "vip host ");
    Guard guard("gu0");
    GuardRules silent;
    silent.silent = {vip};
    guard.apply(silent);
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
    Guard guard("gu0");
    guard.apply(rules());
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
    Guard guard("gu0");
    GuardRules with_mac;
    const net::MacAddress virtual_mac{{0, 0, 0x5e, 0, 1, 51}};
    with_mac.heard_macs = {virtual_mac};
    with_mac.senders = {{virtual_mac, vip}};
    guard.apply(with_mac);
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
    Guard guard("gu0");
    GuardRules with_mac;
    const net::MacAddress virtual_mac{{0, 0, 0x5e, 0, 1, 51}};
    with_mac.senders = {{virtual_mac, vip}};
    guard.apply(with_mac);
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
    Guard guard("gu0");
    guard.apply(rules());
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
    GuardRules nat;
    nat.nat_servers = {{server, 5672}, {*net::IpAddress::parse("2001:db8::11"), 5672}};
    Guard guard("gu0");
    guard.apply(nat);
    put(error_about(server, 5672));
    put(error_about(server, 22));
    constexpr std::size_t quoted_port = 20 + 8 + 20 + 2;  // low byte at + 1
    const auto is_error = [](const Frame& f) {
        return f.size() > quoted_port + 1 && f[20] == ICMP_DEST_UNREACH;
    };
    EXPECT_EQ(next(daemon, is_error).at(quoted_port + 1), 22) << "SSH through the same router";
    nat.kernel_addresses = {host};
    guard.apply(nat);
    put(error_about(server, 5672));
    EXPECT_EQ(next(daemon, is_error).at(quoted_port), 5672 >> 8) << "about a checker's connection";
    close(daemon);
}

TEST_F(GuardTest, RulesAreReplaced) {
    Guard guard("gu0");
    guard.apply(rules());
    EXPECT_EQ(answers(), "host ");
    guard.apply({});
    EXPECT_EQ(answers(), "vip host ");
    guard.apply(rules());
    EXPECT_EQ(answers(), "host ");
}

TEST_F(GuardTest, ReplacesWhatAKilledPredecessorLeft) {
    ASSERT_TRUE(
        run("nft 'add table netdev warren_gu0; add chain netdev warren_gu0 ingress "
            "{ type filter hook ingress device gu0 priority -500; }; "
            "add rule netdev warren_gu0 ingress drop'"));
    Guard guard("gu0");
    guard.apply(rules());
    EXPECT_EQ(answers(), "host ") << "the old table dropped everything";
}

TEST_F(GuardTest, SurvivesTheOperatorsFlush) {
    Guard guard("gu0");
    guard.apply(rules());
    ASSERT_TRUE(run("nft flush ruleset"));
    EXPECT_EQ(answers(), "host ");
}

TEST_F(GuardTest, TwoGuardsOfOneInterfaceDoNotFight) {
    Guard first("gu0");
    first.apply(rules());
    Guard second("gu0");
    try {
        second.apply({});
        FAIL() << "the interface is guarded already";
    } catch (const GuardError& error) {
        EXPECT_EQ(error.kind, GuardError::Kind::no_permission) << error.what();
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
    Guard guard("gu0");
    testing::internal::CaptureStderr();
    try {
        const WithoutNetAdmin without;
        guard.apply(rules());
        ADD_FAILURE() << "nothing may be installed";
    } catch (const GuardError& error) {
        EXPECT_EQ(error.kind, GuardError::Kind::no_permission);
        EXPECT_NE(std::string(error.what()).find("no permission (CAP_NET_ADMIN)"),
                  std::string::npos);
    }
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST_F(GuardTest, MissingInterfaceIsNamed) {
    Guard guard("gu9");
    try {
        guard.apply(rules());
        FAIL();
    } catch (const GuardError& error) {
        EXPECT_EQ(error.kind, GuardError::Kind::no_interface) << error.what();
        EXPECT_NE(std::string(error.what()).find("gu9"), std::string::npos);
    }
}

TEST_F(GuardTest, FailedApplyLeavesTheOldRules) {
    ASSERT_TRUE(run("ip link add gu5 type veth peer name gu6"));
    Guard guard("gu5");
    guard.apply(rules());
    ASSERT_TRUE(run("ip link del gu5"));
    EXPECT_THROW(guard.apply(rules()), GuardError);
    ASSERT_TRUE(run("ip link add gu5 type veth peer name gu6"));
    EXPECT_NO_THROW(guard.apply(rules())) << "the interface is back";
    run("ip link del gu5");
}

}  // namespace
}  // namespace warren::kernel
