// SPDX-License-Identifier: BSD-3-Clause
#include "schema/keywords.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <utility>

#include "config/support.h"
#include "syntax/near_words.h"

namespace warren::schema {
namespace {

constexpr std::size_t max_diagnostics = 200;
constexpr std::size_t max_ignored = 1'000;
constexpr std::size_t max_interface_name = 15;  // IFNAMSIZ - 1

// "+5" is 5, as in keepalived.
std::string_view without_plus(std::string_view text) {
    const bool has_plus = text.size() > 1 && text[0] == '+' && text[1] != '-';
    return has_plus ? text.substr(1) : text;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
    text = without_plus(text);
    std::int64_t value = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (fault != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

bool is_same_word(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
        return std::tolower(x) == std::tolower(y);
    });
}

std::optional<std::int64_t> parse_seconds(std::string_view text) {
    text = without_plus(text);
    constexpr std::size_t max_whole_digits = 9;
    const std::size_t dot = std::min(text.find('.'), text.size());
    const std::string_view whole = text.substr(0, dot);
    const std::string_view fraction = dot < text.size() ? text.substr(dot + 1) : "";
    const auto digits = [](std::string_view part) {
        return std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
    };
    if (whole.size() + fraction.size() == 0 || !digits(whole) || !digits(fraction) ||
        whole.size() > max_whole_digits)
        return std::nullopt;
    std::int64_t ns = 0;
    for (const char c : whole)
        ns = ns * 10 + (c - '0');
    for (std::size_t i = 0; i < 9; ++i)
        ns = ns * 10 + (i < fraction.size() ? fraction[i] - '0' : 0);
    return ns;
}

std::string format_seconds(std::int64_t ns) {
    std::string fraction = std::to_string(ns % config::ns_per_s);
    fraction.insert(0, 9 - fraction.size(), '0');
    while (!fraction.empty() && fraction.back() == '0')
        fraction.pop_back();
    const std::string whole = std::to_string(ns / config::ns_per_s);
    return fraction.empty() ? whole : whole + "." + fraction;
}

void SchemaContext::report(const syntax::Location& where, syntax::Severity severity,
                           std::string message) {
    if (diagnostics.size() < max_diagnostics)
        diagnostics.push_back({where, severity, std::move(message)});
}

void SchemaContext::refuse(const syntax::Location& where, std::string message) {
    if (open.empty() || !open.back()->is_lenient()) return error(where, std::move(message));
    report(where, syntax::Severity::warning, std::move(message) + ": it is left out");
}

std::optional<std::int64_t> Statement::integer(std::int64_t low, std::int64_t high, std::size_t i,
                                               std::string_view what, bool is_needed) {
    const std::optional<std::int64_t> value = parse_integer(arg(i));
    if (value && *value >= low && *value <= high) return value;
    const std::string text = subject(what) + " must be a whole number from " + std::to_string(low) +
                             " to " + std::to_string(high) + ", not " + syntax::in_quotes(arg(i));
    is_needed ? error(text) : refuse(text);
    return std::nullopt;
}

bool Statement::is_below(std::int64_t low) const {
    return parse_integer(arg(0)).value_or(low) < low;
}

bool Statement::out_of_range(std::int64_t low, std::int64_t high, const std::string& instead,
                             std::size_t i, std::string_view what) {
    const std::optional<std::int64_t> value = parse_integer(arg(i));
    if (!value || (*value >= low && *value <= high)) return false;
    warn(subject(what) + " must be from " + std::to_string(low) + " to " + std::to_string(high) +
         ", not " + syntax::in_quotes(arg(i)) + ": " + instead + ", as in keepalived");
    return true;
}

bool Statement::number_or_none(std::int64_t low, std::int64_t high, std::optional<int>& out,
                               std::size_t i, std::string_view what) {
    if (out_of_range(low, high, "it is left out", i, what)) return true;
    int value = 0;
    if (!number(low, high, value, i, what)) return false;
    out = value;
    return true;
}

std::string Statement::subject(std::string_view what) const {
    return (what.empty() ? "" : "the " + std::string(what) + " of ") +
           syntax::in_quotes(node.keyword());
}

bool Statement::seconds(std::int64_t low_ns, std::int64_t high_ns, std::int64_t& out_ns) {
    const std::optional<std::int64_t> value = parse_seconds(arg(0));
    if (value && *value >= low_ns && *value <= high_ns) {
        out_ns = *value;
        return true;
    }
    refuse(syntax::in_quotes(node.keyword()) + " must be from " + format_seconds(low_ns) + " to " +
           format_seconds(high_ns) + " seconds, not " + syntax::in_quotes(arg(0)));
    return false;
}

bool Statement::seconds(std::int64_t low_ns, std::int64_t high_ns,
                        std::optional<std::int64_t>& out_ns) {
    std::int64_t value_ns = 0;
    if (!seconds(low_ns, high_ns, value_ns)) return false;
    out_ns = value_ns;
    return true;
}

void Statement::seconds_or_default(std::int64_t low_ns, std::int64_t high_ns,
                                   std::int64_t& out_ns) {
    const std::optional<std::int64_t> value = parse_seconds(arg(0));
    if (value && *value >= low_ns && *value <= high_ns)
        out_ns = *value;
    else
        warn(syntax::in_quotes(node.keyword()) + " must be from " + format_seconds(low_ns) +
             " to " + format_seconds(high_ns) + " seconds, not " + syntax::in_quotes(arg(0)) +
             ": " + format_seconds(out_ns) + " is taken, as in keepalived");
}

bool Statement::boolean(bool& out) {
    if (args() == 0) {
        out = true;
        return true;
    }
    const std::string& word = arg(0);
    if (word == "0" || word == "1") {
        warn(syntax::in_quotes(node.keyword()) + " is on or off: " + syntax::in_quotes(word) +
             " is read as " + (word == "1" ? "on" : "off"));
        out = word == "1";
        return true;
    }
    const bool on = word == "on" || word == "true" || word == "yes";
    if (!on && word != "off" && word != "false" && word != "no") {
        refuse(syntax::in_quotes(node.keyword()) + " is on or off, not " + syntax::in_quotes(word));
        return false;
    }
    out = on;
    return true;
}

bool Statement::boolean(std::optional<bool>& out) {
    bool value = false;
    if (!boolean(value)) return false;
    out = value;
    return true;
}

// keepalived says nothing of a prefix length where none belongs.
bool Statement::address(net::IpAddress& out, std::size_t i) {
    const std::optional<net::Prefix> value = net::Prefix::parse(arg(i));
    if (value) {
        if (arg(i).find('/') != std::string::npos)
            warn(syntax::in_quotes(arg(i)) + ": the prefix length is left out");
        out = value->address;
        return true;
    }
    refuse(syntax::in_quotes(arg(i)) + " is no IP address");
    return false;
}

bool Statement::address(std::optional<net::IpAddress>& out) {
    net::IpAddress value;
    if (!address(value)) return false;
    out = value;
    return true;
}

bool Statement::interface(std::string& out, std::size_t i) {
    const std::string& name = arg(i);
    if (name.empty() || name.size() > max_interface_name ||
        name.find_first_of("/ \t") != std::string::npos) {
        error(syntax::in_quotes(name) + " is no interface name (1 to 15 characters)");
        return false;
    }
    out = name;
    return true;
}

void Statement::script(std::optional<config::Script>& out) {
    out = config::Script{where(), arg(0), args() > 1 ? arg(1) : "", args() > 2 ? arg(2) : ""};
}

std::string Statement::joined_args() const {
    std::string all;
    for (std::size_t i = 0; i < args(); ++i)
        all.append(i == 0 ? "" : " ").append(arg(i));
    return all;
}

void BlockReader::read(const std::vector<syntax::Node>& nodes) {
    context_.open.push_back(this);
    for (const bool blocks : {false, true})
        for (const syntax::Node& node : nodes)
            if (node.has_block == blocks && !context_.misplaced) read_statement(node);
    context_.open.pop_back();
}

bool BlockReader::knows(std::string_view word) const {
    const auto named = [&](const auto& item) { return item.name == word; };
    return std::any_of(entries_.begin(), entries_.end(), named) ||
           std::any_of(ignored_.begin(), ignored_.end(), named) ||
           config::find_unserved(kind_, word) != nullptr;
}

bool BlockReader::is_lenient() const {
    constexpr std::string_view lenient[] = {
        "global_defs",    "vrrp_instance",  "vrrp_sync_group",
        "vrrp_script",    "track_file",     "vrrp_track_process",
        "bfd_instance",   "authentication", "track_group",
        "virtual_server", "real_server",    "TCP_CHECK",
        "HTTP_GET",       "SSL_GET",        "url",
        "MISC_CHECK",     "SMTP_CHECK",     "host",
        "DNS_CHECK",      "PING_CHECK",     "UDP_CHECK",
        "FILE_CHECK",     "BFD_CHECK"};
    return std::find(std::begin(lenient), std::end(lenient), kind_) != std::end(lenient);
}

BlockReader::Entry* BlockReader::find(std::string_view word) {
    const auto found = std::find_if(entries_.begin(), entries_.end(),
                                    [&](const Entry& e) { return e.name == word; });
    return found == entries_.end() ? nullptr : &*found;
}

void BlockReader::read_statement(const syntax::Node& node) {
    const std::string& word = node.keyword();
    if (Entry* entry = find(word)) {
        Statement statement(context_, node);
        return apply(*entry, statement);
    }
    if (const config::UnservedKeyword* unserved = config::find_unserved(kind_, word))
        return context_.report(
            node.where, unserved->severity,
            syntax::in_quotes(word) +
                (unserved->severity == syntax::Severity::error ? " is not supported yet: "
                                                               : " is not served yet: ") +
                std::string(unserved->meaning));
    for (const IgnoredKeyword& ignored : ignored_) {
        if (ignored.name != word) continue;
        if (context_.ignored.size() < max_ignored)
            context_.ignored.push_back({node.where, word, std::string(ignored.reason)});
        return;
    }
    if (!read_stray(node)) report_unknown(node);
}

bool BlockReader::read_stray(const syntax::Node& node) {
    for (const StrayKeyword& stray : strays_) {
        if (stray.name != node.keyword()) continue;
        Statement statement(context_, node);
        statement.warn(syntax::in_quotes(stray.name) + " is called " +
                       syntax::in_quotes(stray.meant) + " " + place() + ": it is read as that");
        apply(*find(stray.meant), statement);
        return true;
    }
    return false;
}

void BlockReader::apply(Entry& entry, Statement& statement) {
    const std::string name = syntax::in_quotes(entry.name);
    if (statement.args() < entry.min_args)
        return statement.error(
            name + (entry.min_args == 1 ? " needs a value"
                                        : " needs " + std::to_string(entry.min_args) + " values"));
    if (statement.args() > entry.max_args) {
        const std::string& surplus = statement.arg(entry.max_args);
        statement.warn(syntax::in_quotes(surplus) + " after " + name + " is ignored" +
                       (knows(surplus) ? ": a statement ends with its line, so it needs one of "
                                         "its own"
                                       : ""));
    }
    const bool wants_block = entry.block == BlockUse::required;
    if (wants_block != statement.node.has_block)
        return statement.error(name + (wants_block ? " needs a block: '{' is missing"
                                                   : " takes no block: '{' is not expected here"));
    if (entry.seen && entry.repeat == Repeat::first)
        return statement.warn(name +
                              " is given more than once: the first one counts, as in "
                              "keepalived");
    if (entry.seen && entry.repeat == Repeat::no)
        statement.warn(name + " is given more than once: the last one counts");
    entry.seen = true;
    entry.set(statement);
}

std::string BlockReader::place() const {
    return kind_.empty() ? "outside of a block" : "in " + kind_;
}

void BlockReader::report_unknown(const syntax::Node& node) {
    const std::string& word = node.keyword();
    for (std::size_t i = context_.open.size() - 1; i-- > 0;)
        if (context_.open[i]->knows(word)) return report_misplaced(node, *context_.open[i]);
    for (const BlockReader* inner : inner_)
        if (inner->knows(word)) return report_misplaced(node, *inner);
    const std::string best = nearest(word);
    if (!best.empty()) context_.mistyped.push_back({opened_, best});
    context_.error(node.where,
                   "unknown keyword " + syntax::in_quotes(word) + " " + place() +
                       (best.empty() ? "" : ", did you mean " + syntax::in_quotes(best) + "?"));
}

// A keyword of another block: where braces do not match, the first such keyword shows where it went
// wrong, and everything after it would be noise.
void BlockReader::report_misplaced(const syntax::Node& node, const BlockReader& owner) {
    std::string message = syntax::in_quotes(node.keyword()) + " does not belong " + place();
    if (!context_.unbalanced) {
        message += ", but " + owner.place();
    } else if (kind_.empty()) {
        message += ": a '}' before it closes the " + owner.kind() + " too early";
    } else {
        message += ": the '}' of the " + kind_ + " opened at " + opened_.to_string() +
                   " is missing before it";
    }
    context_.misplaced = context_.unbalanced;
    context_.error(node.where, std::move(message));
}

std::string BlockReader::nearest(std::string_view word) const {
    syntax::NearWord near(word);
    for (const Entry& entry : entries_)
        near.consider(entry.name);
    for (const IgnoredKeyword& ignored : ignored_)
        near.consider(ignored.name);
    return near.best();
}

}  // namespace warren::schema
