// SPDX-License-Identifier: BSD-3-Clause
#include "probe/dns_message.h"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <utility>

namespace warren::probe {
namespace {

constexpr std::size_t header_bytes = 12;
constexpr std::size_t most_label_bytes = 63;
constexpr std::size_t most_name_bytes = 255;
constexpr std::uint16_t class_in = 1;
constexpr std::uint8_t response_flag = 0x80;           // of octet 2
constexpr std::uint8_t recursion_desired_flag = 0x01;  // of octet 2

constexpr std::pair<std::string_view, std::uint16_t> types[] = {
    {"A", 1}, {"NS", 2}, {"CNAME", 5}, {"SOA", 6}, {"MX", 15}, {"TXT", 16}, {"AAAA", 28}};

bool is_same_word(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
        return std::toupper(x) == std::toupper(y);
    });
}

void append(std::vector<std::uint8_t>& out, std::uint16_t number) {
    out.push_back(static_cast<std::uint8_t>(number >> 8));
    out.push_back(static_cast<std::uint8_t>(number & 0xff));
}

bool append_name(std::vector<std::uint8_t>& out, std::string_view name) {
    if (name.ends_with('.')) name.remove_suffix(1);
    const std::size_t begin = out.size();
    while (!name.empty()) {
        const std::size_t end = std::min(name.find('.'), name.size());
        if (end == 0 || end > most_label_bytes) return false;
        out.push_back(static_cast<std::uint8_t>(end));
        out.insert(out.end(), name.begin(), name.begin() + static_cast<std::ptrdiff_t>(end));
        name.remove_prefix(std::min(end + 1, name.size()));
    }
    out.push_back(0);
    return out.size() - begin <= most_name_bytes;
}

}  // namespace

std::optional<std::uint16_t> dns_type(std::string_view name) {
    const auto* found = std::find_if(std::begin(types), std::end(types), [&](const auto& type) {
        return is_same_word(type.first, name);
    });
    if (found == std::end(types)) return std::nullopt;
    return found->second;
}

std::optional<std::vector<std::uint8_t>> dns_query(std::uint16_t id, std::string_view name,
                                                   std::uint16_t type) {
    std::vector<std::uint8_t> out;
    append(out, id);
    append(out, std::uint16_t{recursion_desired_flag} << 8);
    append(out, 1);  // questions
    for (int section = 0; section < 3; ++section)
        append(out, 0);
    if (!append_name(out, name)) return std::nullopt;
    append(out, type);
    append(out, class_in);
    return out;
}

std::optional<unsigned> dns_rcode(std::uint16_t id, net::ConstBytes message) {
    if (message.size() < header_bytes) return std::nullopt;
    const unsigned id_there = message[0] << 8U | message[1];
    if (id_there != id || (message[2] & response_flag) == 0) return std::nullopt;
    return message[3] & 0x0fU;
}

std::string_view dns_rcode_name(unsigned rcode) {
    constexpr std::string_view names[] = {"NOERROR",  "FORMERR", "SERVFAIL",
                                          "NXDOMAIN", "NOTIMP",  "REFUSED"};
    return rcode < std::size(names) ? names[rcode] : "an error";
}

}  // namespace warren::probe
