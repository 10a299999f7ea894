// SPDX-License-Identifier: BSD-3-Clause
// All that a session consists of: what comes in (arrivals.h) and what goes out (session.cc) work on
// it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sync/absent_flows.h"
#include "sync/delivery.h"
#include "sync/inbox.h"
#include "sync/orders.h"
#include "sync/routers.h"
#include "sync/sender.h"

namespace warren::sync {

struct Parts {
    Parts(const Settings& s, std::uint64_t nonce, Sink& out)
        : settings(s),
          sink(out),
          handshake(nonce),
          sender(settings, out, counters),
          delivery(settings, handshake, sender, out, counters),
          refused(s.digest_key) {}

    bool is_up() const { return handshake.in_session(); }
    void discard(Discard why) { ++counters.discarded[static_cast<std::size_t>(why)]; }
    Hello our_hello() const {
        Hello hello = routers.hello();
        hello.lowest_version = settings.lowest_version;
        hello.highest_version = settings.highest_version;
        hello.capacity = settings.capacity;
        return hello;
    }
    // Outside of a session, for wants are numbered within one.
    Hello greeting() const {
        Hello hello = our_hello();
        for (Hello::Router& router : hello.routers)
            router.want = 0;
        return hello;
    }

    Settings settings;
    Sink& sink;
    Counters counters;
    Handshake handshake;
    Sender sender;
    Delivery delivery;
    Inbox inbox;
    IncomingLoss loss;
    Routers routers;
    RefusedFlows refused;
    RecentEnds recent_ends;
    BulkOut bulk_out;
    Marks marks;
    Status status;
    Digest their_digest;  // to be compared when a mark comes back
    BoundedList<PeerRouter, max_routers> peer_routers;
    std::uint64_t hello_us = 0;     // the next one
    std::uint64_t digest_us = 0;    // the next one
    std::uint64_t greeting_us = 0;  // when a stranger may be answered again
    std::uint64_t misfit = 0;       // nonce of a peer that speaks none of our versions
};

}  // namespace warren::sync
