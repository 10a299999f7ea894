// SPDX-License-Identifier: BSD-3-Clause
// Seeded simulation of handing over there and back, make before break, between two or three
// routers, under loss and delay of adverts and of the orders, which go another way.
//   handover_sim [SEEDS [FIRST]]    or WARREN_SIM_SEED=N for one seed with its whole trace
// Invariants:
//   on a quiet network there is an owner at every moment, and two only until the old one has heard
//   the new one; with loss nobody is missing for longer than Master_Down_Interval of the slowest;
//   an order that is lost or late is undone 500 ms after the begin, and the owner stays or comes
//   back; who has handed over does not preempt, takes over when the owner dies, and owns again once
//   its hold is gone and it is the better one. In the end there is one owner.
#include <algorithm>

#include "seeds.h"
#include "vrrp/timers.h"
#include "vrrp_world.h"

namespace warren::sim {
namespace {

using vrrp::Version;

constexpr std::uint64_t bound_ns = 500 * ms;
constexpr std::uint64_t longest_crossing_ns = 50 * ms;  // Instance's

class Scenario {
  public:
    Scenario(std::uint64_t seed, bool trace) : world_(seed, trace) {}

    World& run() {
        build();
        pass(settle_ns_, false);
        Node* first = world_.only_owner();
        if (first == nullptr) {
            world_.fail("not one owner at the start");
            return world_;
        }
        for (int i = 0; i < 6 && ok(); ++i)
            hand_over_somehow();
        if (ok()) giver_is_a_standby();
        return world_;
    }

  private:
    bool ok() const { return world_.failure.empty(); }
    Random& random() { return world_.random; }

    void build() {
        const bool v3 = random().percent(60);
        const std::uint64_t choices[] = {10 * ms, 50 * ms, 100 * ms, 1'000 * ms};
        interval_ns_ = v3 ? choices[random().below(4)] : vrrp::ns_per_s;
        world_.nodes.resize(2 + random().below(2));
        for (std::size_t i = 0; i < world_.nodes.size(); ++i) {
            vrrp::Settings& s = world_.nodes[i].settings;
            s.version = v3 ? Version::v3 : Version::v2;
            s.vrid = 51;
            s.priority = static_cast<std::uint8_t>(1 + random().below(254));
            s.advert_interval_ns = interval_ns_;
            s.preempt = random().percent(60);
            s.higher_priority_send_advert = random().percent(30);
            s.lower_priority_no_advert = random().percent(30);
            s.primary_address = net::IpAddress::v4(192, 0, 2, static_cast<std::uint8_t>(10 + i));
            s.advert_addresses = {net::IpAddress::v4(192, 0, 2, 100)};
        }
        longest_down_ns_ = vrrp::master_down_ns(world_.nodes[0].settings.version, 1, interval_ns_);
        settle_ns_ = 2 * longest_down_ns_ + 3 * interval_ns_ + 10 * ms;
        for (Node& node : world_.nodes)
            world_.start(node);
    }

    // ---- the managers and their wire

    struct Order {
        std::uint64_t arrives_ns = 0;  // 0: lost
        bool is_late() const { return arrives_ns == 0; }
    };
    Order send_order(bool lossy) {
        const std::uint64_t delay_ns = 100 * us + random().below(lossy ? 2 * bound_ns : 5 * ms);
        if (lossy && random().percent(30)) return {};
        return {world_.now_ns + delay_ns};
    }

    void hand_over_somehow() {
        const bool lossy = random().percent(50);
        Node* giver = world_.only_owner();
        if (giver == nullptr) return world_.fail("not one owner before a handover");
        Node& taker = other_than(*giver);
        pass(random().below(2 * interval_ns_), true);
        if (lossy) world_.network = {random().below(40), random().below(20), 20 * ms, true};
        hand_over(*giver, taker, send_order(lossy), lossy);
        world_.network = {};
        // A lossy time may end with another's election under way.
        pass(settle_ns_, !lossy);
        if (ok() && world_.only_owner() == nullptr) world_.fail("not one owner after a handover");
        if (ok() && !lossy && giver->owned) world_.fail("who has handed over still owns");
    }

    Node& other_than(const Node& node) {
        for (;;) {
            Node& other = world_.nodes[random().below(world_.nodes.size())];
            if (&other != &node) return other;
        }
    }

    void hand_over(Node& giver, Node& taker, Order order, bool lossy) {
        world_.note("hand over ", world_.id(giver), " to ", world_.id(taker));
        const std::uint64_t begin_ns = world_.now_ns;
        world_.give(giver, vrrp::HandOver{bound_ns + random().below(bound_ns)});
        if (!order.is_late() && order.arrives_ns < begin_ns + bound_ns) {
            watch(order.arrives_ns, lossy);
            if (ok()) world_.give(taker, vrrp::TakeOver{});
        }
        watch(begin_ns + bound_ns, lossy);
        if (!ok()) return;
        if (!giver.owned) return;
        world_.note("undone");
        world_.give(giver, vrrp::HandOver{});
        if (!order.is_late() && order.arrives_ns >= begin_ns + bound_ns) {
            watch(order.arrives_ns, lossy);
            if (ok()) world_.give(taker, vrrp::TakeOver{});
        }
    }

    // ---- what must hold

    void watch(std::uint64_t until_ns, bool lossy) {
        world_.run_until(until_ns, [this, lossy] {
            note_nobody();
            if (!lossy && world_.owner_count() == 0) world_.fail("nobody owns during a handover");
            if (nobody_since_ns_ != 0 &&
                world_.now_ns - nobody_since_ns_ > longest_down_ns_ + 50 * ms)
                world_.fail("nobody owns for longer than Master_Down_Interval");
            return ok();
        });
    }

    void note_nobody() {
        const bool nobody = world_.owner_count() == 0;
        if (!nobody) nobody_since_ns_ = 0;
        if (nobody && nobody_since_ns_ == 0) nobody_since_ns_ = world_.now_ns;
    }

    void pass(std::uint64_t for_ns, bool strict) {
        world_.run_until(world_.now_ns + for_ns, [this, strict] {
            const std::uint64_t since_ns = world_.two_owners_since_ns[0];
            if (strict && since_ns != 0 &&
                world_.now_ns - since_ns > longest_crossing_ns + interval_ns_ + 5 * ms)
                world_.fail("two owners for long");
            if (strict && world_.owner_count() == 0) world_.fail("no owner on a quiet network");
            return ok();
        });
    }

    // After a handover that went well.
    void giver_is_a_standby() {
        Node& giver = *world_.only_owner();
        Node& taker = other_than(giver);
        if (world_.nodes.size() > 2 || !giver.instance) return;
        hand_over(giver, taker, send_order(false), false);
        pass(5 * longest_down_ns_, true);
        if (ok() && !taker.owned) world_.fail("who has handed over has taken back by itself");
        if (!ok()) return;
        if (random().percent(50)) return taker_dies(giver, taker);
        world_.give(giver, vrrp::PreemptHold{});
        pass(settle_ns_, true);
        const bool better =
            giver.settings.preempt && giver.settings.priority > taker.settings.priority;
        if (ok() && giver.owned != better) world_.fail("the better one does not own in the end");
    }

    void taker_dies(Node& giver, Node& taker) {
        const std::uint64_t last_ns = taker.last_advert_ns;
        world_.kill(taker);
        world_.run_until(last_ns + longest_down_ns_ + 5 * ms);
        if (ok() && !giver.owned) world_.fail("who has handed over does not stand by");
    }

    World world_;
    std::uint64_t interval_ns_ = 0;
    std::uint64_t longest_down_ns_ = 0;
    std::uint64_t settle_ns_ = 0;
    std::uint64_t nobody_since_ns_ = 0;
};

}  // namespace
}  // namespace warren::sim

int main(int argc, char** argv) {
    using namespace warren::sim;
    return run_seeds(argc, argv, [](std::uint64_t seed, bool tracing) {
        Scenario scenario(seed, tracing);
        const World& world = scenario.run();
        return Outcome{world.failure, world.trace};
    });
}
