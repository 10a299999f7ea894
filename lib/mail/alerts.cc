// SPDX-License-Identifier: BSD-3-Clause
#include "mail/alerts.h"

#include <limits.h>
#include <spdlog/fmt/fmt.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

namespace warren::mail {
namespace {

using programs::NotifyState;

// keepalived's words, of an instance and of a group.
struct Words {
    const char* subject;
    const char* instance;
    const char* group;
};

Words words(NotifyState state) {
    constexpr const char* no_longer = "VRRP Instance is no longer owning VRRP VIPs";
    switch (state) {
        case NotifyState::master:
            return {"Entering MASTER state", "VRRP Instance is now owning VRRP VIPs",
                    "All VRRP group instances are now in MASTER state"};
        case NotifyState::backup:
            return {"Entering BACKUP state", no_longer,
                    "All VRRP group instances are now in BACKUP state"};
        case NotifyState::fault:
            return {"Entering FAULT state", no_longer,
                    "All VRRP group instances are now in FAULT state"};
        case NotifyState::deleted:
        case NotifyState::stop:
            break;
    }
    return {"Stopping", "VRRP Instance stopping", "All VRRP group instances are now stopping"};
}

const char* up_or_down(bool up) {
    return up ? "UP" : "DOWN";
}

std::string endpoint(const net::IpAddress& address, std::uint16_t port) {
    return fmt::format("[{}]:tcp:{}", address.to_string(), port);
}

std::string host_name() {
    std::array<char, HOST_NAME_MAX + 1> name{};
    if (gethostname(name.data(), name.size() - 1) != 0) return "localhost";
    return name.data();
}

// RFC 5322 3.3, in the C locale, in which Warren runs.
std::string date_now() {
    const std::time_t now = std::time(nullptr);
    std::tm local{};
    localtime_r(&now, &local);
    std::array<char, 64> text{};
    std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S %z", &local);
    return text.data();
}

template <typename T>
std::optional<bool> own_word(const std::vector<T>& all, const std::string& name) {
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const T& candidate) { return candidate.name == name; });
    return found == all.end() ? std::nullopt : found->smtp_alert;
}

}  // namespace

Alerts::Alerts(boost::asio::io_context& io, const config::Config& config, journal::EventLog& events)
    : config_(config), host_(host_name()), mailer_(io, events) {}

bool Alerts::is_told(const std::string& who, NotifyState state) {
    if (state == NotifyState::fault && !config_.global.mail.faults) return false;
    if (state == NotifyState::stop || state == NotifyState::deleted) {
        told_.erase(who);  // it may not come again
        return true;
    }
    const auto last = told_.find(who);
    if (last != told_.end() && last->second == state) return false;
    told_[who] = state;
    return true;
}

void Alerts::on_instance(const std::string& name, NotifyState state, int) {
    if (!config_.global.mail.of_router(own_word(config_.vrrp_instances, name)) ||
        !is_told("instance " + name, state))
        return;
    send(fmt::format("VRRP Instance {} - {}", name, words(state).subject), words(state).instance);
}

void Alerts::on_group(const std::string& name, NotifyState state) {
    if (!config_.global.mail.of_router(own_word(config_.vrrp_sync_groups, name)) ||
        !is_told("group " + name, state))
        return;
    send(fmt::format("VRRP Group {} - {}", name, words(state).subject), words(state).group);
}

void Alerts::on_server(const config::VirtualServer& service, const config::RealServer& server,
                       bool up, std::string_view why) {
    if (!config_.global.mail.of_server(server.smtp_alert)) return;
    send(fmt::format("Realserver {} of virtual server {} - {}",
                     endpoint(server.address, server.port), endpoint(service.address, service.port),
                     up_or_down(up)),
         why);
}

void Alerts::on_quorum(const config::VirtualServer& service, bool up, std::string_view why) {
    if (!config_.global.mail.of_service(service.smtp_alert)) return;
    send(fmt::format("Virtualserver {} - {}", endpoint(service.address, service.port),
                     up_or_down(up)),
         why);
}

void Alerts::send(const std::string& subject, std::string_view body) {
    const config::GlobalDefs& global = config_.global;
    const config::Mail& mail = global.mail;
    if (!mail.is_sent()) return;
    Message message{
        date_now(), mail.from.empty() ? "keepalived@" + host_ : mail.from, mail.to,
        fmt::format("[{}] {}", global.router_id.empty() ? host_ : global.router_id, subject),
        fmt::format("=> {} <=", body)};
    mailer_.send({mail.server, mail.port, mail.helo_name.empty() ? host_ : mail.helo_name,
                  mail.timeout_ns, std::move(message)});
}

}  // namespace warren::mail
