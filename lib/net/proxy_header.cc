// SPDX-License-Identifier: BSD-3-Clause
#include "net/proxy_header.h"

#include <cassert>
#include <charconv>
#include <string_view>

namespace warren::net {
namespace {

constexpr std::string_view signature{"\r\n\r\n\0\r\nQUIT\n", 12};
constexpr std::uint8_t version_and_proxy = 0x21;
constexpr std::uint8_t tcp_over_ipv4 = 0x11;
constexpr std::uint8_t tcp_over_ipv6 = 0x21;

void add(ProxyHeader& header, std::string_view text) {
    for (const char c : text)
        header.add(static_cast<std::uint8_t>(c));
}

void add_number(ProxyHeader& header, unsigned number, int base = 10) {
    std::array<char, 5> digits;  // 65535, ffff
    const auto [end, fault] = std::to_chars(digits.begin(), digits.end(), number, base);
    assert(fault == std::errc{});
    add(header, {digits.data(), static_cast<std::size_t>(end - digits.data())});
}

// An IPv6 address in all its eight groups: no reader needs it shorter.
void add_text(ProxyHeader& header, const IpAddress& address) {
    const auto& all = address.bytes();
    if (address.is_v4()) {
        for (std::size_t i = 12; i < all.size(); ++i) {
            if (i != 12) add(header, ".");
            add_number(header, all[i]);
        }
        return;
    }
    for (std::size_t i = 0; i < all.size(); i += 2) {
        if (i != 0) add(header, ":");
        add_number(header, unsigned{all[i]} << 8 | all[i + 1], 16);
    }
}

ProxyHeader in_words(const ProxiedEnd& source, const ProxiedEnd& destination) {
    ProxyHeader header;
    add(header, source.address.is_v4() ? "PROXY TCP4 " : "PROXY TCP6 ");
    add_text(header, source.address);
    add(header, " ");
    add_text(header, destination.address);
    add(header, " ");
    add_number(header, source.port);
    add(header, " ");
    add_number(header, destination.port);
    add(header, "\r\n");
    return header;
}

ProxyHeader begin(std::uint8_t command, std::uint8_t family, std::uint8_t length) {
    ProxyHeader header;
    add(header, signature);
    for (const std::uint8_t byte : {command, family, std::uint8_t{0}, length})
        header.add(byte);
    return header;
}

void add_address(ProxyHeader& header, const IpAddress& address) {
    const auto& all = address.bytes();
    for (std::size_t i = address.is_v4() ? 12 : 0; i < all.size(); ++i)
        header.add(all[i]);
}

void add_port(ProxyHeader& header, std::uint16_t port) {
    header.add(static_cast<std::uint8_t>(port >> 8));
    header.add(static_cast<std::uint8_t>(port));
}

ProxyHeader in_bytes(const ProxiedEnd& source, const ProxiedEnd& destination) {
    const bool v4 = source.address.is_v4();
    ProxyHeader header =
        begin(version_and_proxy, v4 ? tcp_over_ipv4 : tcp_over_ipv6, v4 ? 4 * 2 + 4 : 16 * 2 + 4);
    add_address(header, source.address);
    add_address(header, destination.address);
    add_port(header, source.port);
    add_port(header, destination.port);
    return header;
}

}  // namespace

ProxyHeader proxy_header(ProxyVersion version, const ProxiedEnd& source,
                         const ProxiedEnd& destination) {
    assert(source.address.is_v4() == destination.address.is_v4());
    switch (version) {
        case ProxyVersion::none:
            break;
        case ProxyVersion::v1:
            return in_words(source, destination);
        case ProxyVersion::v2:
            return in_bytes(source, destination);
    }
    return {};
}

}  // namespace warren::net
