// SPDX-License-Identifier: BSD-3-Clause
#include "syntax/line_changes.h"

#include <algorithm>
#include <cstddef>

namespace warren::syntax {
namespace {

std::size_t indent_of(const TextLine& line) {
    return std::min(line.text.find_first_not_of(' '), line.text.size());
}

bool opens(const TextLine& line) {
    return line.text.ends_with(" {");
}

// Where what begins at `from` is over.
std::size_t end_of(LineSpan lines, std::size_t from) {
    if (!opens(lines[from])) return from + 1;
    const std::size_t indent = indent_of(lines[from]);
    std::size_t end = from + 1;
    while (end < lines.size() && indent_of(lines[end]) > indent)
        ++end;
    return std::min(end + 1, lines.size());  // with its '}'
}

// Names may be as long as paths: they are compared last.
bool is_same_place(const Location& a, const Location& b) {
    return a.line == b.line && (a.file == b.file || (a.file && b.file && *a.file == *b.file));
}

// A statement of a block, and what stands in its own block.
struct Part {
    LineSpan lines;
    bool matched = false;

    std::string_view statement() const {
        const std::string_view text = lines.front().text;
        const std::string_view bare = text.substr(indent_of(lines.front()));
        return opens(lines.front()) ? bare.substr(0, bare.size() - 2) : bare;
    }
    std::string_view keyword() const { return statement().substr(0, statement().find(' ')); }
    std::string_view arguments() const {
        const std::string_view all = statement();
        return all.substr(std::min(all.find(' ') + 1, all.size()));
    }
};

std::vector<Part> parts_of(LineSpan block) {
    std::vector<Part> parts;
    if (block.empty() || !opens(block.front())) return parts;
    for (std::size_t at = 1; at + 1 < block.size();) {
        const std::size_t end = end_of(block, at);
        parts.push_back({block.subspan(at, end - at)});
        at = end;
    }
    return parts;
}

bool is_same(const Part& a, const Part& b) {
    return std::equal(a.lines.begin(), a.lines.end(), b.lines.begin(), b.lines.end(),
                      [](const TextLine& x, const TextLine& y) { return x.text == y.text; });
}

class Comparison {
  public:
    explicit Comparison(std::vector<LineChange>& out) : out_(out) {}

    // `path`: the statements around it, "TCP_CHECK: ".
    void run(LineSpan before, LineSpan after, const std::string& path) {
        std::vector<Part> old_parts = parts_of(before), new_parts = parts_of(after);
        match(old_parts, new_parts, is_same, [](const Part&, const Part&) {});
        match(
            old_parts, new_parts,
            [](const Part& a, const Part& b) {
                return a.lines.size() > 1 && a.statement() == b.statement();
            },
            [&](const Part& a, const Part& b) {
                run(a.lines, b.lines, path + std::string(a.statement()) + ": ");
            });
        match(
            old_parts, new_parts,
            [](const Part& a, const Part& b) {
                return a.lines.size() == 1 && b.lines.size() == 1 && a.keyword() == b.keyword();
            },
            [&](const Part& a, const Part& b) {
                say(path, b,
                    std::string(b.keyword()) + " " + std::string(a.arguments()) + " -> " +
                        std::string(b.arguments()));
            });
        say_unmatched(old_parts, path, " removed");
        say_unmatched(new_parts, path, " added");
    }

  private:
    template <typename Same, typename Told>
    static void match(std::vector<Part>& before, std::vector<Part>& after, const Same& same,
                      const Told& told) {
        for (Part& b : after) {
            if (b.matched) continue;
            const auto a = std::find_if(before.begin(), before.end(), [&](const Part& part) {
                return !part.matched && same(part, b);
            });
            if (a == before.end()) continue;
            a->matched = b.matched = true;
            told(*a, b);
        }
    }
    void say_unmatched(const std::vector<Part>& parts, const std::string& path, const char* what) {
        for (const Part& part : parts)
            if (!part.matched) say(path, part, std::string(part.statement()) + what);
    }
    void say(const std::string& path, const Part& part, const std::string& what) {
        const std::string text = path + what;
        out_.push_back({text.substr(0, text.find_first_of(" :")),
                        text + " (" + part.lines.front().where.to_string() + ")"});
    }

    std::vector<LineChange>& out_;
};

}  // namespace

LineSpan block_at(LineSpan lines, const Location& where) {
    for (std::size_t i = 0; i < lines.size(); ++i)
        if (is_same_place(lines[i].where, where)) return lines.subspan(i, end_of(lines, i) - i);
    return {};
}

LineSpan block_of(LineSpan lines, std::string_view keyword) {
    for (std::size_t i = 0; i < lines.size(); ++i)
        if (lines[i].text.starts_with(keyword) &&
            lines[i].text.find(' ', keyword.size()) == keyword.size())
            return lines.subspan(i, end_of(lines, i) - i);
    return {};
}

std::vector<LineChange> changes_between(LineSpan before, LineSpan after) {
    std::vector<LineChange> changes;
    Comparison(changes).run(before, after, "");
    return changes;
}

}  // namespace warren::syntax
