// SPDX-License-Identifier: BSD-3-Clause
// Routes and rules of the host that are ours: there while they are wanted, gone otherwise, whatever
// ends us. withdraw() and place() compare what is wanted with what was put there, so they can be
// called after any change, the one before the addresses change and the other after it; the
// destructor takes everything back. A request socket of its own, whose answers do not wait. Errors:
// the constructor throws std::system_error; what the kernel refuses is told once, and tried again.
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "kernel/cleaner.h"
#include "kernel/host_addresses.h"
#include "kernel/netlink_socket.h"
#include "kernel/policy_entry.h"

namespace warren::kernel {

// RTM_NEWROUTE, RTM_NEWRULE and their removals, with the interfaces' indices of this moment;
// nothing if it names an interface that is not there.
enum class Change { add, remove };
std::optional<NetlinkMessage> policy_request(const PolicyEntry& entry, Change change);

class HostRoutes {
  public:
    using Log = HostAddresses::Log;

    // `cleaner`: who takes back what we put there if we cannot; may be null.
    HostRoutes(Log log, Cleaner* cleaner);
    ~HostRoutes();
    HostRoutes(const HostRoutes&) = delete;
    HostRoutes& operator=(const HostRoutes&) = delete;

    // At the start: removes what an earlier life, or a keepalived before us, has left of `ours`.
    void remove_leftovers(std::span<const PolicyEntry> ours);

    // Removes what is no longer wanted, the latest first.
    void withdraw(std::span<const PolicyEntry> wanted);
    // Adds what is missing, in the order given.
    void place(std::span<const PolicyEntry> wanted);
    // Once in a while: puts back what somebody, or a link that went down, has taken away.
    void restore();

    bool has_placed(const PolicyEntry& entry) const;
    // It was there, was taken away and cannot come back. Not what the kernel never took.
    bool has_lost(const PolicyEntry& entry) const;

  private:
    struct Placed {
        PolicyEntry entry;
        NetlinkMessage removal;
    };

    void add(const PolicyEntry& entry);
    void remove(const Placed& placed);
    void renew(Placed& placed, bool is_there);
    void log_refusal(const PolicyEntry& entry, int error);

    Log log_;
    Cleaner* cleaner_;
    NetlinkSocket requests_;
    std::vector<Placed> placed_;  // in the order of their coming
    std::vector<PolicyEntry> lost_;
    std::set<std::string> refused_;  // told
};

}  // namespace warren::kernel
