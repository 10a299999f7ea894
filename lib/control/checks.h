// SPDX-License-Identifier: BSD-3-Clause
// Runs the configured checkers of all servers and tells when one changes a server's standing.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "health/checker.h"
#include "journal/event_log.h"
#include "model/state.h"
#include "programs/children.h"
#include "vrrp/tracked_state.h"

namespace warren::control {

class Checks {
  public:
    using Tell = std::function<void(std::uint16_t server)>;
    struct Told {
        Tell changed;   // the server's standing is another now
        Tell answered;  // its TCP answered a check
        Tell weighed;   // a check has given it another weight
        Tell silent;    // a check has waited for it in vain
    };
    // What is watched anyway: states by name.
    struct Watched {
        std::function<vrrp::TrackedState(const std::string& track_file)> file;
        std::function<vrrp::TrackedState(const std::string& bfd_instance)> bfd;
    };

    // `state` and `events` outlive this. `told` is called by the io_context.
    Checks(boost::asio::io_context& io, model::State& state, journal::EventLog& events, Told told,
           Watched watched);

    // Starts and stops checkers as the servers' configurations say now; those that have not changed
    // go on. Called at the start and after a reload, not by `told`.
    void follow();
    // FILE_CHECKs and BFD_CHECKs: at the start, after follow(), and when a watched thing changes.
    void look_at_watched();
    // Its clients are not answered, or refused: its checks ask at once and in haste.
    void doubt(std::uint16_t server);
    // Others are heard again from whom nothing came: those that are down are asked at once, for it
    // may have been the network that was.
    void retry_those_down();
    // Some of a server's clients are asked to go by its management API; while others of it are,
    // nothing. With FNAT only: else nobody could tell our clients from others.
    void say_farewell(std::uint16_t server, unsigned most);

  private:
    struct Server {
        std::shared_ptr<const config::RealServer> config;  // which the checkers are of
        std::vector<std::unique_ptr<health::Checker>> checkers;
        std::vector<std::string> said = {};  // what the log has last had of each
        std::unique_ptr<health::Checker> farewell = {};
        std::string farewell_trouble = {};  // the last one's; empty: it went well
    };

    void follow(std::uint16_t index);
    void ask_witnesses(const model::ServerRecord& server);
    std::unique_ptr<health::Checker> start(std::uint16_t index, std::size_t checker);
    void look_at_watched(std::uint16_t index);
    void log_words(std::uint16_t index, std::size_t checker, const health::CheckResult& result);
    void log_failure(const model::ServerRecord& server, std::size_t checker,
                     const health::CheckResult& result);
    void note_farewell(std::uint16_t index, const health::CheckResult& result);
    health::Pace take(std::uint16_t index, std::size_t checker, const health::CheckResult& result);

    boost::asio::io_context& io_;
    model::State& state_;
    journal::EventLog& events_;
    const Told told_;
    const Watched watched_;
    std::vector<Server> servers_;
    programs::Children programs_;  // of MISC_CHECKs
};

}  // namespace warren::control
