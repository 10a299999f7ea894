// SPDX-License-Identifier: BSD-3-Clause
// Seeded simulation of flow sync: each seed is two warrens with small tables, a time of chaos, then
// quiet, then single drills.
//   sync_sim [SEEDS [FIRST]]    or WARREN_SIM_SEED=N for one seed with its whole trace
// Invariants: nothing is installed that no warren ever had (I1); after ten seconds of quiet, twenty
// if the link loses more than a fifth, the tables are equal (I2), and both say so (I3); queues stay
// within their bounds (I6); a spoiled, old or foreign datagram changes nothing (I7); not more is
// sent than changes, loss and walks ask for (I8); no gate opens before the flows are there (I9); a
// backup that is asked to take over has every flow (I10). What a worker may do with a record (I4,
// I5) is the model's here and the packet path's in earnest; I11 and I12 are the packet path's
// alone.
#include <algorithm>

#include "seeds.h"
#include "sync_world.h"

namespace warren::sim {
namespace {

using sync::Role;

std::array<Sizes, 2> sizes_of(std::uint64_t seed) {
    Random random(seed ^ 0x5bd1e995);
    std::array<Sizes, 2> sizes;
    for (Sizes& one : sizes) {
        one.workers = 1 + random.below(3);
        one.flows = random.percent(20) ? 20 : 100 + random.below(200);
        one.commands = 128 + random.below(200);
        one.notices = 32 + random.below(200);
    }
    return sizes;
}

class Scenario {
  public:
    Scenario(std::uint64_t seed, bool tracing) : world_(seed, tracing, sizes_of(seed)) {}

    SyncWorld& run() {
        world_.start(0);
        world_.start(1);
        assign(random().below(2));
        chaos();
        if (ok()) calm();
        if (ok()) few_sends();
        if (ok()) hand_over();
        if (ok()) come_back();
        return world_;
    }

  private:
    bool ok() const { return world_.ok(); }
    Random& random() { return world_.random; }
    void pass(std::uint64_t for_us) { world_.run_until(world_.now_us + for_us); }

    // Exactly one master of each router; `shift` says who of which.
    void assign(std::size_t shift) {
        for (std::size_t r = 0; r < router_count; ++r) {
            masters_[r] = (r + shift) % 2;
            for (std::size_t i = 0; i < 2; ++i)
                world_.set_role(i, r, i == masters_[r] ? Role::master : Role::backup);
        }
    }

    // ---- anything may happen

    void chaos() {
        world_.link = {random().below(31),
                       random().below(20),
                       random().below(5),
                       50 + random().below(2 * ms),
                       random().percent(50) ? random().below(20 * ms) : 0,
                       {}};
        const std::uint64_t end_us = world_.now_us + 6 * s;
        while (world_.now_us < end_us && ok()) {
            world_.rate = 20 + random().below(400);
            pass(random().below(700 * ms));
            mishap();
        }
    }

    void mishap() {
        const std::size_t i = random().below(2);
        const std::size_t r = random().below(router_count);
        switch (random().below(8)) {
            case 0:
                return world_.node(i).is_running() ? world_.stop(i) : world_.start(i);
            case 1:
            case 2:
                return world_.set_role(i, r, random().percent(50) ? Role::master : Role::backup);
            case 3:
                world_.link.cut[i] = !world_.link.cut[i];
                return world_.note("cut " + std::to_string(i));
            case 4:
                world_.link.cut = {};
                return;
            case 5:
                return world_.node(i).set_knows_server_2(random().percent(50), world_.now_us);
            default:
                for (int n = 0; n < 20; ++n)
                    world_.replay();
                if (!world_.node(i).is_running()) world_.start(i);
        }
    }

    // ---- then only the link is bad

    void calm() {
        world_.note("calm");
        world_.link.cut = {};
        for (std::size_t i = 0; i < 2; ++i)
            if (!world_.node(i).is_running()) world_.start(i);
        assign(random().below(2));
        pass(500 * ms);
        world_.note("quiet");
        world_.rate = 0;
        await_equal("the chaos");
    }

    // Who was master may need two bulks, and each digest has to get through.
    std::uint64_t patience_us() const { return world_.link.loss_percent > 20 ? 20 * s : 10 * s; }

    void await_equal(const char* after) {
        const std::uint64_t end_us = world_.now_us + patience_us();
        while (ok() && world_.now_us < end_us && !(are_equal() && both_say_so()))
            pass(100 * ms);
        if (!ok()) return;
        tell();
        if (!are_equal()) return world_.fail(std::string("tables differ after ").append(after));
        if (!both_say_so()) world_.fail(std::string("nobody says equal after ").append(after));
    }

    // What both know of each other, for the trace.
    void tell() {
        for (std::size_t i = 0; i < 2; ++i)
            for (std::size_t r = 0; r < router_count; ++r) {
                sync::Session& session = world_.node(i).session();
                const sync::RouterStatus status = session.router_status(router_key(r));
                const sync::Counters& counters = session.counters();
                world_.note(
                    std::to_string(i) + "/" + std::to_string(r) +
                    (session.status(world_.now_us).up ? " up" : " down") +
                    (status.in_sync ? " in sync" : "") + (status.bulk_sending ? " sending" : "") +
                    (status.bulk_receiving ? " receiving" : "") + " ours " +
                    std::to_string(status.our_flows) + " theirs " +
                    std::to_string(status.peer_flows) + " equal " + std::to_string(counters.equal) +
                    " different " + std::to_string(counters.different) + " not compared " +
                    std::to_string(counters.not_compared) + " bulks " +
                    std::to_string(counters.bulks_sent) + " no room " +
                    std::to_string(counters.no_room) + " unacked " +
                    std::to_string(session.status(world_.now_us).unacked) + " unanswered " +
                    std::to_string(session.status(world_.now_us).unanswered) + " rtt " +
                    std::to_string(session.status(world_.now_us).rtt_us) + " room " +
                    std::to_string(session.room(world_.now_us)));
            }
    }

    bool are_equal() {
        for (std::size_t r = 0; r < router_count; ++r)
            if (missing(r, ~std::uint64_t{0}) != 0 || surplus(r) != 0) return false;
        return true;
    }
    bool both_say_so() {
        for (std::size_t i = 0; i < 2; ++i)
            for (std::size_t r = 0; r < router_count; ++r)
                if (!world_.node(i).session().router_status(router_key(r)).in_sync) return false;
        return true;
    }

    // Flows that the master has had since before and that its backup neither has nor refused.
    std::size_t missing(std::size_t router, std::uint64_t before_us) {
        SyncNode& backup = world_.node(1 - masters_[router]);
        const auto theirs = backup.flows(router);
        std::size_t count = 0;
        for (const auto& [hash, flow] : world_.node(masters_[router]).flows(router))
            if (flow->changed_us < before_us && !theirs.contains(hash) &&
                !backup.refused_now.contains(hash))
                ++count;
        return count;
    }
    std::size_t surplus(std::size_t router) {
        const auto ours = world_.node(masters_[router]).flows(router);
        return static_cast<std::size_t>(
            std::ranges::count_if(world_.node(1 - masters_[router]).flows(router),
                                  [&ours](const auto& one) { return !ours.contains(one.first); }));
    }

    // ---- single drills

    std::uint64_t records_sent(std::size_t i) {
        return world_.node(i)
            .session()
            .counters()
            .out[static_cast<std::size_t>(sync::Kind::records)]
            .records;
    }

    // Nothing overtakes anything here, or it would be taken for lost.
    void few_sends() {
        world_.note("few sends");
        world_.link.jitter_us = world_.link.duplicate_percent = world_.link.spoiled_percent = 0;
        pass(1 * s);
        std::array<std::uint64_t, 2> sent{}, changes{}, bulks{};
        for (std::size_t i = 0; i < 2; ++i) {
            sent[i] = records_sent(i);
            changes[i] = world_.node(i).changes;
            bulks[i] = world_.node(i).session().counters().bulks_sent;
        }
        world_.rate = 200;
        pass(2 * s);
        world_.rate = 0;
        await_equal("few changes");
        for (std::size_t i = 0; i < 2 && ok(); ++i) {
            if (world_.node(i).session().counters().bulks_sent != bulks[i]) continue;
            const std::uint64_t most =
                3 * (world_.node(i).changes - changes[i]) * 100 / (100 - world_.link.loss_percent);
            if (records_sent(i) - sent[i] > most + 50) world_.fail("sends too much");
        }
    }

    void hand_over() {
        world_.note("hand over");
        world_.rate = 200;
        pass(500 * ms);
        const std::size_t from = masters_[0];
        SyncNode& heir = world_.node(1 - from);
        heir.seen.asked.reset();
        const std::uint64_t asked_us = world_.now_us;
        drain(from);
        world_.node(from).session().ask_take_over(router_key(0), 77, world_.now_us);
        world_.run_until(world_.now_us + 5 * s, [&] { return !heir.seen.asked.has_value(); });
        if (!heir.seen.asked) return world_.fail("nobody asked to take over");
        // The owner's own barrier: its workers carry out what they have been given.
        for (int rounds = 0; rounds < 50; ++rounds)
            heir.run_workers(world_.now_us);
        heir.wake(world_.now_us);
        if (missing(0, asked_us) != 0) world_.fail("a flow is missing at the take-over");
        heir.session().answer_take_over(router_key(0), 77, true, world_.now_us);
        SyncNode& old = world_.node(from);
        old.seen.answered.reset();
        const std::uint64_t sessions = old.session().counters().sessions;
        world_.run_until(world_.now_us + 5 * s, [&] { return !old.seen.answered.has_value(); });
        if (!ok()) return;
        if (!old.seen.answered && old.session().counters().sessions != sessions)
            return await_equal("a session that ended at the answer");  // it keeps the address
        if (old.seen.answered != true) return world_.fail("no answer to the take-over");
        world_.set_role(1 - from, 0, Role::master);
        world_.set_role(from, 0, Role::backup);
        masters_[0] = 1 - from;
        world_.rate = 0;
        await_equal("a hand-over");
    }

    // Lets all that the workers have to say be offered before we ask.
    void drain(std::size_t i) {
        world_.rate = 0;
        world_.run_until(world_.now_us + 1 * s, [&] { return !world_.node(i).is_silent(); });
    }

    // Who was away must not preempt before it knows the flows of its absence.
    void come_back() {
        world_.note("come back");
        // Beyond that a digest under load is hardly ever comparable, and patience decides.
        world_.link.loss_percent = std::min<std::uint64_t>(world_.link.loss_percent, 20);
        const std::size_t away = random().below(2);
        world_.stop(away);
        for (std::size_t r = 0; r < router_count; ++r) {
            masters_[r] = 1 - away;
            world_.set_role(1 - away, r, Role::master);
        }
        world_.rate = 100;
        pass(500 * ms + random().below(2 * s));
        world_.start(away);
        SyncNode& node = world_.node(away);
        for (std::size_t r = 0; r < router_count && ok(); ++r) {
            const auto held = [&] {
                return node.gate(r).state(world_.now_us) == sync::PreemptGate::State::held;
            };
            world_.run_until(world_.now_us + 60 * s, held);
            if (!ok()) return;
            if (held()) {
                tell();
                return world_.fail("the gate stays shut");
            }
            if (node.gate(r).state(world_.now_us) == sync::PreemptGate::State::free_unsynced)
                return world_.fail("the gate ran out of patience");
            // The digest said so of its time; younger flows are within the lag.
            if (missing(r, world_.now_us - 2 * s) != 0) world_.fail("the gate opened too early");
        }
        world_.rate = 0;
        await_equal("a return");
    }

    SyncWorld world_;
    std::array<std::size_t, router_count> masters_{};
};

}  // namespace
}  // namespace warren::sim

int main(int argc, char** argv) {
    using namespace warren::sim;
    return run_seeds(argc, argv, [](std::uint64_t seed, bool tracing) {
        Scenario scenario(seed, tracing);
        const SyncWorld& world = scenario.run();
        return Outcome{world.failure, world.trace};
    });
}
