// SPDX-License-Identifier: BSD-3-Clause
#include "control/checks.h"

#include <random>
#include <utility>
#include <variant>

#include "model/server_state.h"
#include "port/clock.h"

namespace warren::control {
namespace {

// Checks of many servers should not come in step.
std::int64_t random_warmup(std::int64_t most_ns) {
    if (most_ns <= 0) return 0;
    std::random_device random;
    return std::uniform_int_distribution<std::int64_t>(0, most_ns)(random);
}

health::Schedule schedule(const config::CheckTiming& timing) {
    health::Schedule out;
    out.delay_loop_ns = timing.delay_loop_ns;
    out.delay_before_retry_ns = timing.delay_before_retry_ns;
    out.warmup_ns = random_warmup(timing.warmup_ns);
    return out;
}

health::Source source(const config::CheckEndpoint& endpoint) {
    health::Source out;
    out.address = endpoint.bind_ip;
    out.port = endpoint.bind_port;
    out.interface = endpoint.bind_if;
    out.fwmark = endpoint.fwmark;
    return out;
}

// Such a check proves nothing, and its server stays as it is: somebody should know.
void warn_of_local_trouble(const model::ServerRecord& server, bool was_local,
                           journal::EventLog& events) {
    if (server.check.local && !was_local)
        events.warn(journal::EventKind::check, "server {} cannot be checked: {}", name_of(server),
                    server.check.text);
    if (!server.check.local && was_local)
        events.info(journal::EventKind::check, "server {} can be checked again", name_of(server));
}

struct Start {
    boost::asio::io_context& io;
    const config::RealServer& server;
    health::Callback callback;

    std::unique_ptr<health::Checker> operator()(const config::TcpCheck& check) {
        health::TcpOptions options;
        options.address = check.endpoint.connect_ip.value_or(server.address);
        options.port = check.endpoint.connect_port.value_or(server.port);
        options.source = source(check.endpoint);
        options.connect_timeout_ns = check.timing.connect_timeout_ns;
        options.schedule = schedule(check.timing);
        return health::make_checker(io, options, std::move(callback));
    }
    std::unique_ptr<health::Checker> operator()(const config::PingCheck& check) {
        health::PingOptions options;
        options.address = check.endpoint.connect_ip.value_or(server.address);
        options.source = source(check.endpoint);
        options.timeout_ns = check.timing.connect_timeout_ns;
        options.schedule = schedule(check.timing);
        return health::make_checker(io, options, std::move(callback));
    }
};

}  // namespace

Checks::Checks(boost::asio::io_context& io, model::State& state, journal::EventLog& events,
               Told told)
    : io_(io), state_(state), events_(events), told_(std::move(told)) {
    follow();
}

void Checks::follow() {
    servers_.resize(state_.servers.size());
    for (std::size_t i = 0; i < servers_.size(); ++i)
        follow(static_cast<std::uint16_t>(i));
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
    return std::visit(Start{io_, *server.config,
                            [this, index, checker](const health::CheckResult& result) {
                                return take(index, checker, result);
                            }},
                      server.config->checkers[checker]);
}

health::Pace Checks::take(std::uint16_t index, std::size_t checker,
                          const health::CheckResult& result) {
    model::ServerRecord& server = state_.servers[index];
    const bool is_tcp = std::holds_alternative<config::TcpCheck>(server.config->checkers[checker]);
    if (is_tcp && result.ok()) told_.answered(index);
    const bool was_local = server.check.local;
    const bool standing_changed = apply_check(state_, index, checker, result, port::now_ns());
    warn_of_local_trouble(server, was_local, events_);
    const bool is_pending = !server.check.local && server.health.is_retrying(checker);
    if (standing_changed) told_.changed(index);
    return is_pending ? health::Pace::change_pending : health::Pace::steady;
}

}  // namespace warren::control
