// SPDX-License-Identifier: BSD-3-Clause
// Many doubly linked lists threaded through the flows by index: a flow is in at most one list per
// Links member. The first element's `prev` names its list, so removal needs nothing but the index.
#pragma once

#include <algorithm>
#include <cassert>
#include <span>

#include "flow/flow.h"

namespace warren::flow {

template <Links Flow::*member>
class IndexLists {
  public:
    IndexLists(Flow* flows, std::span<FlowIndex> heads) : flows_(flows), heads_(heads) {
        std::fill(heads_.begin(), heads_.end(), no_flow);
    }

    FlowIndex first(std::uint32_t list) const { return heads_[list]; }
    FlowIndex next(FlowIndex i) const { return links(i).next; }
    // no_flow before the first one.
    FlowIndex previous(FlowIndex i) const {
        const FlowIndex before = links(i).prev;
        return (before & first_mark) != 0 ? no_flow : before;
    }
    bool contains(FlowIndex i) const { return links(i).prev != no_flow; }
    std::uint32_t size() const { return static_cast<std::uint32_t>(heads_.size()); }

    void push_front(std::uint32_t list, FlowIndex i) {
        assert(!contains(i));
        const FlowIndex old = heads_[list];
        links(i) = {first_mark | list, old};
        if (old != no_flow) links(old).prev = i;
        heads_[list] = i;
    }

    void remove(FlowIndex i) {
        Links& l = links(i);
        if (l.prev == no_flow) return;
        if (l.prev & first_mark)
            heads_[l.prev & ~first_mark] = l.next;
        else
            links(l.prev).next = l.next;
        if (l.next != no_flow) links(l.next).prev = l.prev;
        l = {};
    }

  private:
    static constexpr FlowIndex first_mark = 0x80000000;  // no_flow is no list: lists < 2^31 - 1

    Links& links(FlowIndex i) const { return flows_[i].*member; }

    Flow* flows_;
    std::span<FlowIndex> heads_;
};

}  // namespace warren::flow
