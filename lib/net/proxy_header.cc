// SPDX-License-Identifier: BSD-3-Clause
#include "net/proxy_header.h"

#include <cassert>
#include <string_view>

#include "net/bytes.h"

namespace warren::net {
namespace {

using Header = std::vector<std::uint8_t>;

constexpr std::string_view signature{"\r\n\r\n\0\r\nQUIT\n", 12};
constexpr std::uint8_t version_and_local = 0x20;
constexpr std::uint8_t version_and_proxy = 0x21;
constexpr std::uint8_t tcp_over_ipv4 = 0x11;
constexpr std::uint8_t tcp_over_ipv6 = 0x21;

Header begin(std::uint8_t command, std::uint8_t family, std::uint8_t length) {
    Header header(signature.begin(), signature.end());
    for (const std::uint8_t byte : {command, family, std::uint8_t{0}, length})
        header.push_back(byte);
    return header;
}

void add_address(Header& header, const IpAddress& address) {
    const auto& all = address.bytes();
    header.insert(header.end(), all.end() - (address.is_v4() ? 4 : 16), all.end());
}

void add_port(Header& header, std::uint16_t port) {
    header.push_back(static_cast<std::uint8_t>(port >> 8));
    header.push_back(static_cast<std::uint8_t>(port));
}

}  // namespace

std::vector<std::uint8_t> proxy_header_local() {
    return begin(version_and_local, 0, 0);
}

std::vector<std::uint8_t> proxy_header(const ProxiedEnd& source, const ProxiedEnd& destination) {
    assert(source.address.is_v4() == destination.address.is_v4());
    const bool v4 = source.address.is_v4();
    Header header =
        begin(version_and_proxy, v4 ? tcp_over_ipv4 : tcp_over_ipv6, v4 ? 4 * 2 + 4 : 16 * 2 + 4);
    add_address(header, source.address);
    add_address(header, destination.address);
    add_port(header, source.port);
    add_port(header, destination.port);
    return header;
}

}  // namespace warren::net
