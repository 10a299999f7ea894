// SPDX-License-Identifier: BSD-3-Clause
// Reads AMQP's values (0-9-1, 4.2.5) one after the other. What goes beyond the end reads as zero or
// empty and is remembered: ask failed() once, at the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "net/bytes.h"

namespace warren::amqp {

class Reader {
  public:
    explicit Reader(net::ConstBytes all) : rest_(all) {}

    std::uint8_t u8() {
        const net::ConstBytes one = bytes(1);
        return one.empty() ? std::uint8_t{0} : one[0];
    }
    std::uint16_t u16() { return integer<net::Be16>().host(); }
    std::uint32_t u32() { return integer<net::Be32>().host(); }
    std::uint64_t u64() {
        const std::uint64_t high = u32();
        return high << 32 | u32();
    }
    std::string_view short_string() { return text(bytes(u8())); }
    net::ConstBytes long_bytes() { return bytes(u32()); }
    std::string_view long_string() { return text(long_bytes()); }

    net::ConstBytes bytes(std::size_t count) {
        if (count > rest_.size()) {
            failed_ = true;
            rest_ = {};
            return {};
        }
        const net::ConstBytes taken = rest_.first(count);
        rest_ = rest_.subspan(count);
        return taken;
    }

    bool at_end() const { return rest_.empty(); }
    bool failed() const { return failed_; }

  private:
    template <typename Wire>
    Wire integer() {
        const net::ConstBytes raw = bytes(sizeof(Wire));
        return raw.empty() ? Wire{} : net::load<Wire>(raw, 0);
    }
    static std::string_view text(net::ConstBytes raw) {
        return {reinterpret_cast<const char*>(raw.data()), raw.size()};
    }

    net::ConstBytes rest_;
    bool failed_ = false;
};

}  // namespace warren::amqp
