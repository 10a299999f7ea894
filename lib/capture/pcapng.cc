// SPDX-License-Identifier: BSD-3-Clause
#include "capture/pcapng.h"

#include <cstring>

namespace warren::capture {
namespace {

enum BlockType : std::uint32_t {
    section_header = 0x0a0d0d0a,
    interface_description = 1,
    interface_statistics = 5,
    enhanced_packet = 6,
};
constexpr std::uint32_t byte_order_magic = 0x1a2b3c4d;
constexpr std::uint16_t ethernet_link = 1;
constexpr std::size_t most_option_bytes = 0xffff;

namespace option {
constexpr std::uint16_t end = 0, comment = 1, user_application = 4, interface_name = 2,
                        time_resolution = 9, packet_flags = 2, packet_id = 5, received = 4,
                        dropped = 5;
}  // namespace option

// What has been put into it, with its length before and behind.
class Block {
  public:
    explicit Block(BlockType type) {
        put(static_cast<std::uint32_t>(type));
        put(std::uint32_t{0});  // the length, when it is known
    }

    template <typename Number>
    Block& put(Number number) {
        bytes_.append(reinterpret_cast<const char*>(&number), sizeof(number));
        return *this;
    }
    Block& put_padded(const void* data, std::size_t size) {
        bytes_.append(static_cast<const char*>(data), size);
        bytes_.append((4 - size % 4) % 4, '\0');
        return *this;
    }
    Block& put_time(std::uint64_t time_ns) {
        put(static_cast<std::uint32_t>(time_ns >> 32));
        return put(static_cast<std::uint32_t>(time_ns));
    }
    Block& option(std::uint16_t code, std::string_view text) {
        text = text.substr(0, most_option_bytes);
        put(code).put(static_cast<std::uint16_t>(text.size()));
        return put_padded(text.data(), text.size());
    }
    template <typename Number>
    Block& option_number(std::uint16_t code, Number number) {
        return option(code, {reinterpret_cast<const char*>(&number), sizeof(number)});
    }
    std::string finish() {
        option(option::end, {});
        const auto length = static_cast<std::uint32_t>(bytes_.size() + sizeof(std::uint32_t));
        put(length);
        std::memcpy(bytes_.data() + sizeof(std::uint32_t), &length, sizeof(length));
        return std::move(bytes_);
    }

  private:
    std::string bytes_;
};

}  // namespace

std::string section_block(std::string_view program) {
    constexpr std::uint16_t major = 1, minor = 0;
    constexpr std::int64_t unknown_length = -1;
    return Block(section_header)
        .put(byte_order_magic)
        .put(major)
        .put(minor)
        .put(unknown_length)
        .option(option::user_application, program)
        .finish();
}

std::string interface_block(std::string_view name, std::uint32_t snap_bytes) {
    constexpr std::uint8_t nanoseconds = 9;  // 10 to the power of -9
    return Block(interface_description)
        .put(ethernet_link)
        .put(std::uint16_t{0})
        .put(snap_bytes)
        .option(option::interface_name, name)
        .option_number(option::time_resolution, nanoseconds)
        .finish();
}

std::string packet_block(const PacketBlock& packet) {
    return Block(enhanced_packet)
        .put(packet.interface)
        .put_time(packet.time_ns)
        .put(static_cast<std::uint32_t>(packet.kept.size()))
        .put(packet.bytes)
        .put_padded(packet.kept.data(), packet.kept.size())
        .option(option::comment, packet.comment)
        .option_number(option::packet_flags, static_cast<std::uint32_t>(packet.direction))
        .option_number(option::packet_id, packet.id)
        .finish();
}

std::string statistics_block(std::uint32_t interface, std::uint64_t time_ns, std::uint64_t received,
                             std::uint64_t lost) {
    return Block(interface_statistics)
        .put(interface)
        .put_time(time_ns)
        .option_number(option::received, received)
        .option_number(option::dropped, lost)
        .finish();
}

}  // namespace warren::capture
