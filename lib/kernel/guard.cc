// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/guard.h"

#include <linux/capability.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <nftables/libnftables.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <thread>
#include <utility>

#include "kernel/cleaner.h"
#include "kernel/nft_table_list.h"

namespace warren::kernel {
namespace {

using Kind = GuardTrouble::Kind;

constexpr const char* no_right = "no permission (CAP_NET_ADMIN)";
constexpr int of_unknown_content = -1;  // what was there before us, in place of an ifindex

// CAP_NET_ADMIN. Without it libnftables says so on standard error each time, so it is not asked.
bool may_use_nftables() {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
    return syscall(SYS_capget, &header, sets.data()) == 0 &&
           (sets[CAP_TO_INDEX(CAP_NET_ADMIN)].effective & CAP_TO_MASK(CAP_NET_ADMIN)) != 0;
}

Kind kind_of(std::string_view error) {
    const auto says = [error](std::string_view text) {
        return error.find(text) != std::string_view::npos;
    };
    if (says(no_right)) return Kind::no_permission;
    if (says("Operation not permitted") || says("Permission denied")) return Kind::held;
    if (says("not supported") || says("Invalid argument") || says("No such file or directory"))
        return Kind::unsupported;
    return Kind::other;
}

const char* remedy(Kind kind) {
    switch (kind) {
        case Kind::no_permission:
            return "give warren this capability";
        case Kind::held:
            return "another warren guards this interface, or has our name: end one of the two";
        case Kind::unsupported:
            return "this kernel lacks it: load nf_tables with its families and nft_nat, or take "
                   "the "
                   "interface from the kernel (`device`)";
        default:
            return "the old rules stay; it is tried again each second";
    }
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

bool is_one(const char* path) {
    int value = 0;
    return std::ifstream(path) >> value && value != 0;
}

bool names(const std::vector<GuardTable>& tables, const std::string& name) {
    return std::any_of(tables.begin(), tables.end(),
                       [&](const GuardTable& table) { return table.name == name; });
}

bool drop_egress(GuardTable& table) {
    return std::erase_if(table.chains, [](const GuardTable::Chain& chain) {
               return chain.name == egress_chain;
           }) != 0;
}

bool drop_tracking(GuardTable& table) {
    bool is_less = false;
    for (GuardTable::Chain& chain : table.chains)
        if (const auto at = chain.rules.find(translated_passes); at != std::string::npos) {
            chain.rules.erase(at, translated_passes.size());
            is_less = true;
        }
    return is_less;
}

}  // namespace

Forwarding Forwarding::of_host() {
    return {.ipv4 = is_one("/proc/sys/net/ipv4/ip_forward"),
            .ipv6 = is_one("/proc/sys/net/ipv6/conf/all/forwarding")};
}

Guard::Guard(std::string instance, Cleaner* cleaner, bool owned)
    : instance_(std::move(instance)), context_(nullptr, nft_ctx_free), owned_(owned) {
    const std::vector<int> others = netfilter_sockets();
    context_.reset(nft_ctx_new(NFT_CTX_DEFAULT));
    if (!context_) return;
    nft_ctx_buffer_error(context_.get());
    nft_ctx_buffer_output(context_.get());
    if (cleaner == nullptr) return;
    for (const int socket : netfilter_sockets())
        if (std::find(others.begin(), others.end(), socket) == others.end()) cleaner->hold(socket);
}

Guard::~Guard() {
    if (in_kernel_.empty()) return;
    is_first_ = false;
    follow({});
}

std::vector<GuardTrouble> Guard::follow(GuardRules rules) {
    if (rules == rules_ && !is_first_) return {};
    tables_ = guard_tables(instance_, rules);
    rules_ = std::move(rules);
    return install();
}

std::vector<GuardTrouble> Guard::restore() {
    return install();
}

std::vector<GuardTrouble> Guard::install() {
    std::vector<GuardTable> tables = wanted();
    std::vector<GuardTrouble> troubles;
    if (const std::string lost = look(tables); !lost.empty())
        troubles.push_back(
            {Kind::flushed,
             {},
             "nftables: somebody has removed tables of ours, they are put back: " + lost});
    Tables together, alone;
    for (const GuardTable& table : tables)
        (refused_.contains(table.name) ? alone : together).push_back(&table);
    std::string error = change(together);
    // What a killed predecessor has left is being cleared away.
    for (unsigned i = 0; i < 50 && is_first_ && kind_of(error) == Kind::held; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        look(tables);
        error = change(together);
    }
    is_first_ = false;
    std::erase_if(refused_, [&](const auto& entry) { return !names(tables, entry.first); });
    if (!error.empty()) alone.insert(alone.end(), together.begin(), together.end());
    for (const GuardTable* table : alone) {
        error = change_alone(*table);
        if (error.empty()) {
            refused_.erase(table->name);
        } else if (std::exchange(refused_[table->name], error) != error) {
            const Kind kind = kind_of(error);
            troubles.push_back({kind, table->interface,
                                table->without + ": nftables: " + error + "; " + remedy(kind)});
        }
    }
    return troubles;
}

// Of an interface that is not there a table stays as it is, and none is made: recent kernels take a
// device's name and wait for it, others refuse the whole transaction.
std::vector<GuardTable> Guard::wanted() const {
    std::vector<GuardTable> tables = tables_;
    std::erase_if(tables, [&](GuardTable& table) {
        const GuardTable* known = installed(table.name);
        table.is_owned = known != nullptr ? known->is_owned : owned_;
        if (!egress_) drop_egress(table);
        if (!tracks_) drop_tracking(table);
        if (table.interface.empty() || if_nametoindex(table.interface.c_str()) != 0) return false;
        if (known != nullptr) table = *known;
        return known == nullptr;
    });
    for (const auto& [name, table] : in_kernel_)
        if (table.ifindex != of_unknown_content && !names(tables, name))
            tables.push_back({.name = name});
    return tables;
}

const GuardTable* Guard::installed(const std::string& name) const {
    const auto found = in_kernel_.find(name);
    return found == in_kernel_.end() || found->second.ifindex == of_unknown_content
               ? nullptr
               : &found->second;
}

// What is there of `wanted` and of ours; the names of what was and is no longer.
std::string Guard::look(const std::vector<GuardTable>& wanted) {
    const auto there = nft_table_list();
    if (!there) return {};
    std::string lost;
    std::erase_if(in_kernel_, [&](const auto& entry) {
        const auto& [name, table] = entry;
        if (table.ifindex == of_unknown_content) return true;
        if (there->contains(name)) return false;
        lost += (lost.empty() ? "" : ", ") + name;
        return true;
    });
    for (const GuardTable& table : wanted)
        if (there->contains(table.name))
            in_kernel_.try_emplace(table.name,
                                   GuardTable{.name = table.name, .ifindex = of_unknown_content});
    return lost;
}

std::string Guard::change(const Tables& tables) {
    std::string text;
    for (const GuardTable* table : tables) {
        const auto before = in_kernel_.find(table->name);
        text += commands(before != in_kernel_.end() ? &before->second : nullptr, *table);
    }
    if (text.empty()) return {};
    std::string error = run(text);
    if (!error.empty()) return error;
    for (const GuardTable* table : tables)
        if (table->chains.empty())
            in_kernel_.erase(table->name);
        else
            in_kernel_.insert_or_assign(table->name, *table);
    return {};
}

// Without what some kernels have not: the hook for what leaves (before 5.16), connection tracking
// (they translate nothing), owners (before 5.12).
std::string Guard::change_alone(GuardTable table) {
    std::string error = change({&table});
    if (kind_of(error) != Kind::unsupported) return error;
    if (drop_egress(table)) {
        error = change({&table});
        egress_ = !error.empty();
    }
    if (!error.empty() && drop_tracking(table)) {
        error = change({&table});
        tracks_ = !error.empty();
    }
    if (!error.empty() && owned_ && installed(table.name) == nullptr) {
        table.is_owned = owned_ = false;
        error = change({&table});
        owned_ = !error.empty();
    }
    return error;
}

// One transaction. The first line of what was refused; empty = done.
std::string Guard::run(const std::string& commands) {
    if (!context_) return "cannot set up libnftables";
    if (!may_use_nftables()) return no_right;
    const int failed = nft_run_cmd_from_buffer(context_.get(), commands.c_str());
    const std::string error = nft_ctx_get_error_buffer(context_.get());
    if (failed == 0) return {};
    return error.empty() ? "unknown error" : error.substr(0, error.find('\n'));
}

}  // namespace warren::kernel
