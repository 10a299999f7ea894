// SPDX-License-Identifier: BSD-3-Clause
// Runs the tracked vrrp_scripts at their intervals and counts rise and fall. One run of a script at
// a time: one that still runs when it is due again skips that turn. A timeout counts as a failure
// at once, and the script's process group is ended; if a turn was skipped for it the next run
// begins then, so that one that hangs is known after `fall` times its timeout, not twice that.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "journal/attempts.h"
#include "journal/event_log.h"
#include "programs/children.h"
#include "vrrp/tracked_state.h"

namespace warren::tracking {

class TrackScripts {
  public:
    using Changed = std::function<void()>;

    // Runs those of `config` that an instance tracks; `events` outlives this. `changed` comes from
    // the io_context whenever a state() has changed.
    TrackScripts(boost::asio::io_context& io, const config::Config& config,
                 journal::EventLog& events, Changed changed);
    ~TrackScripts();
    TrackScripts(const TrackScripts&) = delete;
    TrackScripts& operator=(const TrackScripts&) = delete;

    // Another configuration: what still runs the same program keeps its results, others begin and
    // end.
    void follow(const config::Config& config);

    vrrp::TrackedState state(const std::string& name) const;

  private:
    struct Script;
    using ScriptPtr = std::shared_ptr<Script>;

    ScriptPtr find(const config::VrrpScript& settings) const;
    ScriptPtr begin(const config::VrrpScript& settings, const config::GlobalDefs& global);
    void arm(const ScriptPtr& script);
    void run(const ScriptPtr& script);
    void take(Script& script, bool success, std::string text);

    boost::asio::io_context& io_;
    journal::EventLog& events_;
    journal::Attempts attempts_{events_};
    Changed changed_;
    std::vector<ScriptPtr> scripts_;  // a run that has not ended yet holds its own
    programs::Children children_;     // last: its end comes first
};

}  // namespace warren::tracking
