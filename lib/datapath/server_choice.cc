// SPDX-License-Identifier: BSD-3-Clause
#include "datapath/server_choice.h"

#include <algorithm>
#include <optional>
#include <span>

#include "balance/client_key.h"

namespace warren::datapath {

ServerChoice::ServerChoice(unsigned worker, const flow::FlowTable& table,
                           exchange::Exchange& exchange)
    : worker_(worker), table_(table), exchange_(exchange), schedulers_(exchange::max_services) {}

bool ServerChoice::ServiceScheduler::is_for(const exchange::Service& service, std::size_t n) const {
    return algorithm == service.algorithm && count == n &&
           std::equal(servers.begin(), servers.begin() + static_cast<std::ptrdiff_t>(n),
                      service.servers.begin());
}

void ServerChoice::ServiceScheduler::begin(const exchange::Service& service, std::size_t n,
                                           std::uint32_t offset) {
    algorithm = service.algorithm;
    count = n;
    std::copy_n(service.servers.begin(), n, servers.begin());
    scheduler = balance::Scheduler(algorithm, offset);
}

// Schedulers go by position, so servers that may not be chosen stand there with weight 0.
std::size_t ServerChoice::gather(Candidates& candidates, const exchange::Service& service,
                                 const Round& round,
                                 std::span<const std::uint16_t> excluded) const {
    const std::size_t count = std::min(service.servers.size(), candidates.size());
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint16_t id = service.servers[i];
        const exchange::Server& server = round.snapshot->servers[id];
        const bool eligible = server.state == exchange::ServerState::up && server.reachable &&
                              std::find(excluded.begin(), excluded.end(), id) == excluded.end() &&
                              !exchange_.is_overloaded(id, server.limit);
        candidates[i] = {id, eligible ? server.weight : 0, table_.live_of_server(id)};
    }
    return count;
}

std::uint16_t ServerChoice::choose(const flow::Flow& flow, const Round& round,
                                   std::span<const std::uint16_t> excluded) {
    const exchange::Service& service = round.snapshot->services[flow.service_id];
    Candidates all;
    const std::size_t count = gather(all, service, round, excluded);
    const std::span<const balance::Candidate> candidates(all.data(), count);
    std::optional<std::size_t> chosen;
    if (service.slots != nullptr) {
        const net::Be16 port = service.hash_port ? flow.client_port : net::Be16(0);
        chosen = service.slots->pick(candidates, balance::client_key(flow.client_address, port),
                                     service.hash_fallback || !excluded.empty());
    } else {
        ServiceScheduler& current = schedulers_[flow.service_id];
        if (!current.is_for(service, count)) current.begin(service, count, worker_);
        chosen = current.scheduler.pick(candidates);
    }
    return chosen ? candidates[*chosen].server_id : no_server;
}

}  // namespace warren::datapath
