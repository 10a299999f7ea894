// SPDX-License-Identifier: BSD-3-Clause
#include "election/announcer.h"

#include <algorithm>
#include <array>

#include "net/build.h"
#include "net/headers.h"

namespace warren::election {
namespace {

constexpr unsigned most_rounds = 255;
constexpr std::size_t advertisement_bytes = 32;
constexpr std::size_t max_frame_bytes =
    sizeof(net::EthernetHeader) + sizeof(net::Ipv6Header) + advertisement_bytes;

}  // namespace

Announcer::Announcer(std::size_t routers)
    : items_(routers),
      ring_(std::max<std::size_t>(routers, 1)),
      next_arp_ns_(max_ports, 0),
      next_na_ns_(max_ports, 0) {}

void Announcer::enqueue(std::size_t router) {
    items_[router].queued = true;
    ring_[(first_ + queued_++) % ring_.size()] = static_cast<std::uint16_t>(router);
}

void Announcer::enqueue_first(std::size_t router) {
    items_[router].queued = true;
    first_ = (first_ + ring_.size() - 1) % ring_.size();
    ring_[first_] = static_cast<std::uint16_t>(router);
    ++queued_;
}

std::size_t Announcer::dequeue() {
    const std::size_t router = ring_[first_];
    first_ = (first_ + 1) % ring_.size();
    --queued_;
    items_[router].queued = false;
    return router;
}

void Announcer::add(std::size_t router, const vrrp::Announce& what, const RouterPlan& plan) {
    change_plan(router, plan);
    Item& item = items_[router];
    const bool all = what.what == vrrp::AnnouncedSet::all;
    if (all && item.rounds == 0) item.next = 0;  // the added ones' round gives way
    std::uint8_t& rounds = all ? item.rounds : item.added_rounds;
    rounds = static_cast<std::uint8_t>(std::min<unsigned>(rounds + what.rounds, most_rounds));
    deadline_ns_ = 0;
    if (!item.queued) enqueue(router);
}

void Announcer::change_plan(std::size_t router, const RouterPlan& plan) {
    Item& item = items_[router];
    item.port = plan.port;
    item.mac = plan.source_mac;
    item.added = plan.added;
    item.garp_gap_ns = plan.garp_gap_ns;
    item.gna_gap_ns = plan.gna_gap_ns;
}

// It keeps its place in the queue, where it will be found with nothing to do.
void Announcer::cancel(std::size_t router) {
    items_[router].rounds = items_[router].added_rounds = 0;
    items_[router].next = 0;
}

void Announcer::clear(std::size_t router) {
    Item next;
    next.queued = items_[router].queued;
    items_[router] = next;
}

unsigned Announcer::send(const exchange::Snapshot& snapshot, std::uint64_t now_ns, unsigned most,
                         FrameSink& sink) {
    unsigned refused = 0;
    std::uint64_t later_ns = nothing_due;
    // Each router in the queue has at most one turn; a turn ends with its round.
    for (std::size_t turns = queued_; turns != 0 && most != 0; --turns) {
        const std::size_t router = dequeue();
        Item& item = items_[router];
        Sent what = has_work(item) ? Sent::frame : Sent::round_end;
        while (what == Sent::frame && most != 0) {
            what = send_one(router, snapshot, now_ns, sink);
            if (what == Sent::frame) --most;
        }
        if (what == Sent::refused) {
            ++refused;
            later_ns = std::min(later_ns, now_ns + retry_ns);
        } else if (what == Sent::later) {
            later_ns = std::min(later_ns, deadline_ns_);
        } else {
            later_ns = now_ns;
        }
        if (what == Sent::frame)
            enqueue_first(router);  // interrupted in its round
        else if (has_work(item))
            enqueue(router);
    }
    deadline_ns_ = most == 0 ? now_ns : later_ns;
    return refused;
}

std::optional<Announcer::Claim> Announcer::next_claim(std::size_t router, const Item& item,
                                                      const exchange::Snapshot& snapshot) {
    if (item.rounds == 0) {
        if (item.next >= item.added.size()) return std::nullopt;
        return Claim{item.added[item.next], item.mac, item.port};
    }
    const auto addresses = snapshot.addresses_of(router);
    if (item.next >= addresses.size()) return std::nullopt;
    const exchange::OwnedAddress& owned = snapshot.addresses[addresses[item.next]];
    return Claim{owned.address, owned.mac, owned.port};
}

Announcer::Sent Announcer::send_one(std::size_t router, const exchange::Snapshot& snapshot,
                                    std::uint64_t now_ns, FrameSink& sink) {
    Item& item = items_[router];
    const std::optional<Claim> claim = next_claim(router, item, snapshot);
    if (!claim) {
        item.next = 0;
        --(item.rounds != 0 ? item.rounds : item.added_rounds);
        return Sent::round_end;
    }
    const bool arp = claim->address.is_v4();
    std::uint64_t& next_ns = (arp ? next_arp_ns_ : next_na_ns_)[claim->port];
    if (now_ns < next_ns) {
        deadline_ns_ = next_ns;
        return Sent::later;
    }
    std::array<std::uint8_t, max_frame_bytes> frame;
    const std::size_t bytes =
        arp ? net::build_gratuitous_arp(frame, claim->mac, claim->address.as_v4())
            : net::build_unsolicited_advertisement(frame, claim->mac, claim->address);
    if (!sink.send(claim->port, net::ConstBytes(frame).first(bytes))) return Sent::refused;
    for (AnnouncementCounts* counts : {&item.counts, &total_})
        ++(arp ? counts->gratuitous_arps : counts->advertisements);
    next_ns = now_ns + (arp ? item.garp_gap_ns : item.gna_gap_ns);
    ++item.next;
    return Sent::frame;
}

}  // namespace warren::election
