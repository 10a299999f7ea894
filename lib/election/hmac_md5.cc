// SPDX-License-Identifier: BSD-3-Clause
// OpenSSL 3 copies and resets its EVP contexts through the heap; the older MD5 interface, which it
// calls deprecated, is a plain struct. So HMAC (RFC 2104) is spelt out here.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "election/hmac_md5.h"

#include <openssl/md5.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace warren::election {
namespace {

using Digest = std::array<std::uint8_t, MD5_DIGEST_LENGTH>;
using Block = std::array<std::uint8_t, MD5_CBLOCK>;

Digest md5(net::ConstBytes first, net::ConstBytes second) {
    MD5_CTX context;
    Digest out;
    MD5_Init(&context);
    MD5_Update(&context, first.data(), first.size());
    MD5_Update(&context, second.data(), second.size());
    MD5_Final(out.data(), &context);
    return out;
}

Block padded(net::ConstBytes key, std::uint8_t pad) {
    Block block{};
    if (key.size() > block.size()) {
        const Digest shorter = md5(key, {});
        std::copy(shorter.begin(), shorter.end(), block.begin());
    } else {
        std::copy(key.begin(), key.end(), block.begin());
    }
    for (std::uint8_t& byte : block)
        byte ^= pad;
    return block;
}

}  // namespace

vrrp::Icv HmacMd5::operator()(net::ConstBytes key, net::ConstBytes text) {
    const Digest inner = md5(padded(key, 0x36), text);
    const Digest outer = md5(padded(key, 0x5c), inner);
    vrrp::Icv icv;
    std::copy_n(outer.begin(), icv.size(), icv.begin());
    return icv;
}

}  // namespace warren::election
