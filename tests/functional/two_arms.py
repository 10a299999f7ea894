#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A balancer between two networks whose file names only one of them: the VIP is on eth0, the servers are behind eth1, and the
servers' and the inner clients' gateway is the balancer. As with HAProxy or IPVS in its place nothing has to be said of eth1.

    two_arms.py BUILD-DIR [CASE]

Two hosts of that kind, of which one is master. Cases:
 servers  clients outside, servers inside: FNAT and NAT, IPv4 and IPv6; FNAT to servers that know no way back to the VIP; the
          second host takes over
 clients  clients inside, who send to the VIP by the master's inner address: servers on both sides, the host's own web page,
          a closed port; by way of the backup, whose kernel sends them on; after a hand-over by SIGTERM
 reload   a server that is the first on a network no one has used
 late     the inner interface has no address until long after the start, and a server's route then leads over another one
 ports    the hosts number their connections from 1024 on, as proxies' do, and programs choose the port of theirs
 quiet    flow sync: a client inside has a connection and says nothing; after the master's death its server speaks first
"""

import os
import pathlib
import signal
import sys

from forwarding_methods import add_wire
from harness import Test, run, run_cases, wait_until
from host_routes import ask
from lan import Lan, now

HERE = pathlib.Path(__file__).parent
PYTHON = "/usr/bin/python3"
INSIDE = "inside"
# Echoes, and says something to each client that it has once it is told to.
SPEAKER = """
import asyncio, signal
clients = []
async def serve(reader, writer):
    while data := await reader.read(1000):
        clients.append(writer)
        writer.write(b"heard")
    writer.close()
def speak():
    for writer in clients:
        writer.write(b" news")
async def main():
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, speak)
    async with await asyncio.start_server(serve, None, 5672) as server:
        await server.serve_forever()
asyncio.run(main())
"""
LISTENER = """
import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as server:
    server.sendall(b"x")
    while data := server.recv(100):
        print(data.decode(), flush=True)
"""
SYNC = """flow_sync {{
 local 192.168.8.{own}
 peer 192.168.8.{other}
 key_file {key_file}
}}
"""
VIP, VIP6 = "192.168.8.100", "fd00:8::100"
NEAR_SERVER, FAR_SERVER, FAR_SERVER6 = "192.168.8.11", "10.9.0.11", "fd00:9::11"

INSTANCE = f"""vrrp_instance VI_1 {{
    interface eth0
    virtual_router_id 51
    version 3
    priority PRIORITY
    advert_int 0.1
    virtual_ipaddress {{
        {VIP}/24
    }}
}}
vrrp_instance VI_6 {{
    interface eth0
    virtual_router_id 56
    version 3
    priority PRIORITY
    advert_int 0.1
    virtual_ipaddress {{
        fe80::100/64
        {VIP6}/64
    }}
}}
"""


def service(vip, port, kind, *servers):
    text = f"virtual_server {vip} {port} {{\n delay_loop 0.1\n lb_algo rr\n lb_kind {kind}\n protocol TCP\n"
    for server in servers:
        text += f" real_server {server} 5672 {{\n  TCP_CHECK {{\n   connect_timeout 1\n  }}\n }}\n"
    return text + "}\n"


NEAR = INSTANCE + service(VIP, 5670, "FNAT", NEAR_SERVER)
CONFIG = (NEAR + service(VIP, 5671, "FNAT", FAR_SERVER) + service(VIP, 5672, "NAT", FAR_SERVER) +
          service(VIP6, 5671, "FNAT", FAR_SERVER6))


class Site:
    def __init__(self, test):
        self.test, self.warrens = test, {}
        network = test.network
        run("ip", "-n", network.switch, "link", "add", INSIDE, "type", "bridge", "stp_state", "0", "forward_delay", "0",
            "mcast_snooping", "0")
        run("ip", "-n", network.switch, "link", "set", INSIDE, "up")
        self.hosts = {name: network.add_host(name, f"192.168.8.{number}/24", f"fd00:8::{number}/64") for name, number in
                      (("one", 4), ("two", 5), ("near", 11), ("client", 50))}
        for name, number in (("one", 4), ("two", 5)):
            add_wire(network, self.hosts[name], INSIDE, [f"10.9.0.{number}/24", f"fd00:9::{number}/64"])
            self.hosts[name].run("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")
            test.start(self.hosts[name], PYTHON, str(HERE / "web_host.py"), name, log=f"web-{name}.log")
        for name, number in (("far", 11), ("inner", 50)):
            self.hosts[name] = network.add_host(name, f"10.9.0.{number}/24", f"fd00:9::{number}/64")
            run("ip", "-n", network.switch, "link", "set", "dev", name, "master", INSIDE)
        for name in ("near", "far"):
            test.start_name_echo(self.hosts[name], name)
        self.lan = Lan(network, self.hosts["client"], ("one", "two"))
        for name in ("far", "inner"):
            self.set_gateway(name, 4)

    def set_gateway(self, name, number):
        for family, net, gateway in (("-4", "192.168.8.0/24", "10.9.0."), ("-6", "fd00:8::/64", "fd00:9::")):
            self.hosts[name].run("ip", family, "route", "replace", net, "via", f"{gateway}{number}")

    def text(self, name, config):
        return config.replace("PRIORITY", {"one": "200", "two": "100"}[name])

    def start(self, config=CONFIG, servers_too=True):
        for name in ("one", "two"):
            self.warrens[name] = self.test.start_warren(self.hosts[name], self.text(name, config))
        self.wait_for("one", "master")
        self.wait_for("two", "backup")
        if servers_too:
            wait_until("the servers", lambda: all(row["state"] == "up" for row in
                                                  self.test.ctl(self.hosts["one"], "show", "servers")), 10)

    def wait_for(self, name, state):
        wait_until(f"{name}: {state}", lambda: {row["state"] for row in
                                                self.test.ctl(self.hosts[name], "show", "vrrp")} == {state}, 10)

    def ports(self, name):
        return [row["name"] for row in self.test.ctl(self.hosts[name], "show", "status")["ports"]]

    def is_served(self, client, vip, port, name):
        wait_until(f"{client} -> {vip}:{port} to be served by {name}",
                   lambda: ask(self.hosts[client], vip, port) == f"{name} x", 8)

    def stop(self, name):
        self.warrens[name].terminate()
        assert self.warrens[name].wait(10) == 0
        assert "table" not in self.hosts[name].run("nft", "list", "ruleset").stdout


def servers(test):
    site = Site(test)
    site.start()
    assert site.ports("one") == ["eth0", "eth1"], site.ports("one")
    site.hosts["far"].run("ip", "route", "delete", "192.168.8.0/24")
    for _ in range(3):    # FNAT needs no way back, as a proxy needs none
        site.is_served("client", VIP, 5671, "far")
    site.set_gateway("far", 4)
    for _ in range(3):
        site.is_served("client", VIP, 5671, "far")
        site.is_served("client", VIP, 5672, "far")
        site.is_served("client", VIP6, 5671, "far")
        site.is_served("client", VIP, 5670, "near")
    site.stop("one")
    site.set_gateway("far", 5)
    site.wait_for("two", "master")
    for vip, port in ((VIP, 5671), (VIP, 5672), (VIP6, 5671)):
        site.is_served("client", vip, port, "far")


def clients(test):
    site = Site(test)
    site.start()
    refused = f"[Errno 111] {os.strerror(111)}"

    def check(master):
        site.is_served("inner", VIP, 5670, "near")
        site.is_served("inner", VIP, 5671, "far")
        site.is_served("inner", VIP6, 5671, "far")
        page = site.hosts["inner"].run("curl", "--silent", "--max-time", "5", f"http://{VIP}:8080/").stdout
        assert page == master, f"the host's page: {page}"
        assert ask(site.hosts["inner"], VIP, 4444) == refused, ask(site.hosts["inner"], VIP, 4444)
        assert site.hosts["inner"].run("ping", "-c1", "-W2", VIP, check=False).returncode == 0
        assert site.lan.owners(VIP) == [master]
    check("one")
    site.set_gateway("inner", 5)    # the backup's kernel is a router between the two networks
    site.is_served("inner", VIP, 5670, "near")
    site.stop("one")
    site.wait_for("two", "master")
    site.set_gateway("far", 5)
    check("two")


def reload(test):
    site = Site(test)
    site.start(NEAR)
    assert site.ports("one") == ["eth0"], site.ports("one")
    since = now()
    for name in ("two", "one"):
        (test.folder / f"{name}.conf").write_text(site.text(name, CONFIG), encoding="utf-8")
        os.kill(site.warrens[name].pid, signal.SIGHUP)
    site.is_served("client", VIP, 5671, "far")
    site.is_served("client", VIP, 5672, "far")
    site.is_served("inner", VIP, 5670, "near")
    assert site.ports("one") == ["eth0", "eth1"], site.ports("one")
    assert not [a for a in site.lan.adverts("two", since) if a.priority == 100], "the peer took over"


def late(test):
    site = Site(test)
    one = site.hosts["one"]
    for name in ("one", "two"):
        site.hosts[name].run("ip", "address", "flush", "dev", "eth1")
    site.start(servers_too=False)
    assert site.ports("one") == ["eth0"], site.ports("one")
    site.is_served("client", VIP, 5670, "near")
    # The route last: nothing but the servers' next hops tells that FNAT has a host's own address to take then.
    one.run("ip", "address", "add", "fd00:9::4/64", "dev", "eth1", "nodad")
    one.run("ip", "address", "add", "10.9.0.4/24", "dev", "eth1", "noprefixroute")
    wait_until("eth1", lambda: site.ports("one") == ["eth0", "eth1"], 10)
    one.run("ip", "route", "add", "10.9.0.0/24", "dev", "eth1", "src", "10.9.0.4")
    for vip, port in ((VIP, 5671), (VIP, 5672), (VIP6, 5671)):
        site.is_served("client", vip, port, "far")
    site.is_served("inner", VIP, 5670, "near")
    assert site.ports("one") == ["eth0", "eth1"], site.ports("one")
    add_wire(test.network, one, "bridge", ["192.168.8.44/32"], "eth2")
    one.run("ip", "route", "add", f"{NEAR_SERVER}/32", "dev", "eth2")
    wait_until("eth2 to be taken up", lambda: site.ports("one") == ["eth0", "eth1", "eth2"], 10)
    site.is_served("client", VIP, 5670, "near")


def ports(test):
    """FNAT speaks to the far server from the hosts' own inner addresses, from which the checks come too."""
    site = Site(test)
    for name in ("one", "two"):
        site.hosts[name].run("sysctl", "-qw", "net.ipv4.ip_local_port_range=1024 65535")
    site.start()
    for _ in range(5):
        site.is_served("client", VIP, 5671, "far")
    for name, sources in (("one", (("10.9.0.4", FAR_SERVER, "far"), (VIP, NEAR_SERVER, "near"))),
                          ("two", (("10.9.0.5", FAR_SERVER, "far"),))):
        for source, server, serves in sources:
            for port in (0, 0, 0, 0, 700, 2000, 40000, 65000):    # 0: the kernel's choice
                heard = ask(site.hosts[name], server, 5672, source=(source, port))
                assert heard == f"{serves} x", f"{name} from {source} port {port}: {heard}"


def quiet(test):
    site = Site(test)
    key_file = test.folder / "sync.key"
    key_file.write_text("0123456789abcdef0123456789abcdef", encoding="utf-8")
    key_file.chmod(0o600)
    speaker = test.start(site.hosts["far"], PYTHON, "-c", SPEAKER.replace("5672", "5673"), log="speaker.log")
    service_of_speaker = service(VIP, 5673, "FNAT", FAR_SERVER).replace("5672", "5673")
    own = {"one": 4, "two": 5}
    text = site.text
    site.text = lambda name, config: SYNC.format(own=own[name], other=9 - own[name], key_file=key_file) + text(name, config)
    site.start(INSTANCE + service_of_speaker)
    test.start(site.hosts["inner"], PYTHON, "-c", LISTENER, VIP, "5673", log="listener.log")
    wait_until("the connection", lambda: "heard" in test.log("listener.log"), 10)
    wait_until("the peer to know", lambda: test.ctl(site.hosts["two"], "show", "servers")[0]["active"] == 1, 10)
    site.warrens["one"].kill()
    site.wait_for("two", "master")
    for name in ("far", "inner"):
        site.set_gateway(name, 5)
    speaker.send_signal(signal.SIGUSR1)
    wait_until("the news", lambda: "news" in test.log("listener.log"), 3)


CASES = {"servers": servers, "clients": clients, "reload": reload, "late": late, "ports": ports, "quiet": quiet}

if __name__ == "__main__":
    if len(sys.argv) > 2:
        Test.main(CASES[sys.argv[2]])
    else:
        run_cases(CASES, 4)
