// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include "sync/sender.h"

namespace warren::sync {
namespace {

using Sender = Handshake::Sender;

Sender sender_of(const Handshake& handshake, std::uint64_t sender, std::uint64_t receiver,
                 Kind kind = Kind::hello) {
    Header header;
    header.kind = kind;
    header.sender_nonce = sender;
    header.receiver_nonce = receiver;
    return handshake.sender_of(header);
}

TEST(Handshake, WhoKnowsOurNextNonceHearsUsNow) {
    Handshake handshake(1);
    EXPECT_EQ(sender_of(handshake, 7, 0), Sender::greeter);
    EXPECT_EQ(sender_of(handshake, 7, 1), Sender::answerer);
    EXPECT_EQ(sender_of(handshake, 7, 1, Kind::records), Sender::stranger);
    EXPECT_EQ(sender_of(handshake, 7, 2), Sender::stranger);
    EXPECT_EQ(sender_of(handshake, 1, 1), Sender::stranger);  // a reflection
}

TEST(Handshake, ANonceIsUsedWithOnePeerOnly) {
    Handshake handshake(1);
    handshake.begin(7, 2);
    EXPECT_EQ(sender_of(handshake, 7, 1, Kind::records), Sender::peer);
    EXPECT_EQ(sender_of(handshake, 8, 1), Sender::stranger);
    EXPECT_EQ(sender_of(handshake, 8, 2), Sender::answerer);
    handshake.begin(8, 3);
    EXPECT_EQ(sender_of(handshake, 7, 1), Sender::stranger);
    EXPECT_EQ(sender_of(handshake, 8, 2), Sender::peer);
    handshake.end();
    EXPECT_FALSE(handshake.in_session());
    EXPECT_EQ(sender_of(handshake, 8, 2), Sender::stranger);
    EXPECT_EQ(sender_of(handshake, 8, 3), Sender::answerer);
}

}  // namespace
}  // namespace warren::sync
