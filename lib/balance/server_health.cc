// SPDX-License-Identifier: BSD-3-Clause
#include "balance/server_health.h"

#include <algorithm>

namespace warren::balance {

ServerHealth::ServerHealth(const ServerRules& rules, std::span<const CheckerRules> checkers)
    : rules_(rules) {
    checkers_.reserve(checkers.size());
    for (const CheckerRules& c : checkers)
        checkers_.push_back(
            {c, !rules.alpha, rules.alpha ? CheckResult::silent : CheckResult::pass});
}

bool ServerHealth::on_result(std::size_t checker, CheckResult result, bool believed) {
    const Standing before = standing();
    Checker& c = checkers_[checker];
    c.last = result;
    const bool passed = result == CheckResult::pass;
    if (passed == c.up) {
        c.streak = 0;
        return false;
    }
    const std::uint32_t needed = std::max(passed ? c.rules.rise : c.rules.fall, 1U);
    c.streak = std::min(c.streak + 1, needed);
    if (c.streak < needed || (!passed && !believed)) return false;
    c.up = passed;
    c.streak = 0;
    return standing() != before;
}

bool ServerHealth::set_admin(Admin admin) {
    const Standing before = standing();
    admin_ = admin;
    return standing() != before;
}

bool ServerHealth::set_excluded(bool excluded) {
    const Standing before = standing();
    excluded_ = excluded;
    return standing() != before;
}

bool ServerHealth::is_up() const {
    return std::all_of(checkers_.begin(), checkers_.end(), [](const Checker& c) { return c.up; });
}

void ServerHealth::continue_from(const ServerHealth& old, std::span<const std::size_t> same) {
    admin_ = old.admin_;
    excluded_ = old.excluded_;
    for (std::size_t i = 0; i < checkers_.size(); ++i) {
        Checker& c = checkers_[i];
        if (same[i] == no_checker) {
            c.up = old.is_up();
            c.last = c.up ? CheckResult::pass : CheckResult::silent;
            continue;
        }
        const CheckerRules rules = c.rules;
        c = old.checkers_[same[i]];
        c.rules = rules;
    }
}

Standing ServerHealth::standing() const {
    if (admin_ == Admin::disabled || excluded_) return Standing::down;
    if (!is_up()) return rules_.inhibit_on_failure ? Standing::draining : Standing::down;
    return admin_ == Admin::drained ? Standing::draining : Standing::serving;
}

}  // namespace warren::balance
