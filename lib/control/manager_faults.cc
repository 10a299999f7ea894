// SPDX-License-Identifier: BSD-3-Clause
// Faults of the machine's own that only who drives the card can notice: it sends nothing any more,
// packet buffers have run out. The virtual routers give up; what still works says good-bye.
#include <rte_mempool.h>

#include "control/manager.h"
#include "port/clock.h"

namespace warren::control {
namespace {

constexpr std::uint64_t look_every_ns = 100'000'000;
constexpr std::uint64_t probe_every_ns = 1'000'000'000;

}  // namespace

void Manager::look_for_stalls() {
    const std::uint64_t now_ns = port::now_ns();
    if (now_ns < next_stall_look_ns_) return;
    next_stall_look_ns_ = now_ns + look_every_ns;
    for (std::size_t i = 0; i < stalls_.size(); ++i)
        look_at_port(static_cast<std::uint8_t>(i), now_ns);
    if (options_.pool == nullptr) return;
    const bool exhausted =
        buffers_.look(now_ns, rte_mempool_avail_count(options_.pool), options_.pool->size);
    if (exhausted == no_buffers_) return;
    no_buffers_ = exhausted;
    if (exhausted)
        events_.error(journal::EventKind::process, "no packet buffers: nothing can be received");
    else
        events_.info(journal::EventKind::process, "packet buffers are free again");
    for (std::size_t i = 0; i < state_->routers.size(); ++i)
        set_fault(static_cast<std::uint16_t>(i), vrrp::FaultCause::no_buffers, exhausted, true);
}

// A port without link is expected to send nothing.
void Manager::look_at_port(std::uint8_t index, std::uint64_t now_ns) {
    PortStall& stall = stalls_[index];
    const model::PortState& port = state_->ports[index];
    if (!port.link_up && !stall.stalled) {
        stall.watch = {};
        return;
    }
    const election::VrrpCounters& counters = vrrp_.counters;
    const bool stalled =
        stall.watch.look(now_ns, counters.tried[index].value(), counters.taken[index].value(),
                         ports_[index]->stats().opackets);
    // In fault nobody advertises: a frame of our own tells when it works again.
    if (stalled && now_ns >= stall.next_probe_ns) {
        stall.next_probe_ns = now_ns + probe_every_ns;
        probe(index);
    }
    if (stalled == stall.stalled) return;
    stall.stalled = stalled;
    events_.add(journal::EventKind::link,
                stalled ? journal::EventLevel::error : journal::EventLevel::info,
                "interface " + port.name +
                    (stalled ? ": sends nothing of what it is given" : ": sends again"));
    for (std::size_t i = 0; i < state_->routers.size(); ++i)
        if (state_->routers[i].port == index)
            set_fault(static_cast<std::uint16_t>(i), vrrp::FaultCause::transmit_stall, stalled,
                      !stalled);
}

void Manager::set_fault(std::uint16_t router, vrrp::FaultCause cause, bool present,
                        bool can_transmit) {
    command({.kind = election::VrrpCommand::Kind::fault,
             .router = router,
             .cause = cause,
             .present = present,
             .can_transmit = can_transmit});
}

void Manager::probe(std::uint8_t index) {
    for (std::size_t i = 0; i < state_->routers.size(); ++i)
        if (state_->routers[i].port == index)
            return command({.kind = election::VrrpCommand::Kind::probe,
                            .router = static_cast<std::uint16_t>(i),
                            .mac = state_->ports[index].mac});
}

}  // namespace warren::control
