// SPDX-License-Identifier: BSD-3-Clause
// Class and method as the first four bytes of a method frame's payload have them.
#pragma once

#include <cstdint>

namespace warren::amqp {

enum class MethodId : std::uint32_t {
    connection_start = 0x000a'000a,
    connection_start_ok = 0x000a'000b,
    connection_tune = 0x000a'001e,
    connection_tune_ok = 0x000a'001f,
    connection_open = 0x000a'0028,
    connection_open_ok = 0x000a'0029,
    connection_close = 0x000a'0032,
    connection_close_ok = 0x000a'0033,
    connection_blocked = 0x000a'003c,
    connection_unblocked = 0x000a'003d,
    channel_open = 0x0014'000a,
    channel_open_ok = 0x0014'000b,
    channel_close = 0x0014'0028,
    channel_close_ok = 0x0014'0029,
    basic_publish = 0x003c'0028,
    basic_ack = 0x003c'0050,
    basic_nack = 0x003c'0078,
    confirm_select = 0x0055'000a,
    confirm_select_ok = 0x0055'000b,
};

}  // namespace warren::amqp
