// SPDX-License-Identifier: BSD-3-Clause
#include "programs/notify_fifos.h"

#include <exception>
#include <utility>

#include "programs/script.h"

namespace warren::programs {
namespace {

// "[192.0.2.1]:tcp:5672", IPv6 alike.
std::string trio(const net::IpAddress& address, config::Protocol protocol, std::uint16_t port) {
    const char* const name = protocol == config::Protocol::tcp   ? "tcp"
                             : protocol == config::Protocol::udp ? "udp"
                                                                 : "sctp";
    return "[" + address.to_string() + "]:" + name + ":" + std::to_string(port);
}

std::string trio(const config::VirtualServer& service) {
    return trio(service.address, service.protocol, service.port);
}

const char* up_or_down(bool up) {
    return up ? "UP" : "DOWN";
}

}  // namespace

std::string instance_line(const std::string& name, std::string_view what, int priority) {
    return fmt::format("INSTANCE \"{}\" {} {}\n", name, what, priority);
}

// The priority of a group is 0.
std::string group_line(const std::string& name, NotifyState state) {
    return fmt::format("GROUP \"{}\" {} 0\n", name, programs::name(state));
}

std::string quorum_line(const config::VirtualServer& service, bool up) {
    return fmt::format("VS {} {}\n", trio(service), up_or_down(up));
}

std::string server_line(const config::VirtualServer& service, const config::RealServer& server,
                        bool up) {
    return fmt::format("RS {} {} {}\n", trio(server.address, service.protocol, server.port),
                       trio(service), up_or_down(up));
}

NotifyFifos::NotifyFifos(boost::asio::io_context& io, const config::GlobalDefs& global,
                         journal::EventLog& events)
    : io_(io), events_(events) {
    follow(global);
}

// All that go, first: one may have been renamed to another.
void NotifyFifos::follow(const config::GlobalDefs& global) {
    const config::NotifyFifo* const wanted[] = {&global.fifos.all, &global.fifos.vrrp,
                                                &global.fifos.lvs};
    std::array<bool, 3> changed{};
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        Entry& entry = entries_[i];
        changed[i] = entry.config != *wanted[i];
        if (changed[i]) entry = {*wanted[i], entry.vrrp, entry.lvs, nullptr};
    }
    for (std::size_t i = 0; i < entries_.size(); ++i)
        if (changed[i] && !entries_[i].config.path.empty()) open(entries_[i], global);
}

void NotifyFifos::open(Entry& entry, const config::GlobalDefs& global) {
    const config::NotifyFifo& fifo = entry.config;
    const UserCheck owner = check_user(fifo.user, fifo.group, global);
    if (!owner.problem.empty()) {
        events_.error(journal::EventKind::script, "{}: no FIFO: {}", fifo.path, owner.problem);
        return;
    }
    try {
        entry.fifo = std::make_unique<Fifo>(fifo.path, owner.credentials);
    } catch (const std::exception& error) {
        events_.error(journal::EventKind::script, "no FIFO: {}", error.what());
        return;
    }
    if (fifo.script) start(entry, global);
}

// One that cannot run has been told of with all other scripts.
void NotifyFifos::start(Entry& entry, const config::GlobalDefs& global) {
    const std::string& path = entry.config.path;
    std::optional<Program> program = check_script(*entry.config.script, global).program;
    if (!program) return;
    program->argv.push_back(path);
    const auto ended = [this, path](const ChildEnd& end) {
        events_.warn(journal::EventKind::script, "{}: its script has ended: {}", path,
                     end.to_string());
    };
    entry.script = std::make_unique<Children>(io_);
    if (!entry.script->run(std::move(*program), 0, {{}, ended}))
        events_.error(journal::EventKind::script, "{}: its script is not started", path);
}

// Once when it begins, and when it is over.
void NotifyFifos::write(Entry& entry, const std::string& line) {
    const bool losing = entry.fifo->write(line) == Fifo::Written::lost;
    if (losing == std::exchange(entry.is_losing, losing)) return;
    if (losing)
        events_.warn(journal::EventKind::script,
                     "{}: full, for nobody reads it: lines are lost until somebody does",
                     entry.fifo->path());
    else
        events_.info(journal::EventKind::script, "{}: is read again; {} lines were lost",
                     entry.fifo->path(),
                     entry.fifo->lost() - std::exchange(entry.told_lost, entry.fifo->lost()));
}

void NotifyFifos::write_vrrp(const std::string& line) {
    for (Entry& entry : entries_)
        if (entry.vrrp && entry.fifo) write(entry, line);
}

void NotifyFifos::write_lvs(const std::string& line) {
    for (Entry& entry : entries_)
        if (entry.lvs && entry.fifo) write(entry, line);
}

void NotifyFifos::on_instance(const std::string& name, NotifyState state, int priority) {
    write_vrrp(instance_line(name, programs::name(state), priority));
}

void NotifyFifos::on_group(const std::string& name, NotifyState state) {
    write_vrrp(group_line(name, state));
}

void NotifyFifos::on_priority(const std::string& name, bool is_master, int priority) {
    write_vrrp(instance_line(name, is_master ? "MASTER_PRIORITY" : "BACKUP_PRIORITY", priority));
}

void NotifyFifos::on_lower_priority(const std::string& name, int priority) {
    write_vrrp(instance_line(name, "MASTER_RX_LOWER_PRI", priority));
}

void NotifyFifos::on_server(const config::VirtualServer& service, const config::RealServer& server,
                            bool up, std::string_view) {
    write_lvs(server_line(service, server, up));
}

void NotifyFifos::on_quorum(const config::VirtualServer& service, bool up, std::string_view) {
    write_lvs(quorum_line(service, up));
}

}  // namespace warren::programs
