// SPDX-License-Identifier: BSD-3-Clause
// Snapshots reach every reader whole and are freed only when no reader can hold them; a reader that
// sleeps holds nothing.
#include "exchange/publisher.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace warren::exchange {
namespace {

// A snapshot in which everything says its generation.
std::unique_ptr<const Snapshot> snapshot_of(std::uint64_t generation) {
    auto snapshot = std::make_unique<Snapshot>();
    snapshot->generation = generation;
    snapshot->virtual_routers.assign(4, {51, 0, generation});
    snapshot->servers.resize(8);
    for (Server& server : snapshot->servers)
        server.weight = static_cast<std::uint32_t>(generation);
    snapshot->seal();
    return snapshot;
}

bool is_whole(const Snapshot& snapshot) {
    for (const VirtualRouter& router : snapshot.virtual_routers)
        if (router.lease_ns != snapshot.generation) return false;
    for (const Server& server : snapshot.servers)
        if (server.weight != snapshot.generation) return false;
    return true;
}

TEST(Publisher, BeginsWithAnEmptySnapshot) {
    Publisher publisher(1);
    EXPECT_EQ(0U, publisher.acquire().generation);
    EXPECT_EQ(nullptr, publisher.acquire().find_address(net::IpAddress::v4(192, 0, 2, 1)));
}

TEST(Publisher, FreesAtOnceWhileEverybodySleeps) {
    Publisher publisher(2);
    for (std::uint64_t i = 1; i <= 100; ++i)
        publisher.publish(snapshot_of(i));
    EXPECT_EQ(100U, publisher.current().generation);
    EXPECT_EQ(0U, publisher.reclaim());
}

TEST(Publisher, KeepsWhatAReaderMayHold) {
    Publisher publisher(2);
    publisher.online(0);
    const Snapshot& held = publisher.acquire();
    publisher.publish(snapshot_of(1));
    publisher.publish(snapshot_of(2));
    EXPECT_EQ(2U, publisher.reclaim());
    EXPECT_EQ(0U, held.generation);  // an address sanitizer would object if it were freed
    publisher.quiescent(0);
    EXPECT_EQ(0U, publisher.reclaim());
    EXPECT_EQ(2U, publisher.acquire().generation);
}

TEST(Publisher, WaitsForTheSlowestReaderOnly) {
    Publisher publisher(2);
    publisher.online(0);
    publisher.online(1);
    publisher.publish(snapshot_of(1));
    publisher.quiescent(0);
    EXPECT_EQ(1U, publisher.reclaim());
    publisher.offline(1);
    EXPECT_EQ(0U, publisher.reclaim());
}

// What a worker does: look, use, report quiescent; and now and then sleep.
void read_until(Publisher& publisher, unsigned id, const std::atomic<bool>& stop,
                std::atomic<std::uint64_t>& wrong) {
    std::uint64_t newest = 0;
    publisher.online(id);
    for (unsigned round = 0; !stop.load(std::memory_order_relaxed); ++round) {
        const Snapshot& snapshot = publisher.acquire();
        if (!is_whole(snapshot) || snapshot.generation < newest) ++wrong;
        newest = snapshot.generation;
        if (round % 64 == 63) {
            publisher.offline(id);
            std::this_thread::yield();
            publisher.online(id);
        } else {
            publisher.quiescent(id);
        }
    }
    publisher.offline(id);
}

TEST(Publisher, ReadersSeeOnlyWholeAndNeverOlderSnapshots) {
    Publisher publisher(2);
    std::atomic<bool> stop{false};
    std::atomic<std::uint64_t> wrong{0};
    std::vector<std::thread> readers;
    for (unsigned id = 0; id < 2; ++id)
        readers.emplace_back([&, id] { read_until(publisher, id, stop, wrong); });
    for (std::uint64_t i = 1; i <= 2'000; ++i) {
        publisher.publish(snapshot_of(i));
        if (i % 16 == 0) std::this_thread::yield();
    }
    stop = true;
    for (std::thread& reader : readers)
        reader.join();
    EXPECT_EQ(0U, wrong);
    EXPECT_EQ(0U, publisher.reclaim());
}

}  // namespace
}  // namespace warren::exchange
