// SPDX-License-Identifier: BSD-3-Clause
// What a Session asks of its owner, from within a call to the Session: the owner must not call it
// back from there, but later. Commands to one worker must keep their order: a mark that is
// answered says that all before it has been done.
#pragma once

#include <cstdint>
#include <span>

#include "flow/flow.h"
#include "net/bytes.h"
#include "sync/message.h"
#include "sync/record.h"
#include "sync/router.h"

namespace warren::sync {

// Whose flow a record is of; meaningless to the peer, and to the Session.
struct Source {
    std::uint16_t worker = 0;
    flow::FlowIndex index = flow::no_flow;

    friend bool operator==(const Source&, const Source&) = default;
};

// Names one walk or mark; the answer gives it back.
using Ticket = std::uint32_t;

class Sink {
  public:
    Sink() = default;
    Sink(const Sink&) = delete;
    Sink& operator=(const Sink&) = delete;
    virtual ~Sink() = default;

    // To be sealed (tag_of) and sent; the bytes are good during the call only. Lost is lost.
    virtual void send(net::Bytes datagram) = 0;

    // ---- from the peer, for the workers. false: the channel is full; the datagram is then not
    // acknowledged and its records come again.
    virtual bool install(const FlowRecord& record, bool urgent) = 0;
    virtual bool end(const EndRecord& record) = 0;
    virtual bool bind(const PersistenceRecord& record) = 0;

    // Records of the router's flows paint them with `colour` from now on...
    virtual void bulk_began(const RouterKey& router, bool colour) = 0;
    // ...and who still has the other one is to be erased, unless the router is ours by then.
    // When all workers have: Session::swept(), always. One at a time for each router.
    virtual void bulk_ended(const RouterKey& router, bool colour) = 0;

    // ---- from us, of the workers

    // The present state of that flow, or its end if it has gone or is another one, comes to
    // Session::offer(). false: the channel is full.
    virtual bool again(const Source& source, const Identity& identity) = 0;
    // All synced flows of that router come to Session::offer(), then Session::walked() with the
    // same ticket. One at a time; a later one replaces it.
    virtual void walk(const RouterKey& router, Ticket ticket) = 0;
    // Each worker copies its sums behind all that it has been told and has told; when all have,
    // their totals go to Session::sums() with the same ticket. One at a time, unless one has not
    // been answered for two seconds.
    virtual void mark(Ticket ticket) = 0;

    // ---- news

    // The peer has this urgent record in its worker's channel.
    virtual void acknowledged(const Source& source) = 0;

    virtual void peer_up(std::uint8_t version, std::uint32_t capacity) = 0;
    virtual void peer_down() = 0;
    // The peer speaks none of our versions; once a session.
    virtual void peer_unintelligible(std::uint8_t lowest, std::uint8_t highest) = 0;
    // Something of them has changed.
    virtual void peer_routers(std::span<const PeerRouter> routers) = 0;
    // A comparison of our flows with the peer's digest.
    virtual void compared(const RouterKey& router, bool equal) = 0;
    // The peer asks us to become master; all its records of before have been given to install().
    // To be answered with Session::answer_take_over().
    virtual void take_over_asked(const RouterKey& router, std::uint32_t ticket) = 0;
    virtual void take_over_answered(const RouterKey& router, std::uint32_t ticket, bool agreed) = 0;
    // A part of what the peer has configured.
    virtual void peer_inventory(const Inventory& inventory) = 0;
};

}  // namespace warren::sync
