// SPDX-License-Identifier: BSD-3-Clause
#include "programs/notifier.h"

#include <algorithm>
#include <utility>

#include "programs/script.h"

namespace warren::programs {

std::string_view name(NotifyState state) {
    switch (state) {
        case NotifyState::master:
            return "MASTER";
        case NotifyState::backup:
            return "BACKUP";
        case NotifyState::fault:
            return "FAULT";
        case NotifyState::deleted:
            return "DELETED";
        case NotifyState::stop:
            break;
    }
    return "STOP";
}

std::optional<NotifyState> notify_state(vrrp::State to, vrrp::Reason reason) {
    switch (to) {
        case vrrp::State::master:
            return NotifyState::master;
        case vrrp::State::backup:
            return NotifyState::backup;
        case vrrp::State::fault:
            return NotifyState::fault;
        case vrrp::State::initialize:
            break;
    }
    if (reason == vrrp::Reason::shutdown) return NotifyState::stop;
    return std::nullopt;
}

std::optional<NotifyState> group_state(const std::vector<std::optional<NotifyState>>& members) {
    if (members.empty()) return std::nullopt;
    const auto same =
        static_cast<std::size_t>(std::count(members.begin(), members.end(), members.front()));
    return same == members.size() ? members.front() : std::nullopt;
}

// ---- instances and groups

Notifier::Scripts Notifier::ready(const config::NotifyScripts& scripts,
                                  const config::GlobalDefs& global) {
    const auto program = [&](const std::optional<config::Script>& script) {
        return script ? check_script(*script, global).program : std::nullopt;
    };
    return {program(scripts.any),     program(scripts.master), program(scripts.backup),
            program(scripts.fault),   program(scripts.stop),   program(scripts.lower_priority),
            program(scripts.deleted), scripts.says_deleted};
}

Notifier::Notifier(boost::asio::io_context& io, const config::Config& config,
                   journal::EventLog& events, Listeners listeners)
    : listeners_(std::move(listeners)), queues_(io, events) {
    follow(config);
}

void Notifier::follow(const config::Config& config) {
    std::erase_if(instances_, [](const auto& item) { return item.second.is_leaving; });
    for (auto& [name, scripts] : instances_)
        scripts.is_leaving = true;
    std::vector<config::RouterName> names = config::router_names(config.vrrp_instances);
    const auto same = config::find_same_routers(names_, names);
    std::map<std::string, std::optional<NotifyState>> states;
    std::map<std::string, int> priorities;
    for (std::size_t i = 0; i < names.size(); ++i) {
        const config::VrrpInstance& instance = config.vrrp_instances[i];
        const std::string& before = same[i] ? names_[*same[i]].in_file : instance.name;
        instances_[instance.name] = ready(instance.notify, config.global);
        states[instance.name] = states_[before];
        priorities[instance.name] = priorities_[before];
    }
    names_ = std::move(names);
    states_ = std::move(states);
    priorities_ = std::move(priorities);
    std::map<std::string, Group> before;
    for (Group& group : groups_)
        before[group.name] = std::move(group);
    groups_.clear();
    for (const config::VrrpSyncGroup& group : config.vrrp_sync_groups) {
        Group& entry = groups_.emplace_back(std::move(before[group.name]));
        entry.name = group.name;
        entry.scripts = ready(group.notify, config.global);
        entry.members.clear();
        for (const config::VrrpSyncGroup::Member& member : group.members)
            entry.members.push_back(member.instance);
        entry.is_starting =
            !entry.state && std::any_of(entry.members.begin(), entry.members.end(),
                                        [this](const std::string& name) { return !states_[name]; });
    }
}

void Notifier::on_transition(const std::string& instance, NotifyState state, int priority) {
    states_[instance] = state;
    priorities_[instance] = priority;
    Group* group = group_of(instance);
    if (group == nullptr) return tell(instance, state, priority);
    const std::optional<NotifyState> together = state_of(*group);
    if (group->is_starting) {
        auto& untold = group->untold;
        if (std::find(untold.begin(), untold.end(), instance) == untold.end())
            untold.push_back(instance);
        if (together) tell_start(*group, *together);
        return;
    }
    tell(instance, state, priority);
    if (together && together != group->state) tell(*group, *together);
}

Notifier::Group* Notifier::group_of(const std::string& instance) {
    const auto found = std::find_if(groups_.begin(), groups_.end(), [&](const Group& group) {
        return std::find(group.members.begin(), group.members.end(), instance) !=
               group.members.end();
    });
    return found == groups_.end() ? nullptr : &*found;
}

std::optional<NotifyState> Notifier::state_of(const Group& group) const {
    std::vector<std::optional<NotifyState>> members;
    for (const std::string& member : group.members) {
        const auto known = states_.find(member);
        members.push_back(known == states_.end() ? std::nullopt : known->second);
    }
    return group_state(members);
}

void Notifier::tell(const std::string& instance, NotifyState state, int priority) {
    run_scripts(instances_[instance], "INSTANCE", instance, state, priority);
    for (Listener* listener : listeners_)
        listener->on_instance(instance, state, priority);
}

void Notifier::tell(Group& group, NotifyState state) {
    group.state = state;
    run_scripts(group.scripts, "GROUP", group.name, state, 0);
    for (Listener* listener : listeners_)
        listener->on_group(group.name, state);
}

void Notifier::tell_start(Group& group, NotifyState state) {
    group.is_starting = false;
    const bool comes_first = state == NotifyState::backup;
    if (comes_first) tell(group, state);
    for (const std::string& member : std::exchange(group.untold, {}))
        tell(member, state, priorities_[member]);
    if (!comes_first) tell(group, state);
}

void Notifier::on_removal(const std::string& instance, int priority) {
    Scripts scripts = instances_[instance];
    const NotifyState state = scripts.says_deleted ? NotifyState::deleted : NotifyState::fault;
    scripts.fault.reset();
    run_scripts(scripts, "INSTANCE", instance, state, priority);
    for (Listener* listener : listeners_)
        listener->on_instance(instance, state, priority);
}

void Notifier::on_lower_priority(const std::string& instance) {
    if (const auto& script = instances_[instance].lower_priority)
        queues_.run("INSTANCE " + instance, *script, {.router = instance});
}

void Notifier::repeat_to(Listener& listener) const {
    for (const auto& [instance, state] : states_)
        if (state) listener.on_instance(instance, *state, priorities_.at(instance));
    for (const Group& group : groups_)
        if (group.state) listener.on_group(group.name, *group.state);
}

// keepalived.conf(5): "notify" comes after notify_* and gets four more arguments; the priority of a
// group is 0.
void Notifier::run_scripts(const Scripts& scripts, const char* type, const std::string& name,
                           NotifyState state, int priority) {
    const std::string queue = std::string(type) + " " + name;
    const std::optional<Program>& own = state == NotifyState::master    ? scripts.master
                                        : state == NotifyState::backup  ? scripts.backup
                                        : state == NotifyState::fault   ? scripts.fault
                                        : state == NotifyState::deleted ? scripts.deleted
                                                                        : scripts.stop;
    const journal::Subject about = type == std::string_view("INSTANCE")
                                       ? journal::Subject{.router = name}
                                       : journal::Subject{};
    if (own) queues_.run(queue, *own, about);
    if (!scripts.any) return;
    Program general = *scripts.any;
    general.argv.insert(general.argv.end(),
                        {type, name, std::string(programs::name(state)), std::to_string(priority)});
    queues_.run(queue, general, about);
}

}  // namespace warren::programs
