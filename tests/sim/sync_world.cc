// SPDX-License-Identifier: BSD-3-Clause
#include "sync_world.h"

#include <algorithm>

namespace warren::sim {

using sync::Role;

SyncWorld::SyncWorld(std::uint64_t seed, bool tracing, const std::array<Sizes, 2>& sizes)
    : random(seed), tracing_(tracing) {
    for (std::size_t i = 0; i < 2; ++i) {
        nodes_[i] = std::make_unique<SyncNode>(
            sizes[i], random, [this, i](net::ConstBytes datagram) { transmit(i, datagram); },
            [this](const std::string& what) { fail(what); });
        nodes_[i]->ever = &ever;
    }
}

void SyncWorld::note(const std::string& text) {
    if (tracing_) trace.push_back(std::to_string(now_us - 1'000 * s) + " us: " + text);
}

void SyncWorld::fail(const std::string& what) {
    if (!ok()) return;
    failure = what;
    note(what);
}

void SyncWorld::start(std::size_t i) {
    note("start " + std::to_string(i));
    nodes_[i]->start(now_us);
}

void SyncWorld::stop(std::size_t i) {
    note("stop " + std::to_string(i));
    nodes_[i]->stop();
}

void SyncWorld::set_role(std::size_t i, std::size_t router, Role role) {
    note(std::to_string(i) + " is " + (role == Role::master ? "master" : "backup") + " of " +
         std::to_string(router));
    nodes_[i]->set_role(router, role, now_us);
}

void SyncWorld::transmit(std::size_t from, net::ConstBytes datagram) {
    if (link.cut[from] || random.percent(link.loss_percent)) return;
    const int copies = random.percent(link.duplicate_percent) ? 2 : 1;
    for (int i = 0; i < copies; ++i) {
        std::vector<std::uint8_t> bytes(datagram.begin(), datagram.end());
        if (random.percent(link.spoiled_percent))
            bytes[random.below(bytes.size())] ^= static_cast<std::uint8_t>(1 + random.below(255));
        flights_.push_back({now_us + link.delay_us + random.below(link.jitter_us + 1), ++order_,
                            1 - from, std::move(bytes)});
        std::ranges::push_heap(flights_, std::greater<>());
    }
}

SyncWorld::Flight SyncWorld::take_first_flight() {
    std::ranges::pop_heap(flights_, std::greater<>());
    Flight first = std::move(flights_.back());
    flights_.pop_back();
    return first;
}

void SyncWorld::arrive(Flight flight) {
    SyncNode& node = *nodes_[flight.to];
    if (!node.is_running()) return;
    const std::uint64_t effects = node.seen.touched_by_peer;
    const std::uint64_t no_room = node.session().counters().no_room;
    node.receive(flight.bytes, now_us);
    // What had no effect, or only half of it, may have one when it comes again.
    const bool taken =
        node.seen.touched_by_peer != effects && node.session().counters().no_room == no_room;
    if (!taken || !random.percent(10)) return;
    if (delivered_.size() < 64)
        delivered_.push_back(std::move(flight));
    else
        delivered_[random.below(64)] = std::move(flight);
}

// What has been delivered changes nothing a second time, nor when it comes back to its sender.
void SyncWorld::replay() {
    if (delivered_.empty()) return;
    const Flight& old = delivered_[random.below(delivered_.size())];
    for (std::size_t i = 0; i < 2; ++i) {
        if (!nodes_[i]->is_running()) continue;
        const std::uint64_t before = nodes_[i]->seen.touched_by_peer;
        std::vector<std::uint8_t> bytes = old.bytes;
        nodes_[i]->receive(bytes, now_us);
        if (nodes_[i]->seen.touched_by_peer != before) fail("an old datagram was believed");
    }
}

std::uint32_t SyncWorld::open_some(std::size_t i, std::size_t router) {
    ++flow_number_;
    sync::FlowRecord record;
    const bool wide = flow_number_ % 5 == 0;
    const auto client = static_cast<std::uint32_t>(random.below(clients));
    record.client_address = net::IpAddress::v4(net::Be32(0x0a000000 + client));
    record.client_port = net::Be16(static_cast<std::uint16_t>(40'000 + random.below(3)));
    record.vip = router_key(router).lowest_vip;
    record.service_port = net::Be16(5672);
    record.server_address =
        wide ? net::IpAddress::v6({0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1})
             : net::IpAddress::v4(192, 168, 8, static_cast<std::uint8_t>(1 + random.below(2)));
    record.local_address =
        wide ? net::IpAddress::v6({0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2})
             : net::IpAddress::v4(192, 168, 8, static_cast<std::uint8_t>(10 + router));
    record.server_port = net::Be16(5672);
    // Of the client's entry, and of each warren's own half.
    const std::uint64_t slot =
        random.below(ports / rss_entries) * rss_entries + rss_entry(record.client_address);
    record.local_port = net::Be16(static_cast<std::uint16_t>(1'024 + 2 * slot + i));
    record.state = flow::TcpState::established;
    record.seq_delta = flow_number_;
    if (nodes_[i]->has_server_tuple(record.identity().server)) return 0;
    ever.insert(record.identity().hash(digest_key));
    return nodes_[i]->open(record, now_us) ? record.seq_delta : 0;
}

void SyncWorld::happen() {
    for (std::size_t i = 0; i < 2; ++i)
        for (std::size_t r = 0; r < router_count; ++r) {
            if (!nodes_[i]->is_running() || nodes_[i]->role(r) != Role::master) continue;
            if (random.percent(50))
                open_some(i, r);
            else
                nodes_[i]->change_some(r, now_us);
        }
}

std::uint64_t SyncWorld::next_us() {
    std::uint64_t next = rate == 0 ? ~std::uint64_t{0} : traffic_us_;
    if (!flights_.empty()) next = std::min(next, flights_.front().at_us);
    for (const auto& node : nodes_)
        if (node->is_running()) next = std::min(next, node->wake_us(now_us));
    return std::max(next, now_us);
}

void SyncWorld::run_until(std::uint64_t end_us, const std::function<bool()>& each) {
    if (rate != 0) traffic_us_ = now_us + random.below(2 * s / rate);
    while (ok()) {
        const std::uint64_t next = next_us();
        if (next > end_us) break;
        now_us = next;
        if (rate != 0 && traffic_us_ <= now_us) {
            happen();
            traffic_us_ = now_us + 1 + random.below(2 * s / rate);
        }
        while (!flights_.empty() && flights_.front().at_us <= now_us)
            arrive(take_first_flight());
        for (const auto& node : nodes_)
            if (node->is_running() && node->wake_us(now_us) <= now_us) node->wake(now_us);
        if (each && !each()) return;
    }
    now_us = std::max(now_us, end_us);
}

}  // namespace warren::sim
