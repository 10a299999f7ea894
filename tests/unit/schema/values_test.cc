// SPDX-License-Identifier: BSD-3-Clause
// What an accepted file means: values, defaults, and how defaults are passed on.
#include <gtest/gtest.h>

#include "load_text.h"

namespace warren::schema {
namespace values_test {

using namespace config;
using namespace syntax;

// Loads one instance with these statements; errors of check_supported do not matter here.
VrrpInstance instance(const std::string& statements, const std::string& before = "") {
    const LoadResult result = load_text(before +
                                        "vrrp_instance V {\ninterface eth0\nvirtual_router_id 1\n"
                                        "virtual_ipaddress {\n10.0.0.1/24\n}\n" +
                                        statements + "\n}\n");
    EXPECT_EQ(result.config.vrrp_instances.size(), 1U) << messages(result.diagnostics);
    return result.config.vrrp_instances.at(0);
}

VirtualServer server(const std::string& statements) {
    const LoadResult result = load_text("virtual_server 10.0.0.1 5672 {\n" + statements + "\n}\n");
    EXPECT_EQ(result.config.virtual_servers.size(), 1U) << messages(result.diagnostics);
    return result.config.virtual_servers.at(0);
}

TEST(Instance, Defaults) {
    const VrrpInstance v = instance("");
    EXPECT_EQ(v.initial_state, VrrpState::backup);
    EXPECT_EQ(v.priority, 100);
    EXPECT_EQ(v.version, 2);
    EXPECT_EQ(v.advert_int_ns, ns_per_s);
    EXPECT_TRUE(v.preempt);
    EXPECT_TRUE(v.accept);
    EXPECT_EQ(v.garp.master_delay_ns, 5 * ns_per_s);
    EXPECT_EQ(v.garp.master_repeat, 5U);
    EXPECT_EQ(v.garp.master_refresh_ns, 60 * ns_per_s);
    EXPECT_EQ(v.garp.lower_prio_delay_ns, 5 * ns_per_s);
}

TEST(VirtualAddresses, HowTheHostHasThem) {
    const LoadResult result = load_text(
        "dataplane {\nhost_addresses off\n}\nvrrp_instance V {\ninterface eth0\n"
        "virtual_router_id 1\nvirtual_ipaddress {\n10.0.0.1/24\n"
        "10.0.0.2/24 dev eth0 label eth0:vip scope link brd 10.0.0.255 preferred_lft 60\n"
        "10.0.0.3 peer 10.0.0.4/32 scope 200 noprefixroute autojoin\n}\n"
        "virtual_ipaddress_excluded {\nfd00::1/64 home -nodad mngtmpaddr preferred_lft forever\n"
        "}\n}\n");
    ASSERT_TRUE(result.ok()) << messages(result.diagnostics);
    EXPECT_FALSE(result.config.dataplane.host_addresses);
    const VrrpInstance& v = result.config.vrrp_instances.at(0);
    EXPECT_TRUE(v.virtual_ipaddress.at(0).label.empty());
    EXPECT_TRUE(v.virtual_ipaddress.at(0).nodad);
    const VirtualAddress& second = v.virtual_ipaddress.at(1);
    EXPECT_EQ(second.label, "eth0:vip");
    EXPECT_EQ(second.scope, 253);
    EXPECT_EQ(second.broadcast, net::IpAddress::v4(10, 0, 0, 255));
    EXPECT_EQ(second.preferred_lft, 60U);
    const VirtualAddress& third = v.virtual_ipaddress.at(2);
    EXPECT_EQ(third.peer, net::Prefix::parse("10.0.0.4/32"));
    EXPECT_EQ(third.scope, 200);
    EXPECT_TRUE(third.noprefixroute && third.autojoin);
    const VirtualAddress& v6 = v.virtual_ipaddress_excluded.at(0);
    EXPECT_TRUE(v6.home && v6.mngtmpaddr && !v6.nodad);
    EXPECT_EQ(v6.preferred_lft, 0xffff'ffffU);
    EXPECT_TRUE(load_text("").config.dataplane.host_addresses) << "the default";
}

// As keepalived: with a warning, and a word of no meaning costs nothing but itself.
TEST(VirtualAddresses, AValueThatIsNoneLeavesTheAddressOut) {
    for (const std::string line :
         {"10.0.0.1/24 label a-label-of-16-chr", "10.0.0.1/24 scope nowhere-near",
          "10.0.0.1/24 brd fd00::1", "10.0.0.1/24 brd x", "10.0.0.1/24 peer fd00::2",
          "10.0.0.1/24 preferred_lft -1", "10.0.0.1/24 preferred_lft", "10.0.0.1/24 nonsense",
          "10.0.0.1/33", "10.0.0.1/24 10.0.0.2/24", "nobody"}) {
        const LoadResult result = load_text(
            "vrrp_instance V {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress {\n" + line +
            "\n10.0.0.9\n}\n}\n");
        const std::vector<VirtualAddress>& taken =
            result.config.vrrp_instances.at(0).virtual_ipaddress;
        const bool stays =
            line.ends_with("nonsense") || line.ends_with("/33") || line.ends_with("10.0.0.2/24");
        EXPECT_TRUE(result.ok()) << line;
        EXPECT_EQ(taken.size(), stays ? 2U : 1U) << line;
        EXPECT_NE(messages(result.diagnostics).find("f:5: warning: "), std::string::npos) << line;
    }
}

TEST(Instance, GlobalDefaultsReachInstancesWhereverTheyStand) {
    const VrrpInstance v = instance(
        "garp_master_repeat 3\n}\nglobal_defs {\nvrrp_garp_master_delay 1\nvrrp_garp_master_repeat "
        "9\n"
        "vrrp_garp_lower_prio_repeat 2\nvrrp_garp_interval 0.001\nvrrp_version 3\n");
    EXPECT_EQ(v.garp.master_delay_ns, ns_per_s);
    EXPECT_EQ(v.garp.master_repeat, 3U) << "its own counts more";
    EXPECT_EQ(v.garp.lower_prio_delay_ns, ns_per_s) << "follows the master's delay";
    EXPECT_EQ(v.garp.lower_prio_repeat, 2U);
    EXPECT_EQ(v.garp.garp_interval_ns, ns_per_ms);
    EXPECT_EQ(v.version, 3);
}

// Measured beside keepalived 2.2.7: one for a takeover, five for a lower priority.
TEST(Instance, WhatFollowsALowerAdvertIsNotItsAnswerToATakeover) {
    const VrrpInstance v = instance("garp_master_delay 1\ngarp_master_repeat 1");
    EXPECT_EQ(v.garp.lower_prio_delay_ns, 5 * ns_per_s);
    EXPECT_EQ(v.garp.lower_prio_repeat, 5U);
}

TEST(Instance, MinGarp) {
    const VrrpInstance v = instance("", "global_defs {\nvrrp_min_garp\n}\n");
    EXPECT_EQ(v.garp.master_repeat, 1U);
    EXPECT_EQ(v.garp.master_delay_ns, 0);
}

TEST(Instance, StrictModeChangesDefaults) {
    const VrrpInstance v = instance("authentication {\nauth_type PASS\nauth_pass x\n}",
                                    "global_defs {\nvrrp_strict\n}\n");
    EXPECT_FALSE(v.accept);
    EXPECT_TRUE(v.lower_prio_no_advert);
    EXPECT_EQ(v.auth_type, AuthType::none);
    EXPECT_TRUE(instance("strict_mode off\n", "global_defs {\nvrrp_strict\n}\n").accept);
    EXPECT_TRUE(instance("strict_mode\nversion 3\naccept\n").accept);
    EXPECT_FALSE(instance("strict_mode\naccept\n").accept) << "not with version 2";
    EXPECT_EQ(v.garp.lower_prio_repeat, 0U);
}

TEST(Instance, OwnerIsMaster) {
    const VrrpInstance v = instance("state BACKUP\npriority 255\nnopreempt");
    EXPECT_EQ(v.initial_state, VrrpState::master);
    EXPECT_TRUE(v.preempt);
}

TEST(Instance, QuotedScalarsAndFractions) {
    const VrrpInstance v =
        instance("priority \"150\"\nversion 3\nadvert_int 0.01\npreempt_delay 1.5");
    EXPECT_EQ(v.priority, 150);
    EXPECT_EQ(v.advert_int_ns, 10 * ns_per_ms);
    EXPECT_EQ(v.preempt_delay_ns, 1'500 * ns_per_ms);
}

TEST(Instance, AnIpv6AddressMeansVersion3) {
    const LoadResult r = load_text(
        "vrrp_instance V {\ninterface e\nvirtual_router_id 1\n"
        "virtual_ipaddress {\nfe80::1/64\n2001:db8::1/64\n}\n}\n");
    EXPECT_EQ(r.config.vrrp_instances.at(0).version, 3);
}

TEST(Instance, FamilyAndGroupFollowTheFirstAddress) {
    const std::string global =
        "global_defs {\nvrrp_version 2\nvrrp_mcast_group4 224.0.0.19\nvrrp_mcast_group6 "
        "ff02::13\n}\n";
    EXPECT_EQ(instance("", global).multicast_group.to_string(), "224.0.0.19");
    EXPECT_EQ(instance("mcast_dst_ip 224.0.0.20", global).multicast_group.to_string(),
              "224.0.0.20");
    const LoadResult r = load_text(global +
                                   "vrrp_instance V {\ninterface e\nvirtual_router_id 1\n"
                                   "virtual_ipaddress {\nfe80::1/64\n2001:db8::1/64\n}\n"
                                   "virtual_ipaddress_excluded {\n10.0.0.1\n}\n}\n");
    const VrrpInstance& v = r.config.vrrp_instances.at(0);
    EXPECT_TRUE(v.is_ipv6());
    EXPECT_EQ(v.multicast_group.to_string(), "ff02::13");
    EXPECT_EQ(v.version, 3) << "vrrp_version is about IPv4";
}

TEST(Instance, NoPriorityAndStateMasterMeansOwner) {  // keepalived's vrrp_complete_instance()
    EXPECT_EQ(instance("state MASTER").priority, 255);
    EXPECT_EQ(instance("state MASTER\npriority 100").priority, 100);
    EXPECT_EQ(instance("state BACKUP").priority, 100);
}

TEST(Instance, IntervalIsRoundedToTheVersionsUnit) {
    EXPECT_EQ(instance("version 3\nadvert_int 0.104").advert_int_ns, 100 * ns_per_ms);
    EXPECT_EQ(instance("version 3\nadvert_int 0.015").advert_int_ns, 20 * ns_per_ms);
    EXPECT_EQ(instance("version 3\nadvert_int 40.95").advert_int_ns, 40'950 * ns_per_ms);
    EXPECT_EQ(instance("advert_int 0.2").advert_int_ns, ns_per_s);
}

TEST(Instance, StrictModeForbidsWhatTheRfcsDoNotKnow) {
    const VrrpInstance v = instance(
        "strict_mode\nstate MASTER\npriority 150\npreempt_delay 5\nlower_prio_no_advert off\n"
        "higher_prio_send_advert\ngarp_lower_prio_repeat 3");
    EXPECT_EQ(v.initial_state, VrrpState::backup);
    EXPECT_EQ(v.preempt_delay_ns, 0);
    EXPECT_TRUE(v.lower_prio_no_advert);
    EXPECT_FALSE(v.higher_prio_send_advert);
    EXPECT_EQ(v.garp.lower_prio_repeat, 0U);
    EXPECT_TRUE(instance("strict_mode\nstate MASTER\npriority 255").accept) << "an owner answers";
}

TEST(Instance, RareKeywords) {
    const VrrpInstance v = instance(
        "down_timer_adverts 5\nowner_ignore_adverts\ndont_track_primary\nunicast_ttl 64\n"
        "unicast_fault_no_peer\nunicast_peer {\n10.0.0.7\n}\n"
        "authentication {\nauth_type AH\nauth_pass x\nah_rfc2402\n}\n");
    EXPECT_EQ(v.down_timer_adverts, 5);
    EXPECT_TRUE(v.owner_ignore_adverts);
    EXPECT_FALSE(v.track_primary);
    EXPECT_EQ(v.unicast_ttl, 64);
    EXPECT_FALSE(v.check_unicast_src);
    EXPECT_EQ(v.auth_type, AuthType::ah);
    EXPECT_TRUE(v.ah_rfc2402);
    EXPECT_TRUE(instance("unicast_peer {\n10.0.0.7 min_ttl 254\n}").check_unicast_src)
        << "a limit is a check";
    const VrrpInstance global =
        instance("", "global_defs {\nvrrp_down_timer_adverts 4\nvrrp_owner_ignore_adverts\n}\n");
    EXPECT_EQ(global.down_timer_adverts, 4);
    EXPECT_TRUE(global.owner_ignore_adverts);
}

TEST(Instance, ListsAndScripts) {
    const VrrpInstance v = instance(
        "track_interface {\neth1\neth2 weight -5 reverse\n}\n"
        "unicast_peer {\n10.0.0.7 min_ttl 254\n}\nunicast_src_ip 10.0.0.6\n"
        "virtual_ipaddress_excluded {\n10.0.0.8 dev eth3\n}\nuse_vmac vrrp.1\n"
        "notify_master \"/bin/up now\" amq amqgroup\n");
    ASSERT_EQ(v.tracked.size(), 2U);
    EXPECT_EQ(v.tracked[0].weight, 0);
    EXPECT_EQ(v.tracked[1].weight, -5);
    EXPECT_TRUE(v.tracked[1].reverse);
    EXPECT_EQ(v.unicast_peer.at(0).min_ttl, 254);
    EXPECT_EQ(v.unicast_src_ip->to_string(), "10.0.0.6");
    EXPECT_EQ(v.virtual_ipaddress_excluded.at(0).prefix.to_string(), "10.0.0.8/32");
    EXPECT_EQ(v.virtual_ipaddress_excluded.at(0).device, "eth3");
    EXPECT_TRUE(v.use_vmac);
    EXPECT_EQ(v.vmac_name, "vrrp.1");
    EXPECT_EQ(v.notify.master->command, "/bin/up now");
    EXPECT_EQ(v.notify.master->group, "amqgroup");
}

TEST(Service, Defaults) {
    const VirtualServer s = server("real_server 10.0.0.2 5672 {\nTCP_CHECK {\n}\n}");
    EXPECT_EQ(s.lb_algo, LbAlgo::wlc);
    EXPECT_EQ(s.lb_kind, LbKind::nat) << "keepalived's default";
    EXPECT_EQ(s.quorum, 1U);
    EXPECT_EQ(s.establish_timeout_ns, 7'440 * ns_per_s) << "RFC 5382 REQ-5";
    const CheckTiming& t = std::get<TcpCheck>(s.real_servers.at(0).checkers.at(0)).timing;
    EXPECT_EQ(t.delay_loop_ns, 200 * ns_per_ms);
    EXPECT_EQ(t.connect_timeout_ns, 5 * ns_per_s);
    EXPECT_EQ(t.retry, 1U);
    EXPECT_EQ(t.delay_before_retry_ns, ns_per_s);
}

TEST(Service, SchedulersAndTheirFlags) {
    constexpr std::pair<const char*, LbAlgo> names[] = {
        {"rr", LbAlgo::rr},   {"wrr", LbAlgo::wrr}, {"lc", LbAlgo::lc},
        {"wlc", LbAlgo::wlc}, {"sed", LbAlgo::sed}, {"nq", LbAlgo::nq},
        {"fo", LbAlgo::fo},   {"sh", LbAlgo::sh},   {"mh", LbAlgo::mh}};
    for (const auto& [name, algo] : names)
        EXPECT_EQ(server(std::string("lvs_sched ") + name + "\n").lb_algo, algo);
    EXPECT_FALSE(server("lb_algo sh\n").hash_port);
    for (const char* flag : {"sh-port", "mh-port", "flag-2"}) {
        const VirtualServer s = server(std::string("lb_algo sh\n") + flag + "\n");
        EXPECT_TRUE(s.hash_port && !s.hash_fallback) << flag;
    }
    for (const char* flag : {"sh-fallback", "mh-fallback", "flag-1"}) {
        const VirtualServer s = server(std::string("lb_algo mh\n") + flag + "\n");
        EXPECT_TRUE(!s.hash_port && s.hash_fallback) << flag;
    }
}

TEST(Service, Persistence) {
    EXPECT_EQ(server("").persistence_timeout_ns, 0);
    const VirtualServer plain = server("persistence_timeout\n");
    EXPECT_EQ(plain.persistence_timeout_ns, 360 * ns_per_s);
    EXPECT_FALSE(plain.persistence_granularity);
    const VirtualServer both =
        server("persistence_timeout 60\npersistence_granularity 255.255.240.0\n");
    EXPECT_EQ(both.persistence_timeout_ns, 60 * ns_per_s);
    EXPECT_EQ(both.persistence_granularity, 20);
    EXPECT_EQ(server("persistence_granularity 255.255.255.255\n").persistence_timeout_ns,
              360 * ns_per_s)
        << "alone it turns persistence on";
}

TEST(Service, HowServersComeAndGo) {
    const VirtualServer plain = server("");
    EXPECT_EQ(plain.balancing, Balancing{}) << "all of it is off";
    const VirtualServer s = server(
        "slow_start 30\ndrain_timeout 1.5\nprefer ram\nrebalance {\nrate 5\nthreshold 20\nmethod "
        "reset\n}\nreal_server 10.0.0.7 5672 {\ntier 2\n}\n");
    EXPECT_EQ(s.balancing.slow_start_ns, 30 * ns_per_s);
    EXPECT_EQ(s.balancing.drain_timeout_ns, 1'500 * ns_per_ms);
    EXPECT_EQ(s.balancing.prefer, Prefer::ram);
    EXPECT_EQ(s.balancing.rebalance, (Rebalance{.rate = 5, .threshold = 20}));
    EXPECT_EQ(s.real_servers.back().tier, 2U);
    EXPECT_EQ(server("rebalance {\n}\n").balancing.rebalance, Rebalance{});
}

TEST(Service, SorryServer) {
    const VirtualServer s = server(
        "sorry_server 10.0.0.9\nsorry_server_inhibit\n"
        "sorry_server_lvs_method DR\n");
    ASSERT_TRUE(s.sorry_server);
    EXPECT_EQ(s.sorry_server->port, s.port);
    EXPECT_TRUE(s.sorry_server->inhibit_on_failure);
    EXPECT_EQ(s.sorry_server->kind_in(s), LbKind::dr);
    EXPECT_EQ(server("sorry_server 10.0.0.9 80\n").sorry_server->port, 80);
}

TEST(Service, TimingsGoInwardsWhateverTheOrder) {
    const VirtualServer s = server(
        "real_server 10.0.0.2 1 {\nTCP_CHECK {\nretry 7\n}\nPING_CHECK {\nconnect_timeout 0.1\n}\n"
        "delay_before_retry 3\n}\n"
        "delay_loop 6\nretry 4\ninhibit_on_failure\n");
    const RealServer& r = s.real_servers.at(0);
    EXPECT_TRUE(r.inhibit_on_failure);
    const CheckTiming& tcp = std::get<TcpCheck>(r.checkers.at(0)).timing;
    const CheckTiming& ping = std::get<PingCheck>(r.checkers.at(1)).timing;
    EXPECT_EQ(tcp.delay_loop_ns, 6 * ns_per_s);
    EXPECT_EQ(tcp.retry, 7U);
    EXPECT_EQ(tcp.delay_before_retry_ns, 3 * ns_per_s);
    EXPECT_EQ(ping.retry, 4U);
    EXPECT_EQ(ping.connect_timeout_ns, 100 * ns_per_ms);
}

TEST(Service, CheckEndpoint) {
    const VirtualServer s = server(
        "real_server 10.0.0.2 1 {\nTCP_CHECK {\nconnect_ip 10.0.0.9\n"
        "connect_port 9\nbindto 10.0.0.8\n}\n}\n");
    const CheckEndpoint& e = std::get<TcpCheck>(s.real_servers.at(0).checkers.at(0)).endpoint;
    EXPECT_EQ(e.connect_ip->to_string(), "10.0.0.9");
    EXPECT_EQ(e.connect_port, 9);
    EXPECT_EQ(e.bind_ip->to_string(), "10.0.0.8");
}

TEST(Service, AServerMayHaveItsOwnMethod) {
    const VirtualServer s = server(
        "lb_kind DR\nreal_server 10.0.0.2 1 {\nlvs_method FNAT\nPING_CHECK {\n}\n}\n"
        "real_server 10.0.0.3 1 {\nPING_CHECK {\n}\n}\n");
    EXPECT_EQ(s.real_servers.at(0).kind_in(s), LbKind::fnat);
    EXPECT_EQ(s.real_servers.at(1).kind_in(s), LbKind::dr);
}

TEST(Service, LocalAddressGroup) {
    const LoadResult r = load_text(
        "local_address_group L {\n10.0.0.9 eth0\n10.0.0.10\n}\n"
        "virtual_server 10.0.0.1 1 {\nlb_kind FNAT\nladdr_group_name L\n}\n");
    EXPECT_TRUE(r.ok()) << messages(r.diagnostics);
    EXPECT_EQ(r.config.virtual_servers.at(0).local_address_group, "L");
    const LocalAddressGroup* group = r.config.find_local_address_group("L");
    ASSERT_NE(group, nullptr);
    EXPECT_EQ(group->members.at(0).interface, "eth0");
    EXPECT_EQ(group->members.at(1).address.to_string(), "10.0.0.10");
}

TEST(Dataplane, Values) {
    const Dataplane d = load_text(
                            "dataplane {\nworker_cpus 2,4-5 7\ncontrol_cpu 1\ncontrol_priority 50\n"
                            "hugepages no\nidle busy\nflows 1000\nunknown_flow drop\n"
                            "http 127.0.0.1:9721\nhttp unix:/run/warren/%i.http\n"
                            "interface eth0 {\ndevice 0000:3b:00.0\n}\n"
                            "interface eth1 {\ndevice \"net_tap0,iface=tap0\"\n}\n}\n")
                            .config.dataplane;
    EXPECT_EQ(d.worker_cpus, (std::vector<unsigned>{2, 4, 5, 7}));
    EXPECT_EQ(d.workers, 4U) << "one for each CPU";
    EXPECT_EQ(d.control_cpu, 1U);
    EXPECT_EQ(d.control_priority, 50);
    EXPECT_EQ(d.hugepages, Hugepages::no);
    EXPECT_EQ(d.idle, Idle::busy);
    EXPECT_EQ(d.flows, 1'000U);
    EXPECT_EQ(d.unknown_flow, UnknownFlow::drop);
    EXPECT_EQ(d.find_interface("eth1")->device, "net_tap0,iface=tap0");
    EXPECT_EQ(d.find_interface("eth2"), nullptr);
    ASSERT_EQ(d.http.size(), 2U);
    EXPECT_EQ(d.http[0].to_string(), "127.0.0.1:9721");
    EXPECT_EQ(d.http[1].to_string(), "unix:/run/warren/%i.http");
}

TEST(Dataplane, Defaults) {
    const Dataplane d = load_text("").config.dataplane;
    EXPECT_EQ(d.unknown_flow, UnknownFlow::reset);
    EXPECT_EQ(d.workers, 1U);
    EXPECT_EQ(d.flows, 65'536U);
    EXPECT_EQ(d.control_priority, std::nullopt);
    EXPECT_EQ(d.hugepages, Hugepages::automatic);
    EXPECT_EQ(d.idle, Idle::adaptive);
    EXPECT_TRUE(d.http.empty()) << "nobody listens unless the file says so";
}

TEST(Dataplane, ControlPriority) {
    const std::string keepalived = "global_defs {\nvrrp_rt_priority 20\n}\n";
    const std::string ours = "dataplane {\ncontrol_priority 0\n}\n";
    EXPECT_EQ(load_text("").config.control_priority(), 1) << "above ordinary threads";
    EXPECT_EQ(load_text(keepalived).config.control_priority(), 20);
    EXPECT_EQ(load_text(keepalived + ours).config.control_priority(), 0);
    EXPECT_EQ(load_text(ours + keepalived).config.control_priority(), 0);
}

TEST(Text, ShowsTheResolvedFileWithoutPasswords) {
    const LoadResult r = load_text(
        "$P=7\nvrrp_instance V { # x\nauthentication {\nauth_pass secret\n}\npriority $P\n}");
    std::string text;
    for (const syntax::TextLine& line : r.lines)
        text += line.text + "\n";
    EXPECT_EQ(text,
              "vrrp_instance V {\n    authentication {\n        auth_pass ********\n    }\n"
              "    priority 7\n}\n");
    EXPECT_EQ(r.lines[2].where.line, 4U);
    EXPECT_EQ(r.lines[4].where.line, 6U);
}

}  // namespace values_test
}  // namespace warren::schema
