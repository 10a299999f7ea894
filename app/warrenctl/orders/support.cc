// SPDX-License-Identifier: BSD-3-Clause
#include "orders/support.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <exception>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <ostream>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <vector>

#include "asking/bounded_read.h"
#include "asking/telemetry.h"
#include "show/show.h"
#include "syntax/secrets.h"
#include "text/units.h"

namespace warren::ctl {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_bytes = 4'000'000;  // of a file of the archive
constexpr std::size_t most_rows = 5'000;
constexpr std::size_t log_lines = 10'000;

// Shown by no view of `show`, or by another name.
constexpr std::array further_views{"ports", "tracked", "events", "ended"};

struct Probe {
    const char* file;
    const char* script;  // with $WARREN_PID (may be empty), $WARREN_INSTANCE, $WARREN_UNIT
};

constexpr std::array probes{
    Probe{"system.txt",
          "date --iso-8601=seconds; uname -a; uptime; cat /etc/os-release /proc/cmdline; "
          "systemd-detect-virt; dpkg-query --show 'warren*' 'dpdk*' 'librte-eal*' libc6 "
          "linux-image-$(uname -r) systemd"},
    Probe{"cpu.txt", "lscpu; lscpu --extended; cat /proc/loadavg /proc/interrupts"},
    Probe{"memory.txt",
          "cat /proc/meminfo; grep -s . /sys/kernel/mm/hugepages/*/* "
          "/sys/devices/system/node/node*/hugepages/*/*; grep -s hugetlbfs /proc/mounts"},
    Probe{"network.txt",
          "ip -details -statistics link; ip -details address; ip rule; ip -6 rule; "
          "ip route show table all; ip neighbour; cat /proc/net/softnet_stat"},
    Probe{"cards.txt",
          "for card in $(ip -oneline link | cut -d' ' -f2 | cut -d: -f1 | cut -d@ -f1); do "
          "echo \"--- $card\"; for option in -i -k -g -c -l -S; do ethtool $option \"$card\"; "
          "done; done; lspci -nnk; dpdk-devbind.py --status-dev net"},
    Probe{"nftables.txt", "nft list ruleset"},
    Probe{"sysctl.txt",
          "sysctl --all --pattern '^net[.](core|ipv4|ipv6)[.]|^vm[.]|^kernel[.](sched|numa)'"},
    Probe{"process.txt",
          "test -n \"$WARREN_PID\" || exit 0; cd /proc/$WARREN_PID && tr '\\0' ' ' <cmdline; echo; "
          "cat status limits cgroup; head -v -n 1 task/*/stat; ls -l fd"},
    Probe{"unit.txt",
          "systemctl status --no-pager \"$WARREN_UNIT\"; systemctl cat \"$WARREN_UNIT\""},
    Probe{"journal.txt",
          "journalctl --no-pager --quiet --lines=10000 --output=short-iso-precise "
          "_SYSTEMD_UNIT=\"$WARREN_UNIT\" + UNIT=\"$WARREN_UNIT\" + "
          "WARREN_INSTANCE=\"$WARREN_INSTANCE\""},
    Probe{"kernel.txt", "dmesg --time-format iso | tail -n 2000"}};

std::string time_stamp() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    localtime_r(&now, &parts);
    std::array<char, 64> said{};
    std::strftime(said.data(), said.size(), "%Y%m%dT%H%M%S", &parts);
    return said.data();
}

// A folder that goes with this object, for this user alone.
class ScratchFolder {
  public:
    ScratchFolder() {
        std::string form = (fs::temp_directory_path() / "warren-support-XXXXXX").string();
        if (mkdtemp(form.data()) == nullptr)
            throw std::system_error(errno, std::generic_category(), form);
        path_ = form;
    }
    ~ScratchFolder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;

    const fs::path& path() const { return path_; }

  private:
    fs::path path_;
};

void write_file(const fs::path& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary);
    file << syntax::without_secrets(std::string_view(text).substr(0, most_bytes));
    if (text.size() > most_bytes) file << "\n(the rest is cut off)\n";
    if (!file.flush()) throw std::runtime_error(path.string() + " cannot be written");
}

// What one part cannot tell keeps nothing from the others.
template <typename Tell>
std::string told(Tell&& tell) {
    try {
        return tell();
    } catch (const std::exception& error) {
        return std::string("(") + error.what() + ")\n";
    }
}

std::string rows_as_lines(Telemetry& telemetry, const std::string& view) {
    std::string all;
    for (const Json& row : telemetry.rows(view, {}, most_rows))
        all += row.dump() + '\n';
    return all;
}

std::string shown(Telemetry& telemetry, const std::string& view) {
    std::ostringstream out;
    show(telemetry, view, {}, {out});
    return out.str();
}

void write_views(Telemetry& telemetry, const fs::path& folder) {
    std::vector<std::string> views = view_names();
    views.insert(views.end(), further_views.begin(), further_views.end());
    for (const std::string& view : views)
        write_file(folder / (view + ".jsonl"),
                   told([&] { return rows_as_lines(telemetry, view); }));
    for (const char* view : {"status", "vrrp", "config"})
        write_file(folder / (std::string(view) + ".txt"),
                   told([&] { return shown(telemetry, view); }));
}

// As --log-file says, else the file that is its standard error; nothing: the journal has it.
std::optional<fs::path> log_of(pid_t pid) {
    const fs::path process = fs::path("/proc") / std::to_string(pid);
    std::ifstream file(process / "cmdline", std::ios::binary);
    for (std::string word; std::getline(file, word, '\0');) {
        if (word == "--log-file" && std::getline(file, word, '\0'))
            return fs::read_symlink(process / "cwd") / word;
        if (constexpr std::string_view option = "--log-file="; word.starts_with(option))
            return fs::read_symlink(process / "cwd") / word.substr(option.size());
    }
    const fs::path error_output = process / "fd/2";
    return fs::is_regular_file(error_output) ? std::optional(error_output) : std::nullopt;
}

// From here on: the network that it lives in. Without the right to it, ours is shown.
void enter_network_of(pid_t pid) {
    const std::string path = "/proc/" + std::to_string(pid) + "/ns/net";
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    static_cast<void>(setns(fd, CLONE_NEWNET));
    close(fd);
}

void write_process(pid_t pid, const fs::path& folder) {
    setenv("WARREN_PID", std::to_string(pid).c_str(), 1);
    write_file(folder / "log.txt", told([&] {
                   const std::optional<fs::path> log = log_of(pid);
                   return log ? end_of_file(log->string(), log_lines, most_bytes)
                              : std::string("(it is in journal.txt)\n");
               }));
    enter_network_of(pid);
}

void write_probes(const std::string& instance, const fs::path& folder) {
    const std::string unit = instance == "warren" ? instance : "warren@" + instance;
    setenv("WARREN_INSTANCE", instance.c_str(), 1);
    setenv("WARREN_UNIT", (unit + ".service").c_str(), 1);
    for (const Probe& probe : probes)
        write_file(folder / probe.file, output_of(probe.script, most_bytes));
}

// tar and gzip are on each Debian; the name says how to pack (--auto-compress).
void pack(const ScratchFolder& scratch, const std::string& name, const std::string& file) {
    setenv("WARREN_SUPPORT_FOLDER", scratch.path().c_str(), 1);
    setenv("WARREN_SUPPORT_NAME", name.c_str(), 1);
    setenv("WARREN_SUPPORT_FILE", fs::absolute(file).c_str(), 1);
    const std::string trouble = output_of(
        "tar --create --auto-compress --force-local --owner=0 --group=0 --file "
        "\"$WARREN_SUPPORT_FILE\" "
        "--directory \"$WARREN_SUPPORT_FOLDER\" \"$WARREN_SUPPORT_NAME\"",
        most_bytes);
    if (!trouble.empty())  // tar says the cause first, and then what follows from it
        throw std::runtime_error("no archive is written: " + trouble.substr(0, trouble.find('\n')));
}

}  // namespace

void support(const SupportOptions& options, std::ostream& out, std::ostream& errors) {
    umask(077);
    const std::string name = "warren-support-" + options.instance + "-" + time_stamp();
    const std::string file = options.file.empty() ? name + ".tar.gz" : options.file;
    const ScratchFolder scratch;
    const fs::path folder = scratch.path() / name;
    fs::create_directory(folder);
    unsetenv("WARREN_PID");
    try {
        Telemetry telemetry(options.instance);
        write_views(telemetry, folder);
        write_process(telemetry.process(), folder);
    } catch (const Unreachable& error) {
        errors << "warrenctl: " << error.what() << "; the rest follows\n";
        write_file(folder / "status.txt", std::string(error.what()) + '\n');
    }
    write_probes(options.instance, folder);
    pack(scratch, name, file);
    out << file << ", " << bytes_text(fs::file_size(file))
        << ". Passwords are masked; addresses and names are not: look before you send it.\n";
}

}  // namespace warren::ctl
