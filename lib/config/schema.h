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
    std::optional<bool> strict_mode, accept, lower_prio_no_advert, higher_prio_send_advert;
    std::optional<std::int64_t> garp_lower_prio_delay_ns;
    std::optional<unsigned> garp_lower_prio_repeat;
};

// Reads all of it into `config`; reports through `context`.
void read_schema(const std::vector<Node>& nodes, SchemaContext& context, Config& config);

// One block each. `defaults` comes from global_defs.
void read_global_defs(Statement& s, GlobalDefs& global, InstanceDraft& defaults);
void read_vrrp_instance(Statement& s, const InstanceDraft& defaults, Config& config);
// Decides what is still open; reports what does not go together.
void settle_instance(Statement& s, InstanceDraft& draft, const GlobalDefs& global);
// Anywhere in the block: a keyword that strayed to another line has been reported already.
bool mentions(const Node& block, std::string_view keyword);
bool has_entries(const Node& block, std::string_view list);
void read_vrrp_sync_group(Statement& s, Config& config);
void read_vrrp_script(Statement& s, Config& config);
void read_track_file(Statement& s, Config& config);
void read_track_process(Statement& s, Config& config);
void read_virtual_server(Statement& s, Config& config);
void read_local_address_group(Statement& s, Config& config);
void read_dataplane(Statement& s, Dataplane& dataplane);

// Adds the block's keywords to a reader that only answers what it knows.
void add_vrrp_instance_keywords(BlockReader& reader, InstanceDraft& draft);
void add_virtual_server_keywords(BlockReader& reader, VirtualServer& server);

}  // namespace warren::config
