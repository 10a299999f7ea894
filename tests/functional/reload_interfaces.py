#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""SIGHUP takes up an interface that nothing used at the start, while flows and adverts go on at the other.

    reload_interfaces.py BUILD-DIR [CASE]

Two warrens with eth0 and eth1, a LAN behind each; at first only eth0 is in the file. Cases:
 instance     a vrrp_instance on eth1 comes, goes and comes again: adverts, ARP, ND, guard, the host's addresses, its link, a
              virtual_server there, and servers there of one that is on eth0
 two_workers  the same, where frames are handed over between workers, and with use_vmac
 address      an address with `dev eth1` is answered for, and served, there
 refused      no such interface: nothing of the reload is taken up, and a rehearsal says so
"""

import json
import os
import re
import signal
import subprocess
import sys
import time

from forwarding_methods import add_wire
from harness import Test, run, run_cases, wait_until
from host_routes import ask
from lan import Lan, now

PYTHON = "/usr/bin/python3"
FAR = "far"
VIP, FAR_VIP, FAR_VIP6 = "192.168.8.100", "10.9.0.100", "fd00:9::100"
INTERVAL = 0.1
CONNECTIONS = 8
# Until stdin says something: who is asked again and again, and what came of it.
TRAFFIC = """
import json, select, socket, sys
held = [socket.create_connection(("192.168.8.100", 5672), timeout=10) for _ in range(int(sys.argv[1]))]
asked, failed = 0, []
while not select.select([sys.stdin], [], [], 0.005)[0]:
    for c in held:
        try:
            c.sendall(b"hello")
            assert c.recv(100)
            asked += 1
        except Exception as error:
            failed.append(repr(error))
print(json.dumps({"asked": asked, "failed": failed}))
"""


def instance(number, interface, vip, more=""):
    return (f"vrrp_instance VI_{number} {{\n interface {interface}\n virtual_router_id {50 + number}\n version 3\n"
            f" priority PRIORITY\n advert_int {INTERVAL}\n{more}\n virtual_ipaddress {{\n  {vip}\n }}\n}}\n")


def service(vip, port, server, kind="FNAT"):
    return (f"virtual_server {vip} {port} {{\n delay_loop 0.1\n lb_algo wrr\n lb_kind {kind}\n protocol TCP\n real_server {server} 5672 {{\n"
            "  TCP_CHECK {\n   connect_timeout 1\n  }\n }\n}\n")


NEAR = instance(1, "eth0", f"{VIP}/24") + service(VIP, 5672, "192.168.8.11")
SECOND = (instance(2, "eth1", f"{FAR_VIP}/24", f" virtual_ipaddress_excluded {{\n  {FAR_VIP6}/64\n }}") +
          service(FAR_VIP, 5672, "10.9.0.11") + service(VIP, 5673, "10.9.0.11", "NAT"))


class Bench:
    def __init__(self, test, dataplane=""):
        self.test, self.dataplane, self.warrens = test, dataplane, {}
        network = test.network
        run("ip", "-n", network.switch, "link", "add", FAR, "type", "bridge", "stp_state", "0", "forward_delay", "0",
            "mcast_snooping", "0")
        run("ip", "-n", network.switch, "link", "set", FAR, "up")
        self.hosts = {name: network.add_host(name, f"192.168.8.{number}/24") for name, number in
                      (("one", 4), ("two", 5), ("server", 11), ("client", 50))}
        for name, number in (("one", 4), ("two", 5)):
            add_wire(network, self.hosts[name], FAR, [f"10.9.0.{number}/24", f"fd00:9::{number}/64"])
        for name, number in (("far-server", 11), ("far-client", 50)):
            self.hosts[name] = network.add_host(name, f"10.9.0.{number}/24", f"fd00:9::{number}/64")
            run("ip", "-n", network.switch, "link", "set", "dev", name, "master", FAR)
        self.hosts["far-server"].run("ip", "route", "add", "192.168.8.0/24", "via", FAR_VIP)
        for name in ("server", "far-server"):
            test.start_name_echo(self.hosts[name], name)
        self.lan = Lan(network, self.hosts["client"], ("one", "two"))
        self.far_lan = Lan(network, self.hosts["far-client"], (f"one-{FAR}", f"two-{FAR}"))

    def text(self, name, config):
        return self.dataplane + config.replace("PRIORITY", {"one": "200", "two": "100"}[name])

    def start(self, name, config):
        self.warrens[name] = self.test.start_warren(self.hosts[name], self.text(name, config))

    def hup(self, name, config):
        before = len(self.test.log(f"{name}.log"))
        self.write(name, config)
        since = now()
        os.kill(self.warrens[name].pid, signal.SIGHUP)
        said = lambda: self.test.log(f"{name}.log")[before:]
        wait_until("the reload", lambda: re.search(r"reloaded: |the running configuration stays", said()), 10, 0.01)
        return since, said()

    def write(self, name, config):
        (self.test.folder / f"{name}.conf").write_text(self.text(name, config), encoding="utf-8")

    def reload(self, config, *names):
        for name in names:
            since, said = self.hup(name, config)
            assert "reloaded: " in said, said
        return since

    def states(self, name):
        return {row["name"]: row["state"] for row in self.test.ctl(self.hosts[name], "show", "vrrp")}

    def wait_for(self, name, **states):
        wait_until(f"{name}: {states}", lambda: self.states(name) == states, 5)

    def server_states(self, name):
        return [row["state"] for row in self.test.ctl(self.hosts[name], "show", "servers")]

    def has(self, name, address):
        return f" {address}/" in self.hosts[name].run("ip", "addr", "show", "dev", "eth1").stdout

    def guard(self, name, interface="eth1"):
        return self.hosts[name].run("nft", "list", "table", "netdev", f"warren_{interface}", check=False).stdout

    def hides(self, name):
        """What of the second instance is kept from the kernel."""
        return re.findall(f"112 .* drop|{FAR_VIP}|{FAR_VIP6}", self.guard(name))

    def in_rhythm(self, lan, port, since):
        """No advert is missed: a busy machine may be late, by less than one interval."""
        times = [a.time for a in lan.adverts(port, since)]
        gaps = [later - earlier for earlier, later in zip(times, times[1:])]
        assert len(times) > 2 and max(gaps) < 2 * INTERVAL, (len(times), max(gaps, default=None))

    def is_served(self, client, vip, port, name):
        wait_until(f"{vip}:{port} to be served by {name}", lambda: ask(self.hosts[client], vip, port) == f"{name} x", 8)


def check_second(bench, since):
    bench.wait_for("one", VI_1="master", VI_2="master")
    wait_until("its adverts", lambda: len(bench.far_lan.adverts(f"one-{FAR}", since, 52)) > 3, 5)
    bench.wait_for("two", VI_1="backup", VI_2="backup")
    for address in (FAR_VIP, FAR_VIP6):
        wait_until(f"{address} to be announced", lambda: bench.far_lan.announcements(f"one-{FAR}", since, address), 5)
        assert bench.far_lan.owners(address) == [f"one-{FAR}"], bench.far_lan.owners(address)
        wait_until(f"the host to have {address}", lambda: bench.has("one", address), 5)
        assert bench.hosts["far-client"].run("ping", "-c1", "-W2", address, check=False).returncode == 0, f"ping {address}"
    assert bench.hides("one"), bench.guard("one")
    bench.is_served("far-client", FAR_VIP, 5672, "far-server")
    bench.is_served("client", VIP, 5673, "far-server")
    ports = {row["name"]: row for row in bench.test.ctl(bench.hosts["one"], "show", "status")["ports"]}
    assert list(ports) == ["eth0", "eth1"] and ports["eth1"]["rx_packets"] > 0 < ports["eth1"]["tx_packets"], ports


def check_gone(bench, since):
    wait_until("the good-bye", lambda: any(a.priority == 0 for a in bench.far_lan.adverts(f"one-{FAR}", since)), 5)
    wait_until("the host to have it no more", lambda: not bench.has("one", FAR_VIP) and not bench.has("one", FAR_VIP6), 5)
    bench.wait_for("one", VI_1="master")
    bench.wait_for("two", VI_1="backup")
    assert bench.far_lan.owners(FAR_VIP) == [] and bench.far_lan.owners(FAR_VIP6) == []
    gone = now()
    time.sleep(3 * INTERVAL)
    for name in ("one", "two"):
        assert not bench.far_lan.adverts(f"{name}-{FAR}", gone)
        wait_until("the guard's rules to go", lambda: not bench.hides(name), 5)


def another_interface(test, dataplane="", more=""):
    bench = Bench(test, dataplane)
    second = SECOND.replace("interface eth1", f"interface eth1\n{more}")
    begin = now()
    bench.start("one", NEAR)
    bench.start("two", NEAR)
    wait_until("a master and a backup", lambda: (bench.states("one"), bench.states("two")) ==
               ({"VI_1": "master"}, {"VI_1": "backup"}), 10)
    wait_until("the near server", lambda: bench.server_states("one")[0] == "up", 10)
    client = bench.hosts["client"].popen(PYTHON, "-c", TRAFFIC, str(CONNECTIONS), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    wait_until("the connections", lambda: bench.test.ctl(bench.hosts["one"], "show", "servers")[0]["active"] == CONNECTIONS, 20)
    since = now()
    late = test.ctl(bench.hosts["one"], "show", "vrrp")[0]["late_adverts"]
    for number in range(3):
        bench.write("one", NEAR + second)
        if number == 0:
            rehearsed = bench.hosts["one"].run(test.program("app/warrenctl/warrenctl"), "--instance", bench.hosts["one"].namespace,
                                               "reload", "--dry-run").stdout
            assert "restart" not in rehearsed and "VI_2: added" in rehearsed and "it could be taken up" in rehearsed, rehearsed
        added = bench.reload(NEAR + second, "two", "one")
        check_second(bench, added)
        bench.in_rhythm(bench.far_lan, f"one-{FAR}", now() - 1)
        if number == 1:
            cable(bench)
        bench.reload(NEAR, "two")
        check_gone(bench, bench.reload(NEAR, "one"))
    bench.in_rhythm(bench.lan, "one", since)
    counts = json.loads(client.communicate("over\n", timeout=30)[0])
    row = test.ctl(bench.hosts["one"], "show", "vrrp")[0]
    print(f"{CONNECTIONS} connections: {counts}, late adverts {row['late_adverts'] - late}", flush=True)
    assert not counts["failed"] and counts["asked"] > 100, counts
    assert row["became_master"] == 1, row
    assert not [a for a in bench.lan.adverts("two", begin) if a.priority == 100 and a.time > since], "the peer took over"
    for name, process in bench.warrens.items():
        process.terminate()
        assert process.wait(10) == 0
        assert "table" not in bench.hosts[name].run("nft", "list", "ruleset").stdout


def cable(bench):
    """Its link is followed: the other one takes over there, and only there."""
    port = ("ip", "-n", bench.test.network.switch, "link", "set", f"one-{FAR}")
    since = now()
    run(*port, "down")
    bench.wait_for("two", VI_1="backup", VI_2="master")
    bench.wait_for("one", VI_1="master", VI_2="fault")
    assert bench.far_lan.owners(FAR_VIP) == [f"two-{FAR}"]
    bench.is_served("far-client", FAR_VIP, 5672, "far-server")
    run(*port, "up")
    check_second(bench, since)


def one_worker(test):
    another_interface(test)


def two_workers(test):
    another_interface(test, "dataplane {\n workers 2\n}\n", " use_vmac\n")


def address(test):
    bench = Bench(test)
    bench.start("one", NEAR)
    wait_until("a master", lambda: bench.states("one") == {"VI_1": "master"}, 10)
    since = now()
    more = f"  {FAR_VIP}/24 dev eth1\n"
    bench.reload(NEAR.replace(f"  {VIP}/24\n", f"  {VIP}/24\n{more}") + service(FAR_VIP, 5672, "10.9.0.11"), "one")
    wait_until("an announcement", lambda: bench.far_lan.announcements(f"one-{FAR}", since, FAR_VIP), 5)
    assert bench.far_lan.owners(FAR_VIP) == [f"one-{FAR}"]
    bench.is_served("far-client", FAR_VIP, 5672, "far-server")
    assert not bench.far_lan.adverts(f"one-{FAR}", since), "adverts on an interface without an instance"
    bench.in_rhythm(bench.lan, "one", since)


def refused(test):
    bench = Bench(test)
    bench.start("one", NEAR)
    wait_until("a master", lambda: bench.states("one") == {"VI_1": "master"}, 10)
    wanted = NEAR + SECOND + instance(3, "eth9", "10.10.0.100/24")
    since, said = bench.hup("one", wanted)
    reason = "interface eth9: the kernel has no such interface"
    assert f"{reason}; the running configuration stays" in said, said
    done = bench.hosts["one"].run(test.program("app/warrenctl/warrenctl"), "--instance", bench.hosts["one"].namespace,
                                  "reload", "--dry-run", check=False)
    assert done.returncode == 1 and reason in done.stdout + done.stderr, done
    assert [row["name"] for row in test.ctl(bench.hosts["one"], "show", "status")["ports"]] == ["eth0"]
    run("ip", "-n", bench.hosts["one"].namespace, "link", "add", "eth9", "type", "veth", "peer", "name", "other")
    bench.reload(wanted, "one")
    wait_until("a fault where the link is down", lambda: bench.states("one")["VI_3"] == "fault", 5)
    for name in ("eth9", "other"):
        bench.hosts["one"].run("ip", "link", "set", name, "up")
    bench.hosts["one"].add_address("10.10.0.4/24", "eth9")
    wait_until("all to be masters", lambda: set(bench.states("one").values()) == {"master"}, 8)
    bench.in_rhythm(bench.lan, "one", since)


CASES = {"instance": one_worker, "two_workers": two_workers, "address": address, "refused": refused}

if __name__ == "__main__":
    if len(sys.argv) > 2:
        Test.main(CASES[sys.argv[2]])
    else:
        run_cases(CASES, 2)
