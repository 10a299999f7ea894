// SPDX-License-Identifier: BSD-3-Clause
// flow_sync, our own block, and keepalived's lvs_sync_daemon, which stands for it.
#include "config/flow_sync_check.h"
#include "schema/schema.h"

namespace warren::schema {
namespace {

void add_peer(Statement& s, config::FlowSync& f) {
    net::IpAddress peer;
    if (!s.address(peer)) return;
    if (f.peers.size() == config::max_sync_peers)
        return s.error("flow_sync has at most " + std::to_string(config::max_sync_peers) +
                       " peers");
    f.peers.push_back(peer);
}

void set_defer(Statement& s, config::FlowSync& f) {
    std::int64_t ms = 0;
    if (s.number(0, 1'000, ms)) f.defer_ns = ms * config::ns_per_ms;
}

void set_preempt_wait(Statement& s, config::FlowSync& f) {
    if (s.arg(0) == "never") {
        f.preempt_wait_ns.reset();
        return;
    }
    std::int64_t ns = 0;
    if (s.seconds(config::ns_per_s, config::ns_per_hour, ns)) f.preempt_wait_ns = ns;
}

constexpr Keyword<config::FlowSync> flow_sync_keywords[] = {
    {"local", 1, 1, [](Statement& s, config::FlowSync& f) { s.address(f.local); }},
    {"peer", 1, 1, add_peer, BlockUse::none, Repeat::yes},
    {"interface", 1, 1, [](Statement& s, config::FlowSync& f) { s.interface(f.interface); }},
    {"port", 1, 1, [](Statement& s, config::FlowSync& f) { s.number(1, 65'535, f.port); }},
    {"key_file", 1, 1, [](Statement& s, config::FlowSync& f) { f.key_file = s.arg(0); }},
    {"defer", 1, 1, set_defer},
    {"rate", 1, 1, [](Statement& s, config::FlowSync& f) { s.number(1'000, 10'000'000, f.rate); }},
    {"preempt_wait", 1, 1, set_preempt_wait},
    {"multihop", 0, 1, [](Statement& s, config::FlowSync& f) { s.boolean(f.multihop); }},
};

}  // namespace

void read_flow_sync(Statement& s, config::Config& config) {
    config::FlowSync sync;
    sync.where = s.where();
    BlockReader(s.context, "flow_sync", s.where())
        .keywords(flow_sync_keywords, sync)
        .read(s.node.children);
    config.flow_sync = std::move(sync);
}

void read_lvs_sync_daemon(Statement& s) {
    s.warn(syntax::in_quotes(s.node.keyword()) +
           " is not served: the peer does not learn of connections by it. A flow_sync does that; "
           "write instead:\n" +
           config::suggest_flow_sync(s.arg(0)));
}

}  // namespace warren::schema
