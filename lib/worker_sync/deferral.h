// SPDX-License-Identifier: BSD-3-Clause
// Holds a server's SYN-ACK, in DR and TUN the client's SYN, until the peer has its flow's record:
// then no client whose connect() has returned can be unknown to the peer. A frame is held for at
// most longest_ns; after timeouts_max in a row none is held until the peer answers again.
#pragma once

#include <rte_mbuf.h>

#include <array>
#include <cstdint>

#include "exchange/poll_round.h"
#include "exchange/sync_link.h"
#include "tables/tables.h"

namespace warren::worker_sync {

using exchange::PollRound;

class Deferral {
  public:
    static constexpr std::uint64_t longest_ns = 10'000'000;
    static constexpr std::uint32_t held_max = 256;
    static constexpr unsigned timeouts_max = 16;  // times in a row that it was too long

    Deferral(tables::Tables& tables, exchange::SyncShared& shared)
        : tables_(tables), link_(tables.link.sync.get()), shared_(shared) {}
    ~Deferral();
    Deferral(const Deferral&) = delete;
    Deferral& operator=(const Deferral&) = delete;

    // Takes the frame of the flow's handshake, which is to leave by that port, until release().
    // False: the caller keeps it and sends it at once.
    bool hold(rte_mbuf* frame, std::uint8_t port, flow::FlowIndex index, const PollRound& round);

    // Calls send(port, frame) for frames that may leave, in the order they came. Returns how many.
    template <typename Send>
    unsigned release(const PollRound& round, Send send) {
        unsigned count = 0;
        for (; begin_ != end_ && may_leave(held_[begin_ % held_max], round); ++begin_) {
            link_->released.add();
            send(held_[begin_ % held_max].port, held_[begin_ % held_max].frame);
            ++count;
        }
        return count;
    }

  private:
    struct Held {
        rte_mbuf* frame = nullptr;
        std::uint64_t until_ns = 0;
        std::uint32_t number = 0;
        std::uint8_t port = 0;
    };

    bool may_leave(const Held& held, const PollRound& round);
    bool send(flow::FlowIndex index);
    std::uint32_t acknowledged();

    tables::Tables& tables_;
    exchange::SyncLink* const link_;
    exchange::SyncShared& shared_;
    exchange::SyncEvent event_;          // to be filled in; of a flow
    std::array<Held, held_max> held_{};  // a ring
    std::uint32_t begin_ = 0;
    std::uint32_t end_ = 0;
    std::uint32_t number_ = 0;  // of the last urgent event
    std::uint32_t last_acknowledged_ = 0;
    unsigned timeouts_ = 0;  // times since the peer has answered
};

}  // namespace warren::worker_sync
