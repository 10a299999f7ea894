// SPDX-License-Identifier: BSD-3-Clause
// Seeded simulation of VRRP: each seed is a network of two or three routers, a time of chaos, then
// quiet, then single faults.
//   vrrp_sim [SEEDS [FIRST]]    or WARREN_SIM_SEED=N for one seed with its whole trace
// Invariants, once the network has been quiet for the longest Master_Down_Interval:
//   one owner; two at once only for the moment a preempting advert travels; the host believes in
//   the owner; nobody of higher priority with preempt waits behind the owner, nobody without it
//   pushes in; a backup whose worker stalls never takes over; after a crash somebody owns within 3
//   * advert + skew of the last advert, after a stop within skew, and then never two. Beside a
//   queue whose rx mark never moves both take longest_wait_for_workers_ns longer.
#include <algorithm>
#include <deque>

#include "seeds.h"
#include "vrrp/timers.h"
#include "vrrp_world.h"

namespace warren::sim {
namespace {

using vrrp::Version;

// A preempting advert travels, is polled, and is acted upon.
constexpr std::uint64_t overlap_ns = max_delay_ns + 2 * max_latency_ns;
constexpr std::uint64_t slack_ns = overlap_ns + vrrp::MasterDownTimer::evidence_poll_ns;

class Scenario {
  public:
    Scenario(std::uint64_t seed, bool trace) : world_(seed, trace) {}

    World& run() {
        build();
        chaos();
        quiet();
        if (ok()) all_reload();
        if (ok()) backup_stalls();
        if (ok()) blind_all();
        if (ok()) owner_crashes();
        if (ok()) owner_stops();
        return world_;
    }

  private:
    bool ok() const { return world_.failure.empty(); }
    Random& random() { return world_.random; }
    Node& any() { return world_.nodes[random().below(world_.nodes.size())]; }

    std::uint64_t interval_ns() {
        const std::uint64_t choices[] = {10 * ms, 20 * ms, 50 * ms, 100 * ms};
        return choices[random().below(4)];
    }

    void build() {
        const bool v3 = random().percent(50);
        const std::uint64_t common_ns = v3 ? interval_ns() : vrrp::ns_per_s;
        ah_ = !v3 && random().percent(50);
        mixed_ = v3 && random().percent(30);
        // Three of them need equal intervals: a loser's advert teaches the third its own, shorter
        // one.
        world_.nodes.resize(mixed_ ? 2 : 2 + random().below(2));
        for (std::size_t i = 0; i < world_.nodes.size(); ++i) {
            vrrp::Settings& s = world_.nodes[i].settings;
            s.version = v3 ? Version::v3 : Version::v2;
            s.vrid = 51;
            s.priority = static_cast<std::uint8_t>(1 + random().below(254));
            if (i == 0 && random().percent(10)) s.priority = vrrp::owner_priority;
            if (i == 1 && random().percent(10) && world_.nodes[0].settings.priority != 255)
                s.priority = world_.nodes[0].settings.priority;  // the address decides
            s.advert_interval_ns = mixed_ ? interval_ns() : common_ns;
            s.preempt = random().percent(60);
            s.preempt_delay_ns = random().percent(20) ? 2 * s.advert_interval_ns : 0;
            s.higher_priority_send_advert = random().percent(30);
            s.lower_priority_no_advert = random().percent(30);
            s.primary_address = net::IpAddress::v4(192, 0, 2, static_cast<std::uint8_t>(10 + i));
            s.advert_addresses = {net::IpAddress::v4(192, 0, 2, 100)};
            s.announcements.refresh_ns = 10 * s.advert_interval_ns;
            if (ah_) s.auth_type = vrrp::AuthType::ah;
            world_.nodes[i].one_counter = ah_ && i == 1 && random().percent(30);  // two may hang
            const bool unheard = ah_ && s.priority == vrrp::owner_priority;       // after a restart
            if (unheard || world_.nodes[i].one_counter) disbelief_ns_ = common_ns;
            longest_interval_ns_ = std::max(longest_interval_ns_, s.advert_interval_ns);
        }
        longest_down_ns_ =
            vrrp::master_down_ns(world_.nodes[0].settings.version, 1, longest_interval_ns_);
        // An obeyed lower master, its preempt_delay, one more Master_Down_Interval, travelling
        // time.
        settle_ns_ = 2 * longest_down_ns_ + 3 * longest_interval_ns_ + 10 * slack_ns;
        for (Node& node : world_.nodes)
            world_.start(node);
    }

    // ---- anything may happen

    void chaos() {
        world_.network = {random().below(30), random().below(20),
                          max_delay_ns + random().below(longest_interval_ns_),
                          random().percent(50)};
        const std::uint64_t end_ns = world_.now_ns + 30 * longest_interval_ns_;
        while (world_.now_ns < end_ns && ok()) {
            world_.run_until(world_.now_ns + random().below(3 * longest_interval_ns_));
            mishap();
        }
    }

    void mishap() {
        Node& node = any();
        const std::uint64_t span_ns = random().below(2 * longest_down_ns_);
        switch (random().below(10)) {
            case 0:
                return world_.kill(node);
            case 1:
                return node.instance ? world_.shut_down(node) : world_.start(node);
            case 2:
                return world_.set_link(node, !node.link_up);
            case 3:
                return world_.stall_worker(node, span_ns);
            case 4:
                return world_.freeze_control(node, span_ns);
            case 5:
                node.segment = static_cast<int>(random().below(2));
                return;
            case 6:
                heal();
                return;
            case 7:
                if (node.instance)
                    world_.give(node, vrrp::PriorityChange{static_cast<int>(random().below(256))});
                return;
            case 8:
                return reload(node);
            default:
                if (!node.instance) world_.start(node);
        }
    }

    // Whatever may change without another election; an old one is not to be read any more.
    void reload(Node& node) {
        if (!node.instance) return;
        vrrp::Settings& next = reloaded_.emplace_back(node.settings);
        if (next.priority != vrrp::owner_priority)
            next.priority = static_cast<std::uint8_t>(1 + random().below(254));
        next.preempt = random().percent(60);
        take_up(node, next);
    }

    void take_up(Node& node, vrrp::Settings& next) {
        next.advert_addresses.assign(1 + random().below(3), net::IpAddress::v4(192, 0, 2, 100));
        next.announcements.refresh_ns = (10 + random().below(2)) * next.advert_interval_ns;
        world_.give(node, vrrp::Reconfigure{&next, 0, vrrp::AnnouncedSet::added});
        node.settings = next;
    }

    void heal() {
        for (Node& node : world_.nodes)
            node.segment = 0;
    }

    // ---- then nothing does

    void quiet() {
        world_.note("quiet");
        world_.network = {};
        heal();
        for (Node& node : world_.nodes) {
            world_.end_stalls(node);
            if (!node.link_up) world_.set_link(node, true);
            if (!node.instance) world_.start(node);
            world_.give(node, vrrp::PriorityChange{node.settings.priority});
        }
        // What was under way in the chaos arrives within its delay of at most one interval.
        const std::uint64_t lull_ns = longest_down_ns_ + longest_interval_ns_ + slack_ns;
        // Who has restarted beside a backup is not believed until the backup has taken over.
        pass(ah_ ? 2 * lull_ns : lull_ns, false);
        pass(settle_ns_, true);
        check_election("after the chaos");
        // The announcements of old masters have arrived; a refresh is due every ten intervals.
        pass(12 * longest_interval_ns_, true);
        Node* owner = world_.only_owner();
        if (ok() && world_.host_believes != world_.id(*owner))
            world_.fail("the host believes in another than the owner");
    }

    // Time passes; with `strict` there is always an owner and two of them only for a moment.
    void pass(std::uint64_t for_ns, bool strict) {
        world_.run_until(world_.now_ns + for_ns, [this, strict] {
            if (!strict) return true;
            const std::uint64_t since_ns = world_.two_owners_since_ns[0];
            if (since_ns != 0 && world_.now_ns - since_ns > overlap_ns + disbelief_ns_)
                world_.fail("two owners on a quiet network");
            if (world_.owner_count() == 0) world_.fail("no owner on a quiet network");
            return true;
        });
    }

    static bool pushes_in(const Node& node, const Node& owner) {
        const std::uint8_t theirs = owner.settings.priority;
        const bool preempts = node.settings.preempt || node.settings.priority == 255;
        return node.instance && preempts && node.settings.priority > theirs;
    }

    void check_election(const char* when) {
        if (!ok()) return;
        const Node* owner = world_.only_owner();
        if (owner == nullptr) return world_.fail(std::string("not one owner ").append(when));
        for (const Node& node : world_.nodes)
            if (pushes_in(node, *owner))
                world_.fail(
                    std::string("a preempting node of higher priority waits ").append(when));
    }

    // ---- no fault at all

    void all_reload() {
        const std::uint64_t changes = world_.owner_changes;
        for (int i = 0; i < 20 && ok(); ++i) {
            Node& node = any();
            take_up(node, reloaded_.emplace_back(node.settings));
            pass_in_rhythm(random().below(longest_interval_ns_));
        }
        if (world_.owner_changes != changes) world_.fail("new settings changed the owner");
    }

    void pass_in_rhythm(std::uint64_t for_ns) {
        world_.run_until(world_.now_ns + for_ns, [this] {
            for (const Node* owner : world_.owners())
                if (world_.now_ns - owner->last_advert_ns >
                    owner->settings.advert_interval_ns + 2 * max_latency_ns)
                    world_.fail("new settings made an advert late");
            return ok();
        });
    }

    // ---- single faults

    // From now on the workers poll and can prove nothing.
    void blind_all() {
        if (!random().percent(20)) return;
        patience_ns_ = vrrp::MasterDownTimer::longest_wait_for_workers_ns;
        settle_ns_ += 2 * patience_ns_;
        for (Node& node : world_.nodes)
            node.blind = true;
    }

    void backup_stalls() {
        const std::uint64_t changes = world_.owner_changes;
        for (Node& node : world_.nodes)
            if (!node.owned) world_.stall_worker(node, 5 * longest_down_ns_);
        pass(5 * longest_down_ns_ + settle_ns_, true);
        if (world_.owner_changes != changes)
            world_.fail("a late worker was taken for a dead master");
    }

    // The node whose timer ends first.
    const Node& best_backup() {
        const Node* best = nullptr;
        for (const Node& node : world_.nodes)
            if (node.instance && !node.owned &&
                (best == nullptr || node.settings.priority > best->settings.priority))
                best = &node;
        return *best;
    }

    // Runs until somebody owns, at most until `limit_ns`; two owners are a failure at any time.
    void await_owner(std::uint64_t limit_ns, const char* what) {
        world_.run_until(limit_ns, [this] {
            if (world_.owner_count() > 1) world_.fail("two owners after a crash or stop");
            return world_.owner_count() == 0;
        });
        if (ok() && world_.owner_count() == 0) world_.fail(what);
    }

    void owner_crashes() {
        Node& owner = *world_.only_owner();
        world_.run_until(world_.now_ns + random().below(2 * owner.settings.advert_interval_ns));
        const std::uint64_t interval_ns = owner.settings.advert_interval_ns;
        const std::uint64_t last_ns = owner.last_advert_ns;
        world_.kill(owner);
        const Node& best = best_backup();
        const std::uint64_t down_ns =
            vrrp::master_down_ns(best.settings.version, best.settings.priority, interval_ns);
        await_owner(last_ns + down_ns + patience_ns_ + slack_ns,
                    "no takeover within 3 * advert + skew of a crash");
        if (ok() && world_.now_ns < last_ns + 3 * interval_ns)
            world_.fail("takeover before 3 adverts were missed");
        pass(settle_ns_, true);
        check_election("after a crash");
        // A version 3 router starts with its own interval (RFC 9568 6.4.1): a shorter one than the
        // master's makes it push in once, so the rule about the return holds for equal intervals
        // only.
        if (!ok()) return;
        Node& heir = *world_.only_owner();
        world_.start(owner);
        pass(settle_ns_, !mixed_);
        check_election("after a return");
        if (ok() && !mixed_ && !pushes_in(owner, heir) && world_.only_owner() != &heir)
            world_.fail("the heir lost the addresses to a node that must not preempt");
    }

    void owner_stops() {
        Node& owner = *world_.only_owner();
        const std::uint64_t interval_ns = owner.settings.advert_interval_ns;
        const Node& best = best_backup();
        const std::uint64_t skew =
            vrrp::skew_ns(best.settings.version, best.settings.priority, interval_ns);
        world_.shut_down(owner);
        await_owner(world_.now_ns + skew + patience_ns_ + slack_ns,
                    "no takeover within skew of a stop");
        pass(settle_ns_, true);
        check_election("after a stop");
    }

    World world_;
    std::deque<vrrp::Settings> reloaded_;  // their addresses stay
    bool ah_ = false;                      // in authentication headers
    bool mixed_ = false;                   // the nodes advertise at different intervals
    std::uint64_t longest_interval_ns_ = 0;
    std::uint64_t longest_down_ns_ = 0;
    std::uint64_t settle_ns_ = 0;
    std::uint64_t disbelief_ns_ = 0;  // until the next advert, whose number is above both
    std::uint64_t patience_ns_ = 0;   // of blind nodes
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
