// SPDX-License-Identifier: BSD-3-Clause
// The records of a FlowTable: a fixed array, free ones chained through their wheel's links.
#pragma once

#include <cstdint>
#include <memory>

#include "flow/flow.h"

namespace warren::flow {

class FlowRecords {
  public:
    FlowRecords(Flow* flows, std::uint32_t capacity) : flows_(flows), capacity_(capacity) {
        std::uninitialized_value_construct_n(flows_, capacity_);
    }

    Flow& operator[](FlowIndex i) const { return flows_[i]; }
    Flow* data() const { return flows_; }

    // no_flow: all are taken.
    FlowIndex take() {
        if (free_ == no_flow && fresh_ == capacity_) return no_flow;
        ++size_;
        if (free_ == no_flow) return fresh_++;
        const FlowIndex i = free_;
        free_ = flows_[i].wheel.next;
        return i;
    }

    void give(FlowIndex i) {
        flows_[i].state = TcpState::none;
        flows_[i].wheel = {no_flow, free_};
        free_ = i;
        --size_;
    }

    std::uint32_t size() const { return size_; }
    std::uint32_t capacity() const { return capacity_; }
    bool is_full() const { return size_ == capacity_; }
    // One past the highest index ever used.
    FlowIndex end() const { return fresh_; }

  private:
    Flow* flows_;
    std::uint32_t capacity_;
    std::uint32_t size_ = 0;
    FlowIndex free_ = no_flow;
    FlowIndex fresh_ = 0;  // records from here on were never used
};

}  // namespace warren::flow
