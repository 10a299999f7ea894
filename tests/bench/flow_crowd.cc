// SPDX-License-Identifier: BSD-3-Clause
// More TCP connections than a kernel of a test machine would hold, for tests/bench/sync_million:
// both ends of them over packet sockets.
//
//   flow_crowd server INTERFACE
//   flow_crowd client INTERFACE VIP VRID CONNECTIONS
//
// The server remembers nothing: a SYN is answered by a SYN-ACK, a PSH by an ACK. The kernels of
// both hosts must be kept from answering. The client takes orders by lines, and answers each by a
// line of JSON:
//   fill                 opens all, until each has been answered; {"open", "seconds"}
//   beat RATE SECONDS    sends so many segments a second, of all in turn; {"sent", "answered"}
// Both run until their input ends.
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "net/build.h"
#include "net/headers.h"
#include "net/parse.h"

namespace {

using namespace warren;
using Clock = std::chrono::steady_clock;

constexpr std::size_t burst = 64;
constexpr std::size_t frame_bytes = 128;

// Frames in and out by bursts.
class Wire {
  public:
    explicit Wire(const std::string& interface)
        : socket_(socket(AF_PACKET, SOCK_RAW, htons(ETH_P_IP))) {
        if (socket_ < 0) throw std::runtime_error("no packet socket");
        ifreq request{};
        interface.copy(request.ifr_name, sizeof request.ifr_name - 1);
        if (ioctl(socket_, SIOCGIFHWADDR, &request) != 0)
            throw std::runtime_error("no interface " + interface);
        std::memcpy(mac_.bytes.data(), request.ifr_hwaddr.sa_data, mac_.bytes.size());
        const int yes = 1;
        const int buffer = 64 << 20;
        setsockopt(socket_, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof yes);
        setsockopt(socket_, SOL_PACKET, PACKET_QDISC_BYPASS, &yes, sizeof yes);
        setsockopt(socket_, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
        sockaddr_ll here{};
        here.sll_family = AF_PACKET;
        here.sll_protocol = htons(ETH_P_IP);
        here.sll_ifindex = static_cast<int>(if_nametoindex(interface.c_str()));
        if (bind(socket_, reinterpret_cast<const sockaddr*>(&here), sizeof here) != 0)
            throw std::runtime_error("cannot bind to " + interface);
        for (std::size_t i = 0; i < burst; ++i) {
            in_vectors_[i] = {in_[i].data(), frame_bytes};
            in_headers_[i].msg_hdr.msg_iov = &in_vectors_[i];
            in_headers_[i].msg_hdr.msg_iovlen = 1;
            out_vectors_[i] = {out_[i].data(), 0};
            out_headers_[i].msg_hdr.msg_iov = &out_vectors_[i];
            out_headers_[i].msg_hdr.msg_iovlen = 1;
        }
    }
    ~Wire() { close(socket_); }
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    int descriptor() const { return socket_; }

    // Calls take(ethernet, parsed) for each TCP segment; how many there were.
    template <typename Take>
    unsigned receive(Take take) {
        const int count = recvmmsg(socket_, in_headers_.data(), burst, MSG_DONTWAIT, nullptr);
        unsigned segments = 0;
        for (int i = 0; i < count; ++i) {
            const auto at = static_cast<std::size_t>(i);
            const net::ConstBytes frame(in_[at].data(), in_headers_[at].msg_len);
            const net::Parsed parsed = net::parse(frame);
            if (!parsed.is_tcp()) continue;
            take(net::load<net::EthernetHeader>(frame, 0), parsed);
            ++segments;
        }
        return segments;
    }
    void send(const net::MacAddress& to, const net::TcpSegment& segment) {
        out_vectors_[pending_].iov_len = net::build_tcp(out_[pending_], {mac_, to}, segment);
        if (++pending_ == burst) flush();
    }
    // What the kernel does not take is lost, as on a wire.
    void flush() {
        if (pending_ != 0)
            sendmmsg(socket_, out_headers_.data(), static_cast<unsigned>(pending_), 0);
        pending_ = 0;
    }

  private:
    const int socket_;
    net::MacAddress mac_;
    std::array<std::array<std::uint8_t, frame_bytes>, burst> in_{}, out_{};
    std::array<iovec, burst> in_vectors_{}, out_vectors_{};
    std::array<mmsghdr, burst> in_headers_{}, out_headers_{};
    std::size_t pending_ = 0;
};

bool has(const net::Parsed& segment, std::uint8_t flag) {
    return (segment.tcp_flags & flag) != 0;
}

void serve(Wire& wire) {
    constexpr std::uint32_t initial_sequence = 70'000;
    std::array<pollfd, 2> ready{{{wire.descriptor(), POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}}};
    while (poll(ready.data(), ready.size(), -1) >= 0 && ready[1].revents == 0) {
        wire.receive([&](const net::EthernetHeader& ethernet, const net::Parsed& p) {
            const bool opens = has(p, net::tcp_flag::syn);
            if (!opens && !has(p, net::tcp_flag::psh)) return;
            const auto flags =
                static_cast<std::uint8_t>(net::tcp_flag::ack | (opens ? net::tcp_flag::syn : 0));
            wire.send(ethernet.source, {.source = p.destination,
                                        .destination = p.source,
                                        .source_port = p.destination_port,
                                        .destination_port = p.source_port,
                                        .sequence = opens ? initial_sequence : p.acknowledgement,
                                        .acknowledgement = p.sequence + (opens ? 1 : 0),
                                        .flags = flags,
                                        .window = 10'000});
        });
        wire.flush();
    }
}

class Crowd {
  public:
    Crowd(Wire& wire, const net::IpAddress& vip, const net::MacAddress& vip_mac, std::size_t count)
        : wire_(wire), vip_(vip), vip_mac_(vip_mac), server_sequences_(count), is_open_(count) {}

    void fill() {
        const Clock::time_point begin = Clock::now();
        while (open_ < server_sequences_.size()) {
            for (std::size_t i = 0; i < server_sequences_.size(); ++i)
                if (!is_open_[i]) open(i);
            settle();
        }
        const std::chrono::duration<double> took = Clock::now() - begin;
        std::printf("{\"open\": %zu, \"seconds\": %.1f}\n", open_, took.count());
    }

    void beat(double rate, double seconds) {
        const Clock::time_point begin = Clock::now();
        answered_ = 0;
        std::size_t sent = 0;
        const auto all = static_cast<std::size_t>(rate * seconds);
        while (sent < all) {
            const std::chrono::duration<double> passed = Clock::now() - begin;
            const auto due = std::min(all, static_cast<std::size_t>(passed.count() * rate));
            for (; sent < due; ++sent)
                send((sent * stride) % server_sequences_.size(), ask);
            wire_.flush();
            if (receive() == 0) usleep(500);
        }
        settle();
        std::printf("{\"sent\": %zu, \"answered\": %zu}\n", sent, answered_);
    }

  private:
    static constexpr std::uint8_t ask = net::tcp_flag::psh | net::tcp_flag::ack;
    static constexpr std::uint32_t initial_sequence = 1'000;
    static constexpr std::size_t stride = 7'919;  // neighbours are not asked one after the other
    static constexpr std::size_t ports_of_client = 1'000;
    static constexpr std::uint16_t first_port = 10'000;
    static constexpr std::size_t most_under_way = 1'000;
    static constexpr std::uint32_t first_client = 10U << 24 | 1;  // 10.0.0.1

    // Or the rest of it, if the SYN has been answered.
    void open(std::size_t i) {
        send(i, server_sequences_[i] == 0 ? net::tcp_flag::syn : ask);
        const Clock::time_point patience = Clock::now() + std::chrono::milliseconds(200);
        asked_ = std::max(asked_, answered_) + 1;
        while (asked_ >= answered_ + most_under_way && Clock::now() < patience) {
            wire_.flush();
            receive();
        }
        if (Clock::now() >= patience) asked_ = answered_;
    }
    void send(std::size_t i, std::uint8_t flags) {
        const bool opens = flags == net::tcp_flag::syn;
        wire_.send(vip_mac_, {.source = address_of(i),
                              .destination = vip_,
                              .source_port = port_of(i),
                              .destination_port = net::Be16(5672),
                              .sequence = initial_sequence + (opens ? 0 : 1),
                              .acknowledgement = opens ? 0 : server_sequences_[i],
                              .flags = flags,
                              .window = 10'000});
    }
    unsigned receive() {
        const unsigned taken =
            wire_.receive([this](const net::EthernetHeader&, const net::Parsed& p) { take(p); });
        wire_.flush();
        return taken;
    }
    void take(const net::Parsed& p) {
        const std::optional<std::size_t> i = connection_of(p);
        if (!i || has(p, net::tcp_flag::rst)) return;
        if (has(p, net::tcp_flag::syn)) {
            server_sequences_[*i] = p.sequence + 1;
            return send(*i, ask);
        }
        ++answered_;
        if (!is_open_[*i]) ++open_;
        is_open_[*i] = true;
    }
    // Until nothing has come for a while.
    void settle() {
        wire_.flush();
        Clock::time_point last = Clock::now();
        while (Clock::now() - last < std::chrono::milliseconds(300))
            if (receive() != 0)
                last = Clock::now();
            else
                usleep(1'000);
    }
    static net::IpAddress address_of(std::size_t i) {
        return net::IpAddress::v4(
            net::Be32(first_client + static_cast<std::uint32_t>(i / ports_of_client)));
    }
    static net::Be16 port_of(std::size_t i) {
        return net::Be16(static_cast<std::uint16_t>(first_port + i % ports_of_client));
    }
    std::optional<std::size_t> connection_of(const net::Parsed& p) const {
        const std::uint32_t client = p.destination.as_v4().host() - first_client;
        const std::size_t port = p.destination_port.host() - std::size_t{first_port};
        const std::size_t i = client * ports_of_client + port;
        if (p.source != vip_ || port >= ports_of_client || i >= server_sequences_.size())
            return std::nullopt;
        return i;
    }

    Wire& wire_;
    const net::IpAddress vip_;
    const net::MacAddress vip_mac_;
    std::vector<std::uint32_t> server_sequences_;  // what the client has next from it; 0: none yet
    std::vector<bool> is_open_;                    // it has answered behind the handshake
    std::size_t open_ = 0;
    std::size_t asked_ = 0;
    std::size_t answered_ = 0;
};

void obey(Crowd& crowd) {
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream words(line);
        std::string verb;
        double rate = 0;
        double seconds = 0;
        words >> verb >> rate >> seconds;
        if (verb == "fill")
            crowd.fill();
        else if (verb == "beat")
            crowd.beat(rate, seconds);
        std::fflush(stdout);
    }
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    try {
        if (words.size() == 2 && words[0] == "server") {
            Wire wire(words[1]);
            serve(wire);
            return 0;
        }
        const auto vip = words.size() == 5 ? net::IpAddress::parse(words[2]) : std::nullopt;
        if (!vip || words[0] != "client") {
            std::fputs("flow_crowd server INTERFACE | client INTERFACE VIP VRID CONNECTIONS\n",
                       stderr);
            return 2;
        }
        Wire wire(words[1]);
        const auto vrid = static_cast<std::uint8_t>(std::stoul(words[3]));
        Crowd crowd(wire, *vip, net::virtual_router_mac(vrid), std::stoul(words[4]));
        obey(crowd);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "flow_crowd: %s\n", error.what());
        return 1;
    }
    return 0;
}
