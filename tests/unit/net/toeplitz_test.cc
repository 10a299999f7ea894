// SPDX-License-Identifier: BSD-3-Clause
// The vectors of Microsoft's "Verifying the RSS hash calculation", and linearity.
#include "net/toeplitz.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "packets/packet_builder.h"

namespace warren::net {
namespace {

using packets::address;

RssKey microsoft_key() {
    RssKey key{};
    std::ranges::copy(packets::from_hex("6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b4"
                                        "77cb2da38030f20c6a42b73bbeac01fa"),
                      key.begin());
    return key;
}

TEST(Toeplitz, MicrosoftsVectors) {
    struct Vector {
        const char* destination;
        std::uint16_t destination_port;
        const char* source;
        std::uint16_t source_port;
        std::uint32_t addresses;
        std::uint32_t tuple;
    };
    const RssTable<std::uint32_t> hash(microsoft_key());
    for (const Vector& v : {
             Vector{"161.142.100.80", 1766, "66.9.149.187", 2794, 0x323e8fc2, 0x51ccc178},
             Vector{"65.69.140.83", 4739, "199.92.111.2", 14230, 0xd718262a, 0xc626b0ea},
             Vector{"12.22.207.184", 38024, "24.19.198.95", 12898, 0xd2d0a5de, 0x5c2b394a},
             Vector{"209.142.163.6", 2217, "38.27.205.30", 48228, 0x82989176, 0xafc7327f},
             Vector{"202.188.127.2", 1303, "153.39.163.191", 44251, 0x5d1809c5, 0x10e828a2},
             Vector{"3ffe:2501:200:3::1", 1766, "3ffe:2501:200:1fff::7", 2794, 0x2cc18cd5,
                    0x40207d3d},
             Vector{"ff02::1", 4739, "3ffe:501:8::260:97ff:fe40:efab", 14230, 0x0f0c461c,
                    0xdde51bbf},
             Vector{"fe80::200:f8ff:fe21:67cf", 38024, "3ffe:1900:4545:3:200:f8ff:fe21:67cf", 44251,
                    0x4b61e985, 0x02d1feef},
         }) {
        const auto source = address(v.source);
        const auto destination = address(v.destination);
        EXPECT_EQ(hash.addresses(source, destination), v.addresses) << v.source;
        EXPECT_EQ(hash.tuple(source, destination, Be16(v.source_port), Be16(v.destination_port)),
                  v.tuple)
            << v.source;
    }
}

TEST(Toeplitz, IsLinear) {
    const RssTable<std::uint32_t> hash(microsoft_key());
    for (unsigned port = 0; port < 65536; port += 257) {
        const auto low = static_cast<std::uint16_t>(port & 0x00ff);
        const auto high = static_cast<std::uint16_t>(port & 0xff00);
        EXPECT_EQ(hash.ports(true, Be16(0), Be16(static_cast<std::uint16_t>(port))),
                  hash.ports(true, Be16(0), Be16(low)) ^ hash.ports(true, Be16(0), Be16(high)));
    }
}

}  // namespace
}  // namespace warren::net
