// SPDX-License-Identifier: BSD-3-Clause
// The codec of advert.h: RFC 3768 5 and 7, RFC 9568 5 and 7, RFC 2338 5.3.6 for authentication.
#include "vrrp/advert.h"

#include <algorithm>
#include <cassert>

#include "net/checksum.h"
#include "net/headers.h"
#include "vrrp/advert_header.h"

namespace warren::vrrp {
namespace {

constexpr std::uint8_t type_advertisement = 1;
constexpr std::size_t auth_bytes = 8;

// keepalived's version 2 over IPv6 (no RFC has it) carries no authentication data.
constexpr bool has_auth_data(Version version, bool ipv6) {
    return version == Version::v2 && !ipv6;
}

std::size_t message_bytes(Version version, std::size_t addresses, bool ipv6) {
    return header_bytes + addresses * address_bytes(ipv6) +
           (has_auth_data(version, ipv6) ? auth_bytes : 0);
}

// RFC 9568 5.2.8 (IPv6: RFC 8200 8.1; IPv4: as RFC 5798 and keepalived).
std::uint64_t pseudo_header(const net::IpAddress& source, const net::IpAddress& destination,
                            std::size_t length, bool ipv6) {
    if (ipv6)
        return net::pseudo_header_sum(source.bytes(), destination.bytes(), net::IpProtocol::vrrp,
                                      length);
    return net::pseudo_header_sum(source.as_v4(), destination.as_v4(), net::IpProtocol::vrrp,
                                  length);
}

bool is_link_local(const net::IpAddress& a) {
    return a.bytes()[0] == 0xfe && (a.bytes()[1] & 0xc0) == 0x80;
}

bool is_multicast(const net::IpAddress& a) {
    return a.is_v4() ? (a.bytes()[12] & 0xf0) == 0xe0 : a.bytes()[0] == 0xff;
}

// keepalived lets lists begin with a global address. Configured so ourselves, we must hear a peer
// that is configured alike, or both would be master.
bool expects_link_local(const Settings& settings) {
    return settings.advert_addresses.empty() || is_link_local(settings.advert_addresses[0]);
}

void write_address(const net::IpAddress& address, bool ipv6, net::Bytes out) {
    const auto from = net::ConstBytes(address.bytes()).subspan(ipv6 ? 0 : 12);
    std::copy(from.begin(), from.end(), out.begin());
}

// One number per set of addresses: equal sets in any order have equal digests, so the comparison is
// linear even for 255 of them. A stranger's collision would only hide a warning.
std::uint64_t digest(const net::IpAddress& address) {
    std::uint64_t h = 0x9e3779b97f4a7c15;
    for (const std::uint8_t b : address.bytes())
        h = (h ^ b) * 0x100000001b3;
    h ^= h >> 32;
    return h * 0xd6e8feb86659fd93;
}

bool same_addresses(const AddressList& theirs, const std::vector<net::IpAddress>& ours) {
    if (theirs.size() != ours.size()) return false;
    std::uint64_t difference = 0;
    for (std::size_t i = 0; i < ours.size(); ++i)
        difference += digest(theirs[i]) - digest(ours[i]);
    return difference == 0;
}

// Who may talk to us and from how far. Multicast: RFC 9568 5.1.1.3. Unicast: keepalived's rules.
std::optional<RejectReason> check_path(const Datagram& datagram, const Settings& settings) {
    if (!settings.is_unicast()) {
        if (datagram.ttl != multicast_ttl) return RejectReason::ttl;
        return std::nullopt;
    }
    for (const UnicastPeer& peer : settings.unicast_peers) {
        if (peer.address != datagram.source) continue;
        const bool in_range = datagram.ttl >= peer.min_ttl && datagram.ttl <= peer.max_ttl;
        return in_range ? std::nullopt : std::optional(RejectReason::ttl);
    }
    if (settings.check_unicast_source) return RejectReason::unicast_source;
    return std::nullopt;
}

// The form of the checksum, or nothing when it is wrong.
std::optional<ChecksumForm> check_sum(net::ConstBytes message, Version version,
                                      const Datagram& datagram, bool ipv6) {
    if (!ipv6 && net::is_checksum_valid(message)) return ChecksumForm::message_only;
    if (version == Version::v2 && !ipv6) return std::nullopt;
    const std::uint64_t start =
        pseudo_header(datagram.source, datagram.destination, message.size(), ipv6);
    if (net::is_checksum_valid(message, start)) return ChecksumForm::pseudo_header;
    return std::nullopt;
}

std::optional<RejectReason> check_auth(const Advert& advert, const Settings& settings, bool in_ah) {
    if (advert.version != Version::v2) return std::nullopt;
    if (settings.auth_type == AuthType::ah && !in_ah) return RejectReason::ah_missing;
    if (advert.auth_type != settings.auth_type) return RejectReason::auth_type;
    switch (settings.auth_type) {
        case AuthType::none:  // RFC 3768 5.3.9: ignored on receive
        case AuthType::ah:    // the rest is decode_ah()'s
            return std::nullopt;
        case AuthType::pass:
            if (advert.auth_data != settings.auth_data) return RejectReason::auth_data;
            return std::nullopt;
    }
    return RejectReason::auth_type;
}

// What the message means to this instance, once it is known to be whole.
std::optional<RejectReason> check_meaning(Advert& advert, const Datagram& datagram,
                                          const Settings& settings) {
    if (advert.vrid != settings.vrid) return RejectReason::vrid;
    if (datagram.source == settings.primary_address) return RejectReason::own_advert;
    if (settings.is_unicast() ? is_multicast(datagram.destination)
                              : datagram.destination != settings.multicast_group)
        return RejectReason::destination;
    if (settings.priority == owner_priority && settings.owner_ignore_adverts)
        return RejectReason::owner;
    if (const auto bad = check_auth(advert, settings, datagram.in_ah)) return bad;
    advert.interval_differs = advert.advert_interval_ns != settings.advert_interval_ns;
    if (advert.version == Version::v2 && advert.interval_differs) return RejectReason::interval;
    if (advert.version == Version::v3) {
        if (advert.advert_interval_ns == 0) return RejectReason::interval;     // erratum 8301
        if (advert.addresses.size() == 0) return RejectReason::address_count;  // erratum 8299
        if (settings.is_ipv6() && !is_link_local(advert.addresses[0]) &&       // erratum 8300
            expects_link_local(settings))
            return RejectReason::address_list;
    }
    advert.addresses_differ = !settings.skip_check_addresses &&
                              !same_addresses(advert.addresses, settings.advert_addresses);
    return std::nullopt;
}

}  // namespace

net::IpAddress AddressList::operator[](std::size_t index) const {
    assert(index < size());
    if (!ipv6_) return net::IpAddress::v4(net::load<net::Be32>(bytes_, index * 4));
    return net::IpAddress::v6(net::load<std::array<std::uint8_t, 16>>(bytes_, index * 16));
}

Decoded decode(const Datagram& datagram, const Settings& settings) {
    if (const auto bad = check_path(datagram, settings)) return *bad;
    const net::ConstBytes payload = datagram.payload;
    if (payload.size() < header_bytes) return RejectReason::length;

    const auto header = net::load<AdvertHeader>(payload, 0);
    const bool ipv6 = settings.is_ipv6();
    if (header.version_type >> 4 != static_cast<std::uint8_t>(settings.version))
        return RejectReason::version;
    if ((header.version_type & 0xf) != type_advertisement) return RejectReason::type;
    const std::size_t size = message_bytes(settings.version, header.address_count, ipv6);
    if (payload.size() < size) return RejectReason::length;
    const auto form = check_sum(payload.first(size), settings.version, datagram, ipv6);
    if (!form) return RejectReason::checksum;

    Advert advert;
    advert.version = settings.version;
    advert.vrid = header.vrid;
    advert.priority = header.priority;
    advert.checksum_form = *form;
    const std::size_t list_bytes = header.address_count * address_bytes(ipv6);
    advert.addresses = AddressList(payload.subspan(header_bytes, list_bytes), ipv6);
    advert.auth_type = header.auth_type(advert.version);
    advert.advert_interval_ns = header.interval_ns(advert.version);
    if (has_auth_data(settings.version, ipv6))
        advert.auth_data =
            net::load<std::array<std::uint8_t, auth_bytes>>(payload, header_bytes + list_bytes);
    if (const auto bad = check_meaning(advert, datagram, settings)) return *bad;
    return advert;
}

std::optional<std::uint8_t> peek_vrid(net::ConstBytes payload) {
    if (payload.size() < 2) return std::nullopt;
    return payload[1];
}

std::size_t most_addresses(const Settings& settings, std::size_t mtu_bytes) {
    const bool ipv6 = settings.is_ipv6();
    const std::size_t ip_bytes = ipv6 ? sizeof(net::Ipv6Header) : sizeof(net::Ipv4Header);
    const std::size_t headers = sizeof(net::EthernetHeader) + ip_bytes +
                                message_bytes(settings.version, 0, ipv6) +
                                (settings.auth_type == AuthType::ah ? ah_bytes : 0);
    const std::size_t room = mtu_bytes - std::min(mtu_bytes, headers);
    return std::min(room / address_bytes(ipv6), max_addresses);
}

std::size_t encoded_size(const Settings& settings) {
    return message_bytes(settings.version, settings.advert_addresses.size(), settings.is_ipv6());
}

std::size_t encode(const Settings& settings, std::uint8_t priority, const net::IpAddress& source,
                   const net::IpAddress& destination, net::Bytes out) {
    const bool v2 = settings.version == Version::v2;
    const bool ipv6 = settings.is_ipv6();
    const std::size_t size = encoded_size(settings);
    assert(settings.advert_addresses.size() <= max_addresses);
    if (out.size() < size) return 0;
    const net::Bytes message = out.first(size);
    std::fill(message.begin(), message.end(), std::uint8_t{0});

    const std::uint64_t unit_ns = v2 ? ns_per_s : ns_per_cs;
    const std::uint64_t units =
        std::clamp<std::uint64_t>(settings.advert_interval_ns / unit_ns, 1, v2 ? 0xff : 0xfff);
    AdvertHeader header{};
    header.version_type = static_cast<std::uint8_t>(static_cast<unsigned>(settings.version) << 4 |
                                                    type_advertisement);
    header.vrid = settings.vrid;
    header.priority = priority;
    header.address_count = static_cast<std::uint8_t>(settings.advert_addresses.size());
    const unsigned auth = v2 ? static_cast<unsigned>(settings.auth_type) << 8 : 0;
    header.timing = net::Be16(static_cast<std::uint16_t>(auth | units));
    net::store(message, 0, header);

    std::size_t at = header_bytes;
    for (const net::IpAddress& address : settings.advert_addresses) {
        write_address(address, ipv6, message.subspan(at, address_bytes(ipv6)));
        at += address_bytes(ipv6);
    }
    if (v2 && settings.auth_type == AuthType::pass) net::store(message, at, settings.auth_data);

    const bool pseudo = ipv6 || (!v2 && settings.checksum_form == ChecksumForm::pseudo_header);
    const std::uint64_t start = pseudo ? pseudo_header(source, destination, size, ipv6) : 0;
    header.checksum = net::checksum_of(net::add_to_sum(start, message));
    net::store(message, 0, header);
    return size;
}

}  // namespace warren::vrrp
