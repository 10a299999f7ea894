// SPDX-License-Identifier: BSD-3-Clause
// The views that are nothing but counters: `show counters`, `show workers`.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "balance/rate.h"
#include "views/pages.h"
#include "views/view_context.h"

namespace warren::views {

// How fast each counter has grown of late, and when last.
class CounterHistory {
  public:
    // Once a second.
    void sample(const std::vector<Json>& rows, std::uint64_t now_ns);
    // "per_s", the mean of ten seconds; null: a gauge. "moved_ms" ago; null: not since the start.
    void add_to(Json& row, std::uint64_t now_ns) const;

  private:
    struct Past {
        balance::Rate rate;
        std::uint64_t total = 0, moved_ns = 0;
    };
    std::map<std::string, Past, std::less<>> past_;  // by group and name
};

// It stands for how it is, not for how often something has been: it has no rate.
bool is_gauge(std::string_view counter);

// One row per counter: name, total, each worker's share, and what the context's history has.
std::vector<Json> counter_rows(const ViewContext& context);
std::vector<Json> worker_rows(const ViewContext& context);

}  // namespace warren::views
