// SPDX-License-Identifier: BSD-3-Clause
// The PROXY protocol's header, versions 1 and 2 (haproxy's doc/proxy-protocol.txt, 2.1 and 2.2):
// what a proxy says about a connection before the connection's own first byte.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "net/address.h"
#include "net/bytes.h"

namespace warren::net {

enum class ProxyVersion : std::uint8_t { none, v1, v2 };

// Its bytes, without memory of the heap's: a packet's way makes them.
class ProxyHeader {
  public:
    static constexpr std::size_t most = 107;  // version 1, two IPv6 addresses

    ConstBytes bytes() const { return {bytes_.data(), size_}; }
    std::uint32_t size() const { return size_; }
    void add(std::uint8_t byte) { bytes_[size_++] = byte; }

  private:
    std::array<std::uint8_t, most> bytes_;
    std::uint32_t size_ = 0;
};

struct ProxiedEnd {
    IpAddress address;
    std::uint16_t port = 0;
};

// A TCP connection of `source` to `destination`, both of one family. Empty: version none.
ProxyHeader proxy_header(ProxyVersion version, const ProxiedEnd& source,
                         const ProxiedEnd& destination);

}  // namespace warren::net
