// SPDX-License-Identifier: BSD-3-Clause
// Any keepalived.conf loads: virtual_servers, their checks, and whole files of guides.
#include <gtest/gtest.h>

#include "any_file.h"

namespace warren::schema {
namespace any_server_file_test {

using namespace config;
using namespace syntax;

class AnyServerFile : public testing::TestWithParam<Case> {};

TEST_P(AnyServerFile, IsTakenAsStated) {
    expect_fate(GetParam());
}

const Case services[] = {
    {"the least", service(""), accepted},
    {"tcp", service("").replace(service("").find("protocol TCP"), 12, "protocol tcp"), accepted},
    {"UDP", service("").replace(service("").find("protocol TCP"), 12, "protocol UDP"), warned,
     "its protocol is UDP"},
    {"SCTP", service("").replace(service("").find("protocol TCP"), 12, "protocol SCTP"), warned,
     "its protocol is SCTP"},
    {"by mark", server_of("virtual_server fwmark 3"), warned, "virtual_server fwmark 3 is not"},
    {"all ports", server_of("virtual_server 10.0.0.1"), warned, "it has no port"},
    {"port 0", server_of("virtual_server 10.0.0.1 0"), warned, "it has no port"},
    {"a server without a port for all ports",
     instance() + "virtual_server 10.0.0.1 {\nlb_kind DR\nreal_server 10.0.0.2 {\n}\n}\n", warned,
     "it has no port"},
    {"a group",
     "virtual_server_group W {\n10.0.0.1 80\n10.0.0.1 443\n}\n" +
         server_of("virtual_server group W"),
     warned, "connections come to port"},
    {"a network that is none",
     "virtual_server_group W {\n10.0.2.9/29 80\n}\n" + server_of("virtual_server group W"), refused,
     "'10.0.2.9/29' is no address: an entry looks like"},
    {"a range backwards",
     "virtual_server_group W {\n10.0.2.9-10.0.2.8 80\n}\n" + server_of("virtual_server group W"),
     refused, "'10.0.2.9-10.0.2.8' is no address"},
    {"a group's marks",
     "virtual_server_group W {\nfwmark 5\n}\n" + server_of("virtual_server group W"), warned,
     "fwmark in a virtual_server_group is not served yet"},
    {"no such group", server_of("virtual_server group W"), warned,
     "there is no virtual_server_group 'W'"},
    {"odd entries", "virtual_server_group W {\n10.0.0.9-1 80\n}\n" + instance(), refused,
     "is no address: an entry looks like"},
    {"port 70000", server_of("virtual_server 10.0.0.1 70000"), refused,
     "the port of 'virtual_server' must be"},
    {"no address", server_of("virtual_server rabbit 5672"), refused, "'rabbit' is no IP address"},
    {"schedulers", service("").replace(service("").find("wlc"), 3, "sed"), accepted},
    {"words in other letters",
     "vrrp_instance V {\ninterface eth0\nvirtual_router_id +51\nadvert_int +1\npriority +90\n"
     "virtual_ipaddress {\n10.0.0.1/24\n}\n}\nvirtual_server 10.0.0.1 +80 {\nlb_algo WRR\n"
     "lb_kind dr\nprotocol tcp\nreal_server 10.0.0.2 80 {\nweight +2\nTCP_CHECK {\n"
     "connect_timeout +3\n}\n}\n}\n",
     accepted},
    {"dh in other letters", service("").replace(service("").find("wlc"), 3, "DH"), warned,
     "sh, the nearest"},
    {"dh", service("").replace(service("").find("wlc"), 3, "dh"), warned, "sh, the nearest"},
    {"lblc", service("").replace(service("").find("wlc"), 3, "lblc"), warned, "lc, the nearest"},
    {"lblcr", service("").replace(service("").find("wlc"), 3, "lblcr"), warned, "lc, the nearest"},
    {"ovf", service("").replace(service("").find("wlc"), 3, "ovf"), warned, "fo, the nearest"},
    {"twos", service("").replace(service("").find("wlc"), 3, "twos"), warned, "wlc, the nearest"},
    {"conhash", service("").replace(service("").find("wlc"), 3, "conhash"), warned,
     "mh, the nearest"},
    {"a netmask, as old guides have it", service("net_mask 255.255.255.0"), accepted},
    {"a quorum in words", service("quorum most"), warned, "'quorum' must be"},
    {"a server twice", service("real_server 10.0.0.2 5672 {\nPING_CHECK {\n}\n}"), warned,
     "already stands at f:16: this one is left out, as in keepalived"},
    {"the sorry_server is a server", service("sorry_server 10.0.0.2 5672"), warned,
     "it is left out, for it fails with it"},
    {"no scheduler", service("").replace(service("").find("wlc"), 3, "best"), warned,
     "not 'best': wlc is taken, as in keepalived"},
    {"TUN by GUE",
     service("").replace(service("").find("lb_kind DR"), 10, "lb_kind TUN type gue port 6080"),
     warned, "plain IP in IP is sent"},
    {"a server's own kind", service("", "lvs_method TUN"), accepted},
    {"no kind",
     instance() + "virtual_server 10.0.0.1 80 {\nlb_algo rr\nreal_server 10.0.0.2 80 {\n"
                  "TCP_CHECK {\n}\n}\n}\n",
     warned, "has no lb_kind: NAT is taken"},
    {"no algorithm",
     instance() + "virtual_server 10.0.0.1 80 {\nlb_kind DR\nreal_server 10.0.0.2 "
                  "80 {\nTCP_CHECK {\n}\n}\n}\n",
     warned, "has no lb_algo: wlc is taken"},
    {"persistence", service("persistence_timeout 50"), accepted},
    {"persistence 0", service("persistence_timeout 0"), warned, "means no persistence"},
    {"its engine", service("persistence_engine sip"), warned, "told apart by their addresses"},
    {"granularity", service("persistence_timeout 50\npersistence_granularity 255.255.255.0"),
     accepted},
    {"a granularity of two parts",
     service("persistence_timeout 50\npersistence_granularity 255.0.255.0"), warned,
     "/32 is taken"},
    {"a length for a granularity", service("persistence_timeout 50\npersistence_granularity 24"),
     warned, "/24 is taken"},
    {"one packet", service("ops"), warned, "it is about UDP"},
    {"nat_mask", service("nat_mask 255.255.255.0"), accepted},
    {"timeout", service("timeout 5"), accepted},
    {"DPVS's SYN proxy", service("syn_proxy"), warned, "the real_servers see every SYN"},
    {"DPVS's deny list", service("deny_address_group D"), refused, "is not supported yet"},
    {"PROXY headers", service("lb_kind FNAT\nproxy_protocol v2"), warned, "the last one counts"},
    {"PROXY headers in words", service("lb_kind FNAT\nproxy_protocol v1"), warned,
     "the last one counts"},
    {"PROXY headers of a third kind", service("lb_kind FNAT\nproxy_protocol v3"), refused, "v3"},
    {"PROXY headers with DR", service("proxy_protocol v2"), refused,
     "proxy_protocol is for FNAT and NAT"},
    {"no PROXY headers with DR", service("proxy_protocol off"), accepted},
    {"mail", service("smtp_alert"), accepted},
    {"alpha 1", service("alpha 1"), warned, "is read as on"},
    {"alpha", service("alpha\nomega"), accepted},
    {"quorum", service("quorum 1\nquorum_up /bin/x\nquorum_down /bin/x"), accepted},
    {"quorum 0", service("quorum 0"), warned, "1 is taken"},
    {"quorum too high", service("quorum 9"), warned, "is never reached"},
    {"ha_suspend", service("ha_suspend"), accepted},
    {"virtualhost", service("virtualhost www.example.com"), accepted},
    {"ip_family", service("ip_family inet"), accepted},
    {"weights' default", service("weight 3"), accepted},
    {"sorry_server", service("sorry_server 10.0.0.9 5672"), accepted},
    {"sorry_server with a prefix length", service("sorry_server 10.0.0.9/24 5672"), warned,
     "the prefix length is left out"},
    {"virtual_server with one", server_of("virtual_server 10.0.0.1/24 80"), warned,
     "the prefix length is left out"},
    {"sorry_server without a port", service("sorry_server 10.0.0.9"), accepted},
    {"timings", service("delay_loop 6\nretry 3\ndelay_before_retry 2\nconnect_timeout 3\nwarmup 1"),
     accepted},
    {"weight 70000", service("", "weight 70000"), warned, ""},
    {"coming and going",
     service("slow_start 30\ndrain_timeout 60\nprefer disc\nrebalance {\nrate 5\n}",
             "tier 1\nRABBITMQ_CHECK {\nurl http://10.0.0.2:15672\nusername w\npassword p\n}"),
     accepted},
    {"preferring among nobody", service("prefer ram", "TCP_CHECK {\n}"), warned,
     "'prefer' does not know the real_server 10.0.0.2: it has no RABBITMQ_CHECK"},
    {"preferring something else", service("prefer cheap"), refused, "'prefer' is one of"},
    {"moving by an API of nobody", service("rebalance {\nmethod close\n}"), warned,
     "has no RABBITMQ_CHECK"},
    {"moving whom it could not know",
     service("rebalance {\nmethod close\n}",
             "RABBITMQ_CHECK {\nurl http://10.0.0.2:15672\nusername w\npassword p\n}"),
     warned, "only with lb_kind FNAT"},
    {"moving by a way that is none", service("rebalance {\nmethod gun\n}"), refused,
     "'method' is one of"},
    {"moving nobody", service("rebalance {\nrate 0\n}"), refused, ""},
    {"moving whom a hash sends back",
     service("rebalance {\n}").replace(service("").find("wlc"), 3, "mh"), warned,
     "nothing is moved"},
    {"a slow start where no weight counts",
     service("slow_start 30").replace(service("").find("wlc"), 3, "lc"), warned,
     "its lb_algo lc takes no notice of it"},
    {"thresholds", service("", "uthreshold 100\nlthreshold 50"), accepted},
    {"a server's port",
     server_of("virtual_server 10.0.0.1 80")
         .replace(server_of("virtual_server 10.0.0.1 80").find("10.0.0.2 80"), 11, "10.0.0.2"),
     accepted},
    {"no check",
     instance() + "virtual_server 10.0.0.1 80 {\nlb_algo rr\nlb_kind DR\nreal_server "
                  "10.0.0.2 80 {\nweight 1\n}\n}\n",
     warned, "has no check"},
    {"a VIP of nobody",
     "virtual_server 10.0.0.1 80 {\nlb_algo rr\nlb_kind DR\nreal_server 10.0.0.2 "
     "80 {\nTCP_CHECK {\n}\n}\n}\n",
     warned, "in no vrrp_instance"},
    {"loopback server",
     server_of("virtual_server 10.0.0.1 80")
         .replace(server_of("virtual_server 10.0.0.1 80").find("10.0.0.2 80"), 11, "127.0.0.1 80"),
     accepted},
};
INSTANTIATE_TEST_SUITE_P(Services, AnyServerFile, testing::ValuesIn(services));

const Case checks[] = {
    {"TCP",
     check("TCP_CHECK {\nconnect_timeout 3\nretry 3\ndelay_before_retry 3\nconnect_port 80\n}"),
     accepted},
    {"PING", check("PING_CHECK {\nretry 2\n}"), accepted},
    {"from somewhere",
     check("TCP_CHECK {\nbindto 10.0.0.5\nbind_port 99\nbind_if eth1\nfwmark 3\n}"), accepted},
    {"timeout", check("TCP_CHECK {\ntimeout 3\n}"), accepted},
    {"HTTP",
     check("HTTP_GET {\nurl {\npath /\nstatus_code 200\n}\nconnect_timeout 3\nretry 3\n"
           "delay_before_retry 3\n}"),
     accepted},
    {"of old",
     check("HTTP_GET {\nurl {\npath /t.jsp\ndigest 640205b7b0fc66c1ea91c463fac6334d\n}\n"
           "nb_get_retry 3\n}"),
     accepted},
    {"a digest of none", check("HTTP_GET {\nurl {\npath /\ndigest 640205b7\n}\n}"), warned,
     "'digest' is left out"},
    {"all of a regular expression",
     check("HTTP_GET {\nurl {\npath /\nregex a b\nregex_options caseless dotall\n"
           "regex_min_offset 1\nregex_max_offset 9\nregex_stack 1000 2000\n}\n}"),
     accepted},
    {"another protocol", check("HTTP_GET {\nurl {\n}\nhttp_protocol 2\n}"), refused,
     "http_protocol"},
    {"several URLs",
     check("HTTP_GET {\nurl {\npath /a\nstatus_code 200-299 301 302\n}\nurl {\npath "
           "/b\nvirtualhost w\nregex x\nregex_no_match\n}\nhttp_protocol 1.1\n"
           "virtualhost v\nfast_recovery\n}"),
     accepted},
    {"beside TCP", check("HTTP_GET {\nurl {\npath /\n}\n}\nTCP_CHECK {\n}"), accepted},
    {"without an URL", check("HTTP_GET {\n}\nTCP_CHECK {\n}"), warned,
     "HTTP_GET is left out: it has no url"},
    {"without a program", check("MISC_CHECK {\n}\nTCP_CHECK {\n}"), warned,
     "MISC_CHECK is left out: it has no misc_path"},
    {"a code of none", check("HTTP_GET {\nurl {\nstatus_code 99\n}\n}"), warned,
     "'status_code' is like 200"},
    {"a slip in an URL", check("HTTP_GET {\nurl {\npth /\n}\n}"), refused, "did you mean 'path'?"},
    {"HTTPS",
     check("SSL_GET {\nurl {\npath /\nstatus_code 200\n}\nenable_sni\n"
           "sni_name a.b\ntls_compliant\nlog_all_failures\n}"),
     accepted},
    {"a program",
     check("MISC_CHECK {\nmisc_path \"/bin/x 10.0.0.2\"\nmisc_timeout 6\nmisc_dynamic\n"
           "user root\n}"),
     accepted},
    {"mail",
     check("SMTP_CHECK {\nhelo_name a.b\nhost {\nconnect_ip 10.0.0.2\nconnect_port 25\n}\n"
           "connect_timeout 5\n}"),
     accepted},
    {"DNS", check("DNS_CHECK {\ntype A\nname example.com\n}"), accepted},
    {"UDP", check("UDP_CHECK {\npayload 01 02\nrequire_reply 01\nmin_reply_length 1\n}"), accepted},
    {"a file",
     check("FILE_CHECK {\ntrack_file f\nweight -5 reverse\n}") + "track_file f {\nfile /run/f\n}\n",
     accepted},
    {"no such file", check("FILE_CHECK {\ntrack_file f\n}\nTCP_CHECK {\n}"), warned,
     "FILE_CHECK is left out: there is no track_file 'f'"},
    {"BFD", check("BFD_CHECK {\nname B\n}") + "bfd_instance B {\nneighbor_ip 10.0.0.2\n}\n",
     accepted},
    {"no such session", check("BFD_CHECK {\nname B\n}\nTCP_CHECK {\n}"), warned,
     "BFD_CHECK is left out: there is no bfd_instance 'B' for checkers"},
    {"AMQP", check("AMQP_CHECK {\npassword p\n}"), refused, "AMQP_CHECK needs a username"},
    {"a slip", check("TCP_CHEK {\n}"), refused, "did you mean 'TCP_CHECK'?"},
    {"of the VIP", check("TCP_CHECK {\nconnect_ip 10.0.0.1\n}"), warned,
     "one of our own virtual addresses"},
};
INSTANTIATE_TEST_SUITE_P(Checks, AnyServerFile, testing::ValuesIn(checks));

const char* const rabbitmq_haproxy = R"(global_defs {
    router_id rabbit-lb1
    script_user root
    enable_script_security
}
vrrp_script chk_haproxy {
    script "/usr/bin/killall -0 haproxy"
    interval 2
    weight 2
}
vrrp_instance VI_1 {
    interface eth0
    state MASTER
    virtual_router_id 51
    priority 101
    authentication {
        auth_type PASS
        auth_pass rabbit
    }
    virtual_ipaddress {
        192.168.8.100
    }
    track_script {
        chk_haproxy
    }
}
)";

const char* const kubernetes_api = R"(! /etc/keepalived/keepalived.conf
global_defs {
    router_id LVS_DEVEL
}
vrrp_script check_apiserver {
  script "/etc/keepalived/check_apiserver.sh"
  interval 3
  weight -2
  fall 10
  rise 2
}

vrrp_instance VI_1 {
    state BACKUP
    interface ens160
    virtual_router_id 51
    priority 100
    authentication {
        auth_type PASS
        auth_pass 42
    }
    virtual_ipaddress {
        10.0.0.250
    }
    track_script {
        check_apiserver
    }
}
)";

const char* const mysql_dr = R"(global_defs {
   router_id MYSQL_HA
}
vrrp_instance VI_MYSQL {
    state BACKUP
    interface bond0
    virtual_router_id 61
    priority 90
    advert_int 1
    nopreempt
    virtual_ipaddress {
        10.2.0.100/24 dev bond0
    }
}
virtual_server 10.2.0.100 3306 {
    delay_loop 2
    lb_algo wrr
    lb_kind DR
    persistence_timeout 60
    protocol TCP
    real_server 10.2.0.11 3306 {
        weight 3
        notify_down /etc/keepalived/mysql.sh
        TCP_CHECK {
            connect_timeout 3
            nb_get_retry 3
            delay_before_retry 3
            connect_port 3306
        }
    }
}
)";

const char* const router_pair = R"(vrrp_sync_group VG1 {
   group {
      outside
      inside
   }
   notify_master "/etc/conntrackd/primary-backup.sh primary"
   notify_backup "/etc/conntrackd/primary-backup.sh backup"
   notify_fault "/etc/conntrackd/primary-backup.sh fault"
}
vrrp_instance outside {
    interface eth0
    state MASTER
    virtual_router_id 1
    priority 150
    advert_int 1
    virtual_ipaddress {
        198.51.100.1/24
    }
    nopreempt
}
vrrp_instance inside {
    interface eth1
    state MASTER
    virtual_router_id 2
    priority 150
    virtual_ipaddress {
        192.168.0.1/24
    }
}
)";

const char* const lvs_nat = R"(vrrp_sync_group G {
    group {
        out
        in
    }
}
vrrp_instance out {
    interface eth0
    virtual_router_id 51
    priority 100
    virtual_ipaddress {
        203.0.113.80/24
    }
}
vrrp_instance in {
    interface eth1
    virtual_router_id 52
    priority 100
    virtual_ipaddress {
        10.11.12.1/24
    }
}
virtual_server 203.0.113.80 80 {
    delay_loop 6
    lb_algo rr
    lb_kind NAT
    protocol TCP
    real_server 10.11.12.2 80 {
        weight 1
        HTTP_GET {
            url {
              path /index.html
              status_code 200
            }
            connect_timeout 3
        }
    }
    real_server 10.11.12.3 80 {
        weight 1
        TCP_CHECK {
            connect_timeout 3
        }
    }
}
)";

const char* const dns_pair = R"(vrrp_instance DNS {
    interface eth0
    virtual_router_id 53
    priority 100
    unicast_src_ip 10.0.0.2
    unicast_peer {
        10.0.0.3
    }
    virtual_ipaddress {
        10.0.0.53/24
    }
}
virtual_server 10.0.0.53 53 {
    lb_algo rr
    lb_kind DR
    protocol UDP
    real_server 10.0.0.11 53 {
        DNS_CHECK {
        }
    }
}
)";

const char* const dpvs_fnat = R"(global_defs {
    router_id DPVS
}
local_address_group laddr_g1 {
    192.168.100.200 dpdk0
}
virtual_server_group web {
    192.168.100.254 80
}
vrrp_instance VI_1 {
    state BACKUP
    interface dpdk0.kni
    dpdk_interface dpdk0
    virtual_router_id 123
    priority 100
    virtual_ipaddress {
        192.168.100.254
    }
    virtual_ipaddress_excluded {
        192.168.100.200
    }
}
virtual_server group web {
    delay_loop 3
    lb_algo rr
    lb_kind FNAT
    protocol TCP
    syn_proxy
    laddr_group_name laddr_g1
    real_server 192.168.100.2 80 {
        weight 100
        TCP_CHECK {
            retry 2
            connect_timeout 3
            connect_port 80
        }
    }
}
)";

const Case guides[] = {
    {"RabbitMQ behind HAProxy", rabbitmq_haproxy, accepted},
    {"a Kubernetes API server", kubernetes_api, accepted},
    {"MySQL by DR", mysql_dr, accepted},
    {"a pair of routers", router_pair, warned, "nopreempt"},
    {"LVS by NAT", lvs_nat, accepted},
    {"DNS", dns_pair, warned, "its protocol is UDP"},
    {"DPVS", dpvs_fnat, warned, "the real_servers see every SYN"},
    {"a floating address for tomcat",
     "vrrp_instance tomcat {\nstate MASTER\ninterface eth0\nvirtual_router_id 10\npriority 110\n"
     "advert_int 1\nauthentication {\nauth_type PASS\nauth_pass tomcat\n}\nvirtual_ipaddress {\n"
     "192.168.1.20/24 dev eth0 label eth0:vip\n}\nnotify_master \"/usr/bin/logger master\"\n}\n",
     accepted},
    {"nginx active and active",
     instance() + "vrrp_instance W {\nstate MASTER\ninterface eth0\nvirtual_router_id 52\npriority "
                  "150\nvirtual_ipaddress {\n10.0.0.2/24\n}\n}\n",
     accepted},
    {"PostgreSQL by pg_isready",
     script("interval 2\nfall 2\nrise 2\nweight -30").replace(19, 0, ""), accepted},
};
INSTANTIATE_TEST_SUITE_P(Guides, AnyServerFile, testing::ValuesIn(guides));

// keepalived.conf(5), virtual_server_group: the forms of a range, a network's first and last
// address included.
TEST(VirtualServerGroup, ARangeHasManyForms) {
    const std::pair<const char*, const char*> ranges[] = {
        {"10.0.0.1-3", "10.0.0.1 10.0.0.2 10.0.0.3"},
        {"10.0.0.255-10.0.1.1", "10.0.0.255 10.0.1.0 10.0.1.1"},
        {"10.0.2.8/31", "10.0.2.8 10.0.2.9"},
        {"10.0.2.8/32", "10.0.2.8"},
        {"2001:db8::ffff-2001:db8::1:0", "2001:db8::ffff 2001:db8::1:0"},
        {"2001:db8:1::/127", "2001:db8:1:: 2001:db8:1::1"},
    };
    for (const auto& [range, addresses] : ranges) {
        const LoadResult result = load_text(
            "virtual_server group W {\nlb_kind FNAT\nlb_algo wrr\nreal_server 10.0.9.1 80 {\n}\n}\n"
            "virtual_server_group W {\n" +
            std::string(range) + " 80\n}\n");
        std::string all;
        for (const VirtualServer& s : result.config.virtual_servers)
            all += (all.empty() ? "" : " ") + s.address.to_string();
        EXPECT_EQ(all, addresses) << range;
    }
}

TEST(VirtualServerGroup, OneThatIsTooLargeIsRefused) {
    const LoadResult result = load_text(
        "virtual_server group W {\nlb_kind FNAT\nlb_algo wrr\nreal_server 10.0.9.1 80 {\n}\n}\n"
        "virtual_server_group W {\n10.0.0.0/8 80\n}\n");
    EXPECT_FALSE(result.ok());
}

TEST(VirtualServerGroup, EachAddressAndPortIsAVirtualServer) {
    const LoadResult result = load_text(
        "virtual_server group W {\nlb_kind FNAT\nlb_algo wrr\nsorry_server 10.0.9.9\n"
        "real_server 10.0.9.1 8080 {\nTCP_CHECK {\n}\n}\n}\n"
        "virtual_server_group W {\n10.0.0.1-3 80\n2001:db8::fe-101 443\n}\n");
    std::string names;
    for (const VirtualServer& s : result.config.virtual_servers) {
        names += name_of(s) + ", ";
        EXPECT_EQ(s.lb_algo, LbAlgo::wrr);
        EXPECT_EQ(s.real_servers.at(0).port, 8080);
        EXPECT_EQ(s.sorry_server->port, s.port);
    }
    EXPECT_EQ(names,
              "10.0.0.1 80, 10.0.0.2 80, 10.0.0.3 80, 2001:db8::fe 443, 2001:db8::ff 443, "
              "2001:db8::100 443, 2001:db8::101 443, ")
        << told(result);
}

TEST(Layer5Checks, AreReadWithWhatTheySay) {
    const LoadResult result = load_text(
        check("SSL_GET {\nurl {\npath /a\nstatus_code 200-299 404\n}\nconnect_port 8443\n"
              "enable_sni\nretry 7\n}\nMISC_CHECK {\nmisc_path /bin/x a\nmisc_dynamic\n}"));
    const auto& checkers = result.config.virtual_servers.at(0).real_servers.at(0).checkers;
    ASSERT_EQ(checkers.size(), 2U);
    const auto& http = std::get<HttpCheck>(checkers[0]);
    EXPECT_TRUE(http.tls && http.enable_sni);
    EXPECT_EQ(http.endpoint.connect_port, 8443);
    EXPECT_EQ(http.timing.retry, 7U);
    EXPECT_EQ(http.urls.at(0).path, "/a");
    using Codes = std::vector<std::pair<unsigned, unsigned>>;
    EXPECT_EQ(http.urls.at(0).status_codes, (Codes{{200, 299}, {404, 404}}));
    const auto& misc = std::get<MiscCheck>(checkers[1]);
    EXPECT_EQ(misc.script.command, "/bin/x a");
    EXPECT_TRUE(misc.dynamic);
}

// keepalived.conf(5): where nothing is said, retry and delay_before_retry go by the kind of check.
TEST(Layer5Checks, HaveTimingsOfTheirOwn) {
    const auto timings = [](const std::string& more) {
        const LoadResult result = load_text(
            check("HTTP_GET {\nurl {\n}\n}\nDNS_CHECK {\n}\nMISC_CHECK {\nmisc_path x\n}\n"
                  "SMTP_CHECK {\n}\n" +
                  more));
        std::vector<std::pair<unsigned, std::int64_t>> out;
        for (const Checker& c : result.config.virtual_servers.at(0).real_servers.at(0).checkers)
            out.emplace_back(*timing_of(c)->retry,
                             *timing_of(c)->delay_before_retry_ns / ns_per_ms);
        return out;
    };
    using Timings = std::vector<std::pair<unsigned, std::int64_t>>;
    EXPECT_EQ(timings(""), (Timings{{1, 3'000}, {3, 200}, {0, 1'000}, {1, 1'000}}));
    EXPECT_EQ(timings("retry 7\ndelay_before_retry 2\n"),
              (Timings{{7, 2'000}, {7, 2'000}, {7, 2'000}, {7, 2'000}}));
}

TEST(Layer5Checks, AFileHasItsOwnWeightUnlessTheCheckSaysOne) {
    const LoadResult result =
        load_text(check("FILE_CHECK {\ntrack_file f\n}\nFILE_CHECK {\ntrack_file f\nweight -3\n}") +
                  "track_file f {\nfile /run/f\nweight 5 reverse\n}\n");
    const auto& checkers = result.config.virtual_servers.at(0).real_servers.at(0).checkers;
    const auto& by_file = std::get<FileCheck>(checkers.at(0));
    EXPECT_EQ(by_file.weight, 5);
    EXPECT_EQ(by_file.reverse, true);
    EXPECT_EQ(std::get<FileCheck>(checkers.at(1)).weight, -3);
    EXPECT_EQ(std::get<FileCheck>(checkers.at(1)).reverse, false);
}

TEST(Layer5Checks, TheVirtualServersHostIsItsServersWhateverTheOrder) {
    const LoadResult result = load_text(
        "virtual_server 10.0.0.1 80 {\nlb_kind NAT\nreal_server 10.0.0.2 80 {\nHTTP_GET {\nurl "
        "{\n}\n}"
        "\n}\nreal_server 10.0.0.3 80 {\nvirtualhost own\n}\nvirtualhost shared\n}\n");
    const auto& servers = result.config.virtual_servers.at(0).real_servers;
    EXPECT_EQ(servers.at(0).virtualhost, "shared");
    EXPECT_EQ(servers.at(1).virtualhost, "own");
}

}  // namespace any_server_file_test
}  // namespace warren::schema
