// SPDX-License-Identifier: BSD-3-Clause
// Seeded simulation of BFD: each seed is two systems with settings of their own, a time of chaos,
// then quiet, then single faults.
//   bfd_sim [SEEDS [FIRST]]    or WARREN_SIM_SEED=N for one seed with its whole trace
// Invariants, once the wire has been quiet for a while: both are up and stay so; nobody sends more
// than its interval and its answers allow; a cut wire is noticed within the Detection Time and not
// sooner, a wire cut in one direction by both; a system that was restarted, however quickly, is
// noticed and comes up again; one that stops on purpose breaks the session, not the path.
#include <algorithm>

#include "bfd_world.h"
#include "seeds.h"

namespace warren::sim {
namespace {

using bfd::State;

constexpr std::uint64_t slack_ns = quiet_delay_ns + 2 * max_latency_ns;

class Scenario {
  public:
    Scenario(std::uint64_t seed, bool tracing) : world_(seed, tracing) {}

    World& run() {
        build();
        chaos();
        calm();
        if (ok()) stays_up();
        if (ok()) cut(true);
        if (ok()) cut(false);
        if (ok()) restart();
        if (ok()) stop();
        return world_;
    }

  private:
    bool ok() const { return world_.failure.empty(); }
    Random& random() { return world_.random; }
    System& any() { return world_.systems[random().below(2)]; }
    bfd::Session& session(int i) { return *world_.systems[static_cast<std::size_t>(i)].session; }

    // With a multiplier of 1 a tenth of the interval is all that the wire and the systems may vary.
    void build() {
        for (System& system : world_.systems) {
            bfd::Settings& s = system.settings;
            s.detect_mult = static_cast<std::uint8_t>(1 + random().below(5));
            const std::uint32_t least_us = s.detect_mult == 1 ? 50'000 : 10'000;
            s.min_tx_us = least_us * static_cast<std::uint32_t>(1 + random().below(5));
            s.min_rx_us = 10'000 * static_cast<std::uint32_t>(1 + random().below(10));
            s.idle_tx_us = 1'000'000 * static_cast<std::uint32_t>(1 + random().below(2));
        }
        world_.systems[random().below(2)].settings.passive = random().percent(30);
        for (System& system : world_.systems)
            world_.start(system);
    }

    // ---- anything may happen

    void chaos() {
        world_.wire = {random().below(40), random().below(30), 1 * ms + random().below(300 * ms),
                       random().percent(50)};
        const std::uint64_t end_ns = world_.now_ns + 30'000 * ms;
        while (world_.now_ns < end_ns && ok()) {
            world_.run_until(world_.now_ns + random().below(3'000 * ms));
            mishap();
        }
    }

    void mishap() {
        System& system = any();
        switch (random().below(6)) {
            case 0:
                return world_.kill(system);
            case 1:
                return world_.stop(system);
            case 2:
                return world_.freeze(system, random().below(2'000 * ms));
            case 3:
                system.hears = !system.hears;
                return;
            default:
                if (!system.session) world_.start(system);
        }
    }

    // ---- then nothing does

    // What was under way arrives, old Detection Times run out, two idle intervals pass.
    void calm() {
        world_.note("calm");
        world_.wire = {};
        for (System& system : world_.systems) {
            system.hears = true;
            system.frozen_until_ns = world_.now_ns;
            if (!system.session) world_.start(system);
        }
        await_up(20'000 * ms, "the chaos");
        pass(1'000 * ms);
    }

    void pass(std::uint64_t for_ns) { world_.run_until(world_.now_ns + for_ns); }

    void await_up(std::uint64_t for_ns, const char* after) {
        world_.run_until(world_.now_ns + for_ns, [this] { return !world_.both(State::up); });
        if (!ok()) return;
        if (!world_.both(State::up)) world_.fail(std::string("not up again after ").append(after));
    }

    // Every interval is shortened by a quarter at most; no poll is open.
    static std::uint64_t most_packets(const bfd::Session& s, std::uint64_t in_ns) {
        return in_ns * 4 / (3 * s.transmit_interval_ns()) + 1;
    }

    void stays_up() {
        const bfd::Counters before[] = {session(0).status().counters, session(1).status().counters};
        const std::uint64_t falls[] = {world_.systems[0].falls, world_.systems[1].falls};
        constexpr std::uint64_t for_ns = 20'000 * ms;
        pass(for_ns);
        for (int i = 0; i < 2 && ok(); ++i) {
            const auto at = static_cast<std::size_t>(i);
            if (world_.systems[at].falls != falls[at]) world_.fail("fell on a quiet wire");
            const std::uint64_t sent = session(i).status().counters.sent - before[at].sent;
            if (sent > most_packets(session(i), for_ns)) world_.fail("sends too much");
            if (sent < for_ns / session(i).transmit_interval_ns()) world_.fail("sends too little");
        }
    }

    // ---- single faults

    void cut(bool both_ways) {
        world_.note("cut");
        System& deaf = any();
        System& hearing = world_.other(deaf);
        const std::uint64_t falls[] = {deaf.falls, hearing.falls};
        const std::uint64_t time_ns = deaf.session->detection_time_ns();
        deaf.hears = false;
        if (both_ways) hearing.hears = false;
        const std::uint64_t other_ns = hearing.session->detection_time_ns();
        // A passive system that has forgotten its neighbour falls silent instead of saying Down.
        const bool tells = !both_ways && !deaf.settings.passive;
        pass(tells ? time_ns + 2 * slack_ns : time_ns + other_ns + 2 * slack_ns);
        if (deaf.falls != falls[0] + 1 || hearing.falls != falls[1] + 1)
            return world_.fail("a cut wire goes unnoticed");
        check_fall(deaf, time_ns);
        if (both_ways) check_fall(hearing, other_ns);
        deaf.hears = hearing.hears = true;
        await_up(6'000 * ms, "a cut");
        pass(1'000 * ms);
    }

    void check_fall(const System& system, std::uint64_t detection_time_ns) {
        const std::uint64_t silence_ns = system.fell_ns - system.last_heard_ns;
        if (silence_ns < detection_time_ns) world_.fail("too hasty");
        if (silence_ns > detection_time_ns + max_latency_ns) world_.fail("too slow");
        if (system.session->status().path_up) world_.fail("the path is still up");
    }

    void restart() {
        System& system = any();
        System& witness = world_.other(system);
        const std::uint64_t falls = witness.falls;
        const std::uint64_t wait_ns = witness.session->detection_time_ns();
        world_.kill(system);
        pass(random().below(2 * wait_ns));
        world_.start(system);
        pass(wait_ns + 2 * slack_ns);
        if (witness.falls != falls + 1) return world_.fail("a restart goes unnoticed");
        await_up(6'000 * ms, "a restart");
        pass(1'000 * ms);
    }

    void stop() {
        System& system = any();
        System& witness = world_.other(system);
        const std::uint64_t falls = witness.falls;
        world_.stop(system);
        pass(2 * slack_ns);
        if (witness.falls != falls + 1) return world_.fail("AdminDown goes unnoticed");
        pass(10'000 * ms);
        if (!witness.session->status().path_up) world_.fail("AdminDown is taken for a failure");
        world_.start(system);
        await_up(6'000 * ms, "a stop");
    }

    World world_;
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
