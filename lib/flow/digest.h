// SPDX-License-Identifier: BSD-3-Clause
// Whether two warrens know the same flows, without comparing them one by one: each flow has an
// identity, and the sum of keyed hashes of identities over a set of flows does not depend on their
// order. Two sets of the same sum and size are equal but for a chance of 2^-64.
#pragma once

#include <cstdint>
#include <string_view>

#include "flow/flow.h"
#include "flow/isn.h"

namespace warren::flow {

// What makes a flow that flow on every machine: both ends' tuples and the shift between them. Two
// lives of one tuple of NAT, DR or TUN look alike.
std::uint64_t identity_hash(const SipKey& key, const Flow& flow);
std::uint64_t identity_hash(const SipKey& key, const Tuple& client, const Tuple& server,
                            std::uint32_t seq_delta);

// An interface by its name, in two bytes: FNV-1a of 32 bits, folded; never 0. Two of a machine's
// few that have the same one are mistaken for each other, which lasts until their client speaks.
std::uint16_t interface_hash(std::string_view name);

struct FlowSum {
    std::uint64_t sum = 0;
    std::uint64_t count = 0;

    void add(std::uint64_t identity) {
        sum += identity;
        ++count;
    }
    void remove(std::uint64_t identity) {
        sum -= identity;
        --count;
    }
    FlowSum& operator+=(const FlowSum& other) {
        sum += other.sum;
        count += other.count;
        return *this;
    }
    friend constexpr bool operator==(const FlowSum&, const FlowSum&) = default;
};

}  // namespace warren::flow
