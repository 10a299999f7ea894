// SPDX-License-Identifier: BSD-3-Clause
#include "schema/schema.h"

namespace warren::schema {
namespace {

constexpr std::string_view unused_definition = "nothing that Warren supports refers to it";

constexpr IgnoredKeyword ignored_outside[] = {
    {"linkbeat_interfaces", "links are watched by netlink or the driver"},
    {"linkbeat_use_polling", "links are watched by netlink or the driver"},
    {"garp_group", "vrrp_garp_interval in global_defs paces them"},
    {"allow_address_group", unused_definition},
    {"deny_address_group", unused_definition},
    {"SSL", "SSL_GET shows no certificate (ca, certificate, key), and believes any"},
    {"net_namespace_ipvs", "there is no IPVS"},
    {"namespace_with_ipsets", of_keepalived},
    {"instance", "use warren --instance"},
    {"use_pid_dir", of_keepalived},
    {"child_wait_time", of_keepalived},
};

struct Outside {
    config::Config& config;
    InstanceDraft defaults;
    std::vector<ServerGroup> groups;
    std::vector<GroupedServer> grouped;
};

constexpr Keyword<Outside> outside[] = {
    {"global_defs", 0, 0,
     [](Statement& s, Outside& o) { read_global_defs(s, o.config.global, o.defaults); },
     BlockUse::required, Repeat::yes},
    {"vrrp_instance", 1, 1,
     [](Statement& s, Outside& o) { read_vrrp_instance(s, o.defaults, o.config); },
     BlockUse::required, Repeat::yes},
    {"vrrp_sync_group", 1, 1, [](Statement& s, Outside& o) { read_vrrp_sync_group(s, o.config); },
     BlockUse::required, Repeat::yes},
    {"vrrp_script", 1, 1, [](Statement& s, Outside& o) { read_vrrp_script(s, o.config); },
     BlockUse::required, Repeat::yes},
    {"track_file", 1, 1, [](Statement& s, Outside& o) { read_track_file(s, o.config); },
     BlockUse::required, Repeat::yes},
    {"vrrp_track_file", 1, 1, [](Statement& s, Outside& o) { read_track_file(s, o.config); },
     BlockUse::required, Repeat::yes},
    {"vrrp_track_process", 1, 1, [](Statement& s, Outside& o) { read_track_process(s, o.config); },
     BlockUse::required, Repeat::yes},
    {"interface_up_down_delays", 0, 0,
     [](Statement& s, Outside& o) { read_link_delays(s, o.config); }, BlockUse::required,
     Repeat::yes},
    {"bfd_instance", 1, 1, [](Statement& s, Outside& o) { read_bfd_instance(s, o.config); },
     BlockUse::required, Repeat::yes},
    {"net_namespace", 0, 1,
     [](Statement& s, Outside& o) { read_net_namespace(s, o.config.global); }, BlockUse::none,
     Repeat::yes},
    {"static_ipaddress", 0, 0, [](Statement& s, Outside& o) { read_static_addresses(s, o.config); },
     BlockUse::required, Repeat::yes},
    {"static_routes", 0, 0,
     [](Statement& s, Outside& o) { read_routes(s, PolicyOf::host, o.config.static_routes); },
     BlockUse::required, Repeat::yes},
    {"static_rules", 0, 0,
     [](Statement& s, Outside& o) { read_rules(s, PolicyOf::host, o.config.static_rules); },
     BlockUse::required, Repeat::yes},
    {"track_group", 1, 1, [](Statement& s, Outside& o) { read_track_group(s, o.config); },
     BlockUse::required, Repeat::yes},
    {"virtual_server", 1, 3,
     [](Statement& s, Outside& o) { read_virtual_server(s, o.config, o.grouped); },
     BlockUse::required, Repeat::yes},
    {"virtual_server_group", 1, 1,
     [](Statement& s, Outside& o) { read_virtual_server_group(s, o.groups); }, BlockUse::required,
     Repeat::yes},
    {"local_address_group", 1, 1,
     [](Statement& s, Outside& o) { read_local_address_group(s, o.config); }, BlockUse::required,
     Repeat::yes},
    {"dataplane", 0, 0, [](Statement& s, Outside& o) { read_dataplane(s, o.config.dataplane); },
     BlockUse::required, Repeat::no},
    {"flow_sync", 0, 0, [](Statement& s, Outside& o) { read_flow_sync(s, o.config); },
     BlockUse::required, Repeat::no},
};

}  // namespace

void read_schema(const std::vector<syntax::Node>& nodes, SchemaContext& context,
                 config::Config& config) {
    InstanceDraft any_instance;
    BlockReader instance(context, "vrrp_instance", {});
    add_vrrp_instance_keywords(instance, any_instance);
    config::VirtualServer any_server;
    BlockReader server(context, "virtual_server", {});
    add_virtual_server_keywords(server, any_server);

    // global_defs holds the others' defaults, wherever it stands.
    std::vector<syntax::Node> globals, rest;
    for (const syntax::Node& node : nodes)
        (node.keyword() == "global_defs" ? globals : rest).push_back(node);
    Outside target{config, {}, {}, {}};
    BlockReader reader(context, "", {});
    reader.keywords(outside, target).ignore(ignored_outside).contains(instance).contains(server);
    reader.read(globals);
    reader.read(rest);
    if (!context.misplaced) expand_groups(context, target.groups, target.grouped, config);
}

}  // namespace warren::schema
