// SPDX-License-Identifier: BSD-3-Clause
// notify_fifo, vrrp_notify_fifo and lvs_notify_fifo: state changes as keepalived's lines, for
// readers that are already there, and in the order in which they happened.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "config/config.h"
#include "journal/event_log.h"
#include "programs/children.h"
#include "programs/fifo.h"
#include "programs/listener.h"

namespace warren::programs {

// `INSTANCE "VI_1" MASTER 100`, with a newline; keepalived.conf(5).
std::string instance_line(const std::string& name, std::string_view what, int priority);
std::string group_line(const std::string& name, NotifyState state);
// "VS [192.0.2.1]:tcp:5672 UP", "RS [192.0.2.9]:tcp:5672 [192.0.2.1]:tcp:5672 DOWN"
std::string quorum_line(const config::VirtualServer& service, bool up);
std::string server_line(const config::VirtualServer& service, const config::RealServer& server,
                        bool up);

class NotifyFifos : public Listener {
  public:
    // Opens them and starts their scripts; one that cannot be is told and left out.
    NotifyFifos(boost::asio::io_context& io, const config::GlobalDefs& global,
                journal::EventLog& events);

    // Another configuration: what it says of a FIFO as before stays as it is, its reader too.
    void follow(const config::GlobalDefs& global);

    void on_instance(const std::string& name, NotifyState state, int priority) override;
    void on_group(const std::string& name, NotifyState state) override;
    void on_server(const config::VirtualServer& service, const config::RealServer& server, bool up,
                   std::string_view why) override;
    void on_quorum(const config::VirtualServer& service, bool up, std::string_view why) override;

    // Of an instance whose effective priority has changed: MASTER_PRIORITY or BACKUP_PRIORITY.
    void on_priority(const std::string& name, bool is_master, int priority);
    // A master has heard a lower one.
    void on_lower_priority(const std::string& name, int priority);

  private:
    struct Entry {
        config::NotifyFifo config;
        bool vrrp = false, lvs = false;  // what is written to it
        std::unique_ptr<Fifo> fifo;      // null: there is none
        std::unique_ptr<Children> script{};
        std::uint64_t told_lost = 0;  // when it had lost so many
        bool is_losing = false;
    };

    void open(Entry& entry, const config::GlobalDefs& global);
    void start(Entry& entry, const config::GlobalDefs& global);
    void write(Entry& entry, const std::string& line);
    void write_vrrp(const std::string& line);
    void write_lvs(const std::string& line);

    boost::asio::io_context& io_;
    journal::EventLog& events_;
    std::array<Entry, 3> entries_{
        {{{}, true, true, {}}, {{}, true, false, {}}, {{}, false, true, {}}}};
};

}  // namespace warren::programs
