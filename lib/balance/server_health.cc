// SPDX-License-Identifier: BSD-3-Clause
#include "balance/server_health.h"

#include <algorithm>
#include <utility>

namespace warren::balance {

ServerHealth::ServerHealth(const ServerRules& rules, std::span<const CheckerRules> checkers)
    : rules_(rules) {
    checkers_.reserve(checkers.size());
    for (const CheckerRules& c : checkers)
        checkers_.push_back(
            {c, !rules.alpha, rules.alpha ? CheckResult::silent : CheckResult::pass});
}

template <typename Change>
bool ServerHealth::is_news(Change change) {
    const auto before = std::pair(standing(), condition());
    change();
    return std::pair(standing(), condition()) != before;
}

bool ServerHealth::on_result(std::size_t checker, CheckResult result, Credibility credibility) {
    return is_news([&] {
        Checker& c = checkers_[checker];
        c.last = result;
        // Whoever takes its leave is believed at once; who no longer says so has to work again.
        if (works(result)) c.word = result;
        if (count(c, works(result), credibility)) c.up = works(result);
    });
}

// Whether the checker turns.
bool ServerHealth::count(Checker& c, bool passed, Credibility credibility) {
    if (passed == c.up) {
        c.streak = 0;
        return false;
    }
    const std::uint32_t needed = std::max(passed ? c.rules.rise : c.rules.fall, 1U);
    const bool conclusive = !passed && credibility == Credibility::conclusive;
    c.streak = conclusive ? needed : std::min(c.streak + 1, needed);
    if (c.streak < needed || (!passed && credibility == Credibility::doubtful)) return false;
    c.streak = 0;
    return true;
}

bool ServerHealth::set_admin(Admin admin) {
    return is_news([&] { admin_ = admin; });
}

// Said at each look and each check, and mostly nothing new.
bool ServerHealth::set_excluded(bool excluded) {
    if (excluded == excluded_) return false;
    return is_news([&] { excluded_ = excluded; });
}

bool ServerHealth::set_held_down(bool held) {
    if (held == held_down_) return false;
    return is_news([&] { held_down_ = held; });
}

bool ServerHealth::set_has_flows(bool has_flows) {
    if (has_flows == has_flows_) return false;
    return is_news([&] { has_flows_ = has_flows; });
}

bool ServerHealth::is_up() const {
    return std::all_of(checkers_.begin(), checkers_.end(), [](const Checker& c) { return c.up; });
}

void ServerHealth::continue_from(const ServerHealth& old, std::span<const std::size_t> same) {
    admin_ = old.admin_;
    excluded_ = old.excluded_;
    held_down_ = old.held_down_;
    has_flows_ = old.has_flows_;
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

// Nothing worse is known of it than that its port takes nobody.
bool ServerHealth::only_refuses() const {
    return std::all_of(checkers_.begin(), checkers_.end(), [](const Checker& c) {
        return c.up || c.last == CheckResult::refused || works(c.last);
    });
}

bool ServerHealth::any_says(CheckResult word) const {
    return std::any_of(checkers_.begin(), checkers_.end(),
                       [word](const Checker& c) { return c.up && c.word == word; });
}

Standing ServerHealth::standing() const {
    if (admin_ == Admin::disabled || excluded_) return Standing::down;
    if (!is_up()) {
        const bool keeps_flows = rules_.inhibit_on_failure || (has_flows_ && only_refuses());
        return keeps_flows ? Standing::draining : Standing::down;
    }
    if (held_down_) return Standing::down;
    if (admin_ == Admin::drained || any_says(CheckResult::draining)) return Standing::draining;
    return Standing::serving;
}

bool ServerHealth::takes_leave() const {
    return admin_ == Admin::enabled && !excluded_ && !held_down_ && is_up() &&
           any_says(CheckResult::draining);
}

bool ServerHealth::can_keep_clients() const {
    return is_up() && standing() != Standing::down && !any_says(CheckResult::draining) &&
           !any_says(CheckResult::minority);
}

Condition ServerHealth::condition() const {
    if (admin_ != Admin::enabled) return Condition::maint;
    switch (standing()) {
        case Standing::serving:
            if (any_says(CheckResult::minority)) return Condition::minority;
            return any_says(CheckResult::blocked) ? Condition::blocked : Condition::up;
        case Standing::draining:
            return Condition::draining;
        case Standing::down:
            break;
    }
    return Condition::down;
}

}  // namespace warren::balance
