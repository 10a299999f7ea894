// SPDX-License-Identifier: BSD-3-Clause
// The virtual addresses on the host's interfaces: there while their router is master, removed
// otherwise, also when we are killed (cleaner.h). follow() compares what is wanted with what was
// put there and with what the kernel has, so it can be called after any change; the destructor
// takes everything back. A request socket of its own, whose answers do not wait. Errors: the
// constructor throws std::system_error; an address that the kernel refuses is told once, and tried
// again.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernel/cleaner.h"
#include "kernel/kernel_address.h"
#include "kernel/link_table.h"
#include "kernel/netlink_socket.h"

namespace warren::kernel {

// An address that the kernel has accepted. `seen`: its event has come, so from then on a link
// without it has lost it. `ifindex`: where, for its interface may get another name.
struct PlacedAddress {
    KernelAddress address;
    bool seen = false;
    int ifindex = 0;
};

// Whether an address that a link has lost is added again. Not at once: to somebody who replaces all
// addresses of an interface ours would become the primary of its network, and take his secondary
// ones with it when it goes.
enum class Lost { wait, come_again };

// Pure. What to remove, then what to add. Addresses that others have put on the link stay (an
// address owner's, say).
struct AddressChanges {
    std::vector<KernelAddress> remove, add;
};
using AddressKey = std::pair<std::string, net::IpAddress>;  // interface and address
using PlacedAddresses = std::map<AddressKey, PlacedAddress>;
// Updates `seen` in `placed`.
AddressChanges address_changes(PlacedAddresses& placed, const std::vector<KernelAddress>& wanted,
                               const std::vector<Link>& links, Lost lost);

bool has_address(const Link& link, const net::IpAddress& address);

// Pure. Which of `ours` are on their interfaces already, left by an earlier run. Not the first
// address of an interface: that is the host's own, even if an instance names it.
std::vector<KernelAddress> leftovers(std::span<const KernelAddress> ours,
                                     const std::vector<Link>& links);

// promote_secondaries of an interface, as a request: the kernel keeps the addresses of a network
// when the first one of it goes.
NetlinkMessage promotion(int ifindex, bool on);

class HostAddresses {
  public:
    // An empty interface: it is of none.
    using Say = std::function<void(const std::string& interface, const std::string& text)>;
    struct Log {
        Say info, warning;
    };

    // `cleaner`: who takes back what we put there if we cannot; may be null.
    HostAddresses(Log log, Cleaner* cleaner);
    ~HostAddresses();
    HostAddresses(const HostAddresses&) = delete;
    HostAddresses& operator=(const HostAddresses&) = delete;

    // At the start: removes what an earlier life, or a keepalived before us, has left of `ours`.
    void remove_leftovers(std::span<const KernelAddress> ours);

    // Whoever else has addresses on those interfaces keeps them when one of ours goes. Others are
    // as they were before, after the next follow().
    void promote_on(const std::set<std::string>& interfaces);

    void follow(const std::vector<KernelAddress>& wanted, const std::vector<Link>& links,
                Lost lost = Lost::wait);

    // Once in a while: by now their events have come, whatever has become of them.
    void expect_all_seen();

    // Whether that link has the address through us alone.
    bool has_placed(std::string_view interface, const net::IpAddress& address) const;
    // It was there and cannot come back. Not what the kernel never took, nor what comes soon.
    bool has_lost(const KernelAddress& address, const std::vector<Link>& links) const;

  private:
    void promote(const std::string& interface);
    void end_promotions(const std::set<std::string>& but);
    int remove(const KernelAddress& address, int ifindex, Removal removal = Removal::exact);
    void log_refusal(const KernelAddress& address, int error);

    Log log_;
    Cleaner* cleaner_;
    NetlinkSocket requests_;
    PlacedAddresses placed_;
    std::map<std::string, int> promoting_;  // through us; the interface's index then
    std::set<std::string> to_promote_;
    std::set<net::IpAddress> refused_;  // told
};

}  // namespace warren::kernel
