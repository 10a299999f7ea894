// SPDX-License-Identifier: BSD-3-Clause
// All that a worker does to a table, in random order and with a clock that wraps and sometimes
// leaps, against a plain map: what is found from either side, what each server has, who has aged.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

#include "flow/table.h"
#include "flow_samples.h"

namespace warren::flow {
namespace {

class ReferenceTable {
  public:
    static constexpr std::uint32_t capacity = 150;
    static constexpr std::uint16_t servers = 4;

    ReferenceTable() : table_(options()) {}

    void step() {
        const auto n = static_cast<std::uint32_t>(below(400));
        const auto known = flows_.find(n);
        if (known == flows_.end()) {
            insert(n);
        } else {
            change(known->second);
            if (below(4) == 0) erase(known);
        }
        if (below(16) == 0) age(below(50) == 0 ? 3000 : below(60));
        look(n);
    }

    // Each flow of each server's list, and nothing else.
    void expect_lists() const {
        std::vector<std::uint32_t> wanted(servers, 0);
        for (const auto& [n, known] : flows_)
            wanted[known.flow.server_id] += is_live(known.flow.state);
        for (std::uint16_t s = 0; s < servers; ++s) {
            std::uint32_t met = 0;
            for (FlowIndex i = table_.servers().first(s); i != no_flow;
                 i = table_.servers().next(i), ++met) {
                ASSERT_EQ(table_[i].server_id, s);
                ASSERT_TRUE(is_live(table_[i].state));
            }
            ASSERT_EQ(met, wanted[s]);
            for (FlowIndex i = table_.servers().oldest(s); i != no_flow;
                 i = table_.servers().younger(i), --met)
                ASSERT_EQ(table_[i].server_id, s);
            ASSERT_EQ(met, 0U);
            ASSERT_EQ(table_.servers().live(s), wanted[s]);
        }
    }
    [[nodiscard]] unsigned moved() const { return moved_; }
    [[nodiscard]] unsigned aged() const { return aged_; }
    [[nodiscard]] unsigned refused() const { return refused_; }

  private:
    struct Known {
        Flow flow;
        FlowIndex index;
    };
    using Hit = FlowTable::Hit;
    using Flows = std::map<std::uint32_t, Known>;

    static TableOptions options() {
        TableOptions o;
        o.capacity = capacity;
        o.servers = servers;
        o.hash = TupleHash(1, 2);
        o.start = 0xfffff000;
        return o;
    }
    static bool is(Hit got, Hit wanted) {
        return got.index == wanted.index && (!wanted || got.from == wanted.from);
    }
    std::size_t below(std::size_t n) { return random_() % n; }

    void insert(std::uint32_t n) {
        Flow f = samples::flow(n, servers);
        f.method = static_cast<Method>(n % 4);
        f.last_seen = now_;
        const FlowIndex i = table_.insert(f);
        ASSERT_EQ(i == no_flow, flows_.size() == capacity);
        if (i == no_flow)
            ++refused_;
        else
            flows_[n] = {f, i};
    }
    void erase(Flows::iterator known) {
        table_.erase(known->second.index);
        EXPECT_FALSE(table_.find(known->second.flow.client_tuple()));
        EXPECT_FALSE(table_.find(known->second.flow.server_tuple()));
        flows_.erase(known);
    }
    void change(Known& known) {
        Flow& f = known.flow;
        const std::size_t what = below(3);
        if (what == 0) {  // a segment
            table_[known.index].last_seen = f.last_seen = now_;
        } else if (what == 1) {
            const auto state = static_cast<TcpState>(1 + below(tcp_state_count - 1));
            if (is_live(state) && !is_live(f.state)) return;  // nothing rises again
            f.state = state;
            f.last_seen = now_;
            table_.set_state(known.index, state, now_);
        } else {
            const Flow before = f;
            f.server_id = static_cast<std::uint16_t>(below(servers));
            f.set_server_address(samples::address(0xc0a8080b + f.server_id));
            f.set_local_address(samples::address(0xac200000 + ++moved_));
            ASSERT_TRUE(table_.move_to_server(known.index, f));
            ASSERT_FALSE(table_.find(before.server_tuple()));
        }
    }
    bool is_due(const Flow& f) const {
        const bool ends = f.state == TcpState::fin_client && !sees_both_sides(f.method);
        const Tick idle = Timeouts{}.of(ends ? TcpState::time_wait : f.state);
        return static_cast<std::int32_t>(now_ - f.last_seen - idle) >= 0;
    }
    void age(std::size_t ticks) {
        now_ += static_cast<Tick>(ticks);
        std::size_t gone = 0;
        table_.advance(
            now_, 1'000'000, [](FlowIndex) { return std::optional<Tick>(); },
            [&](const Flow&, const Carried&) { ++gone; });
        const std::size_t due =
            std::erase_if(flows_, [this](const auto& known) { return is_due(known.second.flow); });
        ASSERT_EQ(gone, due);
        aged_ += static_cast<unsigned>(gone);
    }
    void look(std::uint32_t n) const {
        ASSERT_EQ(table_.size(), flows_.size());
        const auto known = flows_.find(n);
        if (known == flows_.end()) {
            ASSERT_TRUE(is(table_.find(samples::flow(n, servers).client_tuple()), Hit{}));
            return;
        }
        const auto& [f, i] = known->second;
        ASSERT_TRUE(is(table_.find(f.client_tuple()), Hit{i, Side::client}));
        ASSERT_TRUE(is(table_.find(f.server_tuple()),
                       sees_both_sides(f.method) ? Hit{i, Side::server} : Hit{}));
        ASSERT_EQ(table_[i].state, f.state);
    }

    std::mt19937 random_{9};
    FlowTable table_;
    Flows flows_;
    Tick now_ = options().start;
    unsigned moved_ = 0, aged_ = 0, refused_ = 0;
};

TEST(FlowTable, AgreesWithAReferenceThroughStatesMovesAndTime) {
    ReferenceTable both;
    for (int round = 0; round < 200'000 && !HasFailure(); ++round) {
        SCOPED_TRACE(round);
        both.step();
        if (round % 100 == 0) both.expect_lists();
    }
    EXPECT_GT(both.moved(), 1000U);
    EXPECT_GT(both.aged(), 1000U);
    EXPECT_GT(both.refused(), 1000U);
}

}  // namespace
}  // namespace warren::flow
