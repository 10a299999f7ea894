// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/guard.h"

#include <linux/netlink.h>
#include <net/if.h>
#include <nftables/libnftables.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "kernel/cleaner.h"
#include "kernel/nft.h"

namespace warren::kernel {
namespace {

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

Guard::Guard(std::string interface, Cleaner* cleaner)
    : interface_(std::move(interface)), context_(nullptr, nft_ctx_free) {
    const std::vector<int> others = netfilter_sockets();
    context_.reset(nft_ctx_new(NFT_CTX_DEFAULT));
    if (!context_) throw GuardError(GuardError::Kind::other, "guard: cannot set up libnftables");
    nft_ctx_buffer_error(context_.get());
    nft_ctx_buffer_output(context_.get());
    if (cleaner == nullptr) return;
    for (const int socket : netfilter_sockets())
        if (std::find(others.begin(), others.end(), socket) == others.end()) cleaner->hold(socket);
}

Guard::~Guard() {
    if (!installed_) return;
    for (const GuardTable& table : in_kernel_)  // gone already is fine
        run("delete table " + table.name + "\n");
}

void Guard::apply(const InterfaceRules& rules) {
    // Recent kernels take a name that is not there yet and wait for it.
    if (if_nametoindex(interface_.c_str()) == 0)
        throw GuardError(GuardError::Kind::no_interface,
                         "cannot guard interface " + interface_ + ": there is no such interface");
    if (!may_use_nftables())
        throw GuardError(GuardError::Kind::no_permission,
                         "cannot guard interface " + interface_ +
                             " with nftables: no permission (CAP_NET_ADMIN)");
    InterfaceRules ingress_only = rules;
    ingress_only.senders.clear();
    std::string error = try_to_apply(egress_ ? rules : ingress_only);
    // What a killed predecessor has left is being cleared away.
    for (unsigned i = 0; i < 50 && !installed_ && kind_of(error) == GuardError::Kind::no_permission;
         ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        error = try_to_apply(egress_ ? rules : ingress_only);
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

std::string Guard::try_to_apply(const InterfaceRules& rules) {
    std::string error = change(rules);
    if (error.empty() || installed_ || kind_of(error) != GuardError::Kind::unsupported)
        return error;
    // Kernels before 5.12 know no owners, and a table left without one by a predecessor gets none.
    owned_ = false;
    error = change(rules);
    owned_ = !error.empty();
    return error;
}

// What somebody has left is replaced; of our own tables the rules are exchanged.
std::string Guard::change(const InterfaceRules& rules) {
    InterfaceRules named = rules;
    named.interface = interface_;
    named.ifindex = static_cast<int>(if_nametoindex(interface_.c_str()));
    std::vector<GuardTable> tables = guard_tables({}, {.interfaces = {std::move(named)}});
    tables.resize(2);  // the host's are others' still
    std::string text;
    for (std::size_t i = 0; i < tables.size(); ++i) {
        tables[i].is_owned = owned_;
        if (installed_ && tables[i].ifindex == in_kernel_[i].ifindex) {
            const bool was_there = !in_kernel_[i].chains.empty();
            text += commands(was_there ? &in_kernel_[i] : nullptr, tables[i]);
            continue;
        }
        text += remade(tables[i]);
    }
    std::string error = run(text);
    if (error.empty()) in_kernel_ = std::move(tables);
    return error;
}

std::string Guard::run(const std::string& commands) {
    const int failed = nft_run_cmd_from_buffer(context_.get(), commands.c_str());
    std::string error = nft_ctx_get_error_buffer(context_.get());
    if (failed == 0) return {};
    return error.empty() ? "unknown error" : error;
}

}  // namespace warren::kernel
