// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/local_clients.h"

#include <array>
#include <cstdio>
#include <fstream>
#include <utility>

namespace warren::kernel {
namespace {

std::string nft_family(const net::IpAddress& address) {
    return address.is_v4() ? "ip" : "ip6";
}

// "0-2 : 192.0.2.1 . 5672, 3 : …": as many numbers as a server has weight.
std::string shares(const std::vector<LocalService::Target>& targets) {
    std::string text;
    std::uint64_t next = 0;
    for (const LocalService::Target& target : targets) {
        const std::uint64_t last = next + target.weight - 1;
        text += (text.empty() ? "" : ", ") + std::to_string(next) +
                (last == next ? "" : "-" + std::to_string(last)) + " : " +
                target.address.to_string() + " . " + std::to_string(target.port);
        next = last + 1;
    }
    return text;
}

std::uint64_t total_of(const std::vector<LocalService::Target>& targets) {
    std::uint64_t total = 0;
    for (const LocalService::Target& target : targets)
        total += target.weight;
    return total;
}

std::string translation(const LocalService& service) {
    const std::string family = nft_family(service.vip);
    return family + " daddr " + service.vip.to_string() + " tcp dport " +
           std::to_string(service.port) + " dnat " + family + " to numgen random mod " +
           std::to_string(total_of(service.targets)) + " map { " + shares(service.targets) + " }\n";
}

// Not of what comes by a port, and of frames for others.
std::string arrivals(const LocalRules& rules) {
    const Forwarding& forwarded = rules.forwarding;
    if (!forwarded.ipv4 && !forwarded.ipv6) return {};
    std::string names = "\"lo\"", stations;
    for (const std::string& port : rules.ports)
        names += ", \"" + port + "\"";
    for (const net::MacAddress& mac : rules.stations)
        stations += (stations.empty() ? "" : ", ") + mac.to_string();
    const std::string frames = "    meta iiftype ether ";
    const std::string family = forwarded.ipv4 && forwarded.ipv6 ? ""
                               : forwarded.ipv4                 ? "meta nfproto ipv4 "
                                                                : "meta nfproto ipv6 ";
    return "    iifname { " + names + " } return\n" + frames +
           (stations.empty() ? "return\n" : "ether daddr != { " + stations + " } return\n") +
           "    " + family + "jump to_servers\n";
}

std::string ports_of(const SharedSources& shared) {
    return std::to_string(shared.first_port) + "-" + std::to_string(shared.last_port);
}

std::string from_other_ports(const SharedSources& shared) {
    std::string text;
    if (!shared.any()) return text;
    for (const net::IpAddress& address : shared.addresses) {
        std::string servers;
        for (const auto& [server, port] : shared.servers)
            if (server.is_v4() == address.is_v4())
                servers += (servers.empty() ? "" : ", ") + server.to_string() + " . " +
                           std::to_string(port);
        if (servers.empty()) continue;
        const std::string family = nft_family(address);
        const std::string own = address.to_string();
        text += "    " + family + " saddr " + own + " " + family + " daddr . tcp dport { " +
                servers + " } tcp sport != " + ports_of(shared) + " snat " + family + " to " +
                (address.is_v4() ? own : "[" + own + "]") + ":" + ports_of(shared) + "\n";
    }
    return text;
}

// The source was the VIP: a server with the VIP (DR, TUN) would never answer.
std::string masquerade(const LocalService& service, const SharedSources& shared) {
    return "    meta l4proto tcp ct status dnat ct original " + nft_family(service.vip) +
           " daddr " + service.vip.to_string() + " ct original proto-dst " +
           std::to_string(service.port) + " masquerade" +
           (shared.any() ? " to :" + ports_of(shared) : "") + "\n";
}

bool is_one(const char* path) {
    int value = 0;
    return std::ifstream(path) >> value && value != 0;
}

std::string way_in(const LocalService& service, const LocalService::Own& own) {
    const std::string family = nft_family(service.vip);
    std::string mac = "0x";
    for (const std::uint8_t byte : own.link_source.bytes) {
        std::array<char, 3> digits{};
        std::snprintf(digits.data(), digits.size(), "%02x", byte);
        mac += digits.data();
    }
    const std::string address = own.address.to_string();
    return "    iifname \"lo\" @ll,48,48 " + mac + " " + family + " daddr " +
           service.vip.to_string() + " tcp dport " + std::to_string(service.port) + " dnat " +
           family + " to " + (own.address.is_v4() ? address : "[" + address + "]") + ":" +
           std::to_string(own.port) + "\n";
}

}  // namespace

std::string local_clients_ruleset(std::string_view instance, const LocalRules& rules, bool owned) {
    const std::string table = "table inet " + instance_table_name(instance);
    const std::string flags = owned ? "  flags owner;\n" : "";
    std::string text = "add " + table + " {\n" + flags + "}\ndelete " + table + "\n";
    std::string translations, ways_in;
    std::string sources = from_other_ports(rules.shared);
    for (const LocalService& service : rules.services) {
        for (const LocalService::Own& own : service.own)
            ways_in += way_in(service, own);
        if (service.targets.empty()) continue;
        translations += "    " + translation(service);
        sources += masquerade(service, rules.shared);
    }
    if (translations.empty() && ways_in.empty() && sources.empty()) return text;
    const auto hooked = [](const std::string& hook, int priority, const std::string& lines) {
        return "  chain " + hook + " {\n    type nat hook " + hook + " priority " +
               std::to_string(priority) + "; policy accept;\n" + lines + "  }\n";
    };
    text += table + " {\n" + flags;
    if (!translations.empty()) {
        text += "  chain to_servers {\n" + translations + "  }\n" +
                hooked("output", -100, "    jump to_servers\n");
        ways_in += arrivals(rules);
    }
    if (!sources.empty()) text += hooked("postrouting", 100, sources);
    return text + (ways_in.empty() ? "" : hooked("prerouting", -100, ways_in)) + "}\n";
}

Forwarding Forwarding::of_host() {
    return {.ipv4 = is_one("/proc/sys/net/ipv4/ip_forward"),
            .ipv6 = is_one("/proc/sys/net/ipv6/conf/all/forwarding")};
}

LocalClients::LocalClients(std::string instance) : instance_(std::move(instance)) {}

LocalClients::~LocalClients() {
    follow({});
}

std::string LocalClients::follow(LocalRules rules) {
    std::erase_if(rules.services, [](const LocalService& service) {
        return service.targets.empty() && service.own.empty();
    });
    if (!rules.shared.any()) rules.shared = {};
    if (rules.services.empty()) rules = {.shared = std::move(rules.shared)};
    if (rules == installed_) return {};
    const bool is_first = installed_ == LocalRules{};
    std::string error = nft_.run(local_clients_ruleset(instance_, rules, owned_));
    if (!error.empty() && owned_ && is_first) {
        owned_ = false;  // a kernel before 5.12
        error = nft_.run(local_clients_ruleset(instance_, rules, owned_));
    }
    installed_ = std::move(rules);  // what is refused once is not asked for again and again
    return error;
}

}  // namespace warren::kernel
