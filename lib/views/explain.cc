// SPDX-License-Identifier: BSD-3-Clause
#include "views/explain.h"

#include <algorithm>
#include <utility>

#include "model/builder.h"
#include "model/port_use.h"
#include "vrrp/event.h"

namespace warren::views {
namespace {

using exchange::ServerState;

constexpr std::size_t servers_max = 32;

const model::ServiceRecord* find_service(const model::State& state, const flow::Tuple& tuple) {
    const auto found = std::find_if(
        state.services.begin(), state.services.end(), [&](const model::ServiceRecord& s) {
            return is_served(s) && s.config->address == tuple.destination &&
                   s.config->port == tuple.destination_port.host();
        });
    return found == state.services.end() ? nullptr : &*found;
}

// Empty: it takes new flows.
std::string objection(const model::State& state, const model::ServerRecord& server,
                      std::uint64_t flows, bool overloaded) {
    if (server.is_sorry && server.replaced) return "sorry_server: the quorum is there";
    switch (server_state(server)) {
        case ServerState::down:
        case ServerState::disabled:
            return "down: " + server.reason;
        case ServerState::drain:
            return "takes no new flows: " + server.reason;
        default:
            break;
    }
    if (!has_way(state, server)) return "no next hop";
    if (server_weight(server) == 0) return "weight 0";
    if (overloaded)
        return "full: " + std::to_string(flows) + " flows, uthreshold " +
               std::to_string(server.config->uthreshold);
    return {};
}

Json server_rows(const model::State& state, const exchange::Exchange& exchange,
                 const model::ServiceRecord& service, std::size_t& left_out) {
    Json rows = Json::array();
    const std::vector<std::uint16_t> all = candidates(service);
    const model::PortUses ports(state, exchange, all);
    for (const std::uint16_t index : all) {
        if (rows.size() == servers_max) {
            ++left_out;
            continue;
        }
        const model::ServerRecord& server = state.servers[index];
        const std::uint64_t flows = exchange.active_flows(index);
        std::string against =
            objection(state, server, flows, exchange.is_overloaded(index, flow_limit(server)));
        if (against.empty() && ports.of(index).is_spent()) against = "no local port is left";
        rows.push_back({{"server", name_of(server)},
                        {"weight", static_cast<double>(server_weight(server)) /
                                       static_cast<double>(balance::weight_one)},
                        {"active", flows},
                        {"against", against}});
    }
    return rows;
}

std::string fate_of_flow(const FlowAnswer& found, const std::string& server) {
    std::string text = "it belongs to a flow in worker " + std::to_string(found.worker);
    if (found.flow->state == flow::TcpState::dead)
        return text + " whose server " + server + " is dead: it is answered with RST";
    return text + " and goes to " + server;
}

std::string fate_of_syn(const model::State& state, const exchange::Exchange& exchange,
                        const model::ServiceRecord& service, const FlowAnswer& found) {
    const std::string by = "worker " + std::to_string(found.owner) + " owns it; ";
    if (found.choice >= state.servers.size())
        return by + "no server takes new flows: a SYN is answered with RST";
    if (found.is_full)
        return by + "its flow table is full (dataplane { flows }): a SYN is answered with RST";
    const std::string name = name_of(state.servers[found.choice]);
    if (port_use(state, exchange, found.choice).is_spent())
        return by + "no local port is left towards " + name + ": a SYN is answered with RST";
    if (found.is_kept) return by + "a SYN goes to " + name + ", where its group went (persistence)";
    const config::LbAlgo algo = service.config->lb_algo;
    const bool by_client = algo == config::LbAlgo::sh || algo == config::LbAlgo::mh;
    return by + "a SYN goes to " + name + " by " + config::to_text(algo) +
           (by_client ? "" : ", if no other comes before it") +
           "; any other segment is of no flow" +
           (state.config.dataplane.unknown_flow == config::UnknownFlow::reset
                ? " and is answered with RST"
                : " and is dropped");
}

std::string answer_of(const model::State& state, const exchange::Exchange& exchange,
                      const flow::Tuple& tuple, const model::ServiceRecord* service,
                      const FlowAnswer& found) {
    const auto router = router_of(state, tuple.destination);
    if (!router) return "the address is none of ours: the kernel has it";
    const model::RouterState& owner = state.routers[*router];
    if (!is_master(owner))
        return "virtual router " + owner.config->name + " is " +
               (owner.status.state == vrrp::State::fault ? "in " : "") +
               std::string(vrrp::name(owner.status.state)) +
               " here: it is dropped, the master answers";
    if (service == nullptr)
        return std::string("no virtual_server at this address and port: ") +
               (is_hosts(state, tuple.destination) ? "the host answers"
                                                   : "it is answered with RST");
    if (found.flow)
        return fate_of_flow(
            found, model::endpoint(found.flow->server_address, found.flow->server_port.host()));
    return fate_of_syn(state, exchange, *service, found);
}

}  // namespace

ExplainQuestion read_question(const model::State& state, std::string_view text) {
    const std::size_t comma = text.find(',');
    const auto client = model::read_endpoint(text.substr(0, comma));
    if (!client) return {{}, "the client is ADDRESS:PORT, or [ADDRESS]:PORT of IPv6"};
    std::optional<model::Endpoint> service;
    if (comma != std::string_view::npos) {
        service = model::read_endpoint(text.substr(comma + 1));
        if (!service) return {{}, "the service is ADDRESS:PORT, or [ADDRESS]:PORT of IPv6"};
    } else if (count_served(state.services) == 1) {
        const auto at = std::find_if(state.services.begin(), state.services.end(),
                                     [](const model::ServiceRecord& s) { return is_served(s); });
        const config::VirtualServer& only = *at->config;
        service = model::Endpoint{only.address, net::Be16(only.port)};
    } else {
        return {{}, "which service? Give its address and port too"};
    }
    if (client->address.is_v4() != service->address.is_v4())
        return {{}, "client and service are of different families"};
    return {flow::Tuple{client->address, service->address, client->port, service->port}, {}};
}

Json explanation(const model::State& state, const exchange::Exchange& exchange,
                 const flow::Tuple& client_tuple, const FlowAnswer& found) {
    const model::ServiceRecord* service = find_service(state, client_tuple);
    std::size_t left_out = 0;
    Json row{{"client", model::endpoint(client_tuple.source, client_tuple.source_port.host())},
             {"service",
              model::endpoint(client_tuple.destination, client_tuple.destination_port.host())},
             {"answer", answer_of(state, exchange, client_tuple, service, found)},
             {"flow", found.flow ? flow_row(*found.flow, found.worker, std::nullopt) : Json()},
             {"owner", found.owner},
             {"server", nullptr}};
    if (found.flow)
        row["server"] = row["flow"]["server"];
    else if (found.choice < state.servers.size() && !found.is_full &&
             !port_use(state, exchange, found.choice).is_spent())
        row["server"] = name_of(state.servers[found.choice]);
    if (service == nullptr) return row;
    row["lb_algo"] = config::to_text(service->config->lb_algo);
    row["quorum"] = service->has_quorum ? "up" : "down";
    row["servers"] = server_rows(state, exchange, *service, left_out);
    row["left_out"] = left_out;
    return row;
}

}  // namespace warren::views
