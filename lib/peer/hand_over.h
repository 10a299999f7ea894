// SPDX-License-Identifier: BSD-3-Clause
// Handing a virtual router over to a peer, and being handed one: the manager decides, the session
// carries the words. The peer is asked only behind all that our workers knew when the order came.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "exchange/sync_reports.h"
#include "peer/session_link.h"

namespace warren::peer {

class HandOvers {
  public:
    explicit HandOvers(Common& common) : common_(common) {}

    using Links = std::span<const std::unique_ptr<SessionLink>>;
    // hand_over, taken, refused.
    void take(const exchange::SyncOrder& order, Links links);
    void on_event(const SessionEvent& event, PeerId from, Links links);
    // A mark that begins after an order, and after the control lcore's offer, needs to pass: is one
    // wanted, now or soon?
    bool wants_mark() const;
    bool waits_for_mark() const;
    void mark_begins();
    void mark_ended(Links links);
    void tick(Links links);

  private:
    enum class Stage : std::uint8_t { ordered, marking, asked };
    struct Outgoing {
        std::uint16_t router = 0;
        sync::RouterKey key{};
        PeerId peer = 0;
        Stage stage = Stage::ordered;
        std::uint32_t ticket = 0;
        std::uint64_t until_ns = 0;
    };
    struct Incoming {  // that the manager has not answered
        std::uint16_t router = 0;
        sync::RouterKey key{};
        PeerId peer = 0;
        std::uint32_t ticket = 0;
    };

    bool is_ready(const Outgoing& one) const;
    void begin(std::uint16_t router, Links links);
    void answer(std::uint16_t router, bool agreed, Links links);
    void report(exchange::SyncReport::Kind kind, std::uint16_t router);

    Common& common_;
    std::vector<Outgoing> outgoing_;  // one a router at most
    std::vector<Incoming> incoming_;  // the same
    std::uint32_t tickets_ = 0;
};

}  // namespace warren::peer
