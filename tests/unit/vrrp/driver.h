// SPDX-License-Identifier: BSD-3-Clause
// Drives one Instance in virtual time and writes what it does as text, so that tests read like a
// log:
//   "own send(100) announce(1) backup->master:master_down"
#pragma once

#include <string>

#include "vrrp/instance.h"

namespace warren::vrrp {

inline std::string text(const Action& action) {
    struct Visitor {
        std::string operator()(const Own& a) const { return a.owned ? "own" : "disown"; }
        std::string operator()(const SendAdvert& a) const { return call("send", a.priority); }
        std::string operator()(const Announce& a) const {
            return call(a.what == AnnouncedSet::added ? "announce_added" : "announce", a.rounds);
        }
        std::string operator()(const Report& a) const {
            std::string out(name(a.from));
            return out.append("->").append(name(a.to)).append(":").append(name(a.reason));
        }
        std::string operator()(const Alarm& a) const {
            return std::string("alarm(").append(name(a.kind)).append(")");
        }
        static std::string call(std::string_view what, unsigned n) {
            return std::string(what).append("(").append(std::to_string(n)).append(")");
        }
    };
    return std::visit(Visitor{}, action);
}

inline std::string text(const Actions& actions) {
    std::string out;
    for (const Action& action : actions) {
        if (!out.empty()) out += ' ';
        out += text(action);
    }
    return out;
}

class Driver {
  public:
    explicit Driver(const Settings& s) : settings(s), instance(settings) {}
    Driver(const Driver&) = delete;
    Driver& operator=(const Driver&) = delete;

    std::string step(const Event& event) { return text(instance.step(event, now_ns)); }

    // An advert from 192.0.2.`host`; v3 with our own interval unless told.
    std::string hear(std::uint8_t priority, std::uint8_t host = 2, std::uint64_t interval_ns = 0) {
        Advert advert;
        advert.version = settings.version;
        advert.vrid = settings.vrid;
        advert.priority = priority;
        advert.advert_interval_ns = interval_ns != 0 ? interval_ns : settings.advert_interval_ns;
        advert.interval_differs = advert.advert_interval_ns != settings.advert_interval_ns;
        return step(AdvertReceived{advert, net::IpAddress::v4(192, 0, 2, host)});
    }

    // Time passes until the instance does something, the workers never being late. At most
    // `limit_ns`.
    std::string wait(std::uint64_t limit_ns = 3600 * ns_per_s) {
        const std::uint64_t end_ns = now_ns + limit_ns;
        while (instance.deadline_ns() <= end_ns) {
            if (instance.deadline_ns() > now_ns) now_ns = instance.deadline_ns();
            const std::string done = step(Tick{now_ns});
            if (!done.empty()) return done;
        }
        now_ns = end_ns;
        return {};
    }

    bool is_master() const { return instance.state() == State::master; }

    void become_master() {
        step(Startup{});
        while (!is_master())
            wait();
    }

    // Lets the announcements after a takeover run out, so that only adverts and refreshes remain.
    void settle() {
        const std::uint64_t end_ns = now_ns + 10 * ns_per_s;
        while (now_ns < end_ns)
            wait(end_ns - now_ns);
    }

    Settings settings;
    Instance instance;
    std::uint64_t now_ns = 1000 * ns_per_s;
};

inline Settings test_settings(std::uint8_t priority = 100) {
    Settings s;
    s.vrid = 51;
    s.priority = priority;
    s.primary_address = net::IpAddress::v4(192, 0, 2, 5);
    s.advert_addresses = {net::IpAddress::v4(192, 0, 2, 100)};
    return s;
}

}  // namespace warren::vrrp
