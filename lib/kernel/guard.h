// SPDX-License-Identifier: BSD-3-Clause
// The guard of an interface that Warren shares with the kernel: one nftables table of the netdev
// family whose ingress chain drops what is Warren's before the kernel's stack sees it (the kernel
// would answer or forward it). Packet sockets, so our port too, see the frames
// nevertheless. Of an address that the host has too exactly our part is hidden: virtual_servers and
// what FNAT servers send to our local ports; a datagram in fragments once the kernel has joined it,
// in a table of the ip family beside. ARP requests and solicitations for any address of ours
// are: we answer, on a backup nobody does. A virtual MAC is made the kernel's in both directions:
// no device of its own is needed. Errors: GuardError, with the kind for the caller to decide on.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/guard_rules.h"

struct nft_ctx;

namespace warren::kernel {

class Cleaner;

class GuardError : public std::runtime_error {
  public:
    enum class Kind : std::uint8_t {
        no_permission,  // CAP_NET_ADMIN is missing, or another process holds this guard
        no_interface,
        unsupported,  // a kernel without nf_tables netdev chains: the kernel sees the frames too
        other,
    };
    GuardError(Kind what_kind, const std::string& text)
        : std::runtime_error(text), kind(what_kind) {}
    const Kind kind;
};

inline constexpr std::string_view egress_chain = "egress";

struct GuardTable {
    struct Chain {
        std::string name;
        std::string type;   // with its hook; empty: others jump to it
        std::string rules;  // a line each

        friend bool operator==(const Chain&, const Chain&) = default;
    };
    std::string name{};           // "netdev warren_eth0"
    std::string without{};        // what happens where the kernel refuses it
    std::string interface {};     // whose it is; empty: the host's
    int ifindex = 0;              // of that
    std::vector<Chain> chains{};  // none: it is not to be there
    bool is_owned = true;         // guard.h

    friend bool operator==(const GuardTable&, const GuardTable&) = default;
};

// All that an instance may have with such interfaces, without chains where there is nothing to do.
// Throws std::invalid_argument for a name that no interface can have.
std::vector<GuardTable> guard_tables(std::string_view instance, const GuardRules& rules);

// Chains that stay the same are left alone, with their counters; of others the rules are exchanged
// in place (guard.h says why). `before`: what the kernel has, null = nothing; made anew for another
// ifindex. Empty: nothing to do.
std::string commands(const GuardTable* before, const GuardTable& after);
// Whatever the kernel has of it.
std::string remade(const GuardTable& table);

class Guard {
  public:
    // Nothing is installed before the first apply(), which throws as guard_tables() does.
    explicit Guard(std::string interface, Cleaner* cleaner = nullptr);
    ~Guard();  // removes the table
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

    // Replaces the rules atomically; after an error the old ones still stand. Call it again when
    // the interface has come back after a removal: its chain went with it.
    void apply(const InterfaceRules& rules);
    // A kernel before 5.16: what the host sends from a virtual address leaves with the physical
    // MAC.
    bool lacks_egress() const { return !egress_; }

  private:
    // The error text, empty = done.
    std::string try_to_apply(const InterfaceRules& rules);
    std::string change(const InterfaceRules& rules);
    std::string run(const std::string& commands);

    std::string interface_;
    std::unique_ptr<nft_ctx, void (*)(nft_ctx*)> context_;
    bool installed_ = false;
    bool egress_ = true;
    bool owned_ = true;
    std::vector<GuardTable> in_kernel_;
};

}  // namespace warren::kernel
