// SPDX-License-Identifier: BSD-3-Clause
#include "peer/worker_queries.h"

#include <gtest/gtest.h>

namespace warren::peer {
namespace {

using exchange::SyncCommand;

TEST(WorkerQuery, TellsEveryWorkerOnceAndEndsWithTheLastAnswer) {
    exchange::Exchange exchange(2, true);
    WorkerQuery round(SyncCommand::Kind::mark);
    EXPECT_FALSE(round.is_under_way());
    round.begin(2, 7);
    round.push(exchange);
    round.push(exchange);
    EXPECT_TRUE(round.is_sent_to_all());
    SyncCommand command;
    for (const auto& worker : exchange.workers) {
        ASSERT_TRUE(worker->sync->commands.pop(command));
        EXPECT_EQ(command.kind, SyncCommand::Kind::mark);
        EXPECT_EQ(command.number, 7U);
        EXPECT_FALSE(worker->sync->commands.pop(command));
    }
    EXPECT_FALSE(round.answered(1, 6)) << "of another round";
    EXPECT_FALSE(round.answered(1, 7));
    EXPECT_TRUE(round.has_answered(1));
    EXPECT_FALSE(round.answered(1, 7)) << "twice";
    EXPECT_TRUE(round.answered(0, 7));
    EXPECT_FALSE(round.is_under_way());
}

TEST(WorkerQuery, TellsAWorkerLaterWhoseChannelIsFull) {
    exchange::Exchange exchange(1, true);
    auto& commands = exchange.workers[0]->sync->commands;
    while (commands.push({})) {
    }
    WorkerQuery round(SyncCommand::Kind::walk);
    round.begin(1, 1);
    round.push(exchange);
    EXPECT_FALSE(round.is_sent_to_all());
    SyncCommand command;
    ASSERT_TRUE(commands.pop(command));
    round.push(exchange);
    EXPECT_TRUE(round.is_sent_to_all());
}

TEST(UrgentEvents, AreAcknowledgedInTheirOrder) {
    const Peers one(1);
    UrgentEvents events;
    events.sent(1, 100, one);
    events.sent(2, 200, one);
    events.sent(3, 300, one);
    EXPECT_FALSE(events.arrived(200, 0));
    EXPECT_EQ(events.acknowledged(), 0U);
    EXPECT_TRUE(events.arrived(100, 0));
    EXPECT_EQ(events.acknowledged(), 2U);
    EXPECT_TRUE(events.arrived(300, 0));
    EXPECT_EQ(events.acknowledged(), 3U);
    EXPECT_FALSE(events.arrived(300, 0));
}

TEST(UrgentEvents, WaitForEachPeerThatIsThere) {
    UrgentEvents events;
    events.sent(1, 100, Peers(0b101));
    EXPECT_FALSE(events.arrived(100, 2));
    EXPECT_FALSE(events.arrived(100, 2)) << "again";
    EXPECT_TRUE(events.arrived(100, 0));
    events.sent(2, 200, Peers(0b101));
    EXPECT_FALSE(events.arrived(200, 0));
    EXPECT_TRUE(events.is_down(2));
    EXPECT_EQ(events.acknowledged(), 2U);
}

TEST(UrgentEvents, ForgetTheOldestOfTooMany) {
    UrgentEvents events;
    for (std::uint32_t i = 1; i <= 257; ++i)
        events.sent(i, i, Peers(1));
    EXPECT_EQ(events.acknowledged(), 1U);
    EXPECT_TRUE(events.arrived(2, 0));
    EXPECT_EQ(events.acknowledged(), 2U);
}

}  // namespace
}  // namespace warren::peer
