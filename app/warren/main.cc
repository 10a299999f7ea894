// SPDX-License-Identifier: BSD-3-Clause
// The daemon: reads the configuration, opens EAL, memory and ports, starts workers and control
// lcore, and lets the manager run on the main thread. Wiring only. Exit status: 0 stopped by a
// signal (or a good --check or --dry-run), 3 --dry-run: a restart is needed, 1 a wrong
// configuration or command line, or an environment in which it cannot start.
#include <rte_version.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <exception>
#include <iostream>
#include <span>
#include <utility>

#include "checks/start_check.h"
#include "config/reload_steps.h"
#include "control/signals.h"
#include "data_plane.h"
#include "dpdk_log.h"
#include "first_process.h"
#include "journald_sink.h"
#include "kernel/cleaner.h"
#include "life_scripts.h"
#include "log.h"
#include "net_namespace.h"
#include "options.h"
#include "port/clock.h"
#include "programs/script.h"
#include "read_config.h"
#include "rivals.h"
#include "service_manager.h"
#include "sync_key.h"

namespace warren::app {
namespace {

// What a start says about its file: each finding in one line, --check has the rest of it.
void log_findings(const syntax::Diagnostics& diagnostics) {
    for (const syntax::Diagnostic& diagnostic : diagnostics) {
        const auto level = diagnostic.severity == syntax::Severity::error     ? spdlog::level::err
                           : diagnostic.severity == syntax::Severity::warning ? spdlog::level::warn
                                                                              : spdlog::level::info;
        const std::string text = diagnostic.to_string();
        spdlog::log(level, "{}", text.substr(0, text.find('\n')));
    }
}

void log_findings(const schema::LoadResult& result) {
    log_findings(result.diagnostics);
    if (!result.ignored.empty())
        spdlog::info("{} keywords have no meaning here and are ignored (--check lists them)",
                     result.ignored.size());
}

// Until a signal ends it; what global_defs were in force then.
config::GlobalDefs serve(const Options& options, const schema::LoadResult& loaded,
                         std::span<char*> command_line) {
    kernel::Cleaner cleaner(command_line);  // before there are threads
    DataPlane plane(loaded.config, options.instance, options.eal);
    control::ManagerOptions manager;
    manager.process = {.instance = options.instance,
                       .version = WARREN_VERSION,
                       .dpdk_version = rte_version(),
                       .config_file = options.config_file,
                       .started_ns = port::now_ns(),
                       .hugepages = plane.uses_hugepages()};
    manager.reread = [&options](const config::Config& running) {
        schema::LoadResult read = read_config(options.config_file, options.config_id);
        look_at_host(read, &running);
        return read;
    };
    manager.config_lines = loaded.lines;
    manager.announce = notify_service_manager;
    manager.reopen_log = [&options] { return reopen_log(options); };
    manager.flow_log = options.flow_log;
    manager.cleaner = &cleaner;
    return plane.run(std::move(manager));
}

// The scripts stand outside of all that a start makes and an end takes away.
int live(const Options& options, const schema::LoadResult& loaded, std::span<char*> command_line) {
    int status = 0;
    config::GlobalDefs global = loaded.config.global;
    if (control::end_is_asked()) return status;
    const bool goes_on = run_life_script("startup_script", global.startup, global);
    try {
        if (goes_on) global = serve(options, loaded, command_line);
    } catch (const std::exception& error) {
        spdlog::error("{}", error.what());
        status = 1;
    }
    run_life_script("shutdown_script", global.shutdown, global);
    if (status == 0) spdlog::info("stopped");
    return status;
}

// Live connections may still forbid it: `warrenctl reload --dry-run` knows them.
int dry_run(const schema::LoadResult& running, const schema::LoadResult& wanted) {
    constexpr int restart_needed = 3;
    for (const schema::LoadResult* loaded : {&running, &wanted})
        if (!loaded->ok()) {
            print_check(*loaded, {}, false, std::cout);
            return 1;
        }
    const config::ReloadSteps steps =
        config::reload_steps({running.config, running.lines}, {wanted.config, wanted.lines});
    for (const std::string& line : steps.lines)
        std::cout << line << '\n';
    if (steps.lines.empty()) std::cout << "nothing changes\n";
    return steps.need_restart ? restart_needed : 0;
}

int run(const Options& options, std::span<char*> command_line) {
    if (options.check || options.dry_run) control::release_ends();
    schema::LoadResult loaded = read_config_or_throw(options.config_file, options.config_id);
    const std::string& net_namespace = loaded.config.global.net_namespace;
    if (loaded.ok() && !options.check) enter_net_namespace(net_namespace);
    schema::LoadResult running;
    if (options.dry_run) {
        running = read_config_or_throw(*options.dry_run, options.config_id);
        look_at_host(running);
    }
    if (!options.check || net_namespace.empty())
        look_at_host(loaded, options.dry_run ? &running.config : nullptr);
    for (syntax::Diagnostic& rival :
         find_rivals(loaded.config, [](const std::string& file) { return read_config(file, ""); }))
        loaded.diagnostics.push_back(std::move(rival));
    if (loaded.ok())
        for (syntax::Diagnostic& key : check_sync_keys(loaded.config))
            loaded.diagnostics.push_back(std::move(key));
    syntax::Diagnostics scripts =
        loaded.ok() ? programs::check_scripts(loaded.config) : syntax::Diagnostics{};
    if (loaded.ok())
        for (syntax::Diagnostic& check : checks::find_faults(loaded.config))
            scripts.push_back(std::move(check));
    if (options.check) {
        print_check(loaded, scripts, journal_reads(STDOUT_FILENO), std::cout);
        return loaded.ok() ? 0 : 1;  // a start does without scripts that cannot run
    }
    if (options.dry_run) return dry_run(running, loaded);
    open_log(options);
    take_dpdk_log();
    log_findings(loaded);
    log_findings(scripts);
    if (!loaded.ok()) {
        spdlog::error("{}: the configuration is refused, nothing is started", options.config_file);
        return 1;
    }
    return live(options, loaded, command_line);
}

void hold_all() {
    control::hold_signals();
    control::hold_ends();
}

// Before the constructors of DPDK's libraries, which take milliseconds: a SIGHUP that came then
// would end the process.
[[gnu::section(".preinit_array"), gnu::used]] void (*const hold_early)() = hold_all;

}  // namespace
}  // namespace warren::app

int main(int argc, char** argv) {
    try {
        if (const auto status = warren::app::stand_in_front()) return *status;
        const auto options = warren::app::parse_options(argc, argv);
        return options ? warren::app::run(*options, {argv, static_cast<std::size_t>(argc)}) : 0;
    } catch (const std::exception& error) {
        const bool for_journal = warren::app::journal_reads(STDERR_FILENO);
        std::cerr << (for_journal ? "<3>" : "") << "warren: " << error.what() << '\n';
        return 1;
    }
}
