// SPDX-License-Identifier: BSD-3-Clause
#include "sync/sender.h"

#include <algorithm>
#include <array>

namespace warren::sync {

void Sender::greet(const Handshake& handshake, std::uint64_t receiver, const Payload& hello,
                   std::uint64_t now_us) {
    Header header;
    header.version = settings_.lowest_version;
    header.sender_nonce = handshake.next();
    header.receiver_nonce = receiver;
    header.sequence = header.oldest_unresolved = ++greetings_;
    emit(header, {Kind::hello, 0, 0, hello.view()}, now_us);
}

void Sender::begin(std::uint8_t version) {
    version_ = version;
    sequence_ = greetings_;
    greetings_ = 0;
    round_trip_ = {};
}

std::uint64_t Sender::send(const Handshake& handshake, const Contents& contents,
                           std::uint64_t oldest_unresolved, std::uint64_t now_us) {
    Header header;
    header.version = contents.kind == Kind::hello ? settings_.lowest_version : version_;
    header.sender_nonce = handshake.own();
    header.receiver_nonce = handshake.peer();
    header.sequence = ++sequence_;
    header.oldest_unresolved = std::min(oldest_unresolved, sequence_);
    header.echoed_time_us = round_trip_.echo(now_us);
    emit(header, contents, now_us);
    return sequence_;
}

void Sender::emit(Header header, const Contents& contents, std::uint64_t now_us) {
    header.kind = contents.kind;
    header.flags = contents.flags;
    header.records = contents.records;
    header.time_us = static_cast<std::uint32_t>(now_us);
    header.key_id = settings_.key_id;
    std::array<std::uint8_t, max_datagram_bytes> room;
    const net::Bytes datagram = build(header, contents.payload, room);
    Traffic& traffic = counters_.out[static_cast<std::size_t>(contents.kind)];
    ++traffic.datagrams;
    traffic.bytes += datagram.size();
    traffic.records += contents.records;
    sink_.send(datagram);
}

}  // namespace warren::sync
