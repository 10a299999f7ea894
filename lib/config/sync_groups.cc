// SPDX-License-Identifier: BSD-3-Clause
#include "config/sync_groups.h"

#include <algorithm>
#include <map>
#include <string>
#include <unordered_map>

#include "syntax/document.h"

namespace warren::config {
namespace {

// Sets of instances that grow together; the smallest index of a set names it.
class Sets {
  public:
    explicit Sets(std::size_t size) : parent_(size) {
        for (std::size_t i = 0; i < size; ++i)
            parent_[i] = i;
    }
    std::size_t find(std::size_t i) const {
        while (parent_[i] != i)
            i = parent_[i];
        return i;
    }
    void join(std::size_t a, std::size_t b) {
        const std::size_t first = std::min(find(a), find(b));
        parent_[std::max(find(a), find(b))] = first;
    }

  private:
    std::vector<std::size_t> parent_;
};

using Owners = std::unordered_map<net::IpAddress, std::size_t, net::IpAddressHash>;

Owners owners_of(const Config& config) {
    Owners owners;
    for (std::size_t i = 0; i < config.vrrp_instances.size(); ++i)
        for (const auto* list : {&config.vrrp_instances[i].virtual_ipaddress,
                                 &config.vrrp_instances[i].virtual_ipaddress_excluded})
            for (const VirtualAddress& a : *list)
                owners.emplace(a.prefix.address, i);
    return owners;
}

void join_explicit(const Config& config, Sets& sets) {
    std::map<std::string, std::size_t> index;
    for (std::size_t i = 0; i < config.vrrp_instances.size(); ++i)
        index.emplace(config.vrrp_instances[i].name, i);
    for (const VrrpSyncGroup& group : config.vrrp_sync_groups) {
        const VrrpSyncGroup::Member* first = nullptr;
        for (const VrrpSyncGroup::Member& member : group.members) {
            if (!index.contains(member.instance)) continue;  // reported
            if (first != nullptr) sets.join(index[first->instance], index[member.instance]);
            first = &member;
        }
    }
}

void join_services(const Config& config, Sets& sets) {
    const Owners owners = owners_of(config);
    for (const VirtualServer& service : config.virtual_servers) {
        const LocalAddressGroup* group =
            config.find_local_address_group(service.local_address_group);
        const auto vip = owners.find(service.address);
        if (group == nullptr || vip == owners.end()) continue;
        for (const LocalAddressGroup::Member& member : group->members)
            if (const auto local = owners.find(member.address); local != owners.end())
                sets.join(vip->second, local->second);
    }
}

class Checking {
  public:
    explicit Checking(Config& config) : config_(config) {}

    syntax::Diagnostics run() {
        for (VrrpSyncGroup& group : config_.vrrp_sync_groups)
            check(group);
        return std::move(found_);
    }

  private:
    void warn(const syntax::Location& where, std::string what) {
        found_.push_back({where, syntax::Severity::warning, std::move(what)});
    }

    void check(VrrpSyncGroup& group) {
        std::erase_if(group.members, [&](const VrrpSyncGroup::Member& member) {
            const auto [other, fresh] = group_of_.emplace(member.instance, &group);
            if (!fresh)
                warn(member.where,
                     syntax::in_quotes(member.instance) + " already is in " +
                         (other->second == &group
                              ? "this vrrp_sync_group"
                              : "the vrrp_sync_group " + syntax::in_quotes(other->second->name) +
                                    ": here it is left out, as in keepalived"));
            return !fresh;
        });
        if (group.members.size() < 2)
            warn(group.where, "the vrrp_sync_group " + syntax::in_quotes(group.name) +
                                  " has fewer than two members: it changes nothing");
    }

    Config& config_;
    syntax::Diagnostics found_;
    std::map<std::string, const VrrpSyncGroup*> group_of_;
};

}  // namespace

std::vector<std::uint16_t> sync_groups(const Config& config) {
    const std::size_t count = config.vrrp_instances.size();
    Sets sets(count);
    join_explicit(config, sets);
    join_services(config, sets);
    std::vector<std::size_t> members(count);
    for (std::size_t i = 0; i < count; ++i)
        ++members[sets.find(i)];
    std::vector<std::uint16_t> out(count, no_sync_group);
    for (std::size_t i = 0; i < count; ++i)
        if (members[sets.find(i)] > 1) out[i] = static_cast<std::uint16_t>(sets.find(i));
    return out;
}

syntax::Diagnostics check_sync_groups(Config& config) {
    return Checking(config).run();
}

}  // namespace warren::config
