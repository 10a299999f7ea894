// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/link_table.h"

#include <algorithm>
#include <utility>

namespace warren::kernel {

std::optional<net::Prefix> Link::ipv4() const {
    for (const LinkAddress& address : addresses)
        if (address.prefix.address.is_v4() && !address.secondary) return address.prefix;
    return std::nullopt;
}

std::optional<net::IpAddress> Link::ipv6_link_local() const {
    for (const LinkAddress& address : addresses)
        if (!address.prefix.address.is_v4() && address.link_scope && address.usable)
            return address.prefix.address;
    return std::nullopt;
}

void LinkTable::note_gone(Link link) {
    link.present = link.up = link.running = false;
    link.addresses.clear();
    removed_[link.index] = std::move(link);
}

bool LinkTable::apply(const LinkMessage& message) {
    const int index = message.link.index;
    const auto at = links_.find(index);
    if (message.removed) {
        if (at == links_.end()) return true;
        note_gone(std::move(at->second));
        links_.erase(at);
        changed_.erase(index);
        return true;
    }
    if (at == links_.end()) {
        if (links_.size() >= max_links) return false;
        links_.emplace(index, message.link);
        changed_.insert(index);
        return true;
    }
    Link fresh = message.link;
    fresh.addresses = at->second.addresses;
    if (fresh == at->second) return true;
    if (fresh.name != at->second.name) note_gone(std::move(at->second));
    at->second = std::move(fresh);
    changed_.insert(index);
    return true;
}

bool LinkTable::apply(const AddressMessage& message) {
    const auto at = links_.find(message.ifindex);
    if (at == links_.end()) return message.removed;
    std::vector<LinkAddress>& addresses = at->second.addresses;
    const auto same = std::find_if(addresses.begin(), addresses.end(), [&](const LinkAddress& a) {
        return a.prefix == message.address.prefix;
    });
    if (message.removed) {
        if (same == addresses.end()) return true;
        addresses.erase(same);
    } else if (same != addresses.end()) {
        if (*same == message.address) return true;
        *same = message.address;
    } else {
        if (addresses.size() >= max_addresses_per_link) return false;
        addresses.push_back(message.address);
    }
    changed_.insert(message.ifindex);
    return true;
}

const Link* LinkTable::find(int ifindex) const {
    const auto at = links_.find(ifindex);
    return at == links_.end() ? nullptr : &at->second;
}

const Link* LinkTable::find(std::string_view name) const {
    for (const auto& [index, link] : links_)
        if (link.name == name) return &link;
    return nullptr;
}

std::vector<Link> LinkTable::all() const {
    std::vector<Link> result;
    result.reserve(links_.size());
    for (const auto& [index, link] : links_)
        result.push_back(link);
    return result;
}

std::vector<Link> LinkTable::take_changes() {
    std::vector<Link> result;
    for (auto& [index, link] : removed_)
        result.push_back(std::move(link));
    for (const int index : changed_)
        result.push_back(links_.at(index));
    removed_.clear();
    changed_.clear();
    return result;
}

void LinkTable::replace(LinkTable fresh) {
    for (const Link& old : all())
        if (fresh.find(old.index) == nullptr) apply(LinkMessage{true, old});
    for (const auto& [index, link] : fresh.links_) {
        const Link* old = find(index);
        if (old == nullptr || *old != link) changed_.insert(index);
        if (old != nullptr && old->name != link.name) note_gone(*old);
    }
    links_ = std::move(fresh.links_);
}

}  // namespace warren::kernel
