// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/guard_tables.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <initializer_list>
#include <iterator>
#include <map>
#include <numeric>
#include <set>
#include <span>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "net/own_frames.h"

namespace warren::kernel {
namespace {

using Endpoint = InterfaceRules::Endpoint;

// Before every chain that others are likely to have on these hooks.
constexpr const char* first_of_all = "-500";
constexpr std::size_t longest_interface_name = 15;

// A VLAN's frames pass here on their way to an interface of its own, where other virtual routers,
// perhaps of ours, have the same VRIDs and other hosts the same addresses. VLAN 0 is a priority.
constexpr const char* leave_vlans =
    "    @ll,96,16 { 0x8100, 0x88a8 } @ll,112,16 & 0x0fff != 0 accept\n";

// Whose a cut datagram is only its first fragment says. Of one that lost it the kernel would keep
// the others, until it has no room for anybody's (ipfrag_high_thresh, 4 MB): they all pass the
// ingress, and what is ours is dropped once the kernel has joined it.
constexpr const char* whole = "ip frag-off & 0x3fff == 0 ";

void append(std::string& text, std::initializer_list<std::string_view> words) {
    for (const std::string_view word : words)
        text += word;
}

// ---- lists

const char* family_name(bool v4) {
    return v4 ? "ip" : "ip6";
}

bool is_v4(const net::IpAddress& address) {
    return address.is_v4();
}

bool is_v4(const Endpoint& endpoint) {
    return endpoint.first.is_v4();
}

template <typename Value>
std::vector<Value> of_family(const std::vector<Value>& values, bool v4) {
    std::vector<Value> some;
    std::copy_if(values.begin(), values.end(), std::back_inserter(some),
                 [v4](const Value& value) { return is_v4(value) == v4; });
    return some;
}

template <typename Value, typename Print>
std::string join(std::vector<Value> values, Print print) {
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    std::string text;
    for (const Value& value : values)
        text += (text.empty() ? "" : ", ") + print(value);
    return text;
}

std::string addresses_of(const std::vector<net::IpAddress>& addresses, bool v4) {
    return join(of_family(addresses, v4),
                [](const net::IpAddress& address) { return address.to_string(); });
}

std::string to_text(const net::IpAddress& address, std::uint16_t port) {
    return address.to_string() + " . " + std::to_string(port);
}

std::string endpoints_of(const std::vector<Endpoint>& endpoints, bool v4) {
    return join(of_family(endpoints, v4),
                [](const Endpoint& e) { return to_text(e.first, e.second); });
}

constexpr const char* servers_set = "servers";

std::string set_name(bool v4) {
    return std::string(servers_set) + "_" + family_name(v4);
}

bool has_servers(const GuardTable& table, bool v4) {
    return std::any_of(table.sets.begin(), table.sets.end(),
                       [v4](const GuardTable::Set& set) { return set.is_v4 == v4; });
}

void add_servers(GuardTable& table, const std::vector<Endpoint>& endpoints) {
    for (const bool v4 : {true, false}) {
        std::vector<Endpoint> some = of_family(endpoints, v4);
        if (some.empty()) continue;
        if (!std::is_sorted(some.begin(), some.end())) std::sort(some.begin(), some.end());
        some.erase(std::unique(some.begin(), some.end()), some.end());
        table.sets.push_back({set_name(v4), v4, std::move(some)});
    }
}

std::string macs_of(const std::vector<net::MacAddress>& macs) {
    std::vector<std::string> texts;
    for (const net::MacAddress& mac : macs)
        texts.push_back(mac.to_string());
    return join(texts, [](const std::string& text) { return text; });
}

std::string hexadecimal(std::span<const std::uint8_t> bytes) {
    std::string text = "0x";
    for (const std::uint8_t byte : bytes) {
        std::array<char, 3> digits{};
        std::snprintf(digits.data(), digits.size(), "%02x", byte);
        text += digits.data();
    }
    return text;
}

std::string raw(const net::IpAddress& address) {
    return hexadecimal(std::span(address.bytes()).last(address.is_v4() ? 4 : 16));
}

// "ip daddr { … } ", or nothing if there is none.
std::string match(const std::string& key, const std::string& values) {
    return values.empty() ? std::string() : key + " { " + values + " } ";
}

std::string drop_if(const std::string& matches) {
    return matches.empty() ? std::string() : "    " + matches + "counter drop\n";
}

// ---- of a shared interface

// Replies of NAT servers to anybody but the kernel itself, and ICMP errors about packets to them:
// errors quote behind 8 bytes of their own, and what they quote has no IP options.
std::string nat_returns(const InterfaceRules& rules, bool v4) {
    const std::vector<Endpoint> servers = of_family(rules.nat_servers, v4);
    if (servers.empty()) return {};
    const std::string family = family_name(v4);
    const std::string own = addresses_of(rules.kernel_addresses, v4);
    const std::string others = own.empty() ? "" : family + " daddr != { " + own + " } ";
    const std::string addresses = join(servers, [](const Endpoint& e) { return raw(e.first); });
    const std::string ports =
        join(servers, [](const Endpoint& e) { return std::to_string(e.second); });
    const std::string errors =
        v4 ? "icmp type { 3, 11, 12 } @th,192,32 { " + addresses + " } @th,240,16 { "
           : "icmpv6 type { 1, 2, 3, 4 } @th,256,128 { " + addresses + " } @th,400,16 { ";
    return drop_if(match(family + " saddr . tcp sport", endpoints_of(servers, v4)) + others) +
           drop_if(errors + ports + " } " + others);
}

// Of the addresses that the host has too; each rule begins with `which` packets. The table has the
// FNAT servers.
std::string our_part(const GuardTable& table, const InterfaceRules& rules, bool v4,
                     const std::string& which) {
    const std::string family = family_name(v4);
    const std::string locals = addresses_of(rules.local_addresses, v4);
    const std::string services =
        match(family + " daddr . tcp dport", endpoints_of(rules.services, v4));
    std::string text = services.empty() ? services : drop_if(which + services);
    if (!has_servers(table, v4) || locals.empty()) return text;
    const std::string ports = rules.last_host_port < rules.first_host_port
                                  ? std::string()
                                  : "tcp dport != " + std::to_string(rules.first_host_port) + "-" +
                                        std::to_string(rules.last_host_port) + " ";
    return text + drop_if(which + family + " saddr . tcp sport @" + set_name(v4) + " " +
                          match(family + " daddr", locals) + ports);
}

// A chain of its own for what is long and stays when a virtual router changes its state.
std::string jump_to(GuardTable& table, const std::string& chain, std::string rules) {
    if (rules.empty()) return {};
    table.chains.push_back({chain, {}, std::move(rules)});
    return "    jump " + chain + "\n";
}

std::string forwarded_to_the_host(const InterfaceRules& rules, bool v4) {
    std::vector<std::string> some;
    for (const auto& [mac, service] : rules.forwarded)
        if (is_v4(service) == v4)
            some.push_back(mac.to_string() + " . " + to_text(service.first, service.second));
    const std::string text =
        match(std::string("ether saddr . ") + family_name(v4) + " daddr . tcp dport",
              join(some, [](const std::string& key) { return key; }));
    return text.empty() ? text : "    " + text + "accept\n";
}

std::string ask_for(const std::vector<net::IpAddress>& silent) {
    return match("arp operation request arp daddr ip", addresses_of(silent, true));
}

// The target of a solicitation lies behind 8 bytes.
std::string questions(const InterfaceRules& rules) {
    return drop_if(ask_for(rules.silent)) +
           drop_if(match("icmpv6 type nd-neighbor-solicit @th,64,128",
                         join(of_family(rules.silent, false), raw)));
}

std::string ingress_rules(GuardTable& table, const InterfaceRules& rules) {
    std::string text;
    for (const bool v4 : {true, false})
        text += drop_if(
            match(family_name(v4) + std::string(" daddr"), addresses_of(rules.addresses, v4)));
    text += forwarded_to_the_host(rules, true) + forwarded_to_the_host(rules, false);
    text += jump_to(table, "our_part",
                    our_part(table, rules, true, whole) + our_part(table, rules, false, {}));
    text += questions(rules);
    text += jump_to(table, "nat_returns", nat_returns(rules, true) + nat_returns(rules, false));
    if (const std::string macs = macs_of(rules.heard_macs); !macs.empty())
        text += "    ether daddr { " + macs + " } meta pkttype set host\n";
    const std::string vrids =
        join(rules.vrids, [](std::uint8_t vrid) { return std::to_string(vrid); });
    // The VRID is the second byte of an advert (RFC 9568 5.1), behind 24 bytes of AH if there are
    // any (RFC 2402; HMAC-MD5-96). Other VRIDs are left to other daemons on this interface.
    for (const std::string protocol : {"ip protocol", "ip6 nexthdr"})
        text += drop_if(match(protocol + " 112 @th,8,8", vrids)) +
                drop_if(match(protocol + " 51 @th,0,8 112 @th,200,8", vrids));
    return text.empty() ? text : leave_vlans + text;
}

// What the host sends from an address of a virtual MAC leaves with it. A worker's frame may have
// to leave with the port's MAC: while a virtual router is handed over.
std::string egress_rules(const InterfaceRules& rules) {
    if (rules.senders.empty()) return {};
    std::string text = "    meta mark " + std::to_string(net::own_frames_mark) + " accept\n";
    std::vector<net::MacAddress> macs;
    for (const auto& [mac, address] : rules.senders)
        if (std::find(macs.begin(), macs.end(), mac) == macs.end()) macs.push_back(mac);
    for (const net::MacAddress& mac : macs) {
        std::vector<net::IpAddress> own;
        for (const auto& [of, address] : rules.senders)
            if (of == mac) own.push_back(address);
        const std::string v4 = addresses_of(own, true);
        const std::string v6 = addresses_of(own, false);
        const std::string name = mac.to_string();
        if (!v4.empty())
            append(text,
                   {"    ip saddr { ", v4, " } ether saddr set ", name, "\n    arp saddr ip { ", v4,
                    " } arp saddr ether set ", name, " ether saddr set ", name, "\n"});
        if (!v6.empty() && rules.link_local)
            append(text, {"    icmpv6 type nd-neighbor-solicit ip6 saddr { ", v6,
                          " } ip6 saddr set ", rules.link_local->to_string(), "\n"});
        if (!v6.empty()) append(text, {"    ip6 saddr { ", v6, " } ether saddr set ", name, "\n"});
    }
    return text;
}

// Letters, digits, '-' and '.' stay, the rest becomes _XX, so that no two interfaces share a table.
std::string interface_table_name(std::string_view interface) {
    std::string name = "warren_";
    for (const char c : interface) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) != 0 || c == '-' || c == '.') {
            name += c;
            continue;
        }
        std::array<char, 4> hex{};
        std::snprintf(hex.data(), hex.size(), "_%02x", byte);
        name += hex.data();
    }
    return name;
}

std::string hook(const std::string& type, const std::string& where, const std::string& priority) {
    return "type " + type + " hook " + where + " priority " + priority;
}

bool is_interface_name(std::string_view name) {
    return !name.empty() && name.size() <= longest_interface_name && name != "." && name != ".." &&
           std::none_of(name.begin(), name.end(), [](unsigned char c) {
               return std::iscntrl(c) != 0 || std::isspace(c) != 0 || c == '/' || c == '"' ||
                      c == '\\' || c == ':';
           });
}

// An interface of which nothing is hidden yet is claimed: nobody else can guard it.
void add_interface(std::vector<GuardTable>& tables, const InterfaceRules& rules) {
    if (!is_interface_name(rules.interface))
        throw std::invalid_argument("guard: '" + rules.interface +
                                    "' cannot be an interface's name");
    const std::string name = interface_table_name(rules.interface);
    const std::string device = " device \"" + rules.interface + "\"";
    const std::string seen = "interface " + rules.interface + ": the kernel sees our ";
    GuardTable link{.name = "netdev " + name,
                    .without = seen + "frames too and may answer them",
                    .interface = rules.interface,
                    .ifindex = rules.ifindex};
    add_servers(link, rules.fnat_servers);
    std::string ingress = ingress_rules(link, rules);
    link.chains.push_back(
        {"ingress", hook("filter", "ingress" + device, first_of_all), std::move(ingress)});
    if (std::string egress = egress_rules(rules); !egress.empty())
        link.chains.push_back(
            {std::string(egress_chain), hook("filter", "egress" + device, "0"), std::move(egress)});
    GuardTable joined{.name = "ip " + name,
                      .without = seen + "datagrams in fragments too and may answer them",
                      .interface = rules.interface,
                      .ifindex = rules.ifindex};
    add_servers(joined, of_family(rules.fnat_servers, true));
    if (const std::string drops =
            jump_to(joined, "our_part",
                    our_part(joined, rules, true, "iifname \"" + rules.interface + "\" "));
        !drops.empty())
        joined.chains.push_back({"input", hook("filter", "input", first_of_all),
                                 (rules.is_translated ? std::string(translated_passes) : "") +
                                     forwarded_to_the_host(rules, true) + drops});
    tables.push_back(std::move(link));
    tables.push_back(std::move(joined));
}

// ---- of the host

// "0-2 : 192.0.2.1 . 5672, 3 : …": as many numbers as a server has weight.
std::string shares(const std::vector<LocalService::Target>& targets) {
    std::string text;
    std::uint64_t next = 0;
    for (const LocalService::Target& target : targets) {
        const std::uint64_t last = next + target.weight - 1;
        append(text, {text.empty() ? "" : ", ", std::to_string(next)});
        if (last != next) append(text, {"-", std::to_string(last)});
        append(text, {" : ", target.address.to_string(), " . ", std::to_string(target.port)});
        next = last + 1;
    }
    return text;
}

std::string translation(const LocalService& service) {
    const std::string family = family_name(service.vip.is_v4());
    const auto total = std::accumulate(
        service.targets.begin(), service.targets.end(), std::uint64_t{0},
        [](std::uint64_t sum, const LocalService::Target& target) { return sum + target.weight; });
    return "    meta l4proto tcp dnat " + family + " to numgen random mod " +
           std::to_string(total) + " map { " + shares(service.targets) + " }\n";
}

// Not of what comes by a port, and of frames for others.
std::string arrivals(const LocalRules& rules) {
    const Forwarding& forwarded = rules.forwarding;
    if (!forwarded.ipv4 && !forwarded.ipv6) return {};
    std::string names = "\"lo\"";
    for (const std::string& port : rules.ports)
        if (is_interface_name(port)) names += ", \"" + port + "\"";
    const std::string stations = macs_of(rules.stations);
    const std::string family = forwarded.ipv4 && forwarded.ipv6 ? ""
                               : forwarded.ipv4                 ? "meta nfproto ipv4 "
                                                                : "meta nfproto ipv6 ";
    return "    iifname { " + names + " } return\n    meta iiftype ether " +
           (stations.empty() ? "return\n" : "ether daddr != { " + stations + " } return\n") +
           "    " + family + "jump to_servers\n";
}

std::string ports_of(const SharedSources& shared) {
    return std::to_string(shared.first_port) + "-" + std::to_string(shared.last_port);
}

std::string from_other_ports(const GuardTable& table, const SharedSources& shared) {
    std::string text;
    if (!shared.any()) return text;
    for (const net::IpAddress& address : shared.addresses) {
        if (!has_servers(table, address.is_v4())) continue;
        const std::string family = family_name(address.is_v4());
        const std::string own = address.to_string();
        const std::string ports = ports_of(shared);
        append(text, {"    ", family, " saddr ", own, " ", family, " daddr . tcp dport @",
                      set_name(address.is_v4()), " tcp sport != ", ports, " snat ", family, " to ",
                      address.is_v4() ? own : "[" + own + "]", ":", ports, "\n"});
    }
    return text;
}

std::string way_in(const LocalService& service, const LocalService::Own& own) {
    const std::string family = family_name(service.vip.is_v4());
    const std::string address = own.address.to_string();
    return "    iifname \"lo\" @ll,48,48 " + hexadecimal(own.link_source.bytes) + " " + family +
           " daddr " + service.vip.to_string() + " tcp dport " + std::to_string(service.port) +
           " dnat " + family + " to " + (own.address.is_v4() ? address : "[" + address + "]") +
           ":" + std::to_string(own.port) + "\n";
}

// In characters that nftables takes.
std::string instance_table_name(std::string_view instance) {
    std::string name = "warren_local_";
    for (const char c : instance)
        name += std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' ? c : '_';
    return name;
}

GuardTable silence(const std::string& name, const std::vector<net::IpAddress>& silent) {
    GuardTable table{.name = "arp " + name,
                     .without = "the kernel may answer ARP for our addresses on other interfaces"};
    if (std::string drops = drop_if(ask_for(silent)); !drops.empty())
        table.chains.push_back({"input", hook("filter", "input", "0"), std::move(drops)});
    return table;
}

std::string chain_name(const char* direction, const net::IpAddress& vip) {
    std::string name = direction + vip.to_string();
    std::replace(name.begin(), name.end(), ':', '_');
    return name;
}

// Of a VIP's services: a chain for the targets of each, one that leads to them, and one for what
// has been there. The source was the VIP: a server with the VIP (DR, TUN) would never answer.
void add_services(GuardTable& table, std::span<const LocalService* const> services,
                  const SharedSources& shared) {
    const net::IpAddress& vip = services.front()->vip;
    std::string ways, ports;
    for (const LocalService* service : services) {
        const std::string port = std::to_string(service->port);
        const std::string chain = chain_name("to_", vip) + "_" + port;
        table.chains.push_back({chain, {}, translation(*service)});
        append(ways, {"    tcp dport ", port, " goto ", chain, "\n"});
        append(ports, {ports.empty() ? "" : ", ", port});
    }
    table.chains.push_back({chain_name("to_", vip), {}, std::move(ways)});
    table.chains.push_back({chain_name("from_", vip),
                            {},
                            "    meta l4proto tcp ct original proto-dst { " + ports +
                                " } masquerade" + (shared.any() ? " to :" + ports_of(shared) : "") +
                                "\n"});
}

// Its hooks are of the type nat, which has every connection of the host tracked: there only while
// there is something to translate. What hangs on them is made ready before, so that a takeover
// changes what is a rule for each VIP.
GuardTable local_clients(const std::string& name, const LocalRules& rules) {
    GuardTable table{.name = "inet " + name,
                     .without = "programs of this host cannot reach its virtual_servers"};
    add_servers(table, rules.shared.any() ? rules.shared.servers : std::vector<Endpoint>{});
    std::string translations, ways_in;
    std::string sources = from_other_ports(table, rules.shared);
    std::map<net::IpAddress, std::vector<const LocalService*>> services;
    std::set<net::IpAddress> active;
    for (const LocalService& service : rules.services) {
        for (const LocalService::Own& own : service.own)
            if (service.is_active) ways_in += way_in(service, own);
        if (service.targets.empty()) continue;
        services[service.vip].push_back(&service);
        if (service.is_active) active.insert(service.vip);
    }
    for (const auto& [vip, all] : services) {
        add_services(table, all, rules.shared);
        if (!active.contains(vip)) continue;
        const std::string family = family_name(vip.is_v4());
        append(translations, {"    ", family, " daddr ", vip.to_string(), " jump ",
                              chain_name("to_", vip), "\n"});
        append(sources, {"    ct status dnat ct original ", family, " daddr ", vip.to_string(),
                         " jump ", chain_name("from_", vip), "\n"});
    }
    if (!translations.empty()) {
        table.chains.push_back({"to_servers", {}, std::move(translations)});
        table.chains.push_back({"output", hook("nat", "output", "-100"), "    jump to_servers\n"});
        ways_in += arrivals(rules);
    }
    if (!sources.empty())
        table.chains.push_back(
            {"postrouting", hook("nat", "postrouting", "100"), std::move(sources)});
    if (!ways_in.empty())
        table.chains.push_back(
            {"prerouting", hook("nat", "prerouting", "-100"), std::move(ways_in)});
    return table;
}

const GuardTable::Set* set_of(const GuardTable& table, const std::string& name) {
    for (const GuardTable::Set& set : table.sets)
        if (set.name == name) return &set;
    return nullptr;
}

std::string elements(const std::vector<Endpoint>& endpoints) {
    std::string text;
    for (const Endpoint& endpoint : endpoints)
        append(text, {text.empty() ? "{ " : ", ", to_text(endpoint.first, endpoint.second)});
    return text + " }\n";
}

std::string set_change(const char* verb, const GuardTable& table, const GuardTable::Set& set,
                       const std::vector<Endpoint>& some, const std::vector<Endpoint>& others) {
    std::vector<Endpoint> only;
    std::set_difference(some.begin(), some.end(), others.begin(), others.end(),
                        std::back_inserter(only));
    if (only.empty()) return {};
    return std::string(verb) + " element " + table.name + " " + set.name + " " + elements(only);
}

// By name: a table has thousands where there are as many services.
class Chains {
  public:
    explicit Chains(const GuardTable& table) {
        for (const GuardTable::Chain& chain : table.chains)
            all_.emplace(chain.name, &chain);
    }
    bool has_one_named(const std::string& name) const { return all_.contains(name); }
    bool has(const GuardTable::Chain& chain) const {
        const auto found = all_.find(chain.name);
        return found != all_.end() && *found->second == chain;
    }

  private:
    std::unordered_map<std::string_view, const GuardTable::Chain*> all_;
};

}  // namespace

std::vector<GuardTable> guard_tables(std::string_view instance, const GuardRules& rules) {
    std::vector<GuardTable> tables;
    for (const InterfaceRules& interface : rules.interfaces)
        add_interface(tables, interface);
    const std::string name = instance_table_name(instance);
    tables.push_back(silence(name, rules.silent));
    tables.push_back(local_clients(name, rules.local));
    return tables;
}

std::string commands(const GuardTable* before, const GuardTable& after) {
    if (before != nullptr && *before == after) return {};
    if (before == nullptr && after.chains.empty()) return {};
    if (after.chains.empty()) return "delete table " + after.name + "\n";
    std::string text;
    if (before != nullptr && before->ifindex != after.ifindex) {
        text = "delete table " + after.name + "\n";
        before = nullptr;
    }
    const GuardTable none;
    const GuardTable& old = before != nullptr ? *before : none;
    const Chains old_chains(old), chains(after);
    for (const GuardTable::Chain& chain : old.chains)
        if (!chains.has(chain)) text += "flush chain " + after.name + " " + chain.name + "\n";
    for (const GuardTable::Chain& chain : old.chains)
        if (!chains.has_one_named(chain.name))
            text += "delete chain " + after.name + " " + chain.name + "\n";
    for (const GuardTable::Set& set : old.sets)
        if (const GuardTable::Set* now = set_of(after, set.name))
            text += set_change("delete", after, set, set.endpoints, now->endpoints) +
                    set_change("add", after, set, now->endpoints, set.endpoints);
        else
            text += "delete set " + after.name + " " + set.name + "\n";
    text += "table " + after.name + " {\n" + (after.is_owned ? "  flags owner;\n" : "");
    for (const GuardTable::Set& set : after.sets)
        if (set_of(old, set.name) == nullptr)
            text += "  set " + set.name + " {\n    type " +
                    (set.is_v4 ? "ipv4_addr" : "ipv6_addr") +
                    " . inet_service;\n    elements = " + elements(set.endpoints) + "  }\n";
    for (const GuardTable::Chain& chain : after.chains)
        if (!old_chains.has(chain))
            text += "  chain " + chain.name + " {\n" +
                    (chain.type.empty() ? "" : "    " + chain.type + "; policy accept;\n") +
                    chain.rules + "  }\n";
    return text + "}\n";
}

}  // namespace warren::kernel
