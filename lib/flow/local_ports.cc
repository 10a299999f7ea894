// SPDX-License-Identifier: BSD-3-Clause
#include "flow/local_ports.h"

#include <algorithm>

namespace warren::flow {
namespace {

constexpr std::uint32_t all_ports = 0x10000;

}  // namespace

// Looks ports up in the table for one pick.
class LocalPorts::Candidates {
  public:
    Candidates(const FlowTable& table, const Tuple& reply, const ExcludedPorts& excluded,
               bool take_half_open)
        : table_(table), reply_(reply), excluded_(excluded), take_half_open_(take_half_open) {}

    std::uint64_t hash(const Tuple& tuple) const { return table_.hash(tuple); }
    std::uint16_t released_port(std::uint16_t server) const {
        return table_.servers().released_port(server);
    }
    bool has_half_open() const { return table_.half_open().size() != 0; }
    bool takes_half_open() const { return take_half_open_; }
    void take_half_open() { take_half_open_ = true; }

    PortChoice look_at(std::uint16_t port) {
        if (is_in_range(port)) return {};
        return look_at(port, table_.hash(tuple(port)));
    }

    bool is_in_range(std::uint16_t port) const { return excluded_.range.contains(port); }

    // From a port of the excluded range to where something else comes. Ports stand in the order of
    // their blocks (Spread), so whole blocks are passed at once, and the rest one by one.
    std::uint32_t behind(std::uint32_t index, const Spread::Ports& ports) const {
        const unsigned block = ports.at(index) / ports_per_block;
        const unsigned last_block = (excluded_.range.last + 1U) / ports_per_block;
        const auto begin = static_cast<std::uint16_t>(block * ports_per_block);
        if (block >= last_block || !is_in_range(begin)) return index + 1;
        std::uint32_t first = index + 1, end = ports.count();
        while (first < end) {
            const std::uint32_t middle = (first + end) / 2;
            if (ports.at(middle) / ports_per_block < last_block)
                first = middle + 1;
            else
                end = middle;
        }
        return first;
    }

    // The first usable one of some, in three passes so that their cache lines come all at once.
    PortChoice first_of(std::span<const std::uint16_t> ports) {
        std::array<std::uint64_t, batch> hashes;
        for (std::size_t i = 0; i < ports.size(); ++i) {
            hashes[i] = table_.hash(tuple(ports[i]));
            table_.prefetch(hashes[i]);
        }
        for (std::size_t i = 0; i < ports.size(); ++i)
            static_cast<void>(table_.fetch_candidate(hashes[i], reply_.source.is_v4()));
        for (std::size_t i = 0; i < ports.size(); ++i)
            if (const PortChoice choice = look_at(ports[i], hashes[i]);
                choice.verdict != PortVerdict::no_port)
                return choice;
        return {};
    }

    // An odd step modulo 2^16 has the full period, and one near 2^16 over the golden ratio leaves a
    // run of taken ports at once.
    PortChoice search(std::uint16_t& cursor, const Spread::Ports& ports, std::uint32_t most) {
        constexpr std::uint16_t step = 40'503;
        std::array<std::uint16_t, batch> some;
        std::size_t count = 0;
        for (std::uint32_t visited = 0; visited < most; ++visited) {
            cursor = static_cast<std::uint16_t>(cursor + step);
            if (cursor < ports.count() && !is_in_range(ports.at(cursor)))
                some[count++] = ports.at(cursor);
            if (count < some.size() && visited + 1 < most) continue;
            const PortChoice choice = first_of({some.data(), count});
            if (choice.verdict != PortVerdict::no_port) return choice;
            count = 0;
        }
        return {};
    }

    static constexpr std::size_t batch = 16;
    static constexpr unsigned ports_per_block = 1024;

  private:
    const Tuple& tuple(std::uint16_t port) {
        reply_.destination_port = net::Be16(port);
        return reply_;
    }
    PortChoice look_at(std::uint16_t port, std::uint64_t hash) {
        if (std::find(excluded_.some.begin(), excluded_.some.end(), port) != excluded_.some.end())
            return {};
        const FlowTable::Hit hit = table_.find(tuple(port), hash);
        if (!hit) return {PortVerdict::free, port, no_flow};
        const TcpState state = table_[hit.index].state;
        if (!is_recyclable(state) && !(take_half_open_ && is_half_open(state))) return {};
        return {PortVerdict::recycled, port, hit.index};
    }

    const FlowTable& table_;
    Tuple reply_;
    const ExcludedPorts& excluded_;
    bool take_half_open_;
};

LocalPorts::LocalPorts(std::uint32_t random, const Spread& spread, unsigned worker,
                       std::uint32_t servers, PortShare share)
    : spread_(&spread), worker_(worker), share_(share), cursors_(servers), entry_cursors_(servers) {
    const std::uint32_t in_share = Spread::ports_per_entry / share.count;
    for (std::uint32_t server = 0; server < servers; ++server) {
        const std::uint32_t start = (random + server * 7919) % spread.port_count(worker);
        cursors_[server] = {static_cast<std::uint16_t>(start), static_cast<std::uint16_t>(start)};
        std::uint32_t of_entry = random + server * 7919;
        for (std::uint16_t& cursor : entry_cursors_[server]) {
            cursor = static_cast<std::uint16_t>(of_entry % in_share);
            of_entry += 101;
        }
    }
}

PortChoice LocalPorts::pick(const FlowTable& table, std::uint16_t server, Tuple reply,
                            const ExcludedPorts& excluded, Tick now,
                            std::optional<unsigned> entry) {
    reply.destination_port = net::Be16(0);
    Candidates candidates(table, reply, excluded, table.half_open().is_crowded());
    const bool is_ours = entry && *entry % spread_->workers() == worker_;
    if (is_ours) {
        const PortChoice choice =
            pick_of_entry(candidates, entry_cursors_[server][*entry], *entry, reply, now);
        if (choice.verdict != PortVerdict::no_port) return choice;
    }
    PortChoice choice = pick_of_all(candidates, server, reply, now);
    choice.is_spilled = is_ours;
    return choice;
}

// A share that is used up is not looked through again in the same tick.
PortChoice LocalPorts::pick_of_entry(Candidates& candidates, std::uint16_t& cursor, unsigned entry,
                                     const Tuple& reply, Tick now) {
    const std::uint64_t hash = candidates.hash(reply);
    PortShare share = share_;
    for (unsigned tried = 0; tried < share_.count; ++tried, share = share.of_next()) {
        const std::uint64_t key = hash + 1 + entry * share_.count + tried;
        Exhausted& memo = memo_of(key);
        if (memo.valid && memo.hash == key && memo.when == now) continue;
        const Spread::Ports ports(*spread_, entry, reply, share);
        PortChoice choice = walk(candidates, cursor, ports, ports.count());
        choice.is_spilled = tried != 0;
        if (choice.verdict != PortVerdict::no_port) return choice;
        memo = {key, now, true};
    }
    return {};
}

PortChoice LocalPorts::pick_of_all(Candidates& candidates, std::uint16_t server, Tuple reply,
                                   Tick now) {
    const std::uint64_t hash = candidates.hash(reply);
    Exhausted& memo = memo_of(hash);
    const bool exhausted = memo.valid && memo.hash == hash && memo.when == now;
    if (exhausted) candidates.take_half_open();
    Cursor& cursor = cursors_[server];
    const Spread::Ports ports(*spread_, worker_, reply);
    PortChoice choice = walk(candidates, cursor.walk, ports, walk_max);
    // The port that was given back last has rested least: only where hardly another is left.
    constexpr std::uint32_t short_search = 16 * Candidates::batch;
    if (choice.verdict == PortVerdict::no_port && !exhausted)
        choice = candidates.search(cursor.search, ports, short_search);
    reply.destination_port = net::Be16(candidates.released_port(server));
    if (choice.verdict == PortVerdict::no_port &&
        reply.destination_port.host() >= first_local_port && spread_->owner(reply) == worker_)
        choice = candidates.look_at(reply.destination_port.host());
    if (choice.verdict != PortVerdict::no_port || exhausted) return choice;
    choice = search(candidates, cursor, ports);
    if (choice.verdict != PortVerdict::no_port) return choice;
    memo = {hash, now, true};
    if (candidates.takes_half_open() || !candidates.has_half_open()) return {};
    candidates.take_half_open();
    return search(candidates, cursor, ports);
}

// On from where the last one ended: what lies there has rested longest. Ports of the excluded range
// cost no look into the table and do not count, and all of it is passed at once: a walk that gave
// up within it would leave us with the port that its last flow has only just left.
PortChoice LocalPorts::walk(Candidates& candidates, std::uint16_t& cursor,
                            const Spread::Ports& ports, unsigned most) {
    constexpr unsigned enough_with_fallback = walk_max / 4;
    PortChoice fallback;
    std::uint32_t skipped = 0;
    for (unsigned i = 0; i < most;) {
        if (cursor >= ports.count()) cursor = 0;
        const std::uint16_t port = ports.at(cursor);
        const bool is_excluded = candidates.is_in_range(port);
        const std::uint32_t next = is_excluded ? candidates.behind(cursor, ports) : cursor + 1U;
        if (is_excluded) skipped += next - cursor;
        cursor = static_cast<std::uint16_t>(next);
        if (is_excluded && skipped < ports.count()) continue;
        ++i;
        const PortChoice choice = candidates.look_at(port);
        if (choice.verdict == PortVerdict::free) return choice;
        if (fallback.verdict == PortVerdict::no_port) fallback = choice;
        if (fallback.verdict != PortVerdict::no_port &&
            (i >= enough_with_fallback || candidates.takes_half_open()))
            break;
    }
    return fallback;
}

// Every port once.
PortChoice LocalPorts::search(Candidates& candidates, Cursor& cursor, const Spread::Ports& ports) {
    return candidates.search(cursor.search, ports, all_ports);
}

}  // namespace warren::flow
