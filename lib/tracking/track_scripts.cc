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
    Script(boost::asio::io_context& io, const config::VrrpScript& settings,
           std::optional<programs::Program> what, std::string trouble)
        : config(settings),
          program(std::move(what)),
          results(settings.rise, settings.fall, settings.init_fail),
          timer(io),
          last(program ? "has not run yet" : std::move(trouble)) {}

    std::int64_t timeout_ns() const {
        return config.timeout_ns > 0 ? config.timeout_ns : config.interval_ns;
    }

    const config::VrrpScript& config;
    std::optional<programs::Program> program;  // without one it is ignored
    vrrp::RiseFall results;
    boost::asio::steady_timer timer;
    std::string last;  // what the last run came to
    bool running = false;
    bool timed_out = false;  // this run has been counted already
};

TrackScripts::TrackScripts(boost::asio::io_context& io, const config::Config& config,
                           journal::EventLog& events, Changed changed)
    : events_(events), changed_(std::move(changed)), children_(io) {
    for (const config::VrrpScript& settings : config.vrrp_scripts) {
        if (!config::is_tracked(config, config::TrackKind::script, settings.name)) continue;
        programs::ScriptCheck check = programs::check_script(settings.script, config.global);
        scripts_.emplace_back(io, settings, std::move(check.program), std::move(check.problem));
        Script& script = scripts_.back();
        if (script.program) {
            script.timer.expires_at(std::chrono::steady_clock::now());
            arm(script);
        } else {
            events_.error(journal::EventKind::track, "script {} is not tracked: {}", settings.name,
                          script.last);
        }
    }
}

TrackScripts::~TrackScripts() = default;

vrrp::TrackedState TrackScripts::state(const std::string& name) const {
    for (const Script& script : scripts_) {
        if (script.config.name != name) continue;
        if (!script.program) return {vrrp::TrackedState::Standing::ignored, 0, script.last};
        if (!script.results.known()) return {vrrp::TrackedState::Standing::unknown, 0, script.last};
        return vrrp::TrackedState::of(script.results.up(), script.last);
    }
    return {vrrp::TrackedState::Standing::ignored, 0, "no such script"};
}

void TrackScripts::arm(Script& script) {
    script.timer.async_wait([this, &script](const boost::system::error_code& error) {
        if (error) return;
        // At the same distances, however late this one was; turns that have gone by are left out.
        const std::chrono::nanoseconds interval(script.config.interval_ns);
        script.timer.expires_at(
            std::max(script.timer.expiry() + interval, std::chrono::steady_clock::now()));
        arm(script);
        attempts_("running a track script", [&] { run(script); });
    });
}

void TrackScripts::run(Script& script) {
    if (script.running) return;
    script.timed_out = false;
    script.running = children_.run(*script.program, script.timeout_ns(),
                                   {[this, &script] {
                                        script.timed_out = true;
                                        take(script, false, "timed out");
                                    },
                                    [this, &script](const programs::ChildEnd& end) {
                                        script.running = false;
                                        if (!script.timed_out)
                                            take(script, end.ok(), end.to_string());
                                    }});
    if (!script.running)
        events_.error(journal::EventKind::track,
                      "script {}: too many scripts wait: this run is left out", script.config.name);
}

void TrackScripts::take(Script& script, bool success, std::string text) {
    const bool changed = script.results.add(success);
    script.last = std::move(text);
    if (!changed) return;
    events_.add(journal::EventKind::track,
                success ? journal::EventLevel::info : journal::EventLevel::warning,
                "script " + script.config.name + (success ? " succeeds" : " fails: ") +
                    (success ? "" : script.last));
    changed_();
}

}  // namespace warren::tracking
