// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <utility>

#include "commands.h"
#include "past/ended.h"
#include "show/show.h"
#include "show/show_config.h"
#include "show/show_counters.h"
#include "show/show_flows.h"
#include "show/show_servers.h"
#include "text/hints.h"

namespace warren::ctl {
namespace {

bool has(const Words& words, const std::string& word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

void check_words(const Said& said) {
    if (said.words.size() == 1) throw UsageError("show needs " + list_of(view_names()));
    const std::string& view = said.words[1];
    if (!has(view_names(), view)) throw UsageError(unknown_word("view", view, view_names()));
    const bool is_counters = view == "counters";
    if (is_counters && said.words.size() == 3 && !has(counter_group_names(), said.words[2]))
        throw UsageError(unknown_word("group", said.words[2], counter_group_names()));
    if (has({"vrrp", "history", "servers", "flows"}, view)) return;
    const std::size_t most = is_counters ? 3 : 2;
    if (said.words.size() > most)
        throw UsageError("show " + view + " takes no more words: \"" + said.words[most] + '"');
}

// Options of one view only.
void check_view_options(const Said& said) {
    const std::string& view = said.words[1];
    for (const auto& [option, views] : {std::pair<const char*, Words>{"last", {"flows"}},
                                        {"sort", {"flows", "servers"}},
                                        {"rates", {"counters"}},
                                        {"defaults", {"config"}},
                                        {"all", {"flows", "counters"}}})
        if (said.has(option) && !has(views, view))
            throw UsageError("show " + view + " takes no --" + option);
}

std::string sort_order(const Said& said) {
    return one_of(said, "sort", said.words[1] == "servers" ? server_orders() : flow_orders());
}

FlowChoice flow_choice(const Said& said) {
    FlowChoice choice = usage_of([&] { return read_flows(said.after(2)); });
    if (const auto most = said.value<std::size_t>("last"); most != 0) choice.most = most;
    if (said.has("all")) choice.most = 0;
    choice.order = sort_order(said);
    return choice;
}

void check_show(const Said& said) {
    check_words(said);
    check_view_options(said);
    sort_order(said);
    if (said.words[1] == "flows") flow_choice(said);
    if (said.words[1] == "servers")
        for (const std::string& name : said.after(2))
            usage_of([&] { return read_end(name); });
}

int run_show(const Said& said, const Output& output) {
    const std::string& view = said.words[1];
    Telemetry telemetry(output.instance);
    if (view == "flows")
        show_flows(telemetry, flow_choice(said), output);
    else if (view == "counters")
        show_counters(telemetry,
                      {said.words.size() > 2 ? said.words[2] : "", said.has("all"),
                       said.value<double>("rates")},
                      output);
    else if (view == "config")
        show_config(telemetry, said.has("defaults"), output);
    else if (view == "servers")
        show_servers(telemetry, said.after(2), sort_order(said), output);
    else
        show(telemetry, view, said.after(2), output);
    return 0;
}

// A view that is a verb as well.
int run_view(const Said& said, const Output& output) {
    Said whole = said;
    whole.words.insert(whole.words.begin(), "show");
    return run_show(whole, output);
}

}  // namespace

std::vector<Command> show_commands() {
    return {{"show", check_show, run_show, Formats::all, true},
            {"status", check_alone, run_view, Formats::all, true},
            {"history", [](const Said&) {}, run_view, Formats::all, true}};
}

}  // namespace warren::ctl
