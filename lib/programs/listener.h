// SPDX-License-Identifier: BSD-3-Clause
// Who hears of state changes beside scripts, and after them. Called on the manager's thread; must
// not block.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace warren::programs {

enum class NotifyState : std::uint8_t { master, backup, fault, stop, deleted };
std::string_view name(NotifyState state);  // "MASTER"

class Listener {
  public:
    Listener() = default;
    virtual ~Listener() = default;
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    virtual void on_instance(const std::string& name, NotifyState state, int priority) = 0;
    virtual void on_group(const std::string& name, NotifyState state) = 0;
    // `why` is for people.
    virtual void on_server(const config::VirtualServer& service, const config::RealServer& server,
                           bool up, std::string_view why) = 0;
    virtual void on_quorum(const config::VirtualServer& service, bool up, std::string_view why) = 0;
};

// All of them outlive who tells them.
using Listeners = std::vector<Listener*>;

}  // namespace warren::programs
