// SPDX-License-Identifier: BSD-3-Clause
#include "peer/keys.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <memory>
#include <span>
#include <stdexcept>

namespace warren::peer {

namespace {

// The same octets give the same keys on every machine: numbers are read as big endian.
void expand(const std::string& secret, std::string label, std::span<std::uint8_t> out) {
    struct FreeKdf {
        void operator()(EVP_KDF* kdf) const { EVP_KDF_free(kdf); }
        void operator()(EVP_KDF_CTX* context) const { EVP_KDF_CTX_free(context); }
    };
    const std::unique_ptr<EVP_KDF, FreeKdf> kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
    const std::unique_ptr<EVP_KDF_CTX, FreeKdf> context(EVP_KDF_CTX_new(kdf.get()));
    std::string key = secret;
    std::string digest = "SHA256";
    label.insert(0, "warren flow sync ");
    const std::array parameters{
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key.data(), key.size()),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, label.data(), label.size()),
        OSSL_PARAM_construct_end()};
    if (EVP_KDF_derive(context.get(), out.data(), out.size(), parameters.data()) <= 0)
        throw std::runtime_error("flow_sync: OpenSSL has no HKDF-SHA256");
}

template <std::size_t Words>
std::array<std::uint64_t, Words> words(const std::string& secret, const std::string& label) {
    std::array<std::uint8_t, Words * 8> bytes{};
    expand(secret, label, bytes);
    std::array<std::uint64_t, Words> all{};
    for (std::size_t i = 0; i < bytes.size(); ++i)
        all[i / 8] = all[i / 8] << 8 | bytes[i];
    return all;
}

MacKey mac_key(const std::string& secret) {
    MacKey key;
    expand(secret, "mac", key.bytes);
    key.id = static_cast<std::uint32_t>(words<1>(secret, "id").front());
    return key;
}

}  // namespace

Keys derive_keys(const std::vector<std::string>& secrets) {
    Keys keys;
    for (const std::string& secret : secrets)
        keys.macs.push_back(mac_key(secret));
    keys.rss_seed = words<1>(secrets.front(), "rss").front();
    keys.isn = words<2>(secrets.front(), "isn");
    keys.digest = words<2>(secrets.front(), "digest");
    return keys;
}

}  // namespace warren::peer
