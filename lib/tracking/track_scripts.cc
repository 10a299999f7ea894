// SPDX-License-Identifier: BSD-3-Clause
#include "tracking/track_scripts.h"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <optional>
#include <utility>

#include "config/settle_tracking.h"
#include "programs/script.h"
#include "vrrp/tracking.h"

namespace warren::tracking {

struct TrackScripts::Script {
    Script(boost::asio::io_context& io, const config::VrrpScript& what, programs::ScriptCheck check)
        : settings(what),
          program(std::move(check.program)),
          results(what.rise, what.fall, what.init_fail),
          timer(io),
          last(program ? "has not run yet" : std::move(check.problem)) {}

    std::int64_t timeout_ns() const {
        return settings.timeout_ns > 0 ? settings.timeout_ns : settings.interval_ns;
    }

    config::VrrpScript settings;
    std::optional<programs::Program> program;  // without one it is ignored
    vrrp::RiseFall results;
    boost::asio::steady_timer timer;
    std::string last;  // what the last run came to
    bool running = false;
    bool timed_out = false;  // this run has been counted already
    bool is_due = false;     // a turn has come meanwhile
    bool ended = false;      // nobody tracks it any more
};

TrackScripts::TrackScripts(boost::asio::io_context& io, const config::Config& config,
                           journal::EventLog& events, Changed changed)
    : io_(io), events_(events), changed_(std::move(changed)), children_(io) {
    follow(config);
}

TrackScripts::~TrackScripts() = default;

void TrackScripts::follow(const config::Config& config) {
    std::vector<ScriptPtr> next;
    for (const config::VrrpScript& settings : config.vrrp_scripts) {
        if (!config::is_tracked(config, config::TrackKind::script, settings.name)) continue;
        ScriptPtr script = find(settings);
        if (script) {
            script->results.change(settings.rise, settings.fall);
            script->settings = settings;
        } else {
            script = begin(settings, config.global);
        }
        next.push_back(std::move(script));
    }
    for (const ScriptPtr& old : scripts_)
        if (std::find(next.begin(), next.end(), old) == next.end()) {
            old->ended = true;
            old->timer.cancel();
        }
    scripts_ = std::move(next);
}

// One that could not run may be able to now.
TrackScripts::ScriptPtr TrackScripts::find(const config::VrrpScript& settings) const {
    for (const ScriptPtr& script : scripts_)
        if (script->program && script->settings.name == settings.name &&
            script->settings.script == settings.script &&
            script->settings.interval_ns == settings.interval_ns)
            return script;
    return nullptr;
}

TrackScripts::ScriptPtr TrackScripts::begin(const config::VrrpScript& settings,
                                            const config::GlobalDefs& global) {
    auto script =
        std::make_shared<Script>(io_, settings, programs::check_script(settings.script, global));
    if (script->program) {
        script->timer.expires_at(std::chrono::steady_clock::now());
        arm(script);
    } else {
        events_.error(journal::EventKind::track, journal::Subject{.tracked = settings.name},
                      "script {} is not tracked: {}", settings.name, script->last);
    }
    return script;
}

vrrp::TrackedState TrackScripts::state(const std::string& name) const {
    for (const ScriptPtr& script : scripts_) {
        if (script->settings.name != name) continue;
        if (!script->program) return {vrrp::TrackedState::Standing::ignored, 0, script->last};
        if (!script->results.known())
            return {vrrp::TrackedState::Standing::unknown, 0, script->last};
        return vrrp::TrackedState::of(script->results.up(), script->last);
    }
    return {vrrp::TrackedState::Standing::ignored, 0, "no such script"};
}

void TrackScripts::arm(const ScriptPtr& script) {
    script->timer.async_wait(
        [this, weak = std::weak_ptr(script)](const boost::system::error_code& error) {
            const ScriptPtr due = weak.lock();
            if (error || !due || due->ended) return;
            // At the same distances, however late this one was; turns that have gone by are left
            // out.
            const std::chrono::nanoseconds interval(due->settings.interval_ns);
            due->timer.expires_at(
                std::max(due->timer.expiry() + interval, std::chrono::steady_clock::now()));
            arm(due);
            attempts_("running a track script", [&] { run(due); });
        });
}

void TrackScripts::run(const ScriptPtr& script) {
    script->is_due = script->running;
    if (script->running) return;
    script->timed_out = false;
    script->running = children_.run(*script->program, script->timeout_ns(),
                                    {[this, script] {
                                         script->timed_out = true;
                                         take(*script, false, "timed out");
                                     },
                                     [this, script](const programs::ChildEnd& end) {
                                         script->running = false;
                                         if (!script->timed_out)
                                             take(*script, end.ok(), end.to_string());
                                         else if (script->is_due && !script->ended)
                                             run(script);
                                     }});
    if (!script->running)
        events_.error(journal::EventKind::track, journal::Subject{.tracked = script->settings.name},
                      "script {}: too many scripts wait: this run is left out",
                      script->settings.name);
}

void TrackScripts::take(Script& script, bool success, std::string text) {
    if (script.ended) return;
    const bool changed = script.results.add(success);
    script.last = std::move(text);
    if (!changed) return;
    events_.add(journal::EventKind::track,
                success ? journal::EventLevel::info : journal::EventLevel::warning,
                "script " + script.settings.name + (success ? " succeeds" : " fails: ") +
                    (success ? "" : script.last),
                {.tracked = script.settings.name});
    changed_();
}

}  // namespace warren::tracking
