// SPDX-License-Identifier: BSD-3-Clause
#include "peer/tag.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <stdexcept>
#include <string>

namespace warren::peer {

void Signer::Free::operator()(EVP_MAC_CTX* context) const {
    EVP_MAC_CTX_free(context);
}

Signer::Signer(const MacKey& key) : id_(key.id) {
    EVP_MAC* mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    context_.reset(EVP_MAC_CTX_new(mac));
    EVP_MAC_free(mac);
    std::string digest = "SHA256";
    const std::array parameters{
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
        OSSL_PARAM_construct_end()};
    if (context_ == nullptr ||
        EVP_MAC_init(context_.get(), key.bytes.data(), key.bytes.size(), parameters.data()) != 1)
        throw std::runtime_error("flow_sync: OpenSSL has no HMAC-SHA256");
}

// Without a key init() begins anew with the one it has: its inner and outer state are kept.
Tag Signer::sign(net::ConstBytes covered) {
    std::array<std::uint8_t, 32> whole{};
    std::size_t length = 0;
    if (EVP_MAC_init(context_.get(), nullptr, 0, nullptr) != 1 ||
        EVP_MAC_update(context_.get(), covered.data(), covered.size()) != 1 ||
        EVP_MAC_final(context_.get(), whole.data(), &length, whole.size()) != 1)
        throw std::runtime_error("flow_sync: OpenSSL cannot sign");
    Tag tag{};
    std::copy_n(whole.begin(), tag.size(), tag.begin());
    return tag;
}

bool Signer::verify(net::ConstBytes covered, net::ConstBytes tag) {
    const Tag wanted = sign(covered);
    return tag.size() == wanted.size() &&
           CRYPTO_memcmp(tag.data(), wanted.data(), wanted.size()) == 0;
}

}  // namespace warren::peer
