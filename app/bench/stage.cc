// SPDX-License-Identifier: BSD-3-Clause
#include "stage.h"

#include <rte_cycles.h>

#include <optional>
#include <stdexcept>

#include "bed.h"
#include "interrupt.h"
#include "port/stage_timer.h"
#include "reference.h"
#include "statistics.h"

namespace warren::bench {
namespace {

constexpr unsigned bursts_per_window = 32;
constexpr unsigned idle_rounds_per_window = 1024;

constexpr unsigned packets_per_window(const Load& load) {
    return load.frames_at_once * bursts_per_window;
}

// Who has the frames of a window between generator and sink.
enum class Within { nobody, forwarder, timed_forwarder };

class Stage {
  public:
    explicit Stage(const Load& load);
    ~Stage();

    void open_flows();
    // Cycles per packet.
    double window(Within within);
    std::array<std::uint64_t, port::stage_count> take_stages() { return stage_timer_.take(); }
    double burst_ns();
    double idle_window();
    double bytes_per_flow() const { return bed_.bytes_per_flow(); }
    const port::Port& port() { return bed_.port(); }

  private:
    [[gnu::noinline]] void measured_round();
    void timed_round();
    void round(Within within);
    void carry(Burst& frames, unsigned count);
    void expect(unsigned count);

    const Load load_;
    Bed bed_;
    std::uint64_t now_ns_;
    Flows flows_;
    std::optional<Reference> reference_;  // instead of the worker
    port::StageTimer stage_timer_;
    Burst frames_{};
};

Stage::Stage(const Load& load)
    : load_(load), bed_(load, burst), now_ns_(bed_.start_ns()), flows_(load, bed_.port().mac()) {
    if (is_reference(load.mode)) reference_.emplace(load.mode, bed_.port());
    bed_.exchange().publisher.online(0);
    if (rte_pktmbuf_alloc_bulk(bed_.pool(), frames_.data(), burst) != 0)
        throw std::runtime_error("no mbufs");
}

Stage::~Stage() {
    for (rte_mbuf* mbuf : frames_)
        rte_pktmbuf_free(mbuf);
    bed_.exchange().publisher.offline(0);
}

// A function of its own, so that tools can count what happens in it alone.
void Stage::measured_round() {
    if (reference_)
        reference_->poll_once();
    else
        bed_.worker().poll_once(now_ns_);
}

// A reference has one stage.
void Stage::timed_round() {
    stage_timer_.begin();
    if (reference_) {
        reference_->poll_once();
        return stage_timer_.end(port::Stage::forward);
    }
    bed_.worker().time(&stage_timer_);
    bed_.worker().poll_once(now_ns_);
    bed_.worker().time(nullptr);
}

void Stage::round(Within within) {
    if (within == Within::nobody) return bed_.pass_by();
    if (within == Within::timed_forwarder) return timed_round();
    measured_round();
}

void Stage::expect(unsigned count) {
    if (bed_.pull(frames_.data(), burst) != count)
        throw std::runtime_error("a frame did not come out");
}

void Stage::carry(Burst& frames, unsigned count) {
    bed_.push(frames.data(), count);
    bed_.worker().poll_once(now_ns_);
    expect(count);
    bed_.drain_events();
}

void Stage::open_flows() {
    flows_.open_all(frames_, [this](Burst& frames, unsigned count) { carry(frames, count); });
    bed_.begin_to_speak();
    bed_.begin_to_capture();
}

double Stage::window(Within within) {
    // Ageing is under way where flows end.
    if (has_endings(load_.mode)) now_ns_ += 1U << flow::tick_shift;
    const std::uint64_t start = rte_rdtsc();
    for (unsigned number = 0; number < bursts_per_window; ++number) {
        flows_.choose(number);
        flows_.write(frames_);
        bed_.push(frames_.data(), load_.frames_at_once);
        round(within);
        expect(load_.frames_at_once);
        if (within != Within::nobody) flows_.learn(frames_);
    }
    const double cycles = double(rte_rdtsc() - start);
    bed_.drain_events();
    return cycles / packets_per_window(load_);
}

double Stage::burst_ns() {
    flows_.choose(1);
    flows_.write(frames_);
    bed_.push(frames_.data(), load_.frames_at_once);
    const std::uint64_t start = rte_rdtsc();
    measured_round();
    const std::uint64_t end = rte_rdtsc();
    expect(load_.frames_at_once);
    return double(end - start) * 1e9 / double(rte_get_tsc_hz());
}

double Stage::idle_window() {
    const std::uint64_t start = rte_rdtsc();
    for (unsigned number = 0; number < idle_rounds_per_window; ++number)
        measured_round();
    return double(rte_rdtsc() - start) / idle_rounds_per_window;
}

bool is_enough(const Load& load, std::size_t windows, std::uint64_t start) {
    if (is_interrupted()) return windows != 0;
    if (load.windows != 0) return windows >= load.windows;
    constexpr std::size_t fewest = 200;
    return windows >= fewest &&
           double(rte_rdtsc() - start) > load.seconds * double(rte_get_tsc_hz());
}

// Cycles per packet of windows, by what was within.
struct Windows {
    std::vector<double> generator, forwarder;
    std::array<std::vector<double>, port::stage_count> stages;
};

void add_stages(const Load& load, Windows& windows, Stage& stage) {
    stage.window(Within::timed_forwarder);
    const auto taken = stage.take_stages();
    for (std::size_t i = 0; i < taken.size(); ++i)
        windows.stages[i].push_back(double(taken[i]) / packets_per_window(load));
}

Windows measure(const Load& load, Stage& stage) {
    constexpr std::size_t others_every = 4;
    Windows windows;
    Statistics statistics(stage.port(), load.stats_period_s);
    const std::uint64_t start = rte_rdtsc();
    while (!is_enough(load, windows.forwarder.size(), start)) {
        if (windows.forwarder.size() % others_every == 0) {
            windows.generator.push_back(stage.window(Within::nobody));
            add_stages(load, windows, stage);
        }
        windows.forwarder.push_back(stage.window(Within::forwarder));
        statistics.tick();
    }
    statistics.print_last();
    return windows;
}

// Cycles of a round that finds nothing, so many of them at a time.
Result run_idle(const Load& load, Stage& stage) {
    std::vector<double> windows;
    const std::uint64_t start = rte_rdtsc();
    while (!is_enough(load, windows.size(), start))
        windows.push_back(stage.idle_window());
    Result result;
    result.driver = stage.port().driver();
    result.packets = windows.size() * std::uint64_t{idle_rounds_per_window};
    result.quiet_cycles = part_of(windows, quiet_part);
    result.cycles = part_of(windows, 0.5);
    // Its port's, and that of each other worker.
    result.more = {{"cycles_per_ring", result.quiet_cycles / load.workers}};
    return result;
}

std::vector<std::pair<std::string, double>> stages_of(const Windows& windows) {
    constexpr std::array<const char*, port::stage_count> names{"rx",      "look", "bucket",
                                                               "forward", "tx",   "chores"};
    std::vector<std::pair<std::string, double>> stages;
    for (std::size_t i = 0; i < names.size(); ++i)
        stages.emplace_back(names[i], part_of(windows.stages[i], quiet_part));
    return stages;
}

// Of a burst's round. Whole connections have no burst that is like the next.
std::array<double, 3> latency_of(const Load& load, Stage& stage) {
    if (has_endings(load.mode) || load.windows != 0) return {};
    std::vector<double> bursts(10'000);
    for (double& ns : bursts)
        ns = stage.burst_ns();
    return percentiles_of(bursts);
}

}  // namespace

Result run_stage(const Load& load) {
    Stage stage(load);
    stage.open_flows();
    if (load.mode == Mode::idle) return run_idle(load, stage);
    const Windows windows = measure(load, stage);
    const double generator = part_of(windows.generator, quiet_part);
    Result result;
    result.driver = stage.port().driver();
    result.packets = windows.forwarder.size() * std::uint64_t{packets_per_window(load)};
    if (is_reference(load.mode)) {  // less than what is lost in the generator's own variation
        const auto& forward = windows.stages[static_cast<std::size_t>(port::Stage::forward)];
        result.quiet_cycles = part_of(forward, quiet_part);
        result.cycles = part_of(forward, 0.5);
    } else {
        result.quiet_cycles = part_of(windows.forwarder, quiet_part) - generator;
        result.cycles = part_of(windows.forwarder, 0.5) - part_of(windows.generator, 0.5);
        result.bytes_per_flow = stage.bytes_per_flow();
    }
    result.stages = stages_of(windows);
    result.mpps = double(rte_get_tsc_hz()) / result.quiet_cycles / 1e6;
    result.latency_ns = latency_of(load, stage);
    result.more = {{"generator_cycles_per_packet", generator}};
    if (load.mode == Mode::syn)
        result.more.emplace_back("connections_per_second",
                                 result.mpps * 1e6 / segments_per_connection);
    return result;
}

}  // namespace warren::bench
