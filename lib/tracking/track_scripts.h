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
#include "journal/attempts.h"
#include "journal/event_log.h"
#include "programs/children.h"
#include "vrrp/tracked_state.h"

namespace warren::tracking {

class TrackScripts {
  public:
    using Changed = std::function<void()>;

    // Runs those of `config` that an instance tracks; `config` and `events` outlive this. `changed`
    // comes from the io_context whenever a state() has changed.
    TrackScripts(boost::asio::io_context& io, const config::Config& config,
                 journal::EventLog& events, Changed changed);
    ~TrackScripts();
    TrackScripts(const TrackScripts&) = delete;
    TrackScripts& operator=(const TrackScripts&) = delete;

    vrrp::TrackedState state(const std::string& name) const;

  private:
    struct Script;

    void arm(Script& script);
    void run(Script& script);
    void take(Script& script, bool success, std::string text);

    journal::EventLog& events_;
    journal::Attempts attempts_{events_};
    Changed changed_;
    std::list<Script> scripts_;    // their addresses stay
    programs::Children children_;  // last: its end comes first
};

}  // namespace warren::tracking
