// SPDX-License-Identifier: BSD-3-Clause
// Flow sync with one peer. Pure: no clock, socket, MAC or randomness; no heap after construction
// (about 1 MB). Times are microseconds of one monotonic clock that never goes back. Outputs go to
// the Sink during a call. README.md tells the theory.
//
// The owner's loop: take what the socket holds (discarded_early, tag, receive), give what the
// workers say while room() > 0, tick() at deadline_us() or earlier.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "net/bytes.h"
#include "sync/datagram.h"
#include "sync/record.h"
#include "sync/router.h"
#include "sync/settings.h"
#include "sync/sink.h"

namespace warren::sync {

struct Parts;

class Session {
  public:
    // Nonces are drawn at random, 64 bits, not 0.
    Session(const Settings& settings, std::uint64_t nonce, Sink& sink);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    // ---- the socket

    // Cheap tests to make before the tag is computed; counts what it discards.
    std::optional<Discard> discarded_early(net::ConstBytes datagram);
    void discarded(Discard why);  // by the owner: wrong_ttl, bad_tag
    // A datagram whose tag is right. `fresh_nonce` is used if a session begins.
    void receive(net::ConstBytes datagram, std::uint64_t now_us, std::uint64_t fresh_nonce);
    void tick(std::uint64_t now_us);
    std::uint64_t deadline_us() const;  // of the next tick; may be in the past

    // ---- what the workers say

    // How many records may be offered now; 0 while down (then throw away what they say: a bulk
    // follows), while too much is unacknowledged, or too fast.
    std::size_t room(std::uint64_t now_us);
    // A flow's present state, an end, a binding: what has changed, was asked again or walked to.
    // `urgent` leaves at once, and Sink::acknowledged() follows.
    void offer(const Record& record, const Source& source, bool urgent, std::uint64_t now_us);
    // To Sink::walk(), after all of the walk has been offered.
    void walked(Ticket ticket, std::uint64_t now_us);
    // To Sink::mark(), after all of before has been offered: sums of all routers.
    void sums(Ticket ticket, std::span<const RouterSum> sums, std::uint64_t now_us);
    // To Sink::bulk_ended().
    void swept(const RouterKey& router, std::uint64_t now_us);
    // An install() that was not carried out; the digest counts it as known.
    void refused(const RouterKey& router, const Identity& identity);

    // ---- what the manager says

    // Tells the peer at once. More than max_routers: the rest is not synchronised.
    void set_routers(std::span<const LocalRouter> routers, std::uint64_t now_us);
    // Ask the peer for all flows of that router: after a reload, by order.
    void want_bulk(const RouterKey& router, std::uint64_t now_us);
    // Send all flows of that router, as if the peer had asked: a channel overran, by order.
    void start_bulk(const RouterKey& router, std::uint64_t now_us);
    // Asks the peer to become master when it has applied all that has been offered until now;
    // repeated until it answers or the session ends. One at a time for each router.
    void ask_take_over(const RouterKey& router, std::uint32_t ticket, std::uint64_t now_us);
    void forget_take_over(const RouterKey& router);
    void answer_take_over(const RouterKey& router, std::uint32_t ticket, bool agreed,
                          std::uint64_t now_us);

    // A part of what is configured, for a peer whose fingerprint is another one; may get lost.
    void send_inventory(const Inventory& inventory, std::uint64_t now_us);

    // ---- what is shown

    bool is_up() const;
    Status status(std::uint64_t now_us) const;
    const Counters& counters() const;
    RouterStatus router_status(const RouterKey& router) const;
    // All that has been offered is acknowledged.
    bool is_settled() const;
    // Some of it waits to become a full datagram, no longer than batch_us.
    bool is_batching() const;

  private:
    std::unique_ptr<Parts> parts_;
};

}  // namespace warren::sync
