// SPDX-License-Identifier: BSD-3-Clause
// Which echo replies PING_CHECK takes for its own (RFC 792: identifier and sequence number; and our
// cookie). The server is this test: it reads requests from the far end of a veth and answers them
// with one byte changed.
#include <gtest/gtest.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <netpacket/packet.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "health/checker.h"
#include "own_namespace.h"

namespace warren::health {
namespace {

constexpr std::size_t ip_source = 26;
constexpr std::size_t icmp = 34;  // of an Ethernet frame with an IPv4 header without options

struct Case {
    const char* name;
    std::size_t changed;  // offset from the ICMP header; 0 = nothing
    bool taken;
};

class EchoMatch : public testing::TestWithParam<Case> {
  protected:
    static void SetUpTestSuite() {
        ready = testing_support::enter_own_namespace();
        if (!ready) return;
        for (const char* command :
             {"ip link add em0 type veth peer name em1", "ip link set em1 up",
              "ip addr add 192.0.2.1/24 dev em0", "ip link set em0 up",
              "ip neigh add 192.0.2.9 lladdr 02:00:00:00:00:09 dev em0 nud permanent"})
            ASSERT_TRUE(testing_support::run(command)) << command;
    }
    void SetUp() override {
        if (!ready) GTEST_SKIP() << "no network namespaces here";
        const int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, htons(ETH_P_IP));
        sockaddr_ll where{};
        where.sll_family = AF_PACKET;
        where.sll_protocol = htons(ETH_P_IP);
        where.sll_ifindex = static_cast<int>(if_nametoindex("em1"));
        ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&where), sizeof(where)), 0);
        wire.assign(fd);
    }
    void serve(std::size_t changed) {
        wire.async_wait(wire.wait_read, [this, changed](const boost::system::error_code& error) {
            if (error) return;
            answer(changed);
            serve(changed);
        });
    }
    void answer(std::size_t changed) {
        std::array<std::uint8_t, 256> frame{};
        const ssize_t size = recv(wire.native_handle(), frame.data(), frame.size(), 0);
        if (size < 58 || frame[23] != IPPROTO_ICMP || frame[icmp] != 8) return;
        std::swap_ranges(frame.begin(), frame.begin() + 6, frame.begin() + 6);
        std::swap_ranges(&frame[ip_source], &frame[ip_source + 4], &frame[ip_source + 4]);
        frame[icmp] = 0;
        if (changed != 0) frame[icmp + changed] ^= 0x55;
        set_checksum(frame.data() + icmp, static_cast<std::size_t>(size) - icmp);
        send(wire.native_handle(), frame.data(), static_cast<std::size_t>(size), 0);
    }
    static void set_checksum(std::uint8_t* bytes, std::size_t size) {
        bytes[2] = bytes[3] = 0;
        std::uint32_t sum = 0;
        for (std::size_t i = 0; i + 1 < size; i += 2)
            sum += static_cast<std::uint32_t>(bytes[i] << 8 | bytes[i + 1]);
        while (sum >> 16 != 0)
            sum = (sum & 0xffff) + (sum >> 16);
        bytes[2] = static_cast<std::uint8_t>(~sum >> 8);
        bytes[3] = static_cast<std::uint8_t>(~sum);
    }

    static inline bool ready = false;
    boost::asio::io_context io;
    boost::asio::posix::stream_descriptor wire{io};
};

TEST_P(EchoMatch, Reply) {
    serve(GetParam().changed);
    CheckResult seen;
    PingOptions options;
    options.address = net::IpAddress::v4(192, 0, 2, 9);
    options.timeout_ns = GetParam().taken ? 5'000'000'000 : 60'000'000;
    const auto checker = make_checker(io, options, [&](const CheckResult& result) {
        seen = result;
        io.stop();
        return Pace::steady;
    });
    io.run_for(std::chrono::seconds(10));
    EXPECT_EQ(seen.reason, GetParam().taken ? Reason::none : Reason::timeout) << seen.text;
}

INSTANTIATE_TEST_SUITE_P(Rfc792, EchoMatch,
                         testing::Values(Case{"Ours", 0, true}, Case{"OtherIdentifier", 4, false},
                                         Case{"OtherSequence", 7, false},
                                         Case{"OtherCookie", 23, false}),
                         [](const testing::TestParamInfo<Case>& c) { return c.param.name; });

}  // namespace
}  // namespace warren::health
