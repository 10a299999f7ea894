// SPDX-License-Identifier: BSD-3-Clause
// notify scripts of vrrp_instances and sync groups, with keepalived's arguments and order. Each
// instance and group has a queue of its own: what it says is run one after the other, so a script
// never learns of states in the wrong order.
#pragma once

#include <boost/asio/io_context.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/same_routers.h"
#include "journal/event_log.h"
#include "programs/listener.h"
#include "programs/program.h"
#include "programs/script_queues.h"
#include "vrrp/event.h"

namespace warren::programs {

// What a transition means to a script; nothing for one that it shall not hear of.
std::optional<NotifyState> notify_state(vrrp::State to, vrrp::Reason reason);

// A sync group's state is that of its members. Nothing as long as they have none, or are on their
// way to another: what one becomes, all become.
std::optional<NotifyState> group_state(const std::vector<std::optional<NotifyState>>& members);

class Notifier {
  public:
    Notifier(boost::asio::io_context& io, const config::Config& config, journal::EventLog& events,
             Listeners listeners = {});

    // Another configuration: who is still the same to the LAN keeps its state under any name, who
    // is gone may still be removed.
    void follow(const config::Config& config);

    void on_transition(const std::string& instance, NotifyState state, int priority);
    // A reload has taken it out, which is no end of the service: as in keepalived FAULT, or DELETED
    // with notify_deleted, and neither notify_fault nor notify_stop runs.
    void on_removal(const std::string& instance, int priority);
    // A master has heard a lower one: a script without arguments, once for all that waited.
    void on_lower_priority(const std::string& instance);

    // All that it has said last, once more.
    void repeat_to(Listener& listener) const;

    // For scripts of others that shall be run in order.
    ScriptQueues& queues() { return queues_; }

  private:
    struct Scripts {
        std::optional<Program> any, master, backup, fault, stop, lower_priority, deleted;
        bool says_deleted = false;
        bool is_leaving = false;
    };
    struct Group {
        std::string name;
        std::vector<std::string> members;
        std::optional<NotifyState> state;
        // At a start its members' states are told when it has one, a backup's after its own.
        bool is_starting = false;
        std::vector<std::string> untold;
        Scripts scripts;
    };

    static Scripts ready(const config::NotifyScripts& scripts, const config::GlobalDefs& global);
    void run_scripts(const Scripts& scripts, const char* type, const std::string& name,
                     NotifyState state, int priority);
    Group* group_of(const std::string& instance);
    std::optional<NotifyState> state_of(const Group& group) const;
    void tell(const std::string& instance, NotifyState state, int priority);
    void tell(Group& group, NotifyState state);
    void tell_start(Group& group, NotifyState state);

    std::map<std::string, Scripts> instances_;
    std::vector<config::RouterName> names_;
    std::map<std::string, std::optional<NotifyState>> states_;  // of instances
    std::map<std::string, int> priorities_;                     // that they had then
    std::vector<Group> groups_;
    Listeners listeners_;
    ScriptQueues queues_;
};

}  // namespace warren::programs
