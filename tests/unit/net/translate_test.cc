// SPDX-License-Identifier: BSD-3-Clause
// RFC 7915's tables row by row: what an ICMP error of one family is called in the other.
#include "net/translate.h"

#include <gtest/gtest.h>

namespace warren::net {
namespace {

struct Error {
    std::uint8_t type;
    std::uint8_t code;
    std::uint32_t rest = 0;

    friend bool operator==(const Error&, const Error&) = default;
    friend void PrintTo(const Error& e, std::ostream* out) {
        *out << "type " << int{e.type} << " code " << int{e.code} << " rest " << e.rest;
    }
};

struct Row {
    Error in;
    std::optional<Error> out;
    std::size_t packet_bytes = 1500;
};

template <typename Out>
std::optional<Error> translated(const Row& row) {
    IcmpHeader in;
    in.type = row.in.type;
    in.code = row.in.code;
    in.identifier = Be16(static_cast<std::uint16_t>(row.in.rest >> 16));
    in.sequence = Be16(static_cast<std::uint16_t>(row.in.rest));
    const auto out = translate_icmp<Out>(in, row.packet_bytes);
    if (!out) return std::nullopt;
    return Error{out->type, out->code,
                 std::uint32_t{out->identifier.host()} << 16 | out->sequence.host()};
}

constexpr std::nullopt_t nothing = std::nullopt;

constexpr std::uint32_t pointer(std::uint8_t at) {  // of ICMP
    return std::uint32_t{at} << 24;
}

TEST(TranslateIcmp, FromIpv4ToIpv6) {  // 4.2
    const Row rows[] = {
        {{3, 0}, Error{1, 0}},
        {{3, 1}, Error{1, 0}},
        {{3, 2}, Error{4, 1, 6}},
        {{3, 3}, Error{1, 4}},
        {{3, 4, 1400}, Error{2, 0, 1420}},
        {{3, 4, 576}, Error{2, 0, 1280}},
        {{3, 4, 65'535}, Error{2, 0, 65'555}},
        // An old router says no size: the plateau below the packet (RFC 1191 7.1).
        {{3, 4, 0}, Error{2, 0, 1512}, 1500},
        {{3, 4, 0}, Error{2, 0, 2022}, 4352},
        {{3, 4, 0}, Error{2, 0, 1300}, 600},
        {{3, 5}, Error{1, 0}},
        {{3, 6}, Error{1, 0}},
        {{3, 7}, Error{1, 0}},
        {{3, 8}, Error{1, 0}},
        {{3, 9}, Error{1, 1}},
        {{3, 10}, Error{1, 1}},
        {{3, 11}, Error{1, 0}},
        {{3, 12}, Error{1, 0}},
        {{3, 13}, Error{1, 1}},
        {{3, 14}, nothing},
        {{3, 15}, Error{1, 1}},
        {{3, 16}, nothing},
        {{11, 0}, Error{3, 0}},
        {{11, 1}, Error{3, 1}},
        {{12, 0, pointer(0)}, Error{4, 0, 0}},
        {{12, 0, pointer(3)}, Error{4, 0, 4}},
        {{12, 0, pointer(4)}, nothing},
        {{12, 2, pointer(8)}, Error{4, 0, 7}},
        {{12, 0, pointer(9)}, Error{4, 0, 6}},
        {{12, 0, pointer(15)}, Error{4, 0, 8}},
        {{12, 0, pointer(19)}, Error{4, 0, 24}},
        {{12, 0, pointer(20)}, nothing},
        {{12, 1, pointer(0)}, nothing},
        {{8, 0}, nothing},
        {{5, 0}, nothing},
    };
    for (const Row& row : rows)
        EXPECT_EQ(translated<Ip6>(row), row.out) << testing::PrintToString(row.in);
}

TEST(TranslateIcmp, FromIpv6ToIpv4) {  // 5.2
    const Row rows[] = {
        {{1, 0}, Error{3, 1}},
        {{1, 1}, Error{3, 10}},
        {{1, 2}, Error{3, 1}},
        {{1, 3}, Error{3, 1}},
        {{1, 4}, Error{3, 3}},
        {{1, 5}, nothing},
        {{2, 0, 1280}, Error{3, 4, 1260}},
        {{2, 0, 1500}, Error{3, 4, 1480}},
        {{2, 0, 10}, Error{3, 4, 68}},
        {{2, 0, 0xffffffff}, Error{3, 4, 65'535}},
        {{3, 0}, Error{11, 0}},
        {{3, 1}, Error{11, 1}},
        {{4, 0, 1}, Error{12, 0, pointer(1)}},
        {{4, 0, 2}, nothing},
        {{4, 0, 5}, Error{12, 0, pointer(2)}},
        {{4, 0, 6}, Error{12, 0, pointer(9)}},
        {{4, 0, 7}, Error{12, 0, pointer(8)}},
        {{4, 0, 8}, Error{12, 0, pointer(12)}},
        {{4, 0, 39}, Error{12, 0, pointer(16)}},
        {{4, 0, 40}, nothing},
        {{4, 0, 0x01000000}, nothing},
        {{4, 1}, Error{3, 2}},
        {{4, 2}, nothing},
        {{128, 0}, nothing},
    };
    for (const Row& row : rows)
        EXPECT_EQ(translated<Ip4>(row), row.out) << testing::PrintToString(row.in);
}

}  // namespace
}  // namespace warren::net
