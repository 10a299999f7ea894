// SPDX-License-Identifier: BSD-3-Clause
#include "control/checks.h"

#include <random>
#include <utility>
#include <variant>

#include "control/server_state.h"
#include "port/clock.h"

namespace warren::control {
namespace {

// Checks of many servers should not come in step.
std::int64_t random_warmup(std::int64_t most_ns) {
    if (most_ns <= 0) return 0;
    std::random_device random;
    return std::uniform_int_distribution<std::int64_t>(0, most_ns)(random);
}

health::Schedule schedule(const config::CheckTiming& timing, bool assume_up) {
    health::Schedule out;
    out.delay_loop_ns = timing.delay_loop_ns;
    out.delay_before_retry_ns = timing.delay_before_retry_ns;
    out.retry = timing.retry;
    out.warmup_ns = random_warmup(timing.warmup_ns);
    out.assume_up = assume_up;
    return out;
}

health::Source source(const config::CheckEndpoint& endpoint) {
    health::Source out;
    out.address = endpoint.bind_ip;
    out.port = endpoint.bind_port;
    return out;
}

// Such a check proves nothing, and its server stays as it is: somebody should know.
void warn_of_local_trouble(const ServerRecord& server, bool was_local, EventLog& events) {
    if (server.check.local && !was_local)
        events.warn(EventKind::check, "server {} cannot be checked: {}", name_of(server),
                    server.check.text);
    if (!server.check.local && was_local)
        events.info(EventKind::check, "server {} can be checked again", name_of(server));
}

struct Start {
    boost::asio::io_context& io;
    const config::RealServer& server;
    bool assume_up;
    health::Callback callback;

    std::unique_ptr<health::Checker> operator()(const config::TcpCheck& check) {
        health::TcpOptions options;
        options.address = check.endpoint.connect_ip.value_or(server.address);
        options.port = check.endpoint.connect_port.value_or(server.port);
        options.source = source(check.endpoint);
        options.connect_timeout_ns = check.timing.connect_timeout_ns;
        options.schedule = schedule(check.timing, assume_up);
        return health::make_checker(io, options, std::move(callback));
    }
    std::unique_ptr<health::Checker> operator()(const config::PingCheck& check) {
        health::PingOptions options;
        options.address = check.endpoint.connect_ip.value_or(server.address);
        options.source = source(check.endpoint);
        options.timeout_ns = check.timing.connect_timeout_ns;
        options.schedule = schedule(check.timing, assume_up);
        return health::make_checker(io, options, std::move(callback));
    }
};

}  // namespace

Checks::Checks(boost::asio::io_context& io, State& state, EventLog& events, const Told& told) {
    for (std::size_t i = 0; i < state.servers.size(); ++i) {
        const ServerRecord& server = state.servers[i];
        const bool assume_up = !server.config->alpha;
        for (std::size_t c = 0; c < server.config->checkers.size(); ++c) {
            const auto index = static_cast<std::uint16_t>(i);
            const bool is_tcp =
                std::holds_alternative<config::TcpCheck>(server.config->checkers[c]);
            auto callback = [&state, &events, index, c, is_tcp,
                             told](const health::CheckResult& result) {
                if (is_tcp && result.ok()) told.answered(index);
                const bool was_local = state.servers[index].check.local;
                const bool standing_changed = apply_check(state, index, c, result, port::now_ns());
                warn_of_local_trouble(state.servers[index], was_local, events);
                if (standing_changed) told.changed(index);
            };
            checkers_.push_back(
                std::visit(Start{io, *server.config, assume_up, std::move(callback)},
                           server.config->checkers[c]));
        }
    }
}

}  // namespace warren::control
