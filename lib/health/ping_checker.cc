// SPDX-License-Identifier: BSD-3-Clause
// PING_CHECK: one echo request per attempt (RFC 792, RFC 4443 4.1). The socket is raw, connected to
// the server and filtered to echo replies, so that it wakes for nothing else; where raw sockets are
// forbidden the kernel's datagram ICMP socket does, and then the kernel chooses and checks the
// identifier.
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <cstring>
#include <random>

#include "health/periodic.h"
#include "health/socket.h"
#include "net/bytes.h"

namespace warren::health {
namespace {

// From <linux/icmp.h>, which does not go together with the libc headers: a bit per type to be
// dropped.
constexpr int icmp_filter_option = 1;

// Header and payload as they go over the wire, the same in both families.
struct Echo {
    std::uint8_t type = 0;
    std::uint8_t code = 0;
    net::Be16 checksum;
    net::Be16 identifier;
    net::Be16 sequence;
    std::array<std::uint8_t, 16> cookie{};  // tells our echo from another process's
};
static_assert(sizeof(Echo) == 24);

// RFC 1071. The kernel fills in ICMPv6's, which covers a pseudo header.
net::Be16 checksum_of(const Echo& echo) {
    std::array<std::uint16_t, sizeof(Echo) / 2> words{};
    std::memcpy(words.data(), &echo, sizeof(echo));
    std::uint32_t sum = 0;
    for (const std::uint16_t word : words)
        sum += word;
    sum = (sum & 0xffff) + (sum >> 16);
    sum += sum >> 16;
    return net::Be16::from_raw(static_cast<std::uint16_t>(~sum));
}

std::array<std::uint8_t, 16> random_cookie() {
    std::random_device device;
    std::array<std::uint8_t, 16> cookie{};
    std::generate(cookie.begin(), cookie.end(),
                  [&device] { return static_cast<std::uint8_t>(device()); });
    return cookie;
}

class PingChecker final : public PeriodicChecker {
  public:
    PingChecker(boost::asio::io_context& io, const PingOptions& options, Callback callback)
        : PeriodicChecker(io, options.schedule, options.timeout_ns, std::move(callback)),
          options_(options),
          descriptor_(io),
          cookie_(random_cookie()) {
        start();
    }

    void recheck() override {
        const std::int64_t timeout_ns = hasty_timeout_ns(options_.timeout_ns);
        if (is_waiting())
            attempt(timeout_ns);
        else
            bound(timeout_ns);
    }

    void ask() override {
        if (is_waiting()) attempt(options_.timeout_ns);
    }

  private:
    void begin() override;
    void abandon() override;
    int open();
    int prepare(int fd) const;
    int send();
    void wait_for_reply();
    bool is_reply(net::ConstBytes packet) const;

    bool ipv6() const { return !options_.address.is_v4(); }

    PingOptions options_;
    boost::asio::posix::stream_descriptor descriptor_;
    std::array<std::uint8_t, 16> cookie_;
    std::uint16_t sequence_ = 0;
    bool raw_ = true;
};

int PingChecker::open() {
    const int family = ipv6() ? AF_INET6 : AF_INET;
    const int protocol = ipv6() ? static_cast<int>(IPPROTO_ICMPV6) : static_cast<int>(IPPROTO_ICMP);
    const int flags = SOCK_NONBLOCK | SOCK_CLOEXEC;
    raw_ = true;
    int fd = ::socket(family, SOCK_RAW | flags, protocol);
    if (fd < 0 && (errno == EPERM || errno == EACCES)) {
        raw_ = false;
        fd = ::socket(family, SOCK_DGRAM | flags, protocol);
    }
    if (fd < 0) return errno;
    boost::system::error_code error;
    descriptor_.assign(fd, error);  // from here on abandon() closes it
    if (!error) return prepare(fd);
    ::close(fd);
    return error.value();
}

int PingChecker::prepare(int fd) const {
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
    Source source = options_.source;
    source.port = 0;
    if (const int refused = apply_source(fd, source); refused != 0) return refused;
    const SocketAddress to = socket_address(options_.address, 0, options_.source.interface);
    return connect(fd, to.get(), to.length) == 0 ? 0 : errno;
}

int PingChecker::send() {
    Echo echo;
    echo.type = ipv6() ? static_cast<std::uint8_t>(ICMP6_ECHO_REQUEST)
                       : static_cast<std::uint8_t>(ICMP_ECHO);
    echo.identifier = net::load<net::Be16>(cookie_, 0);
    echo.sequence = net::Be16(++sequence_);
    echo.cookie = cookie_;
    if (!ipv6()) echo.checksum = checksum_of(echo);
    const ssize_t sent = ::send(descriptor_.native_handle(), &echo, sizeof(echo), MSG_NOSIGNAL);
    return sent == static_cast<ssize_t>(sizeof(echo)) ? 0 : errno;
}

void PingChecker::begin() {
    if (const int error = open(); error != 0) return fail(error);
    if (const int error = send(); error != 0) return fail(error);
    wait_for_reply();
}

void PingChecker::wait_for_reply() {
    descriptor_.async_wait(
        boost::asio::posix::stream_descriptor::wait_read,
        guarded([this](const boost::system::error_code& error) {
            if (error) return fail(error.value());
            std::array<std::uint8_t, 256> packet;
            const ssize_t size = recv(descriptor_.native_handle(), packet.data(), packet.size(), 0);
            if (size < 0 && errno != EAGAIN && errno != EINTR) return fail(errno);
            if (size > 0 && is_reply({packet.data(), static_cast<std::size_t>(size)}))
                return succeed(elapsed_ns());
            wait_for_reply();  // somebody else's echo, or a late answer to an earlier one
        }));
}

bool PingChecker::is_reply(net::ConstBytes packet) const {
    std::size_t offset = 0;
    if (raw_ && !ipv6()) {  // an IPv4 raw socket gives the IP header too
        if (packet.empty()) return false;
        offset = (packet[0] & 0x0fU) * 4U;
    }
    if (packet.size() < offset + sizeof(Echo)) return false;
    const Echo echo = net::load<Echo>(packet, offset);
    const std::uint8_t expected = ipv6() ? static_cast<std::uint8_t>(ICMP6_ECHO_REPLY)
                                         : static_cast<std::uint8_t>(ICMP_ECHOREPLY);
    return echo.type == expected && echo.sequence == net::Be16(sequence_) &&
           echo.cookie == cookie_ && (!raw_ || echo.identifier == net::load<net::Be16>(cookie_, 0));
}

void PingChecker::abandon() {
    boost::system::error_code ignored;
    if (descriptor_.is_open()) descriptor_.close(ignored);
}

}  // namespace

std::unique_ptr<Checker> make_checker(boost::asio::io_context& io, const PingOptions& options,
                                      Callback callback) {
    return std::make_unique<PingChecker>(io, options, std::move(callback));
}

}  // namespace warren::health
