// SPDX-License-Identifier: BSD-3-Clause
// Runs the configured checkers of all servers and tells when one changes a server's standing.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "health/checker.h"
#include "health/echo.h"
#include "journal/event_log.h"
#include "model/state.h"
#include "programs/children.h"
#include "vrrp/tracked_state.h"

namespace warren::control {

class Checks {
  public:
    using OnServer = std::function<void(std::uint16_t server)>;
    struct Callbacks {
        OnServer changed;         // its standing
        OnServer answered;        // a TCP connect succeeded
        OnServer weight_changed;  // by a check
        OnServer silent;          // a check timed out
    };
    // States of what is tracked anyway, by name.
    struct Watched {
        std::function<vrrp::TrackedState(const std::string& track_file)> file;
        std::function<vrrp::TrackedState(const std::string& bfd_instance)> bfd;
    };

    // `state` and `events` must outlive this. Callbacks run on the io_context.
    Checks(boost::asio::io_context& io, model::State& state, journal::EventLog& events,
           Callbacks callbacks, Watched watched);

    // After a reload: starts and stops checkers as the configuration says; unchanged ones go on.
    // Some servers at once, more in later turns of the loop; till then those of before say nothing.
    void follow();
    // FILE_CHECKs and BFD_CHECKs: at the start, and when a watched thing changes.
    void look_at_watched();
    // Traffic says that it is silent or refuses: checks it at once, with a short timeout. And asks
    // its host whether it lives: if so, it has all the time and the retries of its checks.
    void recheck(std::uint16_t server);
    // After the network may have been down: checks all servers that are down at once.
    void retry_those_down();
    // Closes up to `most` of our connections by the server's management API (rebalance method
    // close). Nothing while an earlier call runs. FNAT only: else ours cannot be told from others.
    void close_connections(std::uint16_t server, unsigned most);

  private:
    struct Server {
        std::shared_ptr<const config::RealServer> config;  // of the running checkers
        std::vector<std::unique_ptr<health::Checker>> checkers;
        std::unique_ptr<health::Echo> echo = {};  // of its host, since the last doubt
        std::vector<std::string> said = {};       // last text logged, by checker
        std::unique_ptr<health::Checker> closer = {};
        std::string closer_trouble = {};  // of the last one; empty: none
    };

    void follow_some();
    void follow(std::uint16_t index);
    void ask_host(std::uint16_t index);
    void on_host_alive(std::uint16_t index);
    void check_peers_of(const model::ServerRecord& server);
    std::unique_ptr<health::Checker> start(std::uint16_t index, std::size_t checker);
    void look_at_watched(std::uint16_t index);
    void log_words(std::uint16_t index, std::size_t checker, const health::CheckResult& result);
    void log_failure(const model::ServerRecord& server, std::size_t checker,
                     const health::CheckResult& result);
    void log_closed(std::uint16_t index, const health::CheckResult& result);
    health::Pace take(std::uint16_t index, std::size_t checker, const health::CheckResult& result);

    boost::asio::io_context& io_;
    model::State& state_;
    journal::EventLog& events_;
    const Callbacks callbacks_;
    const Watched watched_;
    std::vector<Server> servers_;
    std::size_t followed_ = 0;  // of them
    boost::asio::steady_timer next_turn_;
    programs::Children programs_;  // of MISC_CHECKs
};

}  // namespace warren::control
