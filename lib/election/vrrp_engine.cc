// SPDX-License-Identifier: BSD-3-Clause
#include "election/vrrp_engine.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <tuple>
#include <utility>
#include <variant>

#include "net/headers.h"
#include "net/neighbour.h"
#include "net/parse.h"
#include "vrrp/advert.h"
#include "vrrp/group.h"

namespace warren::election {
namespace {

constexpr net::Be16 loopback_test{0x9000};  // EtherType of the configuration test protocol

std::uint8_t hop_limit(net::ConstBytes frame, const net::Parsed& parsed) {
    return parsed.network == net::Network::ipv4
               ? net::load<net::Ipv4Header>(frame, parsed.l3_offset).time_to_live
               : net::load<net::Ipv6Header>(frame, parsed.l3_offset).hop_limit;
}

// An alarm is raised once a second, what it is about may come more often.
std::uint64_t total_of(vrrp::AlarmKind kind, const vrrp::Counters& counters, std::uint64_t raised) {
    switch (kind) {
        case vrrp::AlarmKind::other_master:
            return counters.lower_priority_heard;
        case vrrp::AlarmKind::address_conflict:
            return counters.address_conflicts;
        case vrrp::AlarmKind::late_advert:
            return counters.late_adverts;
        case vrrp::AlarmKind::address_list:
            return counters.address_list_differs;
        case vrrp::AlarmKind::interval:
            return counters.interval_differs;
        case vrrp::AlarmKind::two_owners:
        case vrrp::AlarmKind::unproven_silence:
            break;
    }
    return raised;
}

}  // namespace

VrrpEngine::VrrpEngine(const std::vector<const RouterPlan*>& plans, std::uint64_t start_ns,
                       exchange::Ownership& ownership, VrrpLink& link, FrameSink& sink)
    : groups_(most_routers),
      next_member_(most_routers, no_router),
      by_key_(key(max_ports - 1, 255, true) + 1, no_router),
      announcer_(most_routers),
      traffic_(most_routers),
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
        set_unsent(routers_[index], false);
        routers_[index] = Router(plan);
        due_[index] = {};
        announcer_.clear(index);
        traffic_.clear(index);
    }
    by_key_[key(plan.port, plan.settings.vrid, plan.settings.is_ipv6())] =
        static_cast<std::uint16_t>(index);
    for (unsigned bit = 0; bit < 16; ++bit)
        if ((faults >> bit & 1) != 0)
            routers_[index].instance.step(
                vrrp::FaultChange{static_cast<vrrp::FaultCause>(bit), true, false}, now_ns);
}

// Whatever they were before: their members look at each other anew.
void VrrpEngine::make_groups() {
    std::fill(groups_.begin(), groups_.end(), Group{});
    for (std::size_t i = routers_.size(); i-- != 0;) {
        const std::uint16_t number = routers_[i].plan->group;
        next_member_[i] = no_router;
        if (!routers_[i].present || number >= groups_.size()) continue;
        next_member_[i] = std::exchange(groups_[number].first, static_cast<std::uint16_t>(i));
        note_moved(number);
    }
}

void VrrpEngine::note_moved(std::uint16_t group) {
    groups_[group].moved = group_moved_ = true;
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
    // A tagged frame is of another VLAN, where other virtual routers live.
    const bool ours =
        vrid && parsed.tag_count == 0 && (in_ah || parsed.protocol == net::IpProtocol::vrrp);
    const std::size_t index =
        ours ? find(port, *vrid, parsed.network == net::Network::ipv6) : no_router;
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
        in_ah ? vrrp::decode_ah(frame.first(parsed.packet_end()).subspan(parsed.l3_offset),
                                settings, router.ah, hmac_)
              : vrrp::decode(datagram, settings);
    if (const auto* reason = std::get_if<vrrp::RejectReason>(&decoded))
        reject(index, *reason, round);
    else
        step(index, vrrp::AdvertReceived{std::get<vrrp::Advert>(decoded), parsed.source}, round);
    heard_ = {};
}

// Counted each time, told once a second: the manager says it far less often (alarm_text.h).
void VrrpEngine::reject(std::size_t index, vrrp::RejectReason reason, const Round& round) {
    constexpr std::uint64_t distance_ns = 1'000'000'000;
    Router& router = routers_[index];
    router.instance.count_rejected(reason);
    const auto i = static_cast<std::size_t>(reason);
    if (round.now_ns < router.next_reject_ns[i]) return;
    router.next_reject_ns[i] = round.now_ns + distance_ns;
    VrrpReport record{.kind = VrrpReport::Kind::rejected,
                      .router = static_cast<std::uint16_t>(index)};
    record.reject = reason;
    record.address = heard_.source;
    record.heard = heard_;
    record.total = router.instance.status().counters.rejected[i];
    record.when_ns = round.now_ns;
    report(record);
}

void VrrpEngine::on_command(const VrrpCommand& command, const Round& round) {
    const bool of_all =
        command.kind == VrrpCommand::Kind::shutdown || command.kind == VrrpCommand::Kind::reload;
    if (!of_all && !is_present(command.router)) return;
    switch (command.kind) {
        case VrrpCommand::Kind::fault:
            set_fault(command.router, {command.cause, command.present, command.can_transmit},
                      round);
            break;
        case VrrpCommand::Kind::priority:
            step(command.router, vrrp::PriorityChange{command.priority}, round);
            break;
        case VrrpCommand::Kind::plan:
            take_plan(command, round);
            break;
        case VrrpCommand::Kind::next_hop:
            if (command.peer < max_unicast_peers)
                routers_[command.router].peer_macs[command.peer] = command.mac;
            break;
        case VrrpCommand::Kind::probe:
            send_probe(routers_[command.router].plan->port, command.mac);
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
    Router& router = routers_[command.router];
    VrrpReport taken{.kind = VrrpReport::Kind::plan_taken, .router = command.router};
    taken.plan = router.plan;
    change_plan({.router = command.router,
                 .plan = command.plan,
                 .priority = router.instance.status().effective_priority,
                 .announced = vrrp::AnnouncedSet::all},
                round);
    report(taken);
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
            if (change.kind == kind) carry_out(change, round);
    make_groups();
    VrrpReport done{.kind = VrrpReport::Kind::reloaded, .when_ns = round.now_ns};
    done.changes = &changes;
    report(done);
}

void VrrpEngine::carry_out(const RouterChange& change, const Round& round) {
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
    const vrrp::Settings& settings = router.plan->settings;
    std::uint16_t& of_key = by_key_[key(router.plan->port, settings.vrid, settings.is_ipv6())];
    if (of_key == index) of_key = no_router;
}

void VrrpEngine::add(const RouterChange& change, const Round& round) {
    const std::size_t index = change.router;
    assert(index <= routers_.size() && index < most_routers && !is_present(index));
    place(index, *change.plan, change.faults, round.now_ns);
    if (stalled_) set_fault(index, {vrrp::FaultCause::worker_stall, true, false}, round);
    if (change.priority != 0) step(index, vrrp::PriorityChange{change.priority}, round);
    if (started_ && !stopped_) step(index, vrrp::Startup{}, round);
}

void VrrpEngine::change_plan(const RouterChange& change, const Round& round) {
    Router& router = routers_[change.router];
    follow_peers(router, *change.plan);
    router.plan = change.plan;
    announcer_.change_plan(change.router, *change.plan);
    step(change.router,
         vrrp::Reconfigure{&change.plan->settings, change.priority, change.announced}, round);
}

// By their addresses: another place in the list is no other peer. An advert that still waits is for
// all of them again.
void VrrpEngine::follow_peers(Router& router, const RouterPlan& plan) {
    const auto& old = router.plan->settings.unicast_peers;
    const auto& peers = plan.settings.unicast_peers;
    std::array<net::MacAddress, max_unicast_peers> macs{};
    for (std::size_t i = 0; i < std::min(peers.size(), macs.size()); ++i) {
        const auto at = std::find_if(old.begin(), old.end(), [&](const vrrp::UnicastPeer& peer) {
            return peer.address == peers[i].address;
        });
        const auto place = static_cast<std::size_t>(at - old.begin());
        if (at != old.end() && place < macs.size()) macs[i] = router.peer_macs[place];
    }
    router.peer_macs = macs;
    router.unsent_from = 0;
}

// Of the causes that a configuration decides about: what was tracked may be so no more.
void VrrpEngine::follow_faults(const RouterChange& change, const Round& round) {
    for (const vrrp::FaultCause cause :
         {vrrp::FaultCause::link_down, vrrp::FaultCause::no_address, vrrp::FaultCause::tracked}) {
        const auto bit = static_cast<std::uint16_t>(1U << static_cast<unsigned>(cause));
        const std::uint16_t known = routers_[change.router].instance.status().faults;
        if (((change.faults ^ known) & bit) == 0) continue;
        const bool can_transmit = cause != vrrp::FaultCause::link_down;
        set_fault(change.router, {cause, (change.faults & bit) != 0, can_transmit}, round);
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
    settle_groups(round);
    look_for_traffic(round);
    retry_adverts(round);
    // After all adverts: they move the virtual MAC in the switches.
    if (announcer_.deadline_ns() <= round.now_ns) announce(round);
    send_statuses(round);
}

void VrrpEngine::look_for_traffic(const Round& round) {
    const auto tell = [&](VrrpReport::Kind kind, std::uint16_t router) {
        VrrpReport record{.kind = kind, .router = router, .when_ns = round.now_ns};
        record.silent_ns = traffic_.silent_ns(router);
        report(record);
    };
    traffic_.look(
        round.now_ns, round.workers,
        [&](std::uint16_t router) { tell(VrrpReport::Kind::traffic, router); },
        [&](std::uint16_t router) {
            if (traffic_.repetitions(router) == 1) tell(VrrpReport::Kind::silence, router);
            if (routers_[router].plan->announce_until_traffic)
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
    std::uint64_t first = std::min(announcer_.deadline_ns(), retry_deadline_ns_);
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

std::size_t VrrpEngine::key(std::uint8_t port, std::uint8_t vrid, bool ipv6) {
    return (std::size_t{port} * 2 + (ipv6 ? 1 : 0)) * 256 + vrid;
}

std::size_t VrrpEngine::find(std::uint8_t port, std::uint8_t vrid, bool ipv6) const {
    const std::size_t k = key(port, vrid, ipv6);
    return k < by_key_.size() ? by_key_[k] : no_router;
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
    for (const vrrp::Action& action : actions)
        std::visit([&](const auto& what) { carry_out(index, what, round); }, action);
    note_due(index);
    const Router& router = routers_[index];
    if (!router.present || router.plan->group >= groups_.size() || standing() == before) return;
    note_moved(router.plan->group);
}

// At the end of what a round brings, not at each step: members that go together for reasons of
// their own (a port, a stop) need no word of the group, and a takeover of hundreds looks at each
// once.
void VrrpEngine::settle_groups(const Round& round) {
    if (!std::exchange(group_moved_, false)) return;
    for (Group& group : groups_)
        if (std::exchange(group.moved, false)) settle(group, round);
}

void VrrpEngine::settle(const Group& group, const Round& round) {
    const auto for_each = [&](const auto& look) {
        for (std::uint16_t i = group.first; i != no_router; i = next_member_[i])
            look(i, routers_[i].instance.status());
    };
    vrrp::settle_group(for_each,
                       [&](std::size_t i, const vrrp::Event& event) { step(i, event, round); });
}

void VrrpEngine::note_due(std::size_t index) {
    const vrrp::Instance& instance = routers_[index].instance;
    due_[index] = {instance.deadline_ns(), instance.waiting_for_workers()};
}

void VrrpEngine::carry_out(std::size_t index, const vrrp::Own& own, const Round& round) {
    // Ownership is a lease from the heartbeat: fresh before the first worker looks.
    ownership_.beat(round.now_ns);
    if (own.owned) traffic_.begin(index, round.now_ns, round.workers);
    ownership_.set(index, own.owned);
    if (own.owned) return;
    traffic_.end(index);
    announcer_.cancel(index);
    set_unsent(routers_[index], false);  // nothing of a master may leave now
}

void VrrpEngine::carry_out(std::size_t index, const vrrp::SendAdvert& send, const Round& round) {
    Router& router = routers_[index];
    if (router.unsent) ++router.unsent_adverts;  // the newer one says all that it would have said
    set_unsent(router, false);
    router.unsent_from = 0;
    router.unsent_priority = send.priority;
    send_adverts(index);
    if (router.unsent) retry_deadline_ns_ = std::min(retry_deadline_ns_, round.now_ns + retry_ns);
}

// To the group or to each unicast peer, from unsent_from on.
void VrrpEngine::send_adverts(std::size_t index) {
    Router& router = routers_[index];
    const vrrp::Settings& settings = router.plan->settings;
    const std::size_t targets = settings.is_unicast() ? settings.unicast_peers.size() : 1;
    set_unsent(router, false);
    for (std::size_t i = router.unsent_from; i < targets && i < max_unicast_peers; ++i) {
        AdvertTarget target = multicast_target(*router.plan);
        if (settings.is_unicast()) {
            target = {settings.unicast_peers[i].address, router.peer_macs[i], settings.unicast_ttl};
            if (target.mac.is_zero()) {
                ++router.unresolved_adverts;
                continue;
            }
        }
        if (send_advert(router, target)) continue;
        set_unsent(router, true);
        router.unsent_from = i;
        return;
    }
}

// As switches do to test a cable: no host and no switch forwards or answers it (the Ethernet
// configuration test protocol, without a function).
void VrrpEngine::send_probe(std::uint8_t port, const net::MacAddress& mac) {
    std::array<std::uint8_t, 60> frame{};
    net::store(net::Bytes(frame), 0, net::EthernetHeader{mac, mac, loopback_test});
    sink_.send(port, frame);
}

void VrrpEngine::set_unsent(Router& router, bool unsent) {
    if (router.unsent && !unsent) --unsent_;
    if (!router.unsent && unsent) ++unsent_;
    router.unsent = unsent;
}

bool VrrpEngine::send_advert(Router& router, const AdvertTarget& target) {
    std::array<std::uint8_t, max_advert_frame_bytes> frame;
    const std::size_t bytes =
        build_advert_frame(frame, *router.plan, router.unsent_priority, target);
    const vrrp::Settings& settings = router.plan->settings;
    if (settings.auth_type == vrrp::AuthType::ah &&
        !vrrp::seal_ah(ah_packet(net::Bytes(frame).first(bytes)), settings, router.ah, hmac_))
        return true;  // its numbers are used up: what a peer would refuse need not be tried again
    if (sink_.send(router.plan->port, net::ConstBytes(frame).first(bytes))) return true;
    link_.counters.transmit_failures.add();
    return false;
}

void VrrpEngine::retry_adverts(const Round& round) {
    if (unsent_ == 0 || round.now_ns < retry_deadline_ns_) return;
    for (std::size_t i = 0; i < routers_.size(); ++i)
        if (routers_[i].unsent) send_adverts(i);
    retry_deadline_ns_ = unsent_ == 0 ? vrrp::no_deadline : round.now_ns + retry_ns;
}

void VrrpEngine::carry_out(std::size_t index, const vrrp::Announce& announce, const Round&) {
    announcer_.add(index, announce, *routers_[index].plan);
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
    link_.bell.ring_if_asleep();
}

void VrrpEngine::carry_out(std::size_t index, const vrrp::Alarm& alarm, const Round& round) {
    VrrpReport record{.kind = VrrpReport::Kind::alarm, .router = static_cast<std::uint16_t>(index)};
    record.alarm = alarm.kind;
    record.address = alarm.address;
    record.claimant = alarm.claimant;
    record.heard = heard_;
    const std::uint64_t raised = ++routers_[index].alarms[static_cast<std::size_t>(alarm.kind)];
    record.total = total_of(alarm.kind, routers_[index].instance.status().counters, raised);
    record.when_ns = round.now_ns;
    report(record);
}

void VrrpEngine::report(const VrrpReport& report) {
    if (!link_.reports.push(report)) link_.counters.reports_lost.add();
}

// Status is sent again soon: a full channel loses nothing but freshness.
void VrrpEngine::send_status(std::size_t index) {
    const Router& router = routers_[index];
    const VrrpStatus record{index,
                            router.instance.status(),
                            due_[index].deadline_ns,
                            announcer_.counts(index),
                            router.unsent_adverts,
                            router.unresolved_adverts,
                            traffic_.silent_ns(index)};
    if (!link_.statuses.push(record)) return;
}

void VrrpEngine::send_statuses(const Round& round) {
    if (round.now_ns < next_status_ns_) return;
    next_status_ns_ = round.now_ns + status_interval_ns;
    for (std::size_t i = 0; i < routers_.size(); ++i)
        if (routers_[i].present) send_status(i);
}

}  // namespace warren::election
