// SPDX-License-Identifier: BSD-3-Clause
#include "server_pools/drains.h"

namespace warren::server_pools {
namespace {

struct Counted {
    std::uint64_t flows = 0, open = 0, to_server = 0, to_client = 0, bytes_to_client = 0;
};

Counted count(const exchange::Exchange& exchange, std::uint16_t index) {
    Counted sum;
    for (const auto& worker : exchange.workers) {
        const exchange::ServerCounters& counted = worker->servers[index];
        sum.flows += counted.active.value();
        sum.open += counted.open.value();
        sum.to_server += counted.to_server.value();
        sum.to_client += counted.to_client.value();
        sum.bytes_to_client += counted.to_client_bytes.value();
    }
    return sum;
}

// It has no flow, and there have been just as many frames.
bool rests_still(const exchange::Exchange& exchange, std::uint16_t index, std::uint64_t frames) {
    std::uint64_t now = 0;
    for (const auto& worker : exchange.workers) {
        const exchange::ServerCounters& counted = worker->servers[index];
        if (counted.active.value() != 0) return false;
        now += counted.to_server.value() + counted.to_client.value();
    }
    return now == frames;
}

bool sees_answers(const model::State& state, const model::ServerRecord& server) {
    const config::LbKind kind = server.config->kind_in(*state.services[server.service].config);
    return kind == config::LbKind::fnat || kind == config::LbKind::nat;
}

// Of a frame to a client, but for the SACK of what was lost. FNAT takes timestamps out of SYNs.
std::uint64_t header_bytes(const model::State& state, const model::ServerRecord& server) {
    constexpr std::uint64_t ethernet = 14, tcp = 20, timestamps = 12;
    const config::VirtualServer& service = *state.services[server.service].config;
    const std::uint64_t ip = service.address.is_v4() ? 20 : 40;
    const bool has_timestamps = server.config->kind_in(service) != config::LbKind::fnat;
    return ethernet + ip + tcp + (has_timestamps ? timestamps : 0);
}

std::string progress_text(const balance::DrainWatch& drain, unsigned percent) {
    return "drained to " + std::to_string(percent) + " %: " + std::to_string(drain.left()) +
           " of " + std::to_string(drain.first()) + " flows are left";
}

class Follower {
  public:
    Follower(const model::State& state, std::uint16_t index, model::ServerRecord& server,
             std::uint64_t now_ns)
        : state_(state), index_(index), server_(server), now_ns_(now_ns) {}

    std::vector<DrainUpdate> follow(const Counted& now) {
        if (sees_answers(state_, server_)) {
            server_.silence.sample(now.to_server, now.to_client, now_ms());
            server_.talking.sample(now.to_client, now.bytes_to_client,
                                   header_bytes(state_, server_), now_ms());
        }
        if (server_.silence.is_doubted(now_ms()))
            updates_.push_back({.server = index_, .text = {}, .silent = true});
        // What only refused drains no longer, or begins to. A process that has died has closed its
        // connections: that is no drain.
        if (server_.health.set_has_flows(now.open != 0)) {
            note_change(server_, "its port refuses, and no open connection is left", now_ns_);
            updates_.push_back({.server = index_, .text = {}, .changed = true});
        }
        if (server_.roll_call.is_due(may_be_dead(now), now.flows, now_ms()))
            updates_.push_back({.server = index_, .text = {}, .asks = true});
        if (server_.health.standing() == balance::Standing::draining && !server_.is_last_resort)
            watch(now.flows);
        else
            stop();
        return std::move(updates_);
    }

  private:
    std::uint64_t now_ms() const { return now_ns_ / 1'000'000; }

    bool may_be_dead(const Counted& now) const {
        return server_.health.refuses_with_flows() ||
               server_.resetting.has_taken_most(now.flows, now_ms());
    }

    void watch(std::uint64_t flows) {
        balance::DrainWatch& drain = server_.drain;
        if (!drain.is_on()) drain.begin(flows, now_ms());
        if (const auto percent = drain.note(flows))
            updates_.push_back({.server = index_, .text = progress_text(drain, *percent)});
        if (server_.drain_is_over || !drain.is_over(drain_timeout_ms(state_, server_), now_ms()))
            return;
        server_.drain_is_over = true;
        updates_.push_back(
            {.server = index_,
             .text = "drain_timeout: the last " + std::to_string(flows) + " flows are reset",
             .changed = true});
    }
    void stop() {
        server_.drain.end();
        server_.drain_is_over = false;
    }

    const model::State& state_;
    const std::uint16_t index_;
    model::ServerRecord& server_;
    const std::uint64_t now_ns_;
    std::vector<DrainUpdate> updates_;
};

}  // namespace

std::uint64_t drain_timeout_ms(const model::State& state, const model::ServerRecord& server) {
    const std::int64_t ns = state.services[server.service].config->balancing.drain_timeout_ns;
    return static_cast<std::uint64_t>(ns / 1'000'000);
}

std::vector<DrainUpdate> Drains::follow(model::State& state, const exchange::Exchange& exchange,
                                        std::uint64_t now_ns) {
    std::vector<DrainUpdate> all;
    rests_at_.resize(state.servers.size(), never);
    turn_ = (turn_ + 1) % turns_of_rest;
    for (std::uint16_t index = 0; index < state.servers.size(); ++index) {
        const bool is_its_turn = index % turns_of_rest == turn_;
        // Its record, which is some cache lines more, is not touched.
        if (!is_its_turn && rests_still(exchange, index, rests_at_[index])) continue;
        model::ServerRecord& server = state.servers[index];
        if (!is_served(server)) continue;
        const Counted now = count(exchange, index);
        for (DrainUpdate& update : Follower(state, index, server, now_ns).follow(now))
            all.push_back(std::move(update));
        const bool rests = now.flows == 0 && server.silence.rests() && !server.drain.is_on();
        rests_at_[index] = rests ? now.to_server + now.to_client : never;
    }
    return all;
}

}  // namespace warren::server_pools
