// SPDX-License-Identifier: BSD-3-Clause
#include "handover/sync_picture.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "exchange/ownership.h"

namespace warren::handover {
namespace {

struct Words {
    const char* name;
    const char* text;
    const char* remedy;
};

constexpr std::size_t trouble_count = static_cast<std::size_t>(Trouble::count_);

// In the order of the enum.
constexpr std::array<Words, trouble_count> words{{
    {"sync_down", "no peer answers",
     "is the other warren running, is UDP to its port let through, do both have the same key?"},
    {"stale", "the peer has not acknowledged changes for more than 5 s",
     "look at the link of flow_sync: loss, its speed; and at the CPU of the peer"},
    {"differs", "the peer's table of flows is another one",
     "a bulk follows by itself; if it stays, compare `show counters` of both, group sync"},
    {"config", "the peer's configuration is another one",
     "make virtual_servers, real_servers and local addresses the same on both, then reload"},
    {"key", "somebody speaks with another key", "copy key_file from one warren to the other"},
    {"version", "the peer speaks no version of flow sync that we do", "upgrade the older one"},
    {"capacity", "the peer's table holds fewer flows than ours",
     "give both the same dataplane { flows and workers }"},
    {"refused", "flows of the peer are not taken here, they break at the next takeover",
     "`show counters`, group sync, says why; mostly it is another configuration"},
    {"port_conflict", "flows of the peer have a server's address and port that are in use here",
     "both were master at once; the peer's flow breaks when its address moves here"},
    {"lossy", "more than 5 % of the peer's datagrams get lost",
     "look at the link of flow_sync: errors (ip -s link), speed, a rate limit; one of its own is "
     "best"},
    {"both_masters", "both warrens are master",
     "do adverts get from one to the other? Look at `show vrrp` of both"},
    {"preempt_unsynced", "it may preempt although flows are not known here",
     "they break when it does; flow_sync { preempt_wait never } stays backup instead"},
    {"takeover_unsynced", "it was taken over with a table that was not equal",
     "connections that are not known have been reset; nothing is left to do"},
    {"sync_stalled", "the thread of flow sync does not answer",
     "is its CPU taken by others? Traffic goes on, the next takeover breaks connections"},
}};

const Words& of(Trouble trouble) {
    return words[static_cast<std::size_t>(trouble)];
}

// The latest of each, and of no more than `most`.
template <typename Record, typename Key>
void put(std::vector<Record>& all, const Record& record, Key Record::*key, std::size_t most) {
    for (Record& old : all)
        if (old.*key == record.*key) {
            old = record;
            return;
        }
    if (all.size() < most) all.push_back(record);
}

// What it is of which virtual_server.
std::string subject(const exchange::ConfigDifference& difference) {
    using What = exchange::ConfigDifference::What;
    if (difference.what == What::address) return "virtual_ipaddress " + difference.vip.to_string();
    const std::string service = model::endpoint(difference.vip, difference.port.host());
    if (difference.what == What::service) return "virtual_server " + service;
    return (difference.what == What::server
                ? "real_server " + model::endpoint(difference.other, difference.other_port.host())
                : "local address " + difference.other.to_string()) +
           " of " + service;
}

// What both have, and not alike.
std::string other_detail(exchange::ConfigDifference::What what) {
    using What = exchange::ConfigDifference::What;
    if (what == What::local_address) return "net.ipv4.ip_local_port_range at ";
    return what == What::service ? "persistence_granularity or flow_sync of " : "lb_kind of ";
}

// "1" or "2 to 3".
std::string versions(std::uint64_t lowest_and_highest) {
    const std::uint64_t lowest = lowest_and_highest >> 8;
    const std::uint64_t highest = lowest_and_highest & 0xff;
    const std::string first = std::to_string(lowest);
    return lowest == highest ? first : first + " to " + std::to_string(highest);
}

// As both warrens name it: "1a2b3c4d".
std::string key_name(std::uint64_t id) {
    std::array<char, 9> digits{};
    std::snprintf(digits.data(), digits.size(), "%08x", static_cast<std::uint32_t>(id));
    return digits.data();
}

std::string keys(std::uint64_t foreign_and_ours) {
    return "its key is " + key_name(foreign_and_ours >> 32) + ", ours " +
           key_name(foreign_and_ours);
}

}  // namespace

const char* name(Trouble trouble) {
    return of(trouble).name;
}

const char* remedy(Trouble trouble) {
    return of(trouble).remedy;
}

bool is_of_peer(Trouble trouble) {
    return trouble == Trouble::sync_down || trouble == Trouble::stale || trouble == Trouble::key ||
           trouble == Trouble::version || trouble == Trouble::capacity ||
           trouble == Trouble::port_conflict || trouble == Trouble::lossy ||
           trouble == Trouble::sync_stalled;
}

std::string text(const exchange::ConfigDifference& difference) {
    using Side = exchange::ConfigDifference::Side;
    if (difference.side == Side::ours) return "only here: " + subject(difference);
    if (difference.side == Side::peers) return "only there: " + subject(difference);
    return other_detail(difference.what) + subject(difference);
}

std::string text(const StandingAlarm& alarm, const model::State& state) {
    std::string all;
    if (!is_of_peer(alarm.trouble) && alarm.router < state.routers.size())
        all = state.routers[alarm.router].config->name + ": ";
    all += of(alarm.trouble).text;
    if (alarm.difference.side != exchange::ConfigDifference::Side::none)
        return all + ": " + text(alarm.difference);
    if (alarm.missing == 0) return all;
    if (alarm.trouble == Trouble::key) return all + ": " + keys(alarm.missing);
    if (alarm.trouble == Trouble::version) return all + ": it speaks " + versions(alarm.missing);
    if (alarm.trouble == Trouble::takeover_unsynced)
        return all + ": equal " + std::to_string(alarm.missing / 1'000'000'000) + " s before";
    return all + ": " + std::to_string(alarm.missing) + " flows";
}

void SyncPicture::take(const exchange::SyncStatus& status) {
    if (status.is_peer)
        put(peers_, status.peer, &exchange::SyncPeerStatus::address, config::max_sync_peers);
    else
        put(routers_, status.router, &exchange::SyncRouterStatus::router,
            exchange::max_virtual_routers);
}

bool SyncPicture::raise(Trouble trouble, std::uint16_t router, std::uint64_t missing,
                        std::uint64_t now_ns) {
    if (is_of_peer(trouble)) router = 0;
    for (StandingAlarm& alarm : alarms_)
        if (alarm.trouble == trouble && alarm.router == router) {
            alarm.missing = missing;
            return false;
        }
    if (alarms_.size() < most_alarms) alarms_.push_back({trouble, router, missing, now_ns, {}});
    return true;
}

void SyncPicture::explain(std::uint16_t router, const exchange::ConfigDifference& difference) {
    for (StandingAlarm& alarm : alarms_)
        if (alarm.trouble == Trouble::config && alarm.router == router)
            alarm.difference = difference;
}

bool SyncPicture::clear(Trouble trouble, std::uint16_t router) {
    if (is_of_peer(trouble)) router = 0;
    return std::erase_if(alarms_, [&](const StandingAlarm& alarm) {
               return alarm.trouble == trouble && alarm.router == router;
           }) != 0;
}

void SyncPicture::forget(std::uint16_t router) {
    std::erase_if(routers_,
                  [&](const exchange::SyncRouterStatus& r) { return r.router == router; });
    std::erase_if(alarms_, [&](const StandingAlarm& alarm) {
        return !is_of_peer(alarm.trouble) && alarm.router == router;
    });
}

const exchange::SyncRouterStatus* SyncPicture::find(std::uint16_t router) const {
    const auto found =
        std::find_if(routers_.begin(), routers_.end(),
                     [&](const exchange::SyncRouterStatus& r) { return r.router == router; });
    return found == routers_.end() ? nullptr : &*found;
}

bool SyncPicture::is_peer_up() const {
    return std::any_of(peers_.begin(), peers_.end(),
                       [](const exchange::SyncPeerStatus& peer) { return peer.up; });
}

bool SyncPicture::is_in_sync(std::uint16_t router) const {
    const exchange::SyncRouterStatus* const status = find(router);
    return status != nullptr && status->in_sync && is_peer_up();
}

std::uint64_t SyncPicture::lag_ns() const {
    std::uint64_t longest = 0;
    for (const exchange::SyncPeerStatus& peer : peers_)
        if (peer.up) longest = std::max(longest, peer.lag_ns);
    return longest;
}

}  // namespace warren::handover
