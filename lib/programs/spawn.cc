// SPDX-License-Identifier: BSD-3-Clause
#include "programs/spawn.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

namespace warren::programs {
namespace {

constexpr std::size_t stack_bytes = 64 * 1024;

rlimit file_limit() {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    return limit;
}

// EAL raises ours, to a million perhaps: programs that close all they may have open take seconds.
const rlimit files_at_start = file_limit();

// All that the child needs, made by the parent: between clone and exec it must not allocate.
struct Launch {
    const char* path;
    char* const* argv;
    char* const* shell_argv;
    char* const* environment;
    const Credentials* as;
    bool switch_user;
    int null_fd;
    volatile int error;  // the child's answer; the parent waits until it has executed or ended
};

// Raw system calls: the library's wrappers would change the user of all threads of the parent.
bool take_user(const Credentials& as) {
    return syscall(SYS_setgroups, as.groups.size(), as.groups.data()) == 0 &&
           syscall(SYS_setresgid, as.gid, as.gid, as.gid) == 0 &&
           syscall(SYS_setresuid, as.uid, as.uid, as.uid) == 0;
}

void take_defaults() {
    struct sigaction action {};
    action.sa_handler = SIG_DFL;
    for (int signal = 1; signal < NSIG; ++signal)
        sigaction(signal, &action, nullptr);
    const sched_param ordinary{};
    sched_setscheduler(0, SCHED_OTHER, &ordinary);
    setpriority(PRIO_PROCESS, 0, 0);
    setrlimit(RLIMIT_NOFILE, &files_at_start);
}

// Runs on its own stack in the parent's memory.
__attribute__((no_sanitize("address"))) int child_main(void* argument) {
    auto& launch = *static_cast<Launch*>(argument);
    take_defaults();
    setpgid(0, 0);
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        dup2(launch.null_fd, fd);
    syscall(SYS_close_range, 3U, ~0U, 0U);
    if (launch.switch_user && !take_user(*launch.as)) {
        launch.error = errno;
        _exit(126);
    }
    // Changing the user clears it, so it comes after.
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    [[maybe_unused]] const int stays = chdir("/");
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    execve(launch.path, launch.argv, launch.environment);
    if (errno == ENOEXEC) execve("/bin/sh", launch.shell_argv, launch.environment);
    launch.error = errno;
    _exit(127);
}

// Ours, but for what would change how the child's loader or shell works, and what the service
// manager meant for us alone.
std::vector<char*> environment() {
    constexpr std::string_view dropped[] = {"IFS=",
                                            "LD_",
                                            "NOTIFY_SOCKET=",
                                            "WATCHDOG_",
                                            "LISTEN_",
                                            "INVOCATION_ID=",
                                            "JOURNAL_STREAM=",
                                            "MEMORY_PRESSURE_"};
    static constexpr char path[] =
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    std::vector<char*> kept;
    bool has_path = false;
    for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
        const std::string_view text = *variable;
        const auto begins = [&](std::string_view name) { return text.starts_with(name); };
        if (std::any_of(std::begin(dropped), std::end(dropped), begins)) continue;
        has_path = has_path || text.starts_with("PATH=");
        kept.push_back(*variable);
    }
    if (!has_path) kept.push_back(const_cast<char*>(path));
    kept.push_back(nullptr);
    return kept;
}

std::vector<char*> pointers(const std::vector<std::string>& words, std::size_t first = 0) {
    std::vector<char*> all;
    for (std::size_t i = first; i < words.size(); ++i)
        all.push_back(const_cast<char*>(words[i].c_str()));
    all.push_back(nullptr);
    return all;
}

bool is_us(const Credentials& as) {
    return as.uid == geteuid() && as.gid == getegid();
}

}  // namespace

Spawned spawn(const Program& program) {
    const int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null_fd < 0) return {.error = errno};
    std::vector<char*> argv = pointers(program.argv);
    std::vector<char*> shell_argv = pointers(program.argv, 1);
    std::string shell = "sh";
    shell_argv.insert(shell_argv.begin(), {shell.data(), const_cast<char*>(program.path.c_str())});
    std::vector<char*> variables = environment();
    Launch launch{program.path.c_str(),
                  argv.data(),
                  shell_argv.data(),
                  variables.data(),
                  &program.as,
                  !is_us(program.as) || geteuid() == 0,
                  null_fd,
                  0};
    std::vector<std::byte> stack(stack_bytes);
    // No handler of ours may run in the child while it has our memory.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    Spawned out;
    const std::uintptr_t top = reinterpret_cast<std::uintptr_t>(stack.data() + stack.size());
    out.pid = clone(child_main, reinterpret_cast<void*>(top & ~std::uintptr_t{15}),
                    CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &launch, &out.pidfd);
    const int clone_error = out.pid < 0 ? errno : 0;
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    close(null_fd);
    out.error = clone_error != 0 ? clone_error : launch.error;
    if (out.error != 0 && out.pid > 0) {
        waitpid(out.pid, nullptr, 0);
        close(out.pidfd);
        out.pid = out.pidfd = -1;
    }
    return out;
}

namespace {

void wait_for_end(int pidfd) {
    pollfd gone{pidfd, POLLIN, 0};
    while (poll(&gone, 1, -1) < 0 && errno == EINTR) {
    }
}

// The child is sent TERM when the thread that made it ends, so this one stays.
void spawn_and_stay(const Program& program, Spawner spawner, int channel) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    const Spawned spawned = spawner(program);
    const int pidfd = spawned.pid < 0 ? -1 : fcntl(spawned.pidfd, F_DUPFD_CLOEXEC, 0);
    const bool told = send(channel, &spawned, sizeof spawned, MSG_NOSIGNAL) == sizeof spawned;
    close(channel);
    if (!told && spawned.pid > 0) {
        kill(-spawned.pid, SIGKILL);
        waitpid(spawned.pid, nullptr, 0);
        close(spawned.pidfd);
    } else if (pidfd >= 0) {
        wait_for_end(pidfd);
    }
    if (pidfd >= 0) close(pidfd);
}

}  // namespace

int spawn_apart(Program program, Spawner spawner) {
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) return -errno;
    try {
        std::thread(spawn_and_stay, std::move(program), spawner, ends[1]).detach();
        return ends[0];
    } catch (const std::system_error& error) {
        close(ends[0]);
        close(ends[1]);
        return -error.code().value();
    }
}

}  // namespace warren::programs
