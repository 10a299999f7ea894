// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/host_routes.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace warren::kernel {
namespace {

// The kernel forgets a route with its link or its source address.
bool is_gone_already(int error) {
    return error == ESRCH || error == ENOENT || error == ENODEV;
}

// Of two that are alike the kernel takes one. An `only` gives way to any route to the same place.
bool is_somebody_elses(const PolicyEntry& entry, int error) {
    const auto* route = std::get_if<net::Route>(&entry.what);
    return error == EEXIST && route != nullptr && route->place == net::RoutePlace::only;
}

}  // namespace

HostRoutes::HostRoutes(Log log, Cleaner* cleaner)
    : log_(std::move(log)), cleaner_(cleaner), requests_(NetlinkSocket::Use::requests) {}

HostRoutes::~HostRoutes() {
    withdraw({});
}

// A removal that finds something is the only sign of it.
void HostRoutes::remove_leftovers(std::span<const PolicyEntry> ours) {
    for (const PolicyEntry& entry : ours)
        if (const auto removal = policy_request(entry, Change::remove);
            removal && requests_.request(*removal) == 0)
            log_.warning(interface_of(entry),
                         to_string(entry) + " was left by an earlier life: removed");
}

void HostRoutes::withdraw(std::span<const PolicyEntry> wanted) {
    const auto stays = [&](const Placed& placed) {
        return std::find(wanted.begin(), wanted.end(), placed.entry) != wanted.end();
    };
    const auto first_gone = std::stable_partition(placed_.begin(), placed_.end(), stays);
    std::for_each(placed_.rbegin(), std::make_reverse_iterator(first_gone),
                  [this](const Placed& placed) { remove(placed); });
    placed_.erase(first_gone, placed_.end());
    std::erase_if(lost_, [&](const PolicyEntry& entry) {
        return std::find(wanted.begin(), wanted.end(), entry) == wanted.end();
    });
}

void HostRoutes::place(std::span<const PolicyEntry> wanted) {
    for (const PolicyEntry& entry : wanted)
        if (!has_placed(entry)) add(entry);
}

bool HostRoutes::has_placed(const PolicyEntry& entry) const {
    return std::any_of(placed_.begin(), placed_.end(),
                       [&](const Placed& placed) { return placed.entry == entry; });
}

bool HostRoutes::has_lost(const PolicyEntry& entry) const {
    return std::find(lost_.begin(), lost_.end(), entry) != lost_.end();
}

void HostRoutes::add(const PolicyEntry& entry) {
    const auto addition = policy_request(entry, Change::add);
    const auto removal = policy_request(entry, Change::remove);
    if (!addition || !removal) return log_refusal(entry, ENODEV);
    if (cleaner_ != nullptr) cleaner_->will_have(*removal);
    const int error = requests_.request(*addition);
    if ((error != 0 && error != EEXIST) || is_somebody_elses(entry, error)) {
        if (cleaner_ != nullptr) cleaner_->has_removed(*removal);
        return log_refusal(entry, error);
    }
    refused_.erase(to_string(entry));
    placed_.push_back({entry, *removal});
    std::erase(lost_, entry);
}

void HostRoutes::remove(const Placed& placed) {
    const int error = requests_.request(placed.removal);
    if (cleaner_ != nullptr) cleaner_->has_removed(placed.removal);
    if (error != 0 && !is_gone_already(error))
        log_.warning(interface_of(placed.entry),
                     to_string(placed.entry) + " stays: " + std::strerror(error));
}

// Asked for again, what is there is refused as known already, and what is not comes back. One that
// cannot come back now is missing, so that place() tries on.
void HostRoutes::restore() {
    std::erase_if(placed_, [this](Placed& placed) {
        if (!placed.entry.returns) return false;
        const auto addition = policy_request(placed.entry, Change::add);
        const int error = addition ? requests_.request(*addition) : ENODEV;
        if (error == EEXIST) return false;
        if (error == 0)
            log_.info(interface_of(placed.entry),
                      to_string(placed.entry) + " was taken away: it is there again");
        renew(placed, error == 0);
        if (error != 0) lost_.push_back(placed.entry);
        return error != 0;
    });
}

// The interface that it names may have been made anew: then it is taken back in another way.
void HostRoutes::renew(Placed& placed, bool is_there) {
    const auto removal = policy_request(placed.entry, Change::remove);
    if (cleaner_ != nullptr) cleaner_->has_removed(placed.removal);
    if (removal) placed.removal = *removal;
    if (cleaner_ != nullptr && is_there) cleaner_->will_have(placed.removal);
}

void HostRoutes::log_refusal(const PolicyEntry& entry, int error) {
    if (!refused_.insert(to_string(entry)).second) return;
    log_.warning(interface_of(entry),
                 "the kernel does not take " + to_string(entry) + ": " + std::strerror(error));
}

}  // namespace warren::kernel
