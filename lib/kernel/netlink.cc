// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/netlink.h"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "kernel/guard_rules.h"

namespace warren::kernel {
namespace {

using namespace std::chrono_literals;

// A routing daemon may send thousands of changes in a row: look at our servers' routes once for
// many.
constexpr auto routes_interval = 20ms;
// How soon to try again what the kernel refused, and how often to use an entry it does not manage.
constexpr auto upkeep_interval = 1s;
constexpr auto upkeep_soon = 10ms;
constexpr std::chrono::milliseconds recheck_interval{500};
// Datagrams read before others get their turn on the io_context.
constexpr int events_per_turn = 64;

}  // namespace

template <typename Handler>
auto Netlink::guarded(Handler handler) {
    return [alive = std::weak_ptr<bool>(alive_), handler](const boost::system::error_code& error) {
        if (!error && !alive.expired()) handler();
    };
}

Netlink::Netlink(boost::asio::io_context& io, Callbacks callbacks)
    : callbacks_(std::move(callbacks)),
      requests_(NetlinkSocket::Use::requests),
      events_(NetlinkSocket::Use::events),
      readable_(io),
      route_timer_(io),
      upkeep_timer_(io) {
    readable_.assign(events_.fd());
    if (!read_all())
        throw std::system_error(EIO, std::generic_category(),
                                "netlink: cannot read the interfaces and their addresses");
    links_.take_changes();
    wait_for_events();
}

Netlink::~Netlink() {
    for (const auto& [key, neighbour] : neighbours_)
        release(key, neighbour);
    readable_.release();  // events_ closes it
}

std::optional<Link> Netlink::link(std::string_view name) const {
    const Link* found = links_.find(name);
    return found == nullptr ? std::nullopt : std::optional<Link>(*found);
}

std::optional<Link> Netlink::link(int ifindex) const {
    const Link* found = links_.find(ifindex);
    return found == nullptr ? std::nullopt : std::optional<Link>(*found);
}

std::vector<Link> Netlink::links() const {
    return links_.all();
}

std::set<net::IpAddress> Netlink::set_wanted(std::span<const net::IpAddress> servers, Zones zones) {
    if (std::exchange(zones_, std::move(zones)) != zones_) schedule_routes();
    std::vector<net::IpAddress> wanted(servers.begin(), servers.end());
    if (!std::is_sorted(wanted.begin(), wanted.end())) std::sort(wanted.begin(), wanted.end());
    wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
    const auto is_known = [](const auto& known, const net::IpAddress& address) {
        return known.first == address;
    };
    // As in most reloads; what follows takes a millisecond for thousands.
    if (std::equal(servers_.begin(), servers_.end(), wanted.begin(), wanted.end(), is_known))
        return {};
    const std::size_t gone = std::erase_if(servers_, [&](const auto& entry) {
        return !std::binary_search(wanted.begin(), wanted.end(), entry.first);
    });
    std::set<net::IpAddress> fresh;
    for (const net::IpAddress& address : servers) {
        if (servers_.contains(address)) continue;
        if (servers_.size() >= max_servers) {
            ++statistics_.table_full;
            continue;
        }
        servers_.try_emplace(address);
        fresh.insert(address);
    }
    for (const net::IpAddress& address : fresh) {
        follow_route(address, ask_route(address));
        Server& server = servers_.at(address);
        server.reported = compose(address, server);
    }
    if (gone != 0) drop_unused_neighbours();
    return fresh;
}

std::optional<NextHop> Netlink::next_hop(const net::IpAddress& server) const {
    const auto at = servers_.find(server);
    return at == servers_.end() ? std::nullopt : compose(at->first, at->second);
}

std::optional<NextHop> Netlink::compose(const net::IpAddress& address, const Server& server) const {
    if (!server.route) return std::nullopt;
    NextHop hop;
    hop.ifindex = server.route->ifindex;
    hop.gateway = server.route->gateway.value_or(address);
    hop.source = server.route->source;
    hop.local = server.route->local;
    const auto* link = links_.find(hop.ifindex);
    hop.without_ethernet = link != nullptr && !link->loopback && link->mac.is_zero();
    if (hop.without_ethernet) {
        const Forwarding forwarding = Forwarding::of_host();
        hop.kernel_forwards = address.is_v4() ? forwarding.ipv4 : forwarding.ipv6;
    }
    if (const auto at = neighbours_.find({hop.ifindex, hop.gateway}); at != neighbours_.end()) {
        hop.mac = at->second.mac;
        hop.failed = at->second.failed;
    }
    return hop;
}

// Events ------------------------------------------------------------------------------------------

// Everything anew: at start, and after events were lost.
bool Netlink::read_all() {
    LinkTable fresh;
    const auto load = [&](const KernelMessage& message) {
        bool fits = true;
        if (const auto* link = std::get_if<LinkMessage>(&message)) fits = fresh.apply(*link);
        if (const auto* address = std::get_if<AddressMessage>(&message))
            fits = fresh.apply(*address);
        if (!fits) ++statistics_.table_full;
    };
    // The kernel says EINTR when a table changed under the dump.
    for (int attempt = 0; attempt < 5; ++attempt) {
        fresh = {};
        if (requests_.dump_links(load) != 0 || requests_.dump_addresses(load) != 0) continue;
        links_.replace(std::move(fresh));
        for (auto& [key, neighbour] : neighbours_)
            keep_resolved(key, neighbour);
        schedule_routes();
        return true;
    }
    ++statistics_.request_errors;
    return false;
}

void Netlink::wait_for_events() {
    readable_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                         guarded([this] { read_events(); }));
}

void Netlink::read_events() {
    bool lost = false;
    for (int turn = 0; turn < events_per_turn; ++turn) {
        const int error = events_.read_event([this](const KernelMessage& m) { apply(m); });
        if (error == EAGAIN) break;
        if (error == ENOBUFS) lost = true;
    }
    if (lost) {
        ++statistics_.overruns;
        read_all();
    }
    wait_for_events();
    report();
}

void Netlink::apply(const KernelMessage& message) {
    bool fits = true;
    if (const auto* link = std::get_if<LinkMessage>(&message)) {
        const Link* old = links_.find(link->link.index);
        const bool was_running = old != nullptr && old->running;
        fits = links_.apply(*link);
        if (!was_running && link->link.running) link_came_back(link->link.index);
        schedule_routes();  // the kernel takes routes away with their link without a word
    } else if (const auto* address = std::get_if<AddressMessage>(&message)) {
        fits = links_.apply(*address);
        schedule_routes();
    } else if (std::holds_alternative<RouteMessage>(message)) {
        schedule_routes();
    } else if (const auto* neighbour = std::get_if<NeighbourMessage>(&message)) {
        apply(*neighbour);
    }
    if (!fits) ++statistics_.table_full;
}

// Losing the carrier removed its entries: ask for them again at once.
void Netlink::link_came_back(int ifindex) {
    for (auto& [key, neighbour] : neighbours_)
        if (key.first == ifindex) keep_resolved(key, neighbour);
}

void Netlink::apply(const NeighbourMessage& message) {
    const auto at = neighbours_.find({message.ifindex, message.address});
    if (at == neighbours_.end()) return;
    Neighbour& neighbour = at->second;
    if (message.mac) neighbour.mac = message.mac;  // without: the last one known stays
    neighbour.failed = message.failed && !message.removed;
    neighbour.kept = !message.removed && (message.managed || message.permanent);
    if (!neighbour.kept) schedule_upkeep(managed_supported_ ? upkeep_soon : upkeep_interval);
}

// Routes ------------------------------------------------------------------------------------------

void Netlink::schedule_routes() {
    if (routes_scheduled_) return;
    routes_scheduled_ = true;
    const auto now = std::chrono::steady_clock::now();
    route_timer_.expires_at(std::max(now, next_routes_));
    route_timer_.async_wait(guarded([this] {
        routes_scheduled_ = false;
        next_routes_ = std::chrono::steady_clock::now() + routes_interval;
        resolve_routes();
    }));
}

void Netlink::resolve_routes() {
    for (const auto& [address, server] : servers_)
        follow_route(address, ask_route(address));
    drop_unused_neighbours();
    report();
}

std::optional<RouteAnswer> Netlink::ask_route(const net::IpAddress& server) {
    std::optional<RouteAnswer> answer;
    const auto zone = zones_.find(server);
    const Link* link = zone == zones_.end() ? nullptr : links_.find(zone->second);
    if (zone != zones_.end() && link == nullptr) return answer;
    const int error = requests_.get_route(server, answer, link == nullptr ? 0 : link->index);
    // These say that there is no route; anything else that there is no answer.
    if (error != 0 && error != ENETUNREACH && error != EHOSTUNREACH && error != EACCES &&
        error != EINVAL)
        ++statistics_.request_errors;
    return answer;
}

void Netlink::follow_route(const net::IpAddress& address, const std::optional<RouteAnswer>& route) {
    Server& server = servers_.at(address);
    server.route = route;
    if (!route || route->local) return;
    const NeighbourKey key{route->ifindex, route->gateway.value_or(address)};
    const auto [at, fresh] = neighbours_.try_emplace(key);
    if (fresh) keep_resolved(key, at->second);
}

void Netlink::drop_unused_neighbours() {
    std::map<NeighbourKey, Neighbour> used;
    for (const auto& [address, server] : servers_) {
        if (!server.route || server.route->local) continue;
        const NeighbourKey key{server.route->ifindex, server.route->gateway.value_or(address)};
        if (auto node = neighbours_.extract(key); !node.empty()) used.insert(std::move(node));
    }
    neighbours_.swap(used);
    for (const auto& [key, neighbour] : used)
        release(key, neighbour);
}

// Neighbours --------------------------------------------------------------------------------------

bool Netlink::refresh_neighbour(const NeighbourKey& key, Neighbour& neighbour) {
    std::optional<NeighbourMessage> entry;
    requests_.get_neighbour(key.first, key.second, entry);  // ENOENT: there is none
    neighbour.kept = entry && (entry->managed || entry->permanent);
    neighbour.failed = entry && entry->failed;
    if (entry && entry->mac) neighbour.mac = entry->mac;
    return entry.has_value();
}

void Netlink::keep_resolved(const NeighbourKey& key, Neighbour& neighbour) {
    refresh_neighbour(key, neighbour);
    // The operator's permanent entry would lose its permanence by the managed flag: hands off.
    if (neighbour.kept) return;
    neighbour.flag_is_ours = false;
    const Link* link = links_.find(key.first);
    if (link == nullptr || !link->running) return;  // link_came_back() will
    if (managed_supported_) {
        const int error =
            requests_.keep_neighbour(key.first, key.second, NetlinkSocket::Keep::managed);
        const bool exists = refresh_neighbour(key, neighbour);
        if (neighbour.kept) {
            neighbour.flag_is_ours = true;
            return;
        }
        // A kernel older than 5.16 ignores the flag or rejects it.
        if (error == EINVAL || error == EOPNOTSUPP || (error == 0 && exists))
            managed_supported_ = false;
    }
    if (!managed_supported_) ++statistics_.managed_refused;
    if (requests_.keep_neighbour(key.first, key.second, NetlinkSocket::Keep::use) != 0)
        ++statistics_.request_errors;
    schedule_upkeep(upkeep_interval);
}

void Netlink::recheck(const net::IpAddress& server) {
    const auto found = servers_.find(server);
    if (found == servers_.end() || !found->second.route || found->second.route->local) return;
    const NeighbourKey key{found->second.route->ifindex,
                           found->second.route->gateway.value_or(server)};
    const auto at = neighbours_.find(key);
    const auto now = std::chrono::steady_clock::now();
    if (at == neighbours_.end() || now < at->second.recheckable) return;
    at->second.recheckable = now + recheck_interval;
    std::optional<NeighbourMessage> entry;
    requests_.get_neighbour(key.first, key.second, entry);
    if (!entry || !entry->mac || entry->permanent) return;  // being asked for, or nobody's guess
    requests_.set_neighbour(key.first, key.second,
                            entry->probing ? NetlinkSocket::NeighbourState::failed
                                           : NetlinkSocket::NeighbourState::probe);
    keep_resolved(key, at->second);
}

// Leaves the entry itself to the kernel's garbage collection.
void Netlink::release(const NeighbourKey& key, const Neighbour& neighbour) {
    if (neighbour.flag_is_ours)
        requests_.keep_neighbour(key.first, key.second, NetlinkSocket::Keep::use);
}

void Netlink::schedule_upkeep(std::chrono::milliseconds delay) {
    if (upkeep_scheduled_) return;
    upkeep_scheduled_ = true;
    upkeep_timer_.expires_after(delay);
    upkeep_timer_.async_wait(guarded([this] {
        upkeep_scheduled_ = false;
        upkeep();
    }));
}

void Netlink::upkeep() {
    for (auto& [key, neighbour] : neighbours_)
        if (!neighbour.kept) keep_resolved(key, neighbour);
    report();
}

// Reports -----------------------------------------------------------------------------------------

void Netlink::report() {
    std::vector<std::pair<net::IpAddress, std::optional<NextHop>>> changed;
    for (auto& [address, server] : servers_) {
        const std::optional<NextHop> now = compose(address, server);
        if (now == server.reported) continue;
        server.reported = now;
        changed.emplace_back(address, now);
    }
    const std::vector<Link> links = links_.take_changes();
    if (links.empty() && changed.empty()) return;
    // A callback may call us, or even destroy us: from here on nothing of ours but copies.
    const std::weak_ptr<bool> alive = alive_;
    const Callbacks callbacks = callbacks_;
    for (const Link& link : links)
        if (!alive.expired() && callbacks.link_changed) callbacks.link_changed(link);
    for (const auto& [address, hop] : changed)
        if (!alive.expired() && callbacks.next_hop_changed)
            callbacks.next_hop_changed(address, hop);
}

}  // namespace warren::kernel
