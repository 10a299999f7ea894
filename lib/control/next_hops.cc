// SPDX-License-Identifier: BSD-3-Clause
#include "control/next_hops.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <string>

#include "model/builder.h"

namespace warren::control {
namespace {

// With it the kernel drops what comes on lo from elsewhere.
bool strict_reverse_path() {
    for (const char* scope : {"all", "lo"}) {
        std::ifstream file(std::string("/proc/sys/net/ipv4/conf/") + scope + "/rp_filter");
        int value = 0;
        if (file >> value && value == 1) return true;
    }
    return false;
}

}  // namespace

void NextHops::follow() {
    std::vector<net::IpAddress> wanted;
    for (const model::ServerRecord& server : context_.state.servers)
        if (is_served(server)) wanted.push_back(server.config->address);
    for (const net::IpAddress& peer : unicast_peers())
        wanted.push_back(peer);
    // Of the others every change is told.
    const std::set<net::IpAddress> fresh = netlink_.set_wanted(wanted, zones());
    for (model::ServerRecord& server : context_.state.servers) {
        if (!is_served(server) || (server.next_hop && !fresh.contains(server.config->address)))
            continue;
        const auto hop = netlink_.next_hop(server.config->address);
        const bool is_news = !hop || server.next_hop != hop;
        server.next_hop = hop;
        if (is_news) warn_unreachable(server.config->address, hop);
    }
}

bool NextHops::needs_port(const net::IpAddress& address, const kernel::NextHop& hop) const {
    const auto is_way = [&](const model::PortState& port) { return port.ifindex == hop.ifindex; };
    const auto is_it = [&](const model::ServerRecord& server) {
        return is_served(server) && server.config->address == address;
    };
    const auto is_own = [](const config::DataplaneInterface& card) { return !card.device.empty(); };
    const auto& servers = context_.state.servers;
    const auto& ports = context_.state.ports;
    const auto& cards = context_.state.config.dataplane.interfaces;
    return !hop.local && hop.ifindex != 0 && std::none_of(ports.begin(), ports.end(), is_way) &&
           std::any_of(servers.begin(), servers.end(), is_it) &&
           std::none_of(cards.begin(), cards.end(), is_own);
}

bool NextHops::take(const net::IpAddress& address, const std::optional<kernel::NextHop>& hop) {
    send_peer_next_hop(address, hop);
    bool is_server = false;
    for (model::ServerRecord& server : context_.state.servers) {
        const bool is_there = server.presence != model::Presence::free;  // or may come back
        if (!is_there || server.config->address != address) continue;
        is_server = true;
        server.next_hop = hop;
        context_.publication.publish_soon();
    }
    if (!is_server) return false;
    warn_unreachable(address, hop);
    if (hop && hop->mac)
        spdlog::debug("server {}: next hop {} is {}", address.to_string(), hop->gateway.to_string(),
                      hop->mac->to_string());
    return true;
}

void NextHops::warn_unreachable(const net::IpAddress& server,
                                const std::optional<kernel::NextHop>& hop) {
    const auto is_way = [&](const model::PortState& port) { return port.ifindex == hop->ifindex; };
    const auto& ports = context_.state.ports;
    const model::Subject subject{.server = server.to_string(), .cause = "no_route"};
    if (!hop)
        context_.events.warn(journal::EventKind::server, subject, "server {}: no route",
                             server.to_string());
    else if (hop->local)
        log_local_server(server);
    else if (hop->without_ethernet)
        log_kernels_server(server);
    else if (std::none_of(ports.begin(), ports.end(), is_way))
        context_.events.warn(journal::EventKind::server, subject,
                             "server {}: its route leads over an interface that is not ours",
                             server.to_string());
}

void NextHops::log_local_server(const net::IpAddress& server) {
    for (const model::ServerRecord& record : context_.state.servers) {
        if (!is_served(record) || record.config->address != server || !record.next_hop ||
            !record.next_hop->local)
            continue;
        if (!is_local_server(context_.state, record))
            context_.events.warn(
                journal::EventKind::server, about(context_.state, record),
                "server {}: the address is this machine's own and is not forwarded to",
                name_of(record));
        else if (strict_reverse_path())
            context_.events.warn(
                journal::EventKind::server, about(context_.state, record),
                "server {} is this machine: net.ipv4.conf.{{all,lo}}.rp_filter 1 keeps its "
                "clients from it; 2 or 0 is needed",
                name_of(record));
    }
}

void NextHops::log_kernels_server(const net::IpAddress& server) {
    for (const model::ServerRecord& record : context_.state.servers) {
        if (!is_served(record) || record.config->address != server || !record.next_hop) continue;
        if (!record.next_hop->kernel_forwards)
            context_.events.warn(
                journal::EventKind::server, about(context_.state, record),
                "server {}: its interface has no Ethernet, so that this host's kernel has to "
                "forward to it: set net.ipv{}",
                name_of(record), server.is_v4() ? "4.ip_forward 1" : "6.conf.all.forwarding 1");
        else if (!is_kernels_server(context_.state, record))
            context_.events.warn(
                journal::EventKind::server, about(context_.state, record),
                "server {}: its interface has no Ethernet, and this host's kernel forwards to it "
                "for lb_kind NAT and FNAT only, to a VIP of its own and without proxy_protocol",
                name_of(record));
        else if (strict_reverse_path())
            context_.events.warn(
                journal::EventKind::server, about(context_.state, record),
                "server {} is reached by this host's kernel: net.ipv4.conf.{{all,lo}}.rp_filter 1 "
                "keeps its clients from it; 2 or 0 is needed",
                name_of(record));
    }
}

std::vector<net::IpAddress> NextHops::unicast_peers() const {
    std::vector<net::IpAddress> peers;
    const auto add = [&](const net::IpAddress& address) {
        if (std::find(peers.begin(), peers.end(), address) == peers.end()) peers.push_back(address);
    };
    for (const model::RouterState& router : context_.state.routers)
        if (is_served(router))
            for (const vrrp::UnicastPeer& peer : router.plan->settings.unicast_peers)
                add(peer.address);
    return peers;
}

// One such peer on two interfaces would be two: the first one counts.
kernel::Netlink::Zones NextHops::zones() const {
    kernel::Netlink::Zones zones;
    for (const model::RouterState& router : context_.state.routers)
        if (is_served(router))
            for (const vrrp::UnicastPeer& peer : router.plan->settings.unicast_peers)
                if (peer.address.is_link_local())
                    zones.emplace(peer.address, router.config->interface);
    return zones;
}

void NextHops::send_peer_next_hops() {
    for (const net::IpAddress& peer : unicast_peers()) {
        const auto hop = netlink_.next_hop(peer);
        if (!hop)
            context_.events.warn(journal::EventKind::vrrp, "unicast_peer {}: no route",
                                 peer.to_string());
        send_peer_next_hop(peer, hop);
    }
}

// The peer's adverts leave by the instance's interface; a peer behind another one has no next hop.
void NextHops::send_peer_next_hop(const net::IpAddress& address,
                                  const std::optional<kernel::NextHop>& hop) {
    for (std::size_t i = 0; i < context_.state.routers.size(); ++i) {
        const model::RouterState& router = context_.state.routers[i];
        if (!is_served(router)) continue;
        const auto& peers = router.plan->settings.unicast_peers;
        const model::PortState& port = context_.state.ports[router.port];
        const bool usable =
            hop && hop->mac && !hop->local && port.ifindex != 0 && hop->ifindex == port.ifindex;
        for (std::size_t peer = 0; peer < peers.size(); ++peer)
            if (peers[peer].address == address)
                context_.publication.command({.kind = election::VrrpCommand::Kind::next_hop,
                                              .router = static_cast<std::uint16_t>(i),
                                              .peer = static_cast<std::uint16_t>(peer),
                                              .mac = usable ? *hop->mac : net::MacAddress{}});
    }
}

}  // namespace warren::control
