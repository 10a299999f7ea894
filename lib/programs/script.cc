// SPDX-License-Identifier: BSD-3-Clause
#include "programs/script.h"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include "programs/script_traps.h"

namespace warren::programs {
namespace {

constexpr std::size_t max_lookup_bytes = 64 * 1024;

// Nothing when there is no such user.
std::optional<Credentials> find_user(const std::string& name) {
    std::vector<char> buffer(max_lookup_bytes);
    passwd entry{};
    passwd* found = nullptr;
    if (getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 ||
        found == nullptr)
        return std::nullopt;
    return Credentials{found->pw_uid, found->pw_gid};
}

std::optional<gid_t> find_group(const std::string& name) {
    std::vector<char> buffer(max_lookup_bytes);
    group entry{};
    group* found = nullptr;
    if (getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 ||
        found == nullptr)
        return std::nullopt;
    return found->gr_gid;
}

std::vector<gid_t> supplementary_groups(const std::string& user, gid_t gid) {
    int count = 256;
    std::vector<gid_t> groups(static_cast<std::size_t>(count));
    if (getgrouplist(user.c_str(), gid, groups.data(), &count) < 0) return {};
    groups.resize(static_cast<std::size_t>(count));
    return groups;
}

// GROUP, ":GROUP" (with the user's supplementary groups) or ":".
UserCheck named_user(const std::string& name, std::string group) {
    const std::optional<Credentials> found = find_user(name);
    if (!found) return {{}, "there is no user '" + name + "'"};
    UserCheck user{*found, {}};
    if (group.starts_with(':')) {
        user.credentials.groups = supplementary_groups(name, found->gid);
        group.erase(0, 1);
    }
    if (group.empty()) return user;
    const std::optional<gid_t> gid = find_group(group);
    if (!gid) return {{}, "there is no group '" + group + "'"};
    user.credentials.gid = *gid;
    return user;
}

bool is_executable_for(const struct stat& file, const Credentials& as) {
    const auto in_group = [&](gid_t gid) {
        return as.gid == gid ||
               std::find(as.groups.begin(), as.groups.end(), gid) != as.groups.end();
    };
    if (as.uid == 0) return (file.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0;
    if (file.st_uid == as.uid) return (file.st_mode & S_IXUSR) != 0;
    if (in_group(file.st_gid)) return (file.st_mode & S_IXGRP) != 0;
    return (file.st_mode & S_IXOTH) != 0;
}

bool becomes_root(const struct stat& file, const Credentials& as) {
    return as.uid == 0 || as.gid == 0 ||
           (file.st_uid == 0 && (file.st_mode & S_IXUSR) != 0 && (file.st_mode & S_ISUID) != 0) ||
           (file.st_gid == 0 && (file.st_mode & S_IXGRP) != 0 && (file.st_mode & S_ISGID) != 0);
}

std::string search_path(const std::string& name, const Credentials& as) {
    const char* variable = std::getenv("PATH");
    const std::string_view path = variable != nullptr ? variable : "/usr/sbin:/usr/bin:/sbin:/bin";
    for (std::size_t begin = 0; begin <= path.size();) {
        const std::size_t end = std::min(path.find(':', begin), path.size());
        std::string candidate =
            std::string(path.substr(begin, end - begin)).append("/").append(name);
        struct stat file {};
        if (end > begin && stat(candidate.c_str(), &file) == 0 && S_ISREG(file.st_mode) &&
            is_executable_for(file, as))
            return candidate;
        begin = end + 1;
    }
    return {};
}

std::string real_path(const std::string& path) {
    char* resolved = realpath(path.c_str(), nullptr);
    std::string out = resolved != nullptr ? resolved : "";
    std::free(resolved);
    return out;
}

// Its folder's real path, and its name: as what it is called may say what it does (busybox).
std::string called_path(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    const std::string folder = real_path(slash == 0 ? "/" : path.substr(0, slash));
    if (folder.empty()) return {};
    return (folder == "/" ? "" : folder) + path.substr(slash);
}

// Who may replace a link or what it leads to may replace the script.
std::string writable_link_or_file(const std::string& path) {
    const std::string part = writable_part(path);
    return part.empty() ? writable_part(real_path(path)) : part;
}

// "</path" asks whether a file can be opened: a shell's business.
bool is_open_check(const std::string& command) {
    const std::size_t slash = command.find_first_not_of(" \t", 1);
    return command.starts_with('<') && slash != std::string::npos && command[slash] == '/';
}

// Fills in the file. What is wrong with it, or nothing.
std::string find_file(Program& program, struct stat& file) {
    std::string name = program.argv[0];
    if (name.find('/') == std::string::npos) {
        name = search_path(name, program.as);
        if (name.empty()) return "'" + program.argv[0] + "' is in no folder of PATH";
    }
    program.path = called_path(name);
    if (program.path.empty() || stat(program.path.c_str(), &file) != 0)
        return "'" + name + "': " + std::strerror(errno);
    if (!S_ISREG(file.st_mode)) return "'" + name + "' is no file";
    if (!is_executable_for(file, program.as))
        return "'" + name + "' is not executable for its user";
    program.argv[0] = name;
    return {};
}

// ---- all scripts of a configuration

class Findings {
  public:
    explicit Findings(const config::GlobalDefs& global) : global_(global) {}

    void add(const std::string& what, const config::Script& script) {
        const ScriptCheck check = check_script(script, global_);
        if (!check.program) return report(script, what + " is ignored: " + check.problem);
        if (check.insecure())
            report(script,
                   what + " runs as root, but others than root can replace it: " + check.writable);
        report_traps(what, script);
    }
    void add(const std::string& of, const config::NotifyScripts& scripts) {
        const std::pair<const char*, const std::optional<config::Script>&> all[] = {
            {"notify", scripts.any},
            {"notify_master", scripts.master},
            {"notify_backup", scripts.backup},
            {"notify_fault", scripts.fault},
            {"notify_stop", scripts.stop},
            {"notify_deleted", scripts.deleted},
            {"notify_master_rx_lower_pri", scripts.lower_priority}};
        for (const auto& [keyword, script] : all)
            if (script) add(of + ": " + keyword, *script);
    }
    void add(const config::VirtualServer& service) {
        const std::string of = service.address.to_string() + " " + std::to_string(service.port);
        if (service.quorum_up) add(of + ": quorum_up", *service.quorum_up);
        if (service.quorum_down) add(of + ": quorum_down", *service.quorum_down);
        for (const config::RealServer& server : service.real_servers) {
            const std::string name = server.address.to_string() + " " + std::to_string(server.port);
            if (server.notify_up) add(name + ": notify_up", *server.notify_up);
            if (server.notify_down) add(name + ": notify_down", *server.notify_down);
            for (const config::Checker& checker : server.checkers)
                if (const auto* misc = std::get_if<config::MiscCheck>(&checker))
                    add(name + ": MISC_CHECK", misc->script);
        }
    }
    void add(const config::NotifyFifo& fifo, const std::string& keyword) {
        if (fifo.path.empty()) return;
        if (const UserCheck owner = check_user(fifo.user, fifo.group, global_);
            !owner.problem.empty())
            found_.push_back(
                {fifo.where, syntax::Severity::warning, keyword + " is ignored: " + owner.problem});
        if (fifo.script) add(keyword + "_script", *fifo.script);
    }
    syntax::Diagnostics take() { return std::move(found_); }

  private:
    void report_traps(const std::string& what, const config::Script& script) {
        const std::vector<std::string> argv = split_command(script.command);
        if (const std::string word = word_for_a_shell(argv);
            !word.empty() && !is_open_check(script.command))
            report(script, what + ": no shell runs it, as in keepalived: '" + word +
                               "' is an argument of '" + argv.front() + "'; write sh -c '...'");
        if (stops_keepalived(script.command)) return report_stop(what, script, {});
        // The file, and the one that a shell is given.
        for (const std::string& word : argv) {
            struct stat file {};
            if (!word.starts_with('/') || stat(word.c_str(), &file) != 0 || !S_ISREG(file.st_mode))
                continue;
            if (const std::size_t line = line_of_file_that_stops_keepalived(word); line != 0)
                return report_stop(what, script, " in " + word + ":" + std::to_string(line));
        }
    }
    void report_stop(const std::string& what, const config::Script& script,
                     const std::string& where) {
        report(script, what + " stops keepalived" + where +
                           ", which is not here, and the address would stay: let it end with "
                           "status 1 as a tracked vrrp_script, or use systemctl with warren");
    }

    // A start goes on without the script, so this is no error.
    void report(const config::Script& script, std::string text) {
        found_.push_back({script.where, syntax::Severity::warning, std::move(text)});
    }

    const config::GlobalDefs& global_;
    syntax::Diagnostics found_;
};

}  // namespace

std::vector<std::string> split_command(std::string_view command) {
    std::vector<std::string> words;
    std::string word;
    bool open = false;
    char quote = 0;
    for (std::size_t i = 0; i < command.size(); ++i) {
        const char c = command[i];
        if (c == '\\' && quote != '\'' && i + 1 < command.size()) {
            word += command[++i];
            open = true;
        } else if (quote != 0 ? c == quote : c == '"' || c == '\'') {
            quote = quote != 0 ? '\0' : c;
            open = true;
        } else if (quote == 0 && (c == ' ' || c == '\t')) {
            if (open) words.push_back(std::exchange(word, {}));
            open = false;
        } else {
            word += c;
            open = true;
        }
    }
    if (open) words.push_back(std::move(word));
    return words;
}

std::string writable_part(const std::string& path) {
    std::filesystem::path part;
    for (const std::filesystem::path& name : std::filesystem::path(path)) {
        part /= name;
        struct stat info {};
        if (lstat(part.c_str(), &info) != 0) return part.string();
        const bool guarded = S_ISDIR(info.st_mode) && (info.st_mode & S_ISVTX) != 0;
        const bool others =
            (info.st_gid != 0 && (info.st_mode & S_IWGRP) != 0) || (info.st_mode & S_IWOTH) != 0;
        if (info.st_uid != 0 || (!guarded && !S_ISLNK(info.st_mode) && others))
            return part.string();
    }
    return {};
}

UserCheck check_user(const std::string& user, const std::string& group,
                     const config::GlobalDefs& global) {
    if (!user.empty()) return named_user(user, group);
    if (!global.script_user.empty()) return named_user(global.script_user, global.script_group);
    const auto found = geteuid() == 0 ? find_user("keepalived_script") : std::nullopt;
    if (found) return {*found, {}};
    if (global.enable_script_security)
        return {{},
                "enable_script_security wants a user for it: give script_user, or make the user "
                "keepalived_script"};
    return {{geteuid(), getegid()}, {}};
}

ScriptCheck check_script(const config::Script& script, const config::GlobalDefs& global) {
    const UserCheck user = check_user(script.user, script.group, global);
    if (!user.problem.empty()) return {{}, user.problem};
    Program program{{}, split_command(script.command), user.credentials};
    if (program.argv.empty() || program.argv[0].empty()) return {{}, "there is no command"};
    if (geteuid() != 0 && program.as.uid != geteuid())
        return {{}, "only root can run it as another user (the unit: drop-in scripts.conf)"};
    if (is_open_check(script.command)) {
        program.path = "/bin/sh";
        program.argv = {"sh", "-c", script.command};
        return {program, {}};
    }
    struct stat file {};
    if (std::string problem = find_file(program, file); !problem.empty())
        return {{}, std::move(problem)};
    std::string part;
    if (becomes_root(file, program.as)) part = writable_link_or_file(program.path);
    if (!part.empty() && global.enable_script_security)
        return {{}, "enable_script_security: others than root can write " + part, part};
    return {program, {}, part};
}

syntax::Diagnostics check_scripts(const config::Config& config) {
    Findings findings(config.global);
    if (const auto& script = config.global.startup.script) findings.add("startup_script", *script);
    if (const auto& script = config.global.shutdown.script)
        findings.add("shutdown_script", *script);
    findings.add(config.global.fifos.all, "notify_fifo");
    findings.add(config.global.fifos.vrrp, "vrrp_notify_fifo");
    findings.add(config.global.fifos.lvs, "lvs_notify_fifo");
    for (const config::VrrpScript& script : config.vrrp_scripts)
        findings.add("vrrp_script " + script.name, script.script);
    for (const config::VrrpInstance& instance : config.vrrp_instances)
        findings.add(instance.name, instance.notify);
    for (const config::VrrpSyncGroup& group : config.vrrp_sync_groups)
        findings.add(group.name, group.notify);
    for (const config::VirtualServer& service : config.virtual_servers)
        findings.add(service);
    return findings.take();
}

}  // namespace warren::programs
