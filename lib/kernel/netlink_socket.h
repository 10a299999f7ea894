// SPDX-License-Identifier: BSD-3-Clause
// One rtnetlink socket (libmnl) and the messages Warren sends and reads, as plain structs. Requests
// are answered by the kernel within the send, so the reads that follow do not wait. Errors: opening
// throws std::system_error; a request gives the kernel's errno (0 = done).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "kernel/kernel_address.h"
#include "kernel/link_table.h"
#include "net/address.h"

struct mnl_socket;
struct nlmsghdr;

namespace warren::kernel {

struct RouteAnswer {
    int ifindex = 0;
    std::optional<net::IpAddress> gateway;
    std::optional<net::IpAddress> source;
    bool local = false;  // the destination is an address of this machine

    friend bool operator==(const RouteAnswer&, const RouteAnswer&) = default;
};

struct RouteMessage {};  // some route changed; which one does not matter

struct NeighbourMessage {
    bool removed = false;
    int ifindex = 0;
    net::IpAddress address;
    std::optional<net::MacAddress> mac;  // only of an entry that is valid
    bool failed = false;
    bool probing = false;  // asked whether it still has that MAC, and no answer yet
    bool permanent = false;
    bool managed = false;
};

using KernelMessage =
    std::variant<std::monostate, LinkMessage, AddressMessage, RouteMessage, NeighbourMessage>;
// monostate: a message that is none of our business, or that cannot be read.
KernelMessage parse_kernel_message(const nlmsghdr& header);

// A request as bytes, without its sequence number: it can be compared, stored, and sent by another
// process.
using NetlinkMessage = std::vector<char>;

// exact: only with our prefix length, for the same address with another one is somebody else's.
// any_prefix: for what an earlier run of ours has left.
enum class Removal : std::uint8_t { exact, any_prefix };
// The request that removes the address.
NetlinkMessage address_removal(int ifindex, const KernelAddress& address,
                               Removal removal = Removal::exact);

class NetlinkSocket {
  public:
    enum class Use : std::uint8_t { requests, events };
    enum class Keep : std::uint8_t { managed, use };
    enum class NeighbourState : std::uint8_t { probe, failed };

    explicit NetlinkSocket(Use use);
    ~NetlinkSocket();
    NetlinkSocket(const NetlinkSocket&) = delete;
    NetlinkSocket& operator=(const NetlinkSocket&) = delete;

    int fd() const;

    using Handler = std::function<void(const KernelMessage&)>;
    // Events: reads at most one datagram. 0 = handled, EAGAIN = nothing there, ENOBUFS = events
    // lost.
    int read_event(const Handler& handler);

    // Requests.
    int dump_links(const Handler& handler);
    int dump_addresses(const Handler& handler);
    // `ifindex`: by that interface, as a link-local destination needs it; 0: any.
    int get_route(const net::IpAddress& destination, std::optional<RouteAnswer>& answer,
                  int ifindex = 0);
    int get_neighbour(int ifindex, const net::IpAddress& address,
                      std::optional<NeighbourMessage>& answer);
    // Makes the entry if need be and starts resolving it. managed: the kernel keeps it resolved,
    // however many there are; `use` takes that away.
    int keep_neighbour(int ifindex, const net::IpAddress& address, Keep keep);
    // Of an entry with a MAC. probe: the kernel asks that station by unicast (NUD_PROBE). failed:
    // the MAC is invalid until keep_neighbour() has it resolved anew. Both clear the managed flag.
    int set_neighbour(int ifindex, const net::IpAddress& address, NeighbourState state);

    // EEXIST, EADDRNOTAVAIL: it is as asked for already.
    int add_address(int ifindex, const KernelAddress& address);
    int remove_address(int ifindex, const KernelAddress& address, Removal removal = Removal::exact);

    // One that asks for an acknowledgement and nothing else.
    int request(NetlinkMessage message);

  private:
    int transact(nlmsghdr& request, const std::function<void(const nlmsghdr&)>& handler);

    mnl_socket* socket_;
    std::uint32_t sequence_ = 0;
};

}  // namespace warren::kernel
