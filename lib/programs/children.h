// SPDX-License-Identifier: BSD-3-Clause
// Runs programs of the operator as child processes: each in a process group of its own, as the user
// asked for, without our descriptors, signals, scheduling or output. A timeout ends the whole group
// (TERM, then KILL). At most `max_running` at once, the others wait their turn.
//
// Why not Boost.Process: it forks. A fork of this process copies page tables under the lock that
// the workers' page faults need, and makes every packet buffer copy-on-write (private memory
// without hugepages). The child here borrows our memory until it executes (CLONE_VM | CLONE_VFORK,
// as in posix_spawn, which cannot change the user), so workers notice nothing. A thread of its own
// waits for that: a program on a file system that hangs holds up its own run and nothing else.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "programs/program.h"
#include "programs/spawn.h"

namespace warren::programs {

// How a child ended.
struct ChildEnd {
    enum class Kind { exited, killed, timed_out, not_started };
    Kind kind = Kind::not_started;
    int code = 0;  // exit status; signal; -; errno

    bool ok() const { return kind == Kind::exited && code == 0; }
    std::string to_string() const;  // "exit status 1", "killed by signal 9", "timed out", …
};

class Children {
  public:
    static constexpr std::size_t max_running = 64;
    static constexpr std::size_t max_waiting = 1'024;
    static constexpr int kill_after_ms = 2'000;  // from TERM to KILL

    // Both come from the io_context, never from within run(); `timed_out` when TERM is sent,
    // `ended` once, when the process is gone.
    struct Callbacks {
        std::function<void()> timed_out;
        std::function<void(const ChildEnd&)> ended;
    };

    // `spawner` is for tests; nullptr: spawn(). It may take as long as it likes.
    explicit Children(boost::asio::io_context& io, int kill_after_milliseconds = kill_after_ms,
                      Spawner spawner = nullptr);
    // Ends what still runs: TERM, and after a moment KILL.
    ~Children();
    Children(const Children&) = delete;
    Children& operator=(const Children&) = delete;

    // timeout_ns 0: none; it counts from the start of the program. false: too many wait already,
    // nothing will be called.
    [[nodiscard]] bool run(Program program, std::int64_t timeout_ns, Callbacks callbacks);

    std::size_t running() const { return running_.size(); }
    std::size_t waiting() const { return waiting_.size(); }

  private:
    struct Child;
    struct Waiting {
        Program program;
        std::int64_t timeout_ns;
        Callbacks callbacks;
    };

    void start(Waiting next);
    void begin(const std::shared_ptr<Child>& child, Waiting& next);
    void on_started(const std::shared_ptr<Child>& child);
    void leave(const std::shared_ptr<Child>& child, const ChildEnd& end);
    void watch(const std::shared_ptr<Child>& child);
    void limit(const std::shared_ptr<Child>& child, std::int64_t timeout_ns);
    void end_group(const std::shared_ptr<Child>& child);
    void on_exit(const std::shared_ptr<Child>& child);
    void start_waiting();

    boost::asio::io_context& io_;
    int kill_after_ms_;
    Spawner spawner_;
    std::vector<std::shared_ptr<Child>> running_;
    std::deque<Waiting> waiting_;
};

}  // namespace warren::programs
