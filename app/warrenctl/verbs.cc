// SPDX-License-Identifier: BSD-3-Clause
#include "verbs.h"

#include <algorithm>
#include <ostream>
#include <utility>

#include "orders/capture.h"
#include "past/ended.h"
#include "past/events.h"
#include "show/show.h"
#include "show/show_counters.h"
#include "show/show_flows.h"
#include "text/screen.h"

namespace warren::ctl {
namespace {

using namespace std::string_literals;

constexpr std::size_t usage_columns = 80;

const Words general_options{"--instance", "--output",   "--json", "--wide",
                            "--no-color", "--no-pager", "--help", "--version"};

Words after_flows(const Words& words) {
    const std::string& last = words.back();
    if (last == "server") return {any_server};
    if (last == "service") return {any_service};
    if (last == "state") return flow_state_names();
    if (last == "client" || last == "local" || last == "idle" || last == "older") return {};
    return flow_filter_names();
}

Words after_show(const Words& words) {
    if (words.size() == 1) return view_names();
    if (words[1] == "vrrp") return {any_router};
    if (words[1] == "history") return {any_router, any_server};
    if (words[1] == "servers") return {any_server, any_service};
    if (words[1] == "flows") return after_flows({words.begin() + 1, words.end()});
    if (words[1] == "counters") return words.size() == 2 ? counter_group_names() : Words{};
    return {};
}

Words after_help(const Words& words) {
    if (words.size() > 1) return {};
    Words all;
    for (const Verb& verb : verbs())
        all.emplace_back(verb.name);
    return all;
}

Words after_history(const Words&) {
    return {any_router, any_server};
}

Words after_events(const Words&) {
    return event_kind_names();
}

Words after_ended(const Words& words) {
    const std::string& last = words.back();
    if (words.size() % 2 == 1) return {"client", "server", "service", "cause"};
    if (last == "cause") return ended_cause_names();
    if (last == "server") return {any_server};
    if (last == "service") return {any_service};
    return {};
}

Words after_why(const Words& words) {
    return words.size() == 2 ? Words{"at"} : Words{};
}

Words a_server_then_a_service(const Words& words) {
    if (words.size() == 1) return {any_server};
    return words.size() == 2 ? Words{any_service} : Words{};
}

Words after_reset(const Words& words) {
    if (words.size() == 1) return {any_server, "client", "server", "service", "local"};
    if (words[1].find_first_of(".:") != std::string::npos) return a_server_then_a_service(words);
    if (words.back() == "server") return {any_server};
    if (words.back() == "service") return {any_service};
    return words.size() % 2 == 1 ? Words{"client", "server", "service", "local"} : Words{};
}

Words after_weight(const Words& words) {
    if (words.size() == 2) return {"default"};
    if (words.size() == 3) return {any_service};
    return a_server_then_a_service(words);
}

Words after_explain(const Words& words) {
    return words.size() == 2 ? Words{any_service} : Words{};
}

Words after_capture(const Words& words) {
    const std::string& last = words.back();
    if (last == "server") return {any_server};
    if (last == "service") return {any_service};
    const bool is_whole = words[0] == "trace" && words.size() == 2 && last != "drops";
    return last == "client" || last == "port" || is_whole ? Words{} : capture_filter_names();
}

Words a_service(const Words& words) {
    return words.size() == 1 ? Words{any_service} : Words{};
}

Words after_handover(const Words& words) {
    return words.size() == 1 ? Words{"all", any_router} : Words{};
}

std::string listed(const Words& words) {
    std::string all;
    for (const std::string& word : words)
        all += (all.empty() ? "" : ", ") + word;
    return all;
}

std::vector<Verb> asking_verbs() {
    return {
        {"status", "status   what is wrong and how all is; as show status", {"--watch"}},
        {"top",
         "top [--delay S]   status, servers with their rates, flows and events, live",
         {"--delay"}},
        {"history", "history [ROUTER|SERVER ...]   as show history", {"--watch"}, after_history},
        {"check",
         "check [--warn RANGE] [--critical RANGE]\n"
         "    the same in one line, for Nagios and its kin; RANGE as flows=400 or\n"
         "    servers_up=2:; 0: ok, 1: degraded, 2: down, 3: unknown",
         {"--warn", "--critical"}},
        {"show",
         "show VIEW\n    " + listed(view_names()) +
             "\nshow vrrp [ROUTER ...]   with all details\n"
             "show servers [SERVER|SERVICE ...]   or of those only\n"
             "show history [ROUTER|SERVER ...]   flips and uptime in the last 24 hours\n"
             "show flows [count] [client A[:P]] [server A[:P]]\n"
             "                               [service A[:P]] [local A[:P]] [state S]\n"
             "                               [idle 5m] [older 1h]\n"
             "show counters [GROUP]   those that have moved",
         {"--watch", "--all", "--last", "--sort", "--rates", "--defaults"},
         after_show},
        {"events",
         "events [vrrp|server|link|... or a part of the text]",
         {"--since", "--until", "--last", "--follow", "--level", "--for"},
         after_events},
        {"why",
         "why CLIENT[:PORT] [at TIME]\n"
         "    why its connections ended, what happened then, where it went; 1:\n"
         "    nothing of it has ended",
         {},
         after_why},
        {"ended",
         "ended [client A[:P]] [server A[:P]] [service A[:P]]\n"
         "                          [cause C]\n"
         "    C: " +
             listed(ended_cause_names()),
         {"--since", "--until", "--last", "--follow", "--by"},
         after_ended},
        {"explain",
         "explain CLIENT:PORT [VIP:PORT]\n    IPv6 as [2001:db8::1]:5000",
         {},
         after_explain},
        {"capture",
         "capture [VIP:PORT] [client A[:P]] [server A[:P]]\n"
         "                            [service A[:P]] [port INTERFACE]\n"
         "                            [drops [REASON]] -w FILE\n"
         "    packets as they come and as they leave, with what became of them, as\n"
         "    pcapng: a connection's both sides",
         {"--write", "--count", "--bytes", "--seconds", "--snap"},
         after_capture},
        {"trace",
         "trace CLIENT[:PORT]   the same in words, step by step; or as capture",
         {"--count", "--last", "--seconds"},
         after_capture},
        {"help", "help [COMMAND|COUNTER|EVENT|REASON|CAUSE]", {}, after_help}};
}

std::vector<Verb> order_verbs() {
    return {{"drain",
             "drain|disable|enable SERVER:PORT [VIP:PORT]\n"
             "    drain: no new connections; disable: resets those it has too",
             {"--wait", "--timeout", "--then-reset", "--reason"},
             a_server_then_a_service},
            {"disable", "", {"--wait", "--timeout", "--reason"}, a_server_then_a_service},
            {"enable", "", {"--reason"}, a_server_then_a_service},
            {"weight", "weight SERVER:PORT N|N%|default [VIP:PORT]", {"--reason"}, after_weight},
            {"reset",
             "reset SERVER:PORT [VIP:PORT]   its connections, once\n"
             "reset client A[:P]|server A[:P]|service A[:P]|local A[:P] ...   those of all that",
             {"--yes", "--reason"},
             after_reset},
            {"rebalance", "rebalance VIP:PORT   moves who is too many elsewhere", {}, a_service},
            {"reload",
             "reload [--wait|--diff]   as SIGHUP; 1: refused",
             {"--wait", "--diff", "--dry-run"}},
            {"handover",
             "handover [ROUTER|all] [--for T] [--force] [--back]\n"
             "    the peer becomes master, and connections go on; 1: not done",
             {"--for", "--force", "--back"},
             after_handover},
            {"takeback",
             "takeback [ROUTER|all]   what has been handed over may come back",
             {},
             after_handover},
            {"upgrade",
             "upgrade [--restart-command CMD] [--force]\n"
             "    hands over, restarts, waits for the flows, comes back; 1: not done",
             {"--force", "--restart-command"}},
            {"support",
             "support [--output FILE]\n"
             "    one archive with all views, the log and the machine, passwords masked",
             {"--output"}},
            {"shell", "shell   commands line by line, with history and completion"},
            {"complete", "complete -- [WORD ...]   what the last word may become, a line each"},
            {"audit",
             "audit --url URL --username U --password-file F\n"
             "    what a RabbitMQ cluster would lose if a node died now; 1: something",
             {"--url", "--username", "--password-file", "--ca-file", "--vip"}}};
}

void print_usage(std::ostream& out, const std::string& usage, const char*& head) {
    for (std::size_t at = 0; at < usage.size();) {
        const std::size_t end = std::min(usage.find('\n', at), usage.size());
        const std::string line = usage.substr(at, end - at);
        const std::size_t indent = line.find_first_not_of(' ');
        out << (indent == 0
                    ? wrapped(std::exchange(head, "       ") + "warrenctl [options] "s, line,
                              usage_columns)
                    : wrapped(std::string(7 + indent, ' '), line.substr(indent), usage_columns));
        at = end + 1;
    }
}

}  // namespace

const std::vector<Verb>& verbs() {
    static const std::vector<Verb> all = [] {
        std::vector<Verb> both = asking_verbs();
        for (Verb& verb : order_verbs())
            both.push_back(std::move(verb));
        return both;
    }();
    return all;
}

const Verb* find_verb(const std::string& name) {
    const auto found = std::find_if(verbs().begin(), verbs().end(),
                                    [&](const Verb& verb) { return verb.name == name; });
    return found == verbs().end() ? nullptr : &*found;
}

std::string list_of_verbs() {
    std::string all;
    for (const Verb& verb : verbs())
        all += (all.empty()                ? ""
                : &verb == &verbs().back() ? " or "
                                           : ", ") +
               std::string(verb.name);
    return all;
}

void print_usage(std::ostream& out) {
    const char* head = "Usage: ";
    for (const Verb& verb : verbs())
        print_usage(out, verb.usage, head);
}

// What stands with the verb before it is told there.
void print_usage(std::ostream& out, const std::string& name) {
    const char* head = "Usage: ";
    const Verb* told = nullptr;
    for (const Verb& verb : verbs()) {
        if (!verb.usage.empty()) told = &verb;
        if (verb.name == name) break;
    }
    if (told != nullptr) print_usage(out, told->usage, head);
}

Words next_words(const Words& words) {
    Words names;
    if (words.empty()) {
        for (const Verb& verb : verbs())
            names.emplace_back(verb.name);
        return names;
    }
    const Verb* verb = find_verb(words[0]);
    return verb == nullptr || verb->next == nullptr ? names : verb->next(words);
}

Words options_of(const std::string& name) {
    Words all = general_options;
    for (const Verb& verb : verbs())
        if (name.empty() || verb.name == name)
            for (const std::string& option : verb.options)
                if (std::find(all.begin(), all.end(), option) == all.end()) all.push_back(option);
    return all;
}

}  // namespace warren::ctl
