// SPDX-License-Identifier: BSD-3-Clause
#include "control/checks.h"

#include <utility>
#include <variant>

#include "checks/start_check.h"
#include "model/builder.h"
#include "model/server_state.h"
#include "port/clock.h"

namespace warren::control {
namespace {

// A millisecond's work, where each begins a check.
constexpr std::size_t servers_per_turn = 64;

// Such a check proves nothing, and its server stays as it is: somebody should know.
void warn_of_local_trouble(const model::State& state, const model::ServerRecord& server,
                           bool was_local, journal::EventLog& events) {
    if (server.check.local && !was_local)
        events.warn(journal::EventKind::check, about(state, server),
                    "server {} cannot be checked: {}", name_of(server), server.check.text);
    if (!server.check.local && was_local)
        events.info(journal::EventKind::check, about(state, server),
                    "server {} can be checked again", name_of(server));
}

// It may pass, as where a node starts; if it stays, somebody should know.
void warn_of_unsure(const model::State& state, const model::ServerRecord& server, bool was_unsure,
                    journal::EventLog& events) {
    if (was_unsure || !is_unsure(server)) return;
    events.warn(journal::EventKind::check, about(state, server),
                "{} of server {} cannot tell how it is, {} times in a row: {}",
                to_text(server.config->checkers[server.unsure.checker]), name_of(server),
                server.unsure.in_a_row, server.unsure.text);
}

void tell_of_busy(const model::State& state, const model::ServerRecord& server, bool was_busy,
                  journal::EventLog& events) {
    if (is_busy(server) == was_busy || !server.health.is_up()) return;
    if (was_busy)
        events.info(journal::EventKind::check, about(state, server, "busy"),
                    "server {} answers its checks again", name_of(server));
    else
        events.warn(journal::EventKind::check, about(state, server, "busy"),
                    "server {} is busy: {}, but its clients get answers; it stays up",
                    name_of(server), server.check.text);
}

// What a check knows beyond up and down. Nothing: it knows of no node; empty: all is well.
std::optional<std::string> words_of(const health::CheckResult& result) {
    if (result.reason == health::Reason::unknown) return "cannot tell: " + result.text;
    if (!result.ok()) return std::nullopt;
    if (result.availability == health::Availability::serving) return result.text;
    return to_string(result.availability) + (": " + result.text);
}

}  // namespace

Checks::Checks(boost::asio::io_context& io, model::State& state, journal::EventLog& events,
               Callbacks callbacks, Watched watched)
    : io_(io),
      state_(state),
      events_(events),
      callbacks_(std::move(callbacks)),
      watched_(std::move(watched)),
      next_turn_(io),
      programs_(io) {
    follow();
}

void Checks::follow() {
    servers_.resize(state_.servers.size());
    followed_ = 0;
    follow_some();
}

void Checks::follow_some() {
    for (std::size_t i = 0; i < servers_per_turn && followed_ < servers_.size(); ++i, ++followed_)
        follow(static_cast<std::uint16_t>(followed_));
    if (followed_ == servers_.size()) return look_at_watched();
    next_turn_.expires_after({});
    next_turn_.async_wait([this](const boost::system::error_code& error) {
        if (!error) follow_some();
    });
}

void Checks::follow(std::uint16_t index) {
    Server& old = servers_[index];
    const model::ServerRecord& record = state_.servers[index];
    if (!is_served(record)) {
        old = {};
        return;
    }
    if (old.config == record.config) return;
    Server server{record.config, {}};
    const bool same_place = old.config && old.config->address == record.config->address &&
                            old.config->port == record.config->port;
    for (std::size_t c = 0; c < record.config->checkers.size(); ++c) {
        const bool goes_on = same_place && c < old.checkers.size() &&
                             old.config->checkers[c] == record.config->checkers[c];
        server.checkers.push_back(goes_on ? std::move(old.checkers[c]) : start(index, c));
    }
    old = std::move(server);
}

std::unique_ptr<health::Checker> Checks::start(std::uint16_t index, std::size_t checker) {
    const model::ServerRecord& server = state_.servers[index];
    return checks::start_check({io_, programs_, state_.config.global}, *server.config,
                               server.config->checkers[checker],
                               [this, index, checker](const health::CheckResult& result) {
                                   return take(index, checker, result);
                               });
}

void Checks::look_at_watched() {
    for (std::size_t i = 0; i < servers_.size(); ++i)
        if (servers_[i].config && servers_[i].config == state_.servers[i].config)
            look_at_watched(static_cast<std::uint16_t>(i));
}

void Checks::look_at_watched(std::uint16_t index) {
    const std::vector<config::Checker>& checkers = state_.servers[index].config->checkers;
    for (std::size_t c = 0; c < checkers.size(); ++c) {
        if (const auto* file = std::get_if<config::FileCheck>(&checkers[c]))
            take(index, c, checks::judge(*file, watched_.file(file->track_file)));
        else if (const auto* bfd = std::get_if<config::BfdCheck>(&checkers[c]))
            take(index, c, checks::judge(watched_.bfd(bfd->name)));
    }
}

void Checks::recheck(std::uint16_t index) {
    // Who is down has nobody left to tell.
    if (!state_.servers[index].health.is_up()) return;
    ask_host(index);
    for (const auto& checker : servers_[index].checkers)
        if (checker) checker->recheck();
    check_peers_of(state_.servers[index]);
}

// Each reset and refusal of a crowd is one more doubt: the question under way answers them all.
void Checks::ask_host(std::uint16_t index) {
    Server& server = servers_[index];
    if (!server.config || server.echo) return;
    server.echo = std::make_unique<health::Echo>(
        io_, server.config->address, checks::source_of(*server.config), [this, index](int error) {
            error == 0 ? on_host_alive(index) : servers_[index].echo.reset();
        });
    if (server.echo->send() != 0) server.echo.reset();
}

void Checks::on_host_alive(std::uint16_t index) {
    servers_[index].echo.reset();
    state_.servers[index].silence.break_off();
    for (const auto& checker : servers_[index].checkers)
        if (checker) checker->on_host_alive();
}

// Silence is believed when others of the pool answer (balance/panic_rule.h): a few that are up.
void Checks::check_peers_of(const model::ServerRecord& server) {
    constexpr unsigned enough = 4;
    unsigned asked = 0;
    const model::ServiceRecord& service = state_.services[server.service];
    for (const std::uint16_t index : service.servers) {
        const model::ServerRecord& other = state_.servers[index];
        if (&other == &server || !other.health.is_up() || !servers_[index].config) continue;
        if (++asked > enough) return;
        for (const auto& checker : servers_[index].checkers)
            if (checker) checker->ask();
    }
}

void Checks::retry_those_down() {
    for (std::size_t i = 0; i < servers_.size(); ++i)
        if (servers_[i].config && !state_.servers[i].health.is_up())
            for (const auto& checker : servers_[i].checkers)
                if (checker) checker->retry();
}

void Checks::close_connections(std::uint16_t index, unsigned most) {
    Server& server = servers_[index];
    const model::ServiceRecord& service = state_.services[state_.servers[index].service];
    if (server.closer || !server.config ||
        server.config->kind_in(*service.config) != config::LbKind::fnat)
        return;
    server.closer =
        checks::close_connections(io_, *server.config, local_addresses(state_, service), most,
                                  [this, index](const health::CheckResult& result) {
                                      log_closed(index, result);
                                      servers_[index].closer.reset();
                                      return health::Pace::steady;
                                  });
}

// It is tried again every second: one line for each kind of trouble.
void Checks::log_closed(std::uint16_t index, const health::CheckResult& result) {
    Server& server = servers_[index];
    const std::string trouble = result.ok() ? "" : result.text;
    if (server.closer_trouble == trouble) return;
    server.closer_trouble = trouble;
    const std::string name = name_of(state_.servers[index]);
    const model::Subject subject = about(state_, state_.servers[index], "rebalance");
    if (trouble.empty())
        events_.info(journal::EventKind::server, subject, "server {}: {} to even out", name,
                     result.text);
    else
        events_.warn(journal::EventKind::server, subject,
                     "clients of server {} cannot be moved: {}", name, trouble);
}

// A failure is the standing's to tell of.
void Checks::log_words(std::uint16_t index, std::size_t checker,
                       const health::CheckResult& result) {
    const std::optional<std::string> words = words_of(result);
    Server& server = servers_[index];
    server.said.resize(server.checkers.size());
    if (!words || server.said[checker] == *words) return;
    server.said[checker] = *words;
    const model::ServerRecord& record = state_.servers[index];
    events_.info(journal::EventKind::check, about(state_, record), "{} of server {}: {}",
                 to_text(record.config->checkers[checker]), name_of(record),
                 words->empty() ? "serving" : *words);
}

void Checks::log_failure(const model::ServerRecord& server, std::size_t checker,
                         const health::CheckResult& result) {
    const config::Checker& check = server.config->checkers[checker];
    const config::CheckTiming* timing = timing_of(check);
    const bool wanted = state_.config.global.checker_log_all_failures ||
                        (timing != nullptr && timing->log_all_failures);
    if (wanted && !result.ok() && server.health.checker_is_up(checker))
        events_.info(journal::EventKind::check, about(state_, server), "{} of server {} failed: {}",
                     to_text(check), name_of(server), result.text);
}

health::Pace Checks::take(std::uint16_t index, std::size_t checker,
                          const health::CheckResult& result) {
    model::ServerRecord& server = state_.servers[index];
    if (!is_served(server) || server.config != servers_[index].config) return health::Pace::steady;
    // A late loop may hear of the timeout first.
    const std::unique_ptr<health::Echo>& echo = servers_[index].echo;
    if (!result.ok() && echo && echo->is_answered()) on_host_alive(index);
    const config::Checker& check = server.config->checkers[checker];
    const bool is_tcp = std::holds_alternative<config::TcpCheck>(check) ||
                        std::holds_alternative<config::AmqpCheck>(check);
    if (is_tcp && result.ok()) callbacks_.answered(index);
    if (result.reason == health::Reason::timeout) callbacks_.silent(index);
    const bool was_local = server.check.local;
    const bool was_unsure = is_unsure(server);
    const bool was_busy = is_busy(server);
    log_failure(server, checker, result);
    log_words(index, checker, result);
    const bool is_another_weight =
        result.weight_change && apply_weight(state_, index, checker, *result.weight_change);
    const bool standing_changed = apply_check(state_, index, checker, result, port::now_ns());
    warn_of_local_trouble(state_, server, was_local, events_);
    warn_of_unsure(state_, server, was_unsure, events_);
    tell_of_busy(state_, server, was_busy, events_);
    if (result.ok() || !server.health.is_up()) servers_[index].echo.reset();
    const bool is_pending = !server.check.local && server.health.is_retrying(checker);
    if (standing_changed)
        callbacks_.changed(index);
    else if (is_another_weight)
        callbacks_.weight_changed(index);
    return is_pending ? health::Pace::change_pending : health::Pace::steady;
}

}  // namespace warren::control
