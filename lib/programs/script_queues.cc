// SPDX-License-Identifier: BSD-3-Clause
#include "programs/script_queues.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <utility>

namespace warren::programs {

ScriptQueues::ScriptQueues(boost::asio::io_context& io, journal::EventLog& events)
    : io_(io), events_(events), idle_timer_(io), children_(io) {}

void ScriptQueues::run(const std::string& name, const Program& program,
                       const journal::Subject& about) {
    Queue& queue = queues_[name];
    queue.about = about;
    if (queue.waiting.size() >= max_waiting) {
        events_.error(journal::EventKind::script, about,
                      "{}: its scripts are too slow: {} is left out", name,
                      queue.waiting.front().path);
        queue.waiting.pop_front();
    }
    queue.waiting.push_back(program);
    if (queue.running == 0) start_next(name);
}

bool ScriptQueues::idle() const {
    return unfinished_ == 0 && std::all_of(queues_.begin(), queues_.end(), [](const auto& entry) {
               return entry.second.waiting.empty();
           });
}

void ScriptQueues::start_next(const std::string& name) {
    Queue& queue = queues_[name];
    if (queue.waiting.empty()) return;
    Program program = std::move(queue.waiting.front());
    queue.waiting.pop_front();
    const std::uint64_t run = ++runs_;
    const std::string path = program.path;
    spdlog::debug("{}: running {}", name, path);
    const bool taken = children_.run(
        std::move(program), 0,
        {{}, [this, name, path, run](const ChildEnd& end) { on_end(name, path, run, end); }});
    if (!taken) {
        events_.error(journal::EventKind::script, queue.about,
                      "{}: too many scripts run: {} is left out", name, path);
        return;
    }
    ++unfinished_;
    queue.running = run;
    queue.timer.emplace(io_, std::chrono::milliseconds(patience_ms));
    queue.timer->async_wait([this, name, path, run](const boost::system::error_code& error) {
        if (error) return;
        events_.warn(journal::EventKind::script, queues_[name].about,
                     "{}: {} takes long: what follows does not wait for it", name, path);
        go_on(name, run);
    });
}

void ScriptQueues::go_on(const std::string& name, std::uint64_t run) {
    Queue& queue = queues_[name];
    if (queue.running != run) return;
    queue.running = 0;
    queue.timer.reset();
    start_next(name);
}

void ScriptQueues::on_end(const std::string& name, const std::string& path, std::uint64_t run,
                          const ChildEnd& end) {
    --unfinished_;
    const journal::Subject& about = queues_[name].about;
    if (end.kind == ChildEnd::Kind::not_started)
        events_.error(journal::EventKind::script, about, "{}: {}: {}", name, path, end.to_string());
    else if (!end.ok())
        events_.warn(journal::EventKind::script, about, "{}: {}: {}", name, path, end.to_string());
    go_on(name, run);
    notify_when_idle();
}

void ScriptQueues::when_idle(int patience, std::function<void()> done) {
    on_idle_ = std::move(done);
    idle_timer_.expires_after(std::chrono::milliseconds(patience));
    idle_timer_.async_wait([this](const boost::system::error_code& error) {
        if (error || !on_idle_) return;
        events_.warn(journal::EventKind::script, "{} scripts still run: they are ended",
                     unfinished_);
        std::exchange(on_idle_, {})();
    });
    boost::asio::post(io_, [this] { notify_when_idle(); });
}

void ScriptQueues::notify_when_idle() {
    if (!on_idle_ || !idle()) return;
    idle_timer_.cancel();
    std::exchange(on_idle_, {})();
}

}  // namespace warren::programs
