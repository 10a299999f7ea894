// SPDX-License-Identifier: BSD-3-Clause
#include "flow/isn.h"

#include <bit>
#include <cstring>

namespace warren::flow {

namespace {

struct SipState {
    std::uint64_t a, b, c, d;

    void round() {
        a += b;
        c += d;
        b = std::rotl(b, 13) ^ a;
        d = std::rotl(d, 16) ^ c;
        a = std::rotl(a, 32);
        c += b;
        a += d;
        b = std::rotl(b, 17) ^ c;
        d = std::rotl(d, 21) ^ a;
        c = std::rotl(c, 32);
    }
    void take(std::uint64_t word) {
        d ^= word;
        round();
        round();
        a ^= word;
    }
};

// Eight bytes or fewer. Zeros follow them.
std::uint64_t little_endian(net::ConstBytes bytes) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), bytes.size());
    return std::endian::native == std::endian::little ? word : __builtin_bswap64(word);
}

}  // namespace

std::uint64_t siphash_2_4(const SipKey& key, net::ConstBytes message) {
    SipState s{key[0] ^ 0x736f6d6570736575U, key[1] ^ 0x646f72616e646f6dU,
               key[0] ^ 0x6c7967656e657261U, key[1] ^ 0x7465646279746573U};
    std::size_t at = 0;
    for (; at + 8 <= message.size(); at += 8)
        s.take(little_endian(message.subspan(at, 8)));
    s.take(little_endian(message.subspan(at)) | std::uint64_t{message.size()} << 56);
    s.c ^= 0xff;
    for (int i = 0; i < 4; ++i)
        s.round();
    return s.a ^ s.b ^ s.c ^ s.d;
}

std::uint32_t initial_sequence(const SipKey& key, const Tuple& server_tuple,
                               std::uint32_t clock_4us) {
    const auto bytes = std::bit_cast<std::array<std::uint8_t, sizeof(Tuple)>>(server_tuple);
    return clock_4us + static_cast<std::uint32_t>(siphash_2_4(key, bytes));
}

}  // namespace warren::flow
