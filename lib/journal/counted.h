// SPDX-License-Identifier: BSD-3-Clause
// Numbers of things in the sentences of events.
#pragma once

#include <cstdint>
#include <string>

namespace warren::journal {

// "1 worker", "2 workers"
inline std::string counted(std::uint64_t number, const char* what) {
    return std::to_string(number) + ' ' + what + (number == 1 ? "" : "s");
}

// "no connection is", "1 connection is", "2 connections are"
inline std::string counted_are(std::uint64_t number, const std::string& what) {
    if (number == 0) return "no " + what + " is";
    return counted(number, what.c_str()) + (number == 1 ? " is" : " are");
}

}  // namespace warren::journal
