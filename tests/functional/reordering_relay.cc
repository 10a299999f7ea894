// SPDX-License-Identifier: BSD-3-Clause
// A wire between two interfaces of a namespace that delivers some frames late.
//
//   reordering_relay INTERFACE INTERFACE PERCENT SEED
//
// Every frame goes on unchanged, both ways. A random PERCENT of them wait until 1 to 20 later
// frames of the same direction have passed, but no longer than 5 ms: the last frame of a burst must
// not wait for a timer of its sender. Until SIGTERM; then one line for each direction says what
// became of its frames. Offloads of both interfaces must be off, tags of VLANs are not seen.
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t longest_wait = 20;  // frames
constexpr std::chrono::milliseconds patience{5};
constexpr std::size_t burst_size = 64;
constexpr std::size_t frame_room = 2048;
constexpr int queue_bytes = 64 << 20;

volatile std::sig_atomic_t is_ended = 0;

[[noreturn]] void fail(const std::string& what) {
    throw std::runtime_error(what + ": " + std::strerror(errno));
}

int open_interface(const char* name) {
    const int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) fail("packet socket");
    const int on = 1;
    if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) != 0) fail(name);
    for (const int queue : {SO_RCVBUFFORCE, SO_SNDBUFFORCE})
        if (setsockopt(fd, SOL_SOCKET, queue, &queue_bytes, sizeof queue_bytes) != 0) fail(name);
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_ALL);
    address.sll_ifindex = static_cast<int>(if_nametoindex(name));
    if (address.sll_ifindex == 0) fail(name);
    if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail(name);
    return fd;
}

// What comes in at one interface and leaves by the other.
class Direction {
  public:
    Direction(int from, int to, unsigned percent, std::uint64_t seed)
        : from_(from), to_(to), percent_(percent), random_(seed) {
        for (std::size_t i = 0; i < burst_size; ++i) {
            parts_[i] = {buffers_[i].data(), frame_room};
            burst_[i].msg_hdr.msg_iov = &parts_[i];
            burst_[i].msg_hdr.msg_iovlen = 1;
        }
    }

    void relay_burst() {
        const int count = recvmmsg(from_, burst_.data(), burst_size, 0, nullptr);
        const Clock::time_point now = Clock::now();
        for (int i = 0; i < count; ++i, ++arrived_) {
            const std::uint8_t* bytes = buffers_[i].data();
            const std::size_t size = burst_[i].msg_len;
            if (random_() % 100 < percent_)
                held_.push_back({{bytes, bytes + size}, arrived_, wait(), now + patience});
            else
                pass(arrived_, bytes, size);
            release([this](const Held& h) { return arrived_ >= h.number + h.wait; });
        }
        release([now](const Held& h) { return now >= h.deadline; });
    }
    [[nodiscard]] bool holds_any() const { return !held_.empty(); }

    void finish(const char* from, const char* to) {
        release([](const Held&) { return true; });
        tpacket_stats queue{};
        socklen_t size = sizeof queue;
        if (getsockopt(from_, SOL_PACKET, PACKET_STATISTICS, &queue, &size) != 0) fail(from);
        std::cout << from << " to " << to << ": passed " << passed_ << " reordered " << reordered_
                  << " dropped " << refused_ + queue.tp_drops << std::endl;
    }

  private:
    struct Held {
        std::vector<std::uint8_t> frame;
        std::uint64_t number, wait;
        Clock::time_point deadline;
    };

    std::uint64_t wait() { return 1 + random_() % longest_wait; }

    void pass(std::uint64_t number, const std::uint8_t* frame, std::size_t size) {
        if (send(to_, frame, size, 0) < 0) {
            ++refused_;
            return;
        }
        ++passed_;
        reordered_ += number < newest_;
        newest_ = std::max(newest_, number);
    }
    template <class IsDue>
    void release(IsDue is_due) {
        for (const Held& h : held_)
            if (is_due(h)) pass(h.number, h.frame.data(), h.frame.size());
        std::erase_if(held_, is_due);
    }

    int from_, to_;
    unsigned percent_;
    std::mt19937_64 random_;
    std::vector<Held> held_;
    std::array<std::array<std::uint8_t, frame_room>, burst_size> buffers_{};
    std::array<iovec, burst_size> parts_{};
    std::array<mmsghdr, burst_size> burst_{};
    std::uint64_t arrived_ = 0, newest_ = 0;  // numbers of frames
    std::uint64_t passed_ = 0, reordered_ = 0, refused_ = 0;
};

int relay(const char* const* words) {
    const int one = open_interface(words[0]);
    const int other = open_interface(words[1]);
    const auto percent = static_cast<unsigned>(std::stoul(words[2]));
    const auto seed = std::stoull(words[3]);
    Direction there(one, other, percent, seed);
    Direction back(other, one, percent, seed + 1);
    std::signal(SIGTERM, [](int) { is_ended = 1; });
    std::cout << "ready" << std::endl;
    std::array<pollfd, 2> fds{pollfd{one, POLLIN, 0}, pollfd{other, POLLIN, 0}};
    while (!is_ended) {
        (void)poll(fds.data(), fds.size(), there.holds_any() || back.holds_any() ? 1 : 100);
        there.relay_burst();
        back.relay_burst();
    }
    there.finish(words[0], words[1]);
    back.finish(words[1], words[0]);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        if (argc != 5) throw std::runtime_error("wants: INTERFACE INTERFACE PERCENT SEED");
        return relay(argv + 1);
    } catch (const std::exception& error) {
        std::cerr << "reordering_relay: " << error.what() << '\n';
        return 1;
    }
}
