// SPDX-License-Identifier: BSD-3-Clause
// Every statement that keepalived.conf(5) and keepalived's samples know, one snippet each: it
// loads, or the message that refuses it names its keyword. None is unknown.
#include <gtest/gtest.h>

#include <sstream>

#include "load_text.h"

namespace warren::schema {
namespace keepalived_keywords_test {

using namespace config;
using namespace syntax;

const char* const global_statements[] = {
    "notification_email {\na@b\n}",
    "notification_email_from a@b",
    "smtp_server 127.0.0.1 25",
    "smtp_helo_name h",
    "smtp_connect_timeout 30",
    "smtp_alert",
    "smtp_alert_vrrp",
    "smtp_alert_checker",
    "no_email_faults",
    "router_id LVS_DEVEL",
    "vrrp_mcast_group4 224.0.0.18",
    "vrrp_mcast_group6 ff02::12",
    "default_interface eth0",
    "lvs_sync_daemon eth0 V",
    "lvs_timeouts tcp 7200 tcpfin 120",
    "lvs_flush",
    "lvs_flush_onstop",
    "vrrp_garp_master_delay 10",
    "vrrp_garp_master_repeat 1",
    "vrrp_garp_lower_prio_delay 10",
    "vrrp_garp_lower_prio_repeat 1",
    "vrrp_garp_master_refresh 60",
    "vrrp_garp_master_refresh_repeat 2",
    "vrrp_garp_interval 0.001",
    "vrrp_gna_interval 0.000001",
    "vrrp_min_garp",
    "vrrp_lower_prio_no_advert true",
    "vrrp_higher_prio_send_advert true",
    "vrrp_down_timer_adverts 3",
    "vrrp_owner_ignore_adverts",
    "vrrp_version 3",
    "vrrp_iptables in out",
    "vrrp_ipsets a b",
    "nftables keepalived",
    "nftables_priority -1",
    "nftables_counters",
    "nftables_ifindex",
    "vrrp_check_unicast_src",
    "vrrp_skip_check_adv_addr",
    "vrrp_strict",
    "vrrp_priority -20",
    "checker_priority -20",
    "bfd_priority -20",
    "vrrp_no_swap",
    "checker_no_swap",
    "bfd_no_swap",
    "vrrp_rt_priority 50",
    "vrrp_cpu_affinity 0 1",
    "vrrp_rlimit_rttime 10000",
    "snmp_socket udp:1.2.3.4:705",
    "enable_snmp_vrrp",
    "enable_snmp_rfc",
    "enable_traps",
    "enable_dbus",
    "dbus_service_name a.b",
    "script_user root root",
    "enable_script_security",
    "notify_fifo /tmp/f",
    "notify_fifo_script /bin/true",
    "vrrp_notify_fifo /tmp/f",
    "vrrp_notify_fifo_script /bin/true",
    "lvs_notify_fifo /tmp/f",
    "dynamic_interfaces",
    "vrrp_netlink_cmd_rcv_bufs 100",
    "vrrp_netlink_monitor_rcv_bufs_force true",
    "vrrp_rx_bufs_policy MTU",
    "vrrp_rx_bufs_multiplier 3",
    "rs_init_notifies",
    "no_checker_emails",
    "umask 022",
    "process_names",
    "vrrp_process_name v",
    "checker_process_name c",
    "vrrp_startup_delay 5.5",
    "vrrp_delay_after_boot 5",
    "log_unknown_vrids",
    "random_seed 1",
    "reload_check_config",
    "reload_repeat",
    "reload_file",
    "reload_time_file /tmp/t",
    "include_check",
    "startup_script /bin/true",
    "shutdown_script /bin/true",
    "startup_script_timeout 10",
    "tmp_config_directory /tmp",
    "config_save_dir /tmp",
    "instance i",
    "use_pid_dir",
    "child_wait_time 5",
    "max_auto_priority 99",
    "min_auto_priority_delay 1",
    "net_namespace n",
    "data_use_instance",
    "json_version 2",
    "use_symlink_paths",
    "disable_local_igmp",
};

const char* const instance_statements[] = {
    "state MASTER\npriority 101",
    "use_vmac",
    "use_vmac vrrp.51",
    "use_vmac_addr",
    "vmac_xmit_base",
    "use_ipvlan",
    "native_ipv6",
    "dont_track_primary",
    "track_interface {\neth1\neth2 weight -10\neth3 weight 5 reverse\n}",
    "track_script {\nS\n}",
    "track_script {\nS weight 20\n}",
    "track_file {\nF weight 1\n}",
    "track_process {\nP weight 10\n}",
    "track_bfd {\nB\n}",
    "track_src_ip",
    "mcast_src_ip 10.0.0.9",
    "mcast_dst_ip 224.0.0.19",
    "unicast_src_ip 10.0.0.9\nunicast_peer {\n10.0.0.8\n}",
    "unicast_peer {\n10.0.0.8 min_ttl 2 max_ttl 8\n}",
    "unicast_ttl 64",
    "check_unicast_src",
    "old_unicast_checksum",
    "old_unicast_checksum never",
    "unicast_peer {\n10.0.0.8\n}\nunicast_fault_no_peer",
    "priority 150",
    "advert_int 5",
    "version 3",
    "version 3\nadvert_int 0.1",
    "authentication {\nauth_type PASS\nauth_pass 1111\n}",
    "authentication {\nauth_type AH\nauth_pass k\n}",
    "auth_hmac {\nkey 1 k\n}",
    "virtual_ipaddress_excluded {\n10.0.0.5\nfe80::5/64\n10.0.0.6/24 dev eth0\n}",
    "virtual_routes {\ndefault via 10.0.0.254\n}",
    "virtual_rules {\nfrom 10.0.0.0/24 table 1\n}",
    "accept",
    "no_accept",
    "strict_mode",
    "skip_check_adv_addr",
    "skip_check_adv_addr on",
    "nopreempt",
    "preempt",
    "preempt_delay 300",
    "debug 4",
    "garp_master_delay 10",
    "garp_master_repeat 5",
    "garp_lower_prio_delay 10",
    "garp_lower_prio_repeat 1",
    "garp_master_refresh 60",
    "garp_master_refresh_repeat 2",
    "garp_extra_if all 10",
    "vmac_garp_intvl 10",
    "lower_prio_no_advert",
    "higher_prio_send_advert true",
    "down_timer_adverts 3",
    "owner_ignore_adverts",
    "kernel_rx_buf_size 1000",
    "timer_expired_backup",
    "thread_timer_expired",
    "v3_checksum_as_v2",
    "linkbeat_use_polling",
    "lvs_sync_daemon_interface eth1",
    "promote_secondaries",
    "no_virtual_ipaddress",
    "vrf red",
    "notify /bin/true",
    "notify_master /bin/true",
    "notify_backup \"/bin/true a b\"",
    "notify_fault /bin/true root",
    "notify_stop /bin/true",
    "notify_deleted",
    "notify_master_rx_lower_pri /bin/true",
    "notify_priority_changes true",
    "smtp_alert",
};

const char* const group_statements[] = {
    "notify_master /bin/true",
    "notify_backup /bin/true",
    "notify_fault /bin/true",
    "notify_stop /bin/true",
    "notify /bin/true",
    "notify_priority_changes on",
    "smtp_alert",
    "global_tracking",
    "sync_group_tracking_weight",
    "track_interface {\neth1\n}",
    "track_script {\nS\n}",
    "track_file {\nF\n}",
    "track_process {\nP\n}",
    "track_bfd {\nB\n}",
};

const char* const outer_statements[] = {
    "static_ipaddress {\n10.1.0.1/24 dev eth0 scope global\n}",
    "static_routes {\n10.2.0.0/16 via 10.1.0.254 dev eth0\n}",
    "static_rules {\nfrom 10.1.0.1 table 1\n}",
    "track_group G {\ngroup {\nA\n}\n}",
    "linkbeat_interfaces {\neth0\n}",
    "interface_up_down_delays {\neth0 1 2\n}",
    "garp_group {\ngarp_interval 1\ninterface eth0\n}",
    "bfd_instance C {\nneighbor_ip 10.0.0.7\n}",
    "net_namespace n",
    "instance i",
    "virtual_server_group W {\n10.0.0.1 80\nfwmark 1\n}",
    "SSL {\npassword p\n}",
    "vrrp_track_file F {\nfile /tmp/f\n}",
    "vrrp_track_process P {\nprocess p\n}",
    "$X=1",
    "@other router_id x",
    "include other.conf",
};

// V with `more` in it, S a script, B a BFD session, and `outside` after both.
std::string file(const std::string& more, const std::string& outside = "") {
    return "vrrp_script S {\nscript \"/usr/bin/killall -0 haproxy\"\ninterval 2\ntimeout 1\nrise "
           "2\nfall 3\nweight 0\nuser root\ninit_fail\n}\n"
           "bfd_instance B {\nneighbor_ip 10.0.0.8\n}\n"
           "vrrp_instance V {\ninterface eth0\nvirtual_router_id 51\n"
           "virtual_ipaddress {\n10.0.0.1/24 dev eth0 label eth0:1\n}\n" +
           more + "\n}\n" + outside;
}

// The statement loads, or is refused by its name or its block's.
void expect_known(const std::string& text, std::string_view statement) {
    const std::string keyword(statement.substr(0, statement.find_first_of(" \n")));
    const Files files{{"f", text}, {"other.conf", ""}};
    const LoadResult result = load("f", reader_of(files), {});
    for (const Diagnostic& d : result.diagnostics) {
        EXPECT_EQ(d.message.find("unknown"), std::string::npos) << d.to_string();
        const auto says = [&](const std::string& what) {
            return d.message.find(what) != std::string::npos;
        };
        const bool refused = d.severity == Severity::error && keyword != "authentication";
        EXPECT_TRUE(!refused || says(keyword) || says("is not supported yet"))
            << statement << ": " << d.message;
    }
}

TEST(KeepalivedKeywords, GlobalDefs) {
    for (const std::string statement : global_statements)
        expect_known("global_defs {\n" + statement + "\n}\n" + file(""), statement);
}

TEST(KeepalivedKeywords, VrrpInstance) {
    for (const std::string statement : instance_statements)
        expect_known(file(statement), statement);
}

TEST(KeepalivedKeywords, VrrpSyncGroup) {
    for (const std::string statement : group_statements)
        expect_known(file("", "vrrp_sync_group G {\ngroup {\nV\n}\n" + statement + "\n}\n"),
                     statement);
}

TEST(KeepalivedKeywords, OutsideOfTheseBlocks) {
    for (const std::string statement : outer_statements)
        expect_known(file("", statement + "\n"), statement);
}

// What keepalived 2.2.7's parser knows, block by block: none is unknown here, wherever it leads.
struct Block {
    const char* opening;
    const char* closing;
    const char* keywords;
};

const Block blocks[] = {
    {"global_defs {\n", "}\n",
     "process_names process_name vrrp_process_name checker_process_name "
     "lvs_process_name bfd_process_name router_id notification_email_from "
     "smtp_server smtp_helo_name smtp_connect_timeout notification_email "
     "smtp_alert startup_script startup_script_timeout shutdown_script "
     "shutdown_script_timeout max_auto_priority min_auto_priority_delay "
     "smtp_alert_vrrp smtp_alert_checker checker_log_all_failures "
     "dynamic_interfaces no_email_faults default_interface disable_local_igmp "
     "lvs_timeouts lvs_flush lvs_flush_on_stop lvs_flush_onstop lvs_sync_daemon "
     "vrrp_mcast_group4 vrrp_mcast_group6 vrrp_garp_master_delay "
     "vrrp_garp_master_repeat vrrp_garp_master_refresh "
     "vrrp_garp_master_refresh_repeat vrrp_garp_lower_prio_delay "
     "vrrp_garp_lower_prio_repeat vrrp_down_timer_adverts vrrp_garp_interval "
     "vrrp_gna_interval vrrp_min_garp vrrp_garp_extra_if vrrp_vmac_garp_intvl "
     "vrrp_lower_prio_no_advert vrrp_higher_prio_send_advert vrrp_version "
     "vrrp_iptables vrrp_ipsets nftables nftables_priority nftables_ifindex "
     "nftables_ipvs nftables_ipvs_priority nftables_ipvs_start_fwmark "
     "nftables_counters vrrp_check_unicast_src vrrp_skip_check_adv_addr "
     "vrrp_strict vrrp_priority vrrp_no_swap vrrp_rt_priority vrrp_cpu_affinity "
     "vrrp_rlimit_rttime vrrp_rlimit_rtime notify_fifo notify_fifo_script "
     "vrrp_notify_fifo vrrp_notify_fifo_script vrrp_notify_priority_changes "
     "fifo_write_vrrp_states_on_reload lvs_notify_fifo lvs_notify_fifo_script "
     "checker_priority checker_no_swap checker_rt_priority checker_cpu_affinity "
     "checker_rlimit_rttime checker_rlimit_rtime bfd_priority bfd_no_swap "
     "bfd_rt_priority bfd_cpu_affinity bfd_rlimit_rttime bfd_rlimit_rtime "
     "snmp_socket enable_traps enable_snmp_vrrp enable_snmp_keepalived "
     "enable_snmp_rfc enable_snmp_rfcv2 enable_snmp_rfcv3 enable_snmp_checker "
     "enable_dbus dbus_service_name script_user enable_script_security "
     "vrrp_netlink_cmd_rcv_bufs vrrp_netlink_cmd_rcv_bufs_force "
     "vrrp_netlink_monitor_rcv_bufs vrrp_netlink_monitor_rcv_bufs_force "
     "process_monitor_rcv_bufs process_monitor_rcv_bufs_force "
     "lvs_netlink_cmd_rcv_bufs lvs_netlink_cmd_rcv_bufs_force "
     "lvs_netlink_monitor_rcv_bufs lvs_netlink_monitor_rcv_bufs_force "
     "rs_init_notifies no_checker_emails vrrp_rx_bufs_policy "
     "vrrp_rx_bufs_multiplier vrrp_startup_delay log_unknown_vrids vmac_prefix "
     "vmac_addr_prefix umask random_seed reload_check_config reload_time_file "
     "reload_repeat reload_file include_check config_save_dir tmp_config_directory "
     "data_use_instance"},
    {"vrrp_instance V {\n", "}\n",
     "use_vmac use_vmac_addr vmac_xmit_base use_ipvlan unicast_peer "
     "unicast_fault_no_peer check_unicast_src old_unicast_checksum native_ipv6 "
     "state interface vrf dont_track_primary track_interface track_script "
     "track_file track_process track_bfd mcast_src_ip unicast_src_ip mcast_dst_ip "
     "track_src_ip virtual_router_id unicast_ttl version priority advert_int "
     "virtual_ipaddress virtual_ipaddress_excluded promote_secondaries "
     "linkbeat_use_polling virtual_routes virtual_rules accept no_accept "
     "skip_check_adv_addr strict_mode preempt nopreempt preempt_delay debug "
     "notify_backup notify_master notify_fault notify_stop notify_deleted notify "
     "notify_master_rx_lower_pri smtp_alert notify_priority_changes "
     "lvs_sync_daemon_interface garp_master_delay garp_master_refresh "
     "garp_master_repeat garp_master_refresh_repeat garp_lower_prio_delay "
     "garp_lower_prio_repeat down_timer_adverts garp_extra_if vmac_garp_intvl "
     "lower_prio_no_advert higher_prio_send_advert kernel_rx_buf_size "
     "authentication"},
    {"vrrp_sync_group V {\n", "}\n",
     "group track_interface track_script track_file track_process track_bfd "
     "notify_backup notify_master notify_fault notify_stop notify smtp_alert "
     "global_tracking sync_group_tracking_weight notify_priority_changes"},
    {"vrrp_script V {\n", "}\n", "script interval timeout weight rise fall user init_fail"},
    {"bfd_instance V {\n", "}\n",
     "source_ip neighbor_ip neighbour_ip min_rx min_tx idle_tx multiplier passive ttl hoplimit "
     "max_hops weight vrrp checker"},
    {"vrrp_track_process V {\n", "}\n",
     "process param_match weight quorum quorum_max delay terminate_delay "
     "fork_delay full_command"},
    {"", "",
     "linkbeat_use_polling net_namespace net_namespace_ipvs namespace_with_ipsets "
     "use_pid_dir instance child_wait_time global_defs track_group "
     "static_ipaddress static_routes static_rules vrrp_sync_group garp_group "
     "linkbeat_interfaces vrrp_instance vrrp_script vrrp_track_process "
     "interface_up_down_delays SSL virtual_server_group virtual_server track_file "
     "vrrp_track_file bfd_instance"},
    {"virtual_server 1.1.1.1 80 {\n", "}\n",
     "ip_family retry delay_before_retry warmup connect_timeout delay_loop "
     "inhibit_on_failure lb_algo lvs_sched hashed ops flag-1 flag-2 flag-3 sh-port "
     "sh-fallback mh-port mh-fallback lb_kind lvs_method persistence_engine "
     "persistence_timeout persistence_granularity protocol ha_suspend smtp_alert "
     "virtualhost snmp_name alpha omega quorum_up quorum_down quorum hysteresis "
     "weight sorry_server sorry_server_inhibit sorry_server_lvs_method real_server"},
    {"virtual_server 1.1.1.1 80 {\nreal_server 1.1.1.2 80 {\n", "}\n}\n",
     "weight lvs_method uthreshold lthreshold inhibit_on_failure notify_up "
     "notify_down alpha retry delay_before_retry warmup connect_timeout delay_loop "
     "smtp_alert virtualhost snmp_name"},
    {"virtual_server 1.1.1.1 80 {\nreal_server 1.1.1.2 80 {\nTCP_CHECK {\n", "}\n}\n}\n",
     "connect_ip connect_port bindto bind_port bind_if connect_timeout fwmark "
     "retry delay_before_retry warmup delay_loop alpha log_all_failures"},
    {"virtual_server 1.1.1.1 80 {\nreal_server 1.1.1.2 80 {\nUDP_CHECK {\n", "}\n}\n}\n",
     "payload require_reply min_reply_length max_reply_length connect_ip "
     "connect_port bindto bind_port bind_if connect_timeout fwmark retry "
     "delay_before_retry warmup delay_loop alpha log_all_failures"},
    {"virtual_server 1.1.1.1 80 {\nreal_server 1.1.1.2 80 {\nMISC_CHECK {\n", "}\n}\n}\n",
     "misc_path misc_timeout misc_dynamic user retry delay_before_retry warmup "
     "delay_loop alpha log_all_failures"},
    {"virtual_server 1.1.1.1 80 {\nreal_server 1.1.1.2 80 {\nSMTP_CHECK {\n", "}\n}\n}\n",
     "helo_name host connect_ip connect_port bindto bind_port bind_if "
     "connect_timeout fwmark retry delay_before_retry warmup delay_loop alpha "
     "log_all_failures"},
    {"virtual_server 1.1.1.1 80 {\nreal_server 1.1.1.2 80 {\nDNS_CHECK {\n", "}\n}\n}\n",
     "type name connect_ip connect_port bindto bind_port bind_if connect_timeout "
     "fwmark retry delay_before_retry warmup delay_loop alpha log_all_failures"},
    {"virtual_server 1.1.1.1 80 {\nreal_server 1.1.1.2 80 {\nPING_CHECK {\n", "}\n}\n}\n",
     "connect_ip connect_port bindto bind_port bind_if connect_timeout fwmark "
     "retry delay_before_retry warmup delay_loop alpha log_all_failures"},
    {"virtual_server 1.1.1.1 80 {\nreal_server 1.1.1.2 80 {\nFILE_CHECK {\n", "}\n}\n}\n",
     "track_file weight"},
    {"virtual_server 1.1.1.1 80 {\nreal_server 1.1.1.2 80 {\nBFD_CHECK {\n", "}\n}\n}\n",
     "name alpha"},
    {"virtual_server 1.1.1.1 80 {\nreal_server 1.1.1.2 80 {\nHTTP_GET {\n", "}\n}\n}\n",
     "nb_get_retry virtualhost http_protocol enable_sni fast_recovery url "
     "connect_ip connect_port bindto bind_port bind_if connect_timeout fwmark "
     "retry delay_before_retry warmup delay_loop alpha log_all_failures"},
    {"virtual_server 1.1.1.1 80 {\nreal_server 1.1.1.2 80 {\nHTTP_GET {\nurl {\n", "}\n}\n}\n}\n",
     "path digest status_code virtualhost regex regex_no_match regex_options "
     "regex_min_offset regex_max_offset regex_stack"},
};

TEST(KeepalivedKeywords, AllOfItsParser) {
    for (const Block& block : blocks) {
        std::istringstream words(block.keywords);
        for (std::string keyword; words >> keyword;) {
            const LoadResult result = load_text(block.opening + keyword + " 1 2\n" + block.closing);
            const std::string told = messages(result.diagnostics);
            EXPECT_EQ(told.find("unknown keyword"), std::string::npos) << told;
            EXPECT_EQ(told.find("does not belong"), std::string::npos) << told;
        }
    }
}

// An IPv6 pair as in keepalived's sample: link-local first.
TEST(KeepalivedKeywords, Ipv6Instance) {
    const LoadResult result = load_text(
        "vrrp_instance V {\ninterface eth0\nvirtual_router_id 51\nversion 3\npriority 100\n"
        "virtual_ipaddress {\nfe80::51/64\n2001:db8::1/64\n}\n}\n");
    EXPECT_EQ(result.config.vrrp_instances.at(0).version, 3);
    EXPECT_EQ(messages(result.diagnostics).find("link-local"), std::string::npos);
    const LoadResult global = load_text(
        "vrrp_instance V {\ninterface eth0\nvirtual_router_id 51\nversion 3\n"
        "virtual_ipaddress {\n2001:db8::1/64\n}\n}\n");
    EXPECT_NE(messages(global.diagnostics).find("put a line like 'fe80::51/64' before the others"),
              std::string::npos)
        << messages(global.diagnostics);
}

// One file for both nodes: @id lines, definitions, an include.
TEST(KeepalivedKeywords, OneFileForBothNodes) {
    const Files files{{"f",
                       "$VIP=10.0.0.1/24\nvrrp_instance V {\ninterface eth0\nvirtual_router_id 51\n"
                       "@a priority 150\n@b priority 100\n@^a nopreempt\n"
                       "virtual_ipaddress {\n$VIP\n}\ninclude more\n}\n"},
                      {"more", "advert_int 2\n"}};
    for (const std::string id : {"a", "b"}) {
        LoadOptions options;
        options.config_id = id;
        const LoadResult result = load("f", reader_of(files), options);
        ASSERT_EQ(result.config.vrrp_instances.size(), 1U) << messages(result.diagnostics);
        const VrrpInstance& v = result.config.vrrp_instances[0];
        EXPECT_EQ(v.priority, id == "a" ? 150 : 100);
        EXPECT_EQ(v.preempt, id == "a");
        EXPECT_EQ(v.advert_int_ns, 2 * ns_per_s);
        EXPECT_EQ(v.virtual_ipaddress.at(0).prefix.to_string(), "10.0.0.1/24");
    }
}

}  // namespace keepalived_keywords_test
}  // namespace warren::schema
