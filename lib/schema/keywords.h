// SPDX-License-Identifier: BSD-3-Clause
// What the keyword tables are made of. A table says which keywords a block takes, how many values
// each has and how they are stored; BlockReader walks a block's statements with it and reports what
// is not in it.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "schema/route_names.h"
#include "syntax/document.h"

namespace warren::schema {

class BlockReader;

// "wlc" and "WLC": names of our own tables, in whatever letters people write them.
bool is_same_word(std::string_view a, std::string_view b);

// Collects while the tree is read.
struct SchemaContext {
    syntax::Diagnostics diagnostics;
    std::vector<syntax::Ignored> ignored;
    bool unbalanced = false;  // the document has a missing or extra '}' somewhere
    bool misplaced = false;   // a keyword stood where only a missing or early '}' can have put it
    RouteNames names;
    // Of rules that say none, by family: downwards.
    std::array<std::uint32_t, 2> free_rule_priorities{16'384, 16'384};
    std::vector<const BlockReader*> open;  // the blocks being read, the outermost first
    // What an unknown keyword was probably meant to be, and where its block begins.
    struct Mistyped {
        syntax::Location block;
        std::string meant;
    };
    std::vector<Mistyped> mistyped;

    void report(const syntax::Location& where, syntax::Severity severity, std::string message);
    // Of a value that is none, in a block of keepalived's: a warning, and the default stays, as
    // there. Elsewhere an error.
    void refuse(const syntax::Location& where, std::string message);
    void error(const syntax::Location& where, std::string message) {
        report(where, syntax::Severity::error, std::move(message));
    }
};

// A keyword with its values. The readers store and return true, or report and leave the target
// alone.
class Statement {
  public:
    Statement(SchemaContext& in, const syntax::Node& of) : context(in), node(of) {}

    std::size_t args() const { return node.words.size() - 1; }
    const std::string& arg(std::size_t i) const { return node.words[i + 1]; }
    const syntax::Location& where() const { return node.where; }

    // `what`: which of the statement's values this is, "port", if it has several.
    template <typename Number>
    bool number(std::int64_t low, std::int64_t high, Number& out, std::size_t i = 0,
                std::string_view what = {}) {
        const std::optional<std::int64_t> value = integer(low, high, i, what);
        if (value) out = static_cast<Number>(*value);
        return value.has_value();
    }
    // What there is nothing without.
    template <typename Number>
    void needed_number(std::int64_t low, std::int64_t high, Number& out) {
        if (const std::optional<std::int64_t> value = integer(low, high, 0, {}, true))
            out = static_cast<Number>(*value);
    }
    // As keepalived takes a number: one out of range is warned about, and `instead` is taken.
    template <typename Number>
    bool number_or(std::int64_t low, std::int64_t high, std::int64_t instead, Number& out,
                   std::size_t i = 0, std::string_view what = {}) {
        if (!out_of_range(low, high, std::to_string(instead) + " is taken", i, what))
            return number(low, high, out, i, what);
        out = static_cast<Number>(instead);
        return true;
    }
    // The same, and what is out of range is left out.
    bool number_or_none(std::int64_t low, std::int64_t high, std::optional<int>& out, std::size_t i,
                        std::string_view what);
    // The same with the nearest number of the range.
    template <typename Number>
    bool number_near(std::int64_t low, std::int64_t high, Number& out) {
        return number_or(low, high, is_below(low) ? low : high, out);
    }
    // Decimal seconds; the bounds are in nanoseconds.
    bool seconds(std::int64_t low_ns, std::int64_t high_ns, std::int64_t& out_ns);
    bool seconds(std::int64_t low_ns, std::int64_t high_ns, std::optional<std::int64_t>& out_ns);
    // As keepalived: what is no such number is warned about, and what was there stays.
    void seconds_or_default(std::int64_t low_ns, std::int64_t high_ns, std::int64_t& out_ns);
    bool boolean(bool& out);  // no value means true
    bool boolean(std::optional<bool>& out);
    bool address(net::IpAddress& out, std::size_t i = 0);
    bool address(std::optional<net::IpAddress>& out);
    bool interface(std::string& out, std::size_t i = 0);
    void script(std::optional<config::Script>& out);  // COMMAND [USER [GROUP]]
    std::string joined_args() const;
    // What is wrong with a word that is none of them, and `out` stays; else nothing.
    template <typename Enum, std::size_t N>
    std::string take_choice(const std::pair<std::string_view, Enum> (&choices)[N], Enum& out) {
        std::string names;
        for (const auto& [name, value] : choices) {
            if (is_same_word(name, arg(0))) {
                out = value;
                return {};
            }
            names.append(names.empty() ? "" : ", ").append(name);
        }
        return syntax::in_quotes(node.keyword()) + " is one of " + names + ", not " +
               syntax::in_quotes(arg(0));
    }
    template <typename Enum, std::size_t N>
    bool choice(const std::pair<std::string_view, Enum> (&choices)[N], Enum& out) {
        const std::string wrong = take_choice(choices, out);
        if (!wrong.empty()) error(wrong);
        return wrong.empty();
    }

    void error(std::string message) { context.error(where(), std::move(message)); }
    void refuse(std::string message) { context.refuse(where(), std::move(message)); }
    void warn(std::string message) {
        context.report(where(), syntax::Severity::warning, std::move(message));
    }
    void ignore(std::string keyword, std::string reason) {
        context.ignored.push_back({where(), std::move(keyword), std::move(reason)});
    }

    SchemaContext& context;
    const syntax::Node& node;

  private:
    bool is_below(std::int64_t low) const;
    bool out_of_range(std::int64_t low, std::int64_t high, const std::string& instead,
                      std::size_t i, std::string_view what);
    std::string subject(std::string_view what) const;
    std::optional<std::int64_t> integer(std::int64_t low, std::int64_t high, std::size_t i,
                                        std::string_view what, bool is_needed = false);
};

enum class BlockUse { none, required };
enum class Repeat { no, yes, first };  // first: further ones are left out
inline constexpr unsigned any_number = std::numeric_limits<unsigned>::max();

template <typename Target>
struct Keyword {
    std::string_view name;
    unsigned min_args;
    unsigned max_args;
    void (*set)(Statement&, Target&);
    BlockUse block = BlockUse::none;
    Repeat repeat = Repeat::no;
};

// A keyword of another block that is read as one of this block's.
struct StrayKeyword {
    std::string_view name;
    std::string_view meant;
};

struct IgnoredKeyword {
    std::string_view name;
    std::string_view reason;
};

class BlockReader {
  public:
    // `kind` is the block's keyword, "" for the file itself; `opened` where it begins.
    BlockReader(SchemaContext& context, std::string_view kind, syntax::Location opened)
        : context_(context), kind_(kind), opened_(std::move(opened)) {}

    template <typename Target, std::size_t N>
    BlockReader& keywords(const Keyword<Target> (&table)[N], Target& target) {
        for (const Keyword<Target>& k : table)
            entries_.push_back({k.name, k.min_args, k.max_args, k.block, k.repeat,
                                [set = k.set, &target](Statement& s) { set(s, target); }});
        return *this;
    }
    BlockReader& ignore(std::span<const IgnoredKeyword> table) {
        ignored_.insert(ignored_.end(), table.begin(), table.end());
        return *this;
    }
    BlockReader& take_strays(std::span<const StrayKeyword> table) {
        strays_ = table;
        return *this;
    }
    // A block that stands in this one, to say where a misplaced keyword belongs.
    BlockReader& contains(const BlockReader& inner) {
        inner_.push_back(&inner);
        return *this;
    }
    // Plain statements first, blocks after them: a block may depend on its surroundings' values.
    void read(const std::vector<syntax::Node>& nodes);

    bool knows(std::string_view word) const;
    // A block of keepalived's: a value that is none is left out, as there.
    bool is_lenient() const;
    const std::string& kind() const { return kind_; }
    const syntax::Location& opened() const { return opened_; }

  private:
    struct Entry {
        std::string_view name;
        unsigned min_args;
        unsigned max_args;
        BlockUse block;
        Repeat repeat;
        std::function<void(Statement&)> set;
        bool seen = false;
    };

    Entry* find(std::string_view word);
    void read_statement(const syntax::Node& node);
    bool read_stray(const syntax::Node& node);
    void apply(Entry& entry, Statement& statement);
    void report_unknown(const syntax::Node& node);
    void report_misplaced(const syntax::Node& node, const BlockReader& owner);
    std::string nearest(std::string_view word) const;
    std::string place() const;

    SchemaContext& context_;
    std::string kind_;
    syntax::Location opened_;
    std::vector<Entry> entries_;
    std::vector<IgnoredKeyword> ignored_;
    std::span<const StrayKeyword> strays_;
    std::vector<const BlockReader*> inner_;
};

// Decimal seconds as nanoseconds; nothing if it is no such number or does not fit.
std::optional<std::int64_t> parse_seconds(std::string_view text);
std::string format_seconds(std::int64_t ns);

}  // namespace warren::schema
