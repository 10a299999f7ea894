// SPDX-License-Identifier: BSD-3-Clause
#include "control/local_clients.h"

#include <nftables/libnftables.h>

#include <cctype>

namespace warren::control {
namespace {

std::string family_of(const net::IpAddress& address) {
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
    const std::string family = family_of(service.vip);
    return "    " + family + " daddr " + service.vip.to_string() + " tcp dport " +
           std::to_string(service.port) + " dnat " + family + " to numgen random mod " +
           std::to_string(total_of(service.targets)) + " map { " + shares(service.targets) + " }\n";
}

// The source was the VIP, or is a container's: a server would answer it past us.
std::string masquerade(const LocalService& service) {
    return "    meta l4proto tcp ct status dnat ct original " + family_of(service.vip) + " daddr " +
           service.vip.to_string() + " ct original proto-dst " + std::to_string(service.port) +
           " masquerade\n";
}

}  // namespace

std::string local_clients_table_name(std::string_view instance) {
    std::string name = "warren_local_";
    for (const char c : instance)
        name += std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' ? c : '_';
    return name;
}

std::string local_clients_ruleset(std::string_view instance,
                                  const std::vector<LocalService>& services, bool owned) {
    const std::string table = "table inet " + local_clients_table_name(instance);
    const std::string flags = owned ? "  flags owner;\n" : "";
    std::string text = "add " + table + " {\n" + flags + "}\ndelete " + table + "\n";
    std::string translations, sources;
    for (const LocalService& service : services) {
        if (service.targets.empty()) continue;
        translations += translation(service);
        sources += masquerade(service);
    }
    if (translations.empty()) return text;
    text += table + " {\n" + flags + "  chain services {\n" + translations + "  }\n";
    for (const char* hook : {"output", "prerouting"})
        text += "  chain " + std::string(hook) + " {\n    type nat hook " + hook +
                " priority -100; policy accept;\n    jump services\n  }\n";
    return text +
           "  chain postrouting {\n    type nat hook postrouting priority 100; policy accept;\n" +
           sources + "  }\n}\n";
}

LocalClients::LocalClients(std::string instance)
    : instance_(std::move(instance)), context_(nft_ctx_new(NFT_CTX_DEFAULT), nft_ctx_free) {
    if (!context_) return;
    nft_ctx_buffer_error(context_.get());
    nft_ctx_buffer_output(context_.get());
}

LocalClients::~LocalClients() {
    follow({});
}

std::string LocalClients::follow(std::vector<LocalService> services) {
    std::erase_if(services, [](const LocalService& service) { return service.targets.empty(); });
    if (services == installed_) return {};
    std::string error = run(local_clients_ruleset(instance_, services, owned_));
    if (!error.empty() && owned_ && installed_.empty()) {
        owned_ = false;  // a kernel before 5.12
        error = run(local_clients_ruleset(instance_, services, owned_));
    }
    installed_ = std::move(services);  // what is refused once is not asked for again and again
    return error;
}

std::string LocalClients::run(const std::string& commands) {
    if (!context_) return "cannot set up libnftables";
    const int failed = nft_run_cmd_from_buffer(context_.get(), commands.c_str());
    std::string error = nft_ctx_get_error_buffer(context_.get());
    if (failed == 0) return {};
    return error.empty() ? "unknown error" : error.substr(0, error.find('\n'));
}

}  // namespace warren::control
