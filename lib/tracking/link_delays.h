// SPDX-License-Identifier: BSD-3-Clause
// keepalived's interface_up_down_delays: a link's change counts once it has lasted for the delay of
// its direction; a link that returns before that has not changed.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"

namespace warren::tracking {

class LinkDelays {
  public:
    // `due`: a change counts now; comes from the io_context.
    using Due = std::function<void(const std::string& interface)>;
    LinkDelays(boost::asio::io_context& io, Due due) : io_(io), due_(std::move(due)) {}

    // Another configuration; a change whose delay runs keeps the old delay.
    void follow(const std::vector<config::LinkDelay>& delays);

    // The state of a new link counts at once.
    void begin(const std::string& interface, bool running);
    // Takes whether the link runs now, returns what counts. Of a new link: the same.
    bool counts_as(const std::string& interface, bool running);
    // The interface is gone, which counts at once.
    void forget(const std::string& interface) { links_.erase(interface); }

  private:
    struct Link {
        Link(boost::asio::io_context& io, bool is_running) : counted(is_running), timer(io) {}
        bool counted;
        std::optional<bool> awaited;  // the other state, as long as the timer runs
        boost::asio::steady_timer timer;
    };

    const config::LinkDelay* find(const std::string& interface) const;
    void wait(const std::string& interface, Link& link, std::int64_t delay_ns);

    boost::asio::io_context& io_;
    Due due_;
    std::vector<config::LinkDelay> delays_;
    std::map<std::string, Link> links_;
};

}  // namespace warren::tracking
