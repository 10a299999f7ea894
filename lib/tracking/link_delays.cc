// SPDX-License-Identifier: BSD-3-Clause
#include "tracking/link_delays.h"

#include <algorithm>
#include <chrono>

namespace warren::tracking {

void LinkDelays::follow(const std::vector<config::LinkDelay>& delays) {
    delays_ = delays;
}

const config::LinkDelay* LinkDelays::find(const std::string& interface) const {
    const auto found =
        std::find_if(delays_.begin(), delays_.end(),
                     [&](const config::LinkDelay& d) { return d.interface == interface; });
    return found == delays_.end() ? nullptr : &*found;
}

void LinkDelays::begin(const std::string& interface, bool running) {
    if (find(interface) != nullptr) links_.try_emplace(interface, io_, running);
}

bool LinkDelays::counts_as(const std::string& interface, bool running) {
    const config::LinkDelay* delay = find(interface);
    if (delay == nullptr) {
        links_.erase(interface);
        return running;
    }
    Link& link = links_.try_emplace(interface, io_, running).first->second;
    if (running == link.counted) {
        link.awaited.reset();
        link.timer.cancel();
    } else if (link.awaited != running) {
        wait(interface, link, running ? delay->up_ns : delay->down_ns);
    }
    return link.counted;
}

void LinkDelays::wait(const std::string& interface, Link& link, std::int64_t delay_ns) {
    if (delay_ns == 0) {
        link.counted = !link.counted;
        return;
    }
    link.awaited = !link.counted;
    link.timer.expires_after(std::chrono::nanoseconds(delay_ns));
    link.timer.async_wait([this, interface](const boost::system::error_code& error) {
        const auto found = links_.find(interface);
        if (error || found == links_.end() || !found->second.awaited) return;
        found->second.counted = *found->second.awaited;
        found->second.awaited.reset();
        due_(interface);
    });
}

}  // namespace warren::tracking
