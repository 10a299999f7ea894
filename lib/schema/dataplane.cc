// SPDX-License-Identifier: BSD-3-Clause
// Our own blocks: dataplane (threads, memory, devices) and local_address_group (source addresses of
// FNAT).
#include <algorithm>
#include <charconv>

#include "schema/schema.h"

namespace warren::schema {
namespace {

constexpr unsigned max_cpu = 1'023;

// "3", "2-5", separated by commas or blanks.
bool parse_cpu_range(std::string_view text, std::vector<unsigned>& cpus) {
    unsigned first = 0;
    const char* const end = text.data() + text.size();
    auto [at, fault] = std::from_chars(text.data(), end, first);
    if (fault != std::errc{}) return false;
    unsigned last = first;
    if (at != end) {
        if (*at != '-') return false;
        const auto second = std::from_chars(at + 1, end, last);
        if (second.ec != std::errc{} || second.ptr != end) return false;
    }
    if (last < first || last > max_cpu) return false;
    for (unsigned cpu = first; cpu <= last; ++cpu)
        cpus.push_back(cpu);
    return true;
}

void set_worker_cpus(Statement& s, config::Dataplane& d) {
    std::string list = s.joined_args();
    std::replace(list.begin(), list.end(), ',', ' ');
    std::vector<unsigned> cpus;
    for (std::string_view rest = list; !rest.empty();) {
        const std::size_t end = std::min(rest.find(' '), rest.size());
        const std::string_view range = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (range.empty()) continue;
        if (!parse_cpu_range(range, cpus))
            return s.error("'worker_cpus' is a list like 2,3,6-8, not " +
                           syntax::in_quotes(s.joined_args()));
    }
    std::vector<unsigned> sorted = cpus;
    std::sort(sorted.begin(), sorted.end());
    if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end())
        return s.error("'worker_cpus' names a CPU twice");
    if (cpus.size() > config::max_workers)
        return s.error("'worker_cpus' names more than " + std::to_string(config::max_workers) +
                       " CPUs");
    d.worker_cpus = std::move(cpus);
}

constexpr Keyword<config::DataplaneInterface> interface_keywords[] = {
    {"device", 1, 1, [](Statement& s, config::DataplaneInterface& i) { i.device = s.arg(0); }},
};

void read_interface(Statement& s, config::Dataplane& d) {
    config::DataplaneInterface interface;
    interface.where = s.where();
    if (!s.interface(interface.name)) return;
    BlockReader(s.context, "interface", s.where())
        .keywords(interface_keywords, interface)
        .read(s.node.children);
    if (d.find_interface(interface.name) != nullptr)
        return s.error("the interface " + syntax::in_quotes(interface.name) + " is given twice");
    if (interface.device.empty())
        return s.error("the interface " + syntax::in_quotes(interface.name) +
                       " needs a device: a PCI address or an EAL virtual device");
    d.interfaces.push_back(std::move(interface));
}

void add_http(Statement& s, config::Dataplane& d) {
    std::optional<config::HttpAddress> http = config::read_http_address(s.arg(0));
    if (!http)
        return s.error("'http' is ADDRESS:PORT, like 127.0.0.1:9721, or unix:/PATH of at most " +
                       std::to_string(config::max_http_path) + " bytes, not " +
                       syntax::in_quotes(s.arg(0)));
    http->where = s.where();
    if (std::find(d.http.begin(), d.http.end(), *http) != d.http.end())
        return s.error("http " + http->to_string() + " is given twice");
    if (d.http.size() == config::max_http_addresses)
        return s.error("there are at most " + std::to_string(config::max_http_addresses) +
                       " lines of http");
    d.http.push_back(std::move(*http));
}

constexpr std::pair<std::string_view, config::Hugepages> hugepages_names[] = {
    {"auto", config::Hugepages::automatic},
    {"yes", config::Hugepages::yes},
    {"no", config::Hugepages::no}};
constexpr std::pair<std::string_view, config::Idle> idle_names[] = {
    {"adaptive", config::Idle::adaptive}, {"busy", config::Idle::busy}};
constexpr std::pair<std::string_view, config::UnknownFlow> unknown_flow_names[] = {
    {"reset", config::UnknownFlow::reset}, {"drop", config::UnknownFlow::drop}};

constexpr Keyword<config::Dataplane> dataplane_keywords[] = {
    {"workers", 1, 1,
     [](Statement& s, config::Dataplane& d) { s.number(1, config::max_workers, d.workers); }},
    {"worker_cpus", 1, any_number, set_worker_cpus},
    {"control_cpu", 1, 1,
     [](Statement& s, config::Dataplane& d) {
         unsigned cpu = 0;
         if (s.number(0, max_cpu, cpu)) d.control_cpu = cpu;
     }},
    {"control_priority", 1, 1,
     [](Statement& s, config::Dataplane& d) {
         int priority = 0;
         if (s.number(0, 99, priority)) d.control_priority = priority;
     }},
    {"hugepages", 1, 1,
     [](Statement& s, config::Dataplane& d) { s.choice(hugepages_names, d.hugepages); }},
    {"idle", 1, 1, [](Statement& s, config::Dataplane& d) { s.choice(idle_names, d.idle); }},
    {"flows", 1, 1, [](Statement& s, config::Dataplane& d) { s.number(64, 1U << 26, d.flows); }},
    {"unknown_flow", 1, 1,
     [](Statement& s, config::Dataplane& d) { s.choice(unknown_flow_names, d.unknown_flow); }},
    {"host_addresses", 1, 1,
     [](Statement& s, config::Dataplane& d) { s.boolean(d.host_addresses); }},
    {"http", 1, 1, add_http, BlockUse::none, Repeat::yes},
    {"interface", 1, 1, read_interface, BlockUse::required, Repeat::yes},
};

}  // namespace

void read_dataplane(Statement& s, config::Dataplane& dataplane) {
    dataplane.where = s.where();
    const auto given =
        std::count_if(s.node.children.begin(), s.node.children.end(),
                      [](const syntax::Node& n) { return n.keyword() == "workers"; });
    BlockReader(s.context, "dataplane", s.where())
        .keywords(dataplane_keywords, dataplane)
        .read(s.node.children);
    const std::size_t cpus = dataplane.worker_cpus.size();
    if (cpus == 0) return;
    if (given == 0) dataplane.workers = static_cast<unsigned>(cpus);
    if (cpus != dataplane.workers)
        s.error(std::to_string(dataplane.workers) + " workers need as many worker_cpus, not " +
                std::to_string(cpus));
    if (dataplane.control_cpu && std::count(dataplane.worker_cpus.begin(),
                                            dataplane.worker_cpus.end(), *dataplane.control_cpu))
        s.warn("control_cpu is also a worker's: adverts may be late under load");
}

void read_local_address_group(Statement& s, config::Config& config) {
    config::LocalAddressGroup group;
    group.where = s.where();
    group.name = s.arg(0);
    if (config.find_local_address_group(group.name) != nullptr)
        return s.error("the local_address_group " + syntax::in_quotes(group.name) +
                       " is given twice");
    for (const syntax::Node& child : s.node.children) {
        Statement member(s.context, child);
        config::LocalAddressGroup::Member m;
        m.where = child.where;
        const std::optional<net::IpAddress> address = net::IpAddress::parse(child.keyword());
        if (!address) {
            member.error(syntax::in_quotes(child.keyword()) + " is no IP address");
            continue;
        }
        m.address = *address;
        if (member.args() > 0 && !member.interface(m.interface)) continue;
        group.members.push_back(std::move(m));
    }
    if (s.node.children.empty()) s.error("the local_address_group has no address");
    if (group.members.size() > config::max_local_addresses)
        s.error("a local_address_group has at most " + std::to_string(config::max_local_addresses) +
                " addresses");
    config.local_address_groups.push_back(std::move(group));
}

}  // namespace warren::schema
