// SPDX-License-Identifier: BSD-3-Clause
// The guard: all that nftables does for us, in one object that makes the kernel's tables follow one
// value (guard_rules.h), by one transaction, and takes them back at the end.
//
// - `netdev warren_IF`: on ingress it drops what is Warren's before the kernel's stack sees it (the
//   kernel would answer or forward it); packet sockets, so our port too, see the frames
//   nevertheless. Of an address that the host has too exactly our part is hidden: virtual_servers
//   and what FNAT servers send to our local ports. ARP requests and solicitations for any address
//   of ours are: we answer, on a backup nobody does. A virtual MAC is made the kernel's in both
//   directions (ingress, egress): no device of its own is needed.
// - `ip warren_IF`: the same part of a datagram in fragments, once the kernel has joined it.
// - `arp warren_local_INSTANCE`: the kernel says on no interface who has our IPv4 addresses. It
//   would: of one on eth0 it tells whoever asks on eth1 that eth1 has it, and what goes there
//   passes us by. IPv6 asks no such thing.
// - `inet warren_local_INSTANCE`, with hooks while there is something to translate, as for a master
//   of a VIP with virtual_servers: the host's own programs, and who comes by an interface that no
//   worker reads from (containers, a VPN, another network). What they send to an address of this
//   host never leaves by a card, so no worker sees it: the kernel translates it to a real_server
//   that the checks call alive, by weight, from the host's own address, which is the way that the
//   checks go too. And a server that is this host: what workers hand to its kernel by way of lo is
//   led to its own address and port. And what the host sends a server from an address of FNAT's
//   (its checks, a program that binds) leaves from a port that is not FNAT's.
//
// What nftables promises, and we rely on:
// - A packet meets a chain's rules as they were at one moment, so rules are exchanged in place. A
//   new chain beside the old one is two: a packet on its way between them meets the one before the
//   exchange, the other after it, both without rules, and passes.
// - A chain that another one jumps to is met as it was when the packet came to the hook. A named
//   set is met as it is: what stays in it is never missed, and what a packet's rules are about
//   does not move between a set and rules.
// - A table with an owner is tied to our socket: nobody else changes it, it survives `nft flush
//   ruleset`, and it goes with us; or with the cleaner, after a killed process's addresses. Kernels
//   before 5.12 know no owners: there a flush is noticed by restore().
// - A base chain goes with its device, on recent kernels it comes back with the name. It is made
//   anew whenever the ifindex is another one.
// - A transaction fails as a whole. What is refused then is found table by table: that one stays as
//   it was, the others follow, and it is tried again once in a while.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kernel/guard_rules.h"
#include "kernel/guard_tables.h"

struct nft_ctx;

namespace warren::kernel {

class Cleaner;

struct GuardTrouble {
    enum class Kind : std::uint8_t {
        no_permission,  // CAP_NET_ADMIN is missing
        held,           // another process has this table
        unsupported,    // by this kernel
        other,
        flushed,  // somebody had removed it; it is back
    };
    Kind kind = Kind::other;
    std::string interface {};  // whose table it is; empty: the host's
    std::string text;          // what it means, nftables' words, the remedy
};

class Guard {
  public:
    // Nothing is installed before the first follow(). `owned`: false as on a kernel before 5.12.
    explicit Guard(std::string instance, Cleaner* cleaner = nullptr, bool owned = true);
    ~Guard();  // removes all
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

    // Nothing is done if nothing has changed. Returns troubles, each once until it is over. An
    // interface that is not there takes none of the others with it.
    std::vector<GuardTrouble> follow(GuardRules rules);
    // Once in a while: puts back what somebody has removed, tries again what was refused.
    std::vector<GuardTrouble> restore();

    const GuardRules& rules() const { return rules_; }
    // A kernel before 5.16: what the host sends from a virtual address leaves with the physical
    // MAC.
    bool lacks_egress() const { return !egress_; }

  private:
    using Tables = std::vector<const GuardTable*>;

    std::vector<GuardTrouble> install();
    std::vector<GuardTable> wanted() const;
    const GuardTable* installed(const std::string& name) const;  // by us
    std::string look(const std::vector<GuardTable>& wanted);
    // The error text, empty = done.
    std::string change(const Tables& tables);
    std::string change_alone(GuardTable table);
    std::string run(const std::string& commands);

    std::string instance_;
    std::unique_ptr<nft_ctx, void (*)(nft_ctx*)> context_;
    GuardRules rules_;
    std::vector<GuardTable> tables_;               // of these rules
    std::map<std::string, GuardTable> in_kernel_;  // by name
    std::map<std::string, std::string> refused_;   // why, as it was told
    bool owned_;
    bool egress_ = true, tracks_ = true;
    bool is_first_ = true;
};

}  // namespace warren::kernel
