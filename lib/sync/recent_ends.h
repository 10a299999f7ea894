// SPDX-License-Identifier: BSD-3-Clause
// Which flows the peer has ended lately, and with which sequence: a record from before that has
// been overtaken must not bring such a flow back, nor a worker's word that it was refused. One that
// has been forgotten comes back until the digest tells.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

namespace warren::sync {

class RecentEnds {
  public:
    void clear() { ends_.fill({}); }
    // `name`: EndRecord::name().
    void note(std::uint64_t name, std::uint64_t sequence) {
        End& end = ends_[name % ends_.size()];
        end.sequence = end.name == name ? std::max(end.sequence, sequence) : sequence;
        end.name = name;
    }
    bool has_ended_after(std::uint64_t name, std::uint64_t sequence) const {
        const End& end = ends_[name % ends_.size()];
        return end.name == name && end.sequence > sequence;
    }
    bool has(std::uint64_t name) const { return ends_[name % ends_.size()].name == name; }
    // It is there again.
    void forget(std::uint64_t name) {
        if (has(name)) ends_[name % ends_.size()] = {};
    }

  private:
    struct End {
        std::uint64_t name = 0;
        std::uint64_t sequence = 0;
    };
    std::array<End, 4'096> ends_{};
};

}  // namespace warren::sync
