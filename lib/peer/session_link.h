// SPDX-License-Identifier: BSD-3-Clause
// One peer: its socket, its session, and what that asks for. Requests of the session are noted and
// carried out by the runner after the call.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "exchange/sync_reports.h"
#include "exchange/worker_link.h"
#include "peer/keys.h"
#include "peer/peer_socket.h"
#include "peer/routers.h"
#include "peer/tag.h"
#include "peer/worker_queries.h"
#include "peer/workers.h"
#include "sync/session.h"

namespace warren::peer {

// What the peers have in common.
struct Common {
    exchange::Exchange& exchange;
    Workers workers;
    Routers routers;
    std::vector<UrgentEvents> urgent;  // by worker
    struct Incoming {
        bool colour = false;       // what installed flows get
        bool has_records = false;  // some have come since somebody last looked
        std::uint64_t bulk_began_ns = 0;
        std::uint64_t bulk_flows = 0;  // that have come since
    };
    std::vector<Incoming> incoming;                // by router
    const exchange::Snapshot* snapshot = nullptr;  // of this round
    std::uint64_t now_ns = 0;

    std::uint64_t now_us() const { return now_ns / 1000; }
};

// What a session has said of a router since it was last asked.
struct SessionEvent {
    enum class Kind : std::uint8_t {
        peer_up,
        peer_down,
        peer_routers,
        unintelligible,
        bulk_ended,
        equal,
        differs,
        take_over_asked,
        take_over_agreed,
        take_over_refused,
        config,  // a part of the peer's configuration has been compared with ours
    };
    Kind kind = Kind::peer_down;
    sync::RouterKey router{};
    std::uint32_t ticket = 0;  // of unintelligible: its lowest and highest version, a byte each
    exchange::ConfigDifference difference{};  // of config
};

// Random numbers, not 0, drawn some at a time: each datagram needs one at hand, few use it.
class FreshNonces {
  public:
    std::uint64_t take();

  private:
    std::array<std::uint64_t, 32> nonces_{};
    std::size_t left_ = 0;
};

class SessionLink : private sync::Sink {
  public:
    SessionLink(PeerId id, const PeerSocketOptions& socket, const Keys& keys,
                const sync::Settings& settings, Common& common);

    // Takes what the socket holds, within bounds; returns how many datagrams.
    unsigned receive();
    void tick();

    PeerSocket& socket() { return socket_; }
    const PeerSocket& socket() const { return socket_; }
    sync::Session& session() { return session_; }
    const sync::Session& session() const { return session_; }
    bool is_up() const { return session_.is_up(); }
    // What it says of that router, or null.
    const sync::PeerRouter* find(const sync::RouterKey& router) const;

    // ---- what waits for the runner

    std::vector<SessionEvent>& events() { return events_; }
    // The mark and the walk that the session wants, the latest of each; routers to sweep.
    std::optional<sync::Ticket> mark_wanted;
    struct Walk {
        std::uint16_t router = 0;
        sync::Ticket ticket = 0;
    };
    std::optional<Walk> walk_wanted;
    struct Sweep {
        sync::RouterKey router;
        bool colour = false;
    };
    std::vector<Sweep> sweeps_wanted;
    std::uint32_t foreign_key_id = 0;  // of who last spoke with a key that we do not have
    // Flows of the peer that were not taken; bounded, the digest finds the rest.
    void refuse(const sync::Identity& identity);

  private:
    void send(net::Bytes datagram) override;
    bool install(const sync::FlowRecord& record, bool urgent) override;
    bool end(const sync::EndRecord& record) override;
    bool bind(const sync::PersistenceRecord& record) override;
    void bulk_began(const sync::RouterKey& router, bool colour) override;
    void bulk_ended(const sync::RouterKey& router, bool colour) override;
    bool again(const sync::Source& source, const sync::Identity& identity) override;
    void walk(const sync::RouterKey& router, sync::Ticket ticket) override;
    void mark(sync::Ticket ticket) override;
    void acknowledged(const sync::Source& source) override;
    void peer_up(std::uint8_t version, std::uint32_t capacity) override;
    void peer_down() override;
    void peer_unintelligible(std::uint8_t lowest, std::uint8_t highest) override;
    void peer_routers(std::span<const sync::PeerRouter> routers) override;
    void compared(const sync::RouterKey& router, bool equal) override;
    void take_over_asked(const sync::RouterKey& router, std::uint32_t ticket) override;
    void take_over_answered(const sync::RouterKey& router, std::uint32_t ticket,
                            bool agreed) override;
    void peer_inventory(const sync::Inventory& inventory) override;

    void take(const PeerSocket::Received& received);
    bool is_signed(net::ConstBytes datagram);
    void publish(const SessionEvent& event);
    void give_refusals();

    const PeerId id_;
    Common& common_;
    PeerSocket socket_;
    std::vector<Signer> signers_;  // the first signs
    FreshNonces nonces_;           // before session_, whose first it gives
    sync::Session session_;
    std::vector<sync::PeerRouter> peer_routers_;
    std::vector<SessionEvent> events_;
    std::vector<sync::Identity> refusals_;
};

}  // namespace warren::peer
