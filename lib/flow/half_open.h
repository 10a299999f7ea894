// SPDX-License-Identifier: BSD-3-Clause
// The flows of a table whose client has proved nothing yet, the oldest first: anybody can send a
// SYN under any address. They have a bounded share of the table. Whoever admits one more than that
// recycles the oldest first, so a flood of SYNs shortens the time that a client has for its part of
// the handshake and takes nothing else from anybody.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "flow/flow.h"

namespace warren::flow {

// Starts out in the list, and stays there if it ends before it has opened.
constexpr bool is_half_open(TcpState s) {
    return s == TcpState::syn_sent || s == TcpState::syn_received;
}

class HalfOpenList {
  public:
    static constexpr std::uint32_t share_max = 32'768;
    static constexpr std::uint32_t share_of(std::uint32_t capacity) {
        return std::clamp(capacity / 2, 1U, share_max);
    }

    // One Links for each record of the table and one more.
    explicit HalfOpenList(std::span<Links> links)
        : links_(links), end_(static_cast<FlowIndex>(links.size() - 1)), share_(share_of(end_)) {
        std::fill(links_.begin(), links_.end(), Links{});
        links_[end_] = {end_, end_};
    }

    std::uint32_t size() const { return size_; }
    bool is_share_used_up() const { return size_ >= share_; }
    // Somebody floods us with SYNs.
    bool is_crowded() const { return size_ > share_ / 2; }
    FlowIndex oldest() const { return size_ == 0 ? no_flow : links_[end_].next; }
    FlowIndex younger(FlowIndex i) const {
        return links_[i].next == end_ ? no_flow : links_[i].next;
    }
    FlowIndex youngest() const { return size_ == 0 ? no_flow : links_[end_].prev; }
    FlowIndex older(FlowIndex i) const { return links_[i].prev == end_ ? no_flow : links_[i].prev; }

    void push_newest(FlowIndex i) {
        const FlowIndex last = links_[end_].prev;
        links_[i] = {last, end_};
        links_[last].next = i;
        links_[end_].prev = i;
        ++size_;
    }

    // Nothing if it is not there.
    void remove(FlowIndex i) {
        Links& l = links_[i];
        if (l.prev == no_flow) return;
        links_[l.prev].next = l.next;
        links_[l.next].prev = l.prev;
        l = {};
        --size_;
    }

  private:
    std::span<Links> links_;
    FlowIndex end_;  // stands before the oldest and behind the newest
    std::uint32_t share_;
    std::uint32_t size_ = 0;
};

}  // namespace warren::flow
