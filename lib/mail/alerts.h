// SPDX-License-Identifier: BSD-3-Clause
// Which state changes are told by mail (smtp_alert and its kin), in keepalived's words. Nobody is
// told the same state of a router twice in a row.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "config/config.h"
#include "journal/event_log.h"
#include "mail/mailer.h"
#include "programs/listener.h"

namespace warren::mail {

class Alerts : public programs::Listener {
  public:
    // `config` may be replaced by a reload: it is read at each change.
    Alerts(boost::asio::io_context& io, const config::Config& config, journal::EventLog& events);

    void on_instance(const std::string& name, programs::NotifyState state, int priority) override;
    void on_group(const std::string& name, programs::NotifyState state) override;
    void on_server(const config::VirtualServer& service, const config::RealServer& server, bool up,
                   std::string_view why) override;
    void on_quorum(const config::VirtualServer& service, bool up, std::string_view why) override;

    void when_idle(int patience_ms, std::function<void()> done) {
        mailer_.when_idle(patience_ms, std::move(done));
    }

  private:
    bool is_told(const std::string& who, programs::NotifyState state);
    void send(const std::string& subject, std::string_view body);

    const config::Config& config_;
    std::string host_;
    std::map<std::string, programs::NotifyState> told_;  // of instances and groups
    Mailer mailer_;
};

}  // namespace warren::mail
