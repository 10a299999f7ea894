// SPDX-License-Identifier: BSD-3-Clause
// The command line: options as Boost reads them. Which of them a command takes stands in verbs.h.
#pragma once

#include <boost/program_options.hpp>
#include <iosfwd>
#include <stdexcept>
#include <string>

#include "verbs.h"

namespace warren::ctl {

namespace po = boost::program_options;

class UsageError : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Throws UsageError.
po::variables_map parse(const Words& command_line);
Words words_of(const po::variables_map& values);

// Throws UsageError for an option that the command does not take.
void check_options(const po::variables_map& values, const std::string& verb);

// All commands and options, or one command's.
void print_help(std::ostream& out, const std::string& verb);

}  // namespace warren::ctl
