// SPDX-License-Identifier: BSD-3-Clause
// The control lcore's reports to the manager; counted when the channel is full. Refused adverts are
// limited to one report a second. No clock, no heap after the constructor.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "election/plan.h"
#include "election/vrrp_link.h"
#include "vrrp/heard.h"
#include "vrrp/instance.h"

namespace warren::election {

class Reporter {
  public:
    // Between two reports of one router and reject reason; all are counted.
    static constexpr std::uint64_t reject_distance_ns = 1'000'000'000;

    Reporter(std::size_t most_routers, VrrpLink& link);

    // The index has been given to another router.
    void clear(std::size_t router) { items_[router] = {}; }

    // Rings the manager's doorbell: what follows must not wait for its next drain.
    void transition(std::size_t router, const vrrp::Report& change, std::uint64_t now_ns);
    // `heard` is the advert that it is about, if one is; `counters` are the router's.
    void alarm(std::size_t router, const vrrp::Alarm& alarm, const vrrp::Heard& heard,
               const vrrp::Counters& counters, std::uint64_t now_ns);
    void rejected(std::size_t router, vrrp::RejectReason reason, const vrrp::Heard& heard,
                  const vrrp::Counters& counters, std::uint64_t now_ns);
    // `kind` is traffic or silence.
    void since_takeover(VrrpReport::Kind kind, std::uint16_t router, std::uint64_t silent_ns,
                        std::uint64_t now_ns);
    // `old` is no longer used.
    void plan_taken(std::uint16_t router, const RouterPlan* old);
    void reloaded(const RouterChanges& changes, std::uint64_t now_ns);
    void stopped(std::uint64_t now_ns);
    // Repeated anyway, so a full channel loses nothing.
    void status(const VrrpStatus& status);

  private:
    struct Item {
        std::array<std::uint64_t, vrrp::alarm_kind_count> alarms{};             // raised, by kind
        std::array<std::uint64_t, vrrp::reject_reason_count> next_reject_ns{};  // not sooner
    };

    void send(const VrrpReport& report);

    std::vector<Item> items_;  // by router
    VrrpLink& link_;
};

}  // namespace warren::election
