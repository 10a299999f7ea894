// SPDX-License-Identifier: BSD-3-Clause
// A State made of a configuration's text, as the manager has it right after the start.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "model/start.h"
#include "model/state.h"
#include "schema/load.h"

namespace warren::model {

inline constexpr std::uint64_t start_ns = 1'000'000'000;

// One port per interface, up, with 02:00:00:00:00:0N, ifindex N and 192.168.8.N/24, N from 1.
inline std::unique_ptr<State> state_of(const std::string& text) {
    auto loaded =
        schema::load("warren.conf", [&](const std::string&) { return std::optional(text); });
    for (const syntax::Diagnostic& diagnostic : loaded.diagnostics)
        EXPECT_NE(diagnostic.severity, syntax::Severity::error) << diagnostic.to_string();
    std::vector<PortState> ports;
    for (const std::string& name : port_names(loaded.config)) {
        const auto number = static_cast<std::uint8_t>(ports.size() + 1);
        PortState port;
        port.name = name;
        port.mac = {{2, 0, 0, 0, 0, number}};
        port.shared = true;
        port.link_up = true;
        port.ifindex = number;
        port.primary = net::Prefix{net::IpAddress::v4(192, 168, 8, number), 24};
        ports.push_back(port);
    }
    return make_state(std::move(loaded.config), std::move(ports), start_ns);
}

inline std::string router(const std::string& name, const std::string& interface, int vrid,
                          const std::string& vips, const std::string& more = "") {
    return "vrrp_instance " + name + " {\n interface " + interface + "\n virtual_router_id " +
           std::to_string(vrid) + "\n priority 100\n advert_int 1\n virtual_ipaddress {\n" + vips +
           "\n }\n" + more + "}\n";
}

// Two servers, .11 with weight 1 and .12 with weight 3, each with a TCP_CHECK.
inline std::string service(const std::string& vip, const std::string& more = "",
                           const std::string& of_server = "") {
    std::string text = "virtual_server " + vip + " 5672 {\n lb_kind FNAT\n " +
                       "protocol TCP\n establish_timeout 100\n" + more;
    for (const char* server : {"192.168.8.11 5672 {\n weight 1", "192.168.8.12 5672 {\n weight 3"})
        text += std::string("real_server ") + server + "\n" + of_server +
                "TCP_CHECK {\n retry 1\n connect_timeout 1\n }\n}\n";
    return text + "}\n";
}

// As if its address were the host's own.
inline void make_static(RouterState& router) {
    config::VrrpInstance own = *router.config;
    own.serves_host_address = true;
    router.config = std::make_shared<const config::VrrpInstance>(std::move(own));
}

inline net::IpAddress ip(const std::string& text) {
    return net::IpAddress::parse(text).value();
}

}  // namespace warren::model
