// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/cleaner.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <system_error>
#include <utility>

#include "kernel/netlink_socket.h"

namespace warren::kernel {
namespace {

constexpr const char* child_name = "vip-cleaner";

struct Note {
    bool there = false;
    int ifindex = 0;
    net::IpAddress address;
    std::uint8_t length = 0;  // of the prefix that the kernel knows it by
};

// Its own name, nothing of the caller's but `socket` and the standard error, and no signals.
void become_cleaner(std::span<char*> command_line, int socket) {
    setsid();
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, nullptr);
    prctl(PR_SET_NAME, child_name);
    for (std::size_t i = 0; i < command_line.size(); ++i) {
        const std::size_t room = std::strlen(command_line[i]);
        std::memset(command_line[i], 0, room);
        if (i == 0)
            std::memcpy(command_line[i], child_name, std::min(room, std::strlen(child_name)));
    }
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        dup2(null, fd);
    constexpr int first_free = STDERR_FILENO + 1;
    if (socket > first_free) syscall(SYS_close_range, first_free, socket - 1, 0);
    syscall(SYS_close_range, socket + 1, ~0U, 0);
}

void clean_up(int socket) {
    std::map<std::pair<int, net::IpAddress>, std::uint8_t> there;
    Note note;
    for (;;) {
        const ssize_t size = recv(socket, &note, sizeof note, 0);
        if (size < 0 && errno == EINTR) continue;
        if (size != sizeof note) break;  // the end of our parent
        if (note.there)
            there[{note.ifindex, note.address}] = note.length;
        else
            there.erase({note.ifindex, note.address});
    }
    if (there.empty()) return;
    NetlinkSocket requests(NetlinkSocket::Use::requests);
    for (const auto& [where, length] : there)
        requests.remove_address(where.first, {.interface = {}, .prefix = {where.second, length}});
}

[[noreturn]] void run_child(std::span<char*> command_line, int socket) {
    become_cleaner(command_line, socket);
    try {
        clean_up(socket);
    } catch (const std::system_error&) {
        _exit(1);
    }
    _exit(0);
}

}  // namespace

Cleaner::Cleaner(std::span<char*> command_line) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        throw std::system_error(errno, std::generic_category(), "socketpair");
    child_ = fork();
    if (child_ == 0) {
        close(ends[0]);
        run_child(command_line, ends[1]);
    }
    const int error = errno;
    close(ends[1]);
    socket_ = ends[0];
    const timeval patience{0, 100'000};  // with one that somebody has stopped
    setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    if (child_ > 0) return;
    close(socket_);
    throw std::system_error(error, std::generic_category(), "fork");
}

Cleaner::~Cleaner() {
    close(socket_);
    while (waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

void Cleaner::will_have(int ifindex, const KernelAddress& address) {
    tell(true, ifindex, address);
}

void Cleaner::has_removed(int ifindex, const KernelAddress& address) {
    tell(false, ifindex, address);
}

void Cleaner::tell(bool there, int ifindex, const KernelAddress& address) const {
    const Note note{there, ifindex, address.prefix.address,
                    address.peer.value_or(address.prefix).length};
    while (send(socket_, &note, sizeof note, MSG_NOSIGNAL) < 0 && errno == EINTR) {
    }
}

}  // namespace warren::kernel
