// SPDX-License-Identifier: BSD-3-Clause
// The virtual LAN and the runner's model: workers' rx marks first, then the punted adverts, then
// the tick.
#include "vrrp_world.h"

#include <algorithm>

#include "net/headers.h"
#include "vrrp/group.h"

namespace warren::sim {
namespace {

std::string describe(const vrrp::Report& r) {
    return std::string(name(r.from))
        .append("->")
        .append(name(r.to))
        .append(" ")
        .append(name(r.reason));
}

bool in_ah(const Node& node) {
    return node.settings.auth_type == vrrp::AuthType::ah;
}

// An integrity value that is always right: the numbers are simulated, not the forger.
class NoDigest : public vrrp::HmacMd5_96 {
  public:
    vrrp::Icv operator()(net::ConstBytes, net::ConstBytes) override { return {}; }
};

}  // namespace

void World::fail(const std::string& what) {
    note("FAILED: ", what);
    if (failure.empty()) failure = what;
}

void World::at(std::uint64_t time_ns, std::function<void()> what) {
    events_.at(std::max(time_ns, now_ns), std::move(what));
}

void World::run_until(std::uint64_t end_ns, const std::function<bool()>& each) {
    while (events_.next_ns() <= end_ns && failure.empty()) {
        now_ns = events_.next_ns();
        events_.take()();
        if (each && !each()) return;
    }
    if (failure.empty()) now_ns = std::max(now_ns, end_ns);
}

// ---- what happens to nodes

void World::start(Node& node) {
    power_on(node);
    give(node, vrrp::Startup{});
}

// One process: all its virtual routers are there before the first starts.
void World::start_host(int host) {
    for (Node& node : nodes)
        if (node.host == host) power_on(node);
    for (Node& node : nodes)
        if (node.host == host) give(node, vrrp::Startup{});
}

void World::power_on(Node& node) {
    note("start ", id(node));
    node.rx.clear();
    node.numbers = vrrp::AhSequence{};
    node.stalled_until_ns = node.frozen_until_ns = 0;
    node.stall_known = false;
    node.instance = std::make_unique<vrrp::Instance>(node.settings);
    if (!node.link_up) give(node, vrrp::FaultChange{vrrp::FaultCause::link_down, true, false});
}

void World::kill(Node& node) {
    note("kill ", id(node));
    node.instance.reset();
    set_owned(node, false);
}

void World::shut_down(Node& node) {
    note("shut down ", id(node));
    give(node, vrrp::Shutdown{});
    if (node.owned) fail("a stopped node owns");
    node.instance.reset();
}

void World::set_link(Node& node, bool up) {
    note(up ? "link up " : "link down ", id(node));
    node.link_up = up;
    if (node.instance) give(node, vrrp::FaultChange{vrrp::FaultCause::link_down, !up, false});
}

void World::stall_worker(Node& node, std::uint64_t for_ns) {
    note("worker stalls ", id(node));
    if (now_ns >= node.stalled_until_ns) node.stalled_since_ns = now_ns;
    node.stalled_until_ns = std::max(node.stalled_until_ns, now_ns + for_ns);
    at(node.stalled_since_ns + stall_ns, [this, &node] { watch_worker(node); });
    at(node.stalled_until_ns, [this, &node] {
        watch_worker(node);
        wake(node);
    });
}

void World::end_stalls(Node& node) {
    node.stalled_until_ns = std::min(node.stalled_until_ns, now_ns);
    node.frozen_until_ns = std::min(node.frozen_until_ns, now_ns);
    watch_worker(node);
}

// As VrrpEngine::watch_workers().
void World::watch_worker(Node& node) {
    const bool stalled =
        now_ns < node.stalled_until_ns && now_ns - node.stalled_since_ns >= stall_ns;
    if (!node.instance || stalled == node.stall_known) return;
    if (now_ns < node.frozen_until_ns) {
        at(node.frozen_until_ns, [this, &node] { watch_worker(node); });
        return;
    }
    node.stall_known = stalled;
    give(node, vrrp::FaultChange{vrrp::FaultCause::worker_stall, stalled, true});
}

void World::freeze_control(Node& node, std::uint64_t for_ns) {
    note("control lcore freezes ", id(node));
    node.frozen_until_ns = std::max(node.frozen_until_ns, now_ns + for_ns);
}

void World::give(Node& node, const vrrp::Event& event) {
    execute(node, node.instance->step(event, now_ns));
    schedule_wake(node);
    if (node.host >= 0) settle(node);
}

// As the engine does after each step of a member.
void World::settle(const Node& node) {
    const auto for_each = [this, host = node.host](const auto& f) {
        for (Node& member : nodes)
            if (member.host == host && member.instance)
                f(static_cast<std::size_t>(id(member)), member.instance->status());
    };
    vrrp::settle_group(for_each, [this](std::size_t index, const vrrp::Event& event) {
        execute(nodes[index], nodes[index].instance->step(event, now_ns));
        schedule_wake(nodes[index]);
    });
    vrrp::GroupView view;
    for_each([&view](std::size_t, const vrrp::Status& member) { view.add(member); });
    if (view.order() != vrrp::GroupOrder::none) fail("a group has not settled");
    bool owns = false, idle = false;
    for_each([&](std::size_t index, const vrrp::Status& member) {
        if (member.state != vrrp::State::initialize) (nodes[index].owned ? owns : idle) = true;
    });
    if (owns && idle) fail("half a group owns");
}

// ---- the runner

void World::schedule_wake(Node& node) {
    const std::uint64_t generation = ++node.wake_generation;
    const std::uint64_t deadline_ns = node.instance->deadline_ns();
    if (deadline_ns == vrrp::no_deadline) return;
    at(deadline_ns + random.below(max_latency_ns), [this, &node, generation] {
        if (generation == node.wake_generation) wake(node);
    });
}

void World::wake(Node& node) {
    if (!node.instance) return;
    if (now_ns < node.frozen_until_ns) {
        at(node.frozen_until_ns, [this, &node] { wake(node); });
        return;
    }
    watch_worker(node);
    const std::uint64_t seen_ns = now_ns < node.stalled_until_ns ? node.stalled_since_ns : now_ns;
    drain(node, seen_ns);
    give(node, vrrp::Tick{node.blind ? 0 : seen_ns});
}

void World::drain(Node& node, std::uint64_t seen_ns) {
    while (!node.rx.empty() && node.rx.front().at_ns <= seen_ns) {
        const std::shared_ptr<const Packet> packet = std::move(node.rx.front().packet);
        node.rx.pop_front();
        const vrrp::Decoded advert = decoded(node, *packet);
        if (const auto* reason = std::get_if<vrrp::RejectReason>(&advert)) {
            note(id(node), " refuses: ", name(*reason));
            node.instance->count_rejected(*reason);
        } else {
            give(node, vrrp::AdvertReceived{std::get<vrrp::Advert>(advert), packet->source});
        }
    }
}

void World::set_owned(Node& node, bool owned) {
    if (node.owned == owned) return;
    node.owned = owned;
    ++owner_changes;
    const std::size_t count = owner_count(node.lan);
    std::uint64_t& since_ns = two_owners_since_ns[static_cast<std::size_t>(node.lan)];
    if (count < 2) since_ns = 0;
    if (count == 2 && since_ns == 0) since_ns = now_ns;
}

// The order of actions is checked here: nobody advertises or announces what it does not own, and a
// good-bye comes after the disowning.
void World::execute(Node& node, const vrrp::Actions& actions) {
    const auto who = [this, &node] { return std::to_string(id(node)); };
    for (const vrrp::Action& action : actions) {
        if (const auto* own = std::get_if<vrrp::Own>(&action)) {
            set_owned(node, own->owned);
        } else if (const auto* send = std::get_if<vrrp::SendAdvert>(&action)) {
            if (send->priority != 0 && !node.owned && !node.settings.higher_priority_send_advert)
                fail(who() + " advertises without owning");
            if (send->priority == 0 && node.owned) fail(who() + " says good-bye while it owns");
            transmit(node, send->priority);
        } else if (std::holds_alternative<vrrp::Announce>(action)) {
            if (!node.owned) fail(who() + " announces without owning");
            if (node.link_up && node.lan == 0 && node.segment == 0) {
                const int from = id(node);
                at(now_ns + random.below(network.delay_ns), [this, from] { host_believes = from; });
            }
        } else if (const auto* report = std::get_if<vrrp::Report>(&action)) {
            note(id(node), ": ", describe(*report));
        }
    }
}

// ---- the LAN

// An advert's message; with AH the whole packet from its IP header on.
Packet World::built(Node& node, std::uint8_t priority) {
    const vrrp::Settings& s = node.settings;
    const std::size_t headers = in_ah(node) ? sizeof(net::Ipv4Header) + vrrp::ah_bytes : 0;
    Packet packet;
    packet.source = s.primary_address;
    packet.bytes.resize(headers + vrrp::encoded_size(s));
    vrrp::encode(s, priority, packet.source, vrrp::multicast_group_v4,
                 net::Bytes(packet.bytes).subspan(headers));
    if (!in_ah(node)) return packet;
    net::Ipv4Header ip;
    ip.time_to_live = 255;
    ip.source = packet.source.as_v4();
    ip.destination = vrrp::multicast_group_v4.as_v4();
    net::store(net::Bytes(packet.bytes), 0, ip);
    NoDigest digest;
    vrrp::seal_ah(packet.bytes, s, node.numbers, digest);
    return packet;
}

vrrp::Decoded World::decoded(Node& node, const Packet& packet) {
    if (!in_ah(node))
        return vrrp::decode({packet.bytes, 255, packet.source, vrrp::multicast_group_v4},
                            node.settings);
    constexpr std::size_t number_at = sizeof(net::Ipv4Header) + 8;
    const std::uint32_t number = net::load<net::Be32>(packet.bytes, number_at).host();
    if (node.one_counter && number <= node.numbers.last()) return vrrp::RejectReason::ah_replay;
    NoDigest digest;
    return vrrp::decode_ah(packet.bytes, node.settings, node.numbers, digest);
}

void World::transmit(Node& node, std::uint8_t priority) {
    if (!node.link_up) return;
    if (priority != 0) node.last_advert_ns = now_ns;
    const auto packet = std::make_shared<const Packet>(built(node, priority));
    note(id(node), " sends ", int{priority});
    for (Node& to : nodes) {
        if (&to == &node || to.lan != node.lan || to.segment != node.segment) continue;
        const int copies = random.percent(network.duplicate_percent) ? 2 : 1;
        for (int i = 0; i < copies; ++i)
            if (!random.percent(network.loss_percent)) deliver(to, packet);
    }
}

void World::deliver(Node& to, const std::shared_ptr<const Packet>& packet) {
    std::uint64_t arrival_ns = now_ns + random.below(network.delay_ns);
    if (!network.reorders) arrival_ns = std::max(arrival_ns, to.last_arrival_ns);
    to.last_arrival_ns = arrival_ns;
    at(arrival_ns, [this, &to, packet] {
        if (!to.link_up || !to.instance) return;
        to.rx.push_back({packet, now_ns});
        at(now_ns + random.below(max_latency_ns), [this, &to] { wake(to); });
    });
}

std::vector<Node*> World::owners(int lan) {
    std::vector<Node*> out;
    for (Node& node : nodes)
        if (node.owned && node.lan == lan) out.push_back(&node);
    return out;
}

std::size_t World::owner_count(int lan) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        nodes, [lan](const Node& node) { return node.owned && node.lan == lan; }));
}

Node* World::only_owner(int lan) {
    const auto all = owners(lan);
    return all.size() == 1 ? all[0] : nullptr;
}

}  // namespace warren::sim
