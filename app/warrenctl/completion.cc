// SPDX-License-Identifier: BSD-3-Clause
#include "completion.h"

#include <algorithm>
#include <array>
#include <exception>
#include <stdexcept>
#include <string_view>

#include "asking/telemetry.h"
#include "rows/fields.h"

namespace warren::ctl {
namespace {

constexpr std::size_t most_names = 1'000;
constexpr std::array<std::string_view, 23> flags{
    "-j",        "--json", "-W",       "--wide", "--no-color",   "--no-pager", "-h",    "--help",
    "--version", "-f",     "--follow", "--wait", "--diff",       "--dry-run",  "--all", "--watch",
    "--force",   "--back", "-y",       "--yes",  "--then-reset", "--defaults", "--"};

struct Values {
    std::string_view option;
    std::array<const char*, 8> words;
};
constexpr std::array known_values{
    Values{"--level", {"info", "warning", "error"}},
    Values{"--output", {"text", "json", "jsonl", "csv", "name"}},
    Values{"-o", {"text", "json", "jsonl", "csv", "name"}},
    Values{"--sort", {"idle", "age", "client", "server", "active", "new", "refused", "bytes"}},
    Values{"--by", {"cause", "server", "service", "client"}}};

bool takes_value(const std::string& word) {
    return word.starts_with('-') && word.find('=') == std::string::npos &&
           std::find(flags.begin(), flags.end(), word) == flags.end();
}

Words without_options(const Words& words) {
    Words plain;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (takes_value(words[i]))
            ++i;
        else if (!words[i].starts_with('-'))
            plain.push_back(words[i]);
    }
    return plain;
}

Words values_of(const std::string& option) {
    for (const Values& known : known_values)
        if (known.option == option) {
            Words words;
            for (const char* word : known.words)
                if (word != nullptr) words.emplace_back(word);
            return words;
        }
    return {};
}

// Names in place of what stands for them.
Words resolved(const Words& words, const NamesOf& names) {
    Words all;
    for (const std::string& word : words) {
        if (word != any_server && word != any_service && word != any_router) {
            all.push_back(word);
            continue;
        }
        const Words live = names(word);
        all.insert(all.end(), live.begin(), live.end());
    }
    return all;
}

Words candidates(const Words& before, const std::string& begun, const NamesOf& names) {
    const Words plain = without_options(before);
    if (!before.empty() && takes_value(before.back()))
        return !plain.empty() && plain[0] == "support" ? Words{} : values_of(before.back());
    if (begun.starts_with('-')) return options_of(plain.empty() ? "" : plain[0]);
    return resolved(next_words(plain), names);
}

}  // namespace

Words completions(const Words& before, const std::string& begun, const NamesOf& names) {
    Words all = candidates(before, begun, names);
    std::erase_if(all, [&](const std::string& word) { return !word.starts_with(begun); });
    return all;
}

Words words_of_line(const std::string& line) {
    Words words;
    char quote = '\0';
    bool is_in_word = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (quote == '\0' && (c == ' ' || c == '\t')) {
            is_in_word = false;
            continue;
        }
        if (!is_in_word) words.emplace_back();
        is_in_word = true;
        const bool is_escape = c == '\\' && quote != '\'' && i + 1 < line.size();
        if (is_escape)
            words.back() += line[++i];
        else if (quote == '\0' && (c == '"' || c == '\''))
            quote = c;
        else if (c == quote)
            quote = '\0';
        else
            words.back() += c;
    }
    if (quote != '\0') throw std::invalid_argument(std::string("a ") + quote + " is open");
    return words;
}

NamesOf names_of_instance(const std::string& instance) {
    return [instance](const std::string& kind) {
        const bool is_server = kind == any_server, is_router = kind == any_router;
        Words names;
        try {
            Telemetry telemetry(instance);
            for (const Json& row : telemetry.rows(is_server   ? "servers_short"
                                                  : is_router ? "vrrp"
                                                              : "services",
                                                  {}, most_names))
                names.push_back(text(row, is_server ? "server" : is_router ? "name" : "service"));
        } catch (const std::exception&) {  // who completes is told nothing
        }
        std::sort(names.begin(), names.end());
        names.erase(std::unique(names.begin(), names.end()), names.end());
        return names;
    };
}

}  // namespace warren::ctl
