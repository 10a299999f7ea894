// SPDX-License-Identifier: BSD-3-Clause
#include "life_scripts.h"

#include <spdlog/spdlog.h>

#include <boost/asio/io_context.hpp>

#include "programs/children.h"
#include "programs/script.h"

namespace warren::app {

void run_life_script(const char* keyword, const config::LifeScript& script,
                     const config::GlobalDefs& global) {
    if (!script.script) return;
    const programs::ScriptCheck check = programs::check_script(*script.script, global);
    if (!check.program) return;
    spdlog::info("{} runs: {}", keyword, script.script->command);
    boost::asio::io_context io;
    programs::ChildEnd end;
    programs::Children children(io);
    if (!children.run(*check.program, script.timeout_ns,
                      {.timed_out = [] {},
                       .ended =
                           [&](const programs::ChildEnd& how) {
                               end = how;
                               io.stop();
                           }}))
        return;
    io.run();
    if (end.ok())
        spdlog::info("{} has succeeded", keyword);
    else
        spdlog::warn("{}: {}", keyword, end.to_string());
}

}  // namespace warren::app
