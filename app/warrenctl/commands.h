// SPDX-License-Identifier: BSD-3-Clause
// What each verb of verbs.h does. A command is checked whole, words and options, before anybody is
// asked; then it runs.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "options.h"
#include "rows/output.h"

namespace warren::ctl {

// What else it can be but text.
// unnamed: rows that are nobody's; endless: no CSV and no names, they have titles.
enum class Formats { all, unnamed, none, endless };

struct Command {
    const char* verb;
    void (*check)(const Said& said);                     // throws UsageError
    int (*run)(const Said& said, const Output& output);  // gives the exit status
    Formats formats = Formats::all;
    bool is_screen = false;  // it may be watched, and goes through a pager
};

std::vector<Command> show_commands();   // what is
std::vector<Command> past_commands();   // what has happened, and what would
std::vector<Command> order_commands();  // what does something
std::vector<Command> tool_commands();   // what does more than to ask once

// "VERB takes no more words", if there are.
void check_count(const Said& said, std::size_t most);
void check_alone(const Said& said);  // the verb is all

// An option that is one of few words.
const std::string& one_of(const Said& said, const char* option, const Words& known);

// Gives what `read` gives, and where that throws std::invalid_argument UsageError.
template <typename Read>
auto usage_of(Read read) {
    try {
        return read();
    } catch (const std::invalid_argument& error) {
        throw UsageError(error.what());
    }
}

}  // namespace warren::ctl
