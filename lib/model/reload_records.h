// SPDX-License-Identifier: BSD-3-Clause
// What a reload is going to do, and what it has done (reload.h).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "election/plan.h"

namespace warren::model {

// Points into the configuration that is wanted.
struct ReloadPlan {
    struct Server {
        const config::RealServer* config = nullptr;
        std::uint16_t index = 0;
        bool is_sorry = false;
        bool is_new = false;  // begins as at a start
    };
    struct Service {
        const config::VirtualServer* config = nullptr;
        std::uint16_t index = 0;
        bool is_new = false;
        std::vector<Server> servers;  // the sorry_server is the last
        std::vector<net::IpAddress> local_addresses;
    };
    struct Router {
        const config::VrrpInstance* config = nullptr;
        std::uint16_t index = 0;
        std::uint8_t port = 0;
        std::uint16_t group = election::no_group;
        bool is_new = false;
    };
    std::string refusal;  // empty: it can be carried out; else the rest means nothing
    // Interfaces, to be shared with the kernel, that State needs behind its ports before this is
    // carried out.
    std::vector<std::string> new_ports;
    std::vector<Router> routers;  // in the configuration's order
    std::vector<Service> services;
    // Of those served now.
    std::vector<std::uint16_t> removed_routers, removed_services, removed_servers;
};

// Indices of what is another now; those of removed services' servers are not among them.
struct ReloadChanges {
    struct Replanned {
        std::uint16_t index = 0;
        vrrp::AnnouncedSet announced = vrrp::AnnouncedSet::nothing;
    };
    std::vector<std::uint16_t> added_routers, changed_routers, removed_routers;
    // Changed routers, and those whose group is another.
    std::vector<Replanned> replanned_routers;
    // Plans that the control lcore runs until it has been told.
    std::vector<std::unique_ptr<const election::RouterPlan>> retired_plans;
    std::vector<std::uint16_t> added_services, changed_services, removed_services;
    std::vector<std::uint16_t> added_servers, changed_servers, removed_servers;
    std::vector<std::uint16_t>
        standing_changed;  // servers whose standing is another by their new rules

    bool none() const;
};

}  // namespace warren::model
