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
#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <map>
#include <system_error>

namespace warren::kernel {
namespace {

constexpr const char* child_name = "vip-cleaner";

// A note is this byte, then the removal; or a descriptor comes with it.
constexpr char is_there = 1, is_gone = 0, is_held = 2;
constexpr std::size_t max_note = 8'192;

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

// What came last goes first: routes lead by addresses.
void take_back(const std::map<NetlinkMessage, std::uint64_t>& there) {
    std::map<std::uint64_t, NetlinkMessage, std::greater<>> latest_first;
    for (const auto& [removal, number] : there)
        latest_first.emplace(number, removal);
    NetlinkSocket requests(NetlinkSocket::Use::requests);
    for (const auto& [number, removal] : latest_first)
        requests.request(removal);
}

// A descriptor that comes with it is ours from now on, and stays open.
ssize_t receive(int socket, std::array<char, max_note>& note) {
    iovec part{note.data(), note.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control;
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    return recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
}

void clean_up(int socket) {
    std::map<NetlinkMessage, std::uint64_t> there;  // and as the how manyeth it came
    std::array<char, max_note> note;
    for (std::uint64_t number = 0;; ++number) {
        const ssize_t size = receive(socket, note);
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0) break;  // the end of our parent
        if (note[0] == is_held) continue;
        const NetlinkMessage removal(note.data() + 1, note.data() + size);
        if (note[0] == is_there)
            there[removal] = number;
        else
            there.erase(removal);
    }
    if (!there.empty()) take_back(there);
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

void Cleaner::will_have(const NetlinkMessage& removal) {
    announce(true, removal);
}

void Cleaner::has_removed(const NetlinkMessage& removal) {
    announce(false, removal);
}

void Cleaner::hold(int descriptor) {
    char note = is_held;
    iovec part{&note, 1};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
    while (sendmsg(socket_, &message, MSG_NOSIGNAL) < 0 && errno == EINTR) {
    }
}

void Cleaner::announce(bool there, const NetlinkMessage& removal) const {
    NetlinkMessage note{there ? is_there : is_gone};
    note.insert(note.end(), removal.begin(), removal.end());
    while (send(socket_, note.data(), note.size(), MSG_NOSIGNAL) < 0 && errno == EINTR) {
    }
}

}  // namespace warren::kernel
