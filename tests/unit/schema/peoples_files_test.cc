// SPDX-License-Identifier: BSD-3-Clause
// Whole files in the manner of those that people show each other. keepalived 2.2.7 starts with each
// of them, so each is at least warned about.
#include <gtest/gtest.h>

#include "any_file.h"

namespace warren::schema {
namespace peoples_files_test {

class PeoplesFile : public testing::TestWithParam<Case> {};

TEST_P(PeoplesFile, IsTakenAsStated) {
    expect_fate(GetParam());
}

const Case files[] = {
    {"the API of Kubernetes, unicast", R"(! Configuration File for keepalived
global_defs {
    router_id LVS_DEVEL
    enable_script_security
    script_user root
}
vrrp_script check_apiserver {
  script "/etc/keepalived/check_apiserver.sh"
  interval 3
  weight -2
  fall 10
  rise 2
}

vrrp_instance VI_K8S {
    state MASTER
    interface ens192
    virtual_router_id 51
    priority 101
    mcast_src_ip 192.168.8.4
    unicast_src_ip 192.168.8.4
    unicast_peer {
        192.168.8.5
        192.168.8.6
    }
    authentication {
        auth_type PASS
        auth_pass K8SHA_KA_AUTH
    }
    virtual_ipaddress {
        192.168.8.100
    }
    track_script {
        check_apiserver
    }
}
)",
     warned, "longer than 8 characters"},
    {"redirection as a script", R"(vrrp_script chk_http_port {
        script "</dev/tcp/127.0.0.1/80"
        interval 1
        weight -10
}
vrrp_instance VI_1 {
        state BACKUP
        nopreempt
        interface eth0
        virtual_router_id 51
        priority 100
        advert_int 1
        virtual_ipaddress {
                192.168.8.100/24 dev eth0
        }
        track_script {
                chk_http_port
        }
}
)",
     accepted},
    {"comments without blanks, not in English", R"(!Configuration File for keepalived
global_defs {
   router_id lb01    #标识
}
vrrp_instance VI_1 {
    state MASTER#主
    interface eth0    #网卡
    virtual_router_id 51    #必须相同
    priority 150   # 优先级
    advert_int 1
    authentication {
        auth_type PASS
        auth_pass 1111
    }
    virtual_ipaddress {
        192.168.8.100/24 dev eth0 label eth0:1     #虚拟IP
    }
}
)",
     accepted},
    {"two masters that back each other", R"(vrrp_instance VI_1 {
    state MASTER
    interface bond0
    virtual_router_id 51
    priority 150
    advert_int 1
    virtual_ipaddress {
        192.168.8.100/24 dev bond0 label bond0:0
    }
}
vrrp_instance VI_2 {
    state BACKUP
    interface bond0
    virtual_router_id 52
    priority 100
    advert_int 1
    virtual_ipaddress {
        192.168.8.101/24 dev bond0 label bond0:1
    }
}
)",
     accepted},
    {"a pair of routers", R"(vrrp_sync_group VG_1 {
    group {
        VI_EXT
        VI_INT
    }
    notify_master "/etc/keepalived/conntrackd.sh primary"
    notify_backup "/etc/keepalived/conntrackd.sh backup"
    notify_fault "/etc/keepalived/conntrackd.sh fault"
}
vrrp_instance VI_EXT {
    interface eth0
    virtual_router_id 10
    priority 200
    virtual_ipaddress {
        203.0.113.10/24
    }
    virtual_routes {
        default via 203.0.113.1 dev eth0
    }
}
vrrp_instance VI_INT {
    interface eth1
    virtual_router_id 11
    priority 200
    virtual_ipaddress {
        10.0.0.1/24 brd 10.0.0.255 scope global
    }
    track_interface {
        eth0
    }
}
)",
     accepted},
    {"an OpenStack router", R"(vrrp_instance VR_7 {
    state BACKUP
    interface ha-1f2e3d4c-5b
    virtual_router_id 7
    priority 50
    garp_master_delay 60
    nopreempt
    advert_int 2
    track_interface {
        ha-1f2e3d4c-5b
    }
    virtual_ipaddress {
        169.254.0.7/24 dev ha-1f2e3d4c-5b
    }
    virtual_ipaddress_excluded {
        10.0.0.1/24 dev qr-aaaaaaaa-aa
        203.0.113.20/24 dev qg-bbbbbbbb-bb
        fe80::f816:3eff:fe00:1/64 dev qr-aaaaaaaa-aa scope link
    }
    virtual_routes {
        0.0.0.0/0 via 203.0.113.1 dev qg-bbbbbbbb-bb
    }
}
)",
     warned, "its own interface"},
    {"an appliance in a cloud, with a table of its own", R"(vrrp_script check_script {
  script /var/lib/lb/check_script.sh
  interval 5
  fall 2
  rise 2
}
vrrp_instance 0a1b2c3d {
  state MASTER
  interface eth1
  virtual_router_id 1
  priority 100
  accept
  garp_master_refresh 5
  garp_master_refresh_repeat 2
  advert_int 1
  authentication {
    auth_type PASS
    auth_pass 0123abc
  }
  unicast_src_ip 10.1.0.5
  unicast_peer {
    10.1.0.6
  }
  virtual_ipaddress {
    10.1.0.100
  }
  virtual_routes {
    10.1.0.0/24 dev eth1 src 10.1.0.100 scope link table 1
    default via 10.1.0.1 dev eth1 onlink table 1
  }
  virtual_rules {
    from 10.1.0.100/32 table 1 priority 100
  }
  track_script {
    check_script
  }
}
)",
     accepted},
    {"resolvers, UDP and TCP", R"(vrrp_instance VI_1 {
    state MASTER
    interface eth0
    virtual_router_id 53
    priority 101
    virtual_ipaddress {
        192.168.8.53/24
    }
}
virtual_server 192.168.8.53 53 {
    delay_loop 6
    lb_algo rr
    lb_kind DR
    protocol UDP
    real_server 192.168.8.7 53 {
        weight 1
        DNS_CHECK {
            type A
            name example.com
            connect_timeout 3
        }
    }
}
virtual_server 192.168.8.53 53 {
    delay_loop 6
    lb_algo rr
    lb_kind DR
    protocol TCP
    real_server 192.168.8.7 53 {
        weight 1
        TCP_CHECK {
            connect_timeout 3
        }
    }
}
)",
     warned, "is not served yet"},
    {"a database behind one server", R"(vrrp_instance VI_1 {
    state BACKUP
    nopreempt
    interface eth0
    virtual_router_id 60
    priority 90
    advert_int 1
    virtual_ipaddress {
        192.168.8.100
    }
}
virtual_server 192.168.8.100 3306 {
    delay_loop 2
    lb_algo wrr
    lb_kind DR
    persistence_timeout 60
    protocol TCP
    real_server 192.168.8.7 3306 {
        weight 3
        notify_down /usr/local/bin/mysql_down.sh
        TCP_CHECK {
            connect_timeout 10
            retry 3
            delay_before_retry 3
            connect_port 3306
        }
    }
}
)",
     accepted},
    {"a group of addresses", R"(vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 63
    virtual_ipaddress {
        192.168.8.100
        192.168.8.101
    }
}
virtual_server_group WEB {
    192.168.8.100 80
    192.168.8.101 80
}
virtual_server group WEB {
    lb_algo rr
    lb_kind DR
    protocol TCP
    real_server 192.168.8.7 80 {
        TCP_CHECK {
        }
    }
}
)",
     accepted},
    {"a firewall mark", R"(vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 64
    virtual_ipaddress {
        192.168.8.100
    }
}
virtual_server fwmark 1 {
    delay_loop 5
    lb_algo rr
    lb_kind DR
    persistence_timeout 300
    persistence_granularity 255.255.255.0
    real_server 192.168.8.7 0 {
        TCP_CHECK {
            connect_port 80
        }
    }
}
)",
     warned, "is not served yet"},
    {"one file for two hosts", R"($PRIORITY=100
@high $PRIORITY=200
$IF=eth0
$VIP=192.168.8.100/24
vrrp_instance VI_1 {
    interface $IF
    virtual_router_id 65
    priority $PRIORITY
@high    state MASTER
@^high    state BACKUP
    virtual_ipaddress {
        $VIP dev $IF
    }
}
)",
     accepted},
    {"IPv6 with its virtual MAC", R"(global_defs {
    vrrp_version 3
}
vrrp_instance VI_6 {
    interface eth0
    use_vmac vrrp.66
    vmac_xmit_base
    native_ipv6
    virtual_router_id 66
    priority 110
    advert_int 0.5
    virtual_ipaddress {
        fe80::66/64
        2001:db8:8::100/64
    }
}
)",
     accepted},
    {"tracked things", R"(track_file maintenance {
    file /etc/keepalived/maintenance
    weight -1
}
vrrp_track_process haproxy {
    process haproxy
    weight 10
    delay 1
}
bfd_instance gateway {
    neighbor_ip 192.168.8.1
    source_ip 192.168.8.4
    min_rx 100
    min_tx 100
    multiplier 5
}
vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 67
    priority 100
    virtual_ipaddress {
        192.168.8.100/24
    }
    track_file {
        maintenance weight 1
    }
    track_process {
        haproxy
    }
    track_bfd {
        gateway weight 20
    }
}
)",
     accepted},
    {"a notify with words and a user", R"(vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 68
    virtual_ipaddress {
        192.168.8.100/24
    }
    notify "/usr/local/bin/notify.sh VI_1" root root
    notify_master "/bin/sh -c 'systemctl start haproxy'"
    notify_backup /usr/local/bin/backup.sh
    notify_stop "/usr/local/bin/notify.sh stop"
    smtp_alert
}
)",
     accepted},
    {"blocks in one line", R"(global_defs { router_id A }
vrrp_script chk { script "/usr/bin/killall -0 nginx" }
vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 69
    virtual_ipaddress { 192.168.8.100/24 dev eth0 label eth0:vip }
    track_script { chk }
}
)",
     accepted},
    {"braces on lines of their own, and glued", R"(vrrp_instance VI_1
{
    interface eth0
    virtual_router_id 70
    virtual_ipaddress
    {
        192.168.8.100
    }
}
virtual_server 192.168.8.100 80{
    lb_algo rr
    lb_kind DR
    real_server 192.168.8.7 80{
        weight 1
        TCP_CHECK{
            connect_timeout 3
        }
    }
}
)",
     accepted},
    {"the distributions' template", R"(! Configuration File for keepalived

global_defs {
   notification_email {
     acassen@firewall.loc
     sysadmin@firewall.loc
   }
   notification_email_from Alexandre.Cassen@firewall.loc
   smtp_server 192.168.200.1
   smtp_connect_timeout 30
   router_id LVS_DEVEL
   vrrp_skip_check_adv_addr
   vrrp_strict
}

vrrp_instance VI_1 {
    state MASTER
    interface eth0
    virtual_router_id 71
    priority 100
    advert_int 1
    virtual_ipaddress {
        192.168.200.16
        192.168.200.17
    }
}
)",
     warned, "strict mode"},
    {"static things, and a VLAN", R"(static_ipaddress {
    192.168.9.1/24 brd + dev eth0 scope global
}
static_routes {
    192.168.10.0/24 via 192.168.9.9 dev eth0
    blackhole 10.99.0.0/16
}
vrrp_instance VI_1 {
    interface eth0.100
    dont_track_primary
    virtual_router_id 72
    virtual_ipaddress {
        192.168.8.100/24
    }
    preempt_delay 300
}
)",
     accepted},
    {"quotes that a shell script escaped", R"(vrrp_script chk {
    script \"/etc/keepalived/check.sh\"
    interval 2
}
vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 73
    virtual_ipaddress {
        192.168.8.100/24
    }
    track_script {
        chk
    }
}
)",
     accepted},
    {"two statements in a line", R"(vrrp_instance VI_1 {
    state BACKUP priority 200
    interface eth0
    virtual_router_id 74
    virtual_ipaddress {
        192.168.8.100/24
    }
}
)",
     warned, "'priority' after 'state' is ignored"},
    {"a sequence of addresses", R"($LAST=4
vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 76
    virtual_ipaddress {
        ~SEQ(I,1,$LAST) 192.168.8.10${I}/24
    }
}
)",
     accepted},
};
INSTANTIATE_TEST_SUITE_P(Files, PeoplesFile, testing::ValuesIn(files));

}  // namespace peoples_files_test
}  // namespace warren::schema
