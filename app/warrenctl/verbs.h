// SPDX-License-Identifier: BSD-3-Clause
// The commands: what each is called, what --help says of it, which options are its own, what may
// follow it. Help, error texts and completion are made of this table; bash's is held to it by a
// test.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace warren::ctl {

using Words = std::vector<std::string>;

// Stand for names of the running warren.
inline constexpr const char* any_server = "SERVER:PORT";
inline constexpr const char* any_service = "VIP:PORT";
inline constexpr const char* any_router = "ROUTER";

struct Verb {
    const char* name = "";
    std::string usage{};  // lines of help; empty: it stands with the verb before
    Words options{};      // beside the general ones
    Words (*next)(const Words& words) = nullptr;  // what may follow; the verb is words[0]
};

const std::vector<Verb>& verbs();
const Verb* find_verb(const std::string& name);
std::string list_of_verbs();                                   // "status, check … or audit"
void print_usage(std::ostream& out);                           // of all
void print_usage(std::ostream& out, const std::string& verb);  // which is one

// What may follow the words of a command line, options aside. Names of the running warren stand as
// above.
Words next_words(const Words& words);
// Those of a command, and the general ones; of none: all. As "--long".
Words options_of(const std::string& verb);

}  // namespace warren::ctl
