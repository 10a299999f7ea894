// SPDX-License-Identifier: BSD-3-Clause
// A warren as far as flow sync sees it: a real Session, and in place of the packet path workers
// with small tables, bounded channels and a lag of their own.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "random.h"
#include "sync/preempt_gate.h"
#include "sync/session.h"

namespace warren::sim {

constexpr std::uint64_t ms = 1'000;  // of microseconds
constexpr std::uint64_t s = 1'000 * ms;
constexpr std::size_t router_count = 2;
constexpr flow::SipKey digest_key{0x1234, 0x5678};

inline sync::RouterKey router_key(std::size_t router) {
    const auto last = static_cast<std::uint8_t>(100 + router);
    return {net::IpAddress::v4(192, 168, 8, last), static_cast<std::uint8_t>(51 + router)};
}
// A local port is taken of the client's entry, so both tuples of a flow belong to one worker.
constexpr std::uint32_t rss_entries = 6;
inline std::uint32_t rss_entry(const net::IpAddress& client) {
    return client.bytes()[15] % rss_entries;
}
inline std::size_t router_of(const net::IpAddress& vip) {
    return vip == router_key(0).lowest_vip ? 0 : 1;
}

struct ModelFlow {
    sync::FlowRecord record;
    std::uint64_t hash = 0;  // of its identity
    bool used = false;
    bool touched = false;
    bool colour = false;
    std::uint64_t changed_us = 0;
};

struct Command {
    enum class Kind : std::uint8_t { install, end, again, mark, walk, sweep };
    Kind kind = Kind::install;
    sync::FlowRecord record;
    sync::EndRecord end;
    sync::Identity identity;
    std::uint32_t index = 0;
    sync::Ticket ticket = 0;
    std::size_t router = 0;
    bool colour = false;
};

struct Notice {
    enum class Kind : std::uint8_t { flow, ended, mark, walked, swept, refused };
    Kind kind = Kind::flow;
    sync::FlowRecord record;
    sync::EndRecord end;
    sync::Identity identity;
    std::uint32_t index = 0;
    sync::Ticket ticket = 0;
    std::size_t router = 0;
    std::array<flow::FlowSum, router_count> sums{};
};

struct Sizes {
    std::size_t workers = 1;
    std::size_t flows = 1'000;  // of each worker
    std::size_t commands = 256;
    std::size_t notices = 256;
};

struct TupleHash {
    std::size_t operator()(const flow::Tuple& tuple) const {
        return flow::siphash_2_4(digest_key,
                                 {reinterpret_cast<const std::uint8_t*>(&tuple), sizeof tuple});
    }
};

// One worker: its table, what it is to do, what it says.
class ModelWorker {
  public:
    explicit ModelWorker(const Sizes& sizes);

    using Roles = std::array<sync::Role, router_count>;
    struct Context {
        const Roles& roles;
        bool speaks;          // a peer hears
        bool knows_server_2;  // it is configured here
        std::uint64_t now_us;
    };

    bool push(const Command& command);                                    // false: full
    void order(const Command& command) { commands_.push_back(command); }  // never lost
    bool has_work() const;
    void round(const Context& context);

    // ---- traffic that this warren serves
    std::optional<std::uint32_t> open(const sync::FlowRecord& record, const Context& context);
    void touch(std::uint32_t index, flow::TcpState state, const Context& context);
    void close(std::uint32_t index, const Context& context);

    std::deque<Notice>& notices() { return notices_; }
    std::vector<ModelFlow>& table() { return table_; }
    bool has_server_tuple(const flow::Tuple& tuple) const { return by_server_.contains(tuple); }
    std::uint64_t overruns() const { return overruns_; }
    std::uint64_t kept_own() const { return kept_own_; }

  private:
    void carry_out(const Command& command, const Context& context);
    void end(const sync::EndRecord& end);
    void install(const Command& command, const Context& context);
    bool admits(const sync::FlowRecord& record, bool ours);
    std::optional<std::uint32_t> add(const sync::FlowRecord& record);
    void erase(std::uint32_t index);
    void say(Notice notice, const Context& context);
    void say_flow(std::uint32_t index, const Context& context);
    void walk_on(const Context& context);
    void sweep_on(const Context& context);

    Sizes sizes_;
    std::vector<ModelFlow> table_;
    std::vector<std::uint32_t> free_;
    std::unordered_map<flow::Tuple, std::uint32_t, TupleHash> by_client_, by_server_;
    std::array<flow::FlowSum, router_count> sums_{};
    std::deque<Command> commands_;
    std::deque<Notice> notices_;
    std::optional<Command> walk_;
    std::deque<Command> sweeps_;
    std::uint32_t walk_at_ = 0, sweep_at_ = 0;
    bool walk_again_ = false;
    std::uint64_t overruns_ = 0, kept_own_ = 0;
};

struct Seen {
    std::array<std::uint64_t, router_count> equal{}, different{};
    std::uint64_t ups = 0, downs = 0;
    std::uint64_t acknowledged = 0;
    std::uint64_t touched_by_peer = 0;  // calls that let the peer change something
    std::optional<std::pair<std::size_t, std::uint32_t>> asked;
    std::optional<bool> answered;
};

class SyncNode : public sync::Sink {
  public:
    using Transmit = std::function<void(net::ConstBytes)>;
    using Complain = std::function<void(const std::string&)>;
    SyncNode(const Sizes& sizes, Random& random, Transmit transmit, Complain complain);

    void start(std::uint64_t now_us);
    void stop();
    bool is_running() const { return session_ != nullptr; }
    void set_role(std::size_t router, sync::Role role, std::uint64_t now_us);
    void set_knows_server_2(bool knows, std::uint64_t now_us);
    sync::Role role(std::size_t router) const { return roles_[router]; }

    void receive(net::Bytes datagram, std::uint64_t now_us);
    void wake(std::uint64_t now_us);
    std::uint64_t wake_us(std::uint64_t now_us);
    void run_workers(std::uint64_t now_us);
    // The workers have nothing to say or to do.
    bool is_silent();

    // ---- traffic
    bool open(const sync::FlowRecord& record, std::uint64_t now_us);
    void change_some(std::size_t router, std::uint64_t now_us);
    bool has_server_tuple(const flow::Tuple& tuple) const;

    // Flows of the router by the hash of their identity, with the time of the last change.
    std::unordered_map<std::uint64_t, const ModelFlow*> flows(std::size_t router);
    sync::Session& session() { return *session_; }
    const sync::PreemptGate& gate(std::size_t router) const { return gates_[router]; }
    sync::PreemptGate& gate(std::size_t router) { return gates_[router]; }
    std::unordered_set<std::uint64_t> refused_now;  // identities, since the last bulk began
    Seen seen;
    std::uint64_t changes = 0;
    std::function<void(const sync::FlowRecord&)> on_install;
    const std::unordered_set<std::uint64_t>* ever = nullptr;  // identities that any warren ever had

    // ---- Sink
    void send(net::Bytes datagram) override;
    bool install(const sync::FlowRecord& record, bool urgent) override;
    bool end(const sync::EndRecord& record) override;
    bool bind(const sync::PersistenceRecord&) override { return true; }
    void bulk_began(const sync::RouterKey& router, bool colour) override;
    void bulk_ended(const sync::RouterKey& router, bool colour) override;
    bool again(const sync::Source& source, const sync::Identity& identity) override;
    void walk(const sync::RouterKey& router, sync::Ticket ticket) override;
    void mark(sync::Ticket ticket) override;
    void acknowledged(const sync::Source&) override { ++seen.acknowledged; }
    void peer_up(std::uint8_t, std::uint32_t) override { ++seen.ups; }
    void peer_down() override;
    void peer_unintelligible(std::uint8_t, std::uint8_t) override {}
    void peer_routers(std::span<const sync::PeerRouter> routers) override;
    void compared(const sync::RouterKey& router, bool equal) override;
    void take_over_asked(const sync::RouterKey& router, std::uint32_t ticket) override;
    void peer_inventory(const sync::Inventory&) override {}
    void take_over_answered(const sync::RouterKey&, std::uint32_t, bool agreed) override {
        seen.answered = agreed;
    }

  private:
    ModelWorker::Context context(std::uint64_t now_us) const {
        return {roles_, session_ && session_->status(now_us).up, knows_server_2_, now_us};
    }
    std::size_t owner_of(const net::IpAddress& client) const {
        return rss_entry(client) % workers_.size();
    }
    void tell_routers(std::uint64_t now_us);
    void order_all(const Command& command);
    void listen(std::uint64_t now_us);
    void take(const Notice& notice, std::size_t worker, std::uint64_t now_us);
    void add_sums(const Notice& notice, std::uint64_t now_us);
    void check_bounds(std::uint64_t now_us);

    Sizes sizes_;
    Random& random_;
    Transmit transmit_;
    Complain complain_;
    std::unique_ptr<sync::Session> session_;
    std::vector<ModelWorker> workers_;
    ModelWorker::Roles roles_{};
    bool knows_server_2_ = true;
    std::array<bool, router_count> colours_{};
    std::vector<sync::PreemptGate> gates_;
    std::uint64_t now_us_ = 0;
    std::uint64_t round_us_ = 0;  // when the workers look again

    sync::Ticket mark_ = 0;
    std::size_t mark_answers_ = 0;
    std::array<flow::FlowSum, router_count> sums_{};
    sync::Ticket walk_ = 0;
    std::size_t walk_answers_ = 0;
    std::array<std::size_t, router_count> sweeps_left_{};
};

// The sealing of the simulation: 64 bits of SipHash.
void seal(net::Bytes datagram);
bool is_sealed(net::ConstBytes datagram);

}  // namespace warren::sim
