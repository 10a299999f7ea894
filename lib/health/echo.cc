// SPDX-License-Identifier: BSD-3-Clause
#include "health/echo.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <random>
#include <utility>

#include "health/socket.h"

namespace warren::health {
namespace {

// From <linux/icmp.h>, which does not go together with the libc headers: a bit per type to be
// dropped.
constexpr int icmp_filter_option = 1;

// Header and payload as they go over the wire, the same in both families.
struct Message {
    std::uint8_t type = 0;
    std::uint8_t code = 0;
    net::Be16 checksum;
    net::Be16 identifier;  // of this process: firewalls remember each one for a while
    net::Be16 sequence;
    std::uint64_t cookie = 0;  // of this process too
    std::uint64_t time_ns = 0;
};
using Bytes = std::array<std::uint8_t, 24>;
static_assert(sizeof(Message) == sizeof(Bytes));

// RFC 1071. The kernel fills in ICMPv6's, which covers a pseudo header.
net::Be16 checksum_of(const Message& message) {
    std::array<std::uint16_t, sizeof(Message) / 2> words{};
    std::memcpy(words.data(), &message, sizeof(message));
    std::uint32_t sum = 0;
    for (const std::uint16_t word : words)
        sum += word;
    sum = (sum & 0xffff) + (sum >> 16);
    sum += sum >> 16;
    return net::Be16::from_raw(static_cast<std::uint16_t>(~sum));
}

// The echoes of this process have a cookie in common, and each its time.
Message next_request(bool ipv6) {
    static const std::uint64_t cookie = std::mt19937_64(std::random_device()())();
    Message message;
    message.type =
        ipv6 ? static_cast<std::uint8_t>(ICMP6_ECHO_REQUEST) : static_cast<std::uint8_t>(ICMP_ECHO);
    message.cookie = cookie;
    message.time_ns = static_cast<std::uint64_t>(
        std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count());
    message.identifier = net::Be16(static_cast<std::uint16_t>(cookie));
    message.sequence = net::Be16(static_cast<std::uint16_t>(message.time_ns / 1'000'000));
    if (!ipv6) message.checksum = checksum_of(message);
    return message;
}

Bytes bytes_of(const Message& message) {
    Bytes bytes;
    std::memcpy(bytes.data(), &message, sizeof(message));
    return bytes;
}

}  // namespace

Echo::Echo(boost::asio::io_context& io, const net::IpAddress& host, const Source& source, Done done)
    : host_(host), source_(source), done_(std::move(done)), descriptor_(io) {}

int Echo::send() {
    if (const int error = open(); error != 0) return error;
    request_ = bytes_of(next_request(ipv6()));
    const ssize_t sent =
        ::send(descriptor_.native_handle(), request_.data(), request_.size(), MSG_NOSIGNAL);
    if (sent != static_cast<ssize_t>(request_.size())) return errno;
    wait_for_reply();
    return 0;
}

int Echo::open() {
    const int family = ipv6() ? AF_INET6 : AF_INET;
    const int protocol = ipv6() ? static_cast<int>(IPPROTO_ICMPV6) : static_cast<int>(IPPROTO_ICMP);
    const int flags = SOCK_NONBLOCK | SOCK_CLOEXEC;
    int fd = ::socket(family, SOCK_RAW | flags, protocol);
    if (fd < 0 && (errno == EPERM || errno == EACCES)) {
        raw_ = false;
        fd = ::socket(family, SOCK_DGRAM | flags, protocol);
    }
    if (fd < 0) return errno;
    boost::system::error_code error;
    descriptor_.assign(fd, error);  // which closes it, from here on
    if (!error) return prepare(fd);
    ::close(fd);
    return error.value();
}

int Echo::prepare(int fd) {
    if (raw_ && ipv6()) {
        icmp6_filter filter;
        ICMP6_FILTER_SETBLOCKALL(&filter);
        ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
        setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof(filter));
    } else if (raw_) {
        const std::uint32_t filter = ~(1U << ICMP_ECHOREPLY);
        setsockopt(fd, SOL_RAW, icmp_filter_option, &filter, sizeof(filter));
    }
    report_icmp_errors(fd, ipv6());
    source_.port = 0;
    if (const int refused = apply_source(fd, source_); refused != 0) return refused;
    const SocketAddress to = socket_address(host_, 0, source_.interface);
    return connect(fd, to.get(), to.length) == 0 ? 0 : errno;
}

void Echo::wait_for_reply() {
    descriptor_.async_wait(
        boost::asio::posix::stream_descriptor::wait_read,
        [this, here = std::weak_ptr<const int>(presence_)](const boost::system::error_code& error) {
            if (!error && !here.expired()) on_readable();
        });
}

void Echo::on_readable() {
    const int error = read();
    // Somebody else's echo, or a late answer to an earlier one.
    if (error == EAGAIN) return wait_for_reply();
    const Done done = std::exchange(done_, {});  // which may destroy this
    if (done) done(error);
}

bool Echo::is_answered() {
    return descriptor_.is_open() && read() == 0;
}

// EAGAIN: no answer yet.
int Echo::read() {
    std::array<std::uint8_t, 256> packet;
    for (ssize_t size = 0; !answered_;
         answered_ = is_reply({packet.data(), static_cast<std::size_t>(size)})) {
        size = recv(descriptor_.native_handle(), packet.data(), packet.size(), 0);
        if (size < 0) return errno == EINTR ? EAGAIN : errno;
    }
    return 0;
}

bool Echo::is_reply(net::ConstBytes packet) const {
    std::size_t offset = 0;
    if (raw_ && !ipv6()) {  // an IPv4 raw socket gives the IP header too
        if (packet.empty()) return false;
        offset = (packet[0] & 0x0fU) * 4U;
    }
    if (packet.size() < offset + sizeof(Message)) return false;
    const auto reply = net::load<Message>(packet, offset);
    auto wanted = net::load<Message>(request_, 0);
    wanted.type = ipv6() ? static_cast<std::uint8_t>(ICMP6_ECHO_REPLY)
                         : static_cast<std::uint8_t>(ICMP_ECHOREPLY);
    wanted.checksum = reply.checksum;
    if (!raw_) wanted.identifier = reply.identifier;
    return bytes_of(reply) == bytes_of(wanted);
}

}  // namespace warren::health
