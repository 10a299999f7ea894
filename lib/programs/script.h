// SPDX-License-Identifier: BSD-3-Clause
// From a script of the configuration to a program that can be run: the command's words, the file,
// the user, and keepalived's rules of security. Looks at the file system and the user database.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "programs/program.h"
#include "syntax/diagnostic.h"

namespace warren::programs {

// Words are split at blanks; ' and " keep blanks, a backslash takes the next character as it is.
std::vector<std::string> split_command(std::string_view command);

// Who a script runs as, or a FIFO belongs to. keepalived.conf(5), script_user: without a user
// global_defs', else keepalived_script if it exists and we are root, else who we are; the latter
// not with script security.
struct UserCheck {
    Credentials credentials;
    std::string problem;  // empty: none
};
UserCheck check_user(const std::string& user, const std::string& group,
                     const config::GlobalDefs& global);

// Without a program the script is ignored, as in keepalived, and `problem` says why. `insecure`:
// runs as root though another user could replace it, or the file that a link leads to.
struct ScriptCheck {
    std::optional<Program> program;
    std::string problem;
    std::string writable = {};  // that part of its path; empty: none

    bool insecure() const { return !writable.empty(); }
};
ScriptCheck check_script(const config::Script& script, const config::GlobalDefs& global);

// The first part of `path` ("/", "/etc", …) that someone else than root may write; empty: none.
std::string writable_part(const std::string& path);

// Everything that --check and a start say about the scripts of a file.
syntax::Diagnostics check_scripts(const config::Config& config);

}  // namespace warren::programs
