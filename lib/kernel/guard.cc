// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/guard.h"

#include <linux/netlink.h>
#include <net/if.h>
#include <nftables/libnftables.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <initializer_list>
#include <thread>

#include "kernel/cleaner.h"
#include "kernel/nft.h"
#include "net/own_frames.h"

namespace warren::kernel {
namespace {

// Before every chain that others are likely to have on this hook.
constexpr const char* priority = "-500";
constexpr std::size_t longest_interface_name = 15;

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
    std::vector<net::IpAddress> some;
    std::copy_if(addresses.begin(), addresses.end(), std::back_inserter(some),
                 [v4](const net::IpAddress& address) { return address.is_v4() == v4; });
    return join(some, [](const net::IpAddress& address) { return address.to_string(); });
}

std::string hexadecimal(const net::IpAddress& address) {
    std::string text = "0x";
    const auto add = [&](std::uint8_t byte) {
        std::array<char, 3> digits{};
        std::snprintf(digits.data(), digits.size(), "%02x", byte);
        text += digits.data();
    };
    if (address.is_v4())
        for (unsigned shift = 32; shift != 0; shift -= 8)
            add(static_cast<std::uint8_t>(address.as_v4().host() >> (shift - 8)));
    else
        std::for_each(address.bytes().begin(), address.bytes().end(), add);
    return text;
}

// Replies of NAT servers to anybody but the kernel itself, and ICMP errors about packets to them:
// errors quote behind 8 bytes of their own, and what they quote has no IP options.
std::string nat_returns(const GuardRules& rules, bool v4) {
    std::vector<GuardRules::Endpoint> some;
    std::copy_if(rules.nat_servers.begin(), rules.nat_servers.end(), std::back_inserter(some),
                 [v4](const GuardRules::Endpoint& server) { return server.first.is_v4() == v4; });
    if (some.empty()) return {};
    const std::string family = v4 ? "ip" : "ip6";
    const std::string own = addresses_of(rules.kernel_addresses, v4);
    const std::string drop =
        (own.empty() ? "" : family + " daddr != { " + own + " } ") + "counter drop\n";
    const std::string endpoints = join(some, [](const GuardRules::Endpoint& server) {
        return server.first.to_string() + " . " + std::to_string(server.second);
    });
    const std::string addresses =
        join(some, [](const GuardRules::Endpoint& server) { return hexadecimal(server.first); });
    const std::string ports = join(
        some, [](const GuardRules::Endpoint& server) { return std::to_string(server.second); });
    const std::string errors =
        v4 ? "icmp type { 3, 11, 12 } @th,192,32 { " + addresses + " } @th,240,16 { "
           : "icmpv6 type { 1, 2, 3, 4 } @th,256,128 { " + addresses + " } @th,400,16 { ";
    return "    " + family + " saddr . tcp sport { " + endpoints + " } " + drop +  //
           "    " + errors + ports + " } " + drop;
}

std::string endpoints_of(const std::vector<GuardRules::Endpoint>& endpoints, bool v4) {
    std::vector<GuardRules::Endpoint> some;
    std::copy_if(endpoints.begin(), endpoints.end(), std::back_inserter(some),
                 [v4](const GuardRules::Endpoint& e) { return e.first.is_v4() == v4; });
    return join(some, [](const GuardRules::Endpoint& e) {
        return e.first.to_string() + " . " + std::to_string(e.second);
    });
}

// "ip daddr { … } ", or nothing if there is none.
std::string match(const std::string& key, const std::string& values) {
    return values.empty() ? std::string() : key + " { " + values + " } ";
}

std::string drop_if(const std::string& matches) {
    return matches.empty() ? std::string() : "    " + matches + "counter drop\n";
}

// Of the addresses that the host has too; each rule begins with `which` packets.
std::string our_part(const GuardRules& rules, bool v4, const std::string& which) {
    const std::string family = v4 ? "ip" : "ip6";
    const std::string servers = endpoints_of(rules.fnat_servers, v4);
    const std::string locals = addresses_of(rules.local_addresses, v4);
    const std::string services =
        match(family + " daddr . tcp dport", endpoints_of(rules.services, v4));
    std::string text = services.empty() ? services : drop_if(which + services);
    if (servers.empty() || locals.empty()) return text;
    const std::string ports = rules.last_host_port < rules.first_host_port
                                  ? std::string()
                                  : "tcp dport != " + std::to_string(rules.first_host_port) + "-" +
                                        std::to_string(rules.last_host_port) + " ";
    return text + drop_if(which + match(family + " saddr . tcp sport", servers) +
                          match(family + " daddr", locals) + ports);
}

std::string forwarded_to_the_host(const GuardRules& rules, bool v4) {
    std::vector<std::string> some;
    for (const auto& [mac, service] : rules.forwarded)
        if (service.first.is_v4() == v4)
            some.push_back(mac.to_string() + " . " + service.first.to_string() + " . " +
                           std::to_string(service.second));
    const std::string text =
        match(v4 ? "ether saddr . ip daddr . tcp dport" : "ether saddr . ip6 daddr . tcp dport",
              join(some, [](const std::string& key) { return key; }));
    return text.empty() ? text : "    " + text + "accept\n";
}

// Whose a cut datagram is only its first fragment says. Of one that lost it the kernel would keep
// the others, until it has no room for anybody's (ipfrag_high_thresh, 4 MB): they all pass the
// ingress, and what is ours is dropped once the kernel has joined it.
constexpr const char* whole = "ip frag-off & 0x3fff == 0 ";

std::string joined_table(std::string_view interface, const std::string& name,
                         const GuardRules& rules, const std::string& flags) {
    const std::string table = "table ip " + name;
    std::string text = "add " + table + " {\n" + flags + "}\ndelete " + table + "\n";
    const std::string which = "iifname \"" + std::string(interface) + "\" ";
    const std::string drops = our_part(rules, true, which);
    if (drops.empty()) return text;
    const std::string translated = rules.is_translated ? "    ct status snat accept\n" : "";
    return text + table + " {\n" + flags + "  chain input {\n    type filter hook input priority " +
           priority + "; policy accept;\n" + translated + forwarded_to_the_host(rules, true) +
           drops + "  }\n}\n";
}

// The target of a solicitation lies behind 8 bytes.
std::string questions(const GuardRules& rules) {
    std::vector<net::IpAddress> v6;
    std::copy_if(rules.silent.begin(), rules.silent.end(), std::back_inserter(v6),
                 [](const net::IpAddress& address) { return !address.is_v4(); });
    return drop_if(match("arp operation request arp daddr ip", addresses_of(rules.silent, true))) +
           drop_if(match("icmpv6 type nd-neighbor-solicit @th,64,128", join(v6, hexadecimal)));
}

std::string macs_of(const std::vector<net::MacAddress>& macs) {
    std::vector<std::string> texts;
    for (const net::MacAddress& mac : macs)
        texts.push_back(mac.to_string());
    return join(texts, [](const std::string& text) { return text; });
}

// A worker's frame may have to leave with the port's MAC: while a virtual router is handed over.
std::string leave_our_own() {
    return "    meta mark " + std::to_string(net::own_frames_mark) + " accept\n";
}

// What the host sends from an address of a virtual MAC leaves with it.
std::string egress_rules(const GuardRules& rules) {
    std::string text;
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
        const auto add = [&text](std::initializer_list<std::string_view> words) {
            for (const std::string_view word : words)
                text += word;
        };
        if (!v4.empty())
            add({"    ip saddr { ", v4, " } ether saddr set ", name, "\n    arp saddr ip { ", v4,
                 " } arp saddr ether set ", name, " ether saddr set ", name, "\n"});
        if (!v6.empty() && rules.link_local)
            add({"    icmpv6 type nd-neighbor-solicit ip6 saddr { ", v6, " } ip6 saddr set ",
                 rules.link_local->to_string(), "\n"});
        if (!v6.empty()) add({"    ip6 saddr { ", v6, " } ether saddr set ", name, "\n"});
    }
    return text;
}

// A VLAN's frames pass here on their way to an interface of its own, where other virtual routers,
// perhaps of ours, have the same VRIDs and other hosts the same addresses. VLAN 0 is a priority.
constexpr const char* leave_vlans =
    "    @ll,96,16 { 0x8100, 0x88a8 } @ll,112,16 & 0x0fff != 0 accept\n";

std::string rules_of(const GuardRules& rules) {
    std::string text;
    for (const bool v4 : {true, false})
        text += drop_if(match(v4 ? "ip daddr" : "ip6 daddr", addresses_of(rules.addresses, v4)));
    text += forwarded_to_the_host(rules, true) + forwarded_to_the_host(rules, false);
    text += our_part(rules, true, whole) + our_part(rules, false, {}) + questions(rules);
    text += nat_returns(rules, true) + nat_returns(rules, false);
    if (const std::string macs = macs_of(rules.heard_macs); !macs.empty())
        text += "    ether daddr { " + macs + " } meta pkttype set host\n";
    const std::string vrids =
        join(rules.vrids, [](std::uint8_t vrid) { return std::to_string(vrid); });
    if (vrids.empty()) return text;
    // The VRID is the second byte of an advert (RFC 9568 5.1), behind 24 bytes of AH if there are
    // any (RFC 2402; HMAC-MD5-96). Other VRIDs are left to other daemons on this interface.
    for (const char* protocol : {"ip protocol", "ip6 nexthdr"}) {
        text += "    " + std::string(protocol) + " 112 @th,8,8 { " + vrids + " } counter drop\n";
        text += "    " + std::string(protocol) + " 51 @th,0,8 112 @th,200,8 { " + vrids +
                " } counter drop\n";
    }
    return text;
}

bool is_interface_name(std::string_view name) {
    return !name.empty() && name.size() <= longest_interface_name && name != "." && name != ".." &&
           std::none_of(name.begin(), name.end(), [](unsigned char c) {
               return std::iscntrl(c) != 0 || std::isspace(c) != 0 || c == '/' || c == '"' ||
                      c == '\\' || c == ':';
           });
}

GuardError::Kind kind_of(std::string_view error) {
    const auto says = [error](std::string_view text) {
        return error.find(text) != std::string_view::npos;
    };
    if (says("Operation not permitted") || says("Permission denied"))
        return GuardError::Kind::no_permission;
    if (says("No such file or directory") || says("No such device"))
        return GuardError::Kind::no_interface;
    if (says("not supported") || says("Invalid argument")) return GuardError::Kind::unsupported;
    return GuardError::Kind::other;
}

const char* meaning_of(GuardError::Kind kind) {
    switch (kind) {
        case GuardError::Kind::no_permission:
            return "another warren guards this interface";
        case GuardError::Kind::no_interface:
            return "there is no such interface";
        case GuardError::Kind::unsupported:
            return "this kernel has no nf_tables netdev ingress chains";
        case GuardError::Kind::other:
            break;
    }
    return "nftables refused the rules";
}

// libnftables does not tell which socket is a context's.
std::vector<int> netfilter_sockets() {
    std::vector<int> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        const int descriptor = std::atoi(entry.path().filename().c_str());
        int domain = 0;
        int protocol = 0;
        socklen_t length = sizeof(int);
        if (getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0 &&
            domain == AF_NETLINK &&
            getsockopt(descriptor, SOL_SOCKET, SO_PROTOCOL, &protocol, &length) == 0 &&
            protocol == NETLINK_NETFILTER)
            found.push_back(descriptor);
    }
    return found;
}

}  // namespace

// Letters, digits, '-' and '.' stay, the rest becomes _XX, so that no two interfaces share a table.
std::string guard_table_name(std::string_view interface) {
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

std::string guard_ruleset(std::string_view interface, const GuardRules& rules, GuardTable kind) {
    const std::string table = "table netdev " + guard_table_name(interface);
    const std::string flags = kind == GuardTable::owned ? "  flags owner;\n" : "";
    // "add" makes sure that there is something to delete.
    std::string text = "add " + table + " {\n" + flags + "}\n";
    text += "delete " + table + "\n";
    text += table + " {\n" + flags + "  chain ingress {\n";
    text += "    type filter hook ingress device \"" + std::string(interface) + "\" priority " +
            priority + "; policy accept;\n";
    if (const std::string some = rules_of(rules); !some.empty()) text += leave_vlans + some;
    text += "  }\n";
    if (const std::string egress = egress_rules(rules); !egress.empty())
        text += "  chain egress {\n    type filter hook egress device \"" + std::string(interface) +
                "\" priority 0; policy accept;\n" + leave_our_own() + egress + "  }\n";
    return text + "}\n" + joined_table(interface, guard_table_name(interface), rules, flags);
}

Guard::Guard(std::string interface, Cleaner* cleaner)
    : interface_(std::move(interface)), context_(nullptr, nft_ctx_free) {
    const std::vector<int> others = netfilter_sockets();
    context_.reset(nft_ctx_new(NFT_CTX_DEFAULT));
    if (!is_interface_name(interface_))
        throw std::invalid_argument("guard: '" + interface_ + "' cannot be an interface's name");
    if (!context_) throw GuardError(GuardError::Kind::other, "guard: cannot set up libnftables");
    nft_ctx_buffer_error(context_.get());
    nft_ctx_buffer_output(context_.get());
    if (cleaner == nullptr) return;
    for (const int socket : netfilter_sockets())
        if (std::find(others.begin(), others.end(), socket) == others.end()) cleaner->hold(socket);
}

Guard::~Guard() {
    if (!installed_) return;
    // Gone already is fine.
    run("delete table netdev " + guard_table_name(interface_) + "\n");
    run("delete table ip " + guard_table_name(interface_) + "\n");
}

void Guard::apply(const GuardRules& rules) {
    // Recent kernels take a name that is not there yet and wait for it.
    if (if_nametoindex(interface_.c_str()) == 0)
        throw GuardError(GuardError::Kind::no_interface,
                         "cannot guard interface " + interface_ + ": there is no such interface");
    if (!may_use_nftables())
        throw GuardError(GuardError::Kind::no_permission,
                         "cannot guard interface " + interface_ +
                             " with nftables: no permission (CAP_NET_ADMIN)");
    GuardRules ingress_only = rules;
    ingress_only.senders.clear();
    std::string error = try_to_apply(egress_ ? rules : ingress_only);
    // What a killed predecessor has left is being cleared away.
    for (unsigned i = 0; i < 50 && !installed_ && kind_of(error) == GuardError::Kind::no_permission;
         ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        error = try_to_apply(egress_ ? rules : ingress_only);
    }
    // A kernel without connection tracking translates nothing.
    if (!error.empty() && rules.is_translated) {
        GuardRules untracked = egress_ ? rules : ingress_only;
        untracked.is_translated = false;
        error = try_to_apply(untracked);
    }
    if (!error.empty() && egress_ && !rules.senders.empty()) {
        error = try_to_apply(ingress_only);
        egress_ = !error.empty();
    }
    if (!error.empty()) {
        const GuardError::Kind kind = kind_of(error);
        throw GuardError(kind, "cannot guard interface " + interface_ +
                                   " with nftables: " + meaning_of(kind) + " [" +
                                   error.substr(0, error.find('\n')) + "]");
    }
    installed_ = true;
}

std::string Guard::try_to_apply(const GuardRules& rules) {
    std::string error = run(guard_ruleset(interface_, rules, table_));
    if (error.empty() || installed_ || kind_of(error) != GuardError::Kind::unsupported)
        return error;
    // Kernels before 5.12 know no owners, and a table left without one by a predecessor gets none.
    table_ = GuardTable::plain;
    error = run(guard_ruleset(interface_, rules, table_));
    if (!error.empty()) table_ = GuardTable::owned;
    return error;
}

std::string Guard::run(const std::string& commands) {
    const int failed = nft_run_cmd_from_buffer(context_.get(), commands.c_str());
    std::string error = nft_ctx_get_error_buffer(context_.get());
    if (failed == 0) return {};
    return error.empty() ? "unknown error" : error;
}

}  // namespace warren::kernel
