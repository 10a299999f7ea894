// SPDX-License-Identifier: BSD-3-Clause
// The definitions of what can be tracked: vrrp_script, track_file, vrrp_track_process; and when a
// link counts as changed.
#include <algorithm>

#include "schema/schema.h"

namespace warren::schema {
namespace {

// keepalived counts whole seconds here and takes 1 for 0.
void set_positive(Statement& s, std::int64_t& ns) {
    if (s.arg(0).find_first_not_of('0') == std::string::npos) {
        s.warn(syntax::in_quotes(s.node.keyword()) +
               " must be more than 0: 1 is taken, as in keepalived");
        ns = config::ns_per_s;
        return;
    }
    s.seconds(10 * config::ns_per_ms, config::ns_per_day, ns);
}

constexpr Keyword<config::VrrpScript> script_keywords[] = {
    {"script", 1, any_number,
     [](Statement& s, config::VrrpScript& v) {
         v.script.where = s.where();
         v.script.command = s.joined_args();
     }},
    {"interval", 1, 1, [](Statement& s, config::VrrpScript& v) { set_positive(s, v.interval_ns); }},
    {"timeout", 1, 1, [](Statement& s, config::VrrpScript& v) { set_positive(s, v.timeout_ns); }},
    {"weight", 1, 2, [](Statement& s, config::VrrpScript& v) { read_own_weight(s, 253, v); }},
    {"rise", 1, 1,
     [](Statement& s, config::VrrpScript& v) { s.number_near(1, 1'000'000, v.rise); }},
    {"fall", 1, 1,
     [](Statement& s, config::VrrpScript& v) { s.number_near(1, 1'000'000, v.fall); }},
    {"user", 1, 2,
     [](Statement& s, config::VrrpScript& v) {
         v.script.user = s.arg(0);
         v.script.group = s.args() > 1 ? s.arg(1) : "";
     }},
    {"init_fail", 0, 0, [](Statement&, config::VrrpScript& v) { v.init_fail = true; }},
};

// init_file [VALUE] [overwrite]
void read_init_file(Statement& s, config::TrackFile& f) {
    f.init = config::TrackFile::Init::create;
    for (std::size_t i = 0; i < s.args(); ++i) {
        if (s.arg(i) == "overwrite")
            f.init = config::TrackFile::Init::overwrite;
        else
            s.number(-(std::int64_t{1} << 31), (std::int64_t{1} << 31) - 1, f.init_value, i);
    }
}

constexpr Keyword<config::TrackFile> file_keywords[] = {
    {"file", 1, 1, [](Statement& s, config::TrackFile& f) { f.file = s.arg(0); }},
    {"weight", 1, 2, [](Statement& s, config::TrackFile& f) { read_own_weight(s, 254, f); }},
    {"init_file", 0, 2, read_init_file},
};

constexpr std::int64_t longest_delay_ns = config::ns_per_hour;

void read_process(Statement& s, config::TrackProcess& p) {
    p.process = s.arg(0);
    p.params.assign(s.node.words.begin() + 2, s.node.words.end());
    if (p.params.empty()) return;
    p.full_command = true;
    if (p.param_match == config::TrackProcess::Match::none)
        p.param_match = config::TrackProcess::Match::exact;
}

void read_param_match(Statement& s, config::TrackProcess& p) {
    constexpr std::pair<std::string_view, config::TrackProcess::Match> names[] = {
        {"initial", config::TrackProcess::Match::initial},
        {"partial", config::TrackProcess::Match::partial}};
    p.full_command = true;
    p.param_match = config::TrackProcess::Match::exact;
    if (s.args() > 0) s.choice(names, p.param_match);
}

constexpr Keyword<config::TrackProcess> process_keywords[] = {
    {"process", 1, any_number, read_process},
    {"param_match", 0, 1, read_param_match},
    {"weight", 1, 2, [](Statement& s, config::TrackProcess& p) { read_own_weight(s, 254, p); }},
    {"quorum", 1, 1,
     [](Statement& s, config::TrackProcess& p) {
         unsigned quorum = 0;
         if (s.number(1, 65'535, quorum)) p.quorum = quorum;
     }},
    {"quorum_max", 1, 1,
     [](Statement& s, config::TrackProcess& p) { s.number(0, 65'535, p.quorum_max); }},
    {"delay", 1, 1,
     [](Statement& s, config::TrackProcess& p) {
         if (s.seconds(0, longest_delay_ns, p.fork_delay_ns))
             p.terminate_delay_ns = p.fork_delay_ns;
     }},
    {"fork_delay", 1, 1,
     [](Statement& s, config::TrackProcess& p) {
         s.seconds(0, longest_delay_ns, p.fork_delay_ns);
     }},
    {"terminate_delay", 1, 1,
     [](Statement& s, config::TrackProcess& p) {
         s.seconds(0, longest_delay_ns, p.terminate_delay_ns);
     }},
    {"full_command", 0, 0, [](Statement&, config::TrackProcess& p) { p.full_command = true; }},
};

bool read_delay(const Statement& s, std::size_t i, std::int64_t& ns) {
    const std::optional<std::int64_t> value = parse_seconds(s.arg(i));
    ns = value.value_or(0);
    return value && *value <= 255 * config::ns_per_s;
}

template <typename Definition, std::size_t N>
Definition read_definition(Statement& s, const char* kind,
                           const Keyword<Definition> (&keywords)[N]) {
    Definition definition;
    definition.where = s.where();
    definition.name = s.arg(0);
    BlockReader(s.context, kind, s.where()).keywords(keywords, definition).read(s.node.children);
    return definition;
}

// As keepalived: a definition without what it is about is none.
bool lacks(Statement& s, const std::string& value, const std::string& name, const char* what) {
    if (!value.empty() || s.context.misplaced) return false;
    s.warn("the " + s.node.keyword() + " " + syntax::in_quotes(name) + " has no " + what +
           ": it is left out, as in keepalived");
    return true;
}

}  // namespace

void read_vrrp_script(Statement& s, config::Config& config) {
    config::VrrpScript script = read_definition(s, "vrrp_script", script_keywords);
    if (lacks(s, script.script.command, script.name, "script")) return;
    config.vrrp_scripts.push_back(std::move(script));
}

void read_track_file(Statement& s, config::Config& config) {
    config::TrackFile file = read_definition(s, "track_file", file_keywords);
    if (lacks(s, file.file, file.name, "file")) return;
    config.track_files.push_back(std::move(file));
}

// INTERFACE DOWN [UP], one a line. As in keepalived a line that is wrong is left out.
void read_link_delays(Statement& s, config::Config& config) {
    for (const syntax::Node& child : s.node.children) {
        Statement entry(s.context, child);
        config::LinkDelay delay{.where = child.where, .interface = child.keyword()};
        const bool both = entry.args() == 2;
        if (child.has_block || entry.args() < 1 || entry.args() > 2 ||
            !read_delay(entry, 0, delay.down_ns) || !read_delay(entry, both ? 1 : 0, delay.up_ns))
            entry.warn(
                "after an interface come the seconds, 0 to 255, that it must have been down "
                "and up to count as that: this line is left out");
        else
            config.link_delays.push_back(std::move(delay));
    }
}

void read_track_process(Statement& s, config::Config& config) {
    config::TrackProcess process = read_definition(s, "vrrp_track_process", process_keywords);
    if (lacks(s, process.process, process.name, "process")) return;
    if (process.quorum.value_or(0) > process.quorum_max) {
        s.warn("the quorum of the vrrp_track_process " + syntax::in_quotes(process.name) +
               " is larger than its quorum_max, which is left out, as in keepalived");
        process.quorum_max = config::TrackProcess{}.quorum_max;
    }
    config.track_processes.push_back(std::move(process));
}

}  // namespace warren::schema
