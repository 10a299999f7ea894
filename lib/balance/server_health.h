// SPDX-License-Identifier: BSD-3-Clause
// The state of one real_server: results of its checkers and the operator's word in, what its flows
// may expect out. keepalived's semantics: a server is up while all of its checkers are; an alive
// checker fails for good after `retry` more failures; a failed one is up again at its first
// success; `alpha` starts it as failed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace warren::balance {

enum class CheckResult : std::uint8_t {
    pass,
    blocked,   // it works, and an alarm of the cluster stops publishers
    minority,  // it works, and most of its cluster is on the other side of a partition
    draining,  // it works, and says itself that it takes no new connections
    refused,   // its port refuses: the host lives, the service takes nobody
    failed,    // it answers, and wrongly: another service, an error status
    silent,    // nothing came back: timeout, no neighbour, no route
};

constexpr bool works(CheckResult result) {
    return result <= CheckResult::draining;
}

// How much a failure says.
enum class Credibility : std::uint8_t {
    doubtful,    // panic_rule.h: remembered, takes nothing down
    evidence,    // one of `fall`
    conclusive,  // further ones would say the same
};

struct CheckerRules {
    std::uint32_t rise = 1;  // successes in a row until up
    std::uint32_t fall = 2;  // failures in a row until down
};

struct ServerRules {
    bool alpha = false;               // down until the first success
    bool inhibit_on_failure = false;  // failure takes new flows away and leaves old ones alone
};

// What the operator has ordered.
enum class Admin : std::uint8_t { enabled, drained, disabled };

constexpr std::string_view name_of(Admin admin) {
    constexpr std::string_view names[]{"enabled", "drained", "disabled"};
    return names[static_cast<std::size_t>(admin)];
}

// What a server's flows may expect.
enum class Standing : std::uint8_t {
    serving,   // new flows, old flows
    draining,  // old flows only
    down,      // no flows: those it has are reset
};

// What an operator is told it is. `blocked` serves: an alarm is the whole cluster's, so ejecting
// those who tell of it would eject all.
// So does one in a minority, when nobody else is left: two of its three nodes may just be dead.
enum class Condition : std::uint8_t { up, blocked, minority, draining, down, maint };

constexpr std::string_view name_of(Condition condition) {
    constexpr std::string_view names[]{"up", "blocked", "minority", "draining", "down", "maint"};
    return names[static_cast<std::size_t>(condition)];
}

class ServerHealth {
  public:
    // A server without checkers is always up.
    ServerHealth(const ServerRules& rules, std::span<const CheckerRules> checkers);

    // Takes a result. Returns whether condition() or standing() changed.
    bool on_result(std::size_t checker, CheckResult result,
                   Credibility credibility = Credibility::evidence);
    bool set_admin(Admin admin);

    // This server is that one under other rules: the operator's word, its exclusion and its being
    // held down last. `same[i]` says which of its checkers is the i-th of ours and goes on as it
    // is; a new one (no_checker) begins with what was believed of the server.
    static constexpr std::size_t no_checker = ~std::size_t{0};
    void continue_from(const ServerHealth& old, std::span<const std::size_t> same);

    // These return whether condition() or standing() changed.
    // Whatever its checks and the operator say, it is down: we could not serve it.
    bool set_excluded(bool excluded);
    // It comes and goes (flap_damping.h): down although its checks pass.
    bool set_held_down(bool held);
    // Whether it has connections that neither end has closed. Whoever refuses new ones and has some
    // drains; who has none, or falls silent, is down.
    bool set_has_flows(bool has_flows);

    // It takes no connections and may have some: it drains, or its process has just died.
    bool refuses_with_flows() const {
        return has_flows_ && !is_up() && only_refuses() && standing() == Standing::draining;
    }

    // It says itself that it takes its leave, and no more is against it.
    bool takes_leave() const;

    // It is alive and takes connections, whatever the operator leaves it: who is one of its clients
    // already (persistence_timeout) can come back.
    bool can_keep_clients() const;

    bool is_excluded() const { return excluded_; }
    bool is_held_down() const { return held_down_; }

    Standing standing() const;
    Condition condition() const;
    bool is_up() const;  // as the checkers see it
    Admin admin() const { return admin_; }

    bool checker_is_up(std::size_t checker) const { return checkers_[checker].up; }
    CheckResult last_result(std::size_t checker) const { return checkers_[checker].last; }
    // The next check comes after delay_before_retry instead of delay_loop: a change is pending.
    bool is_retrying(std::size_t checker) const { return checkers_[checker].streak != 0; }

  private:
    struct Checker {
        CheckerRules rules;
        bool up;
        CheckResult last;
        CheckResult word = CheckResult::pass;  // the last of those that work()
        std::uint32_t streak = 0;              // results in a row that speak against `up`
    };

    bool count(Checker& checker, bool passed, Credibility credibility);
    bool only_refuses() const;
    bool any_says(CheckResult word) const;
    template <typename Change>
    bool is_news(Change change);

    ServerRules rules_;
    Admin admin_ = Admin::enabled;
    bool excluded_ = false;
    bool held_down_ = false;
    bool has_flows_ = false;
    std::vector<Checker> checkers_;
};

}  // namespace warren::balance
