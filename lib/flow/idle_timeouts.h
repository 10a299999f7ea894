// SPDX-License-Identifier: BSD-3-Clause
// How long each flow may idle: by its state, and while it is established by its service.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "flow/flow.h"
#include "flow/tcp.h"

namespace warren::flow {

class IdleTimeouts {
  public:
    // `established`: one for each service, timeouts.of(established) at first.
    IdleTimeouts(const Timeouts& timeouts, std::span<Tick> established)
        : timeouts_(timeouts), established_(established) {
        std::fill(established_.begin(), established_.end(), timeouts_.of(TcpState::established));
    }

    // From now on.
    void set_established(std::uint16_t service, Tick idle) { established_[service] = idle; }

    Tick of(const Flow& f, TcpState state) const {
        if (has_closed_unseen(f.method, state)) state = TcpState::time_wait;
        return state == TcpState::established ? established_[f.service_id] : timeouts_.of(state);
    }
    Tick deadline(const Flow& f) const { return f.last_seen + of(f, f.state); }

    std::size_t services() const { return established_.size(); }

  private:
    Timeouts timeouts_;
    std::span<Tick> established_;
};

}  // namespace warren::flow
