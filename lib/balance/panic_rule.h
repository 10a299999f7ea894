// SPDX-License-Identifier: BSD-3-Clause
// Panic rule: when most servers of a pool fall silent to the same check at once, the fault is more
// likely ours (our link, our switch, a broken check) than theirs, and resetting all flows would
// make an outage out of a blip. So such failures are not believed, for a bounded time.
//
// Silence and wrong answers are doubted: a check that all fail at once is likelier broken than they
// are. Who refuses has answered for himself: no check of ours makes a port refuse.
// One server alone is never doubted. In a pool of two or three, one that still answers proves the
// path: only if all fall silent together is it doubted. From four on, more than half are enough.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace warren::balance {

// What a server of the pool last said to the check.
enum class Evidence : std::uint8_t {
    passing,
    refused,
    failed,  // a wrong answer
    silent,
    already_down,  // declared down earlier: no news, not counted
};

bool failures_are_suspect(std::span<const Evidence> pool);

// Bounds the doubt in time: genuinely dead servers are believed to be so after `hold_ms`.
class PanicGuard {
  public:
    explicit PanicGuard(std::uint64_t hold_ms) : hold_ms_(hold_ms) {}

    // Whether a silent server of this pool may be declared down now.
    bool believes(std::span<const Evidence> pool, std::uint64_t now_ms);

  private:
    std::uint64_t hold_ms_;
    std::optional<std::uint64_t> since_ms_;
};

}  // namespace warren::balance
