// SPDX-License-Identifier: BSD-3-Clause
// What makes a datagram the peer's: HMAC-SHA256 cut to 128 bits (RFC 2104 5, as in RFC 4868).
#pragma once

#include <openssl/types.h>

#include <array>
#include <cstdint>
#include <memory>

#include "net/bytes.h"
#include "peer/keys.h"

namespace warren::peer {

inline constexpr std::size_t tag_bytes = 16;
using Tag = std::array<std::uint8_t, tag_bytes>;

class Signer {
  public:
    explicit Signer(const MacKey& key);  // std::runtime_error: OpenSSL has no HMAC

    std::uint32_t key_id() const { return id_; }
    Tag sign(net::ConstBytes covered);
    // In constant time.
    bool verify(net::ConstBytes covered, net::ConstBytes tag);

  private:
    struct Free {
        void operator()(EVP_MAC_CTX* context) const;
    };
    std::unique_ptr<EVP_MAC_CTX, Free> context_;
    std::uint32_t id_;
};

}  // namespace warren::peer
