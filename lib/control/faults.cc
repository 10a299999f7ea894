// SPDX-License-Identifier: BSD-3-Clause
#include "control/faults.h"

#include <rte_mempool.h>

namespace warren::control {
namespace {

constexpr std::uint64_t look_every_ns = 100'000'000;
constexpr std::uint64_t probe_every_ns = 1'000'000'000;

}  // namespace

Faults::Faults(const Context& context, const port::PortTable& ports, const rte_mempool* pool,
               const election::VrrpCounters& counters)
    : context_(context), ports_(ports), pool_(pool), counters_(counters) {}

void Faults::look(std::uint64_t now_ns) {
    if (now_ns < next_look_ns_) return;
    next_look_ns_ = now_ns + look_every_ns;
    for (std::size_t i = 0; i < ports_.size(); ++i)
        look_at_port(static_cast<std::uint8_t>(i), now_ns);
    if (pool_ != nullptr) look_at_buffers(now_ns);
}

void Faults::look_at_buffers(std::uint64_t now_ns) {
    const bool exhausted = buffers_.look(now_ns, rte_mempool_avail_count(pool_), pool_->size);
    if (exhausted == no_buffers_) return;
    no_buffers_ = exhausted;
    if (exhausted)
        context_.events.error(journal::EventKind::process,
                              "no packet buffers: nothing can be received");
    else
        context_.events.info(journal::EventKind::process, "packet buffers are free again");
    for (std::size_t i = 0; i < context_.state.routers.size(); ++i)
        context_.publication.fault(static_cast<std::uint16_t>(i), vrrp::FaultCause::no_buffers,
                                   exhausted);
}

// A port without link is expected to send nothing.
void Faults::look_at_port(std::uint8_t index, std::uint64_t now_ns) {
    PortStall& stall = stalls_[index];
    const model::PortState& port = context_.state.ports[index];
    if (!port.link_up && !stall.stalled) {
        stall.watch = {};
        return;
    }
    const bool stalled =
        stall.watch.look(now_ns, counters_.tried[index].value(), counters_.taken[index].value(),
                         ports_[index].stats().opackets);
    // In fault nobody advertises: a frame of our own tells when it works again.
    if (stalled && now_ns >= stall.next_probe_ns) {
        stall.next_probe_ns = now_ns + probe_every_ns;
        probe(index);
    }
    if (stalled == stall.stalled) return;
    stall.stalled = stalled;
    context_.events.add(journal::EventKind::link,
                        stalled ? journal::EventLevel::error : journal::EventLevel::info,
                        "interface " + port.name +
                            (stalled ? ": sends nothing of what it is given" : ": sends again"),
                        about(port));
    for (std::size_t i = 0; i < context_.state.routers.size(); ++i)
        if (context_.state.routers[i].port == index)
            context_.publication.fault(static_cast<std::uint16_t>(i),
                                       vrrp::FaultCause::transmit_stall, stalled, !stalled);
}

std::uint16_t Faults::of(std::uint8_t port) const {
    const auto bit = [](vrrp::FaultCause cause, bool present) {
        return present ? 1U << static_cast<unsigned>(cause) : 0U;
    };
    return static_cast<std::uint16_t>(bit(vrrp::FaultCause::transmit_stall, stalls_[port].stalled) |
                                      bit(vrrp::FaultCause::no_buffers, no_buffers_));
}

void Faults::probe(std::uint8_t index) {
    for (std::size_t i = 0; i < context_.state.routers.size(); ++i)
        if (is_served(context_.state.routers[i]) && context_.state.routers[i].port == index)
            return context_.publication.command({.kind = election::VrrpCommand::Kind::probe,
                                                 .router = static_cast<std::uint16_t>(i),
                                                 .mac = context_.state.ports[index].mac});
}

}  // namespace warren::control
