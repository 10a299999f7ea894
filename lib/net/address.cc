// SPDX-License-Identifier: BSD-3-Clause
#include "net/address.h"

#include <arpa/inet.h>

#include <charconv>
#include <cstdio>

namespace warren::net {

std::string MacAddress::to_string() const {
    std::array<char, 18> text{};
    std::snprintf(text.data(), text.size(), "%02x:%02x:%02x:%02x:%02x:%02x", bytes[0], bytes[1],
                  bytes[2], bytes[3], bytes[4], bytes[5]);
    return text.data();
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    const std::string terminated(text);
    std::array<std::uint8_t, 16> raw{};
    if (inet_pton(AF_INET, terminated.c_str(), raw.data()) == 1)
        return v4(raw[0], raw[1], raw[2], raw[3]);
    if (inet_pton(AF_INET6, terminated.c_str(), raw.data()) == 1) return v6(raw);
    return std::nullopt;
}

std::string IpAddress::to_string() const {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const bool four = is_v4();
    inet_ntop(four ? AF_INET : AF_INET6, bytes_.data() + (four ? 12 : 0), text.data(), text.size());
    return text.data();
}

std::optional<Prefix> Prefix::parse(std::string_view text) {
    const std::size_t slash = text.find('/');
    const std::optional<IpAddress> address = IpAddress::parse(text.substr(0, slash));
    if (!address) return std::nullopt;
    const unsigned longest = address->is_v4() ? 32 : 128;
    if (slash == std::string_view::npos)
        return Prefix{*address, static_cast<std::uint8_t>(longest)};
    const std::string_view digits = text.substr(slash + 1);
    unsigned length = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
    if (error != std::errc{} || end != digits.data() + digits.size() || length > longest)
        return std::nullopt;
    return Prefix{*address, static_cast<std::uint8_t>(length)};
}

bool Prefix::contains(const IpAddress& other) const {
    if (other.is_v4() != address.is_v4()) return false;
    const unsigned bits = length + (address.is_v4() ? 96U : 0U);
    const std::size_t whole = bits / 8;
    if (std::memcmp(address.bytes().data(), other.bytes().data(), whole) != 0) return false;
    if (bits % 8 == 0) return true;
    const unsigned mask = 0xffU << (8 - bits % 8) & 0xffU;
    return ((address.bytes()[whole] ^ other.bytes()[whole]) & mask) == 0;
}

IpAddress Prefix::network() const {
    const unsigned bits = length + (address.is_v4() ? 96U : 0U);
    std::array<std::uint8_t, 16> bytes = address.bytes();
    for (std::size_t i = 0; i < bytes.size(); ++i)
        if (const unsigned before = static_cast<unsigned>(i) * 8; before + 8 > bits)
            bytes[i] &= before >= bits ? 0U : 0xffU << (before + 8 - bits);
    return IpAddress::v6(bytes);
}

std::string Prefix::to_string() const {
    return address.to_string() + "/" + std::to_string(length);
}

}  // namespace warren::net
