// SPDX-License-Identifier: BSD-3-Clause
#include "peer/wire.h"

#include <netinet/in.h>
#include <netinet/ip.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace warren::peer {

namespace {

constexpr std::uint64_t open_again_ns = 1'000'000'000;
constexpr int whole_ttl = 255;

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t length = 0;

    SocketAddress(const net::IpAddress& address, std::uint16_t port) {
        if (address.is_v4()) {
            sockaddr_in v4{};
            v4.sin_family = AF_INET;
            v4.sin_port = htons(port);
            v4.sin_addr.s_addr = address.as_v4().raw();
            std::memcpy(&storage, &v4, length = sizeof v4);
        } else {
            sockaddr_in6 v6{};
            v6.sin6_family = AF_INET6;
            v6.sin6_port = htons(port);
            std::memcpy(&v6.sin6_addr, address.bytes().data(), address.bytes().size());
            std::memcpy(&storage, &v6, length = sizeof v6);
        }
    }
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

void set(int descriptor, int level, int name, int value) {
    static_cast<void>(setsockopt(descriptor, level, name, &value, sizeof value));
}

void set_up(int descriptor, bool is_v4) {
    constexpr int buffer_bytes = 4 << 20;
    set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1);  // several peers, one local port
    set(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, buffer_bytes);
    set(descriptor, SOL_SOCKET, SO_SNDBUFFORCE, buffer_bytes);
    if (is_v4) {
        set(descriptor, IPPROTO_IP, IP_FREEBIND, 1);
        set(descriptor, IPPROTO_IP, IP_TTL, whole_ttl);
        set(descriptor, IPPROTO_IP, IP_RECVTTL, 1);
        set(descriptor, IPPROTO_IP, IP_TOS, IPTOS_CLASS_CS6);
        set(descriptor, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
    } else {
        set(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, 1);
        set(descriptor, IPPROTO_IPV6, IPV6_FREEBIND, 1);
        set(descriptor, IPPROTO_IPV6, IPV6_UNICAST_HOPS, whole_ttl);
        set(descriptor, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
        set(descriptor, IPPROTO_IPV6, IPV6_TCLASS, IPTOS_CLASS_CS6);
        set(descriptor, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
    }
}

// Unknown counts as one that has travelled.
int ttl_of(msghdr& message) {
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
        const bool is_ttl =
            (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_TTL) ||
            (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_HOPLIMIT);
        if (!is_ttl) continue;
        int ttl = 0;
        std::memcpy(&ttl, CMSG_DATA(header), sizeof ttl);
        return ttl;
    }
    return 0;
}

// The way to the peer may be there again after a while; what else a socket says is the peer's
// absence, or passes by itself.
bool is_lost(int error) {
    return error == ENODEV || error == ENETUNREACH || error == EADDRNOTAVAIL || error == EBADF ||
           error == ENXIO || error == EINVAL;
}

}  // namespace

Wire::Wire(WireOptions options) : options_(std::move(options)) {}

Wire::~Wire() {
    close();
}

void Wire::close() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
    out_count_ = 0;
}

// errno, or 0.
int Wire::open() {
    const bool is_v4 = options_.peer.is_v4();
    descriptor_ = socket(is_v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor_ < 0) return errno;
    set_up(descriptor_, is_v4);
    const std::string& interface = options_.interface;
    const SocketAddress local(options_.local, options_.port);
    const SocketAddress peer(options_.peer, options_.port);
    const bool done =
        (interface.empty() || setsockopt(descriptor_, SOL_SOCKET, SO_BINDTODEVICE, interface.data(),
                                         static_cast<socklen_t>(interface.size())) == 0) &&
        bind(descriptor_, local.get(), local.length) == 0 &&
        connect(descriptor_, peer.get(), peer.length) == 0;
    if (done) return 0;
    const int error = errno;
    close();
    return error;
}

std::string Wire::keep_open(std::uint64_t now_ns) {
    if (descriptor_ >= 0 || now_ns < next_try_ns_) return {};
    next_try_ns_ = now_ns + open_again_ns;
    const int error = open();
    std::string reason = error == 0 ? "" : std::generic_category().message(error);
    return std::exchange(told_, reason) == reason ? "" : reason;
}

std::size_t Wire::receive(std::array<Received, burst>& datagrams) {
    if (descriptor_ < 0) return 0;
    std::array<mmsghdr, burst> messages{};
    std::array<iovec, burst> vectors{};
    alignas(cmsghdr) std::array<std::array<std::uint8_t, 64>, burst> controls;
    for (std::size_t i = 0; i < burst; ++i) {
        vectors[i] = {in_[i].data(), in_[i].size()};
        messages[i].msg_hdr.msg_iov = &vectors[i];
        messages[i].msg_hdr.msg_iovlen = 1;
        messages[i].msg_hdr.msg_control = controls[i].data();
        messages[i].msg_hdr.msg_controllen = controls[i].size();
    }
    const int count = recvmmsg(descriptor_, messages.data(), burst, MSG_DONTWAIT, nullptr);
    if (count < 0) {
        if (is_lost(errno)) close();
        return 0;
    }
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i)
        datagrams[i] = {{in_[i].data(), messages[i].msg_len},
                        !options_.multihop && ttl_of(messages[i].msg_hdr) != whole_ttl};
    return static_cast<std::size_t>(count);
}

void Wire::send(net::ConstBytes datagram) {
    if (descriptor_ < 0 || datagram.size() > sizeof(Buffer)) return;
    std::copy(datagram.begin(), datagram.end(), out_[out_count_].begin());
    out_bytes_[out_count_] = datagram.size();
    if (++out_count_ == burst) flush();
}

void Wire::flush() {
    if (descriptor_ < 0 || out_count_ == 0) return;
    std::array<mmsghdr, burst> messages{};
    std::array<iovec, burst> vectors{};
    for (std::size_t i = 0; i < out_count_; ++i) {
        vectors[i] = {out_[i].data(), out_bytes_[i]};
        messages[i].msg_hdr.msg_iov = &vectors[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    // What came back for an earlier one (refused: nobody listens yet) takes a call.
    constexpr unsigned tries = 4;
    unsigned refusals = 0;
    for (std::size_t sent = 0; sent < out_count_;) {
        const int count = sendmmsg(descriptor_, &messages[sent],
                                   static_cast<unsigned>(out_count_ - sent), MSG_DONTWAIT);
        if (count > 0) {
            sent += static_cast<std::size_t>(count);
            continue;
        }
        if (is_lost(errno)) return close();
        if (errno == EAGAIN || errno == ENOBUFS) break;
        if (errno != ECONNREFUSED || ++refusals == tries) ++sent;
    }
    out_count_ = 0;
}

}  // namespace warren::peer
