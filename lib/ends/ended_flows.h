// SPDX-License-Identifier: BSD-3-Clause
// Why did this client disconnect? The last flows that ended, were refused or found no room, each
// with its cause, for `warrenctl ended`. Bounded: the oldest go first. Only the manager's thread
// uses it.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "exchange/records.h"
#include "model/state.h"

namespace warren::ends {

struct EndedFlow {
    std::uint64_t number = 0;  // counts from 1 and never repeats
    std::int64_t wall_ms = 0;  // since 1970
    net::IpAddress client, vip, server;
    std::uint16_t client_port = 0, service_port = 0, server_port = 0;
    bool had_server = false;
    std::string_view cause;
};

class EndedFlows {
  public:
    static constexpr std::size_t capacity = 4'096;

    // Takes what ended a flow and leaves the other events; `state` says what the indices mean now.
    void take(const exchange::FlowEvent& event, const model::State& state, std::int64_t wall_ms);

    std::uint64_t first() const { return next_ - ring_.size(); }  // number of the oldest kept
    std::uint64_t end() const { return next_; }
    const EndedFlow& at(std::uint64_t number) const;  // first() <= number < end()

  private:
    std::vector<EndedFlow> ring_;
    std::uint64_t next_ = 1;
};

}  // namespace warren::ends
