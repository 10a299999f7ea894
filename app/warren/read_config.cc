// SPDX-License-Identifier: BSD-3-Clause
#include "read_config.h"

#include <arpa/inet.h>
#include <glob.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <ostream>
#include <random>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

#include "config/host_devices.h"
#include "config/odd_addresses.h"
#include "kernel/guard_rules.h"
#include "kernel/netlink_socket.h"
#include "port/kernel_interface.h"

namespace warren::app {
namespace {

syntax::FileText unreadable(int error) {
    return syntax::FileText::unreadable(std::generic_category().message(error));
}

syntax::FileText read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return unreadable(errno);
    if (std::filesystem::is_directory(path)) return unreadable(EISDIR);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    if (file.bad()) return unreadable(EIO);
    return {std::move(text)};
}

std::vector<std::string> expand(const std::string& pattern) {
    glob_t matches{};
    std::vector<std::string> paths;
    if (glob(pattern.c_str(), GLOB_BRACE, nullptr, &matches) == 0)
        paths.assign(matches.gl_pathv, matches.gl_pathv + matches.gl_pathc);
    globfree(&matches);
    return paths;
}

struct HostAddress {
    std::string interface;
    net::IpAddress address;
};

std::vector<HostAddress> host_addresses() {
    std::vector<HostAddress> all;
    ifaddrs* first = nullptr;
    if (getifaddrs(&first) != 0) return all;
    for (const ifaddrs* i = first; i != nullptr; i = i->ifa_next) {
        if (i->ifa_addr == nullptr) continue;
        std::array<char, INET6_ADDRSTRLEN> text{};
        const int family = i->ifa_addr->sa_family;
        const void* bytes = nullptr;
        if (family == AF_INET)
            bytes = &reinterpret_cast<const sockaddr_in*>(i->ifa_addr)->sin_addr;
        else if (family == AF_INET6)
            bytes = &reinterpret_cast<const sockaddr_in6*>(i->ifa_addr)->sin6_addr;
        if (bytes == nullptr) continue;
        inet_ntop(family, bytes, text.data(), text.size());
        if (const auto address = net::IpAddress::parse(text.data()))
            all.push_back({config::interface_of_label(i->ifa_name), *address});
    }
    freeifaddrs(first);
    return all;
}

// Of servers that this host reaches by a link of its own, not of itself.
std::string interface_towards(kernel::NetlinkSocket& socket, const net::IpAddress& server,
                              bool with_stations = true) {
    std::optional<kernel::RouteAnswer> route;
    if (socket.get_route(server, route) != 0 || !route || route->local) return {};
    std::array<char, IF_NAMESIZE> name{};
    if (if_indextoname(static_cast<unsigned>(route->ifindex), name.data()) == nullptr) return {};
    return port::kernel_has_link(name.data()) == with_stations ? name.data() : std::string();
}

bool kernel_forwards(bool v4) {
    const kernel::Forwarding forwarding = kernel::Forwarding::of_host();
    return v4 ? forwarding.ipv4 : forwarding.ipv6;
}

const char* journal_priority(syntax::Severity severity) {
    return severity == syntax::Severity::error     ? "<3>"
           : severity == syntax::Severity::warning ? "<4>"
                                                   : "<6>";
}

std::size_t count_warnings(const syntax::Diagnostics& diagnostics) {
    return static_cast<std::size_t>(std::count_if(
        diagnostics.begin(), diagnostics.end(),
        [](const syntax::Diagnostic& d) { return d.severity == syntax::Severity::warning; }));
}

}  // namespace

schema::LoadResult read_config(const std::string& file, const std::string& config_id) {
    static const std::uint64_t seed = std::random_device()();  // a reload finds the same file
    return schema::load(file, read_file, {config_id, expand, seed});
}

schema::LoadResult read_config_or_throw(const std::string& file, const std::string& config_id) {
    schema::LoadResult result = read_config(file, config_id);
    if (result.files.empty()) throw std::runtime_error(result.diagnostics.front().message);
    return result;
}

void look_at_host(schema::LoadResult& result, const config::Config* running) {
    if (!result.ok()) return;
    const auto add = [&](syntax::Diagnostics found) {
        for (syntax::Diagnostic& diagnostic : found)
            result.diagnostics.push_back(std::move(diagnostic));
    };
    const auto device_of = [&](const std::string& name) {
        if (result.config.dataplane.find_interface(name) != nullptr)
            return config::HostDevice::link;
        return !port::kernel_has_interface(name) ? config::HostDevice::missing
               : port::kernel_has_link(name)     ? config::HostDevice::link
                                                 : config::HostDevice::mute;
    };
    add(config::find_useless_interfaces(result.config, device_of));
    add(config::settle_devices(result.config, device_of));
    std::vector<HostAddress> own = host_addresses();
    std::vector<net::IpAddress> addresses;
    for (const HostAddress& one : own)
        addresses.push_back(one.address);
    add(config::find_own_addresses(result.config, addresses));
    for (const config::VirtualAddress& address : result.config.static_addresses)
        own.push_back({address.device, address.prefix.address});  // soon
    kernel::NetlinkSocket socket(kernel::NetlinkSocket::Use::requests);
    const auto towards = [&](const net::IpAddress& server) {
        return interface_towards(socket, server);
    };
    config::serve_own_addresses(
        result.config, result.diagnostics,
        [&](const config::VirtualServer& service) {
            const auto at = std::find_if(own.begin(), own.end(), [&](const HostAddress& one) {
                return one.address == service.address;
            });
            if (at == own.end()) return config::OwnPlace{};
            if (device_of(at->interface) == config::HostDevice::link)
                return config::OwnPlace{at->interface, {}};
            for (const config::RealServer& server : service.real_servers)
                if (const std::string interface = towards(server.address); !interface.empty())
                    return config::OwnPlace{interface, at->interface};
            return config::OwnPlace{};
        },
        running);
    config::settle_server_interfaces(result.config, towards);
    add(config::find_servers_without_way(
        result.config,
        [&](const net::IpAddress& server) { return interface_towards(socket, server, false); },
        kernel_forwards));
    schema::sort_as_text(result);
}

void print_check(const schema::LoadResult& result, const syntax::Diagnostics& scripts,
                 bool for_journal, std::ostream& out) {
    const auto begin = [&](syntax::Severity severity) -> std::ostream& {
        return out << (for_journal ? journal_priority(severity) : "");
    };
    for (const syntax::Diagnostic& diagnostic : result.diagnostics)
        begin(diagnostic.severity) << diagnostic.to_string() << '\n';
    for (const syntax::Ignored& ignored : result.ignored)
        begin(syntax::Severity::note)
            << ignored.where.to_string() << ": ignored: " << ignored.keyword << ": "
            << ignored.reason << '\n';
    for (const syntax::Diagnostic& diagnostic : scripts)
        begin(diagnostic.severity) << diagnostic.to_string() << '\n';
    const std::size_t warnings = count_warnings(result.diagnostics) + count_warnings(scripts);
    begin(result.ok() ? syntax::Severity::note : syntax::Severity::error)
        << (result.ok() ? "the configuration is good" : "the configuration is refused");
    if (result.ok() && warnings != 0)
        out << ", with " << warnings << (warnings == 1 ? " warning" : " warnings");
    out << '\n';
}

}  // namespace warren::app
