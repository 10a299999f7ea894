// SPDX-License-Identifier: BSD-3-Clause
#include "wire.h"

#include <rte_cycles.h>

#include <algorithm>
#include <array>
#include <deque>
#include <stdexcept>

#include "datapath/packet.h"
#include "flows.h"
#include "interrupt.h"
#include "net/neighbour.h"
#include "port/mempool.h"
#include "port/port.h"
#include "statistics.h"
#include "talk.h"

namespace warren::bench {
namespace {

constexpr unsigned pool_frames = 8191;
constexpr unsigned large_frames = 255;
constexpr unsigned large_bytes = 16'384;
constexpr double patience_s = 0.2;  // of a station, before it says the same again
constexpr unsigned opening_at_once = 128;

class Station {
  public:
    Station(const Load& load, const Wire& wire);

    void find_vip();
    void open_all();
    void measure(double seconds, Statistics& statistics);
    Result result(double seconds) const;
    const port::Port& port() const { return port_; }

  private:
    struct Asked {
        std::uint32_t flow;
        std::uint64_t since;
    };

    template <typename Write>
    void send(Write write);
    void flush();
    void poll();
    void take(rte_mbuf& mbuf, std::uint64_t now);
    void take_neighbours(net::ConstBytes frame, const net::Parsed& message);
    void take_segment(const net::Parsed& segment, std::uint64_t now);
    void take_returned(const net::Parsed& segment, std::uint64_t now);
    void note_answer(std::uint32_t flow, std::uint64_t now);
    void say(std::uint32_t flow, std::uint64_t now);
    void open_some(std::uint64_t now);
    void say_again(std::uint64_t now);
    void ask_some(std::uint64_t now, std::uint64_t start);
    bool may_ask(std::uint64_t now, std::uint64_t start) const;

    const Load load_;
    const Wire wire_;
    const bool returned_;  // by the forwarder, not answered by a server
    port::Mempool pool_ = port::make_mempool("wire", pool_frames);
    port::Mempool large_pool_ = port::make_mempool("large", large_frames, large_bytes);
    port::Port port_;
    Stations stations_;
    bool has_vip_ = false;
    std::vector<Talk> talks_;
    std::vector<std::uint32_t> idle_;  // flows
    std::deque<Asked> asked_;          // in their order; some are answered already
    std::uint32_t next_to_open_ = 0;
    std::uint32_t opened_ = 0;
    unsigned under_way_ = 0;
    std::uint64_t sent_ = 0, answers_ = 0, again_ = 0, resets_ = 0;
    std::vector<double> latencies_, windows_;
    std::uint64_t window_start_ = 0;
    Burst out_{};
    unsigned waiting_ = 0;
};

Station::Station(const Load& load, const Wire& wire)
    : load_(load),
      wire_(wire),
      returned_(is_reference(load.mode)),
      port_({.name = wire.interface,
             .device = wire.device,
             .workers = load.cores,
             .pool = pool_.get(),
             .large_pool = large_pool_.get()}),
      talks_(load.flows) {
    const auto vip = net::IpAddress::parse(wire.vip);
    if (!wire.vip.empty() && (!vip || vip->is_v4() != (load.sides.clients == 4)))
        throw std::runtime_error("\"" + wire.vip + "\" is no address of the clients' IP version");
    stations_ = {port_.mac(),
                 {},
                 vip ? *vip : vip_of(load.sides.clients),
                 payload_bytes_of(load.frame_bytes, load.sides)};
}

template <typename Write>
void Station::send(Write write) {
    rte_mbuf* mbuf = rte_pktmbuf_alloc(pool_.get());
    if (mbuf == nullptr) return;  // as a full wire: it is said again
    const std::size_t bytes = write(
        net::Bytes{rte_pktmbuf_mtod(mbuf, std::uint8_t*), std::size_t{rte_pktmbuf_tailroom(mbuf)}});
    datapath::set_length(*mbuf, bytes);
    if (bytes == 0) return rte_pktmbuf_free(mbuf);
    out_[waiting_++] = mbuf;
    if (waiting_ == out_.size()) flush();
}

void Station::flush() {
    if (waiting_ == 0) return;  // net_memif looks at the first of none
    const unsigned sent = port_.tx_burst(0, out_.data(), static_cast<std::uint16_t>(waiting_));
    for (unsigned i = sent; i < waiting_; ++i)
        rte_pktmbuf_free(out_[i]);
    waiting_ = 0;
}

void Station::poll() {
    Burst frames;
    for (std::uint16_t queue = 0; queue < port_.rx_queues(); ++queue) {
        const unsigned count = port_.rx_burst(queue, frames.data(), burst);
        const std::uint64_t now = rte_rdtsc();
        for (unsigned i = 0; i < count; ++i) {
            take(*frames[i], now);
            rte_pktmbuf_free(frames[i]);
        }
    }
    flush();
}

void Station::take(rte_mbuf& mbuf, std::uint64_t now) {
    const net::ConstBytes frame{rte_pktmbuf_mtod(&mbuf, const std::uint8_t*), mbuf.data_len};
    const net::Parsed parsed = net::parse(frame, net::IpChecksum::verified);
    if (!parsed.ok()) return;
    if (parsed.network == net::Network::arp || net::is_neighbour_message(parsed))
        return take_neighbours(frame, parsed);
    if (!parsed.is_tcp()) return;
    if (returned_) return take_returned(parsed, now);
    take_segment(parsed, now);
}

void Station::take_neighbours(net::ConstBytes frame, const net::Parsed& message) {
    // Who sends frames back takes them whatever their MAC is, as testpmd does.
    if (returned_ && is_own_question(frame, message, stations_)) {
        if (!has_vip_) stations_.vip_mac = server_mac;
        has_vip_ = true;
        return;
    }
    switch (hear_neighbours(stations_, frame, message)) {
        case Neighbours::nothing:
            return;
        case Neighbours::vip_found:
            has_vip_ = true;
            return;
        case Neighbours::answer_them:
            return send(
                [&](net::Bytes out) { return answer_neighbours(out, frame, message, stations_); });
    }
}

void Station::take_segment(const net::Parsed& segment, std::uint64_t now) {
    // A forwarder's own address to servers may be the VIP.
    if (segment.destination_port == amqp)
        return send([&](net::Bytes out) { return answer_of(out, stations_, segment); });
    const std::uint32_t flow = flow_of(segment.destination, segment.destination_port);
    if (segment.source != stations_.vip || flow >= load_.flows) return;
    Talk& talk = talks_[flow];
    const bool was_asked = talk.state == Talk::State::asked;
    switch (hear(talk, segment)) {
        case Heard::nothing:
            return;
        case Heard::reset:
            ++resets_;
            under_way_ -= was_asked ? 1 : 0;
            return;
        case Heard::opened:
            ++opened_;
            idle_.push_back(flow);
            return send([&](net::Bytes out) { return ack_of(out, stations_, flow, talk); });
        case Heard::answered:
            return note_answer(flow, now);
    }
}

void Station::take_returned(const net::Parsed& segment, std::uint64_t now) {
    // The forwarder's kernel may refuse what it sees too.
    if ((segment.tcp_flags & net::tcp_flag::rst) != 0) return;
    std::uint32_t flow = flow_of(segment.source, segment.source_port);
    if (flow >= load_.flows) flow = flow_of(segment.destination, segment.destination_port);
    if (flow >= load_.flows || talks_[flow].state != Talk::State::asked) return;
    talks_[flow].state = Talk::State::idle;
    note_answer(flow, now);
}

void Station::note_answer(std::uint32_t flow, std::uint64_t now) {
    constexpr std::size_t most_latencies = 1'000'000;
    constexpr std::uint64_t answers_per_window = 512;
    --under_way_;
    ++answers_;
    idle_.push_back(flow);
    const auto since = double(now - talks_[flow].since);
    if (latencies_.size() < most_latencies)
        latencies_.push_back(since * 1e9 / double(rte_get_tsc_hz()));
    if (answers_ % answers_per_window != 0) return;
    windows_.push_back(double(now - window_start_) / double(answers_per_window));
    window_start_ = now;
}

// Whatever its state wants an answer to.
void Station::say(std::uint32_t flow, std::uint64_t now) {
    Talk& talk = talks_[flow];
    talk.since = now;
    asked_.push_back({flow, now});
    if (talk.state == Talk::State::opening)
        send([&](net::Bytes out) { return syn_of(out, stations_, flow); });
    else
        send([&](net::Bytes out) { return request_of(out, stations_, flow, talk); });
}

void Station::say_again(std::uint64_t now) {
    const auto patience = static_cast<std::uint64_t>(patience_s * double(rte_get_tsc_hz()));
    for (unsigned i = 0; i < load_.frames_at_once && !asked_.empty(); ++i) {
        const Asked first = asked_.front();
        const Talk& talk = talks_[first.flow];
        const bool waits = talk.since == first.since &&
                           (talk.state == Talk::State::asked || talk.state == Talk::State::opening);
        if (waits && now - first.since < patience) return;
        asked_.pop_front();
        if (!waits) continue;
        ++again_;
        say(first.flow, now);
    }
}

void Station::find_vip() {
    constexpr unsigned tries = 50;
    for (unsigned i = 0; i < tries && !has_vip_ && !is_interrupted(); ++i) {
        port_.link_up();  // net_memif looks for its other end when it is asked
        send([&](net::Bytes out) { return ask_for_vip(out, stations_); });
        const std::uint64_t end = rte_rdtsc() + rte_get_tsc_hz() / 10;
        while (!has_vip_ && rte_rdtsc() < end)
            poll();
    }
    if (!has_vip_) throw std::runtime_error("nobody answers for the VIP");
}

void Station::open_some(std::uint64_t now) {
    while (next_to_open_ < load_.flows && next_to_open_ - opened_ < opening_at_once) {
        talks_[next_to_open_].state = Talk::State::opening;
        say(next_to_open_++, now);
    }
}

// Nobody may answer at all, or refuse: so long after the last that opened there is no hope.
void Station::open_all() {
    if (returned_) {
        for (std::uint32_t flow = 0; flow < load_.flows; ++flow)
            idle_.push_back(flow);
        return;
    }
    constexpr std::uint64_t hope_s = 5;
    std::uint64_t last = rte_rdtsc();
    for (std::uint32_t before = 0; opened_ < load_.flows && !is_interrupted();) {
        const std::uint64_t now = rte_rdtsc();
        open_some(now);
        say_again(now);
        poll();
        if (opened_ != before) last = now;
        before = opened_;
        if (now - last > hope_s * rte_get_tsc_hz())
            throw std::runtime_error(std::to_string(opened_) + " of " +
                                     std::to_string(load_.flows) + " connections opened");
    }
    asked_.clear();
    again_ = 0;
}

bool Station::may_ask(std::uint64_t now, std::uint64_t start) const {
    if (wire_.rate == 0) return under_way_ < wire_.under_way;
    return double(sent_) < double(now - start) / double(rte_get_tsc_hz()) * wire_.rate;
}

// Flows in turn: who was answered first is asked first, one burst at a time.
void Station::ask_some(std::uint64_t now, std::uint64_t start) {
    std::size_t taken = 0;
    while (taken < std::min<std::size_t>(load_.frames_at_once, idle_.size()) &&
           may_ask(now, start)) {
        const std::uint32_t flow = idle_[idle_.size() - 1 - taken++];
        if (!returned_ && talks_[flow].state != Talk::State::idle) continue;  // reset meanwhile
        talks_[flow].state = Talk::State::asked;
        ++under_way_;
        ++sent_;
        say(flow, now);
    }
    idle_.resize(idle_.size() - taken);
}

void Station::measure(double seconds, Statistics& statistics) {
    const std::uint64_t start = rte_rdtsc();
    const auto length = static_cast<std::uint64_t>(seconds * double(rte_get_tsc_hz()));
    window_start_ = start;
    for (std::uint64_t now = start; now - start < length && !is_interrupted(); now = rte_rdtsc()) {
        ask_some(now, start);
        say_again(now);
        poll();
        statistics.tick();
    }
}

Result Station::result(double seconds) const {
    const unsigned per_answer = returned_ ? 1 : 2;  // packets forwarded
    Result result;
    result.driver = port_.driver();
    result.packets = answers_ * per_answer;
    result.lost = again_ + resets_;
    result.cycles = part_of(windows_, 0.5) / per_answer;
    result.quiet_cycles = part_of(windows_, quiet_part) / per_answer;
    result.mpps = double(result.packets) / seconds / 1e6;
    result.latency_ns = percentiles_of(latencies_);
    result.more = {{"opened", double(opened_)},
                   {"asked", double(sent_)},
                   {"answered", double(answers_)},
                   {"said_again", double(again_)},
                   {"resets", double(resets_)}};
    return result;
}

}  // namespace

Result run_wire(const Load& load, const Wire& wire) {
    Station station(load, wire);
    station.find_vip();
    station.open_all();
    const std::uint64_t start = rte_rdtsc();
    Statistics statistics(station.port(), load.stats_period_s);
    station.measure(load.seconds, statistics);
    Result result = station.result(double(rte_rdtsc() - start) / double(rte_get_tsc_hz()));
    statistics.print_last();
    return result;
}

}  // namespace warren::bench
