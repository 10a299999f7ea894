// SPDX-License-Identifier: BSD-3-Clause
// What the operator is told: text to diagnostics. One message per error, all of them in one run.
#include <gtest/gtest.h>

#include <array>

#include "config/odd_addresses.h"
#include "load_text.h"
#include "schema/keywords.h"

namespace warren::schema {
namespace messages_test {

using namespace config;
using namespace syntax;

// An instance and a service without fault; a case adds to them.
std::string instance(const std::string& more, const std::string& address = "10.0.0.1/24",
                     const std::string& name = "V") {
    return "vrrp_instance " + name +
           " {\ninterface eth0\nvirtual_router_id 51\nvirtual_ipaddress {\n" + address + "\n}\n" +
           more + "\n}\n";
}
std::string unicast(const std::string& name, const std::string& address, const std::string& peers,
                    const std::string& more = "") {
    return instance("unicast_peer {\n" + peers + "\n}\n" + more, address, name);
}
std::string service(const std::string& more, const std::string& server = "") {
    return "virtual_server 10.0.0.1 5672 { lb_algo wlc\nlb_kind FNAT\nreal_server 10.0.0.2 5672 {\n"
           "TCP_CHECK {\n}\n" +
           server + "\n}\n" + more + "\n}\n";
}

struct Case {
    const char* what;
    std::string text;
    std::string expected;  // of warnings and errors, "LINE: message"
};

// Without file name and notes: "LINE: error: message".
std::string told(const std::string& text) {
    std::string all;
    for (const Diagnostic& d : load_text(text).diagnostics)
        if (d.severity != Severity::note) all += d.to_string().substr(2) + "\n";
    return all;
}

class Messages : public testing::TestWithParam<Case> {};

TEST_P(Messages, AreThese) {
    EXPECT_EQ(told(GetParam().text), GetParam().expected) << GetParam().what;
}

const Case keywords[] = {
    {"unknown, with the nearest", instance("advert_nit 1"),
     "7: error: unknown keyword 'advert_nit' in vrrp_instance, did you mean 'advert_int'?\n"},
    {"unknown, nothing near", "frobnicate {\n}\n",
     "1: error: unknown keyword 'frobnicate' outside of a block\n"},
    {"near an ignored one", "global_defs {\nsmtp_serve 1\n}",
     "2: error: unknown keyword 'smtp_serve' in global_defs, did you mean 'smtp_server'?\n"},
    {"in the wrong block", instance("") + service("", "delay_loop 1\nTCP_CHECK {\nweight 1\n}"),
     "16: error: 'weight' does not belong in TCP_CHECK, but in real_server\n"},
    {"outside of its block", "priority 1",
     "1: error: 'priority' does not belong outside of a block, but in vrrp_instance\n"},
    {"no value", "global_defs {\nrouter_id\n}", "2: error: 'router_id' needs a value\n"},
    {"a value too many", "global_defs {\nrouter_id a b\n}",
     "2: warning: 'b' after 'router_id' is ignored\n"},
    {"two statements in a line", instance("priority 1 advert_int 1"),
     "7: warning: 'advert_int' after 'priority' is ignored: a statement ends with its line, so it "
     "needs one of its own\n"},
    {"no block", instance("authentication"),
     "7: error: 'authentication' needs a block: '{' is missing\n"},
    {"a block too many", instance("priority 1 {\n}"),
     "7: error: 'priority' takes no block: '{' is not expected here\n"},
    {"given twice", instance("priority 1\npriority 2"),
     "8: warning: 'priority' is given more than once: the last one counts\n"},
    {"several errors in one run", instance("version X\ndown_timer_adverts 0\npreempt_delay a"),
     "7: warning: 'version' must be a whole number from 2 to 3, not 'X': it is left out\n"
     "8: warning: 'down_timer_adverts' must be a whole number from 1 to 100, not '0': it is left "
     "out\n"
     "9: warning: 'preempt_delay' must be from 0 to 1000 seconds, not 'a': it is left out\n"},
};
INSTANTIATE_TEST_SUITE_P(Keywords, Messages, testing::ValuesIn(keywords));

const Case braces[] = {
    {"last brace missing",
     "vrrp_instance V {\ninterface e\nvirtual_router_id 1\nvirtual_ipaddress {\n10.0.0.1\n}\n",
     "1: error: the block 'vrrp_instance V' opened here is never closed: a '}' is missing before "
     "the end of the file (f:6)\n"},
    {"inner brace missing: one message, at the right block",
     instance("authentication {\nauth_type PASS\nauth_pass 1\npriority 1"),
     "10: error: 'priority' does not belong in authentication: the '}' of the authentication "
     "opened "
     "at f:7 is missing before it\n"},
    {"instance not closed before the next",
     "vrrp_instance V {\ninterface e\nvrrp_instance W {\n}\n",
     "3: error: 'vrrp_instance' does not belong in vrrp_instance: the '}' of the vrrp_instance "
     "opened at f:1 is missing before it\n"},
    {"closed too early", "vrrp_instance V {\n}\npriority 1\nadvert_int 1\n}\n",
     "3: error: 'priority' does not belong outside of a block: a '}' before it closes the "
     "vrrp_instance too early\n"},
};
INSTANTIATE_TEST_SUITE_P(Braces, Messages, testing::ValuesIn(braces));

const Case vrrp[] = {
    {"SLAVE", instance("state SLAVE"),
     "7: warning: 'state' is MASTER or BACKUP, not 'SLAVE': BACKUP is taken, as in keepalived\n"},
    {"intervals and priorities out of range", instance("priority 0\nadvert_int 300"),
     "7: warning: 'priority' must be from 1 to 255, not '0': 100 is taken, as in keepalived\n"
     "8: warning: 'advert_int' must be from 0.01 to 255 seconds, not '300': 1 is taken, as in "
     "keepalived\n"},
    {"long password", instance("authentication {\nauth_type PASS\nauth_pass 123456789\n}"),
     "9: warning: 'auth_pass' is longer than 8 characters: the first 8 count, as in keepalived\n"},
    {"half an authentication", instance("authentication {\nauth_type PASS\n}"),
     "7: warning: the authentication block has no auth_pass: there is none, as in keepalived\n"},
    {"the distributions' template",
     "global_defs {\nvrrp_garp_interval 0\nvrrp_gna_interval 0\n}\n" + instance(""),
     "2: warning: 'vrrp_garp_interval' 0 means no gap, as without it: the line can go\n"
     "3: warning: 'vrrp_gna_interval' 0 means no gap, as without it: the line can go\n"},
    {"nopreempt of a MASTER", instance("state MASTER\npriority 100\nnopreempt"),
     "1: warning: V: nopreempt means nothing with state MASTER and is left out: use BACKUP\n"},
    {"fraction in version 2", instance("advert_int 1.5"),
     "1: warning: V: VRRP version 2 knows whole seconds only: advert_int becomes 2, as in "
     "keepalived\n"},
    {"fraction of a hundredth in version 3", instance("version 3\nadvert_int 0.013"),
     "1: warning: V: VRRP version 3 knows whole hundredths of seconds only: advert_int becomes "
     "0.01, as in keepalived\n"},
    {"too long for version 3", instance("version 3\nadvert_int 41"),
     "1: warning: V: advert_int of VRRP version 3 is at most 40.95 seconds: that is taken, as in "
     "keepalived\n"},
    {"MASTER without priority", instance("state MASTER"),
     "1: warning: V: state MASTER without priority makes it the owner (255), as in keepalived\n"},
    {"other families", instance("unicast_src_ip fe80::1\nmcast_src_ip fe80::2"),
     "1: error: V: mcast_src_ip fe80::2 is not of the family of its virtual addresses\n"
     "1: error: V: unicast_src_ip fe80::1 is not of the family of its virtual addresses\n"
     "1: warning: V: a unicast keyword without unicast_peer: it uses multicast, as keepalived "
     "does\n"},
    {"no multicast address", instance("mcast_dst_ip 10.0.0.1"),
     "1: error: V: mcast_dst_ip 10.0.0.1 is no multicast address\n"},
    {"no group", "global_defs {\nvrrp_mcast_group6 224.0.0.18\n}",
     "2: warning: '224.0.0.18' is no IPv6 multicast address: it is left out\n"},
    {"unicast without peers", instance("unicast_fault_no_peer"),
     "1: error: V: unicast_fault_no_peer, and there is no unicast_peer: it could never leave "
     "fault\n"},
    {"version 3 without addresses",
     "vrrp_instance V {\ninterface e\nvirtual_router_id 1\nversion 3\nvirtual_ipaddress {\n}\n}",
     "1: error: the vrrp_instance 'V' has no virtual_ipaddress\n"},
    {"an address that is none",
     "vrrp_instance V {\ninterface e\nvirtual_router_id 1\nvirtual_ipaddress {\nVIP\n}\n}",
     "1: warning: V: it has no virtual_ipaddress: at least one is sensible\n"
     "5: warning: 'VIP' is no address: an entry looks like 192.0.2.1/24, one a line; it is left "
     "out, as in keepalived\n"},
    {"nothing in it", "vrrp_instance V {\n}",
     "1: error: the vrrp_instance 'V' has no interface\n"
     "1: error: the vrrp_instance 'V' has no virtual_router_id\n"
     "1: warning: V: it has no virtual_ipaddress: at least one is sensible\n"},
    {"a mistyped keyword is not also missing",
     "vrrp_instance V {\ninterface e\nvirtual_ruoter_id 1\nvirtual_ipaddress {\n10.0.0.1\n}\n}",
     "3: error: unknown keyword 'virtual_ruoter_id' in vrrp_instance, did you mean "
     "'virtual_router_id'?\n"},
    {"an ignored word is no interface",
     "vrrp_instance V {\nstate interface\nvirtual_router_id 1\nvirtual_ipaddress {\n10.0.0.1\n}\n}",
     "1: error: the vrrp_instance 'V' has no interface\n"
     "2: warning: 'state' is MASTER or BACKUP, not 'interface': BACKUP is taken, as in "
     "keepalived\n"},
    {"wrong number is not also missing",
     "vrrp_instance V {\ninterface e\nvirtual_router_id 300\nvirtual_ipaddress {\n10.0.0.1\n}\n}",
     "3: error: 'virtual_router_id' must be a whole number from 1 to 255, not '300'\n"},
    {"no address", instance("", "10.0.0.1/33"),
     "5: warning: the prefix length of '10.0.0.1/33' is none: 32 is taken, as in keepalived\n"},
    {"odd option", instance("", "10.0.0.1/24 foo"),
     "5: warning: 'foo' after the address '10.0.0.1/24' is unknown and left out, as in "
     "keepalived\n"},
    {"VRID twice on an interface", instance("") + instance("", "10.0.0.2", "W"),
     "9: error: W: virtual_router_id 51 on eth0 belongs to V (f:1)\n"},
    {"VRID twice for other unicast peers",
     unicast("V", "10.0.0.1", "192.168.8.5\n192.168.8.6") +
         unicast("W", "10.0.0.2", "192.168.8.7") + instance("", "10.0.0.3", "X"),
     ""},
    {"VRID twice for a common unicast peer",
     unicast("V", "10.0.0.1", "192.168.8.5\n192.168.8.6") + unicast("W", "10.0.0.2", "192.168.8.6"),
     "13: error: W: virtual_router_id 51 on eth0 belongs to V (f:1)\n"},
    {"VRID twice for a peer that knows two of our addresses",
     unicast("V", "10.0.0.1", "192.168.8.5") +
         unicast("W", "10.0.0.2", "192.168.8.5", "unicast_src_ip 192.168.8.4\n"),
     ""},
    {"VIP twice",
     instance("") +
         "vrrp_instance W {\ninterface e\nvirtual_router_id 1\nvirtual_ipaddress {\n10.0.0.1\n}\n}",
     "13: warning: the address 10.0.0.1 already stands at f:5: only the router there answers for "
     "it\n"},
    {"VIP twice in one list", instance("", "10.0.0.1/24\n10.0.0.1/24"),
     "6: warning: the address 10.0.0.1 already stands at f:5\n"},
    {"unknown script", instance("track_script {\nchk\n}"),
     "8: warning: there is no vrrp_script 'chk': it is not tracked, as in keepalived\n"},
    {"long interface name",
     "vrrp_instance V {\ninterface abcdefghijklmnop\nvirtual_router_id 1\nvirtual_ipaddress "
     "{\n10.0.0.1\n}\n}",
     "2: error: 'abcdefghijklmnop' is no interface name (1 to 15 characters)\n"},
};
INSTANTIATE_TEST_SUITE_P(Vrrp, Messages, testing::ValuesIn(vrrp));

const Case servers[] = {
    {"address that is no VIP",
     "virtual_server 10.0.0.9 1 { lb_algo wlc\nlb_kind FNAT\nreal_server 10.0.0.2 1 {\nPING_CHECK "
     "{\n}\n}\n}",
     "1: warning: the address 10.0.0.9 of this virtual_server is in no vrrp_instance: nobody "
     "answers for it\n"},
    {"no port", instance("") + "virtual_server 10.0.0.1 {\n}",
     "9: warning: the virtual_server 10.0.0.1 is not served yet: it has no port, which means all "
     "of them: write one for each port\n"},
    {"port 0", instance("") + "virtual_server 10.0.0.1 0 {\n}",
     "9: warning: the virtual_server 10.0.0.1 is not served yet: it has no port, which means all "
     "of them: write one for each port\n"},
    {"service twice", instance("") + service("") + service(""),
     "18: warning: the virtual_server 10.0.0.1 5672 already stands at f:9: this one is left out\n"},
    {"real_server twice", instance("") + service("real_server 10.0.0.2 5672 {\nPING_CHECK {\n}\n}"),
     "16: warning: the real_server 10.0.0.2 5672 already stands at f:11: this one is left out, as "
     "in keepalived\n"},
    {"real_server on the VIP",
     instance("") + service("real_server 10.0.0.1 1 {\nPING_CHECK {\n}\n}"),
     "16: error: the real_server 10.0.0.1 is one of our own virtual addresses\n"},
    {"real_server without a check", instance("") + service("real_server 10.0.0.3 1 {\n}"),
     "16: warning: the real_server 10.0.0.3 1 has no check and counts as always up: add TCP_CHECK "
     "{ }\n"},
    {"weight", instance("") + service("", "weight -1"),
     "14: warning: 'weight' must be from 0 to 65535, not '-1': 1 is taken, as in keepalived\n"},
    {"unknown group", instance("") + service("laddr_group_name L"),
     "9: error: there is no local_address_group 'L'\n"},
    {"weights of 0", instance("") + service("", "weight 0"),
     "9: warning: all real_servers have weight 0: none of them gets a connection\n"},
    {"quorum out of reach", instance("") + service("quorum 2"),
     "9: warning: quorum 2 is never reached: the weights sum to 1; 1 is taken\n"},
    {"hysteresis", instance("") + service("quorum 1\nhysteresis 1"),
     "9: warning: hysteresis 1 must be less than quorum: 0 is taken\n"},
    {"hysteresis out of reach", instance("") + service("quorum 2\nhysteresis 1", "weight 2"),
     "9: warning: quorum + hysteresis is more than the weights sum to: a lost quorum never comes "
     "back\n"},
    {"sorry_server that is a real_server", instance("") + service("sorry_server 10.0.0.2 5672"),
     "16: warning: the sorry_server 10.0.0.2 5672 is the real_server at f:11: it is left out, for "
     "it fails with it\n"},
    {"sorry_server on the VIP", instance("") + service("sorry_server 10.0.0.1 1"),
     "16: error: the sorry_server 10.0.0.1 is one of our own virtual addresses\n"},
    {"granularity that is no netmask",
     instance("") + service("persistence_granularity 255.0.255.0"),
     "16: warning: 'persistence_granularity' is a netmask, not '255.0.255.0': /32 is taken\n"},
    {"options of no sorry_server", instance("") + service("sorry_server_inhibit"),
     "16: warning: 'sorry_server_inhibit' needs a sorry_server before it: it is left out, as in "
     "keepalived\n"},
    {"flag of another scheduler", instance("") + service("sh-port"),
     "9: warning: the flags of sh and mh mean nothing with lb_algo wlc\n"},
    {"another port in DR",
     instance("") + service("real_server 10.0.0.3 5673 {\nlb_kind DR\nPING_CHECK {\n}\n}"),
     "16: warning: lb_kind DR leaves packets as they are: connections come to port 5672 of the "
     "real_server, not to 5673, which only its checks use\n"},
    {"NAT without a gateway of ours",
     instance("", "10.0.0.1/32") + "virtual_server 10.0.0.1 1 { lb_algo wlc\nlb_kind NAT\n"
                                   "real_server 10.1.0.2 1 {\nPING_CHECK {\n}\n}\n}",
     "11: warning: lb_kind NAT: the real_server 10.1.0.2 has no virtual address in its network to "
     "be its gateway: its replies must come back through this machine some other way, or use "
     "FNAT\n"},
    {"DR with another family, and a local address group that nothing uses",
     instance("") + "local_address_group L {\n10.0.0.1\n}\nvirtual_server 10.0.0.1 1 { lb_algo "
                    "wlc\nlb_kind DR\n"
                    "laddr_group_name L\nreal_server 2001:db8::2 1 {\nPING_CHECK {\n}\n}\n}",
     "12: warning: the virtual_server 10.0.0.1 1 has no real_server: it refuses every connection\n"
     "15: warning: lb_kind DR: a real_server must be of the family of its virtual_server; FNAT and "
     "TUN know both: this one is left out, as in keepalived\n"},
    {"FNAT to another family without a local address of it",
     instance("") + "virtual_server 10.0.0.1 1 { lb_algo wlc\nlb_kind FNAT\nreal_server "
                    "2001:db8::2 1 {\nPING_CHECK "
                    "{\n}\n}\n}",
     "11: error: the server 2001:db8::2 needs a local address of its family: put one into "
     "virtual_ipaddress_excluded beside the VIP, or name a local_address_group by "
     "laddr_group_name\n"},
    {"TUN types", instance("") + service("", "lb_kind TUN type gue port 6080\n"),
     "14: warning: lb_kind TUN type gue is not served yet: plain IP in IP is sent, which a server "
     "takes only if it has an ipip tunnel too\n"},
    {"sums of plain tunnels", instance("") + service("", "lb_kind TUN type ipip nocsum\n"), ""},
    {"no such tunnel", instance("") + service("", "lb_kind TUN type vxlan\n"),
     "14: error: lb_kind TUN takes no 'vxlan'\n"},
    {"a tunnel without a type", instance("") + service("", "lb_kind TUN type\n"),
     "14: error: lb_kind TUN takes no 'type'\n"},
    {"a tunnel of no tunnel", instance("") + service("", "lvs_method DR type ipip\n"),
     "14: warning: lb_kind DR has no tunnel: 'type ipip' means nothing\n"},
    {"options of no kind", instance("") + service("", "lvs_method DR foo\n"),
     "14: error: lb_kind DR takes no 'foo'\n"},
    {"wrong choice", instance("") + service("protocol AMQP"),
     "16: error: 'protocol' is one of TCP, UDP, SCTP, not 'AMQP'\n"},
};
INSTANTIATE_TEST_SUITE_P(Servers, Messages, testing::ValuesIn(servers));

// The subject of a message is what is wrong, not what stands before it.
const Case subjects[] = {
    {"a server's port", instance("") + service("real_server 10.0.0.3 70000 {\nPING_CHECK {\n}\n}"),
     "16: warning: the port of 'real_server' must be a whole number from 1 to 65535, not '70000': "
     "it is left out\n"},
    {"a sorry_server's port", instance("") + service("sorry_server 10.0.0.3 http"),
     "16: warning: the port of 'sorry_server' must be a whole number from 1 to 65535, not 'http': "
     "it is left out\n"},
    {"a tracked interface's weight", instance("track_interface {\neth1 weight 300\n}"),
     "8: warning: the weight of 'eth1' must be from -253 to 253, not '300': it is left out, as in "
     "keepalived\n"},
    {"no number at all", instance("track_interface {\neth1 weight low\n}"),
     "8: warning: the weight of 'eth1' must be a whole number from -253 to 253, not 'low': it is "
     "left out\n"},
    {"a peer's TTL", instance("unicast_peer {\n10.0.0.9 min_ttl 300\n}"),
     "8: warning: the min_ttl of '10.0.0.9' must be a whole number from 0 to 255, not '300': it is "
     "left out\n"},
};
INSTANTIATE_TEST_SUITE_P(Subjects, Messages, testing::ValuesIn(subjects));

// What keepalived reports too, and what it takes from those who do not say.
const Case as_keepalived[] = {
    {"nopreempt and preempt_delay", instance("nopreempt\npreempt_delay 10"),
     "1: warning: V: preempt_delay means nothing with nopreempt and is left out, as in "
     "keepalived\n"},
    {"no lb_kind",
     instance("") + "virtual_server 10.0.0.1 1 {\nlb_algo rr\nreal_server 10.0.0.2 1 {\n"
                    "PING_CHECK {\n}\n}\n}",
     "9: warning: the virtual_server 10.0.0.1 1 has no lb_kind: NAT is taken, as in keepalived\n"},
    {"each server's own lb_kind",
     instance("") + "virtual_server 10.0.0.1 1 {\nlb_algo rr\nreal_server 10.0.0.2 1 {\n"
                    "lb_kind DR\nPING_CHECK {\n}\n}\n}",
     ""},
    {"no lb_algo",
     instance("") + "virtual_server 10.0.0.1 1 {\nlb_kind DR\nreal_server 10.0.0.2 1 {\n"
                    "PING_CHECK {\n}\n}\n}",
     "9: warning: the virtual_server 10.0.0.1 1 has no lb_algo: wlc is taken, as in keepalived\n"},
    {"strict mode with authentication",
     instance("strict_mode\nauthentication {\nauth_type PASS\nauth_pass 1\n}"),
     "1: warning: V: strict mode knows no authentication: it is left out, as in keepalived\n"},
    {"its own interface with a weight", instance("track_interface {\neth0 weight 20\n}"),
     "8: warning: V: eth0 is its own interface, which it tracks anyway, without a weight: this "
     "line is ignored, as in keepalived\n"},
    {"its own interface, not to be tracked",
     instance("dont_track_primary\ntrack_interface {\neth0\n}"),
     "9: warning: V: eth0 is its own interface, which dont_track_primary is about: this line is "
     "ignored, as in keepalived\n"},
    {"a script that nobody tracks", instance("") + "vrrp_script chk {\nscript /bin/true\n}",
     "9: warning: nothing tracks the vrrp_script 'chk': it moves no address\n"},
    {"AH of one that begins as master",
     instance("state MASTER\npriority 100\nauthentication {\nauth_type AH\nauth_pass 1\n}"),
     "1: warning: V: state MASTER does not go with auth_type AH: it becomes BACKUP, as in "
     "keepalived\n"},
    {"strict mode's timer", instance("strict_mode\ndown_timer_adverts 5"),
     "1: warning: V: strict mode knows no down_timer_adverts: it is left out\n"},
    {"a TTL of no peers", instance("unicast_ttl 5"),
     "1: warning: V: a unicast keyword without unicast_peer: it uses multicast, as keepalived "
     "does\n"},
    {"tracked by both",
     instance("track_interface {\neth1\n}") +
         "vrrp_instance W {\ninterface eth1\nvirtual_router_id 1\nvirtual_ipaddress {\n10.1.0.1\n"
         "}\n}\nvrrp_sync_group G {\ngroup {\nV\nW\n}\ntrack_interface {\neth1\n}\n}\n",
     "8: warning: V: the interface 'eth1' is tracked by its vrrp_sync_group 'G' too: once is "
     "enough\n"},
    {"DPVS's name of a port", instance("dpdk_interface dpdk0"), ""},
    {"DPVS's groups outside of a block", "deny_address_group D {\n10.0.0.7\n}", ""},
};
INSTANTIATE_TEST_SUITE_P(AsKeepalived, Messages, testing::ValuesIn(as_keepalived));

// What keepalived takes without a word.
const Case odd[] = {
    {"unspecified VIP", instance("", "0.0.0.0"),
     "5: warning: the virtual address 0.0.0.0 is an unspecified address: no other host can use "
     "it\n"},
    {"loopback VIP", instance("", "127.0.0.1/8"),
     "5: warning: the virtual address 127.0.0.1 is a loopback address: no other host can use it\n"},
    {"multicast VIP", instance("", "224.0.0.9"),
     "5: warning: the virtual address 224.0.0.9 is a multicast address: no other host can use "
     "it\n"},
    {"a network's broadcast address", instance("", "10.0.0.255/24"),
     "5: warning: the virtual address 10.0.0.255 is the broadcast address of its network "
     "10.0.0.0/24\n"},
    {"a network's own address", instance("", "10.0.0.0/24"),
     "5: warning: the virtual address 10.0.0.0 is the network's own address of 10.0.0.0/24\n"},
    {"networks of two have neither", instance("", "10.0.0.0/31\n10.0.0.3/31\n10.0.0.7"), ""},
    {"loopback server", instance("") + service("real_server 127.0.0.1 1 {\nPING_CHECK {\n}\n}"),
     ""},
    {"loopback server of an appliance",
     "dataplane {\nhost_addresses off\n}\n" + instance("") +
         service("real_server 127.0.0.1 1 {\nPING_CHECK {\n}\n}"),
     "19: warning: the real_server 127.0.0.1 is this host's own address, which host_addresses off "
     "keeps out of reach: it counts as down\n"},
    {"multicast server", instance("") + service("real_server 224.0.0.9 1 {\nPING_CHECK {\n}\n}"),
     "16: warning: the real_server 224.0.0.9 is a multicast address: no host has it\n"},
    {"broadcast server", instance("") + service("real_server 10.0.0.255 1 {\nPING_CHECK {\n}\n}"),
     "16: warning: the real_server 10.0.0.255 is the broadcast address of 10.0.0.0/24: no host has "
     "it\n"},
    {"own source as sorry_server",
     instance("mcast_src_ip 10.0.0.5") + service("sorry_server 10.0.0.5 80"), ""},
    {"own source as sorry_server of an appliance",
     "dataplane {\nhost_addresses off\n}\n" + instance("mcast_src_ip 10.0.0.5") +
         service("sorry_server 10.0.0.5 80"),
     "19: warning: the sorry_server 10.0.0.5 is this host's own address, which host_addresses off "
     "keeps out of reach: it counts as down\n"},
    {"peer that is the VIP", instance("unicast_peer {\n10.0.0.1\n}"),
     "8: warning: V: the unicast_peer 10.0.0.1 is a virtual address: a peer is named by an address "
     "that stays its own\n"},
    {"peer that is oneself", instance("unicast_src_ip 10.0.0.5\nunicast_peer {\n10.0.0.5\n}"),
     "9: warning: V: the unicast_peer 10.0.0.5 is this router's own address: it would talk to "
     "itself\n"},
    {"a source that moves", instance("mcast_src_ip 10.0.0.1"),
     "1: warning: V: mcast_src_ip 10.0.0.1 is a virtual address, which a backup does not have\n"},
    {"check of the VIP",
     instance("") + service("real_server 10.0.0.3 1 {\nTCP_CHECK {\nconnect_ip 10.0.0.1\n}\n}"),
     "17: warning: connect_ip 10.0.0.1 is one of our own virtual addresses: the check asks this "
     "host, not the real_server\n"},
    {"check of the VIP by a policy route",
     instance("") + service("real_server 10.0.0.3 1 {\nTCP_CHECK {\nconnect_ip 10.0.0.1\n"
                            "fwmark 3\n}\n}"),
     ""},
    {"check from the VIP",
     instance("") + service("real_server 10.0.0.3 1 {\nTCP_CHECK {\nbindto 10.0.0.1\n}\n}"),
     "17: warning: bindto 10.0.0.1 is a virtual address: a backup, which has it not, cannot "
     "check\n"},
    {"local addresses",
     instance("") + service("laddr_group_name L") +
         "local_address_group L {\n10.0.0.1\n10.0.0.1\n}",
     "20: warning: the local address 10.0.0.1 stands in this group twice\n"},
    {"local addresses of nobody", instance("") + "local_address_group L {\n10.0.0.1\n}",
     "9: warning: no virtual_server names the local_address_group 'L' by laddr_group_name\n"},
    {"a local address that is a server's",
     instance("", "10.0.0.1/24\n10.0.0.2/24") + service("laddr_group_name L") +
         "local_address_group L {\n10.0.0.2\n}",
     "12: error: the real_server 10.0.0.2 is one of our own virtual addresses\n"
     "20: warning: the local address 10.0.0.2 is a real_server's: its answers would go to it\n"},
};
INSTANTIATE_TEST_SUITE_P(Odd, Messages, testing::ValuesIn(odd));

TEST(OwnAddresses, AreNamedWhereTheyCannotBeServed) {
    const auto result = load_text(instance("unicast_peer {\n10.0.0.5\n10.0.0.6\n}") +
                                  service("real_server 10.0.0.5 1 {\nPING_CHECK {\n}\n}"));
    // The VIP is the host's too while it is master: no news.
    const std::array host{net::IpAddress::v4(10, 0, 0, 1), net::IpAddress::v4(10, 0, 0, 5),
                          net::IpAddress::v4(127, 0, 0, 1)};
    const std::string peer =
        "f:8: warning: V: the unicast_peer 10.0.0.5 is this host's own address: it would talk "
        "to itself\n";
    EXPECT_EQ(messages(find_own_addresses(result.config, host)), peer);
    config::Config appliance = result.config;
    appliance.dataplane.host_addresses = false;
    EXPECT_EQ(messages(find_own_addresses(appliance, host)),
              "f:19: warning: the real_server 10.0.0.5 is this host's own address, which "
              "host_addresses off keeps out of reach: it counts as down\n" +
                  peer);
}

TEST(OwnAddresses, TheSourceShouldBeOne) {
    const std::string peers = "unicast_src_ip 10.0.0.5\nunicast_peer {\n10.0.0.6\n}\n";
    const auto told = [](const std::string& text, const net::IpAddress& host) {
        return messages(find_own_addresses(load_text(text).config, std::array{host}));
    };
    const auto own = net::IpAddress::v4(10, 0, 0, 5), other = net::IpAddress::v4(10, 0, 0, 7);
    EXPECT_EQ(told(instance(peers), own), "");
    EXPECT_EQ(told(instance(peers), other),
              "f:1: warning: V: unicast_src_ip 10.0.0.5 is no address of this host now: "
              "the router is in fault until the host has it\n");
    EXPECT_EQ(told(instance("unicast_src_ip 10.0.0.1\nunicast_peer {\n10.0.0.6\n}\n"), other), "")
        << "a virtual address: said by others";
    EXPECT_EQ(told(instance("unicast_src_ip 10.0.0.5"), other), "");
    EXPECT_EQ(told(instance(peers) + "static_ipaddress {\n10.0.0.5/24 dev eth0\n}", other), "");
}

// Understood, but not built yet: never silently left out.
const Case unsupported[] = {
    {"lb_algo",
     instance("") + "virtual_server 10.0.0.1 1 { lb_algo lblc\nlb_kind DR\nreal_server 10.0.0.2 1 "
                    "{\nPING_CHECK {\n}\n}\n}",
     "9: warning: lb_algo lblc is not served: lc, the nearest, is taken\n"},
    {"protocol", instance("") + service("protocol UDP"),
     "9: warning: the virtual_server 10.0.0.1 5672 is not served yet: its protocol is UDP, and "
     "only "
     "TCP is balanced\n"},
    {"link-local server",
     "virtual_server 2001:db8::1 1 { lb_algo wlc\nlb_kind FNAT\nreal_server fe80::2 1 "
     "{\nPING_CHECK "
     "{\n}\n}\n}",
     "1: warning: the address 2001:db8::1 of this virtual_server is in no vrrp_instance: nobody "
     "answers for it\n"
     "3: error: the link-local server fe80::2 is not supported yet: use a global or unique local "
     "address of its\n"},
    {"fwmark", "virtual_server fwmark 3 {\n}",
     "1: warning: the virtual_server fwmark 3 is not served yet: write one for each address and "
     "port of it\n"},
};
INSTANTIATE_TEST_SUITE_P(Unsupported, Messages, testing::ValuesIn(unsupported));

const Case dataplane[] = {
    {"CPU list", "dataplane {\nworker_cpus 1,x\n}",
     "2: error: 'worker_cpus' is a list like 2,3,6-8, not '1,x'\n"},
    {"CPU twice", "dataplane {\nworker_cpus 1-3,2\n}",
     "2: error: 'worker_cpus' names a CPU twice\n"},
    {"too few CPUs", "dataplane {\nworkers 3\nworker_cpus 1-2\n}",
     "1: error: 3 workers need as many worker_cpus, not 2\n"},
    {"no device", "dataplane {\ninterface eth0 {\n}\n}",
     "2: error: the interface 'eth0' needs a device: a PCI address or an EAL virtual device\n"},
    {"flows", "dataplane {\nflows 1\n}",
     "2: error: 'flows' must be a whole number from 64 to 67108864, not '1'\n"},
    {"unknown flow", "dataplane {\nunknown_flow ignore\n}",
     "2: error: 'unknown_flow' is one of reset, drop, not 'ignore'\n"},
    {"http without a port", "dataplane {\nhttp 127.0.0.1\n}",
     "2: error: 'http' is ADDRESS:PORT, like 127.0.0.1:9721, or unix:/PATH of at most 90 bytes, "
     "not '127.0.0.1'\n"},
    {"http twice", "dataplane {\nhttp [::1]:9721\nhttp [::1]:9721\n}",
     "3: error: http [::1]:9721 is given twice\n"},
    {"http for everybody", "dataplane {\nhttp 0.0.0.0:9721\n}",
     "2: warning: http 0.0.0.0:9721: whoever reaches this machine can read its state: say an "
     "address of the management network, or 127.0.0.1\n"},
};
INSTANTIATE_TEST_SUITE_P(Dataplane, Messages, testing::ValuesIn(dataplane));

TEST(Limits, AnAdvertCounts255Addresses) {
    std::string addresses;
    for (unsigned i = 1; i <= max_virtual_addresses + 1; ++i)
        addresses += "10.0." + std::to_string(i >> 8) + "." + std::to_string(i & 255) + "/16\n";
    const LoadResult result = load_text(instance("", addresses));
    EXPECT_TRUE(result.ok());
    EXPECT_EQ(result.config.vrrp_instances[0].virtual_ipaddress.size(), 255U);
    EXPECT_EQ(result.config.vrrp_instances[0].virtual_ipaddress_excluded.size(), 1U);
    EXPECT_EQ(result.diagnostics.at(255).where.line, 260U);
}

TEST(Limits, VirtualServersAndRealServers) {
    std::string text = instance("") + "virtual_server 10.0.0.1 1 { lb_algo wlc\nlb_kind FNAT\n";
    for (unsigned i = 1; i <= max_real_servers + 1; ++i)
        text += "real_server 10.0.1.1 " + std::to_string(i) + " {\nPING_CHECK {\n}\n}\n";
    text += "}\n";
    EXPECT_NE(told(text).find("more than 256 real_servers"), std::string::npos);
    std::string many = instance("");
    for (unsigned i = 1; i <= max_virtual_servers + 1; ++i)
        many += "virtual_server 10.0.0.1 " + std::to_string(i) +
                " { lb_algo wlc\nlb_kind FNAT\nreal_server 10.0.0.2 1 {\nPING_CHECK {\n}\n}\n}\n";
    EXPECT_NE(told(many).find("more than 1024 virtual_servers"), std::string::npos);
}

TEST(Ignored, KernelKeywordsAreListedWithTheirReason) {
    const LoadResult result =
        load_text("global_defs {\nno_checker_emails\n\n\nenable_snmp_vrrp\n}\n" +
                  instance("old_unicast_checksum"));
    EXPECT_TRUE(result.ok());
    ASSERT_EQ(result.ignored.size(), 3U);
    EXPECT_EQ(result.ignored[2].keyword, "old_unicast_checksum");
    EXPECT_EQ(result.ignored[2].where.to_string(), "f:13");
    EXPECT_FALSE(result.ignored[2].reason.empty());
}

TEST(Notes, AVipWithoutServiceShowsTheBlockToAdd) {
    const LoadResult result = load_text(instance(""));
    ASSERT_EQ(result.diagnostics.size(), 1U);
    const Diagnostic& note = result.diagnostics[0];
    EXPECT_EQ(note.severity, Severity::note);
    EXPECT_EQ(note.where.line, 5U);
    const std::string block = note.message.substr(note.message.find('\n') + 1);
    // The printed block is itself a valid configuration once an address is filled in.
    std::string filled = block;
    filled.replace(filled.find("ADDRESS_OF_A_NODE"), 17, "10.0.0.2");
    EXPECT_EQ(messages(load_text(instance("") + filled).diagnostics), "");
}

TEST(Seconds, AreDecimalAndExact) {
    EXPECT_EQ(parse_seconds("0.01"), 10 * ns_per_ms);
    EXPECT_EQ(parse_seconds("1"), ns_per_s);
    EXPECT_EQ(parse_seconds(".5"), 500 * ns_per_ms);
    EXPECT_EQ(parse_seconds("2.71828"), 2'718'280'000);
    EXPECT_EQ(parse_seconds("999999999.9999999999"), 999'999'999'999'999'999);
    for (const char* wrong : {"", ".", "-1", "1e3", "1s", "1.2.3", "1000000000", " 1"})
        EXPECT_EQ(parse_seconds(wrong), std::nullopt) << wrong;
    EXPECT_EQ(format_seconds(10 * ns_per_ms), "0.01");
    EXPECT_EQ(format_seconds(3 * ns_per_s), "3");
}

TEST(LoopbackServer, NeedsAServiceThatListensOnTheVip) {
    const LoadResult result =
        load_text(instance("") + service("real_server 127.0.0.1 1 {\nPING_CHECK {\n}\n}"));
    EXPECT_NE(messages(result.diagnostics)
                  .find("f:16: note: the real_server 127.0.0.1 is this host, which clients reach "
                        "by the virtual address: its service has to listen there too"),
              std::string::npos);
}

}  // namespace messages_test
}  // namespace warren::schema
