// SPDX-License-Identifier: BSD-3-Clause
// The tree as a typed Config: every keyword that we take, with its values and ranges.
#pragma once

#include "config/config.h"
#include "config/document.h"
#include "config/keywords.h"

namespace warren::config {

// An instance while its statements are read: what has not been said yet stays open, because later
// statements or global defaults decide it.
struct InstanceDraft {
    VrrpInstance vrrp;
    std::optional<unsigned> version, default_version;
    std::optional<std::uint8_t> priority;
    std::optional<net::IpAddress> mcast_dst_ip;
    bool unicast_fault_no_peer = false;
    bool no_virtual_ipaddress = false;  // said so: it is no slip
    std::optional<bool> strict_mode, accept, lower_prio_no_advert, higher_prio_send_advert;
    std::optional<std::int64_t> garp_lower_prio_delay_ns;
    std::optional<unsigned> garp_lower_prio_repeat;
};

// A real_server while it is read, with the timings its checkers start from.
struct ServerDraft {
    RealServer server;
    CheckTiming timing;
};

// virtual_server_group, and a virtual_server that is one: they may stand in any order.
struct ServerGroup {
    struct Entry {
        Location where;
        net::IpAddress first;
        unsigned count = 1;  // addresses from the first one on
        std::uint16_t port = 0;
    };
    std::string name;
    std::vector<Entry> entries;
};
struct GroupedServer {
    const Node* node;
    std::string group;
    VirtualServer server;
};

// Reads all of it into `config`; reports through `context`.
void read_schema(const std::vector<Node>& nodes, SchemaContext& context, Config& config);

// One block each. `defaults` comes from global_defs.
void read_global_defs(Statement& s, GlobalDefs& global, InstanceDraft& defaults);
void read_vrrp_instance(Statement& s, const InstanceDraft& defaults, Config& config);
// Decides what is still open; reports what does not go together.
void settle_instance(Statement& s, InstanceDraft& draft, const GlobalDefs& global);
bool has_statement(const Node& block, std::string_view keyword);
// Anywhere in the block: a keyword that strayed to another line has been reported already.
bool mentions(const Node& block, std::string_view keyword);
bool has_entries(const Node& block, std::string_view list);
void read_vrrp_sync_group(Statement& s, Config& config);
void read_vrrp_script(Statement& s, Config& config);
void read_track_file(Statement& s, Config& config);
void read_track_process(Statement& s, Config& config);
void read_bfd_instance(Statement& s, Config& config);
void read_virtual_server(Statement& s, Config& config, std::vector<GroupedServer>& grouped);
// Into the Config if we serve it, else it is warned about.
void add_virtual_server(Statement& s, VirtualServer server, Config& config);
void read_real_server(Statement& s, VirtualServer& v);
void read_sorry_server(Statement& s, VirtualServer& v);
// ADDRESS [PORT]; without one the port stays.
bool read_address_and_port(Statement& s, net::IpAddress& address, std::uint16_t& port);
bool read_kind(Statement& s, LbKind& kind);
void set_server_kind(Statement& s, RealServer& r);
void read_virtual_server_group(Statement& s, std::vector<ServerGroup>& groups);
void expand_groups(SchemaContext& context, const std::vector<ServerGroup>& groups,
                   const std::vector<GroupedServer>& grouped, Config& config);
void read_local_address_group(Statement& s, Config& config);
void read_dataplane(Statement& s, Dataplane& dataplane);

// Adds the block's keywords to a reader that only answers what it knows.
void add_vrrp_instance_keywords(BlockReader& reader, InstanceDraft& draft);
void add_timing_keywords(BlockReader& reader, CheckTiming& timing);
void add_checker_keywords(BlockReader& reader, ServerDraft& draft);
void add_virtual_server_keywords(BlockReader& reader, VirtualServer& server);

}  // namespace warren::config
