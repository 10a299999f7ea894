// SPDX-License-Identifier: BSD-3-Clause
// The state of one real_server: results of its checkers and the operator's word in, what its flows
// may expect out. keepalived's semantics: a server is up while all of its checkers are; an alive
// checker fails for good after `retry` more failures; a failed one is up again at its first
// success; `alpha` starts it as failed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace warren::balance {

enum class CheckResult : std::uint8_t {
    pass,
    refused,  // the host or service itself said no: RST, a wrong answer, an error status
    silent,   // nothing came back: timeout, no neighbour, no route
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

// What a server's flows may expect.
enum class Standing : std::uint8_t {
    serving,   // new flows, old flows
    draining,  // old flows only
    down,      // no flows: those it has are reset
};

class ServerHealth {
  public:
    // A server without checkers is always up.
    ServerHealth(const ServerRules& rules, std::span<const CheckerRules> checkers);

    // Takes a result. `believed` false (panic_rule.h): a failure is remembered but takes nothing
    // down. Returns whether standing() changed.
    bool on_result(std::size_t checker, CheckResult result, bool believed = true);
    bool set_admin(Admin admin);

    // This server is that one under other rules: the operator's word holds on, and so
    // does its exclusion. `same[i]` says which
    // of its checkers is the i-th of ours and goes on as it is; a new one (no_checker) begins with
    // what was believed of the server.
    static constexpr std::size_t no_checker = ~std::size_t{0};
    void continue_from(const ServerHealth& old, std::span<const std::size_t> same);

    // Whatever its checks and the operator say, it is down: we could not serve it. Returns whether
    // standing() changed.
    bool set_excluded(bool excluded);
    bool is_excluded() const { return excluded_; }

    Standing standing() const;
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
        std::uint32_t streak = 0;  // results in a row that speak against `up`
    };

    ServerRules rules_;
    Admin admin_ = Admin::enabled;
    bool excluded_ = false;
    std::vector<Checker> checkers_;
};

}  // namespace warren::balance
