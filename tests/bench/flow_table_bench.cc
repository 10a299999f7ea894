// SPDX-License-Identifier: BSD-3-Clause
// What a packet pays for finding its flow, at 1,000, 100,000 and 1,000,000 flows in a table that is
// 90 % full. Packets meet flows at random from both sides; each hit reads one field of the flow.
#include <benchmark/benchmark.h>
#include <sys/mman.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <memory_resource>
#include <new>
#include <random>
#include <vector>

#include "flow/table.h"

namespace {

using warren::flow::Flow;
using warren::flow::FlowTable;
using warren::flow::TableOptions;
using warren::flow::TcpState;
using warren::flow::Tuple;
using warren::flow::TupleHash;
using warren::net::Be16;
using warren::net::Be32;
using warren::net::IpAddress;

constexpr std::size_t burst = 32;
constexpr std::size_t packet_count = 1U << 18;

Flow nth(std::uint32_t n) {
    Flow f;
    f.set_client_address(IpAddress::v4(Be32(0x0a000000 + n / 16)));
    f.client_port = Be16(static_cast<std::uint16_t>(30000 + n % 16));
    f.set_vip(IpAddress::v4(192, 168, 8, 100));
    f.service_port = Be16(5672);
    f.server_id = static_cast<std::uint16_t>(n % 3);
    f.set_server_address(IpAddress::v4(192, 168, 8, static_cast<std::uint8_t>(11 + f.server_id)));
    f.server_port = Be16(5672);
    f.set_local_address(IpAddress::v4(Be32(0xac100000 + n / 3 / 60000)));
    f.local_port = Be16(static_cast<std::uint16_t>(1024 + n / 3 % 60000));
    f.state = TcpState::established;
    return f;
}

// Transparent huge pages, where the kernel has them: as on an appliance.
class HugePages : public std::pmr::memory_resource {
    static constexpr std::size_t page = 2U << 20;

    void* do_allocate(std::size_t bytes, std::size_t) override {
        const std::size_t whole = (bytes + page - 1) / page * page;
        void* block = std::aligned_alloc(page, whole);
        if (block == nullptr) throw std::bad_alloc();
        madvise(block, whole, MADV_HUGEPAGE);
        return block;
    }
    void do_deallocate(void* block, std::size_t, std::size_t) override { std::free(block); }
    bool do_is_equal(const memory_resource& other) const noexcept override {
        return this == &other;
    }
};

struct Load {
    HugePages memory;

    std::unique_ptr<FlowTable> table;
    std::vector<Tuple> packets;

    explicit Load(std::uint32_t flows) {
        TableOptions o;
        o.capacity = flows * 10 / 9 + 1;
        o.servers = 3;
        o.hash = TupleHash(12, 34);
        o.memory = &memory;
        table = std::make_unique<FlowTable>(o);
        for (std::uint32_t n = 0; n < flows; ++n)
            table->insert(nth(n));
        packets.reserve(packet_count);
        std::mt19937 random(1);
        for (std::size_t i = 0; i < packet_count; ++i) {
            const Flow f = nth(random() % flows);
            packets.push_back(random() % 2 ? f.client_tuple() : f.server_tuple());
        }
    }
};

void report(benchmark::State& state, const Load& load) {
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(burst));
    state.counters["bytes_per_flow"] =
        static_cast<double>(load.table->memory_bytes()) / load.table->size();
}

void find_in_bursts(benchmark::State& state) {
    const Load load(static_cast<std::uint32_t>(state.range(0)));
    const FlowTable& table = *load.table;
    std::size_t at = 0;
    std::array<std::uint64_t, burst> hashes{};
    for (auto _ : state) {
        const Tuple* packets = &load.packets[at];
        at = (at + burst) % packet_count;
        for (std::size_t i = 0; i < burst; ++i) {
            hashes[i] = table.hash(packets[i]);
            table.prefetch(hashes[i]);
        }
        for (std::size_t i = 0; i < burst; ++i)
            benchmark::DoNotOptimize(table.fetch_candidate(hashes[i], true));
        std::uint32_t sum = 0;
        for (std::size_t i = 0; i < burst; ++i)
            sum += table[table.find(packets[i], hashes[i]).index].seq_delta;
        benchmark::DoNotOptimize(sum);
    }
    report(state, load);
}

void find_one_by_one(benchmark::State& state) {
    const Load load(static_cast<std::uint32_t>(state.range(0)));
    const FlowTable& table = *load.table;
    std::size_t at = 0;
    for (auto _ : state) {
        std::uint32_t sum = 0;
        for (std::size_t i = 0; i < burst; ++i)
            sum += table[table.find(load.packets[at + i]).index].seq_delta;
        at = (at + burst) % packet_count;
        benchmark::DoNotOptimize(sum);
    }
    report(state, load);
}

// A connection comes and one goes.
void insert_and_erase(benchmark::State& state) {
    const auto flows = static_cast<std::uint32_t>(state.range(0));
    Load load(flows);
    std::uint32_t next = flows;
    for (auto _ : state) {
        for (std::size_t i = 0; i < burst; ++i, ++next) {
            load.table->erase(load.table->find(nth(next - flows).client_tuple()).index);
            benchmark::DoNotOptimize(load.table->insert(nth(next)));
        }
    }
    report(state, load);
}

BENCHMARK(find_in_bursts)->Arg(1'000)->Arg(100'000)->Arg(1'000'000);
BENCHMARK(find_one_by_one)->Arg(1'000)->Arg(100'000)->Arg(1'000'000);
BENCHMARK(insert_and_erase)->Arg(1'000)->Arg(100'000)->Arg(1'000'000);

}  // namespace

BENCHMARK_MAIN();
