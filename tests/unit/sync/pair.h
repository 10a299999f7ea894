// SPDX-License-Identifier: BSD-3-Clause
// Two sessions and the link between them, for tests: what each asks of its owner is written down,
// and answered only where a test says so.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "samples.h"
#include "sync/session.h"

namespace warren::sync {

inline const RouterKey pair_router{samples::vip, 51};

struct Recorder : Sink {
    std::deque<std::vector<std::uint8_t>> sent;
    std::vector<std::pair<FlowRecord, bool>> installed;
    std::vector<EndRecord> ended;
    std::vector<PersistenceRecord> bound;
    std::vector<bool> began, bulks_ended;  // colours
    std::vector<std::pair<Source, Identity>> again_asked;
    std::vector<Ticket> walks, marks;
    std::vector<Source> acked;
    std::vector<PeerRouter> peers;
    std::vector<bool> comparisons;
    std::vector<std::uint32_t> take_overs;
    std::vector<std::pair<std::uint32_t, bool>> answers;
    std::vector<Inventory> inventories;
    std::optional<std::pair<std::uint8_t, std::uint8_t>> unintelligible;
    unsigned ups = 0, downs = 0;
    bool has_room = true;

    void send(net::Bytes datagram) override { sent.emplace_back(datagram.begin(), datagram.end()); }
    bool install(const FlowRecord& record, bool urgent) override {
        if (has_room) installed.emplace_back(record, urgent);
        return has_room;
    }
    bool end(const EndRecord& record) override {
        ended.push_back(record);
        return true;
    }
    bool bind(const PersistenceRecord& record) override {
        bound.push_back(record);
        return true;
    }
    void bulk_began(const RouterKey&, bool colour) override { began.push_back(colour); }
    void bulk_ended(const RouterKey&, bool colour) override { bulks_ended.push_back(colour); }
    bool again(const Source& source, const Identity& identity) override {
        again_asked.emplace_back(source, identity);
        return true;
    }
    void walk(const RouterKey&, Ticket ticket) override { walks.push_back(ticket); }
    void mark(Ticket ticket) override { marks.push_back(ticket); }
    void acknowledged(const Source& source) override { acked.push_back(source); }
    void peer_up(std::uint8_t, std::uint32_t) override { ++ups; }
    void peer_down() override { ++downs; }
    void peer_unintelligible(std::uint8_t lowest, std::uint8_t highest) override {
        unintelligible = {lowest, highest};
    }
    void peer_routers(std::span<const PeerRouter> routers) override {
        peers.assign(routers.begin(), routers.end());
    }
    void compared(const RouterKey&, bool equal) override { comparisons.push_back(equal); }
    void take_over_asked(const RouterKey&, std::uint32_t ticket) override {
        take_overs.push_back(ticket);
    }
    void take_over_answered(const RouterKey&, std::uint32_t ticket, bool agreed) override {
        answers.emplace_back(ticket, agreed);
    }
    void peer_inventory(const Inventory& inventory) override { inventories.push_back(inventory); }
};

// One warren of the pair.
struct End {
    Recorder sink;
    std::unique_ptr<Session> session;
    flow::FlowSum sum;  // what it answers marks with
    std::size_t marks_answered = 0;

    Session* operator->() { return session.get(); }
};

class Pair {
  public:
    static constexpr std::uint64_t delay_us = 100;
    using Filter = std::function<bool(std::size_t from, const std::vector<std::uint8_t>&)>;

    // Both with the router; 0 is its master.
    Pair() {
        start(0);
        start(1);
        set_role(0, Role::master);
        set_role(1, Role::backup);
    }

    End& operator[](std::size_t i) { return ends_[i]; }

    void start(std::size_t i, Settings settings = {}) {
        settings.digest_key = {1, 2};
        ends_[i].session = std::make_unique<Session>(settings, ++nonce_, ends_[i].sink);
    }
    void set_role(std::size_t i, Role role) {
        const LocalRouter router{pair_router, role, 0};
        ends_[i]->set_routers({&router, 1}, now_us);
    }

    // Time passes and datagrams travel, those that `passes` lets.
    void run(std::uint64_t for_us) {
        for (const std::uint64_t end_us = now_us + for_us; now_us < end_us; now_us += delay_us)
            step();
    }
    // Answers the marks that are out with `sum`.
    void answer_marks() {
        for (End& end : ends_)
            while (end.marks_answered < end.sink.marks.size()) {
                const RouterSum sum{pair_router, end.sum};
                end->sums(end.sink.marks[end.marks_answered++], {&sum, 1}, now_us);
            }
    }
    // The backup's first bulk, of these flows.
    void bulk(const std::vector<FlowRecord>& flows) {
        run(300'000);
        for (std::uint32_t n = 0; n < flows.size(); ++n)
            ends_[0]->offer(flows[n], {0, n}, false, now_us);
        ends_[0]->walked(ends_[0].sink.walks.back(), now_us);
        run(10'000);
        ends_[1]->swept(pair_router, now_us);
    }

    std::uint64_t now_us = 5'000'000;
    bool answers_marks = true;
    Filter passes = [](std::size_t, const std::vector<std::uint8_t>&) { return true; };

  private:
    void step() {
        if (answers_marks) answer_marks();
        for (End& end : ends_)
            if (end->deadline_us() <= now_us) end->tick(now_us);
        std::array<std::deque<std::vector<std::uint8_t>>, 2> flying;
        for (std::size_t i = 0; i < 2; ++i)
            flying[i].swap(ends_[i].sink.sent);
        for (std::size_t i = 0; i < 2; ++i)
            for (const auto& datagram : flying[i])
                if (passes(i, datagram)) ends_[1 - i]->receive(datagram, now_us, ++nonce_);
    }

    std::uint64_t nonce_ = 100;
    std::array<End, 2> ends_;
};

inline Header header_of(const std::vector<std::uint8_t>& datagram) {
    return std::get<Datagram>(parse(datagram)).header;
}

// Loses the next `count` datagrams of that kind from that side.
inline Pair::Filter lose(std::size_t side, Kind kind, int count) {
    return [side, kind, left = count](std::size_t from, const auto& datagram) mutable {
        return from != side || header_of(datagram).kind != kind || left-- <= 0;
    };
}

}  // namespace warren::sync
