// SPDX-License-Identifier: BSD-3-Clause
#include "syntax/lines.h"

#include <algorithm>
#include <cctype>
#include <utility>

namespace warren::syntax {
namespace {

bool is_blank(char c) {
    return std::isspace(static_cast<unsigned char>(c)) != 0;
}

bool is_quote(char c) {
    return c == '"' || c == '\'';
}

bool is_comment_sign(char c) {
    return c == '#' || c == '!';
}

// As in lines that a shell script was to write. keepalived runs what stands between them.
bool begins_escaped_quote(std::string_view text) {
    return text.size() > 1 && text.front() == '\\' && is_quote(text[1]);
}

bool is_name(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

// Length of the name at the front of `text`; 0 if there is none. Names do not start with a digit.
std::size_t name_length(std::string_view text) {
    if (text.empty() || std::isdigit(static_cast<unsigned char>(text.front())) != 0) return 0;
    return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_name) -
                                    text.begin());
}

struct Reference {
    std::string_view name;
    std::size_t length = 0;  // of the whole reference, '$' included
};

// The reference at the front of `text`, which begins with '$'.
std::optional<Reference> reference_at(std::string_view text) {
    const bool braced = text.size() > 1 && text[1] == '{';
    const std::size_t start = braced ? 2 : 1;
    const std::size_t length = name_length(text.substr(start));
    if (length == 0) return std::nullopt;
    const std::size_t end = start + length;
    if (braced) {
        if (end == text.size() || text[end] != '}') return std::nullopt;
        return Reference{text.substr(start, length), end + 1};
    }
    if (end < text.size() && !is_blank(text[end])) return std::nullopt;
    return Reference{text.substr(start, length), end};
}

std::string_view front_of(std::string_view text, std::string_view digits) {
    return text.substr(0, std::min(text.find_first_not_of(digits), text.size()));
}

unsigned digit_of(char c) {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    return static_cast<unsigned>((c | 0x20) - 'a') + 10;
}

struct Escape {
    char meant;
    std::size_t length;  // of what stands behind the backslash
};

// The digits at the front as one octet: of a longer number the lowest eight bits, as in keepalived.
Escape number_at(std::string_view digits, unsigned base, std::size_t skipped) {
    unsigned value = 0;
    for (const char c : digits)
        value = value * base + digit_of(c);
    return {static_cast<char>(value & 0xff), skipped + digits.size()};
}

// keepalived.conf(5), "Quoted strings": \n and its like, \nnn in octal, \xXX with any number of
// digits, \cC for a control character; any other character is itself.
Escape escape_at(std::string_view text) {
    constexpr std::string_view from = "abEfnrtv";
    constexpr std::string_view to = "\a\b\033\f\n\r\t\v";
    const char c = text.front();
    if (const std::size_t at = from.find(c); at != std::string_view::npos) return {to[at], 1};
    if (const auto octal = front_of(text.substr(0, 3), "01234567"); !octal.empty())
        return number_at(octal, 8, 0);
    if (const auto hex = front_of(text.substr(1), "0123456789abcdefABCDEF");
        c == 'x' && !hex.empty())
        return number_at(hex, 16, 1);
    if (c == 'c' && text.size() > 1) return {static_cast<char>(text[1] & 0x1f), 2};
    return {c, 1};
}

// Takes words apart, one character after the other.
class Splitter {
  public:
    Tokens split(std::string_view line) {
        for (std::size_t i = 0; i < line.size(); ++i)
            i += step(line.substr(i));
        end_word();
        tokens_.unterminated_quote = quote_ != 0;
        return std::move(tokens_);
    }

  private:
    // Handles the character at the front and says how many more it used up.
    std::size_t step(std::string_view rest) {
        const char c = rest.front();
        if (quote_ != 0) return step_quoted(rest);
        if (begins_escaped_quote(rest)) {
            is_escaped_ = true;
            quote_ = rest[1];
            in_word_ = true;
            return 1;
        }
        if (is_quote(c)) {
            quote_ = c;
            in_word_ = true;
            return 0;
        }
        if (c == '$') {
            const auto reference = reference_at(rest);
            add(reference ? rest.substr(0, reference->length) : rest.substr(0, 1));
            return reference ? reference->length - 1 : 0;
        }
        if (is_blank(c)) {
            end_word();
        } else if (c == '{' || c == '}') {
            end_word();
            tokens_.tokens.push_back({c == '{' ? Token::Kind::open : Token::Kind::close, {}});
        } else {
            add(rest.substr(0, 1));
        }
        return 0;
    }

    std::size_t step_quoted(std::string_view rest) {
        const bool ends = begins_escaped_quote(rest) && rest[1] == quote_;
        if (is_escaped_ ? ends : rest.front() == quote_) {
            const std::size_t more = is_escaped_ ? 1 : 0;
            quote_ = 0;
            is_escaped_ = false;
            return more;
        }
        if (rest.front() == '\\' && rest.size() > 1) {
            const Escape escape = escape_at(rest.substr(1));
            word_ += escape.meant;
            return escape.length;
        }
        word_ += rest.front();
        return 0;
    }

    void add(std::string_view text) {
        word_ += text;
        in_word_ = true;
    }

    void end_word() {
        if (in_word_) tokens_.tokens.push_back({Token::Kind::word, std::exchange(word_, {})});
        in_word_ = false;
    }

    Tokens tokens_;
    std::string word_;
    bool in_word_ = false;
    char quote_ = 0;
    bool is_escaped_ = false;  // it began as \", and ends so
};

}  // namespace

bool begins_sequence(std::string_view line) {
    return line.starts_with("~SEQ(") || line.starts_with("~SEQx(") || line.starts_with("~LST(");
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && is_blank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back()))
        text.remove_suffix(1);
    return text;
}

std::string_view without_comment(std::string_view line) {
    char quote = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (quote != 0) {
            if (c == '\\') ++i;
            if (c == quote) quote = 0;
        } else if (begins_escaped_quote(line.substr(i))) {
            ++i;
        } else if (is_quote(c)) {
            quote = c;
        } else if (is_comment_sign(c) ||
                   (c == '\\' && i + 1 < line.size() && is_comment_sign(line[i + 1]))) {
            return line.substr(0, i);
        }
    }
    return line;
}

Tokens split_tokens(std::string_view line) {
    return Splitter().split(line);
}

std::optional<Definitions::Definition> Definitions::parse(std::string_view line) {
    if (line.empty() || line.front() != '$') return std::nullopt;
    const std::size_t length = name_length(line.substr(1));
    if (length == 0 || length + 1 == line.size() || line[length + 1] != '=') return std::nullopt;
    return Definition{std::string(line.substr(1, length)),
                      std::string(trim(line.substr(length + 2)))};
}

bool Definitions::is_spaced_definition(std::string_view line) {
    if (line.empty() || line.front() != '$') return false;
    return trim(line.substr(1 + name_length(line.substr(1)))).starts_with('=');
}

bool Definitions::set(std::string name, std::string value) {
    if (values_.size() >= max_entries_ && !values_.contains(name)) return false;
    values_.insert_or_assign(std::move(name), std::move(value));
    return true;
}

std::optional<std::string> Definitions::expand(std::string_view text,
                                               std::vector<std::string>& unknown) {
    if (text.find('$') == std::string_view::npos) return std::string(text);
    std::string out;
    if (!expand_into(text, 0, out, unknown)) return std::nullopt;
    return out;
}

bool Definitions::charge(std::size_t bytes) {
    if (bytes > bytes_left_) return false;
    bytes_left_ -= bytes;
    return true;
}

bool Definitions::expand_into(std::string_view text, std::size_t depth, std::string& out,
                              std::vector<std::string>& unknown) {
    // Charging for what is read bounds the work even where nothing is written.
    if (depth > max_depth_ || !charge(text.size())) return false;
    while (!text.empty()) {
        const std::size_t plain = std::min(text.find('$'), text.size());
        out += text.substr(0, plain);
        text.remove_prefix(plain);
        if (text.empty()) break;
        const auto reference = reference_at(text);
        const std::size_t length = reference ? reference->length : 1;
        const auto value = reference ? values_.find(reference->name) : values_.end();
        if (value == values_.end()) {
            if (reference) unknown.emplace_back(reference->name);
            out += text.substr(0, length);
        } else if (value->second.find('\n') != std::string::npos ||
                   begins_sequence(trim(value->second))) {
            // Several lines: each is expanded when it is read, after definitions among them.
            if (!charge(value->second.size())) return false;
            out += value->second;
        } else if (!expand_into(value->second, depth + 1, out, unknown)) {
            return false;
        }
        text.remove_prefix(length);
    }
    return true;
}

}  // namespace warren::syntax
