// SPDX-License-Identifier: BSD-3-Clause
// Holds the configured BFD sessions with their neighbours: lib/bfd's state machines, their sockets
// and timers, on one io_context. Knows no log and no virtual router: it tells.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "bfd/session.h"
#include "config/config.h"
#include "tracking/bfd_socket.h"

namespace warren::tracking {

// A session has changed its state.
struct BfdChange {
    std::size_t index = 0;  // in Config::bfd_instances
    bool path_up = false;
    bfd::State state = bfd::State::down;
    bfd::Diagnostic diagnostic = bfd::Diagnostic::none;
    bfd::State remote_state = bfd::State::down;
};

class BfdSessions {
  public:
    struct Told {
        std::function<void(const BfdChange&)> changed;
        std::function<void(std::string)> trouble;  // what does not work; once until it does
    };
    static constexpr std::chrono::seconds retry{1};  // for a socket that cannot be had

    // `io` is run by one thread, and everything happens there. `told` comes from it, too.
    BfdSessions(boost::asio::io_context& io, const std::vector<config::BfdInstance>& instances,
                Told told);
    ~BfdSessions();
    BfdSessions(const BfdSessions&) = delete;
    BfdSessions& operator=(const BfdSessions&) = delete;

    void start();
    // The neighbours hear that it is on purpose.
    void stop();

  private:
    struct Held;

    std::uint32_t random() { return static_cast<std::uint32_t>(random_()); }
    std::uint32_t free_discriminator();
    void listen();
    void complain_of_port(Family family, int error);
    void await(BfdReceiver& receiver);
    void take_packets();
    void take(const BfdReceiver::Datagram& datagram);
    Held* find(const bfd::ControlPacket& packet, const BfdReceiver::Datagram& datagram);
    Held* find_by_addresses(const BfdReceiver::Datagram& datagram);
    void step(Held& held, const bfd::Event& event);
    void send(Held& held, const bfd::ControlPacket& packet);
    void arm(Held& held);

    Told told_;
    std::mt19937_64 random_;
    std::list<Held> sessions_;  // their addresses stay
    std::unordered_map<std::uint32_t, Held*> by_discriminator_;
    std::list<BfdReceiver> receivers_;  // of the families that have neighbours
    boost::asio::steady_timer retry_timer_;
    bool complained_ = false;
    bool stopped_ = false;
};

}  // namespace warren::tracking
