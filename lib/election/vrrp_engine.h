// SPDX-License-Identifier: BSD-3-Clause
// The control lcore's virtual routers without its loop: frames, commands and time go in, actions
// are carried out at once, in their order, on the ownership bits, a frame sink and the report
// channel. No clock, no sleep, no mbufs, no heap after the constructor: vrrp_runner.h has the rest.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "election/advert_frame.h"
#include "election/announcer.h"
#include "election/frame_sink.h"
#include "election/hmac_md5.h"
#include "election/traffic_watch.h"
#include "election/vrrp_link.h"
#include "exchange/ownership.h"
#include "exchange/snapshot.h"
#include "net/bytes.h"
#include "net/parse.h"
#include "vrrp/ah.h"
#include "vrrp/instance.h"

namespace warren::election {

// What holds during one round of the loop.
struct Round {
    const exchange::Snapshot& snapshot;  // whose addresses are announced
    std::uint64_t now_ns = 0;
    std::span<const std::uint64_t> rx_seen_ns;  // by port, see vrrp::Tick; 0: not yet
    std::uint64_t rx_polled_ns = 0;             // every worker has begun a round since
    TrafficWatch::Workers workers{};            // who count the virtual routers' traffic
};

class VrrpEngine {
  public:
    // A worker that has not polled for so long is stalled: a fault of every virtual router.
    static constexpr std::uint64_t stall_ns = 1'000'000'000;
    static constexpr std::uint64_t status_interval_ns = 250'000'000;
    // So many announcements leave in one tick: no advert waits behind more.
    static constexpr unsigned announcements_per_tick = 32;
    // After which a refused advert is tried again.
    static constexpr std::uint64_t retry_ns = 250'000;

    // The plans outlive the engine, or the command that replaces them; a removed router's, its
    // index. Nothing happens before start_ns.
    VrrpEngine(const std::vector<const RouterPlan*>& plans, std::uint64_t start_ns,
               exchange::Ownership& ownership, VrrpLink& link, FrameSink& sink);

    void on_frame(std::uint8_t port, net::ConstBytes frame, const Round& round);
    void on_command(const VrrpCommand& command, const Round& round);
    void tick(const Round& round);

    // When tick() is due next; may be in the past. vrrp::no_deadline: no router is running.
    std::uint64_t deadline_ns() const;

  private:
    static constexpr std::size_t most_routers = exchange::max_virtual_routers;
    struct Router {
        explicit Router(const RouterPlan& p) : plan(&p), instance(p.settings) {}
        const RouterPlan* plan;
        bool present = true;  // false: removed, the index waits for another
        vrrp::Instance instance;
        vrrp::AhSequence ah;
        std::array<net::MacAddress, max_unicast_peers> peer_macs{};  // zero: unknown
        // An advert that the port has not taken yet: its priority, and the first target without it.
        bool unsent = false;
        std::uint8_t unsent_priority = 0;
        std::size_t unsent_from = 0;
        std::uint64_t unsent_adverts = 0;
        std::uint64_t unresolved_adverts = 0;
        std::array<std::uint64_t, vrrp::alarm_kind_count> alarms{};  // raised, by kind
        std::array<std::uint64_t, vrrp::reject_reason_count>
            next_reject_ns{};  // report, not sooner
    };
    static constexpr std::uint16_t no_router = 0xffff;
    struct Group {
        std::uint16_t first = no_router;  // the others by next_member_
        bool moved = false;               // one of them, since they last agreed
    };

    void on_advert(std::uint8_t port, net::ConstBytes frame, const net::Parsed& parsed,
                   const Round& round);
    void on_claim(std::uint8_t port, net::ConstBytes frame, const net::Parsed& parsed,
                  const Round& round);
    void reject(std::size_t index, vrrp::RejectReason reason, const Round& round);
    void look_for_traffic(const Round& round);
    void send_probe(std::uint8_t port, const net::MacAddress& mac);
    void make_groups();
    void note_moved(std::uint16_t group);
    void settle_groups(const Round& round);
    void settle(const Group& group, const Round& round);
    void start(const Round& round);
    void stop(const Round& round);
    void watch_workers(const Round& round);
    void set_fault(std::size_t index, const vrrp::FaultChange& change, const Round& round);
    bool is_present(std::size_t index) const;
    void place(std::size_t index, const RouterPlan& plan, std::uint16_t faults,
               std::uint64_t now_ns);
    void take_plan(const VrrpCommand& command, const Round& round);
    void reload(const RouterChanges& changes, const Round& round);
    void carry_out(const RouterChange& change, const Round& round);
    void remove(std::size_t index, const Round& round);
    void add(const RouterChange& change, const Round& round);
    void change_plan(const RouterChange& change, const Round& round);
    static void follow_peers(Router& router, const RouterPlan& plan);
    void follow_faults(const RouterChange& change, const Round& round);
    static std::size_t key(std::uint8_t port, std::uint8_t vrid, bool ipv6);
    std::size_t find(std::uint8_t port, std::uint8_t vrid, bool ipv6) const;  // or no_router

    void step(std::size_t index, const vrrp::Event& event, const Round& round);
    void carry_out(std::size_t index, const vrrp::Own& own, const Round& round);
    void carry_out(std::size_t index, const vrrp::SendAdvert& send, const Round& round);
    void carry_out(std::size_t index, const vrrp::Announce& announce, const Round& round);
    void carry_out(std::size_t index, const vrrp::Report& report, const Round& round);
    void carry_out(std::size_t index, const vrrp::Alarm& alarm, const Round& round);

    void send_adverts(std::size_t index);
    bool send_advert(Router& router, const AdvertTarget& target);
    void set_unsent(Router& router, bool unsent);
    void retry_adverts(const Round& round);
    void announce(const Round& round);
    void note_due(std::size_t index);
    void report(const VrrpReport& report);
    void send_status(std::size_t index);
    void send_statuses(const Round& round);

    // Beside the routers and dense, so that a tick of a thousand looks at few cache lines.
    struct Due {
        std::uint64_t deadline_ns = vrrp::no_deadline;
        bool waiting = false;  // for the workers' evidence: asked in every tick
    };

    // All have room for most_routers from the start.
    std::vector<Router> routers_;
    std::vector<Group> groups_;               // by the plans' numbers
    std::vector<std::uint16_t> next_member_;  // router -> the next one of its group, or no_router
    std::vector<Due> due_;                    // by router
    std::vector<std::uint16_t> by_key_;       // port, family, VRID -> router
    HmacMd5 hmac_;
    Announcer announcer_;
    TrafficWatch traffic_;
    exchange::Ownership& ownership_;
    VrrpLink& link_;
    FrameSink& sink_;
    vrrp::Heard heard_{};  // the advert that is being worked on, else empty
    std::uint64_t start_ns_;
    std::uint64_t next_status_ns_ = 0;
    std::uint64_t retry_deadline_ns_ = vrrp::no_deadline;
    unsigned unsent_ = 0;  // routers with an unsent advert
    bool started_ = false;
    bool stopped_ = false;
    bool stalled_ = false;
    bool group_moved_ = false;  // any
};

}  // namespace warren::election
