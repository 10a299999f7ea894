// SPDX-License-Identifier: BSD-3-Clause
#include "capture/filter.h"

namespace warren::capture {
namespace {

using exchange::CaptureFilter;
using exchange::End;

bool is_said(const End& wanted) {
    return !wanted.address.is_unspecified();
}

// ARP, ICMP and the rest have no ports: the address is all that can be asked.
bool is_at(const End& wanted, const net::IpAddress& address, net::Be16 port) {
    constexpr net::Be16 none{};
    return wanted.address == address &&
           (wanted.port == none || port == none || wanted.port == port);
}

bool is_far_end(const End& wanted, const flow::Tuple& came, const flow::Tuple& went) {
    return is_at(wanted, came.source, came.source_port) ||
           is_at(wanted, went.destination, went.destination_port);
}

bool is_near_end(const End& wanted, const flow::Tuple& came, const flow::Tuple& went) {
    return is_at(wanted, came.destination, came.destination_port) ||
           is_at(wanted, went.source, went.source_port);
}

}  // namespace

flow::Tuple ends_of(net::ConstBytes frame, const net::Parsed& parsed) {
    if (net::is_icmp_error(parsed)) {
        const net::Parsed quoted = net::parse_quoted(frame, parsed);
        if (quoted.network != net::Network::other)
            return {quoted.destination, quoted.source, quoted.destination_port, quoted.source_port};
    }
    return {parsed.source, parsed.destination, parsed.source_port, parsed.destination_port};
}

flow::Tuple turned_round(const flow::Tuple& ends) {
    return {ends.destination, ends.source, ends.destination_port, ends.source_port};
}

bool is_about_flow(const CaptureFilter& filter, const flow::Tuple& from_client,
                   const flow::Tuple& from_server) {
    return (!is_said(filter.client) ||
            is_at(filter.client, from_client.source, from_client.source_port)) &&
           (!is_said(filter.server) ||
            is_at(filter.server, from_server.source, from_server.source_port)) &&
           (!is_said(filter.service) ||
            is_at(filter.service, from_client.destination, from_client.destination_port));
}

bool is_about(const CaptureFilter& filter, const flow::Tuple& came, const flow::Tuple& went) {
    return (!is_said(filter.client) || is_far_end(filter.client, came, went)) &&
           (!is_said(filter.server) || is_far_end(filter.server, came, went)) &&
           (!is_said(filter.service) || is_near_end(filter.service, came, went));
}

bool is_kind(const CaptureFilter& filter, const exchange::CapturedPacket& packet) {
    using exchange::Fate;
    const bool has_left =
        packet.fate == Fate::sent || packet.fate == Fate::held || packet.fate == Fate::made;
    if (filter.port != CaptureFilter::any_port && packet.in_port != filter.port &&
        !(has_left && packet.target == filter.port))
        return false;
    return !filter.drops_only ||
           (packet.reason != exchange::Drop::count_ &&
            (filter.reason == exchange::Drop::count_ || filter.reason == packet.reason));
}

}  // namespace warren::capture
