// SPDX-License-Identifier: BSD-3-Clause
// A mail as text: RFC 5322's headers as keepalived writes them, RFC 5321's lines. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace warren::mail {

struct Message {
    std::string date;  // "Mon, 01 Mar 2021 09:44:08 +0000"
    std::string from;
    std::vector<std::string> to;
    std::string subject;
    std::string body;
};

// What follows DATA, its last dot included. A name of the configuration cannot add a header.
std::string data_of(const Message& message);

}  // namespace warren::mail
