// SPDX-License-Identifier: BSD-3-Clause
#include "schema/policy_words.h"

#include "syntax/document.h"

namespace warren::schema {

void PolicyWords::refuse(std::string_view reason) {
    if (!refused_) warn(std::string(reason) + ": this " + std::string(what_) + " is left out");
    refused_ = true;
}

void PolicyWords::warn(std::string message) {
    context_.report(node_.where, syntax::Severity::warning, std::move(message));
}

const std::string& PolicyWords::missing() {
    static const std::string nothing;
    refuse("after " + syntax::in_quotes(node_.words.back()) + " something is missing");
    return nothing;
}

const std::string& PolicyWords::next() {
    return at_end() ? missing() : node_.words[at_++];
}

bool PolicyWords::skip(std::string_view word) {
    const bool is_next = !at_end() && node_.words[at_] == word;
    if (is_next) ++at_;
    return is_next;
}

std::uint32_t PolicyWords::number(std::uint32_t most) {
    const std::string& word = next();
    const auto value = parse_any_number(word);
    if (value && *value <= most) return static_cast<std::uint32_t>(*value);
    refuse(syntax::in_quotes(word) + " is no number from 0 to " + std::to_string(most));
    return 0;
}

std::uint32_t PolicyWords::number_or_name(RouteNames::Kind kind, std::uint32_t most) {
    const std::string& what = node_.words[at_ == 0 ? 0 : at_ - 1];
    const std::string& word = next();
    if (const auto value = context_.names.find(kind, word, most)) return *value;
    refuse(syntax::in_quotes(word) + " is no " + what);
    return 0;
}

std::uint32_t PolicyWords::realms() {
    const std::string& word = next();
    const std::size_t slash = word.find('/');
    const auto part = [&](const std::string& text) {
        const auto realm = context_.names.find(RouteNames::Kind::realm, text, 255);
        if (!realm) refuse(syntax::in_quotes(word) + " names no realms");
        return realm.value_or(0);
    };
    if (slash == std::string::npos) return part(word);
    return part(word.substr(0, slash)) << 16 | part(word.substr(slash + 1));
}

net::IpAddress PolicyWords::address() {
    if (skip("inet")) expect(false);
    if (skip("inet6")) expect(true);
    const std::string& word = next();
    const auto address = net::IpAddress::parse(word);
    if (!address) {
        refuse(syntax::in_quotes(word) + " is no address");
        return {};
    }
    expect(!address->is_v4());
    return *address;
}

net::Prefix PolicyWords::prefix() {
    const std::string& word = next();
    if (word == "default" || word == "all" || word == "any") return {};
    if (word == "default6") {
        expect(true);
        return {};
    }
    const auto prefix = net::Prefix::parse(word);
    if (!prefix) {
        refuse(syntax::in_quotes(word) + " is unknown here");
        return {};
    }
    expect(!prefix->address.is_v4());
    return *prefix;
}

std::string PolicyWords::interface() {
    constexpr std::size_t longest = 15;  // IFNAMSIZ - 1
    const std::string& word = next();
    if (word.size() > longest) refuse(syntax::in_quotes(word) + " is no interface's name");
    return word;
}

void PolicyWords::expect(bool v6) {
    if (v6_.value_or(v6) != v6) refuse("IPv4 and IPv6 do not go together");
    v6_ = v6;
}

}  // namespace warren::schema
