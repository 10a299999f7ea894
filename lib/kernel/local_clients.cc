// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/local_clients.h"

#include <fstream>
#include <utility>

#include "kernel/guard.h"

namespace warren::kernel {
namespace {

bool is_one(const char* path) {
    int value = 0;
    return std::ifstream(path) >> value && value != 0;
}

}  // namespace

std::string local_clients_ruleset(std::string_view instance, const LocalRules& rules, bool owned) {
    GuardTable table = guard_tables(instance, {.local = rules}).back();
    table.is_owned = owned;
    return remade(table);
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
    if (rules.services.empty()) rules = {};
    if (rules == installed_) return {};
    std::string error = nft_.run(local_clients_ruleset(instance_, rules, owned_));
    if (!error.empty() && owned_ && installed_.services.empty()) {
        owned_ = false;  // a kernel before 5.12
        error = nft_.run(local_clients_ruleset(instance_, rules, owned_));
    }
    installed_ = std::move(rules);  // what is refused once is not asked for again and again
    return error;
}

}  // namespace warren::kernel
