// SPDX-License-Identifier: BSD-3-Clause
// notify scripts of vrrp_instances and sync groups, with keepalived's arguments and order. Each
// instance and group has a queue of its own: what it says is run one after the other, so a script
// never learns of states in the wrong order.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "control/children.h"
#include "control/event_log.h"
#include "vrrp/event.h"

namespace warren::control {

enum class NotifyState : std::uint8_t { master, backup, fault, stop };
std::string_view name(NotifyState state);  // "MASTER"

// What a transition means to a script; nothing for one that it shall not hear of.
std::optional<NotifyState> notify_state(vrrp::State to, vrrp::Reason reason);

// A sync group's state from its members': fault if one is, master or stopped if all are, else
// backup. Nothing as long as one has not started.
std::optional<NotifyState> group_state(const std::vector<std::optional<NotifyState>>& members);

// Runs scripts one after the other within each queue. One that takes longer than `patience_ms` is
// no longer waited for: it goes on beside the next.
class ScriptQueues {
  public:
    static constexpr int patience_ms = 10'000;
    static constexpr std::size_t max_waiting = 64;  // per queue; the oldest give way

    ScriptQueues(boost::asio::io_context& io, EventLog& events);

    void run(const std::string& queue, const Program& program);
    bool idle() const;
    // Once: when nothing runs or waits any more, or after `patience`.
    void when_idle(int patience_ms, std::function<void()> done);

  private:
    struct Queue {
        std::deque<Program> waiting;
        std::uint64_t running = 0;  // number of the run that is waited for; 0: none
        std::optional<boost::asio::steady_timer> timer;
    };

    void start_next(const std::string& name);
    void go_on(const std::string& name, std::uint64_t run);
    void on_end(const std::string& name, const std::string& path, std::uint64_t run,
                const ChildEnd& end);
    void tell_when_idle();

    boost::asio::io_context& io_;
    EventLog& events_;
    std::map<std::string, Queue> queues_;
    std::uint64_t runs_ = 0;
    std::size_t unfinished_ = 0;
    std::function<void()> on_idle_;
    boost::asio::steady_timer idle_timer_;
    Children children_;  // last: its end comes first
};

class Notifier {
  public:
    Notifier(boost::asio::io_context& io, const config::Config& config, EventLog& events);

    void on_transition(const std::string& instance, NotifyState state, int priority);

    // For scripts of others that shall be run in order.
    ScriptQueues& queues() { return queues_; }

  private:
    struct Scripts {
        std::optional<Program> any, master, backup, fault, stop;
    };
    struct Group {
        std::string name;
        std::vector<std::string> members;
        std::optional<NotifyState> state;
        Scripts scripts;
    };

    static Scripts ready(const config::NotifyScripts& scripts, const config::GlobalDefs& global);
    void tell(const Scripts& scripts, const char* type, const std::string& name, NotifyState state,
              int priority);
    void update(Group& group);

    std::map<std::string, Scripts> instances_;
    std::map<std::string, std::optional<NotifyState>> states_;  // of instances
    std::vector<Group> groups_;
    ScriptQueues queues_;
};

}  // namespace warren::control
