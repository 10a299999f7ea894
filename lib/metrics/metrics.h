// SPDX-License-Identifier: BSD-3-Clause
// What Prometheus scrapes: the manager's state and everybody's counters as text. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "metrics/document.h"
#include "metrics/exposition.h"
#include "metrics/pool_rows.h"

namespace warren::metrics {

enum class Scope : std::uint8_t { process, vrrp, service, server, connect, worker, port, count_ };

// A bit for each Scope.
using Scopes = std::uint8_t;
inline constexpr Scopes all_scopes = (1U << static_cast<unsigned>(Scope::count_)) - 1;
// "vrrp,server"; empty: all. Nothing if there is an unknown one among them.
std::optional<Scopes> read_scopes(std::string_view list);

// Of `connect`, the histogram of each server, everything has as much as of `server`: a scrape of
// all scopes leaves it out where there are more servers than this.
inline constexpr std::size_t most_servers_with_histogram = 1'024;

class Scrape : public Document {
  public:
    explicit Scrape(Scopes scopes) : left_(scopes) {}

    bool step(const Facts& facts) override;
    std::string take() override { return out_.take(); }

  private:
    Scopes left_;
    Exposition out_;
    PoolWalk walk_;
};

}  // namespace warren::metrics
