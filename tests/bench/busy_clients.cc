// SPDX-License-Identifier: BSD-3-Clause
// Clients of tests/bench/sync_takeover: idle connections, busy ones that wait for each answer; if
// there are none of either, a prober that opens new ones, which then need not wait for the others.
//
//   busy_clients ADDRESS PORT IDLE BUSY PAUSE
//
// A line {"open": N} when all are there. A line of input ends a phase: {"gaps": longest wait of
// each busy client for an answer, "probe": longest time without a new connection, "lost":
// connections broken, "answered"} in seconds is its answer. "end": each idle connection must answer
// once more.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <deque>
#include <functional>
#include <iostream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "functional/connection.h"

namespace warren {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

void raise_to(std::atomic<double>& most, double value) {
    for (double before = most; value > before && !most.compare_exchange_weak(before, value);) {
    }
}

// What has happened since the last answer.
struct Phase {
    std::atomic<double> probe = 0;
    std::atomic<long> lost = 0, answered = 0;
    std::deque<std::atomic<double>> gaps;  // of each busy client

    nlohmann::json take() {
        std::vector<double> waited;
        for (std::atomic<double>& gap : gaps)
            if (const double longest = gap.exchange(0); longest > 0) waited.push_back(longest);
        std::ranges::sort(waited);
        return {{"gaps", waited},
                {"probe", probe.exchange(0)},
                {"lost", lost.load()},
                {"answered", answered.exchange(0)}};
    }
};

void stay_busy(Connection connection, Phase& phase, std::size_t number, Seconds pause) {
    for (;;) {
        const auto asked = Clock::now();
        if (!connection.is_answered()) break;
        ++phase.answered;
        raise_to(phase.gaps[number], Seconds(Clock::now() - asked).count());
        std::this_thread::sleep_for(pause);
    }
    ++phase.lost;
}

// A new connection each 2 ms, none waits for another: TCP repeats a SYN after a second only.
[[noreturn]] void probe(const Place& place, Phase& phase) {
    std::mutex mutex;
    auto last = Clock::now();
    const auto open_one = [&] {
        const Connection connection(place, 250ms);
        if (!connection.is_open()) return;
        const std::lock_guard lock(mutex);
        const auto now = Clock::now();
        raise_to(phase.probe, Seconds(now - std::exchange(last, now)).count());
    };
    for (;;) {
        std::thread(open_one).detach();
        std::this_thread::sleep_for(2ms);
    }
}

Connection opened(const Place& place) {
    Connection connection(place);
    if (!connection.is_open() || !connection.is_answered())
        throw std::runtime_error("no connection");
    return connection;
}

[[noreturn]] void run(const Place& place, int idle_count, int busy_count, Seconds pause) {
    static Phase phase;
    std::vector<Connection> idle;
    for (int number = 0; number < idle_count; ++number)
        idle.push_back(opened(place));
    phase.gaps.resize(static_cast<std::size_t>(busy_count));
    for (int number = 0; number < busy_count; ++number)
        std::thread(stay_busy, opened(place), std::ref(phase), static_cast<std::size_t>(number),
                    pause)
            .detach();
    if (idle_count + busy_count == 0) std::thread([place] { probe(place, phase); }).detach();
    std::cout << nlohmann::json{{"open", idle_count + busy_count}} << std::endl;
    for (std::string line; std::getline(std::cin, line);) {
        if (line == "end") {
            for (Connection& connection : idle) {
                connection.bear(SO_RCVTIMEO, 15s);
                phase.lost += connection.is_answered() ? 0 : 1;
            }
        }
        std::cout << phase.take() << std::endl;
    }
    std::_Exit(0);  // clients in their threads are not waited for
}

}  // namespace
}  // namespace warren

int main(int argc, char** argv) {
    if (argc != 6) {
        std::cerr << "usage: busy_clients ADDRESS PORT IDLE BUSY PAUSE\n";
        return 2;
    }
    try {
        warren::run(warren::place_of(argv[1], argv[2]), std::stoi(argv[3]), std::stoi(argv[4]),
                    warren::Seconds(std::stod(argv[5])));
    } catch (const std::exception& error) {
        std::cerr << "busy_clients: " << error.what() << '\n';
        return 1;
    }
}
