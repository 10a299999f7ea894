// SPDX-License-Identifier: BSD-3-Clause
// TCP as a simple client has it: it connects, says a byte, and waits for an answer.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <utility>

namespace warren {

using Milliseconds = std::chrono::milliseconds;

struct Place {
    sockaddr_storage address{};
    socklen_t size = 0;
};

inline Place place_of(const std::string& address, const std::string& port) {
    Place place;
    const std::uint16_t number = htons(static_cast<std::uint16_t>(std::stoul(port)));
    auto* v4 = reinterpret_cast<sockaddr_in*>(&place.address);
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&place.address);
    if (inet_pton(AF_INET, address.c_str(), &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = number;
        place.size = sizeof *v4;
    } else if (inet_pton(AF_INET6, address.c_str(), &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = number;
        place.size = sizeof *v6;
    } else {
        throw std::invalid_argument("no address: " + address);
    }
    return place;
}

class Connection {
  public:
    // Longer than `patience` nothing lasts: connect, an answer; 0: whatever it takes.
    explicit Connection(const Place& place, Milliseconds patience = Milliseconds{0})
        : socket_(socket(place.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        bear(SO_SNDTIMEO, patience);
        is_open_ =
            connect(socket_, reinterpret_cast<const sockaddr*>(&place.address), place.size) == 0;
    }
    Connection(Connection&& other) noexcept
        : socket_(std::exchange(other.socket_, -1)), is_open_(other.is_open_) {}
    Connection& operator=(Connection&&) = delete;
    ~Connection() {
        if (socket_ >= 0) close(socket_);
    }

    bool is_open() const { return is_open_; }
    int socket_number() const { return socket_; }
    void bear(int what, Milliseconds patience) {
        const timeval time{patience.count() / 1000, patience.count() % 1000 * 1000};
        setsockopt(socket_, SOL_SOCKET, what, &time, sizeof time);
    }
    // For that long; an end is seen at once.
    bool is_quiet(Milliseconds pause) {
        pollfd wait{socket_, POLLIN, 0};
        return poll(&wait, 1, static_cast<int>(pause.count())) == 0;
    }
    bool is_answered() {
        std::array<char, 100> answer;
        return send(socket_, "x", 1, MSG_NOSIGNAL) == 1 &&
               recv(socket_, answer.data(), answer.size(), 0) > 0;
    }

  private:
    int socket_ = -1;
    bool is_open_ = false;
};

// Until there is no more of it.
inline void read_input() {
    std::array<char, 100> text;
    while (read(STDIN_FILENO, text.data(), text.size()) > 0) {
    }
}

}  // namespace warren
