// SPDX-License-Identifier: BSD-3-Clause
#include "packets/packet_builder.h"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <stdexcept>

namespace warren::packets {
namespace {

void put8(Frame& f, unsigned v) {
    f.push_back(static_cast<std::uint8_t>(v));
}
void put16(Frame& f, unsigned v) {
    put8(f, v >> 8);
    put8(f, v);
}
void put32(Frame& f, std::uint32_t v) {
    put16(f, v >> 16);
    put16(f, v);
}
void append(Frame& f, net::ConstBytes bytes) {
    f.insert(f.end(), bytes.begin(), bytes.end());
}
void append(Frame& f, const net::MacAddress& mac) {
    append(f, net::ConstBytes(mac.bytes));
}
void append(Frame& f, const net::IpAddress& ip) {
    append(f, net::ConstBytes(ip.bytes()).subspan(ip.is_v4() ? 12 : 0));
}
void set16(Frame& f, std::size_t at, unsigned v) {
    f.at(at) = static_cast<std::uint8_t>(v >> 8);
    f.at(at + 1) = static_cast<std::uint8_t>(v);
}

unsigned hex_digit(char c) {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
    if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
    throw std::invalid_argument(std::string("not a hexadecimal digit: ") + c);
}

unsigned or_default(int chosen, std::size_t fitting) {
    return chosen >= 0 ? static_cast<unsigned>(chosen) : static_cast<unsigned>(fitting);
}

}  // namespace

net::MacAddress mac(std::string_view text) {
    std::string digits(text);
    std::erase(digits, ':');
    const Frame bytes = from_hex(digits);
    if (bytes.size() != 6) throw std::invalid_argument("not a MAC address: " + std::string(text));
    net::MacAddress address;
    std::ranges::copy(bytes, address.bytes.begin());
    return address;
}

net::IpAddress address(std::string_view text) {
    const auto parsed = net::IpAddress::parse(text);
    if (!parsed) throw std::invalid_argument("not an IP address: " + std::string(text));
    return *parsed;
}

Frame from_hex(std::string_view text) {
    Frame bytes;
    std::optional<unsigned> high;
    for (const char c : text) {
        if (c == ' ' || c == '\n') continue;
        const unsigned digit = hex_digit(c);
        if (high) put8(bytes, *high << 4 | digit);
        high = high ? std::nullopt : std::optional(digit);
    }
    return bytes;
}

std::uint16_t slow_checksum(net::ConstBytes bytes) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        sum += i % 2 == 0 ? std::uint32_t{bytes[i]} << 8 : bytes[i];
        if (sum > 0xffff) sum -= 0xffff;
    }
    return static_cast<std::uint16_t>(~sum);
}

PacketBuilder& PacketBuilder::ethernet(std::string_view source, std::string_view destination) {
    source_mac_ = mac(source);
    destination_mac_ = mac(destination);
    return *this;
}
PacketBuilder& PacketBuilder::ether_type(std::uint16_t type) {
    ether_type_ = type;
    return *this;
}
PacketBuilder& PacketBuilder::vlan(std::uint16_t control) {
    tags_.push_back({0x8100, control});
    return *this;
}
PacketBuilder& PacketBuilder::service_vlan(std::uint16_t control) {
    tags_.push_back({0x88a8, control});
    return *this;
}

PacketBuilder& PacketBuilder::arp_request(std::string_view sender, std::string_view target) {
    arp_operation_ = 1;
    source_ = address(sender);
    destination_ = address(target);
    return *this;
}
PacketBuilder& PacketBuilder::arp_reply(std::string_view sender, std::string_view target) {
    arp_request(sender, target).arp_operation_ = 2;
    arp_target_mac_ = destination_mac_;
    return *this;
}
PacketBuilder& PacketBuilder::arp_target_mac(std::string_view target_mac) {
    arp_target_mac_ = mac(target_mac);
    return *this;
}
PacketBuilder& PacketBuilder::arp_operation(std::uint16_t operation) {
    arp_operation_ = operation;
    return *this;
}

PacketBuilder& PacketBuilder::ip(std::string_view source, std::string_view destination) {
    is_ip_ = true;
    source_ = address(source);
    destination_ = address(destination);
    return *this;
}
PacketBuilder& PacketBuilder::ttl(std::uint8_t ttl) {
    ttl_ = ttl;
    return *this;
}
PacketBuilder& PacketBuilder::tos(std::uint8_t tos) {
    tos_ = tos;
    return *this;
}
PacketBuilder& PacketBuilder::id(std::uint16_t id) {
    id_ = id;
    return *this;
}
PacketBuilder& PacketBuilder::dont_fragment(bool set) {
    fragment_ = static_cast<std::uint16_t>((fragment_ & 0xbfff) | (set ? 0x4000 : 0));
    return *this;
}
PacketBuilder& PacketBuilder::fragment(std::uint16_t offset_bytes, bool more) {
    fragment_ = static_cast<std::uint16_t>(offset_bytes / 8 | (more ? 0x2000 : 0));
    if (!source_.is_v4()) {
        Frame header(2);
        put16(header, static_cast<unsigned>((offset_bytes & 0xfff8) | (more ? 1 : 0)));
        put32(header, id_);
        extension(44, header);
    }
    return *this;
}
PacketBuilder& PacketBuilder::ip_options(Frame options) {
    ip_options_ = std::move(options);
    return *this;
}
PacketBuilder& PacketBuilder::extension(std::uint8_t protocol, Frame header) {
    extensions_.push_back({protocol, std::move(header)});
    return *this;
}

PacketBuilder& PacketBuilder::tcp(std::uint16_t source, std::uint16_t destination,
                                  std::string_view flags) {
    l4_ = L4::tcp;
    source_port_ = source;
    destination_port_ = destination;
    for (const char letter : flags) {
        const std::size_t bit = std::string_view("FSRPAU").find(letter);
        if (bit == std::string_view::npos) throw std::invalid_argument("unknown TCP flag");
        flags_ = static_cast<std::uint8_t>(flags_ | 1U << bit);
    }
    return *this;
}
PacketBuilder& PacketBuilder::seq(std::uint32_t sequence) {
    sequence_ = sequence;
    return *this;
}
PacketBuilder& PacketBuilder::ack(std::uint32_t acknowledgement) {
    acknowledgement_ = acknowledgement;
    return *this;
}
PacketBuilder& PacketBuilder::window(std::uint16_t window) {
    window_ = window;
    return *this;
}
PacketBuilder& PacketBuilder::mss(std::uint16_t bytes) {
    Frame o{2, 4};
    put16(o, bytes);
    return option(o);
}
PacketBuilder& PacketBuilder::timestamps(std::uint32_t value, std::uint32_t echo) {
    Frame o{8, 10};
    put32(o, value);
    put32(o, echo);
    return option(o);
}
PacketBuilder& PacketBuilder::option(Frame option) {
    append(options_, option);
    return *this;
}

PacketBuilder& PacketBuilder::udp(std::uint16_t source, std::uint16_t destination) {
    l4_ = L4::udp;
    source_port_ = source;
    destination_port_ = destination;
    return *this;
}
PacketBuilder& PacketBuilder::icmp(std::uint8_t type, std::uint8_t code, std::uint32_t rest) {
    l4_ = L4::icmp;
    icmp_type_ = type;
    icmp_code_ = code;
    icmp_rest_ = rest;
    return *this;
}
PacketBuilder& PacketBuilder::neighbour_solicitation(std::string_view target,
                                                     std::string_view link) {
    return icmp(135, 0, 0).neighbour(target, 1, link);
}
PacketBuilder& PacketBuilder::neighbour_advertisement(std::string_view target,
                                                      std::string_view flags,
                                                      std::string_view link) {
    std::uint32_t rest = 0;
    for (const char flag : flags)
        rest |= flag == 'R' ? 0x80000000U : flag == 'S' ? 0x40000000U : 0x20000000U;
    return icmp(136, 0, rest).neighbour(target, 2, link);
}
PacketBuilder& PacketBuilder::neighbour(std::string_view target, std::uint8_t option,
                                        std::string_view link) {
    const net::IpAddress ip = address(target);
    Frame body(ip.bytes().begin(), ip.bytes().end());
    if (!link.empty()) {
        body.insert(body.end(), {option, 1});
        const net::MacAddress own = mac(link);
        body.insert(body.end(), own.bytes.begin(), own.bytes.end());
    }
    return ttl(255).payload(body);
}
PacketBuilder& PacketBuilder::echo_request(std::uint16_t identifier, std::uint16_t sequence) {
    return icmp(source_.is_v4() ? 8 : 128, 0, std::uint32_t{identifier} << 16 | sequence);
}
PacketBuilder& PacketBuilder::echo_reply(std::uint16_t identifier, std::uint16_t sequence) {
    return icmp(source_.is_v4() ? 0 : 129, 0, std::uint32_t{identifier} << 16 | sequence);
}
PacketBuilder& PacketBuilder::vrrp_v2(std::uint8_t vrid, std::uint8_t priority,
                                      std::uint8_t interval_s,
                                      std::initializer_list<std::string_view> addresses,
                                      std::string_view password) {
    l4_ = L4::vrrp;
    Frame advert{0x21, vrid, priority, static_cast<std::uint8_t>(addresses.size())};
    put8(advert, password.empty() ? 0 : 1);
    put8(advert, interval_s);
    put16(advert, 0);
    for (const std::string_view text : addresses)
        append(advert, address(text));
    for (std::size_t i = 0; i < 8; ++i)
        put8(advert, i < password.size() ? static_cast<unsigned char>(password[i]) : 0U);
    set16(advert, 6, slow_checksum(advert));
    payload_ = advert;
    return *this;
}
PacketBuilder& PacketBuilder::protocol(std::uint8_t protocol) {
    l4_ = L4::raw;
    protocol_ = protocol;
    return *this;
}

PacketBuilder& PacketBuilder::payload(std::string_view text) {
    payload_.assign(text.begin(), text.end());
    return *this;
}
PacketBuilder& PacketBuilder::payload(Frame bytes) {
    payload_ = std::move(bytes);
    return *this;
}

PacketBuilder& PacketBuilder::bad_ip_checksum() {
    bad_ip_checksum_ = true;
    return *this;
}
PacketBuilder& PacketBuilder::bad_l4_checksum() {
    bad_l4_checksum_ = true;
    return *this;
}
PacketBuilder& PacketBuilder::no_udp_checksum() {
    no_udp_checksum_ = true;
    return *this;
}
PacketBuilder& PacketBuilder::ip_version(std::uint8_t version) {
    ip_version_ = version;
    return *this;
}
PacketBuilder& PacketBuilder::ip_header_words(std::uint8_t words) {
    ip_header_words_ = words;
    return *this;
}
PacketBuilder& PacketBuilder::total_length(std::uint16_t bytes) {
    total_length_ = bytes;
    return *this;
}
PacketBuilder& PacketBuilder::tcp_offset_words(std::uint8_t words) {
    tcp_offset_words_ = words;
    return *this;
}
PacketBuilder& PacketBuilder::udp_length(std::uint16_t bytes) {
    udp_length_ = bytes;
    return *this;
}
PacketBuilder& PacketBuilder::pad_to(std::size_t bytes) {
    pad_to_ = bytes;
    return *this;
}
PacketBuilder& PacketBuilder::truncate(std::size_t bytes) {
    truncate_ = bytes;
    return *this;
}

std::uint16_t PacketBuilder::default_ether_type() const {
    if (arp_operation_ != 0) return 0x0806;
    if (is_ip_) return source_.is_v4() ? 0x0800 : 0x86dd;
    return 0x88b5;  // IEEE local experimental
}

std::uint8_t PacketBuilder::l4_protocol() const {
    switch (l4_) {
        case L4::tcp:
            return 6;
        case L4::udp:
            return 17;
        case L4::icmp:
            return source_.is_v4() ? 1 : 58;
        case L4::vrrp:
            return 112;
        case L4::raw:
            return protocol_;
        case L4::none:
            break;
    }
    return 59;
}

Frame PacketBuilder::arp_bytes() const {
    Frame f;
    put16(f, 1);
    put16(f, 0x0800);
    put8(f, 6);
    put8(f, 4);
    put16(f, arp_operation_);
    append(f, source_mac_);
    append(f, source_);
    append(f, arp_target_mac_);
    append(f, destination_);
    return f;
}

void PacketBuilder::put_l4_checksum(Frame& l4, std::size_t at) const {
    Frame data;
    if (l4_ != L4::icmp || !source_.is_v4()) {
        append(data, source_);
        append(data, destination_);
        put32(data, static_cast<std::uint32_t>(l4.size()));
        put32(data, l4_protocol());
    }
    append(data, l4);
    unsigned checksum = slow_checksum(data);
    if (l4_ == L4::udp && checksum == 0) checksum = 0xffff;
    if (bad_l4_checksum_) checksum ^= 0x5555;
    if (l4_ == L4::udp && no_udp_checksum_) checksum = 0;
    set16(l4, at, checksum);
}

Frame PacketBuilder::tcp_bytes() const {
    Frame options = options_;
    options.resize((options.size() + 3) / 4 * 4);
    Frame f;
    put16(f, source_port_);
    put16(f, destination_port_);
    put32(f, sequence_);
    put32(f, acknowledgement_);
    put8(f, or_default(tcp_offset_words_, 5 + options.size() / 4) << 4);
    put8(f, flags_);
    put16(f, window_);
    put32(f, 0);
    append(f, options);
    append(f, payload_);
    put_l4_checksum(f, 16);
    return f;
}

Frame PacketBuilder::l4_bytes() const {
    if (l4_ == L4::tcp) return tcp_bytes();
    Frame f;
    if (l4_ == L4::udp) {
        put16(f, source_port_);
        put16(f, destination_port_);
        put16(f, or_default(udp_length_, 8 + payload_.size()));
        put16(f, 0);
        append(f, payload_);
        put_l4_checksum(f, 6);
    } else if (l4_ == L4::icmp) {
        put8(f, icmp_type_);
        put8(f, icmp_code_);
        put16(f, 0);
        put32(f, icmp_rest_);
        append(f, payload_);
        put_l4_checksum(f, 2);
    } else {
        append(f, payload_);
    }
    return f;
}

Frame PacketBuilder::ipv4_header(std::size_t l4_bytes) const {
    const std::size_t header = 20 + ip_options_.size();
    Frame f;
    put8(f, or_default(ip_version_, 4) << 4 | or_default(ip_header_words_, header / 4));
    put8(f, tos_);
    put16(f, or_default(total_length_, header + l4_bytes));
    put16(f, id_);
    put16(f, fragment_);
    put8(f, ttl_);
    put8(f, l4_protocol());
    put16(f, 0);
    append(f, source_);
    append(f, destination_);
    append(f, ip_options_);
    set16(f, 10, slow_checksum(f) ^ (bad_ip_checksum_ ? 0x5555U : 0U));
    return f;
}

Frame PacketBuilder::ipv6_header(std::size_t l4_bytes) const {
    Frame extensions;
    for (std::size_t i = 0; i < extensions_.size(); ++i) {
        Frame header = extensions_[i].header;
        header.at(0) = i + 1 < extensions_.size() ? extensions_[i + 1].protocol : l4_protocol();
        append(extensions, header);
    }
    Frame f;
    put32(f, or_default(ip_version_, 6) << 28 | std::uint32_t{tos_} << 20);
    put16(f, or_default(total_length_, extensions.size() + l4_bytes));
    put8(f, extensions_.empty() ? l4_protocol() : extensions_[0].protocol);
    put8(f, ttl_);
    append(f, source_);
    append(f, destination_);
    append(f, extensions);
    return f;
}

Frame PacketBuilder::ip_bytes() const {
    const Frame l4 = l4_bytes();
    Frame f = source_.is_v4() ? ipv4_header(l4.size()) : ipv6_header(l4.size());
    append(f, l4);
    return f;
}

Frame PacketBuilder::build() const {
    Frame f;
    append(f, destination_mac_);
    append(f, source_mac_);
    for (const Tag& tag : tags_) {
        put16(f, tag.type);
        put16(f, tag.control);
    }
    put16(f, or_default(ether_type_, default_ether_type()));
    if (arp_operation_ != 0)
        append(f, arp_bytes());
    else if (is_ip_)
        append(f, ip_bytes());
    else
        append(f, payload_);
    if (f.size() < pad_to_) f.resize(pad_to_);
    if (f.size() > truncate_) f.resize(truncate_);
    return f;
}

}  // namespace warren::packets
