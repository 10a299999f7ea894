// SPDX-License-Identifier: BSD-3-Clause
#include "tracking/bfd_socket.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

namespace warren::tracking {
namespace {

using boost::asio::ip::udp;
using boost::system::error_code;

constexpr int network_control = 0xc0;  // CS6, RFC 4594 3.1: as routers send BFD
constexpr unsigned most_port_attempts = 64;
constexpr std::size_t control_bytes = 256;  // TTL and destination need 64

boost::asio::ip::address asio_address(const net::IpAddress& address) {
    if (address.is_v4()) return boost::asio::ip::address_v4(address.as_v4().host());
    return boost::asio::ip::address_v6(address.bytes());
}

Family family_of(const net::IpAddress& address) {
    return address.is_v4() ? Family::v4 : Family::v6;
}

udp protocol_of(Family family) {
    return family == Family::v4 ? udp::v4() : udp::v6();
}

bool set(udp::socket& socket, int level, int option, int value) {
    return setsockopt(socket.native_handle(), level, option, &value, sizeof value) == 0;
}

int open_socket(udp::socket& socket, Family family) {
    error_code error;
    socket.open(protocol_of(family), error);
    if (!error) socket.non_blocking(true, error);
    if (!error && family == Family::v6) socket.set_option(boost::asio::ip::v6_only(true), error);
    return error.value();
}

bool ask_for_path(udp::socket& socket, Family family) {
    if (family == Family::v4)
        return set(socket, IPPROTO_IP, IP_RECVTTL, 1) && set(socket, IPPROTO_IP, IP_PKTINFO, 1);
    return set(socket, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1) &&
           set(socket, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
}

net::IpAddress address_of(const in_addr& in) {
    return net::IpAddress::v4(net::Be32::from_raw(in.s_addr));
}

net::IpAddress address_of(const in6_addr& in6) {
    std::array<std::uint8_t, 16> bytes{};
    std::memcpy(bytes.data(), &in6, bytes.size());
    return net::IpAddress::v6(bytes);
}

void take_source(const sockaddr_storage& from, BfdReceiver::Datagram& out) {
    if (from.ss_family == AF_INET) {
        const auto& in = reinterpret_cast<const sockaddr_in&>(from);
        out.source = address_of(in.sin_addr);
        out.source_port = net::Be16::from_raw(in.sin_port).host();
    } else {
        const auto& in6 = reinterpret_cast<const sockaddr_in6&>(from);
        out.source = address_of(in6.sin6_addr);
        out.source_port = net::Be16::from_raw(in6.sin6_port).host();
    }
}

template <typename T>
T data_of(const cmsghdr& part) {
    T value{};
    std::memcpy(&value, CMSG_DATA(&part), sizeof value);
    return value;
}

void take_control(const cmsghdr& part, BfdReceiver::Datagram& out) {
    const auto is = [&](int level, int type) {
        return part.cmsg_level == level && part.cmsg_type == type;
    };
    if (is(IPPROTO_IP, IP_TTL) || is(IPPROTO_IPV6, IPV6_HOPLIMIT))
        out.ttl = static_cast<std::uint8_t>(data_of<int>(part));
    else if (is(IPPROTO_IP, IP_PKTINFO))
        out.destination = address_of(data_of<in_pktinfo>(part).ipi_addr);
    else if (is(IPPROTO_IPV6, IPV6_PKTINFO))
        out.destination = address_of(data_of<in6_pktinfo>(part).ipi6_addr);
}

}  // namespace

// ---- receiving

int BfdReceiver::open() {
    int error = open_socket(socket_, family_);
    if (error == 0 && !ask_for_path(socket_, family_)) error = errno;
    if (error == 0) {
        error_code failed;
        socket_.bind(udp::endpoint(protocol_of(family_), bfd::control_port), failed);
        error = failed.value();
    }
    if (error != 0 && socket_.is_open()) socket_.close();
    return error;
}

void BfdReceiver::need(bool needed) {
    needed_ = needed;
    if (!needed && socket_.is_open()) socket_.close();
}

std::optional<BfdReceiver::Datagram> BfdReceiver::receive() {
    if (!socket_.is_open()) return std::nullopt;
    Datagram out;
    sockaddr_storage from{};
    alignas(cmsghdr) std::array<char, control_bytes> control;
    iovec part{out.buffer.data(), out.buffer.size()};
    msghdr message{};
    message.msg_name = &from;
    message.msg_namelen = sizeof from;
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t bytes = recvmsg(socket_.native_handle(), &message, MSG_DONTWAIT);
    if (bytes < 0) return std::nullopt;
    out.bytes = static_cast<std::size_t>(bytes);
    take_source(from, out);
    for (const cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr;
         c = CMSG_NXTHDR(&message, const_cast<cmsghdr*>(c)))
        take_control(*c, out);
    return out;
}

void BfdReceiver::await(std::function<void()> arrived) {
    socket_.async_wait(udp::socket::wait_read,
                       [arrived = std::move(arrived)](const error_code& error) {
                           if (!error) arrived();
                       });
}

// ---- sending

int BfdSender::send(const bfd::ControlPacket& packet, std::uint32_t random) {
    if (!socket_.is_open()) {
        const int error = open(random);
        if (error != 0) {
            if (socket_.is_open()) socket_.close();
            return error;
        }
    }
    error_code error;
    socket_.send_to(boost::asio::buffer(bfd::encode(packet)),
                    udp::endpoint(asio_address(path_.neighbour), bfd::control_port), 0, error);
    return error.value();
}

int BfdSender::open(std::uint32_t random) {
    const Family family = family_of(path_.neighbour);
    if (const int error = open_socket(socket_, family); error != 0) return error;
    const bool v4 = family == Family::v4;
    const bool shaped = v4 ? set(socket_, IPPROTO_IP, IP_TTL, path_.ttl) &&
                                 set(socket_, IPPROTO_IP, IP_TOS, network_control)
                           : set(socket_, IPPROTO_IPV6, IPV6_UNICAST_HOPS, path_.ttl) &&
                                 set(socket_, IPPROTO_IPV6, IPV6_TCLASS, network_control);
    return shaped ? bind_to_source(random) : errno;
}

int BfdSender::bind_to_source(std::uint32_t random) {
    constexpr unsigned ports = bfd::last_source_port - bfd::first_source_port + 1;
    const net::IpAddress any =
        path_.neighbour.is_v4() ? net::IpAddress::v4(0, 0, 0, 0) : net::IpAddress();
    const boost::asio::ip::address source = asio_address(path_.source.value_or(any));
    error_code error;
    for (unsigned attempt = 0; attempt < most_port_attempts; ++attempt) {
        const unsigned port = bfd::first_source_port + (random + attempt) % ports;
        socket_.bind(udp::endpoint(source, static_cast<std::uint16_t>(port)), error);
        if (error.value() != EADDRINUSE) break;
    }
    return error.value();
}

}  // namespace warren::tracking
