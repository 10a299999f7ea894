// SPDX-License-Identifier: BSD-3-Clause
// global_defs: the host's name, defaults of all instances, and much that is about keepalived's own
// processes.
#include "schema/schema.h"

namespace warren::schema {
namespace {

constexpr std::string_view own_lcore = "the control lcore replaces process tuning";
constexpr std::string_view past_the_kernel = "packets do not pass the kernel";

constexpr IgnoredKeyword ignored_global[] = {
    {"no_checker_emails", "a mail is about a server, never about one of its checks"},
    {"email_faults", "it is the default"},
    {"linkbeat_use_polling", "links are watched by netlink or the driver"},
    {"net_namespace_ipvs", "there is no IPVS"},
    {"namespace_with_ipsets", past_the_kernel},
    {"lvs_timeouts", "there is no IPVS: use establish_timeout"},
    {"lvs_flush", "there is no IPVS"},
    {"lvs_flush_onstop", "there is no IPVS"},
    {"lvs_flush_on_stop", "there is no IPVS"},
    {"vrrp_garp_extra_if", "each address is announced on its own interface"},
    {"vrrp_vmac_garp_intvl", "each address is announced on its own interface"},
    {"vrrp_delay_after_boot", "use vrrp_startup_delay"},
    {"nftables", past_the_kernel},
    {"nftables_priority", past_the_kernel},
    {"nftables_counters", past_the_kernel},
    {"nftables_ifindex", past_the_kernel},
    {"nftables_ipvs", past_the_kernel},
    {"nftables_ipvs_priority", past_the_kernel},
    {"nftables_ipvs_start_fwmark", past_the_kernel},
    {"vrrp_iptables", past_the_kernel},
    {"vrrp_ipsets", past_the_kernel},
    {"vmac_prefix", past_the_kernel},
    {"vmac_addr_prefix", past_the_kernel},
    {"max_auto_priority", own_lcore},
    {"min_auto_priority_delay", own_lcore},
    {"vrrp_priority", own_lcore},
    {"checker_priority", own_lcore},
    {"bfd_priority", own_lcore},
    {"vrrp_no_swap", own_lcore},
    {"checker_no_swap", own_lcore},
    {"bfd_no_swap", own_lcore},
    {"vrrp_cpu_affinity", own_lcore},
    {"checker_cpu_affinity", own_lcore},
    {"bfd_cpu_affinity", own_lcore},
    {"checker_rt_priority", own_lcore},
    {"bfd_rt_priority", own_lcore},
    {"vrrp_rlimit_rttime", own_lcore},
    {"checker_rlimit_rttime", own_lcore},
    {"bfd_rlimit_rttime", own_lcore},
    {"vrrp_rlimit_rtime", own_lcore},
    {"checker_rlimit_rtime", own_lcore},
    {"bfd_rlimit_rtime", own_lcore},
    {"vrrp_netlink_cmd_rcv_bufs", past_the_kernel},
    {"vrrp_netlink_cmd_rcv_bufs_force", past_the_kernel},
    {"vrrp_netlink_monitor_rcv_bufs", past_the_kernel},
    {"vrrp_netlink_monitor_rcv_bufs_force", past_the_kernel},
    {"lvs_netlink_cmd_rcv_bufs", past_the_kernel},
    {"lvs_netlink_cmd_rcv_bufs_force", past_the_kernel},
    {"lvs_netlink_monitor_rcv_bufs", past_the_kernel},
    {"lvs_netlink_monitor_rcv_bufs_force", past_the_kernel},
    {"process_monitor_rcv_bufs", past_the_kernel},
    {"process_monitor_rcv_bufs_force", past_the_kernel},
    {"vrrp_rx_bufs_policy", past_the_kernel},
    {"vrrp_rx_bufs_multiplier", past_the_kernel},
    {"snmp_socket", no_snmp},
    {"enable_snmp_keepalived", no_snmp},
    {"enable_snmp_vrrp", no_snmp},
    {"enable_snmp_checker", no_snmp},
    {"enable_snmp_rfc", no_snmp},
    {"enable_snmp_rfcv2", no_snmp},
    {"enable_snmp_rfcv3", no_snmp},
    {"enable_traps", no_snmp},
    {"enable_dbus", no_snmp},
    {"dbus_service_name", no_snmp},
    {"dbus_no_interface_name", no_snmp},
    {"snmp_rs_stats_update_interval", no_snmp},
    {"snmp_vs_stats_update_interval", no_snmp},
    {"json_dump_file", no_snmp},
    {"json_version", no_snmp},
    {"state_dump_file", no_snmp},
    {"stats_dump_file", no_snmp},
    {"disable_local_igmp", past_the_kernel},
    {"iproute_etc_dir", past_the_kernel},
    {"iproute_usr_dir", past_the_kernel},
    {"lvs_process_name", of_keepalived},
    {"set_supplementary_groups", of_keepalived},
    {"use_symlink_paths", of_keepalived},
    {"rs_init_notifies", of_keepalived},
    {"umask", of_keepalived},
    {"tmp_config_directory", of_keepalived},
    {"config_save_dir", of_keepalived},
    {"process_names", of_keepalived},
    {"process_name", of_keepalived},
    {"vrrp_process_name", of_keepalived},
    {"checker_process_name", of_keepalived},
    {"bfd_process_name", of_keepalived},
    {"instance", "use warren --instance"},
    {"use_pid_dir", of_keepalived},
    {"child_wait_time", of_keepalived},
    {"log_unknown_vrids", "adverts of unknown virtual routers are counted"},
    {"random_seed", of_keepalived},
    {"reload_check_config", "a bad file never replaces a running configuration"},
    {"reload_time_file", "reload with SIGHUP"},
    {"reload_repeat", "reload with SIGHUP"},
    {"reload_file", "reload with SIGHUP"},
    {"include_check", "an include that fails is always reported"},
    {"data_use_instance", of_keepalived},
};

// The distributions' template says `vrrp_garp_interval 0`, which newer keepalived calls out of
// range.
void read_gap(Statement& s, std::int64_t& gap_ns) {
    if (s.seconds(0, config::ns_per_hour, gap_ns) && gap_ns == 0)
        s.warn(syntax::in_quotes(s.node.keyword()) +
               " 0 means no gap, as without it: the line can go");
}

// keepalived's vrrp_mcast_group6 may be of any scope; adverts never pass a router, though.
void read_group(Statement& s, bool v4, net::IpAddress& group) {
    net::IpAddress value;
    if (!s.address(value)) return;
    const bool multicast = v4 ? (value.bytes()[12] & 0xf0) == 0xe0 : value.bytes()[0] == 0xff;
    if (value.is_v4() != v4 || !multicast)
        return s.refuse(syntax::in_quotes(s.arg(0)) + " is no " + (v4 ? "IPv4" : "IPv6") +
                        " multicast address");
    group = value;
}

// As keepalived: whole seconds, and what is out of range leaves the default.
void set_script_timeout(Statement& s, config::LifeScript& of) {
    std::optional<int> seconds;
    if (s.number_or_none(1, 1'000, seconds, 0, {}) && seconds)
        of.timeout_ns = *seconds * config::ns_per_s;
}

constexpr Keyword<config::GlobalDefs> globals[] = {
    {"router_id", 1, 1, [](Statement& s, config::GlobalDefs& g) { g.router_id = s.arg(0); }},
    {"lvs_id", 1, 1,
     [](Statement& s, config::GlobalDefs& g) { g.router_id = s.arg(0); }},  // its old name
    {"lvs_sync_daemon", 1, any_number,
     [](Statement& s, config::GlobalDefs&) { read_lvs_sync_daemon(s); }},
    {"script_user", 1, 2,
     [](Statement& s, config::GlobalDefs& g) {
         g.script_user = s.arg(0);
         g.script_group = s.args() > 1 ? s.arg(1) : "";
     }},
    {"startup_script", 1, 3,
     [](Statement& s, config::GlobalDefs& g) { s.script(g.startup.script); }, BlockUse::none,
     Repeat::first},
    {"startup_script_timeout", 1, 1,
     [](Statement& s, config::GlobalDefs& g) { set_script_timeout(s, g.startup); }},
    {"shutdown_script", 1, 3,
     [](Statement& s, config::GlobalDefs& g) { s.script(g.shutdown.script); }, BlockUse::none,
     Repeat::first},
    {"shutdown_script_timeout", 1, 1,
     [](Statement& s, config::GlobalDefs& g) { set_script_timeout(s, g.shutdown); }},
    {"net_namespace", 0, 1, read_net_namespace, BlockUse::none, Repeat::yes},
    {"default_interface", 1, 1,
     [](Statement& s, config::GlobalDefs& g) { s.interface(g.default_interface); }},
    {"checker_log_all_failures", 0, 1,
     [](Statement& s, config::GlobalDefs& g) { s.boolean(g.checker_log_all_failures); }},
    {"dynamic_interfaces", 0, 1,
     [](Statement& s, config::GlobalDefs& g) {
         g.dynamic_interfaces = true;
         if (s.args() > 0 && s.arg(0) != "allow_if_changes")
             s.warn("after 'dynamic_interfaces' comes nothing or 'allow_if_changes', not " +
                    syntax::in_quotes(s.arg(0)));
     }},
    {"enable_script_security", 0, 0,
     [](Statement&, config::GlobalDefs& g) { g.enable_script_security = true; }},
    {"vrrp_rt_priority", 1, 1,
     [](Statement& s, config::GlobalDefs& g) {
         int priority = 0;
         if (s.number_near(1, 99, priority)) g.vrrp_rt_priority = priority;
     }},
    {"vrrp_startup_delay", 1, 1,
     [](Statement& s, config::GlobalDefs& g) {
         s.seconds(0, config::ns_per_hour, g.vrrp_startup_delay_ns);
     }},
    {"vrrp_mcast_group4", 1, 1,
     [](Statement& s, config::GlobalDefs& g) { read_group(s, true, g.vrrp_mcast_group4); }},
    {"vrrp_mcast_group6", 1, 1,
     [](Statement& s, config::GlobalDefs& g) { read_group(s, false, g.vrrp_mcast_group6); }},
};

void set_version(Statement& s, InstanceDraft& d) {
    unsigned version = 0;
    if (s.number(2, 3, version)) d.default_version = version;
}

constexpr Keyword<InstanceDraft> instance_defaults[] = {
    {"vrrp_version", 1, 1, set_version},
    {"vrrp_strict", 0, 0, [](Statement&, InstanceDraft& d) { d.strict_mode = true; }},
    {"vrrp_down_timer_adverts", 1, 1,
     [](Statement& s, InstanceDraft& d) { s.number(1, 100, d.vrrp.down_timer_adverts); }},
    {"vrrp_owner_ignore_adverts", 0, 1,
     [](Statement& s, InstanceDraft& d) { s.boolean(d.vrrp.owner_ignore_adverts); }},
    {"vrrp_skip_check_adv_addr", 0, 1,
     [](Statement& s, InstanceDraft& d) { s.boolean(d.vrrp.skip_check_adv_addr); }},
    {"vrrp_notify_priority_changes", 0, 1,
     [](Statement& s, InstanceDraft& d) { s.boolean(d.vrrp.notify_priority_changes); }},
    {"vrrp_check_unicast_src", 0, 1,
     [](Statement& s, InstanceDraft& d) { s.boolean(d.vrrp.check_unicast_src); }},
    {"vrrp_lower_prio_no_advert", 0, 1,
     [](Statement& s, InstanceDraft& d) { s.boolean(d.lower_prio_no_advert); }},
    {"vrrp_higher_prio_send_advert", 0, 1,
     [](Statement& s, InstanceDraft& d) { s.boolean(d.higher_prio_send_advert); }},
    {"vrrp_garp_master_delay", 1, 1,
     [](Statement& s, InstanceDraft& d) {
         s.seconds(0, config::ns_per_hour, d.vrrp.garp.master_delay_ns);
     }},
    {"vrrp_garp_master_repeat", 1, 1,
     [](Statement& s, InstanceDraft& d) { s.number_near(1, 255, d.vrrp.garp.master_repeat); }},
    {"vrrp_garp_master_refresh", 1, 1,
     [](Statement& s, InstanceDraft& d) {
         s.seconds(0, config::ns_per_day, d.vrrp.garp.master_refresh_ns);
     }},
    {"vrrp_garp_master_refresh_repeat", 1, 1,
     [](Statement& s, InstanceDraft& d) {
         s.number_near(1, 255, d.vrrp.garp.master_refresh_repeat);
     }},
    {"vrrp_garp_lower_prio_delay", 1, 1,
     [](Statement& s, InstanceDraft& d) {
         std::int64_t ns = 0;
         if (s.seconds(0, config::ns_per_hour, ns)) d.garp_lower_prio_delay_ns = ns;
     }},
    {"vrrp_garp_lower_prio_repeat", 1, 1,
     [](Statement& s, InstanceDraft& d) {
         unsigned repeat = 0;
         if (s.number_near(0, 255, repeat)) d.garp_lower_prio_repeat = repeat;
     }},
    {"vrrp_garp_interval", 1, 1,
     [](Statement& s, InstanceDraft& d) { read_gap(s, d.vrrp.garp.garp_interval_ns); }},
    {"vrrp_gna_interval", 1, 1,
     [](Statement& s, InstanceDraft& d) { read_gap(s, d.vrrp.garp.gna_interval_ns); }},
    {"vrrp_min_garp", 0, 1,
     [](Statement& s, InstanceDraft& d) {
         bool least = false;
         if (!s.boolean(least) || !least) return;
         d.vrrp.garp.master_repeat = 1;
         d.vrrp.garp.master_delay_ns = 0;
     }},
};

constexpr StrayKeyword global_strays[] = {
    {"garp_master_delay", "vrrp_garp_master_delay"},
    {"garp_master_repeat", "vrrp_garp_master_repeat"},
    {"garp_master_refresh", "vrrp_garp_master_refresh"},
    {"garp_master_refresh_repeat", "vrrp_garp_master_refresh_repeat"},
    {"garp_lower_prio_delay", "vrrp_garp_lower_prio_delay"},
    {"garp_lower_prio_repeat", "vrrp_garp_lower_prio_repeat"},
    {"garp_interval", "vrrp_garp_interval"},
    {"gna_interval", "vrrp_gna_interval"},
};

}  // namespace

void read_global_defs(Statement& s, config::GlobalDefs& global, InstanceDraft& defaults) {
    global.where = s.where();
    BlockReader reader(s.context, "global_defs", s.where());
    reader.keywords(globals, global)
        .keywords(instance_defaults, defaults)
        .ignore(ignored_global)
        .take_strays(global_strays);
    add_fifo_keywords(reader, global.fifos);
    add_mail_keywords(reader, global.mail);
    reader.read(s.node.children);
    check_fifos(s.context, global.fifos);
}

void read_net_namespace(Statement& s, config::GlobalDefs& global) {
    if (s.args() == 0)
        return s.warn("'net_namespace' without a name is left out, as in keepalived");
    if (!global.net_namespace.empty())
        return s.warn(
            "'net_namespace' is given more than once: the first one counts, as in keepalived");
    global.net_namespace = s.arg(0);
}

}  // namespace warren::schema
