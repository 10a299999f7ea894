// SPDX-License-Identifier: BSD-3-Clause
#include "views/config_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <span>
#include <utility>

namespace warren::views {
namespace {

using Statements = std::vector<std::pair<const char*, std::string>>;

std::string in_seconds(std::int64_t ns) {
    return fmt::format("{}", static_cast<double>(ns) / 1e9);
}

Statements statements_of(const config::VrrpInstance& instance) {
    return {{"version", std::to_string(instance.version)},
            {"priority", std::to_string(instance.priority)},
            {"advert_int", in_seconds(instance.advert_int_ns)},
            {"preempt_delay", in_seconds(instance.preempt_delay_ns)},
            {"garp_master_delay", in_seconds(instance.garp.master_delay_ns)},
            {"garp_master_repeat", std::to_string(instance.garp.master_repeat)},
            {"garp_master_refresh", in_seconds(instance.garp.master_refresh_ns)}};
}

Statements statements_of(const config::VirtualServer& service) {
    return {
        {"lb_algo", config::to_text(service.lb_algo)},
        {"lb_kind", config::to_text(service.lb_kind)},
        {"protocol", config::to_text(service.protocol)},
        {"delay_loop",
         in_seconds(service.timing.delay_loop_ns.value_or(config::usual_delay_loop_ns))},
        {"connect_timeout",
         in_seconds(service.timing.connect_timeout_ns.value_or(config::usual_connect_timeout_ns))},
        {"quorum", std::to_string(service.quorum)},
        {"hysteresis", std::to_string(service.hysteresis)},
        {"establish_timeout", in_seconds(service.establish_timeout_ns)}};
}

Statements statements_of(const config::RealServer& server) {
    return {{"weight", std::to_string(server.weight)}};
}

Statements statements_of(const config::Dataplane& plane) {
    return {{"workers", std::to_string(plane.workers)},
            {"flows", std::to_string(plane.flows)},
            {"idle", plane.idle == config::Idle::busy ? "busy" : "adaptive"},
            {"host_addresses", plane.host_addresses ? "on" : "off"}};
}

bool is_at(const syntax::Location& a, const syntax::Location& b) {
    return a.line == b.line && a.file && b.file && *a.file == *b.file;
}

// What stands there may be several things, of a virtual_server_group: they are alike.
Statements statements_at(const config::Config& config, const syntax::Location& where) {
    for (const config::VrrpInstance& instance : config.vrrp_instances)
        if (is_at(instance.where, where)) return statements_of(instance);
    for (const config::VirtualServer& service : config.virtual_servers) {
        if (is_at(service.where, where)) return statements_of(service);
        for (const config::RealServer& server : service.real_servers)
            if (is_at(server.where, where)) return statements_of(server);
    }
    return is_at(config.dataplane.where, where) ? statements_of(config.dataplane) : Statements{};
}

std::size_t indent_of(const syntax::TextLine& line) {
    return std::min(line.text.find_first_not_of(' '), line.text.size());
}

// Whether the block that begins there has a statement of that keyword.
bool has_statement(std::span<const syntax::TextLine> block, std::string_view keyword) {
    const std::size_t outside = indent_of(block.front());
    for (const syntax::TextLine& line : block.subspan(1)) {
        const std::size_t indent = indent_of(line);
        if (indent <= outside) return false;
        const std::string_view said = std::string_view(line.text).substr(indent);
        if (indent == outside + 4 && said.substr(0, said.find(' ')) == keyword) return true;
    }
    return false;
}

Json defaults_of(const config::Config& config, std::span<const syntax::TextLine> block) {
    Json left_out = Json::array();
    for (const auto& [keyword, value] : statements_at(config, block.front().where))
        if (!has_statement(block, keyword)) left_out.push_back(keyword + (" " + value));
    return left_out;
}

Json config_row(const syntax::TextLine& line) {
    return {{"text", line.text},
            {"file", line.where.file ? Json(*line.where.file) : Json()},
            {"line", line.where.line}};
}

}  // namespace

std::string config_page(const std::vector<syntax::TextLine>& lines, const config::Config& config,
                        std::string_view cursor) {
    constexpr std::string_view with_defaults = "defaults";
    const std::string prefix(cursor.starts_with(with_defaults) ? with_defaults : "");
    cursor.remove_prefix(prefix.size());
    std::size_t number = 0;
    std::from_chars(cursor.data(), cursor.data() + cursor.size(), number);
    Page page("config");
    for (; number < lines.size(); ++number) {
        Json row = config_row(lines[number]);
        if (!prefix.empty() && lines[number].text.ends_with('{'))
            row["defaults"] = defaults_of(config, std::span(lines).subspan(number));
        if (!page.add(row)) return page.finish(prefix + std::to_string(number));
    }
    return page.finish(std::nullopt);
}

namespace {

void add_some(std::vector<Json>& rows, const char* what, const std::vector<std::string>& texts,
              std::size_t most, const char* where_all_are) {
    for (std::size_t i = 0; i < std::min(texts.size(), most); ++i)
        rows.push_back({{what, texts[i].substr(0, longest_reload_step)}});
    if (texts.size() > most)
        rows.push_back(
            {{what, "and " + std::to_string(texts.size() - most) + " more: " + where_all_are}});
}

}  // namespace

std::vector<Json> reload_rows(const ReloadTold& told, bool is_rehearsal) {
    const auto& [steps, warnings, refusal] = told;
    std::vector<Json> rows;
    add_some(rows, "warning", warnings, most_reload_warnings,
             "`warren --config NEW --check` names all");
    add_some(rows, "step", steps, most_reload_steps,
             "`warren --config NEW --dry-run OLD` names all");
    const std::string good = is_rehearsal ? "it could be taken up" : "reloaded";
    const std::string outcome =
        !refusal.empty() ? refusal.substr(0, longest_refusal) + "; the running configuration stays"
        : steps.empty()  ? "nothing changes"
                         : good;
    rows.push_back({{"outcome", outcome}, {"refused", !refusal.empty()}});
    return rows;
}

}  // namespace warren::views
