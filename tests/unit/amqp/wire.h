// SPDX-License-Identifier: BSD-3-Clause
// Bytes as specifications print them, and a broker's side of the conversation.
#pragma once

#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

#include "amqp/frame.h"
#include "amqp/writer.h"

namespace warren::amqp::wire {

using Bytes = std::vector<std::uint8_t>;

inline Bytes hex(const std::string& text) {
    std::istringstream in(text);
    Bytes bytes;
    for (unsigned byte = 0; in >> std::hex >> byte;)
        bytes.push_back(static_cast<std::uint8_t>(byte));
    return bytes;
}

inline void add_text(Writer& table, std::string_view name, std::string_view text) {
    table.short_string(name).u8('S').long_string(text);
}

inline Bytes capabilities() {
    Writer table;
    table.short_string("publisher_confirms").u8('t').u8(1);
    table.short_string("consumer_priorities").u8('t').u8(0);
    table.short_string("connection.blocked").u8('t').u8(1);
    return table.take();
}

// connection.start as RabbitMQ sends it.
inline Bytes start(std::string_view cluster = "rabbit@prod", std::string_view product = "RabbitMQ",
                   std::string_view mechanisms = "AMQPLAIN PLAIN") {
    Writer table;
    table.short_string("capabilities").u8('F').long_bytes(capabilities());
    add_text(table, "cluster_name", cluster);
    add_text(table, "platform", "Erlang/OTP 25.2.3");
    add_text(table, "product", product);
    add_text(table, "version", "3.10.8");
    Writer payload;
    payload.u32(0x000a'000a).u8(0).u8(9).long_bytes(table.take());
    payload.long_string(mechanisms).long_string("en_US");
    return build_frame(FrameType::method, 0, payload.take());
}

inline Bytes method(std::uint32_t id, const Bytes& arguments = {}, std::uint16_t channel = 0) {
    Writer payload;
    payload.u32(id);
    Bytes bytes = payload.take();
    bytes.insert(bytes.end(), arguments.begin(), arguments.end());
    return build_frame(FrameType::method, channel, bytes);
}

inline const Bytes tune = hex("01 00 00 00 00 00 0c 00 0a 00 1e 07 ff 00 02 00 00 00 3c ce");
inline const Bytes open_ok = hex("01 00 00 00 00 00 05 00 0a 00 29 00 ce");
inline const Bytes heartbeat_frame = hex("08 00 00 00 00 00 00 ce");
inline const Bytes close_ok = hex("01 00 00 00 00 00 04 00 0a 00 33 ce");
inline const Bytes channel_open_ok = method(0x0014'000b, {0, 0, 0, 0}, 1);
inline const Bytes confirm_select_ok = method(0x0055'000b, {}, 1);
inline const Bytes unblocked = method(0x000a'003d);
inline const Bytes ack = method(0x003c'0050, {0, 0, 0, 0, 0, 0, 0, 1, 0}, 1);

inline Bytes blocked(std::string_view reason) {
    return method(0x000a'003c, Writer().short_string(reason).take());
}
inline Bytes close(std::uint16_t code, std::string_view text) {
    return method(0x000a'0032, Writer().u16(code).short_string(text).u32(0).take());
}
inline Bytes close_channel(std::uint16_t code, std::string_view text) {
    return method(0x0014'0028, Writer().u16(code).short_string(text).u32(0x003c'0028).take(), 1);
}

}  // namespace warren::amqp::wire
