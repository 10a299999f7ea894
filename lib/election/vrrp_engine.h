// SPDX-License-Identifier: BSD-3-Clause
// The control lcore without its loop (vrrp_runner.h): frames, commands and time go in; the actions
// of vrrp::Instance are carried out at once, in order, on the ownership bits, a frame sink and the
// report channel. No clock, no sleep, no mbufs, no heap after the constructor.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "election/advert_sender.h"
#include "election/announcer.h"
#include "election/frame_sink.h"
#include "election/mac_claims.h"
#include "election/plan.h"
#include "election/reporter.h"
#include "election/router_groups.h"
#include "election/router_index.h"
#include "election/traffic_watch.h"
#include "election/vrrp_link.h"
#include "exchange/ownership.h"
#include "exchange/snapshot.h"
#include "net/bytes.h"
#include "net/parse.h"
#include "vrrp/heard.h"
#include "vrrp/instance.h"

namespace warren::election {

// Inputs of one round of the loop.
struct Round {
    const exchange::Snapshot& snapshot;  // whose addresses are announced
    std::uint64_t now_ns = 0;
    std::span<const std::uint64_t> rx_seen_ns;  // by port, see vrrp::Tick; 0: not yet
    std::uint64_t rx_polled_ns = 0;             // when the last of the workers began a round
    TrafficWatch::Workers workers{};            // who count the virtual routers' traffic
};

class VrrpEngine {
  public:
    // A worker that has not polled for this long is stalled: a fault of every virtual router.
    static constexpr std::uint64_t stall_ns = 1'000'000'000;
    static constexpr std::uint64_t status_interval_ns = 250'000'000;
    // After a hand-over known flows are forwarded for this long (flow sync).
    static constexpr std::uint64_t handover_grace_ns = 50'000'000;
    // Bounds how long an advert may wait behind announcements.
    static constexpr unsigned announcements_per_tick = 32;

    // A plan must live until a command that replaces it is reported done; a removed router's until
    // its index is reused. Nothing happens before start_ns.
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
        bool present = true;  // false: removed, the index is free
        vrrp::Instance instance;
    };
    // Apart from the routers and dense: a tick of a thousand routers reads few cache lines.
    struct Due {
        std::uint64_t deadline_ns = vrrp::no_deadline;
        bool waiting = false;  // for the workers' rx_seen_ns: checked in every tick
    };

    void on_advert(std::uint8_t port, net::ConstBytes frame, const net::Parsed& parsed,
                   const Round& round);
    void on_claim(std::uint8_t port, net::ConstBytes frame, const net::Parsed& parsed,
                  const Round& round);

    bool is_present(std::size_t index) const;
    // Being handed over to a peer.
    bool is_offered(std::size_t index) const {
        return routers_[index].instance.status().handing_over;
    }
    bool has_virtual_mac(std::size_t index, const Round& round) const;
    void place(std::size_t index, const RouterPlan& plan, std::uint16_t faults,
               std::uint64_t now_ns);
    void take_plan(const VrrpCommand& command, const Round& round);
    void reload(const RouterChanges& changes, const Round& round);
    void apply(const RouterChange& change, const Round& round);
    void remove(std::size_t index, const Round& round);
    void add(const RouterChange& change, const Round& round);
    void change_plan(const RouterChange& change, const Round& round);
    void follow_faults(const RouterChange& change, const Round& round);
    void make_groups();

    void start(const Round& round);
    void stop(const Round& round);
    void watch_workers(const Round& round);
    void settle_groups(const Round& round);
    void look_for_traffic(const Round& round);
    void announce(const Round& round);

    void step(std::size_t index, const vrrp::Event& event, const Round& round);
    void carry_out(std::size_t index, const vrrp::Own& own, const Round& round);
    void carry_out(std::size_t index, const vrrp::SendAdvert& send, const Round& round);
    void carry_out(std::size_t index, const vrrp::Announce& announce, const Round& round);
    void carry_out(std::size_t index, const vrrp::Report& report, const Round& round);
    void carry_out(std::size_t index, const vrrp::Alarm& alarm, const Round& round);

    void send_status(std::size_t index);
    void send_statuses(const Round& round);

    // All have capacity for most_routers.
    std::vector<Router> routers_;
    std::vector<Due> due_;  // by router
    RouterIndex index_;
    RouterGroups groups_;
    AdvertSender adverts_;
    Announcer announcer_;
    MacClaims claims_;
    TrafficWatch traffic_;
    Reporter reporter_;
    exchange::Ownership& ownership_;
    VrrpLink& link_;
    FrameSink& sink_;
    vrrp::Heard heard_{};  // the advert that is being processed, else empty
    std::uint64_t start_ns_;
    std::uint64_t next_status_ns_ = 0;
    bool started_ = false;
    bool stopped_ = false;
    bool stalled_ = false;
};

}  // namespace warren::election
