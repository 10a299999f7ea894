// SPDX-License-Identifier: BSD-3-Clause
#include "programs/children.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "programs/spawn.h"

namespace warren::programs {
namespace {

constexpr int last_moment_ms = 100;

ChildEnd end_of(const siginfo_t& info, bool timed_out) {
    if (timed_out) return {ChildEnd::Kind::timed_out, 0};
    if (info.si_code == CLD_EXITED) return {ChildEnd::Kind::exited, info.si_status};
    return {ChildEnd::Kind::killed, info.si_status};
}

}  // namespace

std::string ChildEnd::to_string() const {
    switch (kind) {
        case Kind::exited:
            return "exit status " + std::to_string(code);
        case Kind::killed:
            return "killed by signal " + std::to_string(code);
        case Kind::timed_out:
            return "timed out";
        case Kind::not_started:
            break;
    }
    return std::string("not started: ") + std::strerror(code);
}

struct Children::Child {
    Child(boost::asio::io_context& io, Callbacks what)
        : channel(io), pidfd(io), timer(io), callbacks(std::move(what)) {}

    // What its thread says of the start, if it has. A pid that is not known yet is -1: nobody may
    // be sent a signal for it.
    Spawned take_start() {
        Spawned spawned;
        if (!channel.is_open() ||
            recv(channel.native_handle(), &spawned, sizeof spawned, MSG_DONTWAIT) != sizeof spawned)
            return {};
        channel.close();
        pid = spawned.pid;
        if (pid > 0) pidfd.assign(spawned.pidfd);
        return spawned;
    }
    void send_group(int signal) const {
        if (pid > 0) kill(-pid, signal);
    }

    pid_t pid = -1;
    boost::asio::posix::stream_descriptor channel;  // until it has started
    boost::asio::posix::stream_descriptor pidfd;
    boost::asio::steady_timer timer;
    Callbacks callbacks;
    bool timed_out = false;
    bool reaped = false;  // handlers that come later have nothing to do
};

Children::Children(boost::asio::io_context& io, int kill_after_milliseconds, Spawner spawner)
    : io_(io),
      kill_after_ms_(kill_after_milliseconds),
      spawner_(spawner != nullptr ? spawner : spawn) {}

Children::~Children() {
    for (const auto& child : running_) {
        child->take_start();
        child->send_group(SIGTERM);
    }
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(last_moment_ms);
    for (const auto& child : running_) {
        child->reaped = true;
        if (child->pid < 0) continue;  // its thread ends it, should it ever start
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            end - std::chrono::steady_clock::now());
        pollfd gone{child->pidfd.native_handle(), POLLIN, 0};
        poll(&gone, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
        child->send_group(SIGKILL);
        waitpid(child->pid, nullptr, 0);
    }
}

bool Children::run(Program program, std::int64_t timeout_ns, Callbacks callbacks) {
    Waiting next{std::move(program), timeout_ns, std::move(callbacks)};
    if (running_.size() >= max_running || !waiting_.empty()) {
        if (waiting_.size() >= max_waiting) return false;
        waiting_.push_back(std::move(next));
        return true;
    }
    start(std::move(next));
    return true;
}

void Children::start(Waiting next) {
    auto child = std::make_shared<Child>(io_, std::move(next.callbacks));
    running_.push_back(child);
    try {
        begin(child, next);
    } catch (const boost::system::system_error& error) {  // no descriptors left
        child->channel.close();
        boost::asio::post(io_, [this, child, code = error.code().value()] {
            leave(child, {ChildEnd::Kind::not_started, code});
        });
    }
}

void Children::begin(const std::shared_ptr<Child>& child, Waiting& next) {
    const int channel = spawn_apart(std::move(next.program), spawner_);
    if (channel < 0) throw boost::system::system_error(-channel, boost::system::system_category());
    child->channel.assign(channel);
    child->channel.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                              [this, child](const boost::system::error_code& error) {
                                  if (!error && !child->reaped) on_started(child);
                              });
    if (next.timeout_ns > 0) limit(child, next.timeout_ns);
}

// One that has timed out before it could start is ended now.
void Children::on_started(const std::shared_ptr<Child>& child) {
    const Spawned spawned = child->take_start();
    if (child->pid < 0) {
        leave(child, {child->timed_out ? ChildEnd::Kind::timed_out : ChildEnd::Kind::not_started,
                      spawned.error});
        return;
    }
    if (child->timed_out) child->send_group(SIGKILL);
    watch(child);
}

void Children::leave(const std::shared_ptr<Child>& child, const ChildEnd& end) {
    if (child->reaped) return;
    child->reaped = true;
    child->timer.cancel();
    std::erase(running_, child);
    start_waiting();
    child->callbacks.ended(end);
}

void Children::watch(const std::shared_ptr<Child>& child) {
    child->pidfd.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                            [this, child](const boost::system::error_code& error) {
                                if (!error && !child->reaped) on_exit(child);
                            });
}

void Children::limit(const std::shared_ptr<Child>& child, std::int64_t timeout_ns) {
    child->timer.expires_after(std::chrono::nanoseconds(timeout_ns));
    child->timer.async_wait([this, child](const boost::system::error_code& error) {
        if (!error && !child->reaped) end_group(child);
    });
}

// First TERM, later KILL. The group exists as long as its leader has not been reaped.
void Children::end_group(const std::shared_ptr<Child>& child) {
    if (child->timed_out) {
        child->send_group(SIGKILL);
        return;
    }
    child->timed_out = true;
    child->send_group(SIGTERM);
    limit(child, std::int64_t{kill_after_ms_} * 1'000'000);
    if (child->callbacks.timed_out) child->callbacks.timed_out();
}

void Children::on_exit(const std::shared_ptr<Child>& child) {
    // Before it is reaped its number cannot become another group's.
    if (child->timed_out) child->send_group(SIGKILL);
    siginfo_t info{};
    waitid(P_PID, static_cast<id_t>(child->pid), &info, WEXITED | WNOHANG);
    leave(child, end_of(info, child->timed_out));
}

// What cannot be started makes room for the next at once.
void Children::start_waiting() {
    while (!waiting_.empty() && running_.size() < max_running) {
        Waiting next = std::move(waiting_.front());
        waiting_.pop_front();
        start(std::move(next));
    }
}

}  // namespace warren::programs
