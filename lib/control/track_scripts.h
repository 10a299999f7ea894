// SPDX-License-Identifier: BSD-3-Clause
// Runs the tracked vrrp_scripts at their intervals and counts rise and fall. One run of a script at
// a time: one that still runs when it is due again skips that turn. A timeout counts as a failure
// at once, and the script's process group is ended.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <list>
#include <string>

#include "config/config.h"
#include "control/attempts.h"
#include "control/children.h"
#include "control/event_log.h"
#include "control/tracked_state.h"

namespace warren::control {

class TrackScripts {
  public:
    using Changed = std::function<void()>;

    // Runs those of `config` that an instance tracks; `config` and `events` outlive this. `changed`
    // comes from the io_context whenever a state() has changed.
    TrackScripts(boost::asio::io_context& io, const config::Config& config, EventLog& events,
                 Changed changed);
    ~TrackScripts();
    TrackScripts(const TrackScripts&) = delete;
    TrackScripts& operator=(const TrackScripts&) = delete;

    TrackedState state(const std::string& name) const;

  private:
    struct Script;

    void arm(Script& script);
    void run(Script& script);
    void take(Script& script, bool success, std::string text);

    EventLog& events_;
    Attempts attempts_{events_};
    Changed changed_;
    std::list<Script> scripts_;  // their addresses stay
    Children children_;          // last: its end comes first
};

}  // namespace warren::control
