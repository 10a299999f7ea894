// SPDX-License-Identifier: BSD-3-Clause
// The state machine of RFC 3768 6.4 and RFC 9568 6.4, with preempt_delay, faults and announcements.
#include "vrrp/instance.h"

#include <algorithm>
#include <cassert>
#include <variant>

#include "vrrp/timers.h"

namespace warren::vrrp {
namespace {

constexpr std::uint64_t alarm_distance_ns = ns_per_s;
constexpr std::uint8_t yielding_priority = 1;

std::uint16_t fault_bit(FaultCause cause) {
    return static_cast<std::uint16_t>(1U << static_cast<unsigned>(cause));
}

// Another wait for the master, or another view of what is its advert.
bool hears_otherwise(const Settings& a, const Settings& b) {
    return a.advert_interval_ns != b.advert_interval_ns ||
           a.down_timer_adverts != b.down_timer_adverts || a.auth_type != b.auth_type ||
           a.auth_data != b.auth_data || a.multicast_group != b.multicast_group ||
           a.unicast_peers != b.unicast_peers;
}

// Apart from the priority.
bool says_otherwise(const Settings& a, const Settings& b) {
    return hears_otherwise(a, b) || a.primary_address != b.primary_address ||
           a.advert_addresses != b.advert_addresses;
}

// RFC 3768 6.4.3: greater priority, or equal and a greater primary address.
bool is_higher(const AdvertReceived& theirs, std::uint8_t our_priority,
               const net::IpAddress& our_address) {
    if (theirs.advert.priority != our_priority) return theirs.advert.priority > our_priority;
    return theirs.source > our_address;
}

std::uint64_t own_skew_ns(const Settings& settings, const Status& status) {
    return skew_ns(settings.version, status.effective_priority, status.master_interval_ns);
}

std::uint8_t said_priority(const Status& status) {
    return status.handing_over ? yielding_priority : status.effective_priority;
}

// Whether nothing can be served. Other causes ask a peer to serve better.
bool prevents_service(FaultCause cause) {
    return cause == FaultCause::link_down || cause == FaultCause::no_address;
}

// A peer has become master by now, if there is one, and only it knows what has become of the flows.
// An owner is master whoever else is.
bool has_stalled(const Instance& master, std::uint64_t silent_ns) {
    return master.status().effective_priority != owner_priority &&
           silent_ns > master.master_down_interval_ns() + master.settings().advert_interval_ns;
}

Reason reason_of_yield(const Status& status, std::uint8_t their_priority) {
    if (status.handing_over) return Reason::handover;
    return their_priority > status.effective_priority ? Reason::higher_priority_heard
                                                      : Reason::higher_address_heard;
}

}  // namespace

Instance::Instance(const Settings& settings) : settings_(&settings) {
    assert((settings.vrid != 0 || settings.silent) && settings.priority != 0 &&
           settings.advert_interval_ns != 0);
    status_.effective_priority = settings.priority;
    status_.master_interval_ns = settings.advert_interval_ns;
}

Actions Instance::step(const Event& event, std::uint64_t now_ns) {
    now_ns_ = std::max(now_ns_, now_ns);
    Actions out;
    if (status_.state == State::master && has_stalled(*this, advert_timer_.silent_ns(now_ns_))) {
        alarm(AlarmKind::late_advert, settings_->primary_address, out);
        ++status_.counters.late_adverts;
        out.push(Own{false});
        status_.master_address = {};
        status_.master_priority = 0;
        become_backup(Reason::stalled, out);
    }
    std::visit([this, &out](const auto& e) { on(e, out); }, event);
    return out;
}

std::uint64_t Instance::deadline_ns() const {
    switch (status_.state) {
        case State::backup:
            return status_.wants_master ? no_deadline : master_down_.deadline_ns();
        case State::master:
            if (settings_->silent) return no_deadline;
            return std::min(
                {advert_timer_.deadline_ns(), announcing_.deadline_ns(), hand_over_.deadline_ns()});
        case State::initialize:
        case State::fault:
            break;
    }
    return no_deadline;
}

std::uint64_t Instance::master_down_interval_ns() const {
    return master_down_ns(settings_->version, status_.effective_priority,
                          status_.master_interval_ns, settings_->down_timer_adverts);
}

std::uint64_t Instance::ownership_lease_ns() const {
    return settings_->down_timer_adverts * settings_->advert_interval_ns;
}

// ---- events

void Instance::on(const Startup&, Actions& out) {
    if (status_.state != State::initialize) return;
    if (status_.faults != 0)
        change_state(State::fault, Reason::fault, out);
    else
        start(Reason::startup, out);
}

void Instance::on(const Shutdown&, Actions& out) {
    if (status_.state != State::initialize) stop(State::initialize, Reason::shutdown, true, out);
}

void Instance::on(const AdvertReceived& event, Actions& out) {
    if (status_.state != State::backup && status_.state != State::master) return;
    Counters& counters = status_.counters;
    ++counters.adverts_received;
    status_.last_heard_ns = now_ns_;
    if (event.advert.interval_differs) {
        ++counters.interval_differs;
        alarm(AlarmKind::interval, event.source, out);
    }
    if (event.advert.addresses_differ) {
        ++counters.address_list_differs;
        alarm(AlarmKind::address_list, event.source, out);
    }
    if (event.advert.priority == 0) ++counters.priority_zero_received;
    if (status_.state == State::backup)
        advert_in_backup(event);
    else
        advert_in_master(event, out);
}

void Instance::on(const Tick& event, Actions& out) {
    if (status_.state == State::backup) tick_in_backup(event, out);
    if (status_.state == State::master) tick_in_master(out);
}

void Instance::on(const FaultChange& event, Actions& out) {
    if (settings_->silent && !prevents_service(event.cause)) return;
    const std::uint16_t bit = fault_bit(event.cause);
    if (event.present) {
        status_.faults |= bit;
        if (status_.state == State::backup || status_.state == State::master)
            stop(State::fault, Reason::fault, event.can_transmit, out);
        return;
    }
    status_.faults &= static_cast<std::uint16_t>(~bit);
    if (status_.state == State::fault && status_.faults == 0) start(Reason::fault_cleared, out);
}

// An owner's priority never changes; the others' stays within 1-254 (RFC 3768 6.1).
void Instance::set_priority(int priority) {
    const std::uint64_t old_skew_ns = own_skew_ns(*settings_, status_);
    status_.effective_priority = settings_->priority == owner_priority
                                     ? owner_priority
                                     : static_cast<std::uint8_t>(std::clamp(priority, 1, 254));
    if (status_.state == State::backup)
        master_down_.shift(old_skew_ns, own_skew_ns(*settings_, status_));
    if (status_.state == State::master) status_.master_priority = status_.effective_priority;
}

void Instance::on(const PriorityChange& event, Actions&) {
    set_priority(event.effective);
}

void Instance::on(const PreemptHold& event, Actions&) {
    status_.preempt_held = event.hold;
}

void Instance::on(const TakeOver&, Actions& out) {
    if (status_.state != State::backup) return;
    hand_over_.note_order(now_ns_);
    win(Reason::handover, out);
}

// Nothing is said at its begin: who does not know of the order is not to move. At its end an advert
// says that we stay, for a peer may have heard priority 1.
void Instance::on(const HandOver& event, Actions& out) {
    if (status_.state != State::master) return;
    const bool was_handing_over = status_.handing_over;
    status_.handing_over = event.for_ns != 0;
    hand_over_.end_offer();
    if (status_.handing_over) hand_over_.offer(now_ns_, event.for_ns);
    if (was_handing_over && !status_.handing_over) send_soon(out);
}

void Instance::on(const AddressConflict& event, Actions& out) {
    if (status_.state != State::master) return;
    ++status_.counters.address_conflicts;
    alarm(AlarmKind::address_conflict, event.address, out, event.claimant);
    announcing_.defend(now_ns_);
    announce_due(out);
}

void Instance::on(const Reconfigure& event, Actions& out) {
    assert(event.settings != nullptr && event.settings->vrid == settings_->vrid &&
           event.settings->version == settings_->version);
    const Settings& old = *settings_;
    const std::uint8_t old_priority = status_.effective_priority;
    settings_ = event.settings;
    follow_settings(old);
    set_priority(event.effective_priority != 0 ? event.effective_priority : settings_->priority);
    if (status_.state == State::backup) {
        const bool was_won = status_.wants_master;
        if (hears_otherwise(old, *settings_)) wait_for_master();
        if (status_.effective_priority == owner_priority && old_priority != owner_priority)
            win(Reason::owner_startup, out);
        else if (was_won && !settings_->grouped)
            become_master(takeover_reason_, out);
    } else if (status_.state == State::master) {
        if (old_priority != status_.effective_priority || says_otherwise(old, *settings_))
            send_soon(out);
        // Hosts know what they knew: only new addresses are news to them, or our new MAC.
        if (event.announced == AnnouncedSet::nothing) return;
        announcing_.start(event.announced, settings_->announcements, now_ns_);
        announce_due(out);
    }
}

// What has begun goes on unless its own time is another now.
void Instance::follow_settings(const Settings& old) {
    const bool interval_is_ours =
        status_.state != State::backup || settings_->version == Version::v2;
    if (interval_is_ours) status_.master_interval_ns = settings_->advert_interval_ns;
    if (old.preempt_delay_ns != settings_->preempt_delay_ns) status_.preempt_after_ns = 0;
    if (status_.state != State::master) return;
    status_.master_address = settings_->primary_address;
    // Peers wait for the old interval until they are told too: the next advert is never later.
    advert_timer_.hasten(now_ns_, settings_->advert_interval_ns);
    const std::uint64_t refresh_ns = settings_->announcements.refresh_ns;
    if (refresh_ns != old.announcements.refresh_ns) announcing_.refresh_every(refresh_ns, now_ns_);
}

void Instance::on(const GroupMaster&, Actions& out) {
    if (status_.state != State::backup) return;
    become_master(status_.wants_master ? takeover_reason_ : Reason::sync_group, out);
}

// The peer need not wait for Master_Down_Interval: good-bye, as on a fault. Who has taken over from
// another member of a group that hands over is master of this one, too.
void Instance::on(const GroupBackup&, Actions& out) {
    if (status_.state != State::master) return;
    out.push(Own{false});
    if (status_.handing_over)
        status_.preempt_held = true;
    else
        send(0, out);
    status_.master_address = {};
    status_.master_priority = 0;
    become_backup(status_.handing_over ? Reason::handover : Reason::sync_group, out);
}

// ---- adverts

// Would this master keep us in backup? RFC 3768 6.4.2, keepalived's preempt_delay.
bool Instance::yields_to(std::uint8_t advertised_priority) {
    if (advertised_priority >= status_.effective_priority) {
        status_.preempt_after_ns = 0;
        return true;
    }
    if (!settings_->preempt || status_.preempt_held) return true;
    if (settings_->preempt_delay_ns == 0) return false;
    if (status_.preempt_after_ns == 0)
        status_.preempt_after_ns = now_ns_ + settings_->preempt_delay_ns;
    return now_ns_ < status_.preempt_after_ns;
}

void Instance::learn_master(const AdvertReceived& event) {
    status_.master_address = event.source;
    status_.master_priority = event.advert.priority;
    // RFC 9568 6.4.2: Active_Adver_Interval is the master's. In v2 both are the same.
    status_.master_interval_ns = event.advert.advert_interval_ns;
    status_.undecided = false;
}

void Instance::wait_for_master() {
    master_down_.arm(now_ns_, master_down_interval_ns());
    status_.wants_master = false;
}

void Instance::advert_in_backup(const AdvertReceived& event) {
    if (event.advert.priority == 0) {
        if (!status_.wants_master) master_down_.hasten(now_ns_, own_skew_ns(*settings_, status_));
        takeover_reason_ = Reason::priority_zero;
    } else if (status_.wants_master && hand_over_.may_have_crossed(now_ns_)) {
        return;
    } else if (yields_to(event.advert.priority)) {
        learn_master(event);
        wait_for_master();
        takeover_reason_ = Reason::master_down;
    } else {
        status_.master_address = event.source;
        status_.master_priority = event.advert.priority;
        takeover_reason_ = Reason::preempted_lower;
    }
}

void Instance::advert_in_master(const AdvertReceived& event, Actions& out) {
    const std::uint8_t theirs = event.advert.priority;
    if (theirs == 0) {
        // RFC 3768 6.4.3: advertise and restart the timer. Whoever says good-bye was a master
        // beside us.
        advert_timer_.restart(now_ns_, settings_->advert_interval_ns);
        send_soon(out);
        announcing_.request(now_ns_);
        announce_due(out);
        return;
    }
    if (theirs == owner_priority && status_.effective_priority == owner_priority)
        alarm(AlarmKind::two_owners, event.source, out);
    if (status_.handing_over ||
        (is_higher(event, status_.effective_priority, settings_->primary_address) &&
         !hand_over_.may_have_crossed(now_ns_))) {
        const Reason reason = reason_of_yield(status_, theirs);
        out.push(Own{false});
        if (status_.handing_over)
            status_.preempt_held = true;
        else if (settings_->higher_priority_send_advert)
            send(status_.effective_priority, out);
        learn_master(event);
        become_backup(reason, out);
        return;
    }
    // RFC 9568 6.4.3: discard, and assert ourselves at once; our own timer goes on untouched.
    ++status_.counters.lower_priority_heard;
    // The old master's last advert may cross our first: no split brain yet.
    if (now_ns_ - status_.since_ns > settings_->advert_interval_ns)
        alarm(AlarmKind::other_master, event.source, out);
    if (!settings_->lower_priority_no_advert) send_soon(out);
    announcing_.request(now_ns_);
    announce_due(out);
}

// ---- timers

void Instance::tick_in_backup(const Tick& event, Actions& out) {
    if (status_.wants_master || !master_down_.is_due(now_ns_)) return;
    if (believes_silence(event, out)) win(takeover_reason_, out);
}

// Nothing waits in the queues that had arrived when the master should have been heard.
bool Instance::believes_silence(const Tick& event, Actions& out) {
    const bool was_waiting = master_down_.is_waiting();
    switch (master_down_.judge(event.rx_seen_ns, now_ns_)) {
        case Silence::proven:
            return true;
        case Silence::open:
            if (!was_waiting) ++status_.counters.waits_for_workers;
            return false;
        case Silence::unproven:
            break;
    }
    alarm(AlarmKind::unproven_silence, settings_->primary_address, out);
    return true;
}

void Instance::tick_in_master(Actions& out) {
    if (settings_->silent) return;
    if (hand_over_.is_over(now_ns_)) on(HandOver{}, out);
    if (advert_timer_.is_due(now_ns_)) {
        if (!advert_timer_.advance(now_ns_, settings_->advert_interval_ns))
            ++status_.counters.late_adverts;
        if (advert_timer_.silent_ns(now_ns_) > master_down_interval_ns()) {
            // We were away so long that a peer may have been master and given up silently.
            alarm(AlarmKind::late_advert, settings_->primary_address, out);
            announcing_.request(now_ns_);
        }
        send(said_priority(status_), out);
    } else if (advert_timer_.is_answer_due(now_ns_)) {
        send(said_priority(status_), out);
    }
    announce_due(out);
}

// ---- transitions

void Instance::start(Reason reason, Actions& out) {
    status_.master_interval_ns = settings_->advert_interval_ns;
    status_.master_address = {};
    status_.master_priority = 0;
    if (status_.effective_priority == owner_priority && !settings_->grouped) {
        become_master(Reason::owner_startup, out);
        return;
    }
    out.push(Own{false});
    become_backup(reason, out);
    status_.undecided = true;
    if (status_.effective_priority == owner_priority) win(Reason::owner_startup, out);
}

// The election is won; a group decides together.
void Instance::win(Reason reason, Actions& out) {
    if (!settings_->grouped) return become_master(reason, out);
    status_.wants_master = true;
    master_down_.stop_waiting();
    takeover_reason_ = reason;
}

// The order is meaning: workers own before anybody is told; the advert moves the virtual MAC before
// GARP.
void Instance::become_master(Reason reason, Actions& out) {
    out.push(Own{true});
    send(status_.effective_priority, out);
    status_.master_interval_ns = settings_->advert_interval_ns;
    status_.master_address = settings_->primary_address;
    status_.master_priority = status_.effective_priority;
    advert_timer_.restart(now_ns_, settings_->advert_interval_ns);
    master_down_.stop_waiting();
    status_.wants_master = false;
    status_.preempt_after_ns = 0;
    ++status_.counters.became_master;
    announcing_.begin(settings_->announcements, now_ns_);
    announce_due(out);
    change_state(State::master, reason, out);
}

// The caller has disowned already.
void Instance::become_backup(Reason reason, Actions& out) {
    wait_for_master();
    takeover_reason_ = Reason::master_down;
    status_.preempt_after_ns = 0;
    announcing_.end();
    change_state(State::backup, reason, out);
}

// RFC 3768 6.4.3 on Shutdown; keepalived does the same on a fault.
void Instance::stop(State to, Reason reason, bool can_transmit, Actions& out) {
    if (status_.state == State::master) {
        out.push(Own{false});
        if (can_transmit) send(0, out);
    }
    master_down_.stop_waiting();
    status_.wants_master = false;
    status_.preempt_after_ns = 0;
    announcing_.end();
    status_.master_address = {};
    status_.master_priority = 0;
    change_state(to, reason, out);
}

void Instance::change_state(State to, Reason reason, Actions& out) {
    out.push(Report{status_.state, to, reason});
    status_.state = to;
    status_.undecided = false;
    status_.handing_over = false;
    hand_over_.end_offer();
    status_.since_ns = now_ns_;
    status_.last_reason = reason;
}

// ---- what leaves us

void Instance::send(std::uint8_t priority, Actions& out) {
    if (settings_->silent) return;
    out.push(SendAdvert{priority});
    advert_timer_.note_sent(now_ns_);
    ++status_.counters.adverts_sent;
    if (priority == 0) ++status_.counters.priority_zero_sent;
}

// An advert outside the rhythm.
void Instance::send_soon(Actions& out) {
    advert_timer_.request_answer(now_ns_, settings_->advert_interval_ns);
    if (advert_timer_.is_answer_due(now_ns_)) send(said_priority(status_), out);
}

void Instance::announce_due(Actions& out) {
    if (settings_->silent) return;
    const AnnounceRounds due = announcing_.take_due(settings_->announcements, now_ns_);
    if (due.all != 0) out.push(Announce{due.all, AnnouncedSet::all});
    if (due.added != 0) out.push(Announce{due.added, AnnouncedSet::added});
    status_.counters.announcements += std::uint64_t{due.all} + due.added;
}

void Instance::alarm(AlarmKind kind, const net::IpAddress& address, Actions& out,
                     const net::MacAddress& claimant) {
    std::uint64_t& next_ns = next_alarm_ns_[static_cast<std::size_t>(kind)];
    if (now_ns_ < next_ns) return;
    next_ns = now_ns_ + alarm_distance_ns;
    out.push(Alarm{kind, address, claimant});
}

}  // namespace warren::vrrp
