// SPDX-License-Identifier: BSD-3-Clause
#include "net/tunnel.h"

namespace warren::net {
namespace {

bool may_be_fragmented(const Ipv4Header& inner) {
    return (inner.fragment.host() & Ipv4Header::dont_fragment) == 0;
}
bool may_be_fragmented(const Ipv6Header&) {
    return false;
}

template <typename Outer, typename Inner>
void write_outer(Bytes outer, const typename Inner::Header& inner, const TunnelEnds& ends,
                 std::size_t packet_bytes, std::uint16_t identification) {
    IpFields<typename Outer::Address> fields;
    fields.source = Outer::narrow(ends.source);
    fields.destination = Outer::narrow(ends.destination);
    fields.protocol = Inner::tunnelled;
    fields.traffic_class = Inner::traffic_class(inner);
    fields.dont_fragment = !may_be_fragmented(inner);
    fields.identification = fields.dont_fragment ? std::uint16_t{0} : identification;
    fields.l4_bytes = static_cast<std::uint16_t>(packet_bytes);
    Outer::write(header_in<typename Outer::Header>(outer, 0), fields);
}

template <typename Outer>
std::size_t encapsulate_in(Bytes frame, const Link& link, const TunnelEnds& ends, Network inner,
                           std::size_t packet_bytes, std::uint16_t identification) {
    const Bytes outer = frame.subspan(sizeof(EthernetHeader));
    const ConstBytes packet = outer.subspan(Outer::header_bytes);
    if (inner == Network::ipv4)
        write_outer<Outer, Ip4>(outer, header_at<Ipv4Header>(packet, 0), ends, packet_bytes,
                                identification);
    else
        write_outer<Outer, Ip6>(outer, header_at<Ipv6Header>(packet, 0), ends, packet_bytes,
                                identification);
    store(frame, 0,
          EthernetHeader{link.destination, link.source,
                         Be16(static_cast<std::uint16_t>(Outer::ether_type))});
    return sizeof(EthernetHeader) + Outer::header_bytes + packet_bytes;
}

}  // namespace

std::size_t encapsulate(Bytes frame, const Link& link, const TunnelEnds& ends, Network inner,
                        std::size_t packet_bytes, std::uint16_t identification) {
    return ends.destination.is_v4()
               ? encapsulate_in<Ip4>(frame, link, ends, inner, packet_bytes, identification)
               : encapsulate_in<Ip6>(frame, link, ends, inner, packet_bytes, identification);
}

}  // namespace warren::net
