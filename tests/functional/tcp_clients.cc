// SPDX-License-Identifier: BSD-3-Clause
// Clients of a server that answers whatever it is sent. They say on standard output, in JSON, what
// becomes of their connections, and end with their standard input.
//
//   tcp_clients lasting ADDRESS PORT N [once]
//       N connections that last: a tenth sends every 20 ms, the others every 200. A line
//       {"lost": WALL TIME} for each that is lost; it comes back, unless "once" is said.
//       {"open": N} when all are there for the first time.
//   tcp_clients new ADDRESS PORT
//       "begun", then a connection every 3 ms, each of which says something 0.2 s later. At the end
//       [OPENED, BROKEN]: those whose connect() has returned, and those of them without an answer.
//   tcp_clients idle ADDRESS PORT N
//       N connections that say nothing any more: "open", then [WALL TIME…] of their resets, once
//       there has been none for a second; 30 s at most.
#include <poll.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "connection.h"

namespace {

using namespace std::chrono_literals;
using warren::Connection;
using warren::Place;
using warren::place_of;
using warren::read_input;
using Milliseconds = std::chrono::milliseconds;

double wall_time() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

[[noreturn]] void end() {
    std::fflush(stdout);
    std::_Exit(0);  // clients in their threads are not waited for
}

void keep_alive(const Place& place, int wanted, bool once, Milliseconds pause) {
    static std::atomic<int> opened = 0;
    for (bool is_first = true;;) {
        Connection connection(place);
        if (!connection.is_open()) {
            std::this_thread::sleep_for(20ms);
            continue;
        }
        while (connection.is_answered()) {
            if (std::exchange(is_first, false) && ++opened == wanted)
                std::printf("{\"open\": %d}\n", wanted);
            if (!connection.is_quiet(pause)) break;
        }
        std::printf("{\"lost\": %.6f}\n", wall_time());
        if (once) return;
    }
}

[[noreturn]] void lasting(const Place& place, int wanted, bool once) {
    std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
    for (int number = 0; number < wanted; ++number)
        std::thread(keep_alive, place, wanted, once, number % 10 == 0 ? 20ms : 200ms).detach();
    read_input();
    end();
}

[[noreturn]] void begin_anew(const Place& place) {
    std::atomic<bool> is_over = false;
    std::atomic<int> opened = 0, broken = 0, living = 0;
    const auto one = [&] {
        Connection connection(place, 3s);
        if (connection.is_open()) {
            ++opened;
            std::this_thread::sleep_for(200ms);
            connection.bear(SO_RCVTIMEO, 10s);
            broken += !connection.is_answered();
        }
        --living;
        living.notify_one();
    };
    std::puts("begun");
    std::fflush(stdout);
    std::thread([&] {
        read_input();
        is_over = true;
    }).detach();
    while (!is_over) {
        ++living;
        std::thread(one).detach();
        std::this_thread::sleep_for(3ms);
    }
    for (int left = 0; (left = living) != 0;)
        living.wait(left);
    std::printf("[%d, %d]\n", opened.load(), broken.load());
    end();
}

// Of the connections that have ended meanwhile, how many by a reset.
int take_ends(std::vector<pollfd>& waiting) {
    int resets = 0;
    std::erase_if(waiting, [&](const pollfd& one) {
        char byte = 0;
        if (one.revents == 0) return false;
        resets += recv(one.fd, &byte, 1, MSG_DONTWAIT) < 0 && errno == ECONNRESET;
        return true;
    });
    return resets;
}

[[noreturn]] void stay_idle(const Place& place, int count) {
    std::vector<Connection> all;
    std::vector<pollfd> waiting;
    for (int number = 0; number < count; ++number) {
        Connection& one = all.emplace_back(place);
        if (!one.is_open() || !one.is_answered()) throw std::runtime_error("no connection");
        waiting.push_back({one.socket_number(), POLLIN, 0});
    }
    std::puts("open");
    std::fflush(stdout);
    std::string resets;
    for (int patience_ms = 30'000; poll(waiting.data(), waiting.size(), patience_ms) > 0;) {
        const std::string now = std::to_string(wall_time());
        for (int left = take_ends(waiting); left > 0; --left)
            resets += (resets.empty() ? "" : ", ") + now;
        if (!resets.empty()) patience_ms = 1'000;
    }
    std::printf("[%s]\n", resets.c_str());
    std::fflush(stdout);
    read_input();
    end();
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    try {
        if (words.size() >= 4 && words[0] == "lasting")
            lasting(place_of(words[1], words[2]), std::stoi(words[3]),
                    words.size() == 5 && words[4] == "once");
        if (words.size() == 3 && words[0] == "new") begin_anew(place_of(words[1], words[2]));
        if (words.size() == 4 && words[0] == "idle")
            stay_idle(place_of(words[1], words[2]), std::stoi(words[3]));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "tcp_clients: %s\n", error.what());
        return 1;
    }
    std::fputs("usage: tcp_clients lasting|new|idle ADDRESS PORT [N [once]]\n", stderr);
    return 2;
}
