// SPDX-License-Identifier: BSD-3-Clause
#include "health/socket.h"

#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

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

template <typename Protocol>
boost::system::error_code open(boost::asio::basic_socket<Protocol>& socket, const Target& target,
                               typename Protocol::endpoint& to) {
    boost::system::error_code error;
    socket.open(target.address.is_v4() ? Protocol::v4() : Protocol::v6(), error);
    if (error) return error;
    Source source = target.source;
    if (source.port != 0 && !source.address)  // bind_port without bindto
        source.address = target.address.is_v4() ? net::IpAddress::v4(0, 0, 0, 0) : net::IpAddress{};
    if (const int refused = apply_source(socket.native_handle(), source); refused != 0)
        return {refused, boost::system::system_category()};
    const SocketAddress address = socket_address(target.address, target.port, source.interface);
    to.resize(address.length);
    std::memcpy(to.data(), address.get(), address.length);
    return {};
}

}  // namespace

boost::system::error_code open_socket(tcp::socket& socket, const Target& target,
                                      tcp::endpoint& to) {
    return open(socket, target, to);
}

boost::system::error_code open_socket(udp::socket& socket, const Target& target) {
    udp::endpoint to;
    if (const auto error = open(socket, target, to); error) return error;
    hear_of_icmp_errors(socket.native_handle(), !target.address.is_v4());
    boost::system::error_code error;
    socket.connect(to, error);
    return error;
}

void hear_of_icmp_errors(int fd, bool ipv6) {
    const int one = 1;
    setsockopt(fd, ipv6 ? static_cast<int>(IPPROTO_IPV6) : static_cast<int>(IPPROTO_IP),
               ipv6 ? IPV6_RECVERR : IP_RECVERR, &one, sizeof(one));
}

std::int64_t handshake_latency_ns(int fd, std::int64_t passed_ns) {
    tcp_info info{};
    socklen_t length = sizeof(info);
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return passed_ns;
    const std::int64_t measured = std::int64_t{info.tcpi_rtt} * 1000;
    const bool is_plausible = measured > 0 && measured < passed_ns;
    return info.tcpi_total_retrans == 0 && is_plausible ? measured : passed_ns;
}

}  // namespace warren::health
