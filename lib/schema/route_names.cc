// SPDX-License-Identifier: BSD-3-Clause
#include "schema/route_names.h"

#include <charconv>

#include "syntax/lines.h"

namespace warren::schema {
namespace {

struct BuiltIn {
    RouteNames::Kind kind;
    const char* name;
    std::uint32_t number;
};
using Kind = RouteNames::Kind;
constexpr BuiltIn built_in[] = {
    {Kind::table, "default", 253}, {Kind::table, "main", 254},
    {Kind::table, "local", 255},   {Kind::protocol, "redirect", 1},
    {Kind::protocol, "kernel", 2}, {Kind::protocol, "boot", 3},
    {Kind::protocol, "static", 4}, {Kind::protocol, "ra", 9},
    {Kind::protocol, "zebra", 11}, {Kind::protocol, "bird", 12},
    {Kind::protocol, "dhcp", 16},  {Kind::protocol, "keepalived", 18},
    {Kind::protocol, "babel", 42}, {Kind::scope, "global", 0},
    {Kind::scope, "universe", 0},  {Kind::scope, "site", 200},
    {Kind::scope, "link", 253},    {Kind::scope, "host", 254},
    {Kind::scope, "nowhere", 255}, {Kind::group, "default", 0},
};

const char* file_of(Kind kind) {
    constexpr const char* files[] = {"rt_tables",  "rt_protos", "rt_scopes",
                                     "rt_dsfield", "rt_realms", "group"};
    return files[static_cast<std::size_t>(kind)];
}

// "254 main", one a line, '#' before a comment.
template <typename Add>
void read_names(const std::string& text, Add add) {
    std::string_view rest = text;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        const std::string_view line = syntax::trim(rest.substr(0, std::min(end, rest.find('#'))));
        rest.remove_prefix(std::min(end + 1, rest.size()));
        const std::size_t blank = line.find_first_of(" \t");
        if (blank == std::string_view::npos) continue;
        if (const auto number = parse_any_number(line.substr(0, blank)))
            add(syntax::trim(line.substr(blank)), static_cast<std::uint32_t>(*number));
    }
}

}  // namespace

std::optional<std::uint64_t> parse_any_number(std::string_view text) {
    const bool hex = text.starts_with("0x") || text.starts_with("0X");
    if (hex) text.remove_prefix(2);
    std::uint64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [at, fault] = std::from_chars(text.data(), end, value, hex ? 16 : 10);
    if (fault != std::errc{} || at != end) return std::nullopt;
    return value;
}

std::optional<std::uint32_t> RouteNames::find(Kind kind, const std::string& word,
                                              std::uint32_t most) {
    std::optional<std::uint64_t> number = parse_any_number(word);
    if (!number) {
        const Names& names = of(kind);
        if (const auto at = names.find(word); at != names.end()) number = at->second;
    }
    if (!number || *number > most) return std::nullopt;
    return static_cast<std::uint32_t>(*number);
}

// The operator's file says the last word.
const RouteNames::Names& RouteNames::of(Kind kind) {
    const auto [at, is_new] = known_.try_emplace(kind);
    Names& names = at->second;
    if (!is_new) return names;
    for (const BuiltIn& entry : built_in)
        if (entry.kind == kind) names.emplace(entry.name, entry.number);
    for (const char* folder : {"/usr/share/iproute2/", "/etc/iproute2/"})
        if (const auto text =
                !read_ ? std::nullopt : read_(std::string(folder) + file_of(kind)).text)
            read_names(*text, [&](std::string_view name, std::uint32_t number) {
                names.insert_or_assign(std::string(name), number);
            });
    return names;
}

}  // namespace warren::schema
