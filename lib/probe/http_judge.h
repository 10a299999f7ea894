// SPDX-License-Identifier: BSD-3-Clause
// Whether an HTTP reply is what a `url` block wants, by keepalived's rules.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "probe/http_reply.h"
#include "probe/pattern.h"

namespace warren::probe {

struct HttpExpectation {
    // First and last of each range; none: 200 to 299.
    std::vector<std::pair<unsigned, unsigned>> status_codes = {};
    std::string digest = {};                    // as genhash prints it; empty: any body
    std::shared_ptr<const Pattern> regex = {};  // null: any body
    bool regex_no_match = false;                // then a match is the failure
};

// What is wrong with it; empty: nothing.
std::string judge(const HttpExpectation& wanted, const HttpReply& reply);

// 32 digits, as genhash prints them. MD5 is a checksum here and keeps no secret.
std::string md5_digest(std::string_view bytes);

}  // namespace warren::probe
