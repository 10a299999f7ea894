// SPDX-License-Identifier: BSD-3-Clause
#include "parts.h"

#include <rte_cycles.h>
#include <rte_launch.h>
#include <rte_lcore.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "bed.h"
#include "environment.h"
#include "interrupt.h"
#include "net/checksum.h"

namespace warren::bench {
namespace {

constexpr unsigned pair = 2;
constexpr unsigned bursts_per_part = 32;
constexpr std::size_t copies = 1024;  // frames of each worker's flows

// Cycles of a window for each of so many: as told, or as there is time for in one of the parts.
template <typename Window>
std::vector<double> windows_of(const Load& load, Window window) {
    constexpr unsigned shares = 4;  // of the time
    std::vector<double> windows;
    const std::uint64_t end =
        rte_rdtsc() + std::uint64_t(load.seconds / shares * double(rte_get_tsc_hz()));
    const auto is_enough = [&] {
        return load.windows != 0 ? windows.size() >= load.windows : rte_rdtsc() >= end;
    };
    while (windows.empty() || (!is_interrupted() && !is_enough()))
        windows.push_back(window());
    return windows;
}

double quiet(const std::vector<double>& windows) {
    return part_of(windows, quiet_part);
}

// What summing a full segment's data takes, which lies in L1 or L2 as it does just after arrival.
double checksum_window() {
    constexpr std::size_t bytes = 1460, segments = 16;
    static std::vector<std::uint8_t> data(bytes * segments, 0xa5);
    std::uint64_t sum = 0;
    const std::uint64_t start = rte_rdtsc();
    for (std::size_t i = 0; i < segments; ++i)
        sum += net::is_checksum_valid({&data[i * bytes], bytes}, sum) ? 1U : 0U;
    const std::uint64_t end = rte_rdtsc();
    data[0] = static_cast<std::uint8_t>(sum);
    return double(end - start) / segments;
}

// Workers that own some of the flows each, and frames of those.
class Pair {
  public:
    explicit Pair(const Load& load);
    ~Pair();

    // Cycles a packet on one CPU: both workers' frames come to their owners, or to the other one.
    double in_turn(bool to_the_other);
    // The same of one worker's own frames, on the CPU of who calls it.
    double alone(unsigned worker);

    port::Port& port() { return bed_.port(); }
    double bytes_per_flow() const { return bed_.bytes_per_flow(); }
    void online(unsigned worker) { bed_.exchange().publisher.online(worker); }
    void offline(unsigned worker) { bed_.exchange().publisher.offline(worker); }

  private:
    [[gnu::noinline]] void measured_round();
    void poll(unsigned worker) { bed_.worker(worker).poll_once(bed_.start_ns()); }
    void poll_all();
    void carry(Burst& frames, unsigned count);
    void copy_frames();
    void send(unsigned of, unsigned to);

    Bed bed_;
    Flows flows_;
    std::array<Burst, pair> frames_{};
    std::array<std::vector<std::vector<std::uint8_t>>, pair> copies_;
    std::array<std::size_t, pair> next_{};
};

Load of_two(Load load) {
    load.cores = pair;
    return load;
}

Pair::Pair(const Load& load) : bed_(of_two(load), pair * burst), flows_(load, bed_.port().mac()) {
    for (Burst& frames : frames_)
        if (rte_pktmbuf_alloc_bulk(bed_.pool(), frames.data(), burst) != 0)
            throw std::runtime_error("no mbufs");
    for (unsigned worker = 0; worker < pair; ++worker)
        online(worker);
    flows_.open_all(frames_[0], [this](Burst& frames, unsigned count) { carry(frames, count); });
    copy_frames();
    for (unsigned worker = 0; worker < pair; ++worker)
        offline(worker);
}

Pair::~Pair() {
    for (Burst& frames : frames_)
        for (rte_mbuf* mbuf : frames)
            rte_pktmbuf_free(mbuf);
}

// Frames that have been handed off wait for the first one's second round.
void Pair::poll_all() {
    poll(0);
    poll(1);
    poll(0);
}

// Of frames that all are handed off: a function of its own, as stage's.
void Pair::measured_round() {
    poll_all();
}

void Pair::carry(Burst& frames, unsigned count) {
    bed_.push(frames.data(), count);
    poll_all();
    Burst back;
    if (bed_.pull(back.data(), count) != count ||
        !std::is_permutation(back.begin(), back.begin() + count, frames.begin()))
        throw std::runtime_error("a flow's frame did not come out");
    bed_.drain_events();
}

void Pair::copy_frames() {
    while (copies_[0].size() < copies || copies_[1].size() < copies) {
        flows_.choose(0);
        flows_.write(frames_[0]);
        flows_.write(frames_[1]);  // what an mbuf says of a frame is the same of all
        for (rte_mbuf* mbuf : frames_[0]) {
            const auto* frame = rte_pktmbuf_mtod(mbuf, const std::uint8_t*);
            auto& owned = copies_[bed_.owner_of(*mbuf)];
            if (owned.size() < copies) owned.emplace_back(frame, frame + mbuf->data_len);
        }
    }
}

void Pair::send(unsigned of, unsigned to) {
    for (rte_mbuf* mbuf : frames_[of]) {
        const std::vector<std::uint8_t>& copy = copies_[of][next_[of]++ % copies];
        std::copy(copy.begin(), copy.end(), rte_pktmbuf_mtod(mbuf, std::uint8_t*));
    }
    if (bed_.push_to(to, frames_[of].data(), burst) != burst)
        throw std::runtime_error("a ring is full");
}

double Pair::in_turn(bool to_the_other) {
    std::uint64_t cycles = 0;
    for (unsigned number = 0; number < bursts_per_part; ++number) {
        for (unsigned worker = 0; worker < pair; ++worker)
            send(worker, to_the_other ? 1 - worker : worker);
        const std::uint64_t start = rte_rdtsc();
        to_the_other ? measured_round() : poll_all();
        cycles += rte_rdtsc() - start;
        for (unsigned worker = 0; worker < pair; ++worker)
            if (bed_.pull_from(worker, frames_[worker].data(), burst) != burst)
                throw std::runtime_error("a frame did not come out");
    }
    return double(cycles) / (pair * burst * bursts_per_part);
}

double Pair::alone(unsigned worker) {
    std::uint64_t cycles = 0;
    for (unsigned number = 0; number < bursts_per_part; ++number) {
        send(worker, worker);
        const std::uint64_t start = rte_rdtsc();
        poll(worker);
        cycles += rte_rdtsc() - start;
        if (bed_.pull_from(worker, frames_[worker].data(), burst) != burst)
            throw std::runtime_error("a frame did not come out");
    }
    return double(cycles) / (burst * bursts_per_part);
}

// A worker on an lcore of its own.
struct Lone {
    Pair& workers;
    unsigned worker;
    const Load& load;
    std::vector<double> windows;
};

int run_lone(void* what) {
    auto& lone = *static_cast<Lone*>(what);
    lone.workers.online(lone.worker);
    lone.windows = windows_of(lone.load, [&] { return lone.workers.alone(lone.worker); });
    lone.workers.offline(lone.worker);
    return 0;
}

// What so many of them take for a packet, all at the same time.
double cycles_at_once(Pair& workers, unsigned count, const Load& load) {
    const std::vector<unsigned> lcores = forwarding_lcores(pair);
    std::vector<Lone> lone;
    for (unsigned worker = 0; worker < count; ++worker)
        lone.push_back({workers, worker, load, {}});
    for (unsigned worker = 0; worker < count; ++worker)
        if (rte_eal_remote_launch(run_lone, &lone[worker], lcores[worker]) != 0)
            throw std::runtime_error("a worker's lcore does not start");
    double cycles = 0;
    for (unsigned worker = 0; worker < count; ++worker) {
        rte_eal_wait_lcore(lcores[worker]);
        cycles += quiet(lone[worker].windows) / count;
    }
    return cycles;
}

}  // namespace

Result run_parts(const Load& load) {
    Pair workers(load);
    std::vector<double> steered, handed;
    for (unsigned worker = 0; worker < pair; ++worker)
        workers.online(worker);
    steered = windows_of(load, [&] {
        handed.push_back(workers.in_turn(true));
        return workers.in_turn(false);
    });
    for (unsigned worker = 0; worker < pair; ++worker)
        workers.offline(worker);
    const double one = cycles_at_once(workers, 1, load);
    const double two = cycles_at_once(workers, pair, load);
    Result result;
    result.driver = workers.port().driver();
    result.packets = steered.size() * std::uint64_t{pair * burst * bursts_per_part};
    result.cycles = part_of(steered, 0.5);
    result.quiet_cycles = quiet(steered);
    result.mpps = double(rte_get_tsc_hz()) / result.quiet_cycles / 1e6;
    result.bytes_per_flow = workers.bytes_per_flow();
    result.more = {{"checksum_cycles", quiet(windows_of(load, checksum_window))},
                   {"handed_off_more_cycles", quiet(handed) - quiet(steered)},
                   {"two_workers_ratio", pair * one / two}};
    return result;
}

}  // namespace warren::bench
