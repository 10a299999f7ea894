// SPDX-License-Identifier: BSD-3-Clause
#include "control/vrrp_engine.h"

#include <algorithm>
#include <array>
#include <variant>

#include "net/build.h"
#include "net/headers.h"
#include "net/parse.h"
#include "vrrp/advert.h"

namespace warren::control {
namespace {

constexpr std::size_t max_frame_bytes =
    sizeof(net::EthernetHeader) + sizeof(net::Ipv6Header) + vrrp::max_message_bytes;

std::uint8_t hop_limit(net::ConstBytes frame, const net::Parsed& parsed) {
    return parsed.network == net::Network::ipv4
               ? net::load<net::Ipv4Header>(frame, parsed.l3_offset).time_to_live
               : net::load<net::Ipv6Header>(frame, parsed.l3_offset).hop_limit;
}

// RFC 1112 6.4: the group's low 23 bits.
net::MacAddress multicast_mac(net::Be32 group) {
    const std::uint32_t low = group.host() & 0x7fffff;
    return {{0x01, 0x00, 0x5e, static_cast<std::uint8_t>(low >> 16),
             static_cast<std::uint8_t>(low >> 8), static_cast<std::uint8_t>(low)}};
}

// RFC 3768 5.2, with the group of the configuration.
std::size_t build_advert(net::Bytes out, const RouterPlan& plan, net::ConstBytes message) {
    const vrrp::Settings& settings = plan.settings;
    if (settings.is_ipv6())
        return net::build_vrrp_advert(out, plan.source_mac, settings.primary_address, message);
    const net::Be32 group = settings.multicast_group.as_v4();
    net::IpFields<net::Be32> fields;
    fields.source = settings.primary_address.as_v4();
    fields.destination = group;
    fields.protocol = net::IpProtocol::vrrp;
    fields.hop_limit = vrrp::multicast_ttl;
    fields.traffic_class = 0xc0;
    return net::build_ip<net::Ip4>(out, {plan.source_mac, multicast_mac(group)}, fields, message);
}

}  // namespace

VrrpEngine::VrrpEngine(const std::vector<const RouterPlan*>& plans, std::uint64_t start_ns,
                       exchange::Ownership& ownership, VrrpLink& link, FrameSink& sink)
    : ownership_(ownership), link_(link), sink_(sink), start_ns_(start_ns) {
    routers_.reserve(plans.size());
    for (const RouterPlan* plan : plans) {
        routers_.emplace_back(*plan);
        // Known before anything that the manager reports later, so that the news comes after.
        for (unsigned bit = 0; bit < 8; ++bit)
            if ((plan->faults >> bit & 1) != 0)
                routers_.back().instance.step(
                    vrrp::FaultChange{static_cast<vrrp::FaultCause>(bit), true, false}, start_ns);
    }
}

// ---- what comes in

void VrrpEngine::on_frame(std::uint8_t port, net::ConstBytes frame, const Round& round) {
    link_.counters.frames.add();
    const net::Parsed parsed = net::parse(frame);
    if (!parsed.ok() || !parsed.is_ip() || parsed.fragment != net::Fragment::none) {
        link_.counters.malformed.add();
        return;
    }
    const vrrp::Datagram datagram{frame.subspan(parsed.l4_offset, parsed.l4_bytes()),
                                  hop_limit(frame, parsed), parsed.source, parsed.destination};
    const auto vrid = vrrp::peek_vrid(datagram.payload);
    // A tagged frame is of another VLAN, where other virtual routers live.
    const bool ours = vrid && parsed.tag_count == 0 && parsed.protocol == net::IpProtocol::vrrp;
    Router* router = ours ? find(port, *vrid, parsed.network == net::Network::ipv6) : nullptr;
    if (router == nullptr) {
        link_.counters.unknown_router.add();
        return;
    }
    const vrrp::Decoded decoded = vrrp::decode(datagram, router->plan->settings);
    if (const auto* reason = std::get_if<vrrp::RejectReason>(&decoded))
        router->instance.count_rejected(*reason);
    else
        step(static_cast<std::size_t>(router - routers_.data()),
             vrrp::AdvertReceived{std::get<vrrp::Advert>(decoded), parsed.source}, round);
}

void VrrpEngine::on_command(const VrrpCommand& command, const Round& round) {
    switch (command.kind) {
        case VrrpCommand::Kind::fault:
            set_fault(command.router, {command.cause, command.present, command.can_transmit},
                      round);
            break;
        case VrrpCommand::Kind::priority:
            step(command.router, vrrp::PriorityChange{command.priority}, round);
            break;
        case VrrpCommand::Kind::plan: {
            Router& router = routers_[command.router];
            VrrpReport taken{.kind = VrrpReport::Kind::plan_taken, .router = command.router};
            taken.plan = router.plan;
            router.plan = command.plan;
            // What tracking made of the priority holds on.
            step(command.router,
                 vrrp::Reconfigure{&command.plan->settings,
                                   router.instance.status().effective_priority},
                 round);
            report(taken);
            break;
        }
        case VrrpCommand::Kind::shutdown:
            stop(round);
            break;
    }
}

void VrrpEngine::tick(const Round& round) {
    if (!started_ && !stopped_ && round.now_ns >= start_ns_) start(round);
    watch_workers(round);
    for (std::size_t i = 0; i < routers_.size(); ++i) {
        const vrrp::Instance& instance = routers_[i].instance;
        if (instance.deadline_ns() <= round.now_ns || instance.waiting_for_workers())
            step(i, vrrp::Tick{round.rx_drained_ns}, round);
    }
    send_statuses(round);
}

std::uint64_t VrrpEngine::deadline_ns() const {
    if (!started_) return start_ns_;
    std::uint64_t first = vrrp::no_deadline;
    for (const Router& router : routers_)
        first = std::min(first, router.instance.deadline_ns());
    return first;
}

void VrrpEngine::start(const Round& round) {
    started_ = true;
    for (std::size_t i = 0; i < routers_.size(); ++i)
        step(i, vrrp::Startup{}, round);
}

void VrrpEngine::stop(const Round& round) {
    started_ = true;
    stopped_ = true;
    for (std::size_t i = 0; i < routers_.size(); ++i)
        step(i, vrrp::Shutdown{}, round);
    report({.kind = VrrpReport::Kind::stopped, .when_ns = round.now_ns});
}

// The peer must take over when a worker of ours no longer forwards.
void VrrpEngine::watch_workers(const Round& round) {
    const std::uint64_t seen_ns = std::max(round.rx_polled_ns, start_ns_);
    const bool stalled = round.now_ns > seen_ns + stall_ns;
    if (stalled == stalled_) return;
    stalled_ = stalled;
    for (std::size_t i = 0; i < routers_.size(); ++i)
        set_fault(i, {vrrp::FaultCause::worker_stall, stalled, true}, round);
}

void VrrpEngine::set_fault(std::size_t index, const vrrp::FaultChange& change, const Round& round) {
    step(index, change, round);
}

VrrpEngine::Router* VrrpEngine::find(std::uint8_t port, std::uint8_t vrid, bool ipv6) {
    const auto found = std::find_if(routers_.begin(), routers_.end(), [&](const Router& router) {
        return router.plan->port == port && router.plan->settings.vrid == vrid &&
               router.plan->settings.is_ipv6() == ipv6;
    });
    return found == routers_.end() ? nullptr : &*found;
}

// ---- what goes out

void VrrpEngine::step(std::size_t index, const vrrp::Event& event, const Round& round) {
    const vrrp::Actions actions = routers_[index].instance.step(event, round.now_ns);
    for (const vrrp::Action& action : actions)
        std::visit([&](const auto& what) { carry_out(index, what, round); }, action);
}

void VrrpEngine::carry_out(std::size_t index, const vrrp::Own& own, const Round& round) {
    // Ownership is a lease from the heartbeat: fresh before the first worker looks.
    ownership_.beat(round.now_ns);
    ownership_.set(index, own.owned);
}

void VrrpEngine::carry_out(std::size_t index, const vrrp::SendAdvert& send, const Round&) {
    const RouterPlan& plan = *routers_[index].plan;
    const vrrp::Settings& settings = plan.settings;
    std::array<std::uint8_t, vrrp::max_message_bytes> message;
    const std::size_t message_bytes = vrrp::encode(
        settings, send.priority, settings.primary_address, settings.multicast_group, message);
    std::array<std::uint8_t, max_frame_bytes> frame;
    const std::size_t frame_bytes =
        build_advert(frame, plan, net::ConstBytes(message).first(message_bytes));
    transmit(plan.port, net::ConstBytes(frame).first(frame_bytes));
}

void VrrpEngine::carry_out(std::size_t index, const vrrp::Announce& announce, const Round& round) {
    for (unsigned i = 0; i < announce.rounds; ++i)
        for (const exchange::OwnedAddress& owned : round.snapshot.addresses) {
            if (owned.virtual_router != index || !owned.address.is_v4()) continue;
            std::array<std::uint8_t, sizeof(net::EthernetHeader) + sizeof(net::ArpPacket)> frame;
            const std::size_t bytes =
                net::build_gratuitous_arp(frame, owned.mac, owned.address.as_v4());
            transmit(owned.port, net::ConstBytes(frame).first(bytes));
            link_.counters.gratuitous_arps.add();
        }
}

void VrrpEngine::carry_out(std::size_t index, const vrrp::Report& change, const Round& round) {
    VrrpReport record{.kind = VrrpReport::Kind::transition,
                      .router = static_cast<std::uint16_t>(index)};
    record.from = change.from;
    record.to = change.to;
    record.reason = change.reason;
    record.when_ns = round.now_ns;
    send_status(index);
    report(record);
}

void VrrpEngine::carry_out(std::size_t index, const vrrp::Alarm& alarm, const Round& round) {
    VrrpReport record{.kind = VrrpReport::Kind::alarm, .router = static_cast<std::uint16_t>(index)};
    record.alarm = alarm.kind;
    record.address = alarm.address;
    record.when_ns = round.now_ns;
    report(record);
}

void VrrpEngine::transmit(std::uint8_t port, net::ConstBytes frame) {
    if (frame.empty() || !sink_.send(port, frame)) link_.counters.transmit_failures.add();
}

void VrrpEngine::report(const VrrpReport& report) {
    if (!link_.reports.push(report)) link_.counters.reports_lost.add();
}

// Status is sent again soon: a full channel loses nothing but freshness.
void VrrpEngine::send_status(std::size_t index) {
    const VrrpStatus record{index, routers_[index].instance.status()};
    if (!link_.statuses.push(record)) return;
}

void VrrpEngine::send_statuses(const Round& round) {
    if (round.now_ns < next_status_ns_) return;
    next_status_ns_ = round.now_ns + status_interval_ns;
    for (std::size_t i = 0; i < routers_.size(); ++i)
        send_status(i);
}

}  // namespace warren::control
