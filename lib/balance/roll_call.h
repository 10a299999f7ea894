// SPDX-License-Identifier: BSD-3-Clause
// When each live connection of a server is to be asked whether the server still knows it. A host
// resets the connections of a killed process all at once, and what is lost of that it never says
// again: a client that waits for an answer would wait for ever. While a server refuses new
// connections, or when it has just reset most of those it had (a process that is back before any
// check saw it gone), the others are asked twice, and again whenever it has reset more of them.
// Those that live answer, and nobody is the wiser.
#pragma once

#include <cstdint>

namespace warren::balance {

class RollCall {
  public:
    // From one to the next, for all connections to be asked and what is lost to be missed.
    static constexpr std::uint64_t pause_ms(std::uint64_t flows) {
        constexpr std::uint64_t flows_per_ms = 32;
        return 100 + flows / flows_per_ms;
    }

    // The server has reset a connection, or a call did not reach everybody.
    void call_again() { is_wanted_ = true; }

    // As often as one likes; `may_be_dead`: the server takes no connections and has some, or has
    // reset most. True: call now. What has begun is ended.
    bool is_due(bool may_be_dead, std::uint64_t flows, std::uint64_t now_ms) {
        const bool has_begun = calls_ != 0 && (calls_ < at_least || is_wanted_);
        if (!may_be_dead && !has_begun) {
            *this = {};
            return false;
        }
        if (calls_ != 0 && now_ms - last_ms_ < pause_ms(flows)) return false;
        if (calls_ == at_least && !is_wanted_) return false;
        if (calls_ < at_least) ++calls_;
        is_wanted_ = false;
        last_ms_ = now_ms;
        return true;
    }

  private:
    static constexpr unsigned at_least = 2;

    unsigned calls_ = 0;  // no more than at_least are counted
    bool is_wanted_ = false;
    std::uint64_t last_ms_ = 0;
};

}  // namespace warren::balance
