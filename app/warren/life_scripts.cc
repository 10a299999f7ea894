// SPDX-License-Identifier: BSD-3-Clause
#include "life_scripts.h"

#include <spdlog/spdlog.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>

#include "control/signals.h"
#include "programs/children.h"
#include "programs/script.h"

namespace warren::app {

bool run_life_script(const char* keyword, const config::LifeScript& script,
                     const config::GlobalDefs& global) {
    if (!script.script) return true;
    const programs::ScriptCheck check = programs::check_script(*script.script, global);
    if (!check.program) return true;
    spdlog::info("{} runs: {}", keyword, script.script->command);
    boost::asio::io_context io;
    bool asked_to_end = false;
    boost::asio::signal_set ends(io, SIGTERM, SIGINT);
    ends.async_wait([&](const boost::system::error_code& error, int) {
        if (error) return;
        asked_to_end = true;
        io.stop();
    });
    programs::ChildEnd end;
    programs::Children children(io);
    if (!children.run(*check.program, script.timeout_ns,
                      {.timed_out = [] {},
                       .ended =
                           [&](const programs::ChildEnd& how) {
                               end = how;
                               io.stop();
                           }}))
        return true;
    control::release_ends();
    io.run();
    control::hold_ends();
    if (asked_to_end)
        spdlog::warn("{} is ended: a signal asks for the end", keyword);
    else if (end.ok())
        spdlog::info("{} has succeeded", keyword);
    else
        spdlog::warn("{}: {}", keyword, end.to_string());
    return !asked_to_end;
}

}  // namespace warren::app
