# SPDX-License-Identifier: BSD-3-Clause
"""Two warrens with flow sync, or three; their servers; clients that never come back once they are lost. For tests and benches."""

import json
import pathlib
import signal
import time

from harness import run, wait_until

HERE = pathlib.Path(__file__).parent
KEY = "0123456789abcdef0123456789abcdef"
VIPS = {4: "192.168.8.100", 6: "fd00:8::100"}
SERVERS = {4: ("192.168.8.11", "192.168.8.12"), 6: ("fd00:8::11", "fd00:8::12")}
WARRENS = {"a": (4, 100), "b": (6, 90)}    # last byte of the address, priority
THREE = WARRENS | {"c": (7, 80)}
CLIENTS = 60

CONFIG = """dataplane {{
    workers {workers}
    flows {flows}
}}
flow_sync {{
    local {net}.{local}
    {peers}
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
    {preempt}
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
SECOND_VIP = "192.168.8.101"
SECOND_ROUTER = """vrrp_instance VI_2 {{
    interface eth0
    virtual_router_id 52
    priority {priority}
    version 3
    advert_int {advert_int}
    virtual_ipaddress {{
        {vip}/24
    }}
}}
virtual_server {vip} 5672 {{
    lb_algo wlc
    lb_kind FNAT
    protocol TCP
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
    def __init__(self, test, method="FNAT", family=4, advert_int=0.1, workers=(1, 1), more="", service="", keys=None,
                 vmac=True, flows=65_536, local="192.168.8", shares_load=False, is_grouped=False,
                 rto_min=None, preempts=True, warrens=None):
        self.test, self.method, self.family, self.advert_int = test, method, family, advert_int
        self.warrens = warrens or WARRENS
        self.workers, self.more, self.service = dict(zip(self.warrens, (*workers, 1))), more, service
        self.keys, self.vmac, self.flow_limit = keys or dict.fromkeys(self.warrens, KEY), vmac, flows
        self.sync_net, self.shares_load, self.is_grouped, self.preempts = local, shares_load, is_grouped, preempts
        self.version = test    # whose programs are started
        self.hosts = {name: test.network.add_host(name, f"192.168.8.{number}/24", f"fd00:8::{number}/64")
                      for name, (number, _) in self.warrens.items()}
        self.client = test.network.add_host("client", "192.168.8.50/24", "fd00:8::50/64")
        self.servers = [test.network.add_host(f"server{i}", f"192.168.8.{11 + i}/24", f"fd00:8::{11 + i}/64") for i in (0, 1)]
        for server in self.servers:
            if method == "TUN":
                test.start(server, "/usr/bin/python3", str(HERE / "tun_decapsulate.py"), log=f"tun-{server.name}.log")
            if method in ("DR", "TUN"):
                server.add_address(f"{VIPS[family]}/{32 if family == 4 else 128}", "lo")
                server.run("sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=1", "net.ipv4.conf.all.arp_announce=2")
            if method == "NAT":
                server.run("ip", "route", "add", f"{self.client_address}/32", "via", VIPS[4])
        for end in (self.client, *self.servers) if rto_min else ():    # how soon a kernel repeats what was lost
            end.run("ip", "route", "change", "192.168.8.0/24", "dev", "eth0", "proto", "kernel", "scope", "link", "rto_min", rto_min)
        self.echoes = [test.start_name_echo(server, server.name)
                       for server in self.servers]
        self.running = {}

    @property
    def client_address(self):
        return "192.168.8.50" if self.family == 4 else "fd00:8::50"

    def config(self, name):
        number, priority = self.warrens[name]
        key_file = self.test.folder / f"{name}.key"
        key_file.write_text(self.keys[name], encoding="utf-8")
        key_file.chmod(0o600)
        vips = VIPS[self.family] + ("/24" if self.family == 4 else "/64")
        if self.family == 6:
            vips = "fe80::100/64\n        " + vips
        return CONFIG.format(
            net=self.sync_net, workers=self.workers[name], flows=self.flow_limit, local=number,
            peers="\n    ".join(f"peer {self.sync_net}.{other}" for other, _ in self.warrens.values() if other != number), key_file=key_file, more=self.more,
            priority=priority, vmac="use_vmac" if self.vmac else "", preempt="" if self.preempts else "nopreempt", advert_int=self.advert_int, vips=vips, vip=VIPS[self.family], method=self.method, service=self.service,
            servers="\n    ".join(SERVER.format(address=address) for address in SERVERS[self.family]))

    def add_own_link(self):
        """Between the two, for flow_sync alone: eth2, 10.9.0.0/24."""
        run("ip", "link", "add", "eth2", "netns", self.hosts["a"].namespace, "type", "veth", "peer", "name", "eth2",
            "netns", self.hosts["b"].namespace)
        for name, (number, _) in self.warrens.items():
            self.hosts[name].run("ip", "addr", "add", f"10.9.0.{number}/24", "dev", "eth2")
            self.hosts[name].run("ip", "link", "set", "eth2", "up")

    def start(self, name):
        self.running[name] = self.version.start_warren(self.hosts[name], self.config(name) + self.second_router(name))

    def second_router(self, name):
        """Of a pair that shares the load: b is its master."""
        if not self.shares_load and not self.is_grouped:
            return ""
        group = "vrrp_sync_group both {\n    group {\n        VI_1\n        VI_2\n    }\n}\n" if self.is_grouped else ""
        return group + SECOND_ROUTER.format(priority=WARRENS[name if self.is_grouped else "b" if name == "a" else "a"][1], advert_int=self.advert_int, vip=SECOND_VIP,
                                    servers="\n    ".join(SERVER.format(address=address) for address in SERVERS[4]))

    def start_both(self):
        for name in self.hosts:
            self.start(name)
        self.wait_for_master("a")
        for name in self.hosts:
            self.wait_for_servers(name)

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
        wait_until("in sync", lambda: self.in_sync("a") and self.in_sync("b"), 20)

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

    def upgrade(self, name):
        """By its one command. What systemd would do at a restart is done here, when it is asked for."""
        asked = self.test.folder / f"{name}.restart"
        command = self.hosts[name].popen(self.test.program("app/warrenctl/warrenctl"), "--instance", self.hosts[name].namespace, "upgrade",
                                         "--restart-command", f"touch {asked}; while [ -e {asked} ]; do sleep 0.02; done", stdout=-1, text=True)
        wait_until("the restart to be asked for", asked.exists, 20)
        self.stop(name)
        self.start(name)
        asked.unlink()
        said = command.communicate(timeout=90)[0]
        assert command.returncode == 0 and said.endswith("done\n"), said
        print(f"{name}: {said}", flush=True)


class TcpClients:
    """tcp_clients of a kind, in the client's host; what they say is JSON, a line each."""

    def __init__(self, pair, *words):
        self.process = pair.client.popen(pair.test.program("tests/functional/tcp_clients"), *words, stdin=-1, stdout=-1, text=True)

    def end(self):
        return self.process.communicate("", 30)[0]


class Clients(TcpClients):
    """Who is lost does not come back."""

    def __init__(self, pair, count=CLIENTS, vip=None):
        super().__init__(pair, "lasting", vip or VIPS[pair.family], "5672", str(count), "once")
        line = json.loads(self.process.stdout.readline())
        assert "open" in line, line

    def end(self):
        """How many were lost."""
        return len([line for line in super().end().splitlines() if "lost" in line])


class IdleClients(TcpClients):
    """Connections that say nothing."""

    def __init__(self, pair, count):
        super().__init__(pair, "idle", VIPS[4], "5672", str(count))
        assert self.process.stdout.readline() == "open\n"

    def resets(self):
        """When each was reset, once there has been none for a second."""
        return json.loads(self.process.stdout.readline())


class NewClients(TcpClients):
    """Opens connections all the while, each says something 0.2 s later."""

    def __init__(self, pair):
        super().__init__(pair, "new", VIPS[4], "5672")
        assert self.process.stdout.readline() == "begun\n"

    def end(self):
        """How many were opened, and how many broke of those whose connect() had returned."""
        return json.loads(super().end())


def clients_of(pair, address):
    """How many connections the master has to a server: a SYN that was sent again may have gone to the other one."""
    return sum(row["active"] for row in pair.ctl("a", "show", "servers") if row["server"] == f"{address}:5672")


def die_around_cut(pair, after):
    """A server dies that many seconds after the master has lost its power. When its successor has decided: it is master, the server down."""
    dead = pair.servers[0]
    if after < 0:
        dead.unplug()
        time.sleep(-after)
    pair.power_cut("a")
    if after >= 0:
        time.sleep(after)
        dead.unplug()
    pair.wait_for_master("b")
    wait_until("the server to be down", lambda: any(row["state"] == "down" for row in pair.ctl("b", "show", "servers")), 10)
    return max(pair.test.logged_at("b.log", "VI_1.*[Mm]aster"), pair.test.logged_at("b.log", rf"{SERVERS[4][0]}:5672.*\bdown\b"))
