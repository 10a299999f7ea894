// SPDX-License-Identifier: BSD-3-Clause
// An engine of any plans, a sink that writes down what leaves, and time.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "election/plan.h"
#include "election/vrrp_engine.h"
#include "packets/packet_builder.h"

namespace warren::election {

inline constexpr std::uint64_t ms = 1'000'000;
inline constexpr std::uint64_t s = 1'000'000'000;
inline constexpr std::uint64_t start_ns = s;

inline net::IpAddress ip(const char* text) {
    return packets::address(text);
}

inline RouterPlan plan_of(std::uint8_t vrid, std::vector<net::IpAddress> addresses) {
    RouterPlan plan;
    plan.settings.version = vrrp::Version::v3;
    plan.settings.vrid = vrid;
    plan.settings.advert_interval_ns = vrrp::ns_per_cs;
    plan.settings.advert_addresses = std::move(addresses);
    plan.settings.primary_address = ip("192.168.8.1");
    plan.source_mac = {{2, 0, 0, 0, 0, 1}};
    return plan;
}

class Sink : public FrameSink {
  public:
    bool send(std::uint8_t port, net::ConstBytes frame) override {
        if (!works) return false;
        sent.push_back(std::to_string(port) + " " + packets::describe(frame));
        return true;
    }
    std::size_t count(const std::string& what) const {
        return static_cast<std::size_t>(std::count_if(
            sent.begin(), sent.end(),
            [&](const std::string& line) { return line.find(what) != std::string::npos; }));
    }
    std::vector<std::string> sent;
    bool works = true;
};

class EngineWorld : public testing::Test {
  protected:
    void run(std::vector<RouterPlan> plans) {
        plans_ = std::move(plans);
        std::vector<const RouterPlan*> pointers;
        for (std::size_t i = 0; i < plans_.size(); ++i) {
            const RouterPlan& plan = plans_[i];
            pointers.push_back(&plan);
            snapshot_.virtual_routers.push_back({});
            for (const net::IpAddress& address : plan.settings.advert_addresses)
                snapshot_.addresses.push_back(
                    {address, plan.source_mac, static_cast<std::uint16_t>(i), plan.port});
        }
        snapshot_.seal();
        engine_ = std::make_unique<VrrpEngine>(pointers, start_ns, ownership_, link_, sink_);
    }
    Round round() {
        rx_seen_ns_.fill(now_ns_);
        return {snapshot_, now_ns_, rx_seen_ns_, now_ns_, workers_};
    }
    void advance(std::uint64_t ns) {
        for (const std::uint64_t end = now_ns_ + ns; now_ns_ < end; now_ns_ += ms / 2)
            engine_->tick(round());
    }
    bool owned(std::size_t router) const {
        exchange::OwnershipView view;
        ownership_.read(view, 1024, now_ns_);
        return view.owns(router, s);
    }
    VrrpStatus status(std::size_t router) {
        advance(300 * ms);
        return last_status(router);
    }
    VrrpStatus last_status(std::size_t router) {
        VrrpStatus last;
        for (VrrpStatus one; link_.statuses.pop(one);)
            if (one.router == router) last = one;
        return last;
    }

    std::vector<std::unique_ptr<exchange::WorkerLink>> workers_;
    std::vector<RouterPlan> plans_;
    exchange::Snapshot snapshot_;
    exchange::Ownership ownership_;
    VrrpLink link_;
    Sink sink_;
    std::uint64_t now_ns_ = start_ns;
    std::array<std::uint64_t, exchange::max_ports> rx_seen_ns_{};
    std::unique_ptr<VrrpEngine> engine_;
};

}  // namespace warren::election
