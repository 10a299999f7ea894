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

// A command line that has been read.
class Said {
  public:
    // Throws UsageError.
    explicit Said(const Words& command_line);

    Words words;  // the verb first

    // Written there, not only by default.
    bool has(const char* option) const {
        return values_.count(option) != 0 && !values_[option].defaulted();
    }
    // Of an option that has a default.
    template <typename Value>
    const Value& value(const char* option) const {
        return values_[option].as<Value>();
    }
    const std::string& text(const char* option) const { return value<std::string>(option); }
    Words after(std::size_t count) const { return {words.begin() + count, words.end()}; }

    // Throws UsageError for an option that the command does not take.
    void check_options() const;

  private:
    po::variables_map values_;
};

// All commands and options, or one command's.
void print_help(std::ostream& out, const std::string& verb);

}  // namespace warren::ctl
