// SPDX-License-Identifier: BSD-3-Clause
// The tree as a typed Config: every keyword that we take, with its values and ranges.
#pragma once

#include "config/config.h"
#include "schema/keywords.h"
#include "syntax/document.h"

namespace warren::schema {

// Why a keyword means nothing here.
inline constexpr std::string_view no_snmp = "state is shown by warrenctl";
inline constexpr std::string_view of_keepalived = "it is about keepalived's own processes";

// An instance while its statements are read: what has not been said yet stays open, because later
// statements or global defaults decide it.
struct InstanceDraft {
    config::VrrpInstance vrrp;
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
    config::RealServer server;
    config::CheckTiming timing;
};

// virtual_server_group, and a virtual_server that is one: they may stand in any order.
struct ServerGroup {
    struct Entry {
        syntax::Location where;
        net::IpAddress first;
        unsigned count = 1;  // addresses from the first one on
        std::uint16_t port = 0;
    };
    std::string name;
    std::vector<Entry> entries;
};
struct GroupedServer {
    const syntax::Node* node;
    std::string group;
    config::VirtualServer server;
};

// Reads all of it into `config`; reports through `context`.
void read_schema(const std::vector<syntax::Node>& nodes, SchemaContext& context,
                 config::Config& config);

// One block each. `defaults` comes from global_defs.
void read_global_defs(Statement& s, config::GlobalDefs& global, InstanceDraft& defaults);
void read_net_namespace(Statement& s, config::GlobalDefs& global);  // in the block and outside
void read_vrrp_instance(Statement& s, const InstanceDraft& defaults, config::Config& config);
// Decides what is still open; reports what does not go together.
void settle_instance(Statement& s, InstanceDraft& draft, const config::GlobalDefs& global);
bool has_statement(const syntax::Node& block, std::string_view keyword);
// Anywhere in the block: a keyword that strayed to another line has been reported already.
bool mentions(const syntax::Node& block, std::string_view keyword);
void read_vrrp_sync_group(Statement& s, config::Config& config);
void read_vrrp_script(Statement& s, config::Config& config);
void read_track_file(Statement& s, config::Config& config);
void read_track_process(Statement& s, config::Config& config);
void read_link_delays(Statement& s, config::Config& config);
void read_bfd_instance(Statement& s, config::Config& config);
void read_virtual_server(Statement& s, config::Config& config, std::vector<GroupedServer>& grouped);
// Into the Config if we serve it, else it is warned about.
void add_virtual_server(Statement& s, config::VirtualServer server, config::Config& config);
void read_real_server(Statement& s, config::VirtualServer& v);
void read_sorry_server(Statement& s, config::VirtualServer& v);
// ADDRESS [PORT]; without one the port stays.
bool read_address_and_port(Statement& s, net::IpAddress& address, std::uint16_t& port);
void add_balancing_keywords(BlockReader& reader, config::Balancing& balancing);
bool read_kind(Statement& s, config::LbKind& kind);
void set_server_kind(Statement& s, config::RealServer& r);
void read_virtual_server_group(Statement& s, std::vector<ServerGroup>& groups);
void expand_groups(SchemaContext& context, const std::vector<ServerGroup>& groups,
                   const std::vector<GroupedServer>& grouped, config::Config& config);
void read_local_address_group(Statement& s, config::Config& config);
void read_dataplane(Statement& s, config::Dataplane& dataplane);
void read_flow_sync(Statement& s, config::Config& config);
// Of global_defs, or lvs_sync_daemon_interface of an instance: says what to write instead.
void read_lvs_sync_daemon(Statement& s);

// Adds the block's keywords to a reader that only answers what it knows.
void add_vrrp_instance_keywords(BlockReader& reader, InstanceDraft& draft);
void add_timing_keywords(BlockReader& reader, config::CheckTiming& timing);
void add_checker_keywords(BlockReader& reader, ServerDraft& draft);
// What all checks have that connect to somewhere.
void add_check_keywords(BlockReader& reader, ServerDraft& draft, config::CheckTiming& timing,
                        config::CheckEndpoint& endpoint);
void read_amqp_check(Statement& s, ServerDraft& draft);
void read_rabbitmq_check(Statement& s, ServerDraft& draft);
// The lines that its profile stands for, before the block's own are read.
void read_profile(const syntax::Node& block, SchemaContext& context, config::VirtualServer& server);
void add_virtual_server_keywords(BlockReader& reader, config::VirtualServer& server);

// Routes and rules, of an instance and of the host, one a line, as keepalived.conf(5) has them; the
// host's static addresses; and who is at fault without them.
enum class PolicyOf { instance, host };  // only the host's have a track_group

void read_routes(Statement& s, PolicyOf whose, std::vector<config::RouteLine>& out);
void read_rules(Statement& s, PolicyOf whose, std::vector<config::RuleLine>& out);
void read_static_addresses(Statement& s, config::Config& config);
void read_track_group(Statement& s, config::Config& config);

// What instances and sync groups have in common: tracking and notify scripts.
// "[weight N] [reverse|noreverse]" from the argument `first` on; N is at most `most` either way.
void read_weight(Statement& s, std::size_t first, std::int64_t most, std::optional<int>& weight,
                 std::optional<bool>& reverse);
// "weight N [reverse]" in a definition.
template <typename Definition>
void read_own_weight(Statement& s, std::int64_t most, Definition& definition) {
    std::optional<int> weight;
    std::optional<bool> reverse;
    s.number_near(-most, most, definition.weight);
    read_weight(s, 1, most, weight, reverse);
    definition.reverse = reverse.value_or(false);
}
void add_tracked_keywords(BlockReader& reader, std::vector<config::Tracked>& tracked);
void add_notify_keywords(BlockReader& reader, config::NotifyScripts& notify);

// The keywords of global_defs that say who hears of state changes.
void add_fifo_keywords(BlockReader& reader, config::NotifyFifos& fifos);
void add_mail_keywords(BlockReader& reader, config::Mail& mail);
// What does not go together, once the block has been read.
void check_fifos(SchemaContext& context, config::NotifyFifos& fifos);

// ADDRESS[/LENGTH]; as keepalived, a length that is none is that of a host.
std::optional<net::Prefix> read_prefix(Statement& s);
// What stands after a virtual address: how the host has it while it is master. False: something
// has been told, and the address is left out.
bool read_address_options(Statement& s, config::VirtualAddress& address);

}  // namespace warren::schema
