// SPDX-License-Identifier: BSD-3-Clause
#include "commands.h"
#include "past/ended.h"
#include "past/events.h"
#include "past/why.h"
#include "show/explain.h"
#include "text/hints.h"
#include "text/times.h"

namespace warren::ctl {
namespace {

Choice choice_of(const Said& said) {
    const auto ms_of = [&said](const char* option) {
        return usage_of([&] { return read_time(said.text(option), wall_ms()).from_ms; });
    };
    Choice choice;
    if (!said.text("since").empty()) choice.since_ms = ms_of("since");
    if (!said.text("until").empty()) choice.until_ms = ms_of("until");
    choice.most = said.value<std::size_t>("last");
    choice.follow = said.has("follow");
    return choice;
}

EventFilter event_filter(const Said& said) {
    const std::string& level = said.text("level");
    if (event_level(level) < 0)
        throw UsageError(unknown_word("level", level, {"info", "warning", "error"}));
    return {said.after(1), level, said.value<Words>("for")};
}

EndedFilter ended_filter(const Said& said) {
    return usage_of([&] { return EndedFilter::parse(said.after(1)); });
}

const std::string& counted_by(const Said& said) {
    return one_of(said, "by", {"cause", "server", "service", "client"});
}

void check_events(const Said& said) {
    event_filter(said);
    choice_of(said);
}

int run_events(const Said& said, const Output& output) {
    Telemetry telemetry(output.instance);
    print_events(telemetry, event_filter(said), choice_of(said), output);
    return 0;
}

void check_ended(const Said& said) {
    ended_filter(said);
    counted_by(said);
    choice_of(said);
}

int run_ended(const Said& said, const Output& output) {
    Telemetry telemetry(output.instance);
    print_ended(telemetry, ended_filter(said), choice_of(said), counted_by(said), output);
    return 0;
}

void check_why(const Said& said) {
    usage_of([&] { return why_question(said.words, wall_ms()); });
}

int run_why(const Said& said, const Output& output) {
    Telemetry telemetry(output.instance);
    return print_why(telemetry, said.words, output) ? 0 : 1;
}

void check_explain(const Said& said) {
    if (said.words.size() != 2 && said.words.size() != 3)
        throw UsageError("explain takes CLIENT:PORT and perhaps VIP:PORT");
    for (const std::string& end : said.after(1))
        if (usage_of([&] { return !has_port(read_end(end)); }))
            throw UsageError("explain: which port of " + end + "? ADDRESS:PORT");
}

int run_explain(const Said& said, const Output& output) {
    Telemetry telemetry(output.instance);
    print_explanation(telemetry, said.after(1), output);
    return 0;
}

}  // namespace

std::vector<Command> past_commands() {
    return {{"events", check_events, run_events, Formats::unnamed, true},
            {"ended", check_ended, run_ended, Formats::all, true},
            {"why", check_why, run_why, Formats::unnamed, true},
            {"explain", check_explain, run_explain, Formats::all, true}};
}

}  // namespace warren::ctl
