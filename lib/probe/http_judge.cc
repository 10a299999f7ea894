// SPDX-License-Identifier: BSD-3-Clause
#include "probe/http_judge.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace warren::probe {
namespace {

bool is_wanted_status(const HttpExpectation& wanted, unsigned status) {
    if (wanted.status_codes.empty()) return status >= 200 && status <= 299;
    return std::any_of(
        wanted.status_codes.begin(), wanted.status_codes.end(),
        [&](const auto& range) { return status >= range.first && status <= range.second; });
}

bool is_same_digest(const std::string& a, const std::string& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
        return std::tolower(x) == std::tolower(y);
    });
}

}  // namespace

std::string md5_digest(std::string_view bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_md5(), nullptr) != 1)
        return {};  // a machine in FIPS mode has no MD5
    std::string text;
    for (unsigned i = 0; i < length; ++i) {
        text += "0123456789abcdef"[digest[i] >> 4];
        text += "0123456789abcdef"[digest[i] & 15];
    }
    return text;
}

std::string judge(const HttpExpectation& wanted, const HttpReply& reply) {
    if (!is_wanted_status(wanted, reply.status))
        return "HTTP status " + std::to_string(reply.status);
    if (!wanted.digest.empty())
        if (const std::string digest = md5_digest(reply.raw_body);
            !is_same_digest(digest, wanted.digest))
            return "digest " + digest;
    if (wanted.regex && wanted.regex->matches(reply.raw_body) == wanted.regex_no_match)
        return wanted.regex_no_match ? "regex matches" : "regex does not match";
    return {};
}

}  // namespace warren::probe
