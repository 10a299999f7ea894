// SPDX-License-Identifier: BSD-3-Clause
#include "syntax/document.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "syntax/lines.h"
#include "syntax/random_numbers.h"
#include "syntax/secrets.h"
#include "syntax/sequences.h"

namespace warren::syntax {
namespace {

constexpr std::size_t max_diagnostics = 100;

// The next physical line of `text`, without its end; `text` moves on.
std::string_view take_line(std::string_view& text) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
}

// What a line says, without comment, blanks and the backslash at its end. In a definition one that
// ends a comment counts as well; behind a word, if no blank follows it: as in keepalived 2.2.7.
struct PhysicalLine {
    explicit PhysicalLine(std::string_view line) : text(trim(without_comment(line))) {
        if (line.ends_with('\r')) line.remove_suffix(1);
        comment_continues = (text.empty() ? trim(line) : line).ends_with('\\');
        continues = text.ends_with('\\');
        if (continues) text.remove_suffix(1);
    }
    bool is_continued(bool in_definition) const {
        return continues || (in_definition && comment_continues);
    }

    std::string_view text;
    bool continues = false, comment_continues = false;
};

// `include` and its variants; the others insist that something is found.
struct Include {
    std::string pattern;
    bool must_exist = false;
};

// One word, whose braces are the pattern's unless it is in quotes: conf.d/{a,b}.conf
std::optional<std::string> include_path(std::string_view rest) {
    const bool is_plain = rest.find_first_of(" \t\"'\\") == std::string_view::npos;
    if (is_plain && rest.find(',') != std::string_view::npos) return std::string(rest);
    const Tokens split = split_tokens(rest);
    if (split.tokens.size() != 1 || split.tokens[0].kind != Token::Kind::word) return std::nullopt;
    return split.tokens[0].text;
}

std::optional<Include> parse_include(std::string_view line) {
    if (!line.starts_with("include")) return std::nullopt;
    const std::string_view keyword = line.substr(0, line.find_first_of(" \t\"'"));
    const std::optional<std::string> path = include_path(trim(line.substr(keyword.size())));
    if (!path) return std::nullopt;
    const bool variant =
        keyword.size() == 8 && std::string_view("rwmba").find(keyword[7]) != std::string_view::npos;
    if (keyword != "include" && !variant) return std::nullopt;
    return Include{*path, variant};
}

// Any other path is read as it stands, and says itself why it cannot be.
bool is_pattern(std::string_view path) {
    return path.find_first_of("*?[{\\") != std::string_view::npos;
}

class DocumentReader {
  public:
    DocumentReader(const FileReader& read, const LoadOptions& options, const DocumentLimits& limits)
        : read_(read),
          options_(options),
          limits_(limits),
          random_(options.random_seed),
          definitions_(limits.definitions, limits.substitution_depth, limits.substituted_bytes) {
        definitions_.set("_INSTANCE", options.config_id);
        definitions_.set("_HASH", "#");
        definitions_.set("_BANG", "!");
    }

    Document run(const std::string& file_name) {
        open_.emplace_back();  // the file itself
        read_file(file_name, true);
        end_statement();
        for (std::size_t i = open_.size(); i-- > 1;)
            report_unclosed(open_[i]);
        while (open_.size() > 1)
            close_block();
        document_.nodes = std::move(open_.front().children);
        document_.truncated = stopped_ || document_.files.empty();
        return std::move(document_);
    }

  private:
    // ---- files

    void read_file(const std::string& path, bool must_exist) {
        const Location from = here_;
        const auto name = std::make_shared<const std::string>(path);
        if (here_.line == 0) here_ = {name, 0};
        if (std::find(including_.begin(), including_.end(), path) != including_.end())
            return error("includes itself: " + in_quotes(path));
        if (including_.size() > limits_.include_depth)
            return stop("includes are nested deeper than " + std::to_string(limits_.include_depth));
        if (++files_read_ > limits_.files)
            return stop("more than " + std::to_string(limits_.files) + " files are included");
        const FileText file = read_(path);
        const std::optional<std::string>& text = file.text;
        if (!text) return report_unreadable(path, file.reason, must_exist);
        total_bytes_ += text->size();
        if (text->size() > limits_.file_bytes || total_bytes_ > limits_.total_bytes)
            return stop(in_quotes(path) + " is too large for a configuration");
        if (std::find(document_.files.begin(), document_.files.end(), path) ==
            document_.files.end())
            document_.files.push_back(path);
        including_.push_back(path);
        enter_directory();
        here_ = {name, 0};
        read_lines(*text);
        including_.pop_back();
        last_ = here_;
        if (!including_.empty()) {
            enter_directory();
            here_ = from;
        }
    }

    void report_unreadable(const std::string& path, const std::string& reason, bool must_exist) {
        const std::string why = reason.empty() ? "" : ": " + reason;
        if (must_exist) return error("cannot read " + in_quotes(path) + why);
        report(Severity::warning,
               "cannot read " + in_quotes(path) + ", which is included here" + why);
    }

    void enter_directory() {
        const auto parent = std::filesystem::path(including_.back()).parent_path();
        definitions_.set("_PWD", parent.empty() ? "." : parent.string());
    }

    void include(const Include& what) {
        end_statement();
        const std::filesystem::path pattern(what.pattern);
        const auto folder = std::filesystem::path(including_.back()).parent_path();
        const std::string full = (folder / pattern).lexically_normal().string();
        std::vector<std::string> paths{full};
        if (options_.expand && is_pattern(full)) paths = options_.expand(full);
        if (paths.empty()) report_unreadable(full, "no file matches it", what.must_exist);
        for (const std::string& path : paths)
            if (!stopped_) read_file(path, what.must_exist);
    }

    // ---- lines

    void read_lines(std::string_view text) {
        if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
        while (!text.empty() && !stopped_) {
            PhysicalLine line(take_line(text));
            ++here_.line;
            std::string whole(line.text);
            const bool is_definition =
                Definitions::parse(without_conditions(whole).value_or("")).has_value();
            unsigned continued = 0;
            while (line.is_continued(is_definition) && !text.empty()) {
                line = PhysicalLine(take_line(text));
                ++continued;
                // A definition keeps its lines, for anything else a continued line is one line.
                whole += is_definition ? '\n' : ' ';
                whole += line.text;
            }
            read_line(whole, 0);
            here_.line += continued;
        }
    }

    // Strips `@id` and `@^id`; nothing if one of them excludes the line.
    std::optional<std::string_view> without_conditions(std::string_view line) const {
        line = trim(line);
        while (line.starts_with('@')) {
            const std::size_t end = std::min(line.find_first_of(" \t\n"), line.size());
            std::string_view id = line.substr(1, end - 1);
            const bool negated = id.starts_with('^');
            if (negated) id.remove_prefix(1);
            if ((id == options_.config_id) == negated) return std::nullopt;
            line = trim(line.substr(end));
        }
        return line;
    }

    void read_line(std::string_view raw, std::size_t depth) {
        const auto line = without_conditions(raw);
        if (!line || line->empty() || stopped_) return;
        if (auto definition = Definitions::parse(*line)) {
            if (!definitions_.set(std::move(definition->name), std::move(definition->value)))
                stop("more than " + std::to_string(limits_.definitions) + " definitions");
            return;
        }
        if (begins_sequence(*line)) return read_sequence(*line, depth);
        if (Definitions::is_spaced_definition(*line))
            return error("a definition is written $NAME=VALUE, without a blank before the '='");
        std::vector<std::string> unknown;
        const std::optional<std::string> expanded = definitions_.expand(*line, unknown);
        if (!expanded || depth > limits_.substitution_depth)
            return stop("the definitions used here refer to themselves or grow too long");
        std::erase(unknown, "_RANDOM");  // not a definition, and not unknown
        for (const std::string& name : unknown)
            report(Severity::warning, "$" + name + " is not defined and stays as it is");
        if (begins_sequence(trim(*expanded))) return read_line(*expanded, depth + 1);
        if (expanded->find('\n') == std::string::npos) return read_expanded(*expanded);
        for (std::string_view rest = *expanded; !rest.empty() && !stopped_;)
            read_line(take_line(rest), depth + 1);
    }

    // A comment sign that a definition brought, ${_HASH} too, begins a comment nevertheless, as in
    // keepalived 2.2.7.
    void read_expanded(std::string_view expanded) {
        const std::string_view rest = without_comment(expanded);
        if (rest.size() != expanded.size() && !trim(rest).empty())
            report(Severity::warning, "what a definition brought begins a comment here: " +
                                          in_quotes(expanded.substr(rest.size())) +
                                          ", as in keepalived; put it into quotes");
        read_statements(rest);
    }

    // The rest of the line, once for each round.
    void read_sequence(std::string_view line, std::size_t depth) {
        const std::size_t head_length = sequence_head_length(line);
        std::vector<std::string> unknown;
        const auto head =
            definitions_.expand(with_braced_names(line.substr(0, head_length)), unknown);
        if (!head || depth > limits_.substitution_depth)
            return stop("~SEQ and ~LST are nested too deeply here");
        const std::size_t left = limits_.nodes - std::min(rounds_, limits_.nodes);
        const auto sequence = parse_sequence(*head, line.substr(head_length), left);
        if (!sequence)
            return error(in_quotes(*head) +
                         " is no sequence: ~SEQ(NAME, START, STEP, END) or ~LST(NAME, A, B), "
                         "of at most " +
                         std::to_string(left) + " values");
        rounds_ += sequence->rounds.size();
        for (const std::vector<std::string>& values : sequence->rounds) {
            for (std::size_t i = 0; i < values.size(); ++i)
                if (!definitions_.set(sequence->names[i], values[i]))
                    return stop("more than " + std::to_string(limits_.definitions) +
                                " definitions");
            repeated_bytes_ += sequence->rest.size();
            if (repeated_bytes_ > limits_.total_bytes)
                return stop("the sequences of this file grow too long");
            if (!stopped_) read_line(sequence->rest, depth + 1);
        }
    }

    void read_random(std::string_view line) {
        const std::string drawn = random_.put_into(line);
        if (drawn == line) return error("a random number is ${_RANDOM [MIN [MAX]]}");
        report(Severity::warning,
               "the random number stays the same until a restart: " + in_quotes(trim(drawn)));
        read_statements(drawn);
    }

    void read_statements(std::string_view expanded) {
        const auto line = without_conditions(expanded);
        if (!line) return;
        if (line->find("${_RANDOM") != std::string_view::npos) return read_random(*line);
        if (line->find("${_") != std::string_view::npos)
            return error(
                "only ${_PWD}, ${_INSTANCE}, ${_HASH}, ${_BANG} and ${_RANDOM [MIN [MAX]]} are "
                "supported");
        if (const auto what = parse_include(*line)) return include(*what);
        Tokens split = split_tokens(*line);
        if (split.unterminated_quote) error("the quote opened in this line is not closed");
        for (Token& token : split.tokens) {
            if (stopped_) return;
            if (token.kind == Token::Kind::word) words_.push_back(std::move(token.text));
            if (token.kind == Token::Kind::open) open_block();
            if (token.kind == Token::Kind::close) end_block();
        }
        end_statement();
    }

    // ---- tree

    void end_statement() {
        if (words_.empty()) return;
        if (++nodes_ > limits_.nodes)
            return stop("more than " + std::to_string(limits_.nodes) + " statements");
        Node node;
        node.where = here_;
        node.words = std::exchange(words_, {});
        open_.back().children.push_back(std::move(node));
    }

    void open_block() {
        end_statement();
        std::vector<Node>& siblings = open_.back().children;
        const bool named = !siblings.empty() && !siblings.back().has_block;
        if (open_.size() > limits_.block_depth)
            return stop("blocks are nested deeper than " + std::to_string(limits_.block_depth));
        Node node;
        if (named) {
            node = std::move(siblings.back());
            siblings.pop_back();
        } else {
            error("a '{' without a keyword before it");
            node.where = here_;
        }
        node.has_block = true;
        open_.push_back(std::move(node));
    }

    void end_block() {
        end_statement();
        if (open_.size() == 1) return report_extra();
        close_block();
    }

    void close_block() {
        Node node = std::move(open_.back());
        open_.pop_back();
        if (!node.words.empty()) open_.back().children.push_back(std::move(node));
    }

    void report_extra() {
        if (document_.braces.size() < max_diagnostics)
            document_.braces.push_back(
                {here_, Severity::error, "a '}' without a block that it could close"});
    }

    void report_unclosed(const Node& node) {
        if (stopped_ || node.words.empty()) return;
        std::string name = node.keyword();
        if (node.words.size() > 1) name += " " + node.words[1];
        document_.braces.push_back({node.where, Severity::error,
                                    "the block " + in_quotes(name) +
                                        " opened here is never closed: a '}' is missing before "
                                        "the end of the file (" +
                                        last_.to_string() + ")"});
    }

    // ---- messages

    void report(Severity severity, std::string message) {
        if (document_.diagnostics.size() < max_diagnostics)
            document_.diagnostics.push_back({here_, severity, std::move(message)});
    }
    void error(std::string message) { report(Severity::error, std::move(message)); }
    // Ends reading: what follows would be noise.
    void stop(std::string message) {
        if (document_.diagnostics.size() >= max_diagnostics) document_.diagnostics.pop_back();
        error(std::move(message));
        stopped_ = true;
        words_.clear();
    }

    const FileReader& read_;
    const LoadOptions& options_;
    const DocumentLimits& limits_;
    RandomNumbers random_;
    Definitions definitions_;
    Document document_;
    std::vector<std::string> including_;  // the files being read, the outermost first
    Location here_;
    Location last_;                   // where the last file ended
    std::vector<std::string> words_;  // of the statement being read
    std::vector<Node> open_;          // blocks being read, the outermost first
    std::size_t files_read_ = 0;
    std::size_t total_bytes_ = 0;
    std::size_t nodes_ = 0;
    std::size_t rounds_ = 0;          // of all sequences
    std::size_t repeated_bytes_ = 0;  // that they have made of their lines
    bool stopped_ = false;
};

bool needs_quotes(std::string_view word) {
    return word.empty() || word.starts_with("include") || word.starts_with('\xef') ||
           word.find_first_of(" \t\n\v\f\r\"'{}#!\\$@~") != std::string_view::npos;
}

void write_word(std::string_view word, std::string& out) {
    if (!needs_quotes(word)) {
        out += word;
        return;
    }
    out += '"';
    for (const char c : word) {
        if (c == '"' || c == '\\') out += '\\';
        if (c == '\n') {
            out += "\\n";
        } else {
            out += c;
        }
        if (c == '$') out += "\"\"";  // keeps what follows from reading as a definition's name
    }
    out += '"';
}

std::string statement(const Node& node) {
    std::string out;
    for (const std::string& word : without_secrets(node.words)) {
        if (!out.empty()) out += ' ';
        write_word(word, out);
    }
    return out;
}

void write_nodes(const std::vector<Node>& nodes, std::size_t depth, std::vector<TextLine>& out) {
    const std::string indent(depth * 4, ' ');
    for (const Node& node : nodes) {
        out.push_back({indent + statement(node) + (node.has_block ? " {" : ""), node.where});
        write_nodes(node.children, depth + 1, out);
        if (node.has_block) out.push_back({indent + "}", node.where});
    }
}

}  // namespace

Document read_document(std::string_view file_name, const FileReader& read,
                       const LoadOptions& options, const DocumentLimits& limits) {
    return DocumentReader(read, options, limits).run(std::string(file_name));
}

std::vector<TextLine> to_lines(const std::vector<Node>& nodes) {
    std::vector<TextLine> out;
    write_nodes(nodes, 0, out);
    return out;
}

std::string to_text(const std::vector<Node>& nodes) {
    std::string out;
    for (const TextLine& line : to_lines(nodes))
        out += line.text + '\n';
    return out;
}

std::string in_quotes(std::string_view word) {
    constexpr std::size_t longest = 64;
    std::string out = "'";
    for (const char c : word.substr(0, longest))
        out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
    if (word.size() > longest) out += "...";
    return out + "'";
}

}  // namespace warren::syntax
