// SPDX-License-Identifier: BSD-3-Clause
#include "ring.h"

#include <rte_cycles.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_mbuf_dyn.h>
#include <sched.h>

#include <algorithm>
#include <stdexcept>
#include <thread>

#include "bed.h"
#include "environment.h"
#include "interrupt.h"
#include "reference.h"
#include "statistics.h"

namespace warren::bench {
namespace {

constexpr unsigned under_way = 512;  // frames at most, half of what a ring holds
constexpr std::uint64_t frames_per_window = 8192;

int stamp_offset() {
    const rte_mbuf_dynfield field{.name = "bench_stamp",
                                  .size = sizeof(std::uint64_t),
                                  .align = alignof(std::uint64_t),
                                  .flags = 0};
    const int offset = rte_mbuf_dynfield_register(&field);
    if (offset < 0) throw std::runtime_error("no room for a time in an mbuf");
    return offset;
}

// EAL leaves the main thread on all CPUs: not on the workers'.
void leave_workers_alone(const std::vector<unsigned>& lcores) {
    cpu_set_t cpus = rte_lcore_cpuset(rte_get_main_lcore());
    for (const unsigned lcore : lcores) {
        const cpu_set_t workers = rte_lcore_cpuset(lcore);
        for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
            if (CPU_ISSET(cpu, &workers) && CPU_COUNT(&cpus) > 1) CPU_CLR(cpu, &cpus);
    }
    sched_setaffinity(0, sizeof(cpus), &cpus);
}

// Who is between a pair of rings.
struct Forwarder {
    datapath::Worker* worker;  // or, without one,
    Reference reference;
    exchange::Exchange& exchange;
};

int forward(void* what) {
    auto& forwarder = *static_cast<Forwarder*>(what);
    if (forwarder.worker != nullptr) {
        forwarder.worker->run();
        return 0;
    }
    while (!forwarder.exchange.stop.load(std::memory_order_relaxed))
        if (forwarder.reference.poll_once() == 0) std::this_thread::yield();
    return 0;
}

// Forwarders on the workers' lcores while it lives: of a reference mode that, else the workers.
class Running {
  public:
    Running(Bed& bed, const std::vector<unsigned>& lcores, Mode mode)
        : exchange_(bed.exchange()), lcores_(lcores) {
        exchange_.stop.store(false);
        forwarders_.reserve(lcores.size());
        for (std::uint16_t i = 0; i < lcores.size(); ++i) {
            forwarders_.push_back({is_reference(mode) ? nullptr : &bed.worker(i),
                                   Reference(mode, bed.port(), i), exchange_});
            if (rte_eal_remote_launch(forward, &forwarders_.back(), lcores[i]) != 0)
                throw std::runtime_error("a worker's lcore does not start");
        }
    }
    ~Running() {
        exchange_.stop.store(true);
        for (const unsigned lcore : lcores_)
            rte_eal_wait_lcore(lcore);
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

  private:
    exchange::Exchange& exchange_;
    const std::vector<unsigned>& lcores_;
    std::vector<Forwarder> forwarders_;
};

// Generator and sink. Frames that have come out are used again.
class Pump {
  public:
    Pump(const Load& load, Bed& bed);
    ~Pump();

    void open_flows();
    // Cycles per packet of one window.
    double window();
    // At so many cycles a burst, until there are enough times in flight, in nanoseconds.
    std::vector<double> latencies(double cycles_per_burst, std::size_t count);
    // What is under way comes out, or is lost: how many.
    std::uint64_t drain();

  private:
    bool send();
    unsigned take(std::vector<double>* latencies = nullptr);
    void carry(Burst& frames, unsigned count);
    std::uint64_t& stamp(rte_mbuf* mbuf) const {
        return *RTE_MBUF_DYNFIELD(mbuf, stamp_offset_, std::uint64_t*);
    }
    void refill();

    Bed& bed_;
    const unsigned at_once_;  // frames
    Flows flows_;
    const int stamp_offset_ = stamp_offset();
    std::vector<rte_mbuf*> idle_;
    unsigned out_ = 0;  // under way
};

// Nothing has come for so long: it will not.
// Threads that are busy all the time share what processors there are with whatever else runs.
constexpr double stuck_s = 10;

class Patience {
  public:
    explicit Patience(double seconds) : cycles_(seconds * double(rte_get_tsc_hz())) {}
    bool is_over(unsigned came) {
        const std::uint64_t now = rte_rdtsc();
        if (came != 0) last_ = now;
        return double(now - last_) > cycles_;
    }

  private:
    const double cycles_;
    std::uint64_t last_ = rte_rdtsc();
};

Pump::Pump(const Load& load, Bed& bed)
    : bed_(bed), at_once_(load.frames_at_once), flows_(load, bed.port().mac()) {
    refill();
}

Pump::~Pump() {
    for (rte_mbuf* mbuf : idle_)
        rte_pktmbuf_free(mbuf);
}

// In the place of what was lost.
void Pump::refill() {
    while (idle_.size() + out_ < under_way) {
        rte_mbuf* mbuf = rte_pktmbuf_alloc(bed_.pool());
        if (mbuf == nullptr) throw std::runtime_error("no mbufs");
        idle_.push_back(mbuf);
    }
}

void Pump::carry(Burst& frames, unsigned count) {
    Patience patience(stuck_s);
    bed_.push(frames.data(), count);
    Burst back;
    for (unsigned came = 0; came < count;) {
        const unsigned more = bed_.pull(back.data() + came, count - came);
        came += more;
        if (more == 0) std::this_thread::yield();
        if (patience.is_over(more)) throw std::runtime_error("a flow did not open");
    }
    // They are in the mbufs that they came in, and between several workers in another order.
    if (!std::is_permutation(back.begin(), back.begin() + count, frames.begin()))
        throw std::runtime_error("a flow's frame did not come out");
    bed_.drain_events();
}

void Pump::open_flows() {
    Burst frames;
    std::copy_n(idle_.end() - burst, burst, frames.begin());
    flows_.open_all(frames, [this](Burst& which, unsigned count) { carry(which, count); });
    flows_.prepare(*frames[0]);
    std::copy_n(frames.begin(), burst, idle_.end() - burst);
}

bool Pump::send() {
    if (idle_.size() < at_once_) return false;
    Burst frames;
    std::copy_n(idle_.end() - at_once_, at_once_, frames.begin());
    flows_.choose(1);
    flows_.write(frames);
    const std::uint64_t now = rte_rdtsc();
    for (unsigned i = 0; i < at_once_; ++i)
        stamp(frames[i]) = now;
    // A ring holds all that there are.
    const unsigned sent = bed_.push(frames.data(), at_once_);
    idle_.resize(idle_.size() - sent);
    out_ += sent;
    return true;
}

unsigned Pump::take(std::vector<double>* latencies) {
    Burst frames;
    const unsigned count = bed_.pull(frames.data(), burst);
    // Another thread may wait for this CPU. Where times are taken, that would be in them.
    if (count == 0 && latencies == nullptr) std::this_thread::yield();
    if (latencies != nullptr) {
        const std::uint64_t now = rte_rdtsc();
        for (unsigned i = 0; i < count; ++i)
            latencies->push_back(double(now - stamp(frames[i])) * 1e9 / double(rte_get_tsc_hz()));
    }
    idle_.insert(idle_.end(), frames.begin(), frames.begin() + count);
    // What was given up may still come.
    out_ -= std::min(out_, count);
    return count;
}

double Pump::window() {
    Patience patience(stuck_s);
    const std::uint64_t start = rte_rdtsc();
    std::uint64_t came = 0;
    while (came < frames_per_window) {
        send();
        const unsigned count = take();
        came += count;
        if (patience.is_over(count)) throw std::runtime_error("the forwarder forwards no more");
    }
    const double cycles = double(rte_rdtsc() - start) / double(came);
    bed_.drain_events();
    return cycles;
}

std::vector<double> Pump::latencies(double cycles_per_burst, std::size_t count) {
    Patience patience(stuck_s);
    std::vector<double> taken;
    taken.reserve(count + burst);
    auto next = double(rte_rdtsc());
    while (taken.size() < count) {
        if (double(rte_rdtsc()) >= next) {
            send();
            next += cycles_per_burst;
        }
        if (patience.is_over(take(&taken)))
            throw std::runtime_error("the forwarder forwards no more");
    }
    return taken;
}

std::uint64_t Pump::drain() {
    Patience patience(stuck_s);
    while (out_ != 0 && !patience.is_over(take())) {
    }
    const std::uint64_t lost = out_;
    out_ = 0;
    refill();
    return lost;
}

// One forwarder's windows, in cycles per packet.
struct Turns {
    std::vector<double> cycles;
    std::uint64_t lost = 0;
};

void run_turn(Bed& bed, Pump& pump, const std::vector<unsigned>& lcores, Mode mode, double seconds,
              Turns& into, Statistics& statistics) {
    constexpr unsigned warm_up = 4;
    const Running running(bed, lcores, mode);
    const std::uint64_t start = rte_rdtsc();
    for (unsigned i = 0; i < warm_up; ++i)
        pump.window();
    do {
        into.cycles.push_back(pump.window());
        statistics.tick();
    } while (double(rte_rdtsc() - start) < seconds * double(rte_get_tsc_hz()) && !is_interrupted());
    into.lost += pump.drain();
}

double mpps_of(double cycles) {
    return double(rte_get_tsc_hz()) / cycles / 1e6;
}

// The reference modes' own results are of the mode that was asked for.
void sum_up(Result& result, const Turns& asked, const Turns& io, const Turns& swap) {
    result.packets = asked.cycles.size() * frames_per_window;
    result.lost = asked.lost;
    result.cycles = part_of(asked.cycles, 0.5);
    result.quiet_cycles = part_of(asked.cycles, quiet_part);
    result.mpps = mpps_of(result.quiet_cycles);
    const double ceiling = mpps_of(part_of(io.cycles, quiet_part));
    const double swapped = mpps_of(part_of(swap.cycles, quiet_part));
    result.more = {{"ceiling_mpps", ceiling},
                   {"5tswap_mpps", swapped},
                   {"of_ceiling", result.mpps / ceiling},
                   {"of_5tswap", result.mpps / swapped}};
}

}  // namespace

Result run_ring(const Load& load) {
    constexpr unsigned turns = 3;
    if (has_endings(load.mode))
        throw std::invalid_argument("engine ring has no whole connections: they wait for answers");
    const std::vector<unsigned> lcores = forwarding_lcores(load.cores);
    leave_workers_alone(lcores);
    Bed bed(load, under_way);
    Pump pump(load, bed);
    if (!is_reference(load.mode)) {
        const Running running(bed, lcores, load.mode);
        pump.open_flows();
    }
    Statistics statistics(bed.port(), load.stats_period_s);
    Turns asked, io, swap;
    for (unsigned turn = 0; turn < turns; ++turn) {
        const double seconds = load.seconds / (3 * turns);
        run_turn(bed, pump, lcores, Mode::io, seconds, io, statistics);
        run_turn(bed, pump, lcores, Mode::swap_all, seconds, swap, statistics);
        run_turn(bed, pump, lcores, load.mode, seconds, asked, statistics);
    }
    statistics.print_last();
    Result result;
    result.driver = bed.port().driver();
    sum_up(result, asked, io, swap);
    if (!is_reference(load.mode)) result.bytes_per_flow = bed.bytes_per_flow();
    const Running running(bed, lcores, load.mode);
    result.latency_ns =
        percentiles_of(pump.latencies(2 * load.frames_at_once * result.cycles, 100'000));
    result.lost += pump.drain();
    return result;
}

}  // namespace warren::bench
