// SPDX-License-Identifier: BSD-3-Clause
// DNS_CHECK's query and what an answer says (RFC 1035 4). Pure; answers are a stranger's bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "net/bytes.h"

namespace warren::probe {

// A, NS, CNAME, SOA, MX, TXT, AAAA, in any case.
std::optional<std::uint16_t> dns_type(std::string_view name);

// One question of class IN, recursion desired. Nothing for a name with an empty label, one longer
// than 63 octets, or more than 255 in all. "." and "" are the root.
std::optional<std::vector<std::uint8_t>> dns_query(std::uint16_t id, std::string_view name,
                                                   std::uint16_t type);

// The RCODE of an answer to that query, 0 = no error; nothing for what is none. As in keepalived an
// answer without records will do: the server is asked whether it answers, not what.
std::optional<unsigned> dns_rcode(std::uint16_t id, net::ConstBytes message);

// "NXDOMAIN"
std::string_view dns_rcode_name(unsigned rcode);

}  // namespace warren::probe
