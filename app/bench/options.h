// SPDX-License-Identifier: BSD-3-Clause
// The command line: as with testpmd, what stands before "--" is EAL's and what follows is ours.
// Without "--" all is ours, and EAL is started as that wants it.
#pragma once

#include <string>
#include <vector>

#include "load.h"
#include "wire.h"

namespace warren::bench {

struct Request {
    Load load;
    Wire wire;
    std::string engine = "stage";
    std::string mode = "fnat";
    std::vector<std::string> eal;  // EAL's options, if there is a "--"
    bool is_eal_given = false;
    bool ipv6 = false;
    bool json = false;
    bool help = false;
};

// Throws std::exception with one line: an unknown word, or a value that cannot be.
Request request_of(int argc, char** argv);
// Of --help.
std::string options_help();

}  // namespace warren::bench
