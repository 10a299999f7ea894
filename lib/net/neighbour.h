// SPDX-License-Identifier: BSD-3-Clause
// Neighbour discovery (RFC 4861) as far as an address that we answer for needs it: reading
// solicitations and advertisements, and answering the former as a router does (RFC 9568 6.4.3).
#pragma once

#include <cstddef>
#include <optional>

#include "net/address.h"
#include "net/bytes.h"
#include "net/parse.h"

namespace warren::net {

bool is_neighbour_message(const Parsed& message);

// The address that a neighbour message is about; "::" when there is none.
IpAddress neighbour_target(ConstBytes frame, const Parsed& message);

// All that RFC 4861 7.1.1 and 7.1.2 ask of a neighbour message before anybody may believe it: hop
// limit 255 (it comes from this link), right checksum, whole options, fitting addresses.
bool is_neighbour_message_valid(ConstBytes frame, const Parsed& message);

// Who the sender says has the address: the source (solicitation) or target (advertisement)
// link-layer address option of a valid message, without one the Ethernet source.
MacAddress claimed_mac(ConstBytes frame, const Parsed& message);

// Whether it may replace what is known of that address: an advertisement says so itself (RFC 4861
// 7.2.5), a solicitation always does (7.2.3).
bool overrides_known(ConstBytes frame, const Parsed& message);

// The advertisement that answers a valid solicitation from `own`: R = 1, S = 1, O = 1; to all nodes
// with S = 0 when the sender has no address yet (duplicate address detection, RFC 4861 7.2.4).
// `out` may begin where `received` begins. Returns the frame's length or 0 when it does not fit.
std::size_t build_advertisement_reply(Bytes out, ConstBytes received, const Parsed& solicitation,
                                      const MacAddress& own);

// Who has `target`, asks `source`: to the target's solicited-node group (RFC 4861 4.3). 0 as above.
std::size_t build_solicitation(Bytes out, const MacAddress& own, const IpAddress& source,
                               const IpAddress& target);

// Whom a frame says it is from: its Ethernet source, and the sender's MAC in ARP and in the option
// of a solicitation, whose checksum follows.
void set_sender_mac(Bytes frame, const Parsed& message, const MacAddress& mac);

}  // namespace warren::net
