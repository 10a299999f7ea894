// SPDX-License-Identifier: BSD-3-Clause
// What Prometheus scrapes: the manager's state and everybody's counters as text. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "metrics/facts.h"

namespace warren::metrics {

enum class Scope : std::uint8_t { process, vrrp, service, server, worker, port, count_ };

// A bit for each Scope.
using Scopes = std::uint8_t;
inline constexpr Scopes all_scopes = (1U << static_cast<unsigned>(Scope::count_)) - 1;
// "vrrp,server"; empty: all. Nothing if there is an unknown one among them.
std::optional<Scopes> read_scopes(std::string_view list);

std::string render(const Facts& facts, Scopes scopes);

}  // namespace warren::metrics
