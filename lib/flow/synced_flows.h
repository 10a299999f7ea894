// SPDX-License-Identifier: BSD-3-Clause
// The flows of a table that a peer is to know (is_synced()): their sum by service, and what has
// changed among them since somebody took it out. Without a key there is none of it. Allocates at
// construction only.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "flow/digest.h"
#include "flow/flow.h"

namespace warren::flow {

// One of them has come or has another state now; or it has gone, and this is what it was.
struct SyncedChange {
    FlowIndex index = no_flow;
    bool has_left = false;
    Flow gone;  // has_left only
};

class SyncedFlows {
  public:
    static constexpr std::uint32_t changes_max = 1024;

    SyncedFlows(const std::optional<SipKey>& key, std::uint32_t services)
        : key_(key), sums_(key ? services : 0), changes_(key ? changes_max : 0) {}

    const std::vector<FlowSum>& sums() const { return sums_; }

    // The oldest change; none if there is none.
    const SyncedChange* first() const {
        return begin_ == end_ ? nullptr : &changes_[begin_ % changes_max];
    }
    void drop_first() { ++begin_; }
    // Whether some were lost since it was asked last: the table says what is there now.
    bool take_overflow() { return std::exchange(overflow_, false); }

    // --- the table's: a flow has come, goes, or has another state of them now.
    void enter(FlowIndex index, const Flow& flow) {
        if (!key_ || !is_synced(flow.state)) return;
        sums_[flow.service_id].add(identity_hash(*key_, flow));
        push(index);
    }
    void leave(FlowIndex index, const Flow& flow) {
        if (!key_ || !is_synced(flow.state)) return;
        sums_[flow.service_id].remove(identity_hash(*key_, flow));
        if (SyncedChange* change = push(index)) {
            change->has_left = true;
            change->gone = flow;
        }
    }
    void note_state(FlowIndex index, const Flow& flow) {
        if (key_ && is_synced(flow.state)) push(index);
    }

  private:
    SyncedChange* push(FlowIndex index) {
        if (end_ - begin_ == changes_max) {
            overflow_ = true;
            return nullptr;
        }
        SyncedChange& change = changes_[end_++ % changes_max];
        change.index = index;
        change.has_left = false;
        return &change;
    }

    std::optional<SipKey> key_;
    std::vector<FlowSum> sums_;          // by service
    std::vector<SyncedChange> changes_;  // a ring
    std::uint32_t begin_ = 0;
    std::uint32_t end_ = 0;
    bool overflow_ = false;
};

}  // namespace warren::flow
