// SPDX-License-Identifier: BSD-3-Clause
// What two warrens must have configured alike of a router, and the first thing that they have not.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "exchange/snapshot.h"
#include "exchange/sync_reports.h"
#include "flow/digest.h"
#include "sync/message.h"

namespace warren::peer {

// In order (sync::Fact::name()).
std::vector<sync::Fact> facts_of(const exchange::Snapshot& snapshot, std::uint16_t router);

// `key` makes it what nobody else can tell a configuration by.
std::uint64_t fingerprint_of(const flow::SipKey& key, std::span<const sync::Fact> facts);

// The part of them from that position on; the next one begins at its last.
sync::Inventory part_of(std::span<const sync::Fact> facts, const sync::RouterKey& router,
                        std::size_t from);

// The first that is not alike, as far as the part reaches.
exchange::ConfigDifference difference(std::span<const sync::Fact> ours,
                                      const sync::Inventory& theirs);

}  // namespace warren::peer
