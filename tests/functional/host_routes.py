#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What a master's host has beside its VIP: routes, rules, addresses on another interface; and what every host has: static ones.

Two hosts with two interfaces each; VRRP is spoken on eth0's LAN, a client and a server are on eth1's. Cases:
 routes      `ip route` and `ip rule` tell the truth as master, backup, without a link, after stop, kill -9 and a life before
 tracked     what somebody takes away comes back; who tracks static things by a track_group is at fault without them
 elsewhere   an address with `dev eth1` is announced, answered (once, and there only), pinged and served there
 keepalived  the same file makes the same routes and rules
 namespace   net_namespace: started elsewhere, it works there
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys

from harness import REPOSITORY, Test, run, run_cases, wait_until
from lan import Lan, now, socket_in

VIP, FAR_VIP, FAR_VIP6 = "192.168.8.100", "10.9.0.100", "fd00:9::100"
PRIORITY = {"a": 200, "b": 100}
HERE = REPOSITORY / "tests" / "functional"
STATIC = """static_ipaddress {{
    10.9.1.{number}/24 dev eth1
}}
static_routes {{
    10.4.0.0/16 via 10.9.1.9 dev eth1 {more}
}}
static_rules {{
    from 10.4.0.0/16 table 78 preference 701
}}
"""
VIRTUAL = f"""    virtual_routes {{
        10.7.0.0/16 via 192.168.8.9 dev eth0 src {VIP} metric 7 mtu 1400
        blackhole 10.6.0.0/16 table 77
        10.3.0.0/16 nexthop via 192.168.8.9 weight 1 nexthop via 192.168.8.8 dev eth0 weight 2
    }}
    virtual_rules {{
        from 10.5.0.0/16 table 77 preference 700
        to 10.6.0.0/16 prohibit preference 702 no_track
    }}
"""
STATIC_ROUTES, STATIC_RULES = {"10.4.0.0/16"}, {701}
VIRTUAL_ROUTES, VIRTUAL_RULES = {"10.7.0.0/16", "10.6.0.0/16", "10.3.0.0/16"}, {700, 702}


def instance(name, more="", addresses=f"{VIP}/24"):
    return f"""vrrp_instance VI_1 {{
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority {PRIORITY[name]}
    advert_int 1
    virtual_ipaddress {{
        {addresses}
    }}
{more}
}}
"""


def both(name, more=""):
    return STATIC.format(number={"a": 4, "b": 5}[name], more=more) + instance(name, VIRTUAL)


class Site:
    """The hosts, each with eth1 on a bridge of its own."""

    def __init__(self, test):
        self.test, self.hosts, self.warrens = test, {}, {}
        switch = ("ip", "-n", test.network.switch, "link")
        run(*switch, "add", "name", "bridge2", "type", "bridge")
        run(*switch, "set", "dev", "bridge2", "up")
        for number, name in ((4, "a"), (5, "b")):
            host = self.hosts[name] = test.network.add_host(name, f"192.168.8.{number}/24")
            run(*switch, "add", "name", f"{name}2", "type", "veth", "peer", "name", "eth1", "netns", host.namespace)
            run(*switch, "set", "dev", f"{name}2", "master", "bridge2", "up")
            host.run("ip", "link", "set", "dev", "eth1", "up")
            for address in (f"10.9.0.{number}/24", f"fd00:9::{number}/64"):
                host.add_address(address, "eth1")

    def add_far_host(self, name, number):
        """One on eth1's LAN."""
        host = self.test.network.add_host(name, f"10.9.0.{number}/24", f"fd00:9::{number}/64")
        run("ip", "-n", self.test.network.switch, "link", "set", "dev", name, "master", "bridge2")
        return host

    def start(self, name, config):
        (self.test.folder / f"{name}.log").unlink(missing_ok=True)
        self.warrens[name] = self.test.start_warren(self.hosts[name], config)

    def end(self, name, number=signal.SIGTERM):
        os.kill(self.warrens[name].pid, number)
        self.warrens[name].wait(10)

    def has_vip(self, name, vip=VIP):
        return vip in self.hosts[name].run("ip", "addr", "show").stdout

    def wait_for_master(self, name, most=8):
        wait_until(f"{name} to be master", lambda: self.has_vip(name), most)

    def routes(self, name):
        rows = json.loads(self.hosts[name].run("ip", "-json", "-N", "route", "show", "table", "all", "proto", "18").stdout or "[]")
        return {row["dst"] for row in rows}

    def rules(self, name):
        text = self.hosts[name].run("ip", "-N", "-d", "rule", "show").stdout
        return {int(line.split(":")[0]) for line in text.splitlines() if "proto 18" in line or line.startswith("702:")}  # no_track: nobody's

    def has(self, name, routes, rules):
        return (self.routes(name), self.rules(name)) == (routes, rules)

    def check(self, name, routes, rules, most=2):
        wait_until(f"{name} to have its routes and rules", lambda: self.has(name, routes, rules), most)

    def check_master(self, name):
        self.check(name, STATIC_ROUTES | VIRTUAL_ROUTES, STATIC_RULES | VIRTUAL_RULES)

    def check_backup(self, name):
        self.check(name, STATIC_ROUTES, STATIC_RULES)


def routes(test):
    site = Site(test)
    site.start("a", both("a"))
    site.check_backup("a")      # not yet master
    site.wait_for_master("a")
    site.check_master("a")
    shown = site.hosts["a"].run("ip", "route", "show").stdout
    assert re.search(rf"10\.7\.0\.0/16 via 192\.168\.8\.9 dev eth0 proto \S+ src {VIP} metric 7 mtu 1400", shown), shown
    assert "10.9.1.4/24" in site.hosts["a"].run("ip", "addr", "show", "dev", "eth1").stdout
    site.start("b", both("b"))
    site.check_backup("b")

    site.end("a")
    assert site.has("a", set(), set()), "a stopped one leaves something"
    assert "10.9.1.4" not in site.hosts["a"].run("ip", "addr").stdout
    site.wait_for_master("b")
    site.check_master("b")
    site.start("a", both("a"))
    site.wait_for_master("a")
    site.check_master("a")
    site.check_backup("b")

    site.hosts["a"].unplug()
    wait_until("a to give the VIP up", lambda: not site.has_vip("a"), 5)
    site.check_backup("a")
    site.wait_for_master("b")
    site.hosts["a"].plug()
    site.wait_for_master("a")
    site.check_master("a")
    site.check_backup("b")

    site.end("a", signal.SIGKILL)
    site.check("a", set(), set())
    assert "10.9.1.4" not in site.hosts["a"].run("ip", "addr").stdout
    site.wait_for_master("b")
    site.check_master("b")
    a_life_before(site)


def a_life_before(site):
    """Both it and its cleaner were killed."""
    host = site.hosts["a"]
    host.run("ip", "route", "add", "blackhole", "10.6.0.0/16", "table", "77", "proto", "18")
    host.run("ip", "rule", "add", "from", "10.5.0.0/16", "table", "77", "preference", "700", "protocol", "18")
    host.run("ip", "rule", "add", "from", "10.2.0.0/16", "table", "77", "preference", "703")
    site.start("a", both("a").replace("priority 200", "priority 50"))
    site.check_backup("a")
    assert re.search(r"route blackhole 10\.6\.0\.0/16 table 77 was left by an earlier life: removed", site.test.log("a.log"))
    assert "703:" in host.run("ip", "rule").stdout, "the host's own"


def tracked(test):
    site = Site(test)
    group = "track_group G {\n    group {\n        VI_1\n    }\n}\n"
    site.start("a", group + both("a", "track_group G"))
    site.wait_for_master("a")
    site.check_master("a")
    site.start("b", both("b"))
    host = site.hosts["a"]
    for words in (("route", "del", "10.7.0.0/16"), ("rule", "del", "preference", "700"), ("rule", "del", "preference", "702")):
        host.run("ip", *words)
    wait_until("what is tracked to come back", lambda: site.has("a", STATIC_ROUTES | VIRTUAL_ROUTES, STATIC_RULES | {700}), 3)
    assert "was taken away: it is there again" in test.log("a.log")

    host.run("ip", "link", "set", "dev", "eth1", "down")
    site.wait_for_master("b")
    wait_until("a to give the VIP up", lambda: not site.has_vip("a"), 3)
    assert "10.4.0.0/16 via 10.9.1.9 dev eth1 is missing" in json.dumps(test.ctl(host, "show", "vrrp")), test.ctl(host, "show", "vrrp")
    host.run("ip", "link", "set", "dev", "eth1", "up")
    site.wait_for_master("a")
    site.check_master("a")


def ask(host, address, port, question=b"x", source=None):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    made, _ = socket_in(host.namespace, family, socket.SOCK_STREAM)
    with made:
        made.settimeout(2)
        try:
            if source:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                made.bind(source)
            made.connect((address, port))
            made.sendall(question)
            return made.recv(4000).decode()
        except OSError as error:
            return str(error)


def elsewhere(test):
    site = Site(test)
    far, server = site.add_far_host("far", 50), site.add_far_host("r1", 11)
    test.start_name_echo(server, "r1")
    for name, host in site.hosts.items():
        test.start(host, sys.executable, str(HERE / "web_host.py"), name, log=f"web-{name}.log")
    lan = Lan(test.network, far, {"a2": site.hosts["a"], "b2": site.hosts["b"]})
    near_lan = Lan(test.network, test.network.add_host("near", "192.168.8.50/24"), ("a", "b"))
    service = f"""virtual_server {FAR_VIP} 5672 {{
    lb_algo rr
    lb_kind FNAT
    real_server 10.9.0.11 5672 {{
        TCP_CHECK {{
            connect_timeout 1
        }}
    }}
}}
"""
    more = f"    use_vmac\n    virtual_ipaddress_excluded {{\n        {FAR_VIP6}/64 dev eth1\n        192.0.2.7/32 dev lo\n    }}\n"

    def config(name):
        return instance(name, more, f"{VIP}/24\n        {FAR_VIP}/24 dev eth1") + service
    since = now()
    site.start("a", config("a"))
    site.wait_for_master("a")
    for name in ("a", "b"):
        host = site.hosts[name]
        mac = host.mac("eth1")
        wait_until("the address on eth1", lambda: FAR_VIP in host.run("ip", "addr", "show", "dev", "eth1").stdout, 3)
        for address in (FAR_VIP, FAR_VIP6):
            wait_until(f"an announcement of {address}", lambda: lan.claims(f"{name}2", since, address), 3)
            claims = {(claim.source_mac, claim.mac) for claim in lan.claims(f"{name}2", since, address)}
            assert claims == {(mac, mac)}, f"{address} is announced with {claims}, eth1 is {mac}"
            answers = lan.ask(address)
            assert [(claim.port, claim.mac) for claim in answers] == [(f"{name}2", mac)], f"{address}: {answers}"
            # A kernel would answer ARP for an address of another interface of its own.
            assert near_lan.ask(address) == [] == near_lan.claims(name, since, address), f"{address} on eth0's LAN"
            assert far.run("ping", "-c1", "-W2", address, check=False).returncode == 0, f"ping {address}"
        assert not lan.adverts(f"{name}2", since), "adverts on an interface without an instance"
        assert len(near_lan.ask(VIP)) == 1 and lan.ask(VIP) == [] == lan.claims(f"{name}2", since, VIP), "the VIP on eth1's LAN"
        assert near_lan.owners("192.0.2.7") == [name], "nobody asks on lo"
        assert ask(far, FAR_VIP, 8080, b"GET / HTTP/1.0\r\n\r\n").startswith("HTTP/1"), "the host's own service"
        wait_until("the virtual_server", lambda: ask(far, FAR_VIP, 5672) == "r1 x", 5)
        assert "192.0.2.7" in host.run("ip", "addr", "show", "dev", "lo").stdout
        if name == "b":
            break
        site.start("b", config("b"))
        since = now()
        site.end("a")
        site.wait_for_master("b")
        assert FAR_VIP not in host.run("ip", "addr").stdout
    for watched in (lan, near_lan):
        watched.close()


def text_of(site, name):
    """Without who made a rule: keepalived does not say so of one with no_track."""
    host = site.hosts[name]
    shown = host.run("ip", "-N", "route", "show", "table", "all", "proto", "18").stdout + host.run("ip", "-N", "-d", "rule").stdout
    return sorted(re.sub(r" proto \d+", "", line.strip()) for line in shown.splitlines())


def keepalived(test):
    site = Site(test)
    site.start("a", both("a"))
    site.wait_for_master("a")
    site.check_master("a")
    ours = text_of(site, "a")
    file = test.folder / "keepalived.conf"
    file.write_text(both("b"), encoding="utf-8")
    pids = [word for kind in "prcb" for word in (f"-{kind}", str(test.folder / f"kad-{kind}.pid"))]
    test.start(site.hosts["b"], test.program("keepalived"), "-n", "-l", "-D", "-P", "-f", str(file), *pids, log="keepalived.log")
    wait_until("keepalived to be backup", lambda: "BACKUP STATE" in test.log("keepalived.log"), 10)
    site.check_backup("b")
    site.end("a")
    wait_until(f"keepalived to have, like Warren, {ours}", lambda: text_of(site, "b") == ours, 8)


def namespace(test):
    site = Site(test)
    host = site.hosts["a"]
    file = test.folder / "a.conf"
    file.write_text(f"net_namespace {host.namespace}\n" + both("a"), encoding="utf-8")
    with open(test.folder / "a.log", "ab") as log:
        process = subprocess.Popen([test.program("app/warren/warren"), "--config", str(file), "--instance", host.namespace],
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        site.wait_for_master("a", 15)
        site.check_master("a")
    finally:
        process.terminate()
        process.wait()
    assert site.has("a", set(), set())
    file.write_text("net_namespace no-such-one\n" + both("a"), encoding="utf-8")
    ended = subprocess.run([test.program("app/warren/warren"), "--config", str(file), "--instance", host.namespace],
                           capture_output=True, text=True, timeout=20, check=False)
    assert ended.returncode == 1 and "net_namespace no-such-one" in ended.stderr, ended


CASES = {"routes": routes, "tracked": tracked, "elsewhere": elsewhere, "keepalived": keepalived, "namespace": namespace}

if __name__ == "__main__":
    if len(sys.argv) > 2:
        Test.main(CASES[sys.argv[2]])
    else:
        run_cases(CASES, 3)
