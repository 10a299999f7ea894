// SPDX-License-Identifier: BSD-3-Clause
#include "orders/upgrade.h"

#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <ostream>
#include <set>
#include <stdexcept>
#include <thread>

#include "rows/fields.h"
#include "text/units.h"

namespace warren::ctl {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds poll_interval{100};
constexpr milliseconds peer_patience{10'000};
constexpr milliseconds start_patience{60'000};
constexpr milliseconds sync_patience{300'000};
constexpr milliseconds back_patience{60'000};

class Failure : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

class Upgrade {
  public:
    Upgrade(const UpgradeMeans& means, const UpgradeOptions& options, std::ostream& out)
        : means_(means), options_(options), out_(out) {}

    void run() {
        const std::set<std::string> mine = masters();
        const bool has_flow_sync = !rows("sync").empty();
        if (mine.empty()) {
            out_ << "nothing is master here: only the restart\n";
        } else {
            if (has_flow_sync && !options_.force) await_peer();
            step("handing over", [this] { hand_over(); });
        }
        const milliseconds restarted = means_.now();
        step("restarting: " + options_.restart_command, [this] { restart(); });
        step("waiting for warren", [&] { wait_for_start(restarted); });
        if (has_flow_sync) step("waiting for the flows", [this] { wait_for_sync(); });
        if (!mine.empty()) step("waiting to be master again", [&] { wait_for_masters(mine); });
        out_ << "done\n";
    }

  private:
    template <typename Work>
    void step(const std::string& what, Work work) {
        const milliseconds began = means_.now();
        out_ << what << " ... " << std::flush;
        work();
        const auto took = static_cast<std::uint64_t>((means_.now() - began).count());
        out_ << "ok, " << duration_text(took) << '\n';
    }

    std::vector<Json> rows(const char* view, const char* argument = "") const {
        return means_.ask(view, argument);
    }

    std::set<std::string> masters() const {
        std::set<std::string> names;
        for (const Json& row : rows("vrrp"))
            if (text(row, "state") == "master" && !row.value("static", false))
                names.insert(text(row, "name"));
        return names;
    }

    // It may have been upgraded a moment ago. If it does not come, the hand-over says more.
    void await_peer() {
        const milliseconds end = means_.now() + peer_patience;
        while (!is_in_sync() && means_.now() < end)
            means_.pause(poll_interval);
    }

    void hand_over() {
        for (const Json& row : rows("handover", options_.force ? "all,force" : "all"))
            if (!row.value("done", false))
                throw Failure(text(row, "router") + ": " + text(row, "text"));
        // By priority 0 the peer takes a moment, and connections need its answer.
        wait(milliseconds(5'000), "it is still master here", [this] { return masters().empty(); });
    }

    void restart() {
        const int status = means_.run(options_.restart_command);
        if (status != 0) throw Failure("it failed with status " + std::to_string(status));
    }

    // The old one has been up for longer than the restart takes.
    void wait_for_start(milliseconds restarted) {
        wait(start_patience, "it does not answer: see its log", [&] {
            const std::vector<Json> status = rows("status");
            return !status.empty() &&
                   milliseconds(status.front().value("uptime_ms", 0LL)) <= means_.now() - restarted;
        });
    }

    void wait_for_sync() {
        wait(sync_patience, "the peer's flows are not known: warrenctl show sync",
             [this] { return is_in_sync(); });
    }
    bool is_in_sync() const {
        const std::vector<Json> all = rows("sync");
        return std::any_of(all.begin(), all.end(),
                           [](const Json& row) { return row.value("up", false); }) &&
               std::all_of(all.begin(), all.end(),
                           [](const Json& row) { return row.value("in_sync", true); });
    }

    // Whoever has no preempt stays backup: that is its configuration.
    void wait_for_masters(const std::set<std::string>& mine) {
        wait(back_patience, "it is not: warrenctl show vrrp", [&] {
            const std::vector<Json> all = rows("vrrp");
            return std::all_of(all.begin(), all.end(), [&](const Json& row) {
                return !mine.contains(text(row, "name")) || text(row, "state") == "master" ||
                       stays_backup(row);
            });
        });
    }
    static bool stays_backup(const Json& row) {
        return !row.value("preempt", true) ||
               row.value("effective_priority", 0) <= row.value("master_priority", 0);
    }

    // Nobody answers while it restarts: that is no failure yet.
    template <typename Condition>
    void wait(milliseconds patience, const std::string& failure, Condition condition) {
        const milliseconds end = means_.now() + patience;
        for (;;) {
            try {
                if (condition()) return;
            } catch (const Failure&) {
                throw;
            } catch (const std::exception&) {
            }
            if (means_.now() >= end) throw Failure(failure);
            means_.pause(poll_interval);
        }
    }

    const UpgradeMeans& means_;
    const UpgradeOptions& options_;
    std::ostream& out_;
};

int exit_status(int status) {
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

bool upgrade(const UpgradeMeans& means, const UpgradeOptions& options, std::ostream& out) {
    try {
        Upgrade(means, options, out).run();
        return true;
    } catch (const std::exception& error) {
        out << "FAILED: " << error.what() << '\n';
        return false;
    }
}

UpgradeMeans upgrade_means(const std::string& instance) {
    return {[instance](const std::string& view, const std::string& argument) {
                return Telemetry(instance).rows(view, argument);
            },
            [](const std::string& command) { return exit_status(std::system(command.c_str())); },
            [](milliseconds time) { std::this_thread::sleep_for(time); },
            [] {
                return std::chrono::duration_cast<milliseconds>(
                    std::chrono::steady_clock::now().time_since_epoch());
            }};
}

}  // namespace warren::ctl
