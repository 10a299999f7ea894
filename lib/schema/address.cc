// SPDX-License-Identifier: BSD-3-Clause
#include "schema/schema.h"

#include <algorithm>
#include <iterator>
#include <limits>

namespace warren::schema {
namespace {

// Options after an address. `at` is where the option's value stands, if it has one; false: it is
// wrong, has been told, and the address is left out.
struct AddressOption {
    std::string_view word;
    bool takes_value;
    bool (*take)(Statement& s, config::VirtualAddress& address, std::size_t at);
};

std::string left_out(const Statement& s) {
    return ": the address " + s.node.keyword() + " is left out, as in keepalived";
}

bool take_label(Statement& s, config::VirtualAddress& address, std::size_t at) {
    constexpr std::size_t longest = 15;  // IFNAMSIZ - 1
    address.label = s.arg(at);
    if (address.label.size() <= longest) return true;
    s.warn("the label " + syntax::in_quotes(address.label) + " is longer than " +
           std::to_string(longest) + " characters" + left_out(s));
    return false;
}

bool take_scope(Statement& s, config::VirtualAddress& address, std::size_t at) {
    constexpr std::pair<std::string_view, std::uint8_t> names[] = {
        {"global", 0}, {"site", 200}, {"link", 253}, {"host", 254}, {"nowhere", 255}};
    for (const auto& [name, scope] : names) {
        if (s.arg(at) != name) continue;
        address.scope = scope;
        return true;
    }
    return s.number(0, 255, address.scope, at);
}

// '+' is the prefix's last address, '-' its first.
bool take_broadcast(Statement& s, config::VirtualAddress& address, std::size_t at) {
    const net::Prefix& prefix = address.prefix;
    if (prefix.address.is_v4() && (s.arg(at) == "+" || s.arg(at) == "-")) {
        const std::uint32_t hosts = prefix.length == 32 ? 0 : UINT32_MAX >> prefix.length;
        const std::uint32_t last = s.arg(at) == "+" ? hosts : 0;
        address.broadcast = net::IpAddress::v4(net::Be32(prefix.network().as_v4().host() | last));
        return true;
    }
    address.broadcast = net::IpAddress::parse(s.arg(at));
    if (address.broadcast && address.broadcast->is_v4() && address.prefix.address.is_v4())
        return true;
    s.warn(syntax::in_quotes(s.arg(at)) + " is no IPv4 broadcast address" + left_out(s));
    return false;
}

bool take_peer(Statement& s, config::VirtualAddress& address, std::size_t at) {
    address.peer = net::Prefix::parse(s.arg(at));
    if (address.peer && address.peer->address.is_v4() == address.prefix.address.is_v4())
        return true;
    s.warn(syntax::in_quotes(s.arg(at)) + " is no address of a peer" + left_out(s));
    return false;
}

bool take_preferred_lft(Statement& s, config::VirtualAddress& address, std::size_t at) {
    if (s.arg(at) == "forever") {
        address.preferred_lft = std::numeric_limits<std::uint32_t>::max();
        return true;
    }
    std::uint32_t seconds = 0;
    if (!s.number(0, std::numeric_limits<std::uint32_t>::max() - 1, seconds, at)) return false;
    address.preferred_lft = seconds;
    return true;
}

template <bool config::VirtualAddress::*flag, bool value = true>
bool take_flag(Statement&, config::VirtualAddress& address, std::size_t) {
    address.*flag = value;
    return true;
}

bool leave_out(Statement& s, config::VirtualAddress&, std::size_t at) {
    s.ignore(s.arg(at - 1), "there is no kernel interface with the virtual MAC");
    return true;
}

constexpr AddressOption address_options[] = {
    {"dev", true,
     [](Statement& s, config::VirtualAddress& a, std::size_t at) {
         return s.interface(a.device, at);
     }},
    {"label", true, take_label},
    {"scope", true, take_scope},
    {"brd", true, take_broadcast},
    {"broadcast", true, take_broadcast},
    {"peer", true, take_peer},
    {"preferred_lft", true, take_preferred_lft},
    {"track_group", true,
     [](Statement& s, config::VirtualAddress& a, std::size_t at) {
         a.track_group = s.arg(at);
         return true;
     }},
    {"home", false, take_flag<&config::VirtualAddress::home>},
    {"-nodad", false, take_flag<&config::VirtualAddress::nodad, false>},
    {"mngtmpaddr", false, take_flag<&config::VirtualAddress::mngtmpaddr>},
    {"noprefixroute", false, take_flag<&config::VirtualAddress::noprefixroute>},
    {"autojoin", false, take_flag<&config::VirtualAddress::autojoin>},
    {"no_track", false, take_flag<&config::VirtualAddress::is_tracked, false>},
    {"use_vmac", false, leave_out},
};

}  // namespace

std::optional<net::Prefix> read_prefix(Statement& s) {
    const std::string& text = s.node.keyword();
    auto prefix = net::Prefix::parse(text);
    if (prefix) return prefix;
    prefix = net::Prefix::parse(text.substr(0, text.find('/')));
    if (prefix)
        s.warn("the prefix length of " + syntax::in_quotes(text) +
               " is none: " + std::to_string(prefix->length) + " is taken, as in keepalived");
    return prefix;
}

// keepalived leaves out a word that it does not know, and the address where a value is none.
bool read_address_options(Statement& s, config::VirtualAddress& address) {
    for (std::size_t i = 0; i < s.args(); ++i) {
        const std::string& word = s.arg(i);
        const auto option =
            std::find_if(std::begin(address_options), std::end(address_options),
                         [&](const AddressOption& candidate) { return candidate.word == word; });
        if (option == std::end(address_options)) {
            s.warn(syntax::in_quotes(word) + " after the address " +
                   syntax::in_quotes(s.node.keyword()) + " is unknown and left out, as in " +
                   "keepalived" +
                   (net::Prefix::parse(word) ? ": an address needs a line of its own" : ""));
            continue;
        }
        if (option->takes_value && i + 1 == s.args()) {
            s.warn(syntax::in_quotes(word) + " needs a value" + left_out(s));
            return false;
        }
        if (!option->take(s, address, i + 1)) return false;
        if (option->takes_value) ++i;
    }
    return true;
}

}  // namespace warren::schema
