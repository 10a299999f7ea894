// SPDX-License-Identifier: BSD-3-Clause
// The kernel's view that Warren needs: links (state, MAC, addresses), the route to each real_server
// and the MAC of its next hop, kept resolved without traffic. One event socket on the manager's
// io_context and one request socket whose answers the kernel prepares within the call, so requests
// do not wait. The constructor and set_wanted() know everything at once; changes after that come as
// callbacks, which are only ever called from the io_context, never from within a call into this
// class. Errors: the constructor throws std::system_error; later failures are counted in
// NetlinkStatistics.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernel/link_table.h"
#include "kernel/netlink_counters.h"
#include "kernel/netlink_socket.h"
#include "kernel/next_hop.h"
#include "net/address.h"

namespace warren::kernel {

class Netlink {
  public:
    struct Callbacks {
        // Any change of a link, an address on it included. `present` is false when it was removed.
        std::function<void(const Link&)> link_changed;
        // Of a wanted server; nothing = no route.
        std::function<void(const net::IpAddress& server, const std::optional<NextHop>&)>
            next_hop_changed;
    };
    static constexpr std::size_t max_servers = 4096;
    // Which interface a link-local address is meant on (RFC 4007).
    using Zones = std::map<net::IpAddress, std::string>;

    Netlink(boost::asio::io_context& io, Callbacks callbacks);
    ~Netlink();
    Netlink(const Netlink&) = delete;
    Netlink& operator=(const Netlink&) = delete;

    std::optional<Link> link(std::string_view name) const;
    std::optional<Link> link(int ifindex) const;
    std::vector<Link> links() const;

    // Replaces the set of servers whose next hops are kept resolved (beyond max_servers: left out,
    // counted). Servers that stay keep their next hop and MAC; returns the others.
    std::set<net::IpAddress> set_wanted(std::span<const net::IpAddress> servers, Zones zones = {});
    // Of a wanted server; nothing = unknown server or no route to it.
    std::optional<NextHop> next_hop(const net::IpAddress& server) const;

    // A wanted server does not answer: perhaps its address has moved to another machine without a
    // gratuitous ARP, and the kernel would use the old MAC for up to 45 s. Has the kernel probe the
    // neighbour (NUD_PROBE), and the next call, if none answered, resolve it anew; twice a second
    // at most.
    void recheck(const net::IpAddress& server);

    const NetlinkStatistics& statistics() const { return statistics_; }

  private:
    using NeighbourKey = std::pair<int, net::IpAddress>;  // ifindex, address
    struct Neighbour {
        std::optional<net::MacAddress> mac;
        bool failed = false;
        bool kept = false;          // managed or permanent: the kernel keeps it resolved
        bool flag_is_ours = false;  // we set the managed flag, we take it away
        std::chrono::steady_clock::time_point recheckable = {};  // not before
    };
    struct Server {
        std::optional<RouteAnswer> route;
        std::optional<NextHop> reported;
    };

    bool read_all();
    void wait_for_events();
    void read_events();
    void apply(const KernelMessage& message);
    void apply(const NeighbourMessage& message);
    void link_came_back(int ifindex);

    void schedule_routes();
    void resolve_routes();
    std::optional<RouteAnswer> ask_route(const net::IpAddress& server);
    void follow_route(const net::IpAddress& server, const std::optional<RouteAnswer>& route);
    void drop_unused_neighbours();

    // What the kernel has; false = no entry.
    bool refresh_neighbour(const NeighbourKey& key, Neighbour& neighbour);
    void keep_resolved(const NeighbourKey& key, Neighbour& neighbour);
    void release(const NeighbourKey& key, const Neighbour& neighbour);
    void schedule_upkeep(std::chrono::milliseconds delay);
    void upkeep();

    void report();
    std::optional<NextHop> compose(const net::IpAddress& address, const Server& server) const;
    template <typename Handler>
    auto guarded(Handler handler);

    Callbacks callbacks_;
    NetlinkSocket requests_;
    NetlinkSocket events_;
    boost::asio::posix::stream_descriptor readable_;
    boost::asio::steady_timer route_timer_;
    boost::asio::steady_timer upkeep_timer_;
    LinkTable links_;
    std::map<net::IpAddress, Server> servers_;
    Zones zones_;
    std::map<NeighbourKey, Neighbour> neighbours_;
    NetlinkStatistics statistics_;
    bool routes_scheduled_ = false;
    bool upkeep_scheduled_ = false;
    bool managed_supported_ = true;
    std::chrono::steady_clock::time_point next_routes_{};
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace warren::kernel
