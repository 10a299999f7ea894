// SPDX-License-Identifier: BSD-3-Clause
#include "control/children.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "control/spawn.h"

namespace warren::control {
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
    Child(boost::asio::io_context& io, const Spawned& spawned, Callbacks what)
        : pid(spawned.pid), pidfd(io, spawned.pidfd), timer(io), callbacks(std::move(what)) {}

    pid_t pid;
    boost::asio::posix::stream_descriptor pidfd;
    boost::asio::steady_timer timer;
    Callbacks callbacks;
    bool timed_out = false;
    bool reaped = false;  // handlers that come later have nothing to do
};

Children::Children(boost::asio::io_context& io, int kill_after_milliseconds)
    : io_(io), kill_after_ms_(kill_after_milliseconds) {}

Children::~Children() {
    for (const auto& child : running_)
        kill(-child->pid, SIGTERM);
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(last_moment_ms);
    for (const auto& child : running_) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            end - std::chrono::steady_clock::now());
        pollfd gone{child->pidfd.native_handle(), POLLIN, 0};
        poll(&gone, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
        kill(-child->pid, SIGKILL);
        waitpid(child->pid, nullptr, 0);
        child->reaped = true;
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
    const Spawned spawned = spawn(next.program);
    if (spawned.pid < 0) {
        boost::asio::post(io_, [ended = std::move(next.callbacks.ended), error = spawned.error] {
            ended({ChildEnd::Kind::not_started, error});
        });
        return;
    }
    auto child = std::make_shared<Child>(io_, spawned, std::move(next.callbacks));
    running_.push_back(child);
    watch(child);
    if (next.timeout_ns > 0) limit(child, next.timeout_ns);
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
        kill(-child->pid, SIGKILL);
        return;
    }
    child->timed_out = true;
    kill(-child->pid, SIGTERM);
    limit(child, std::int64_t{kill_after_ms_} * 1'000'000);
    if (child->callbacks.timed_out) child->callbacks.timed_out();
}

void Children::on_exit(const std::shared_ptr<Child>& child) {
    // Before it is reaped its number cannot become another group's.
    if (child->timed_out) kill(-child->pid, SIGKILL);
    siginfo_t info{};
    waitid(P_PID, static_cast<id_t>(child->pid), &info, WEXITED | WNOHANG);
    child->reaped = true;
    child->timer.cancel();
    std::erase(running_, child);
    start_waiting();
    child->callbacks.ended(end_of(info, child->timed_out));
}

// What cannot be started makes room for the next at once.
void Children::start_waiting() {
    while (!waiting_.empty() && running_.size() < max_running) {
        Waiting next = std::move(waiting_.front());
        waiting_.pop_front();
        start(std::move(next));
    }
}

}  // namespace warren::control
