// SPDX-License-Identifier: BSD-3-Clause
#include "health/socket.h"

#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace warren::health {

using boost::asio::ip::tcp;
using boost::asio::ip::udp;

SocketAddress socket_address(const net::IpAddress& address, std::uint16_t port,
                             const std::string& interface) {
    SocketAddress result;
    const net::Be16 wire_port(port);
    if (address.is_v4()) {
        sockaddr_in in{};
        in.sin_family = AF_INET;
        in.sin_port = wire_port.raw();
        in.sin_addr.s_addr = address.as_v4().raw();
        result.length = sizeof(in);
        std::memcpy(&result.storage, &in, sizeof(in));
        return result;
    }
    sockaddr_in6 in6{};
    in6.sin6_family = AF_INET6;
    in6.sin6_port = wire_port.raw();
    std::memcpy(&in6.sin6_addr, address.bytes().data(), address.bytes().size());
    if (IN6_IS_ADDR_LINKLOCAL(&in6.sin6_addr))
        in6.sin6_scope_id = if_nametoindex(interface.c_str());
    result.length = sizeof(in6);
    std::memcpy(&result.storage, &in6, sizeof(in6));
    return result;
}

int apply_source(int fd, const Source& source) {
    if (!source.interface.empty() &&
        setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, source.interface.c_str(),
                   static_cast<socklen_t>(source.interface.size() + 1)) != 0)
        return errno;
    if (source.fwmark != 0 &&
        setsockopt(fd, SOL_SOCKET, SO_MARK, &source.fwmark, sizeof(source.fwmark)) != 0)
        return errno;
    if (!source.address) return 0;
    const int one = 1;
    if (source.port != 0)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    else  // one source port can serve many servers; refused harmlessly by ICMP sockets
        setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
    const SocketAddress from = socket_address(*source.address, source.port, source.interface);
    return bind(fd, from.get(), from.length) == 0 ? 0 : errno;
}

namespace {

int apply_source(int fd, const Target& target) {
    if (target.source.port == 0 || target.source.address) return apply_source(fd, target.source);
    Source source = target.source;  // bind_port without bindto
    source.address = target.address.is_v4() ? net::IpAddress::v4(0, 0, 0, 0) : net::IpAddress{};
    return apply_source(fd, source);
}

SocketAddress address_of(const Target& target) {
    return socket_address(target.address, target.port, target.source.interface);
}

template <typename Protocol>
boost::system::error_code open(boost::asio::basic_socket<Protocol>& socket, const Target& target,
                               typename Protocol::endpoint& to) {
    boost::system::error_code error;
    socket.open(target.address.is_v4() ? Protocol::v4() : Protocol::v6(), error);
    if (error) return error;
    if (const int refused = apply_source(socket.native_handle(), target); refused != 0)
        return {refused, boost::system::system_category()};
    const SocketAddress address = address_of(target);
    to.resize(address.length);
    std::memcpy(to.data(), address.get(), address.length);
    return {};
}

// The handshake's last ACK waits for what comes next, and goes with the FIN of whoever has nothing
// to say: a packet less for both ends.
void join_ack_to_fin(int fd) {
    const int no = 0;
    setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &no, sizeof(no));
}

int start_connect(int fd, const Target& target) {
    if (const int refused = apply_source(fd, target); refused != 0) return refused;
    join_ack_to_fin(fd);
    const SocketAddress to = address_of(target);
    return connect(fd, to.get(), to.length) == 0 || errno == EINPROGRESS ? 0 : errno;
}

}  // namespace

Connecting start_connect(const Target& target) {
    const int fd = socket(target.address.is_v4() ? AF_INET : AF_INET6,
                          SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return {-1, errno};
    const int error = start_connect(fd, target);
    if (error == 0) return {fd, 0};
    close(fd);
    return {-1, error};
}

boost::system::error_code open_socket(tcp::socket& socket, const Target& target,
                                      tcp::endpoint& to) {
    return open(socket, target, to);
}

boost::system::error_code open_socket(udp::socket& socket, const Target& target) {
    udp::endpoint to;
    if (const auto error = open(socket, target, to); error) return error;
    report_icmp_errors(socket.native_handle(), !target.address.is_v4());
    boost::system::error_code error;
    socket.connect(to, error);
    return error;
}

void report_icmp_errors(int fd, bool ipv6) {
    const int one = 1;
    setsockopt(fd, ipv6 ? static_cast<int>(IPPROTO_IPV6) : static_cast<int>(IPPROTO_IP),
               ipv6 ? IPV6_RECVERR : IP_RECVERR, &one, sizeof(one));
}

namespace {

std::int64_t latency_ns(const tcp_info& info, std::int64_t passed_ns) {
    const std::int64_t measured = std::int64_t{info.tcpi_rtt} * 1000;
    const bool is_plausible = measured > 0 && measured < passed_ns;
    return info.tcpi_total_retrans == 0 && is_plausible ? measured : passed_ns;
}

int ask(int fd, tcp_info& info) {
    socklen_t length = sizeof(info);
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 ? 0 : errno;
}

int pending_error(int fd) {
    int error = 0;
    socklen_t length = sizeof(error);
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
    return error != 0 ? error : ECONNABORTED;
}

}  // namespace

std::int64_t handshake_latency_ns(int fd, std::int64_t passed_ns) {
    tcp_info info{};
    return ask(fd, info) == 0 ? latency_ns(info, passed_ns) : passed_ns;
}

bool is_unacknowledged(int fd) {
    tcp_info info{};
    return ask(fd, info) == 0 && info.tcpi_unacked != 0;
}

namespace {

// A RST to our SYN is ECONNREFUSED; one after the SYN-ACK is one of these.
bool was_reset_later(int error) {
    return error == ECONNRESET || error == EPIPE;
}

}  // namespace

Handshake look_at_handshake(int fd, std::int64_t passed_ns) {
    using State = Handshake::State;
    tcp_info info{};
    if (const int error = ask(fd, info); error != 0) return {State::failed, error, 0};
    if (info.tcpi_state == TCP_SYN_SENT) return {};
    if (info.tcpi_state == TCP_CLOSE)
        if (const int error = pending_error(fd); !was_reset_later(error))
            return {State::failed, error, 0};
    return {State::done, 0, latency_ns(info, passed_ns)};
}

}  // namespace warren::health
