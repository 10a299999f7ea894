// SPDX-License-Identifier: BSD-3-Clause
// Seeded simulation of sync groups: two hosts on two LANs, one virtual router of each host on each.
//   group_sim [SEEDS [FIRST]]    or WARREN_SIM_SEED=N for one seed with its whole trace
// Invariants, once the networks have been quiet:
//   one host owns on both LANs; the one of higher priority if it preempts; two owners of a LAN only
//   while a preempting advert travels. A link of the owner fails: the other host owns both within
//   the longest Master_Down_Interval. A LAN that is cut in two with its links up moves nothing, for
//   the other LAN still has its master. A stopped host hands over within Skew_Time.
#include <algorithm>
#include <string>

#include "seeds.h"
#include "vrrp/timers.h"
#include "vrrp_world.h"

namespace warren::sim {
namespace {

using vrrp::Version;

constexpr int hosts = 2;
constexpr int lans = max_lans;
constexpr std::uint64_t overlap_ns = max_delay_ns + 2 * max_latency_ns;
constexpr std::uint64_t slack_ns = 2 * overlap_ns + vrrp::MasterDownTimer::evidence_poll_ns;

class Scenario {
  public:
    Scenario(std::uint64_t seed, bool trace) : world_(seed, trace) {}

    World& run() {
        build();
        chaos();
        quiet();
        if (ok()) lan_is_cut();
        if (ok()) link_fails();
        if (ok()) host_stops();
        return world_;
    }

  private:
    bool ok() const { return world_.failure.empty(); }
    Random& random() { return world_.random; }
    Node& node(int host, int lan) {
        return world_.nodes[static_cast<std::size_t>(host * lans + lan)];
    }

    void build() {
        const bool v3 = random().percent(50);
        interval_ns_ = v3 ? (10 + random().below(10) * 10) * ms : vrrp::ns_per_s;
        const bool preempt = random().percent(60);
        world_.nodes.resize(hosts * lans);
        for (int host = 0; host < hosts; ++host) {
            const auto priority = static_cast<std::uint8_t>(1 + random().below(255));
            for (int lan = 0; lan < lans; ++lan) {
                Node& n = node(host, lan);
                n.host = host;
                n.lan = lan;
                vrrp::Settings& s = n.settings;
                s.version = v3 ? Version::v3 : Version::v2;
                s.vrid = 51;
                s.priority = priority;
                s.advert_interval_ns = interval_ns_;
                s.preempt = preempt;
                s.grouped = true;
                s.primary_address =
                    net::IpAddress::v4(192, 0, 2, static_cast<std::uint8_t>(10 + host));
                s.advert_addresses = {net::IpAddress::v4(192, 0, 2, 100)};
                s.announcements.refresh_ns = 10 * s.advert_interval_ns;
            }
        }
        down_ns_ = vrrp::master_down_ns(node(0, 0).settings.version, 1, interval_ns_);
        for (int host = 0; host < hosts; ++host)
            world_.start_host(host);
    }

    // ---- anything may happen

    void chaos() {
        world_.network = {random().below(30), random().below(20),
                          max_delay_ns + random().below(interval_ns_), random().percent(50)};
        const std::uint64_t end_ns = world_.now_ns + 30 * interval_ns_;
        while (world_.now_ns < end_ns && ok()) {
            world_.run_until(world_.now_ns + random().below(3 * interval_ns_));
            mishap(static_cast<int>(random().below(hosts)), static_cast<int>(random().below(lans)));
        }
    }

    void mishap(int host, int lan) {
        Node& n = node(host, lan);
        const std::uint64_t span_ns = random().below(2 * down_ns_);
        switch (random().below(8)) {
            case 0:
                return kill(host);
            case 1:
                return n.instance ? stop(host) : world_.start_host(host);
            case 2:
                return world_.set_link(n, !n.link_up);
            case 3:
                return world_.stall_worker(n, span_ns);
            case 4:
                return world_.freeze_control(n, span_ns);
            case 5:
                n.segment = static_cast<int>(random().below(2));
                return;
            case 6:
                if (n.instance)
                    world_.give(n, vrrp::FaultChange{vrrp::FaultCause::tracked,
                                                     random().percent(50), true});
                return;
            default:
                if (!n.instance) world_.start_host(host);
        }
    }

    void kill(int host) {
        for (int lan = 0; lan < lans; ++lan)
            world_.kill(node(host, lan));
    }

    void stop(int host) {
        for (int lan = 0; lan < lans; ++lan)
            world_.give(node(host, lan), vrrp::Shutdown{});
        kill(host);
    }

    // ---- then nothing does

    void quiet() {
        world_.note("quiet");
        world_.network = {};
        for (Node& n : world_.nodes) {
            n.segment = 0;
            world_.end_stalls(n);
        }
        for (int host = 0; host < hosts; ++host)
            if (!node(host, 0).instance) world_.start_host(host);
        for (Node& n : world_.nodes) {
            if (!n.link_up) world_.set_link(n, true);
            world_.give(n, vrrp::FaultChange{vrrp::FaultCause::tracked, false, true});
        }
        // A master that a late advert of the chaos called back yields once more.
        world_.run_until(world_.now_ns + 3 * down_ns_ + 2 * interval_ns_ + 4 * slack_ns);
        pass(2 * down_ns_);
        check_election("after the chaos");
    }

    // Time passes; each LAN has an owner, and two of them only for a moment.
    void pass(std::uint64_t for_ns) {
        world_.run_until(world_.now_ns + for_ns, [this] {
            for (int lan = 0; lan < lans; ++lan) {
                const std::uint64_t since_ns =
                    world_.two_owners_since_ns[static_cast<std::size_t>(lan)];
                if (since_ns != 0 && world_.now_ns - since_ns > overlap_ns)
                    world_.fail("two owners of a LAN on a quiet network");
                if (world_.owner_count(lan) == 0) world_.fail("a LAN without owner");
            }
            return true;
        });
    }

    // The host that owns on both LANs, -1 when there is none.
    int owner() {
        int all = -1;
        for (int lan = 0; lan < lans; ++lan) {
            const Node* one = world_.only_owner(lan);
            if (one == nullptr || (lan > 0 && one->host != all)) return -1;
            all = one->host;
        }
        return all;
    }

    void check_election(const char* when) {
        if (!ok()) return;
        const int host = owner();
        if (host < 0) return world_.fail(std::string("not one host owns both LANs ").append(when));
        const vrrp::Settings& ours = node(host, 0).settings;
        const vrrp::Settings& theirs = node(1 - host, 0).settings;
        const bool preempts = theirs.preempt || theirs.priority == vrrp::owner_priority;
        if (preempts && theirs.priority > ours.priority)
            world_.fail(std::string("a preempting host of higher priority waits ").append(when));
    }

    // ---- single faults

    void lan_is_cut() {
        const std::uint64_t changes = world_.owner_changes;
        const int backup = 1 - owner();
        node(backup, static_cast<int>(random().below(lans))).segment = 1;
        pass(5 * down_ns_);
        if (ok() && world_.owner_changes != changes)
            world_.fail("a LAN in two halves moved the group");
        for (Node& n : world_.nodes)
            n.segment = 0;
        pass(2 * down_ns_);
        if (ok() && world_.owner_changes != changes) world_.fail("its healing moved the group");
    }

    void link_fails() {
        const int host = owner();
        Node& failing = node(host, static_cast<int>(random().below(lans)));
        world_.set_link(failing, false);
        for (int lan = 0; lan < lans; ++lan)
            if (node(host, lan).owned) world_.fail("half a group goes on owning");
        await(1 - host, world_.now_ns + down_ns_ + slack_ns, "after a link's failure");
        world_.set_link(failing, true);
        world_.run_until(world_.now_ns + 2 * down_ns_ + slack_ns);
        check_election("after the link's return");
    }

    void host_stops() {
        const int host = owner();
        const vrrp::Settings& heir = node(1 - host, 0).settings;
        stop(host);
        await(1 - host,
              world_.now_ns + vrrp::skew_ns(heir.version, heir.priority, interval_ns_) + slack_ns,
              "within skew of a stop");
        pass(down_ns_);
    }

    void await(int host, std::uint64_t end_ns, const char* when) {
        world_.run_until(end_ns, [this, host] { return owner() != host; });
        if (ok() && owner() != host)
            world_.fail(std::string("the other host does not own both LANs ").append(when));
    }

    World world_;
    std::uint64_t interval_ns_ = 0;
    std::uint64_t down_ns_ = 0;  // the longest
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
