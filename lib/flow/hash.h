// SPDX-License-Identifier: BSD-3-Clause
// Keyed hash of a Tuple: two 64x64->128 bit multiplications (IPv4) or three (IPv6), each folded
// high xor low (the step of Wang Yi's wyhash), every input word masked by secret key material
// first. Without the key nobody can tell which tuples collide; with one key per process two workers
// agree on every hash.
#pragma once

#include <array>
#include <cstdint>

#include "flow/tuple_words.h"
#include "net/mix.h"

namespace warren::flow {

class TupleHash {
  public:
    // Two random words; the six used ones are drawn from them with SplitMix64 steps.
    constexpr explicit TupleHash(std::uint64_t seed_low, std::uint64_t seed_high) {
        std::uint64_t state = seed_low;
        for (std::uint64_t& k : keys_) {
            k = net::split_mix(state) ^ seed_high;
            seed_high = net::mix_bits(seed_high + k);
        }
    }

    std::uint64_t operator()(const Tuple& t) const {
        return in_words(t, [this](const auto& words) { return (*this)(words); });
    }
    // Of what a flow's packets from that side have as their tuple.
    std::uint64_t operator()(const Flow& f, Side from) const {
        return in_words(f, from, [this](const auto& words) { return (*this)(words); });
    }
    std::uint64_t operator()(const TupleWords4& t) const {
        return fold(fold(t.addresses ^ keys_[0], t.ports ^ keys_[1]) ^ keys_[4], keys_[5]);
    }
    std::uint64_t operator()(const TupleWords6& t) const {
        // The ports mask a word of the destination: that is ours, so nobody can vary both.
        const std::uint64_t source = fold(t.source[0] ^ keys_[0], t.source[1] ^ keys_[1]);
        const std::uint64_t destination =
            fold(t.destination[0] ^ t.ports ^ keys_[2], t.destination[1] ^ keys_[3]);
        return fold(source ^ keys_[4], destination ^ keys_[5]);
    }

  private:
    static constexpr std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
        __extension__ using Wide = unsigned __int128;
        const Wide product = static_cast<Wide>(a) * b;
        return static_cast<std::uint64_t>(product >> 64) ^ static_cast<std::uint64_t>(product);
    }

    std::array<std::uint64_t, 6> keys_{};
};

}  // namespace warren::flow
