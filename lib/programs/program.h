// SPDX-License-Identifier: BSD-3-Clause
// A program that can be run: its file, words and user.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace warren::programs {

struct Credentials {
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<gid_t> groups{};  // supplementary
    friend bool operator==(const Credentials&, const Credentials&) = default;
};

struct Program {
    std::string path;               // absolute
    std::vector<std::string> argv;  // argv[0] too
    Credentials as;
    friend bool operator==(const Program&, const Program&) = default;
};

}  // namespace warren::programs
