// SPDX-License-Identifier: BSD-3-Clause
// Writes AMQP's values (0-9-1, 4.2.5) one after the other. A short string is cut at its 255 bytes.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace warren::amqp {

class Writer {
  public:
    Writer& u8(std::uint8_t value) {
        bytes_.push_back(value);
        return *this;
    }
    Writer& u16(std::uint16_t value) {
        return u8(static_cast<std::uint8_t>(value >> 8)).u8(static_cast<std::uint8_t>(value));
    }
    Writer& u32(std::uint32_t value) {
        return u16(static_cast<std::uint16_t>(value >> 16)).u16(static_cast<std::uint16_t>(value));
    }
    Writer& u64(std::uint64_t value) {
        return u32(static_cast<std::uint32_t>(value >> 32)).u32(static_cast<std::uint32_t>(value));
    }
    Writer& raw(std::string_view text) {
        bytes_.insert(bytes_.end(), text.begin(), text.end());
        return *this;
    }
    Writer& short_string(std::string_view text) {
        const std::string_view cut = text.substr(0, 255);
        return u8(static_cast<std::uint8_t>(cut.size())).raw(cut);
    }
    Writer& long_string(std::string_view text) {
        return u32(static_cast<std::uint32_t>(text.size())).raw(text);
    }
    Writer& long_bytes(const std::vector<std::uint8_t>& bytes) {
        u32(static_cast<std::uint32_t>(bytes.size()));
        bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
        return *this;
    }

    std::vector<std::uint8_t> take() { return std::move(bytes_); }

  private:
    std::vector<std::uint8_t> bytes_;
};

}  // namespace warren::amqp
