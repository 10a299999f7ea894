// SPDX-License-Identifier: BSD-3-Clause
// SIGHUP: the file is read again. All of it is taken up, or nothing. And afterwards: an index of
// what was removed becomes another's when no worker remembers it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
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
    // Returns why it could not be, or nothing.
    using TakeUp =
        std::function<std::string(const config::Config& wanted, const model::ReloadPlan& plan)>;

    // `running`: the file as it was taken up at the start.
    Reloader(const Context& context, exchange::Exchange& exchange, Reread reread,
             std::vector<syntax::TextLine> running);

    struct Outcome {
        std::string refusal;  // empty: it is taken up, or could be
        std::vector<std::string>
            steps;  // config::reload_steps() and resets, or what is wrong with it
    };
    // Says what is wrong with the file; calls `take_up` if nothing is refused.
    Outcome reload(const TakeUp& take_up);
    // What that would do. Nothing is changed and nothing logged.
    Outcome dry_run() const;

    // With the flows that the removed have now, before the workers hear of it.
    void log_changes(const model::ReloadChanges& changes);

    const metrics::ReloadHistory& history() const { return history_; }
    // What runs, as text.
    const std::vector<syntax::TextLine>& lines() const { return lines_; }

    // About once a second. Whether some index is free now: the snapshot is out of date.
    bool release_indices();

  private:
    void note(const Outcome& outcome);
    schema::LoadResult read();
    Outcome judge(const schema::LoadResult& loaded, model::ReloadPlan& plan) const;
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
    bool is_news_ = false;  // the file that is being taken up
};

}  // namespace warren::control
