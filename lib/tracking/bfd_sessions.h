// SPDX-License-Identifier: BSD-3-Clause
// Runs BFD sessions with neighbours: lib/bfd's state machines, their sockets and timers, on one
// io_context. Changes and troubles go to callbacks; it knows no log and no virtual router.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "bfd/session.h"
#include "config/config.h"
#include "tracking/bfd_socket.h"

namespace warren::tracking {

// A session that is to run. Ids are never reused: a change that an ended session has posted is not
// taken for one of its successor.
struct WantedSession {
    std::uint32_t id = 0;
    config::BfdInstance instance;
};

// A session has changed its state.
struct BfdChange {
    std::uint32_t id = 0;
    bool path_up = false;
    bfd::State state = bfd::State::down;
    bfd::Diagnostic diagnostic = bfd::Diagnostic::none;
    bfd::State remote_state = bfd::State::down;
};

class BfdSessions {
  public:
    struct Callbacks {
        std::function<void(const BfdChange&)> changed;
        std::function<void(std::string)> trouble;  // an error's text, once until it is over
    };
    static constexpr std::chrono::seconds retry{1};  // for a socket that cannot be opened

    // `io` is run by one thread, and everything happens there. `callbacks` comes from it, too.
    BfdSessions(boost::asio::io_context& io, Callbacks callbacks);
    ~BfdSessions();
    BfdSessions(const BfdSessions&) = delete;
    BfdSessions& operator=(const BfdSessions&) = delete;

    // Runs exactly these: sessions whose id runs already go on, new ones begin, others end as by
    // stop().
    void follow(const std::vector<WantedSession>& wanted);
    // Ends all sessions and tells the neighbours that it is on purpose (AdminDown, RFC
    // 5880 6.8.16).
    void stop();

  private:
    struct Held;
    using HeldPtr = std::shared_ptr<Held>;  // a timer that has fired already finds it

    void begin(const WantedSession& wanted);
    void end(Held& held);
    void choose_receivers();
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

    Callbacks callbacks_;
    std::mt19937_64 random_;
    boost::asio::io_context& io_;
    std::vector<HeldPtr> sessions_;
    std::unordered_map<std::uint32_t, Held*> by_discriminator_;
    std::list<BfdReceiver> receivers_;  // open: of the families that have neighbours
    boost::asio::steady_timer retry_timer_;
    bool complained_ = false;
};

}  // namespace warren::tracking
