// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/host_addresses.h"

#include <linux/ip.h>
#include <net/if.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>

#include "kernel/netlink_request.h"

namespace warren::kernel {
namespace {

const Link* find_link(const std::vector<Link>& links, std::string_view name) {
    const auto at = std::find_if(links.begin(), links.end(), [&](const Link& link) {
        return link.present && link.name == name;
    });
    return at == links.end() ? nullptr : &*at;
}

bool is_the_hosts_own(const Link& link, const net::IpAddress& address) {
    if (const auto first = link.ipv4(); first && first->address == address) return true;
    if (address.is_v4() || !address.is_link_local()) return false;
    return std::none_of(link.addresses.begin(), link.addresses.end(), [&](const LinkAddress& a) {
        return !a.prefix.address.is_v4() && a.link_scope && a.prefix.address != address;
    });
}

// The addresses of one link, if there is one.
class Present {
  public:
    Present(const std::vector<Link>& links, std::string_view name) : link_(find_link(links, name)) {
        if (link_ == nullptr) return;
        for (const LinkAddress& address : link_->addresses)
            sorted_.push_back(address.prefix.address);
        std::sort(sorted_.begin(), sorted_.end());
    }
    bool has_link() const { return link_ != nullptr; }
    bool has(const net::IpAddress& address) const {
        return std::binary_search(sorted_.begin(), sorted_.end(), address);
    }

  private:
    const Link* link_;
    std::vector<net::IpAddress> sorted_;
};

AddressKey key_of(const KernelAddress& address) {
    return {address.interface, address.prefix.address};
}

bool promotes(const std::string& interface) {
    std::ifstream file("/proc/sys/net/ipv4/conf/" + interface + "/promote_secondaries");
    int value = 0;
    return file >> value && value != 0;
}

std::string text_of(const KernelAddress& address) {
    return address.prefix.to_string() + " on " + address.interface;
}

}  // namespace

bool has_address(const Link& link, const net::IpAddress& address) {
    return std::any_of(link.addresses.begin(), link.addresses.end(),
                       [&](const LinkAddress& a) { return a.prefix.address == address; });
}

NetlinkMessage promotion(int ifindex, bool on) {
    Request request(RTM_SETLINK, NLM_F_ACK);
    ifinfomsg link{};
    link.ifi_index = ifindex;
    request.put(link);
    request.nest(IFLA_AF_SPEC, [&] {
        request.nest(AF_INET, [&] {
            request.nest(IFLA_INET_CONF, [&] {
                request.put(IPV4_DEVCONF_PROMOTE_SECONDARIES, std::uint32_t{on ? 1U : 0U});
            });
        });
    });
    return request.message();
}

AddressChanges address_changes(PlacedAddresses& placed, const std::vector<KernelAddress>& wanted,
                               const std::vector<Link>& links, Lost lost) {
    std::map<AddressKey, const KernelAddress*> then;
    for (const KernelAddress& address : wanted)
        then[key_of(address)] = &address;
    AddressChanges changes;
    for (const auto& [key, one] : placed)
        if (const auto at = then.find(key); at == then.end() || *at->second != one.address)
            changes.remove.push_back(one.address);
    std::map<std::string, Present> by_name;
    for (const KernelAddress& address : wanted) {
        const Present& present =
            by_name.try_emplace(address.interface, links, address.interface).first->second;
        if (!present.has_link()) continue;
        const bool is_there = present.has(address.prefix.address);
        const auto at = placed.find(key_of(address));
        const bool is_new = at == placed.end();
        const bool comes =
            is_new ? !is_there
                   : at->second.address != address || (at->second.seen && !is_there &&
                                                       address.returns && lost == Lost::come_again);
        if (comes) changes.add.push_back(address);
        if (!is_new) at->second.seen = is_there || (at->second.seen && !comes);
    }
    return changes;
}

std::vector<KernelAddress> leftovers(std::span<const KernelAddress> ours,
                                     const std::vector<Link>& links) {
    std::vector<KernelAddress> found;
    for (const KernelAddress& address : ours) {
        const Link* link = find_link(links, address.interface);
        if (link == nullptr || is_the_hosts_own(*link, address.prefix.address)) continue;
        for (const LinkAddress& has : link->addresses)
            if (has.prefix.address == address.prefix.address)
                found.push_back({.interface = address.interface, .prefix = has.prefix});
    }
    return found;
}

HostAddresses::HostAddresses(Log log, Cleaner* cleaner)
    : log_(std::move(log)), cleaner_(cleaner), requests_(NetlinkSocket::Use::requests) {}

HostAddresses::~HostAddresses() {
    for (const auto& [key, one] : placed_)
        remove(one.address, one.ifindex);
    end_promotions({});
}

void HostAddresses::promote_on(const std::set<std::string>& interfaces) {
    to_promote_ = interfaces;
    for (const std::string& interface : interfaces)
        promote(interface);
}

// Where the host's own settings have it already nothing is ours to take back.
void HostAddresses::promote(const std::string& interface) {
    const int ifindex = static_cast<int>(if_nametoindex(interface.c_str()));
    const auto at = promoting_.find(interface);
    if (ifindex == 0 || (at != promoting_.end() && at->second == ifindex) || promotes(interface))
        return;
    if (cleaner_ != nullptr) {
        if (at != promoting_.end()) cleaner_->has_removed(promotion(at->second, false));
        cleaner_->will_have(promotion(ifindex, false));
    }
    if (const int error = requests_.request(promotion(ifindex, true)); error != 0)
        log_.warning(interface,
                     "promote_secondaries on " + interface + ": " + std::strerror(error));
    promoting_[interface] = ifindex;
}

void HostAddresses::end_promotions(const std::set<std::string>& but) {
    for (const auto& [interface, ifindex] : promoting_) {
        if (but.contains(interface)) continue;
        static_cast<void>(requests_.request(promotion(ifindex, false)));
        if (cleaner_ != nullptr) cleaner_->has_removed(promotion(ifindex, false));
    }
    std::erase_if(promoting_, [&](const auto& one) { return !but.contains(one.first); });
}

void HostAddresses::remove_leftovers(std::span<const KernelAddress> ours) {
    LinkTable table;
    const auto load = [&](const KernelMessage& message) {
        if (const auto* link = std::get_if<LinkMessage>(&message)) table.apply(*link);
        if (const auto* address = std::get_if<AddressMessage>(&message)) table.apply(*address);
    };
    if (requests_.dump_links(load) != 0 || requests_.dump_addresses(load) != 0) return;
    const std::vector<Link> links = table.all();
    for (const KernelAddress& address : ours)
        if (const Link* link = find_link(links, address.interface);
            link != nullptr && has_address(*link, address.prefix.address) &&
            is_the_hosts_own(*link, address.prefix.address))
            log_.warning(address.interface, address.prefix.address.to_string() +
                                                " is the first address of interface " +
                                                address.interface +
                                                ": it stays there, whoever is master");
    for (const KernelAddress& address : leftovers(ours, links)) {
        const int error =
            remove(address, table.find(address.interface)->index, Removal::any_prefix);
        if (error == 0)
            log_.warning(address.interface,
                         text_of(address) + " was left there by an earlier life: removed");
        else
            log_.warning(address.interface, text_of(address) +
                                                " was left there by an earlier life and stays: " +
                                                std::strerror(error));
    }
}

void HostAddresses::follow(const std::vector<KernelAddress>& wanted, const std::vector<Link>& links,
                           Lost lost) {
    const AddressChanges changes = address_changes(placed_, wanted, links, lost);
    if (changes.remove.empty() && changes.add.empty()) return end_promotions(to_promote_);
    const auto index_of = [&](const KernelAddress& address) {
        const Link* link = find_link(links, address.interface);
        return link == nullptr ? 0 : link->index;
    };
    for (const KernelAddress& address : changes.remove) {
        const auto at = placed_.find(key_of(address));
        remove(address, at->second.ifindex);
        placed_.erase(at);
    }
    for (const KernelAddress& address : changes.add) {
        if (cleaner_ != nullptr) cleaner_->will_have(address_removal(index_of(address), address));
        const int error = requests_.add_address(index_of(address), address);
        if (error != 0 && error != EEXIST) {
            log_refusal(address, error);
            continue;
        }
        refused_.erase(address.prefix.address);
        const PlacedAddress placed{.address = address, .ifindex = index_of(address)};
        const bool was_there = !placed_.insert_or_assign(key_of(address), placed).second;
        if (was_there && error == 0)
            log_.info(address.interface, text_of(address) + " was taken away: it is there again");
    }
    end_promotions(to_promote_);
}

void HostAddresses::expect_all_seen() {
    for (auto& [key, one] : placed_)
        one.seen = true;
}

bool HostAddresses::has_placed(std::string_view interface, const net::IpAddress& address) const {
    return placed_.contains({std::string(interface), address});
}

bool HostAddresses::has_lost(const KernelAddress& address, const std::vector<Link>& links) const {
    if (!has_placed(address.interface, address.prefix.address)) return false;
    const Link* link = find_link(links, address.interface);
    return link == nullptr || (!has_address(*link, address.prefix.address) &&
                               refused_.contains(address.prefix.address));
}

// One that is gone already, with its link perhaps, is as good as removed.
int HostAddresses::remove(const KernelAddress& address, int ifindex, Removal removal) {
    if (ifindex == 0) return 0;
    const int error = requests_.remove_address(ifindex, address, removal);
    if (cleaner_ != nullptr) cleaner_->has_removed(address_removal(ifindex, address));
    return error == EADDRNOTAVAIL || error == ENODEV ? 0 : error;
}

void HostAddresses::log_refusal(const KernelAddress& address, int error) {
    if (!refused_.insert(address.prefix.address).second) return;
    log_.warning(address.interface, "the kernel does not take " + text_of(address) + ": " +
                                        std::strerror(error) +
                                        (error == EACCES ? " (is IPv6 switched off there?)" : ""));
}

}  // namespace warren::kernel
