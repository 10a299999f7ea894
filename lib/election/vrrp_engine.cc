// SPDX-License-Identifier: BSD-3-Clause
#include "election/vrrp_engine.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <tuple>
#include <variant>

#include "exchange/wake.h"
#include "net/headers.h"
#include "net/neighbour.h"
#include "net/parse.h"
#include "vrrp/advert.h"
#include "vrrp/ah.h"

namespace warren::election {
namespace {

constexpr net::Be16 loopback_test{0x9000};  // EtherType of the configuration test protocol

std::uint8_t hop_limit(net::ConstBytes frame, const net::Parsed& parsed) {
    return parsed.network == net::Network::ipv4
               ? net::load<net::Ipv4Header>(frame, parsed.l3_offset).time_to_live
               : net::load<net::Ipv6Header>(frame, parsed.l3_offset).hop_limit;
}

// A master that another has followed already, unlike one that stops or is in fault.
bool is_yield(const vrrp::Status& status) {
    return status.state == vrrp::State::backup && status.last_reason != vrrp::Reason::startup &&
           status.last_reason != vrrp::Reason::fault_cleared;
}

// As switches do to test a cable: no host and no switch forwards or answers it (the Ethernet
// configuration test protocol, without a function).
void send_probe(std::uint8_t port, const net::MacAddress& mac, FrameSink& sink) {
    std::array<std::uint8_t, 60> frame{};
    net::store(net::Bytes(frame), 0, net::EthernetHeader{mac, mac, loopback_test});
    sink.send(port, frame);
}

// Virtual routers of one VRID are told apart by who speaks to whom. A peer may speak to an address
// that is not the one we send from, as long as nobody else's fits better.
unsigned fit(const vrrp::Settings& settings, const net::Parsed& parsed) {
    if (!settings.is_unicast()) return parsed.destination == settings.multicast_group ? 2 : 0;
    const auto& peers = settings.unicast_peers;
    if (std::none_of(peers.begin(), peers.end(),
                     [&](const vrrp::UnicastPeer& peer) { return peer.address == parsed.source; }))
        return 0;
    return parsed.destination == settings.primary_address ? 2 : 1;
}

}  // namespace

VrrpEngine::VrrpEngine(const std::vector<const RouterPlan*>& plans, std::uint64_t start_ns,
                       exchange::Ownership& ownership, VrrpLink& link, FrameSink& sink)
    : groups_(most_routers),
      adverts_(most_routers, sink, link.counters.transmit_failures),
      announcer_(most_routers),
      claims_(most_routers),
      traffic_(most_routers),
      reporter_(most_routers, link),
      ownership_(ownership),
      link_(link),
      sink_(sink),
      start_ns_(start_ns) {
    routers_.reserve(most_routers);
    due_.reserve(most_routers);
    for (const RouterPlan* plan : plans)
        place(routers_.size(), *plan, plan->faults, start_ns);
    make_groups();
}

// Its faults are known before anything that the manager reports later, so that the news comes
// after.
void VrrpEngine::place(std::size_t index, const RouterPlan& plan, std::uint16_t faults,
                       std::uint64_t now_ns) {
    if (index == routers_.size()) {
        routers_.emplace_back(plan);
        due_.emplace_back();
    } else {
        routers_[index] = Router(plan);
        due_[index] = {};
        announcer_.clear(index);
        traffic_.clear(index);
        reporter_.clear(index);
    }
    adverts_.place(index, plan);
    index_.insert(plan, index);
    for (unsigned bit = 0; bit < 16; ++bit)
        if ((faults >> bit & 1) != 0)
            routers_[index].instance.step(
                vrrp::FaultChange{static_cast<vrrp::FaultCause>(bit), true, false}, now_ns);
}

void VrrpEngine::make_groups() {
    groups_.rebuild(routers_.size(), [this](std::size_t i) {
        return routers_[i].present ? routers_[i].plan->group : no_group;
    });
}

// ---- what comes in

void VrrpEngine::on_frame(std::uint8_t port, net::ConstBytes frame, const Round& round) {
    link_.counters.frames.add();
    const net::Parsed parsed = net::parse(frame);
    if (!parsed.ok() || parsed.fragment != net::Fragment::none ||
        parsed.network == net::Network::other)
        link_.counters.malformed.add();
    else if (parsed.network == net::Network::arp || net::is_neighbour_message(parsed))
        on_claim(port, frame, parsed, round);
    else
        on_advert(port, frame, parsed, round);
}

// Another station's ARP or neighbour message about an address that is ours.
void VrrpEngine::on_claim(std::uint8_t port, net::ConstBytes frame, const net::Parsed& parsed,
                          const Round& round) {
    net::IpAddress claimed = parsed.source;
    net::MacAddress claimant;
    if (parsed.network == net::Network::arp) {
        claimant = net::load<net::ArpPacket>(frame, parsed.l3_offset).sender_mac;
    } else {
        if (!net::is_neighbour_message_valid(frame, parsed)) return link_.counters.malformed.add();
        if (parsed.message_type != net::icmpv6_type::neighbour_solicitation)
            claimed = net::neighbour_target(frame, parsed);
        claimant = net::claimed_mac(frame, parsed);
    }
    const exchange::OwnedAddress* owned = round.snapshot.find_address(claimed);
    if (owned == nullptr || owned->port != port || parsed.tag_count != 0 ||
        owned->virtual_router >= routers_.size())
        return link_.counters.unknown_router.add();
    if (claimant != owned->mac)
        step(owned->virtual_router, vrrp::AddressConflict{claimed, claimant}, round);
}

void VrrpEngine::on_advert(std::uint8_t port, net::ConstBytes frame, const net::Parsed& parsed,
                           const Round& round) {
    net::ConstBytes message = frame.subspan(parsed.l4_offset, parsed.l4_bytes());
    const bool in_ah = parsed.protocol == net::IpProtocol::ah;
    if (in_ah) message = vrrp::ah_payload(message).value_or(net::ConstBytes{});
    const auto vrid = vrrp::peek_vrid(message);
    // A tagged frame is of another VLAN, where other virtual routers live. No router has VRID 0 on
    // the wire; static ones have it here.
    const bool ours = vrid && *vrid != 0 && parsed.tag_count == 0 &&
                      (in_ah || parsed.protocol == net::IpProtocol::vrrp);
    const auto fits = [&](std::uint16_t router) {
        return fit(routers_[router].plan->settings, parsed);
    };
    const std::size_t index =
        ours ? index_.find(port, *vrid, parsed.network == net::Network::ipv6, fits) : no_router;
    if (index == no_router) {
        link_.counters.unknown_router.add();
        return;
    }
    Router& router = routers_[index];
    const vrrp::Settings& settings = router.plan->settings;
    const vrrp::Datagram datagram{message, hop_limit(frame, parsed), parsed.source,
                                  parsed.destination, in_ah};
    heard_ = vrrp::hear(datagram, settings.is_ipv6());
    const vrrp::Decoded decoded =
        in_ah
            ? adverts_.decode_ah(index, frame.first(parsed.packet_end()).subspan(parsed.l3_offset))
            : vrrp::decode(datagram, settings);
    if (const auto* reason = std::get_if<vrrp::RejectReason>(&decoded)) {
        router.instance.count_rejected(*reason);
        reporter_.rejected(index, *reason, heard_, router.instance.status().counters, round.now_ns);
    } else {
        step(index, vrrp::AdvertReceived{std::get<vrrp::Advert>(decoded), parsed.source}, round);
    }
    heard_ = {};
}

void VrrpEngine::on_command(const VrrpCommand& command, const Round& round) {
    const bool of_all =
        command.kind == VrrpCommand::Kind::shutdown || command.kind == VrrpCommand::Kind::reload;
    if (!of_all && !is_present(command.router)) return;
    switch (command.kind) {
        case VrrpCommand::Kind::fault:
            step(command.router,
                 vrrp::FaultChange{command.cause, command.present, command.can_transmit}, round);
            break;
        case VrrpCommand::Kind::priority:
            step(command.router, vrrp::PriorityChange{command.priority}, round);
            break;
        case VrrpCommand::Kind::preempt_hold:
            step(command.router, vrrp::PreemptHold{command.present}, round);
            break;
        case VrrpCommand::Kind::hand_over:
            step(command.router, vrrp::HandOver{command.for_ns}, round);
            break;
        case VrrpCommand::Kind::take_over:
            step(command.router, vrrp::TakeOver{}, round);
            break;
        case VrrpCommand::Kind::plan:
            take_plan(command, round);
            break;
        case VrrpCommand::Kind::next_hop:
            adverts_.set_peer_mac(command.router, command.peer, command.mac);
            break;
        case VrrpCommand::Kind::probe:
            send_probe(routers_[command.router].plan->port, command.mac, sink_);
            break;
        case VrrpCommand::Kind::scheduling:  // the runner's
            break;
        case VrrpCommand::Kind::reload:
            reload(*command.changes, round);
            break;
        case VrrpCommand::Kind::shutdown:
            stop(round);
            break;
    }
}

// The port has another address or MAC. What tracking made of the priority holds on.
void VrrpEngine::take_plan(const VrrpCommand& command, const Round& round) {
    const Router& router = routers_[command.router];
    const RouterPlan* old = router.plan;
    change_plan({.router = command.router,
                 .plan = command.plan,
                 .priority = router.instance.status().effective_priority,
                 .announced = vrrp::AnnouncedSet::all},
                round);
    reporter_.plan_taken(command.router, old);
}

// ---- routers that come, change and go while the others run

bool VrrpEngine::is_present(std::size_t index) const {
    return index < routers_.size() && routers_[index].present;
}

// Who goes makes room: the same VRID may come again, in another version or from another index.
void VrrpEngine::reload(const RouterChanges& changes, const Round& round) {
    for (const RouterChange::Kind kind :
         {RouterChange::Kind::remove, RouterChange::Kind::change, RouterChange::Kind::add})
        for (const RouterChange& change : changes)
            if (change.kind == kind) apply(change, round);
    make_groups();
    reporter_.reloaded(changes, round.now_ns);
}

void VrrpEngine::apply(const RouterChange& change, const Round& round) {
    if (change.kind == RouterChange::Kind::add) return add(change, round);
    if (!is_present(change.router)) return;
    if (change.kind == RouterChange::Kind::remove) return remove(change.router, round);
    change_plan(change, round);
    follow_faults(change, round);
}

// Disowned first, then the good-bye, which is tried again if the port does not take it.
void VrrpEngine::remove(std::size_t index, const Round& round) {
    Router& router = routers_[index];
    step(index, vrrp::Shutdown{}, round);
    router.present = false;
    index_.erase(*router.plan, index);
}

void VrrpEngine::add(const RouterChange& change, const Round& round) {
    const std::size_t index = change.router;
    assert(index <= routers_.size() && index < most_routers && !is_present(index));
    place(index, *change.plan, change.faults, round.now_ns);
    if (stalled_)
        step(index, vrrp::FaultChange{vrrp::FaultCause::worker_stall, true, false}, round);
    if (change.priority != 0) step(index, vrrp::PriorityChange{change.priority}, round);
    if (started_ && !stopped_) step(index, vrrp::Startup{}, round);
}

void VrrpEngine::change_plan(const RouterChange& change, const Round& round) {
    routers_[change.router].plan = change.plan;
    adverts_.change_plan(change.router, *change.plan);
    announcer_.change_plan(change.router, *change.plan);
    step(change.router,
         vrrp::Reconfigure{&change.plan->settings, change.priority, change.announced}, round);
}

// Of the causes that a configuration decides about: what was tracked may be so no more.
void VrrpEngine::follow_faults(const RouterChange& change, const Round& round) {
    for (const vrrp::FaultCause cause :
         {vrrp::FaultCause::link_down, vrrp::FaultCause::no_address, vrrp::FaultCause::tracked}) {
        const auto bit = static_cast<std::uint16_t>(1U << static_cast<unsigned>(cause));
        const std::uint16_t known = routers_[change.router].instance.status().faults;
        if (((change.faults ^ known) & bit) == 0) continue;
        const bool can_transmit = cause != vrrp::FaultCause::link_down;
        step(change.router, vrrp::FaultChange{cause, (change.faults & bit) != 0, can_transmit},
             round);
    }
}

// ---- time

void VrrpEngine::tick(const Round& round) {
    if (!started_ && !stopped_ && round.now_ns >= start_ns_) start(round);
    watch_workers(round);
    // Frames and commands of this round have moved members: nobody advertises before it has
    // followed.
    settle_groups(round);
    for (std::size_t i = 0; i < due_.size(); ++i)
        if (due_[i].deadline_ns <= round.now_ns || due_[i].waiting)
            step(i, vrrp::Tick{round.rx_seen_ns[routers_[i].plan->port]}, round);
    if (std::ranges::any_of(due_, &Due::waiting)) exchange::wake_workers(round.workers);
    settle_groups(round);
    look_for_traffic(round);
    adverts_.retry(round.now_ns);
    // After all adverts: they move the virtual MAC in the switches.
    if (announcer_.deadline_ns() <= round.now_ns) announce(round);
    claims_.look(round.now_ns, [&](std::size_t router) {
        const RouterPlan& plan = *routers_[router].plan;
        send_probe(plan.port, plan.source_mac, sink_);
    });
    send_statuses(round);
}

void VrrpEngine::look_for_traffic(const Round& round) {
    const auto tell = [&](VrrpReport::Kind kind, std::uint16_t router) {
        reporter_.since_takeover(kind, router, traffic_.silent_ns(router), round.now_ns);
    };
    traffic_.look(
        round.now_ns, round.workers,
        [&](std::uint16_t router) { tell(VrrpReport::Kind::traffic, router); },
        [&](std::uint16_t router) {
            if (traffic_.repetitions(router) == 1) tell(VrrpReport::Kind::silence, router);
            if (routers_[router].plan->announce_until_traffic && !is_offered(router))
                announcer_.add(router, {}, *routers_[router].plan);
        });
}

void VrrpEngine::announce(const Round& round) {
    link_.counters.transmit_failures.add(
        announcer_.send(round.snapshot, round.now_ns, announcements_per_tick, sink_));
    link_.counters.gratuitous_arps.set(announcer_.total().gratuitous_arps);
    link_.counters.advertisements.set(announcer_.total().advertisements);
}

std::uint64_t VrrpEngine::deadline_ns() const {
    if (!started_) return start_ns_;
    std::uint64_t first =
        std::min({announcer_.deadline_ns(), adverts_.deadline_ns(), claims_.deadline_ns()});
    for (const Due& due : due_)
        first = std::min(first, due.deadline_ns);
    return first;
}

void VrrpEngine::start(const Round& round) {
    started_ = true;
    for (std::size_t i = 0; i < routers_.size(); ++i)
        if (routers_[i].present) step(i, vrrp::Startup{}, round);
}

void VrrpEngine::stop(const Round& round) {
    started_ = true;
    stopped_ = true;
    for (std::size_t i = 0; i < routers_.size(); ++i)
        step(i, vrrp::Shutdown{}, round);
    reporter_.stopped(round.now_ns);
}

// The peer must take over when a worker of ours no longer forwards.
void VrrpEngine::watch_workers(const Round& round) {
    const std::uint64_t seen_ns = std::max(round.rx_polled_ns, start_ns_);
    const bool stalled = round.now_ns > seen_ns + stall_ns;
    if (stalled == stalled_) return;
    stalled_ = stalled;
    for (std::size_t i = 0; i < routers_.size(); ++i)
        step(i, vrrp::FaultChange{vrrp::FaultCause::worker_stall, stalled, true}, round);
}

// ---- what goes out

void VrrpEngine::step(std::size_t index, const vrrp::Event& event, const Round& round) {
    vrrp::Instance& instance = routers_[index].instance;
    const auto standing = [&instance] {
        const vrrp::Status& status = instance.status();
        return std::tuple(status.state, status.faults, status.wants_master, status.undecided);
    };
    const auto before = standing();
    const vrrp::Actions actions = instance.step(event, round.now_ns);
    if (is_offered(index)) {
        announcer_.cancel(index);
        claims_.end(index);
    }
    for (const vrrp::Action& action : actions)
        std::visit([&](const auto& what) { carry_out(index, what, round); }, action);
    ownership_.offer(index, instance.status().handing_over);
    due_[index] = {instance.deadline_ns(), instance.waiting_for_workers()};
    const Router& router = routers_[index];
    if (router.present && standing() != before) groups_.note_moved(router.plan->group);
}

void VrrpEngine::settle_groups(const Round& round) {
    groups_.settle(
        [this](std::size_t i) -> const vrrp::Status& { return routers_[i].instance.status(); },
        [&](std::size_t i, const vrrp::Event& event) { step(i, event, round); });
}

void VrrpEngine::carry_out(std::size_t index, const vrrp::Own& own, const Round& round) {
    // Ownership is a lease from the heartbeat: fresh before the first worker looks.
    ownership_.beat(round.now_ns);
    if (own.owned && !routers_[index].plan->settings.silent)
        traffic_.begin(index, round.now_ns, round.workers);
    if (own.owned && has_virtual_mac(index, round)) claims_.begin(index, round.now_ns);
    // Before it is given up: workers find the one or the other.
    if (!own.owned && is_yield(routers_[index].instance.status()))
        ownership_.begin_grace(index, round.now_ns + handover_grace_ns);
    ownership_.set(index, own.owned);
    if (own.owned) return;
    traffic_.end(index);
    claims_.end(index);
    announcer_.cancel(index);
    adverts_.cancel(index);
}

// While the router is offered to a peer, nothing of ours may turn the switches back to us: they
// would bring us what is the peer's until its next advert.
void VrrpEngine::carry_out(std::size_t index, const vrrp::SendAdvert& send, const Round& round) {
    const bool from_base = (routers_[index].plan->adverts_from_base || is_offered(index)) &&
                           has_virtual_mac(index, round);
    adverts_.send(
        index, send.priority, round.now_ns,
        from_base ? round.snapshot.port_macs[routers_[index].plan->port] : net::MacAddress{});
}

bool VrrpEngine::has_virtual_mac(std::size_t index, const Round& round) const {
    const RouterPlan& plan = *routers_[index].plan;
    return plan.port < round.snapshot.port_macs.size() &&
           plan.source_mac != round.snapshot.port_macs[plan.port];
}

void VrrpEngine::carry_out(std::size_t index, const vrrp::Announce& announce, const Round&) {
    const RouterPlan& plan = *routers_[index].plan;
    if (!is_offered(index)) announcer_.add(index, announce, plan);
}

void VrrpEngine::carry_out(std::size_t index, const vrrp::Report& change, const Round& round) {
    send_status(index);
    reporter_.transition(index, change, round.now_ns);
}

void VrrpEngine::carry_out(std::size_t index, const vrrp::Alarm& alarm, const Round& round) {
    reporter_.alarm(index, alarm, heard_, routers_[index].instance.status().counters, round.now_ns);
}

void VrrpEngine::send_status(std::size_t index) {
    const Router& router = routers_[index];
    const VrrpStatus record{index,
                            router.instance.status(),
                            due_[index].deadline_ns,
                            announcer_.counts(index),
                            adverts_.unsent_adverts(index),
                            adverts_.unresolved_adverts(index),
                            traffic_.silent_ns(index)};
    reporter_.status(record);
}

void VrrpEngine::send_statuses(const Round& round) {
    if (round.now_ns < next_status_ns_) return;
    next_status_ns_ = round.now_ns + status_interval_ns;
    for (std::size_t i = 0; i < routers_.size(); ++i)
        if (routers_[i].present) send_status(i);
}

}  // namespace warren::election
