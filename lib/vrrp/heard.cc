// SPDX-License-Identifier: BSD-3-Clause
#include "vrrp/heard.h"

#include <algorithm>

#include "vrrp/advert_header.h"

namespace warren::vrrp {

Heard hear(const Datagram& datagram, bool ipv6) {
    Heard heard{.source = datagram.source,
                .destination = datagram.destination,
                .ttl = datagram.ttl,
                .in_ah = datagram.in_ah};
    const net::ConstBytes payload = datagram.payload;
    if (payload.size() < header_bytes) return heard;
    const auto header = net::load<AdvertHeader>(payload, 0);
    heard.has_header = true;
    heard.version = static_cast<std::uint8_t>(header.version_type >> 4);
    heard.priority = header.priority;
    const auto version = static_cast<Version>(heard.version);
    heard.auth_type = static_cast<std::uint8_t>(header.auth_type(version));
    heard.advert_interval_ns = header.interval_ns(version);
    heard.address_count = header.address_count;
    const net::ConstBytes rest = payload.subspan(header_bytes);
    heard.addresses_kept = std::min({std::size_t{header.address_count}, Heard::most_addresses,
                                     rest.size() / address_bytes(ipv6)});
    const AddressList list(rest.first(heard.addresses_kept * address_bytes(ipv6)), ipv6);
    for (std::size_t i = 0; i < heard.addresses_kept; ++i)
        heard.addresses[i] = list[i];
    return heard;
}

}  // namespace warren::vrrp
