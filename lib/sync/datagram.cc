// SPDX-License-Identifier: BSD-3-Clause
#include "sync/datagram.h"

#include <algorithm>

namespace warren::sync {
namespace {

using net::Be16;
using net::Be32;
using net::Be64;

struct HeaderWire {
    Be16 magic;
    std::uint8_t version;
    Kind kind;
    Be16 payload_bytes;
    std::uint8_t records;
    std::uint8_t flags;
    Be64 sender_nonce, receiver_nonce;
    Be64 sequence;
    Be32 unresolved;  // how far back the oldest is
    Be32 time_us, echoed_time_us;
    Be32 key_id;
};
static_assert(sizeof(HeaderWire) == header_bytes && alignof(HeaderWire) == 1);

bool is_ours(const HeaderWire& w, std::size_t bytes) {
    return w.magic == Be16(magic) && w.payload_bytes.host() == bytes - header_bytes - tag_bytes &&
           w.sender_nonce.host() != 0 && w.unresolved.host() <= w.sequence.host() &&
           (w.receiver_nonce.host() != 0 || w.kind == Kind::hello);
}

}  // namespace

net::Bytes build(const Header& h, net::ConstBytes payload, net::Bytes to) {
    const net::Bytes all = to.first(header_bytes + payload.size() + tag_bytes);
    net::store(all, 0,
               HeaderWire{Be16(magic), h.version, h.kind,
                          Be16(static_cast<std::uint16_t>(payload.size())), h.records, h.flags,
                          Be64(h.sender_nonce), Be64(h.receiver_nonce), Be64(h.sequence),
                          Be32(static_cast<std::uint32_t>(h.sequence - h.oldest_unresolved)),
                          Be32(h.time_us), Be32(h.echoed_time_us), Be32(h.key_id)});
    std::copy(payload.begin(), payload.end(), all.begin() + header_bytes);
    std::fill(all.end() - tag_bytes, all.end(), std::uint8_t{0});
    return all;
}

std::variant<Datagram, Discard> parse(net::ConstBytes bytes) {
    if (bytes.size() < header_bytes + tag_bytes || bytes.size() > max_datagram_bytes)
        return Discard::malformed;
    const auto& w = net::header_at<HeaderWire>(bytes, 0);
    if (!is_ours(w, bytes.size())) return Discard::malformed;
    Header h;
    h.version = w.version;
    h.kind = w.kind;
    h.records = w.records;
    h.flags = w.flags;
    h.sender_nonce = w.sender_nonce.host();
    h.receiver_nonce = w.receiver_nonce.host();
    h.sequence = w.sequence.host();
    h.oldest_unresolved = h.sequence - w.unresolved.host();
    h.time_us = w.time_us.host();
    h.echoed_time_us = w.echoed_time_us.host();
    h.key_id = w.key_id.host();
    return Datagram{h, covered(bytes).subspan(header_bytes)};
}

}  // namespace warren::sync
