// SPDX-License-Identifier: BSD-3-Clause
// SplitMix64 (Steele, Lea, Flood 2014): numbers that look random, from a seed or a key. No secret
// in it: who knows one can compute the next.
#pragma once

#include <cstdint>

namespace warren::net {

// The finalizer: each input bit reaches each output bit.
constexpr std::uint64_t mix_bits(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

// The next number of the sequence.
constexpr std::uint64_t split_mix(std::uint64_t& state) {
    return mix_bits(state += 0x9e3779b97f4a7c15U);
}

}  // namespace warren::net
