// SPDX-License-Identifier: BSD-3-Clause
// The state of the configured BFD sessions, for track_bfd. They run on a thread of their own, for
// the manager may be busy for longer than a Detection Time, and a reload must not look like a dead
// neighbour. The two threads only post to each other's io_context.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "config/config.h"
#include "journal/event_log.h"
#include "tracking/bfd_sessions.h"
#include "vrrp/tracked_state.h"

namespace warren::tracking {

class TrackBfd {
  public:
    using Changed = std::function<void()>;

    // Starts all sessions, tracked or not, as keepalived does; `events` outlives this.
    // `changed` comes from `io` whenever a state() has changed. Without sessions there is no
    // thread.
    TrackBfd(boost::asio::io_context& io, const config::Config& config, journal::EventLog& events,
             Changed changed);
    // Tells the neighbours.
    ~TrackBfd();
    TrackBfd(const TrackBfd&) = delete;
    TrackBfd& operator=(const TrackBfd&) = delete;

    // Another configuration: a session of the same name and settings goes on without a missed
    // packet, changed settings make another session, and one that is gone sends AdminDown.
    void follow(const config::Config& config);

    // As in keepalived a session that is not up yet is down, and a neighbour that stops on purpose
    // (AdminDown) changes nothing.
    vrrp::TrackedState state(const std::string& name) const;

  private:
    struct Known {
        WantedSession session;
        vrrp::TrackedState state;
    };

    Known known_or_new(const config::BfdInstance& instance);
    void start_thread();
    void take(const BfdChange& change);
    void complain(const std::string& text);

    boost::asio::io_context& io_;
    journal::EventLog& events_;
    Changed changed_;
    std::vector<Known> known_;
    std::uint32_t last_id_ = 0;

    // The thread's.
    boost::asio::io_context own_io_{1};
    std::unique_ptr<BfdSessions> sessions_;
    std::thread thread_;
    std::shared_ptr<TrackBfd*> self_;  // what is posted to the manager finds us, or nobody
};

}  // namespace warren::tracking
