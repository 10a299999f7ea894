// SPDX-License-Identifier: BSD-3-Clause
// SIGHUP: the file is read again, by a thread of its own: thousands of servers take it a tenth of a
// second, in which the manager goes on. All of it is taken up, or nothing. And afterwards: an index
// of what was removed becomes another's when no worker remembers it.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "control/publication.h"
#include "metrics/facts.h"
#include "model/reload.h"
#include "schema/load.h"

namespace warren::control {

class Reloader {
  public:
    // The file, looked at beside what is in force.
    using Reread = std::function<schema::LoadResult(const config::Config& running)>;
    // Returns why it could not be, or nothing: then `wanted` is what ran before.
    using TakeUp =
        std::function<std::string(config::Config& wanted, const model::ReloadPlan& plan)>;

    // `running`: the file as it was taken up at the start.
    Reloader(const Context& context, exchange::Exchange& exchange, Reread reread,
             std::vector<syntax::TextLine> running);
    ~Reloader();
    Reloader(const Reloader&) = delete;
    Reloader& operator=(const Reloader&) = delete;

    // The file, and what can be said of it beside what runs.
    struct Reading {
        schema::LoadResult loaded;
        syntax::Diagnostics more;  // about what it names
        std::vector<std::string> steps;
        std::string config_hash;
        std::string trouble;  // it could not be read
    };
    Reading read_now() const;
    // On the thread; `take` is called from the io_context, one after the other.
    using Take = std::function<void(Reading reading)>;
    static constexpr std::size_t max_waiting = 16;
    void read(Take take);

    struct Outcome {
        std::string refusal;  // empty: it is taken up, or could be
        std::vector<std::string>
            steps;  // config::reload_steps() and resets, or what is wrong with it
        std::vector<std::string> warnings{};  // of a file that is not refused
    };
    // Says what is wrong with the file; calls `take_up` if nothing is refused.
    Outcome reload(Reading reading, const TakeUp& take_up);
    // What that would do. Nothing is changed and nothing logged.
    Outcome dry_run(const Reading& reading) const;

    // With the flows that the removed have now, before the workers hear of it.
    void log_changes(const model::ReloadChanges& changes);

    const metrics::ReloadHistory& history() const { return history_; }
    // What runs, as text.
    const std::vector<syntax::TextLine>& lines() const { return lines_; }

    // About once a second. Whether some index is free now: the snapshot is out of date.
    bool release_indices();

  private:
    void read_next();
    void note(const Outcome& outcome, const std::string& config_hash);
    void log_findings(const Reading& reading);
    Outcome judge(const Reading& reading, model::ReloadPlan& plan) const;
    std::string refusal_of(const schema::LoadResult& loaded, model::ReloadPlan& plan) const;
    std::string full_name(std::uint16_t server) const;
    void list_resets(const model::ReloadPlan& plan, Outcome& outcome) const;
    void log_routers(const model::ReloadChanges& changes);
    void log_services(const model::ReloadChanges& changes);
    void log_servers(const model::ReloadChanges& changes);
    std::uint64_t flows_of_removed(std::uint16_t service) const;

    Context context_;
    exchange::Exchange& exchange_;
    Reread reread_;
    std::vector<syntax::TextLine> lines_;
    metrics::ReloadHistory history_;
    bool is_news_ = false;      // the file that is being taken up
    std::deque<Take> waiting_;  // the first: for what is being read
    std::thread reader_;
};

}  // namespace warren::control
