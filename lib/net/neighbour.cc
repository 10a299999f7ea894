// SPDX-License-Identifier: BSD-3-Clause
#include "net/neighbour.h"

#include <algorithm>
#include <array>

#include "net/build.h"
#include "net/checksum.h"
#include "net/family.h"

namespace warren::net {
namespace {

constexpr std::uint8_t on_link_hop_limit = 255;
constexpr std::uint8_t source_link_address = 1;  // options, RFC 4861 4.6.1
constexpr std::uint8_t target_link_address = 2;
constexpr std::uint8_t router_flag = 0x80;
constexpr std::uint8_t solicited_flag = 0x40;
constexpr std::uint8_t override_flag = 0x20;

// Solicitation and advertisement without their options.
struct NeighbourHeader {
    std::uint8_t type = 0;
    std::uint8_t code = 0;
    Be16 checksum;
    std::uint8_t flags = 0;  // advertisement only
    std::array<std::uint8_t, 3> reserved{};
    Ipv6Bytes target{};
};
static_assert(sizeof(NeighbourHeader) == 24);

struct LinkAddressOption {
    std::uint8_t kind = target_link_address;
    std::uint8_t units = 1;  // of 8 bytes
    MacAddress address;
};
static_assert(sizeof(LinkAddressOption) == 8);

constexpr bool is_group(const Ipv6Bytes& address) {
    return address[0] == 0xff;
}

// ff02::1:ff00:0/104, where hosts look for the owner of an address (RFC 4291 2.7.1).
bool is_solicited_node_group(const Ipv6Bytes& address) {
    constexpr std::array<std::uint8_t, 13> prefix{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff};
    return std::equal(prefix.begin(), prefix.end(), address.begin());
}

// RFC 6980: never in fragments, nor in one that is whole, which parse() does not tell of.
bool has_fragment_header(ConstBytes frame, const Parsed& message) {
    IpProtocol next = header_at<Ipv6Header>(frame, message.l3_offset).next_header;
    std::size_t at = message.l3_offset + sizeof(Ipv6Header);
    while (at < message.l4_offset && next != IpProtocol::fragment) {
        next = static_cast<IpProtocol>(frame[at]);
        at += (std::size_t{frame[at + 1]} + 1) * 8;
    }
    return at < message.l4_offset;
}

ConstBytes options_of(ConstBytes frame, const Parsed& message) {
    return frame.subspan(message.l4_offset, message.l4_bytes()).subspan(sizeof(NeighbourHeader));
}

// Calls visit(kind, whole option) for each; false at the first of length 0 or past the end.
template <typename Visit>
bool for_each_neighbour_option(ConstBytes options, Visit&& visit) {
    while (!options.empty()) {
        const std::size_t bytes = options.size() < 2 ? 0 : std::size_t{options[1]} * 8;
        if (bytes == 0 || bytes > options.size()) return false;
        visit(options[0], options.first(bytes));
        options = options.subspan(bytes);
    }
    return true;
}

// With the sender's MAC as its option.
std::size_t build_message(Bytes out, const Link& link, const NeighbourHeader& header,
                          const Ipv6Bytes& source, const Ipv6Bytes& destination) {
    LinkAddressOption option;
    if (header.type == icmpv6_type::neighbour_solicitation) option.kind = source_link_address;
    option.address = link.source;
    std::array<std::uint8_t, sizeof(header) + sizeof(option)> message{};
    store(message, 0, header);
    store(message, sizeof(header), option);
    const Be16 checksum = checksum_of(add_to_sum(
        Ip6::pseudo_header(source, destination, IpProtocol::icmpv6, message.size()), message));
    store(message, offsetof(NeighbourHeader, checksum), checksum);
    return build_ip<Ip6>(out, link,
                         {.source = source,
                          .destination = destination,
                          .protocol = IpProtocol::icmpv6,
                          .hop_limit = on_link_hop_limit},
                         message);
}

}  // namespace

bool is_neighbour_message(const Parsed& message) {
    return message.network == Network::ipv6 && message.is_icmp() &&
           (message.message_type == icmpv6_type::neighbour_solicitation ||
            message.message_type == icmpv6_type::neighbour_advertisement);
}

IpAddress neighbour_target(ConstBytes frame, const Parsed& message) {
    if (message.l4_bytes() < sizeof(NeighbourHeader)) return {};
    const auto target = IpAddress::v6(header_at<NeighbourHeader>(frame, message.l4_offset).target);
    return target.is_v4() ? IpAddress{} : target;  // a mapped address is none of IPv6's
}

bool is_neighbour_message_valid(ConstBytes frame, const Parsed& message) {
    const auto& ip = header_at<Ipv6Header>(frame, message.l3_offset);
    if (ip.hop_limit != on_link_hop_limit || message.message_code != 0 ||
        has_fragment_header(frame, message) || message.l4_bytes() < sizeof(NeighbourHeader))
        return false;
    const auto& header = header_at<NeighbourHeader>(frame, message.l4_offset);
    if (is_group(header.target) || neighbour_target(frame, message).is_unspecified()) return false;
    const bool solicitation = message.message_type == icmpv6_type::neighbour_solicitation;
    const bool duplicate_detection = solicitation && message.source.is_unspecified();
    if (duplicate_detection && !is_solicited_node_group(ip.destination)) return false;
    if (!solicitation && is_group(ip.destination) && (header.flags & solicited_flag) != 0)
        return false;
    bool has_source_address = false;
    const bool whole =
        for_each_neighbour_option(options_of(frame, message), [&](std::uint8_t kind, ConstBytes) {
            has_source_address = has_source_address || kind == source_link_address;
        });
    return whole && !(duplicate_detection && has_source_address) &&
           is_l4_checksum_valid(frame, message);
}

bool overrides_known(ConstBytes frame, const Parsed& message) {
    return message.message_type == icmpv6_type::neighbour_solicitation ||
           (header_at<NeighbourHeader>(frame, message.l4_offset).flags & override_flag) != 0;
}

MacAddress claimed_mac(ConstBytes frame, const Parsed& message) {
    const std::uint8_t wanted = message.message_type == icmpv6_type::neighbour_solicitation
                                    ? source_link_address
                                    : target_link_address;
    MacAddress found = header_at<EthernetHeader>(frame, 0).source;
    for_each_neighbour_option(options_of(frame, message),
                              [&](std::uint8_t kind, ConstBytes option) {
                                  if (kind == wanted)
                                      found = load<LinkAddressOption>(option, 0).address;
                              });
    return found;
}

void set_sender_mac(Bytes frame, const Parsed& message, const MacAddress& mac) {
    header_in<EthernetHeader>(frame, 0).source = mac;
    if (message.network == Network::arp)
        header_in<ArpPacket>(frame, message.l3_offset).sender_mac = mac;
    if (!is_neighbour_message(message) || message.l4_bytes() < sizeof(NeighbourHeader)) return;
    auto& header = header_in<NeighbourHeader>(frame, message.l4_offset);
    for_each_neighbour_option(
        options_of(frame, message), [&](std::uint8_t kind, ConstBytes option) {
            if (kind != source_link_address || option.size() < sizeof(LinkAddressOption)) return;
            const auto at = static_cast<std::size_t>(option.data() - frame.data());
            auto& own = header_in<LinkAddressOption>(frame, at).address;
            const std::uint16_t before = fold(add_to_sum(0, own.bytes));
            own = mac;
            header.checksum = checksum_of(  // RFC 1624; options are whole words
                std::uint64_t{static_cast<std::uint16_t>(~header.checksum.raw())} +
                static_cast<std::uint16_t>(~before) + add_to_sum(0, own.bytes));
        });
}

std::size_t build_advertisement_reply(Bytes out, ConstBytes received, const Parsed& solicitation,
                                      const MacAddress& own) {
    const bool nobody = solicitation.source.is_unspecified();
    const MacAddress asker = header_at<EthernetHeader>(received, 0).source;
    NeighbourHeader header;
    header.type = icmpv6_type::neighbour_advertisement;
    header.flags =
        nobody ? router_flag | override_flag : router_flag | solicited_flag | override_flag;
    header.target = header_at<NeighbourHeader>(received, solicitation.l4_offset).target;
    return build_message(out, Link{own, nobody ? all_nodes_mac : asker}, header, header.target,
                         nobody ? all_nodes : Ip6::narrow(solicitation.source));
}

std::size_t build_solicitation(Bytes out, const MacAddress& own, const IpAddress& source,
                               const IpAddress& target) {
    NeighbourHeader header;
    header.type = icmpv6_type::neighbour_solicitation;
    header.target = target.bytes();
    Ipv6Bytes group{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff};
    std::copy_n(target.bytes().end() - 3, 3, group.end() - 3);
    const MacAddress group_mac{{0x33, 0x33, group[12], group[13], group[14], group[15]}};
    return build_message(out, Link{own, group_mac}, header, source.bytes(), group);
}

}  // namespace warren::net
