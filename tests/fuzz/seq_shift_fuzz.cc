// SPDX-License-Identifier: BSD-3-Clause
// The sequence shift over any TCP header: four bytes of delta, then the segment. The header keeps
// its length and its valid checksum, nothing but SEQ, ACK, SACK edges and checksum changes, and
// shifting back restores every byte.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "flow/seq_shift.h"

namespace {

using warren::net::Bytes;
using warren::net::ChecksumDelta;
using warren::net::header_in;
using warren::net::TcpHeader;
using Packet = std::vector<std::uint8_t>;

void require(bool condition) {
    if (!condition) std::abort();
}

// Addresses, protocol and length: never all zero, so that a segment of zeros has one checksum only.
constexpr std::uint64_t pseudo_header = 0x1234;

bool is_valid(const Packet& p) {
    return warren::net::is_checksum_valid(p, pseudo_header);
}

void unshift(Packet& p, std::size_t header_bytes, std::uint32_t delta) {
    ChecksumDelta l4;
    warren::flow::unshift_acknowledgement(Bytes(p).first(header_bytes), delta, l4);
    auto& tcp = header_in<TcpHeader>(p, 0);
    tcp.checksum = l4.apply(tcp.checksum);
}

void shift(Packet& p, std::uint32_t delta) {
    ChecksumDelta l4;
    auto& tcp = header_in<TcpHeader>(p, 0);
    warren::flow::shift_sequence(tcp, delta, l4);
    tcp.checksum = l4.apply(tcp.checksum);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 4 + sizeof(TcpHeader)) return 0;
    const std::uint32_t delta = std::uint32_t{data[0]} << 24 | std::uint32_t{data[1]} << 16 |
                                std::uint32_t{data[2]} << 8 | data[3];
    Packet p(data + 4, data + size);
    auto& tcp = header_in<TcpHeader>(p, 0);
    const std::size_t header_bytes = std::clamp(tcp.header_bytes(), sizeof(TcpHeader), p.size());
    tcp.checksum = {};
    tcp.checksum = warren::net::checksum_of(warren::net::add_to_sum(pseudo_header, p));
    const Packet original = p;

    shift(p, delta);
    require(is_valid(p));
    require(std::equal(p.begin() + 8, p.begin() + 16, original.begin() + 8));
    require(std::equal(p.begin() + 18, p.end(), original.begin() + 18));
    shift(p, 0 - delta);
    require(p == original);

    unshift(p, header_bytes, delta);
    require(is_valid(p));
    require(std::equal(p.begin(), p.begin() + 8, original.begin()));
    const auto payload = static_cast<std::ptrdiff_t>(header_bytes);
    require(std::equal(p.begin() + payload, p.end(), original.begin() + payload));
    unshift(p, header_bytes, 0 - delta);
    require(p == original);
    return 0;
}
