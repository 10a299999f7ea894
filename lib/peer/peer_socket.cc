// SPDX-License-Identifier: BSD-3-Clause
#include "peer/peer_socket.h"

#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
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
// What came back for an earlier one (refused: nobody listens yet) takes a call.
constexpr unsigned max_tries = 4;

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
    set(descriptor, IPPROTO_UDP, UDP_GRO, 1);
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

// What the kernel says of a message that has been received.
struct Ancillary {
    int ttl = 0;             // unknown counts as one that has travelled
    int datagram_bytes = 0;  // of each of several; 0: it is one
};

Ancillary ancillary_of(msghdr& message) {
    Ancillary found;
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
        int value = 0;
        std::memcpy(&value, CMSG_DATA(header), sizeof value);
        const auto is = [header](int level, int type) {
            return header->cmsg_level == level && header->cmsg_type == type;
        };
        if (is(IPPROTO_IP, IP_TTL) || is(IPPROTO_IPV6, IPV6_HOPLIMIT)) found.ttl = value;
        if (is(IPPROTO_UDP, UDP_GRO)) found.datagram_bytes = value;
    }
    return found;
}

// The way to the peer may be there again after a while; what else a socket says is the peer's
// absence, or passes by itself.
bool is_lost(int error) {
    return error == ENODEV || error == ENETUNREACH || error == EADDRNOTAVAIL || error == EBADF ||
           error == ENXIO || error == EINVAL;
}

}  // namespace

PeerSocket::PeerSocket(PeerSocketOptions options) : options_(std::move(options)) {
    received_.reserve(max_received);
    batches_.reserve(burst);
}

PeerSocket::~PeerSocket() {
    close();
}

void PeerSocket::close() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
    batches_.clear();
}

// errno, or 0.
int PeerSocket::open() {
    const bool is_v4 = options_.peer.is_v4();
    descriptor_ = socket(is_v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor_ < 0) return errno;
    set_up(descriptor_, is_v4);
    has_gso_ = true;
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

std::string PeerSocket::keep_open(std::uint64_t now_ns) {
    if (descriptor_ >= 0 || now_ns < next_try_ns_) return {};
    next_try_ns_ = now_ns + open_again_ns;
    const int error = open();
    std::string reason = error == 0 ? "" : std::generic_category().message(error);
    return std::exchange(last_error_, reason) == reason ? "" : reason;
}

std::span<const PeerSocket::Received> PeerSocket::receive() {
    received_.clear();
    if (descriptor_ < 0) return received_;
    std::array<mmsghdr, messages_in> messages{};
    std::array<iovec, messages_in> vectors{};
    alignas(cmsghdr) std::array<std::array<std::uint8_t, 128>, messages_in> controls;
    for (std::size_t i = 0; i < messages_in; ++i) {
        vectors[i] = {in_[i].data(), in_[i].size()};
        messages[i].msg_hdr.msg_iov = &vectors[i];
        messages[i].msg_hdr.msg_iovlen = 1;
        messages[i].msg_hdr.msg_control = controls[i].data();
        messages[i].msg_hdr.msg_controllen = controls[i].size();
    }
    const int count = recvmmsg(descriptor_, messages.data(), messages_in, MSG_DONTWAIT, nullptr);
    if (count < 0 && is_lost(errno)) close();
    for (std::size_t i = 0; std::cmp_less(i, count); ++i) {
        const Ancillary said = ancillary_of(messages[i].msg_hdr);
        note_received({in_[i].data(), messages[i].msg_len},
                      static_cast<std::size_t>(std::max(said.datagram_bytes, 0)),
                      !options_.multihop && said.ttl != whole_ttl);
    }
    return received_;
}

// What is beyond the bound is none of the peer's: it sends long datagrams together.
void PeerSocket::note_received(net::ConstBytes message, std::size_t datagram_bytes,
                               bool was_routed) {
    const std::size_t each = datagram_bytes == 0 ? message.size() : datagram_bytes;
    do {
        const net::ConstBytes datagram = message.first(std::min(each, message.size()));
        message = message.subspan(datagram.size());
        received_.push_back({datagram, was_routed});
    } while (!message.empty() && received_.size() < max_received);
}

void PeerSocket::send(net::ConstBytes datagram) {
    if (descriptor_ < 0 || datagram.empty() || datagram.size() > sync::max_datagram_bytes) return;
    const std::size_t used = batches_.empty() ? 0 : batches_.back().begin + batches_.back().bytes;
    if (used + datagram.size() > out_.size() || batches_.size() == burst) {
        flush();
        return send(datagram);
    }
    std::copy(datagram.begin(), datagram.end(), out_.begin() + static_cast<std::ptrdiff_t>(used));
    if (batches_.empty() || !batches_.back().takes(datagram.size()))
        batches_.push_back({used, 0, datagram.size()});
    batches_.back().bytes += datagram.size();
}

void PeerSocket::flush() {
    for (const GsoBatch& batch : batches_) {
        if (descriptor_ < 0) break;
        if (!has_gso_ || batch.is_single() || !send_gso(batch)) send_one_by_one(batch);
    }
    batches_.clear();
}

// False: the kernel does not, or not on this way; it will not be asked again before the socket is
// opened anew.
bool PeerSocket::send_gso(const GsoBatch& batch) {
    iovec vector{&out_[batch.begin], batch.bytes};
    alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(sizeof(std::uint16_t))> control{};
    msghdr message{};
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = IPPROTO_UDP;
    header->cmsg_type = UDP_SEGMENT;
    header->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
    const auto each = static_cast<std::uint16_t>(batch.datagram_bytes);
    std::memcpy(CMSG_DATA(header), &each, sizeof each);
    for (unsigned tries = 0; tries < max_tries; ++tries) {
        if (sendmsg(descriptor_, &message, MSG_DONTWAIT) >= 0) return true;
        if (errno == EAGAIN || errno == ENOBUFS) return true;
        if (errno != ECONNREFUSED) break;
    }
    has_gso_ = errno == ECONNREFUSED;
    return has_gso_;
}

void PeerSocket::send_one_by_one(const GsoBatch& batch) {
    std::array<mmsghdr, burst> messages{};
    std::array<iovec, burst> vectors{};
    std::size_t all = 0;
    for (std::size_t at = 0; at < batch.bytes && all < burst; at += batch.datagram_bytes, ++all) {
        vectors[all] = {&out_[batch.begin + at], std::min(batch.datagram_bytes, batch.bytes - at)};
        messages[all].msg_hdr.msg_iov = &vectors[all];
        messages[all].msg_hdr.msg_iovlen = 1;
    }
    unsigned refusals = 0;
    for (std::size_t sent = 0; sent < all;) {
        const int count =
            sendmmsg(descriptor_, &messages[sent], static_cast<unsigned>(all - sent), MSG_DONTWAIT);
        if (count > 0) {
            sent += static_cast<std::size_t>(count);
            continue;
        }
        if (is_lost(errno)) return close();
        if (errno == EAGAIN || errno == ENOBUFS) break;
        if (errno != ECONNREFUSED || ++refusals == max_tries) ++sent;
    }
}

}  // namespace warren::peer
