#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Warren and Debian's keepalived as a VRRPv2 pair with PASS on one LAN, in both roles: who owns the VIP is asked by ARP.

Then as a VRRPv3 pair of 255 IPv6 addresses, whose adverts need a large MTU.

Times have room for a busy machine: they tell a takeover by good-bye (skew only) from one by silence (three adverts and skew).
"""

import os
import pathlib
import signal
import sys
import time

from harness import Test, rows_of, run, run_cases, wait_until

VIP = "192.168.8.100"
WHO_HAS = str(pathlib.Path(__file__).with_name("who_has.py"))


def instance(priority):
    return f"""vrrp_instance VI_1 {{
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority {priority}
    advert_int 1
    authentication {{
        auth_type PASS
        auth_pass 1111
    }}
    virtual_ipaddress {{
        {VIP}/24
    }}
}}
"""


# One message of 4,088 bytes. The two count what an MTU has room for alike, or each would refuse the other's.
ADDRESSES = ["fe80::100", *(f"2001:db8::{number:x}" for number in range(1, 255))]


def large_instance(priority):
    return f"""vrrp_instance VI_6 {{
    state BACKUP
    interface eth0
    virtual_router_id 56
    version 3
    priority {priority}
    advert_int 1
    virtual_ipaddress {{
        {" ".join(f"{address}/64" + chr(10) for address in ADDRESSES)}
    }}
}}
"""


class Pair:
    def __init__(self, test, instance=instance):
        self.test = test
        self.instance = instance
        self.warren_host = test.network.add_host("warren", "192.168.8.4/24")
        self.keepalived_host = test.network.add_host("kad", "192.168.8.6/24")
        self.client = test.network.add_host("client", "192.168.8.50/24")
        self.macs = {self.warren_host.mac(): "warren", self.keepalived_host.mac(): "keepalived"}
        self.starts = 0
        self.warren = None
        self.keepalived = None

    def owners(self):
        answer = self.client.run("/usr/bin/python3", WHO_HAS, VIP).stdout.split()
        return sorted(self.macs.get(mac, mac) for mac in answer)

    def wait_for_owner(self, name, timeout):
        """Returns how long it took; two owners at once are a failure (but for the instant of a handover)."""
        begin = time.monotonic()
        wait_until(f"{name} to own the VIP", lambda: self.owners() == [name], timeout)
        return time.monotonic() - begin

    def start_warren(self, priority):
        self.warren = self.test.start_warren(self.warren_host, self.instance(priority))

    def stop_warren(self):
        end(self.warren)
        assert self.warren.wait(10) == 0, "warren did not stop cleanly"

    def start_keepalived(self, priority):
        self.starts += 1
        folder = self.test.folder
        config = folder / "keepalived.conf"
        config.write_text("global_defs {\n    router_id kad\n}\n" + self.instance(priority), encoding="utf-8")
        pids = [arg for name in "prcb" for arg in (f"-{name}", str(folder / f"{name}{self.starts}.pid"))]
        self.keepalived = self.test.start(self.keepalived_host, self.test.program("keepalived"), "-n", "-l", "-D", "-P",
                                          "-f", str(config), *pids, log="keepalived.log")

    def stop_keepalived(self):
        end(self.keepalived)
        self.keepalived.wait(10)

    def show_vrrp(self):
        text = self.warren_host.run(self.test.program("app/warrenctl/warrenctl"), "--instance",
                                    self.warren_host.namespace, "--json", "show", "vrrp").stdout
        return rows_of(text, "show", "vrrp")[0]


def end(process):
    """TERM to the program itself, not to `ip netns exec`, which has become it."""
    os.kill(process.pid, signal.SIGTERM)


def warren_is_the_better_one(pair):
    pair.start_keepalived(90)
    pair.wait_for_owner("keepalived", 15)
    pair.start_warren(150)
    pair.wait_for_owner("warren", 15)               # preempts
    wait_until("keepalived's adverts to end", lambda: pair.show_vrrp()["adverts_sent"] >= 3, 10)
    assert pair.owners() == ["warren"], "keepalived did not accept our adverts"
    shown = pair.show_vrrp()
    assert shown["state"] == "master" and shown["rejected"] == {}, shown

    pair.stop_warren()                              # good-bye: skew (256 - 90) / 256 s
    took = pair.wait_for_owner("keepalived", 10)
    assert took < 2.5, f"keepalived waited {took:.1f} s: it did not hear priority 0"
    pair.start_warren(150)
    pair.wait_for_owner("warren", 15)
    pair.stop_keepalived()
    pair.stop_warren()


def keepalived_is_the_better_one(pair):
    pair.start_warren(100)
    pair.wait_for_owner("warren", 15)
    pair.start_keepalived(200)
    pair.wait_for_owner("keepalived", 15)
    wait_until("a few of its adverts", lambda: pair.show_vrrp()["adverts_received"] >= 4, 15)
    shown = pair.show_vrrp()
    assert shown["state"] == "backup" and shown["master"] == "192.168.8.6", shown
    assert shown["master_priority"] == 200 and shown["rejected"] == {}, shown

    pair.stop_keepalived()                          # good-bye: skew (256 - 100) / 256 s
    took = pair.wait_for_owner("warren", 10)
    assert took < 2.5, f"warren waited {took:.1f} s: it did not hear priority 0"
    assert pair.show_vrrp()["priority_zero_received"] >= 1

    pair.start_keepalived(200)
    pair.wait_for_owner("keepalived", 15)
    pair.keepalived_host.unplug()                   # a power cut says no good-bye: three adverts and skew
    took = pair.wait_for_owner("warren", 15)
    assert took > 1.5, f"warren took over {took:.1f} s after an advert at most one second old"
    pair.keepalived_host.plug()
    pair.wait_for_owner("keepalived", 15)           # the split brain heals: the lower priority yields
    pair.stop_keepalived()
    pair.stop_warren()


def adverts_of_255_addresses(pair):
    for host in (pair.warren_host, pair.keepalived_host):
        run("ip", "-n", host.namespace, "link", "set", "eth0", "mtu", "9000")
        run("ip", "-n", pair.test.network.switch, "link", "set", host.name, "mtu", "9000")
    pair.instance = large_instance
    pair.start_warren(100)
    wait_until("warren to be master", lambda: pair.show_vrrp()["state"] == "master", 15)
    pair.start_keepalived(200)
    wait_until("warren to give way", lambda: pair.show_vrrp()["state"] == "backup", 15)
    wait_until("a few adverts", lambda: pair.show_vrrp()["adverts_received"] >= 4, 15)
    shown = pair.show_vrrp()
    assert shown["unlisted_addresses"] == 0 and shown["rejected"] == {} and shown["address_list_differs"] == 0, shown
    pair.stop_keepalived()
    pair.stop_warren()
    pair.start_keepalived(90)
    def has_them():
        return ADDRESSES[-1] in pair.keepalived_host.run("ip", "-6", "addr", "show", "dev", "eth0").stdout
    wait_until("keepalived to be master", has_them, 15)
    pair.start_warren(150)
    wait_until("keepalived to give way", lambda: not has_them(), 15)
    pair.stop_keepalived()
    pair.stop_warren()


CASES = {case.__name__: case for case in (warren_is_the_better_one, keepalived_is_the_better_one, adverts_of_255_addresses)}

if __name__ == "__main__":
    if len(sys.argv) < 3:
        run_cases(CASES, at_once=3)
    Test.main(lambda test: CASES[sys.argv[2]](Pair(test)))
