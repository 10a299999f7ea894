#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Connections outlive the balancer: two warrens with flow sync, clients that never come back once they are lost.

    flow_sync.py BUILD [CASE]
"""

import json
import pathlib
import re
import signal
import sys
import time

from harness import Test, run_cases, wait_until

HERE = pathlib.Path(__file__).parent
KEY = "0123456789abcdef0123456789abcdef"
VIPS = {4: "192.168.8.100", 6: "fd00:8::100"}
SERVERS = {4: ("192.168.8.11", "192.168.8.12"), 6: ("fd00:8::11", "fd00:8::12")}
WARRENS = {"a": (4, 100), "b": (6, 90)}    # last byte of the address, priority
CLIENTS = 60

CONFIG = """dataplane {{
    workers {workers}
    flows {flows}
}}
flow_sync {{
    local 192.168.8.{local}
    peer 192.168.8.{peer}
    key_file {key_file}
    {more}
}}
vrrp_instance VI_1 {{
    interface eth0
    virtual_router_id 51
    priority {priority}
    version 3
    advert_int {advert_int}
    {vmac}
    virtual_ipaddress {{
        {vips}
    }}
}}
virtual_server {vip} 5672 {{
    lb_algo wrr
    lb_kind {method}
    protocol TCP
    {service}
    {servers}
}}
"""
SERVER = """real_server {address} 5672 {{
        delay_loop 0.2
        delay_before_retry 0.1
        TCP_CHECK {{
            connect_timeout 0.2
        }}
    }}"""


class Pair:
    def __init__(self, test, method="FNAT", family=4, server_family=None, advert_int=0.1, workers=(1, 1), more="", service="", keys=None,
                 vmac=True, flows=65_536):
        self.test, self.method, self.family, self.advert_int = test, method, family, advert_int
        self.server_family = server_family or family
        self.workers, self.more, self.service = dict(zip("ab", workers)), more, service
        self.keys, self.vmac, self.flow_limit = keys or {"a": KEY, "b": KEY}, vmac, flows
        self.hosts = {name: test.network.add_host(name, f"192.168.8.{number}/24", f"fd00:8::{number}/64")
                      for name, (number, _) in WARRENS.items()}
        self.client = test.network.add_host("client", "192.168.8.50/24", "fd00:8::50/64")
        self.servers = [test.network.add_host(f"server{i}", f"192.168.8.{11 + i}/24", f"fd00:8::{11 + i}/64") for i in (0, 1)]
        for server in self.servers:
            if method == "DR":
                server.add_address(f"{VIPS[family]}/{32 if family == 4 else 128}", "lo")
                server.run("sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=1", "net.ipv4.conf.all.arp_announce=2")
            if method == "NAT":
                server.run("ip", "route", "add", f"{self.client_address}/32", "via", VIPS[4])
        self.echoes = [test.start(server, "/usr/bin/python3", str(HERE / "name_echo.py"), server.name, log=f"{server.name}.log")
                       for server in self.servers]
        self.running = {}

    @property
    def client_address(self):
        return "192.168.8.50" if self.family == 4 else "fd00:8::50"

    def config(self, name):
        number, priority = WARRENS[name]
        key_file = self.test.folder / f"{name}.key"
        key_file.write_text(self.keys[name], encoding="utf-8")
        key_file.chmod(0o600)
        vips = VIPS[self.family] + ("/24" if self.family == 4 else "/64")
        if self.family == 6:
            vips = "fe80::100/64\n        " + vips
        if self.family != self.server_family:
            vips += "\n    }\n    virtual_ipaddress_excluded {\n        " + VIPS[self.server_family]
            locals_ = f"laddr_group_name other"
        return CONFIG.format(
            workers=self.workers[name], flows=self.flow_limit, local=number, peer=WARRENS["b" if name == "a" else "a"][0], key_file=key_file, more=self.more,
            priority=priority, vmac="use_vmac" if self.vmac else "", advert_int=self.advert_int, vips=vips, vip=VIPS[self.family], method=self.method, service=self.service,
            servers="\n    ".join(SERVER.format(address=address) for address in SERVERS[self.server_family]))

    def start(self, name):
        self.running[name] = self.test.start_warren(self.hosts[name], self.config(name))

    def start_both(self):
        for name in self.hosts:
            self.start(name)
        self.wait_for_master("a")
        self.wait_for_servers("a")
        self.wait_for_servers("b")

    def ctl(self, name, *words):
        return self.test.ctl(self.hosts[name], *words)

    def state(self, name):
        return self.ctl(name, "show", "vrrp")[0]["state"]

    def wait_for_master(self, name):
        wait_until(f"{name} to be master", lambda: self.state(name) == "master", 20)

    def wait_for_servers(self, name):
        wait_until(f"servers up at {name}", lambda: all(row["state"] == "up" for row in self.ctl(name, "show", "servers")), 20)

    def flows(self, name):
        return sum(row["active"] for row in self.ctl(name, "show", "servers"))

    def wait_for_sync(self, flows=CLIENTS):
        wait_until("both to have all flows", lambda: self.flows("a") == self.flows("b") == flows, 20)
        #wait_until("in sync", lambda: self.in_sync("a") and self.in_sync("b"), 20)

    def in_sync(self, name):
        rows = [row for row in self.ctl(name, "show", "sync")["routers"]]
        return bool(rows) and all(row["in_sync"] for row in rows)

    def power_cut(self, name):
        """Silence first: the kernel must not say good-bye for the process."""
        self.hosts[name].unplug()
        self.running[name].kill()
        self.running[name].wait()

    def power_on(self, name):
        self.hosts[name].plug()
        self.start(name)

    def stop(self, name):
        self.running[name].send_signal(signal.SIGTERM)
        assert self.running[name].wait(20) == 0


class Clients:
    """lasting_clients.py: who is lost does not come back."""

    def __init__(self, pair, count=CLIENTS):
        self.count = count
        self.process = pair.client.popen("/usr/bin/python3", str(HERE / "lasting_clients.py"), VIPS[pair.family], "5672", str(count), "once",
                                         stdin=-1, stdout=-1, text=True)
        line = json.loads(self.process.stdout.readline())
        assert "open" in line, line

    def end(self):
        """How many were lost."""
        out, _ = self.process.communicate("", 20)
        return len([line for line in out.splitlines() if "lost" in line])


def case_cut(test, **options):
    pair = Pair(test, **options)
    pair.start_both()
    clients = Clients(pair)
    pair.wait_for_sync()
    pair.power_cut("a")
    pair.wait_for_master("b")
    time.sleep(1.5)    # what would break breaks now: first segments, retransmissions, probes
    pair.power_on("a")
    pair.wait_for_master("a")
    wait_until("a to have all flows", lambda: pair.flows("a") == CLIENTS, 20)
    time.sleep(1.5)
    lost = clients.end()
    assert lost == 0, f"{lost} of {CLIENTS} connections broke"


def case_churn(test):
    """Connections that come and go leave nothing behind at the backup, and keep it in sync."""
    pair = Pair(test)
    pair.start_both()
    wait_until("in sync", lambda: pair.in_sync("a") and pair.in_sync("b"), 20)
    shown = pair.ctl("b", "show", "counters")
    pair.client.run("/usr/bin/python3", "-c", f"""
import socket
for _ in range(300):
    socket.create_connection(("{VIPS[4]}", 5672)).close()
""")
    wait_until("no flow to be left", lambda: pair.flows("a") == pair.flows("b") == 0, 0.9)    # before a digest could find it
    differences = [[row["total"] for row in rows if row["name"] == "differences"]
                   for rows in (shown, pair.ctl("b", "show", "counters"))]
    assert differences[0] == differences[1], f"the tables differed: {differences}"


def case_kill(test, **options):
    """The process ends and its host lives: the kernel must not answer for what was ours. Without use_vmac, and back."""
    pair = Pair(test, **options)
    pair.start_both()
    clients = Clients(pair)
    pair.wait_for_sync()
    pair.running["a"].kill()
    pair.running["a"].wait()
    pair.wait_for_master("b")
    time.sleep(1.5)
    pair.start("a")
    pair.wait_for_master("a")
    time.sleep(1.5)
    lost = clients.end()
    assert lost == 0, f"{lost} of {CLIENTS} connections broke"


def case_handover(test, **options):
    """There, back, and by SIGTERM: the one is master before the other is none."""
    pair = Pair(test, **options)
    pair.start_both()
    clients = Clients(pair)
    pair.wait_for_sync()
    wait_until("in sync", lambda: pair.in_sync("a") and pair.in_sync("b"), 20)
    rows = pair.ctl("a", "handover")
    assert [row["done"] for row in rows] == [True], rows
    pair.wait_for_master("b")
    assert pair.state("a") == "backup"
    time.sleep(1.5)    # longer than preemption would take
    assert pair.state("a") == "backup", "who has handed over has taken back by itself"
    wait_until("in sync", lambda: pair.in_sync("a") and pair.in_sync("b"), 20)
    pair.ctl("a", "handover", "--back")
    pair.wait_for_master("a")
    wait_until("in sync", lambda: pair.in_sync("a") and pair.in_sync("b"), 20)
    pair.stop("a")
    assert pair.state("b") == "master"
    time.sleep(1.5)
    lost = clients.end()
    assert lost == 0, f"{lost} of {CLIENTS} connections broke"


CASES = {
    "handover": lambda test: case_handover(test),
    "churn": case_churn,
    "kill": lambda test: case_kill(test),
    "kill-real-mac": lambda test: case_kill(test, vmac=False),
    "cut-real-mac": lambda test: case_cut(test, vmac=False),
    "cut-fnat": lambda test: case_cut(test),
    "cut-fnat-v6": lambda test: case_cut(test, family=6),
    "cut-nat": lambda test: case_cut(test, method="NAT"),
    "cut-dr": lambda test: case_cut(test, method="DR"),
    "cut-workers": lambda test: case_cut(test, workers=(1, 2)),
}


def main():
    if len(sys.argv) < 3:
        run_cases(CASES, at_once=2)
    Test.main(CASES[sys.argv[2]])


if __name__ == "__main__":
    main()
