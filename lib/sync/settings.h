// SPDX-License-Identifier: BSD-3-Clause
// What a Session is told at its start, and what it counts.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "flow/isn.h"
#include "sync/datagram.h"

namespace warren::sync {

struct Settings {
    std::size_t datagram_bytes = max_datagram_bytes;  // between min_ and max_datagram_bytes
    std::uint32_t rate = 250'000;                     // records a second, urgent ones beside
    std::uint32_t capacity = 0;                       // flows that our tables hold
    std::uint32_t key_id = 0;                         // of the key that signs what we send
    flow::SipKey digest_key{};                        // derived from the shared secret
    std::uint8_t lowest_version = sync::lowest_version;
    std::uint8_t highest_version = sync::highest_version;
};

inline constexpr std::uint64_t hello_interval_us = 250'000;
// Then the peer is down. Who stands still for a second (a VM that is moved) ceases to be master;
// below that it goes on, with what the other one has told it meanwhile.
inline constexpr std::uint64_t silence_us = 2'000'000;
inline constexpr std::uint64_t batch_us = 1'000;  // the longest that a record waits
inline constexpr std::uint64_t ack_delay_us = 5'000;
inline constexpr unsigned ack_every = 16;  // datagrams
inline constexpr std::uint64_t digest_interval_us = 1'000'000;
inline constexpr std::uint64_t hasty_digest_interval_us = 250'000;  // until the peer is in sync
inline constexpr std::uint64_t least_loss_us = 20'000;  // or 3 RTT: then it is taken for lost
inline constexpr std::uint64_t no_deadline = ~std::uint64_t{0};

struct Traffic {
    std::uint64_t datagrams = 0;
    std::uint64_t bytes = 0;
    std::uint64_t records = 0;
};

struct Counters {
    std::array<Traffic, kind_count> out{};
    std::array<Traffic, kind_count> in{};  // whose tag was right
    std::array<std::uint64_t, discard_count> discarded{};
    std::uint64_t unknown_kind = 0;
    std::uint64_t lost = 0;         // datagrams taken for lost
    std::uint64_t resent = 0;       // records that were asked again, and ends said again
    std::uint64_t acked_late = 0;   // datagrams that had been taken for lost
    std::uint64_t given_up = 0;     // ends, and questions to workers: the digest will tell
    std::uint64_t refused_now = 0;  // offered without room()
    std::uint64_t no_room = 0;      // datagrams that the workers' channels had no room for
    std::uint64_t outdated = 0;     // records of datagrams that something newer has replaced
    std::uint64_t bulks_sent = 0;
    std::uint64_t bulks_received = 0;
    std::uint64_t equal = 0;  // comparisons
    std::uint64_t different = 0;
    std::uint64_t not_compared = 0;  // digests that came while something was missing
    std::uint64_t sessions = 0;
};

struct Status {
    bool up = false;
    std::uint8_t version = 0;
    std::uint64_t since_us = 0;
    std::uint64_t lag_us = 0;         // age of the oldest record that is not acknowledged
    std::uint32_t rtt_us = 0;         // smoothed; 0: unknown
    std::uint32_t unacked = 0;        // datagrams
    std::uint32_t unanswered = 0;     // lost ones whose flows have been asked for
    std::uint32_t refused = 0;        // flows of the peer that we could not take
    std::uint32_t lost_permille = 0;  // of what the peer sends, lately
    std::uint64_t heard_us = 0;       // when the peer was last heard
    std::uint32_t peer_capacity = 0;
    std::uint32_t peer_key_id = 0;
};

}  // namespace warren::sync
