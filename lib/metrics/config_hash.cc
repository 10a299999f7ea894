// SPDX-License-Identifier: BSD-3-Clause
#include "metrics/config_hash.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

namespace warren::metrics {
namespace {

using Texts = std::vector<std::string>;

void describe(Texts& texts, const config::VrrpInstance& router) {
    const std::string name =
        fmt::format("router {} {}", router.is_ipv6(), router.virtual_router_id);
    texts.push_back(fmt::format("{} version {} interval {} auth {}", name, router.version,
                                router.advert_int_ns, static_cast<int>(router.auth_type)));
    for (const config::VirtualAddress& address : router.virtual_ipaddress)
        texts.push_back(fmt::format("{} address {}", name, address.prefix.address.to_string()));
    for (const config::VirtualAddress& address : router.virtual_ipaddress_excluded)
        texts.push_back(fmt::format("{} excluded {}", name, address.prefix.address.to_string()));
}

void describe(Texts& texts, const config::VirtualServer& service) {
    const std::string name = "service " + name_of(service);
    texts.push_back(fmt::format("{} {} persistence {} {} quorum {} proxy {}", name,
                                config::to_text(service.lb_algo), service.persistence_timeout_ns,
                                service.persistence_granularity.value_or(255), service.quorum,
                                static_cast<int>(service.proxy_protocol)));
    const auto add_server = [&](std::string_view kind, const config::RealServer& server) {
        texts.push_back(fmt::format("{} {} {} {} weight {} tier {} {}", name, kind,
                                    server.address.to_string(), server.port, server.weight,
                                    server.tier, config::to_text(server.kind_in(service))));
    };
    for (const config::RealServer& server : service.real_servers)
        add_server("server", server);
    if (service.sorry_server) add_server("sorry", *service.sorry_server);
}

// FNV-1a (Fowler, Noll, Vo): nobody attacks it.
void hash(std::uint64_t& sum, std::string_view text) {
    for (const char c : text)
        sum = (sum ^ static_cast<unsigned char>(c)) * 0x100000001b3;
}

}  // namespace

std::string common_hash(const config::Config& config) {
    Texts texts;
    for (const config::VrrpInstance& router : config.vrrp_instances)
        if (!router.serves_host_address) describe(texts, router);
    for (const config::VirtualServer& service : config.virtual_servers)
        describe(texts, service);
    std::sort(texts.begin(), texts.end());
    std::uint64_t sum = 0xcbf29ce484222325;
    for (const std::string& text : texts)
        hash(sum, text + '\n');
    return fmt::format("{:016x}", sum);
}

}  // namespace warren::metrics
