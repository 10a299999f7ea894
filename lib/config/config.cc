// SPDX-License-Identifier: BSD-3-Clause
#include "config/config.h"

#include <algorithm>

namespace warren::config {
namespace {

template <typename T>
const T* find_by_name(const std::vector<T>& all, const std::string& name) {
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const T& item) { return item.name == name; });
    return found == all.end() ? nullptr : &*found;
}

}  // namespace

const DataplaneInterface* Dataplane::find_interface(const std::string& name) const {
    return find_by_name(interfaces, name);
}

const LocalAddressGroup* Config::find_local_address_group(const std::string& name) const {
    return find_by_name(local_address_groups, name);
}

const TrackGroup* Config::find_track_group(const std::string& name) const {
    return find_by_name(track_groups, name);
}

std::string name_of(const VirtualServer& service) {
    return service.address.to_string() + " " + std::to_string(service.port);
}

std::uint8_t BfdInstance::least_ttl() const {
    if (max_hops == unlimited_hops) return 0;
    const int expected = ttl.value_or(neighbor_ip.is_v4() ? 255 : 64);
    return static_cast<std::uint8_t>(std::max(expected - max_hops, 0));
}

bool BfdInstance::has_session_of(BfdInstance other) const {
    other.weight = weight;
    other.reverse = reverse;
    other.for_vrrp = for_vrrp;
    other.for_checkers = for_checkers;
    return other == *this;
}

const char* to_text(Prefer prefer) {
    switch (prefer) {
        case Prefer::ram:
            return "ram";
        case Prefer::disc:
            return "disc";
        case Prefer::any:
            break;
    }
    return "any";
}

const char* to_text(LbAlgo algo) {
    constexpr std::array names{"rr", "wrr", "lc", "wlc", "sh", "mh", "sed", "nq", "fo"};
    return names.at(static_cast<std::size_t>(algo));
}

const char* to_text(LbKind kind) {
    constexpr std::array names{"NAT", "DR", "TUN", "FNAT"};
    return names.at(static_cast<std::size_t>(kind));
}

const char* to_text(Protocol protocol) {
    constexpr std::array names{"TCP", "UDP", "SCTP"};
    return names.at(static_cast<std::size_t>(protocol));
}

const char* to_text(VrrpState state) {
    return state == VrrpState::master ? "MASTER" : "BACKUP";
}

const char* to_text(TrackKind kind) {
    constexpr std::array names{"interface", "script", "file",       "process",
                               "quorum",    "bfd",    "track_group"};
    return names.at(static_cast<std::size_t>(kind));
}

const char* to_text(AuthType type) {
    constexpr std::array names{"none", "PASS", "AH"};
    return names.at(static_cast<std::size_t>(type));
}

const char* to_text(const Checker& check) {
    if (const auto* http = std::get_if<HttpCheck>(&check))
        return http->tls ? "SSL_GET" : "HTTP_GET";
    constexpr const char* names[] = {"TCP_CHECK",  "PING_CHECK", "HTTP_GET",      "MISC_CHECK",
                                     "SMTP_CHECK", "DNS_CHECK",  "UDP_CHECK",     "FILE_CHECK",
                                     "BFD_CHECK",  "AMQP_CHECK", "RABBITMQ_CHECK"};
    static_assert(std::size(names) == std::variant_size_v<Checker>);
    return names[check.index()];
}

const syntax::Location& where_of(const Checker& check) {
    return std::visit([](const auto& c) -> const syntax::Location& { return c.where; }, check);
}

const CheckTiming* timing_of(const Checker& check) {
    return std::visit(
        [](const auto& c) -> const CheckTiming* {
            if constexpr (requires { c.timing; })
                return &c.timing;
            else
                return nullptr;
        },
        check);
}

std::vector<std::string> port_names(const Config& config) {
    std::vector<std::string> names;
    const auto add = [&](const std::string& name) {
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    };
    for (const VrrpInstance& instance : config.vrrp_instances)
        add(instance.interface);
    for (const VrrpInstance& instance : config.vrrp_instances)
        for (const auto* list : {&instance.virtual_ipaddress, &instance.virtual_ipaddress_excluded})
            for (const VirtualAddress& address : *list)
                add(instance.interface_of(address));
    for (const std::string& interface : config.server_interfaces)
        if (names.size() < max_interfaces) add(interface);
    return names;
}

}  // namespace warren::config
