// SPDX-License-Identifier: BSD-3-Clause
// What goes into an Instance (Event) and what comes out (Actions). Events are facts with their
// time, actions are orders to the runner, to be carried out in the order given.
#pragma once

#include <array>
#include <cassert>
#include <cstdint>
#include <string_view>
#include <variant>

#include "net/address.h"
#include "vrrp/advert.h"

namespace warren::vrrp {

enum class State : std::uint8_t { initialize, backup, master, fault };
std::string_view name(State state);

// Why a virtual router may not take part. Several can hold at once; it is in fault as long as one
// does.
enum class FaultCause : std::uint8_t {
    link_down,
    no_address,    // the port has no primary address
    worker_stall,  // a worker of the port stopped polling
    transmit_stall,
    tracked,      // a tracked thing of weight 0 failed
    sync_group,   // another member of the group is in fault
    quorum_lost,  // the real_servers' quorum is lost while the peer still has one
    handover,     // the operator asked to give up, and no peer can take over before
    no_buffers,   // frames cannot be received for want of packet buffers
};
std::string_view name(FaultCause cause);

enum class Reason : std::uint8_t {
    none,
    startup,
    owner_startup,    // priority 255 becomes master at once
    master_down,      // no advert for Master_Down_Interval
    priority_zero,    // the master said good-bye
    preempted_lower,  // a master of lower priority was running
    higher_priority_heard,
    higher_address_heard,  // equal priority, larger primary address
    fault,
    fault_cleared,
    sync_group,  // another member of the group moved
    shutdown,
    handover,  // by order: the one takes over, the other hears of it and yields
    stalled,   // silent for so long that a peer must have taken over
};
std::string_view name(Reason reason);

enum class AlarmKind : std::uint8_t {
    other_master,      // another router says it is master while we are (split brain or its heal)
    two_owners,        // another router advertises priority 255 as we do
    address_conflict,  // another station claims an owned address (RFC 5227)
    late_advert,       // our own advert was later than Master_Down_Interval: this machine stalled
    address_list,      // the peer advertises other addresses
    interval,          // v3: the peer advertises at another interval
    unproven_silence,  // master though the workers could not show that no advert was waiting
};
inline constexpr std::size_t alarm_kind_count = 7;
std::string_view name(AlarmKind kind);

// ---- events

struct Startup {};
struct Shutdown {};
// A decoded advert; its AddressList is not kept beyond the call.
struct AdvertReceived {
    Advert advert;
    net::IpAddress source;
};
// `rx_seen_ns`: the latest time t such that all that the port's rx queues held at t has been taken,
// and the adverts among it are already in AdvertReceived events. So: read the workers' times, then
// drain the punt rings, then tick.
struct Tick {
    std::uint64_t rx_seen_ns = 0;
};
struct FaultChange {
    FaultCause cause = FaultCause::link_down;
    bool present = false;
    bool can_transmit = true;  // false: nothing would leave the port, so no priority 0 is asked for
};
// What tracking made of the priority; clamped to 1-254. An owner ignores it.
struct PriorityChange {
    int effective = 0;
};
// Preemption withheld (flow sync not complete): as nopreempt while it holds.
struct PreemptHold {
    bool hold = false;
};
// Make before break. A backup becomes master at once, for its master hands over.
struct TakeOver {};
// That master: for so long (0: no more) it says priority 1 and yields to whoever advertises. After
// that yield its preemption is held, or it would take back at once what it has given.
struct HandOver {
    std::uint64_t for_ns = 0;
};
// Somebody else's ARP or NA claimed one of our addresses.
struct AddressConflict {
    net::IpAddress address;
    net::MacAddress claimant;
};
// Which of a router's addresses an announcement is for: all of them, or those that came with its
// newest settings. Which those are is the runner's knowledge, for excluded ones are among them.
enum class AnnouncedSet : std::uint8_t { nothing, added, all };

// New settings for the same (port, family, version, VRID); the state is kept, and so are timers
// that still mean the same. The old ones may be freed afterwards.
struct Reconfigure {
    const Settings* settings = nullptr;
    int effective_priority = 0;                      // 0: the settings' own
    AnnouncedSet announced = AnnouncedSet::nothing;  // what a master has to tell the LAN
};

// The sync group's word (group.h): every member wants to be master; another one yielded.
struct GroupMaster {};
struct GroupBackup {};

using Event =
    std::variant<Startup, Shutdown, AdvertReceived, Tick, FaultChange, PriorityChange, PreemptHold,
                 TakeOver, HandOver, AddressConflict, Reconfigure, GroupMaster, GroupBackup>;

// ---- actions

struct Own {
    bool owned = false;
    friend bool operator==(const Own&, const Own&) = default;
};
// To the multicast group, or to every unicast peer.
struct SendAdvert {
    std::uint8_t priority = 0;
    friend bool operator==(const SendAdvert&, const SendAdvert&) = default;
};
// `rounds` times one GARP or unsolicited NA for each owned address, excluded ones too, or for the
// added ones alone, back to back.
struct Announce {
    std::uint8_t rounds = 1;
    AnnouncedSet what = AnnouncedSet::all;
    friend bool operator==(const Announce&, const Announce&) = default;
};
struct Report {
    State from = State::initialize;
    State to = State::initialize;
    Reason reason = Reason::none;
    friend bool operator==(const Report&, const Report&) = default;
};
// At most one of a kind per second.
struct Alarm {
    AlarmKind kind = AlarmKind::other_master;
    net::IpAddress address;      // who, or which address
    net::MacAddress claimant{};  // address_conflict
    friend bool operator==(const Alarm&, const Alarm&) = default;
};

using Action = std::variant<Own, SendAdvert, Announce, Report, Alarm>;

// A bounded list. No event of the table in instance.cc asks for more than seven actions.
class Actions {
  public:
    static constexpr std::size_t capacity = 8;

    void push(const Action& action) {
        assert(size_ < capacity);
        items_[size_++] = action;
    }
    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    const Action& operator[](std::size_t i) const { return items_[i]; }
    const Action* begin() const { return items_.data(); }
    const Action* end() const { return items_.data() + size_; }

  private:
    std::array<Action, capacity> items_{};
    std::size_t size_ = 0;
};

}  // namespace warren::vrrp
