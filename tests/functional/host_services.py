#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The VIP is the host's too: a service of the balancers' own hosts answers on it, wherever it is.

    host_services.py BUILD-DIR [CASE [tomcat]]

Two hosts with a web server each (tomcat in most such designs) and the VIP between them, a client on the same LAN. After each of
stop, link loss, power cut and kill -9 of the master the other host serves within the time that VRRP gives, the first one takes the
VIP back, and at each moment the VIP is on the master's interface and nowhere else. Cases:
 plain      as keepalived's users have it: no virtual_server; a closed port is refused, UDP and ping are answered by the host
 vmac       the same with use_vmac: frames come to the virtual MAC and leave with it
 mixed      a virtual_server on 5672 of the same VIP beside it, and the balancers' own hosts as its clients, and those who
            come by an interface that the file does not name
 beside     keepalived on the other host
 node       a balancer's own host is a real_server
 directors  both balancers' own hosts are the DR servers of a virtual_server, with the VIP on lo
 beyond     a real_server is behind a tun, where only the kernel can send
 own        virtual_servers of the host's own addresses, in no vrrp_instance, as IPVS serves them
"""

import contextlib
import ctypes
import fcntl
import json
import os
import re
import select
import signal
import socket
import struct
import sys
import threading
import time

import tomcat
from harness import REPOSITORY, Test, run, run_cases, wait_until
from lan import Lan, mac_text, now, socket_in

VIP, VIP6 = "192.168.8.100", "fd00:8::100"
PRIORITY = {"a": 200, "b": 100}
HERE = REPOSITORY / "tests" / "functional"
TOMCAT = sys.argv[3:] == ["tomcat"]    # the real one, if it is installed: it takes long to start
VIRTUAL_MAC = "00:00:5e:00:01:33"


def instance(name, more=""):
    """The file of the design document, as it stands on both hosts."""
    return f"""vrrp_instance VI_1 {{
    state {"MASTER" if name == "a" else "BACKUP"}
    interface eth0
    virtual_router_id 51
    priority {PRIORITY[name]}
    advert_int 1
    authentication {{
        auth_type PASS
        auth_pass 1111
    }}
    {more}
    virtual_ipaddress {{
        {VIP}/24 label eth0:vip
    }}
    virtual_ipaddress_excluded {{
        {VIP6}/64
    }}
}}
"""


def service():
    servers = "".join(f"""    real_server 192.168.8.{n} 5672 {{
        TCP_CHECK {{
            connect_timeout 1
        }}
    }}
""" for n in (11, 12))
    return f"virtual_server {VIP} 5672 {{\n    lb_algo rr\n    lb_kind FNAT\n{servers}}}\n"


def master_down_s(name):
    return 3 + (256 - PRIORITY[name]) / 256


class Site:
    def __init__(self, test):
        self.test = test
        self.hosts, self.warrens = {}, {}
        for number, name in ((4, "a"), (5, "b")):
            host = self.hosts[name] = test.network.add_host(name, f"192.168.8.{number}/24", f"fd00:8::{number}/64")
            self.boot_services(host)
        self.client = test.network.add_host("client", "192.168.8.50/24", "fd00:8::50/64")

    def boot_services(self, host):
        web, boot_s = ["udp"] if TOMCAT else [], 90 if TOMCAT else 20
        self.test.start(host, sys.executable, str(HERE / "web_host.py"), host.name, *web, log=f"web-{host.name}.log")
        if TOMCAT:
            self.test.start(host, *tomcat.command(self.test.folder, host.name), log=f"tomcat-{host.name}.log")
        wait_until("the web server", lambda: self.get(host, "127.0.0.1") == host.name, boot_s)

    def start(self, name, config):
        (self.test.folder / f"{name}.log").unlink(missing_ok=True)
        self.warrens[name] = self.test.start_warren(self.hosts[name], config)

    def end(self, name, number=signal.SIGTERM):
        os.kill(self.warrens[name].pid, number)
        self.warrens[name].wait(10)

    def cut_power(self, name):
        """Nobody says good-bye, and the kernel's addresses are gone too."""
        self.hosts[name].unplug()
        self.hosts[name].kill_all()
        self.warrens[name].wait(10)
        for address in (f"{VIP}/24", f"{VIP6}/64"):
            self.hosts[name].run("ip", "addr", "del", address, "dev", "eth0", check=False)

    # What a client sees.

    @staticmethod
    def get(host, address, source=None, port=8080, patience=1.0):
        """The page's text, "refused", "reset" or "silence"."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        made, _ = socket_in(host.namespace, family, socket.SOCK_STREAM)
        with made:
            made.settimeout(patience)
            try:
                if source:
                    made.bind((source, 0))
                made.connect((address, port))
                made.sendall(b"GET / HTTP/1.0\r\n\r\n")
                data = b""
                while part := made.recv(4000):
                    data += part
            except ConnectionRefusedError:
                return "refused"
            except ConnectionResetError:
                return "reset"
            except OSError:
                return "silence"
            return data.split(b"\r\n\r\n")[-1].decode()

    def datagram(self):
        made, _ = socket_in(self.client.namespace, socket.AF_INET, socket.SOCK_DGRAM)
        with made:
            made.settimeout(1)
            made.connect((VIP, 8053))
            made.send(b"who?")
            return made.recv(100).decode()

    def ping(self, address, size=56):
        return self.client.run("ping", "-c1", "-W2", f"-s{size}", address, check=False).returncode == 0

    def holders(self):
        """Whose kernel has the VIP, and where."""
        found = []
        for name, host in self.hosts.items():
            for link in json.loads(host.run("ip", "-json", "addr", "show").stdout):
                found += [(name, link["ifname"], a["local"]) for a in link["addr_info"] if a["local"] in (VIP, VIP6)]
        return found

    def wait_for(self, name, least, most):
        """Until that host serves: not before `least` seconds, not after `most`."""
        begin = time.monotonic()
        wait_until(f"{name} to serve", lambda: self.get(self.client, VIP, patience=0.3) == name, most + 5)
        took = time.monotonic() - begin
        print(f"{name} serves after {took:.2f} s", flush=True)
        assert least <= took <= most, f"{name} serves after {took:.2f} s, not within {least} to {most}"
        self.check(name)

    def check(self, name):
        wait_until(f"the VIP to be on {name} alone",
                   lambda: sorted(self.holders()) == [(name, "eth0", VIP), (name, "eth0", VIP6)], 3)
        assert self.get(self.client, VIP) == name
        # A SYN may still have gone to the host that was master 30 ms ago; it is repeated after a second.
        wait_until(f"{name} to serve by IPv6", lambda: self.get(self.client, VIP6, patience=0.3) == name, 2)
        assert self.datagram() == name, "UDP"
        assert self.ping(VIP) and self.ping(VIP6), "ping"
        assert self.ping(VIP, 4000), "a ping in fragments"
        assert self.get(self.client, VIP, port=81) == "refused", "a closed port"


def who_answers_arp(site, lan):
    owners = lan.owners(VIP)
    assert len(owners) == 1, f"ARP for the VIP is answered by {owners}"
    return owners[0]


def master_goes_and_comes(site, lan, config):
    site.start("a", config("a"))
    site.wait_for("a", 0, 6)
    site.start("b", config("b"))
    site.check("a")
    shown = json.dumps(json.loads(site.hosts["a"].run("ip", "-json", "addr", "show", "dev", "eth0").stdout))
    assert '"label": "eth0:vip"' in shown, shown

    site.end("a")                                          # good-bye: the skew only
    site.wait_for("b", 0, 2.5)
    assert who_answers_arp(site, lan) == "b"
    site.start("a", config("a"))
    site.wait_for("a", 0, 6)                               # it preempts

    site.hosts["a"].unplug()                               # the link is lost: three adverts and the skew
    wait_until("a to give the VIP up", lambda: not [h for h in site.holders() if h[0] == "a"], 3)
    site.wait_for("b", 1, master_down_s("b") + 1.5)
    site.hosts["a"].plug()
    site.wait_for("a", 0, 6)

    site.end("a", signal.SIGKILL)
    wait_until("what the dead one left to go", lambda: not [h for h in site.holders() if h[0] == "a"], 2)
    assert not lan.owners(VIP), "a dead master's kernel answers ARP"
    site.wait_for("b", 0, master_down_s("b") + 1)
    assert who_answers_arp(site, lan) == "b"


def power_cut_and_leftovers(site, lan, config):
    """A is cut off, and comes back with what its life before has left in the kernel: as a backup it is silent about it."""
    site.cut_power("a")
    site.wait_for("b", 0, master_down_s("b") + 1)
    for address in (f"{VIP}/24", f"{VIP6}/64"):
        site.hosts["a"].run("ip", "addr", "replace", address, "dev", "eth0")
    site.boot_services(site.hosts["a"])
    site.start("a", config("a").replace("priority 200", "priority 50"))
    log = site.test.log("a.log")
    assert re.search(rf"{VIP}/24 on eth0 was left there by an earlier life: removed", log), log
    site.hosts["a"].plug()
    site.check("b")
    site.hosts["a"].run("ip", "addr", "replace", f"{VIP}/24", "dev", "eth0")    # somebody puts it there again
    for _ in range(3):
        assert who_answers_arp(site, lan) == "b", "a backup's kernel answers ARP for the VIP"
    site.hosts["a"].run("ip", "addr", "del", f"{VIP}/24", "dev", "eth0")
    site.end("a")


def plain(test):
    site = Site(test)
    lan = Lan(test.network, site.client, site.hosts)
    master_goes_and_comes(site, lan, instance)
    site.start("a", instance("a"))
    site.wait_for("a", 0, 6)
    power_cut_and_leftovers(site, lan, instance)
    lan.close()


def vmac(test):
    site = Site(test)
    lan = Lan(test.network, site.client, site.hosts)

    def config(name):
        return instance(name, "use_vmac")
    site.start("a", config("a"))
    site.wait_for("a", 0, 6)
    site.start("b", config("b"))
    for name in ("a", "b"):
        since = now()
        site.check(name)
        frames = [f.bytes for f in lan.frames(name, since) if f.bytes[12:14] == b"\x08\0"]
        sent = {mac_text(f[6:12]) for f in frames if socket.inet_ntoa(f[26:30]) == VIP}
        assert sent == {VIRTUAL_MAC}, f"frames from the VIP leave with {sent}"
        claims = {(c.mac, c.source_mac) for c in lan.claims(name, since, VIP)}
        assert claims <= {(VIRTUAL_MAC, VIRTUAL_MAC)}, claims
        neighbour = site.client.run("ip", "neigh", "show", VIP).stdout
        assert VIRTUAL_MAC in neighbour, neighbour
        if name == "a":
            site.end("a")
            site.wait_for("b", 0, 2.5)
    lan.close()


def connections(site, count):
    """That many at once to the virtual_server; who serves each. All stay open until they are closed by the caller."""
    made, servers = [], []
    for _ in range(count):
        one, _ = socket_in(site.client.namespace, socket.AF_INET, socket.SOCK_STREAM)
        one.settimeout(5)
        one.connect((VIP, 5672))
        made.append(one)
    for one in made:
        one.sendall(b"x")
        servers.append(one.recv(100).split()[0].decode())
    return made, servers


def through(host, address, source=None, patience_s=3):
    """Who serves a connection of that host's own to port 5672 there."""
    one, _ = socket_in(host.namespace, socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    with one:
        one.settimeout(patience_s)
        if source:
            one.bind((source, 0))
        try:
            one.connect((address, 5672))
            one.sendall(b"x")
            return one.recv(100).split()[0].decode()
        except ConnectionError:
            return "refused"


def own_hosts_are_clients(site):
    """Of the VIP's services of both kinds: the master's host, where the kernel translates, and the backup's, over the wire."""
    for name in ("a", "b"):
        assert site.get(site.hosts[name], VIP) == "a", f"{name}'s host as a client of the host's service"
        served = {through(site.hosts[name], VIP) for _ in range(12)}
        assert served == {"r1", "r2"}, f"{name}'s host is served by {served}"
    assert site.get(site.hosts["a"], "192.168.8.11", source=VIP) == "r1", "the VIP as the source of the host's connection"
    assert through(site.hosts["a"], "192.168.8.11", source=VIP) == "r1", "even to the port of a real_server"


def a_dead_server_gets_no_local_clients(site, servers):
    servers["r1"].kill()
    wait_until("r1 to be down", lambda: {through(site.hosts["a"], VIP) for _ in range(8)} == {"r2"}, 5)


def who_comes_by_another_interface(test, site):
    """A container of the master's host, say: no worker reads from its interface."""
    host = site.hosts["a"]
    container = test.network.add_host("inner")
    run("ip", "-n", host.namespace, "link", "add", "inner", "type", "veth", "peer", "name", "eth1", "netns", container.namespace)
    host.run("sh", "-ec", "ip addr add 172.17.0.1/24 dev inner; ip link set inner up")
    container.run("sh", "-ec", "ip link set eth0 down; ip addr add 172.17.0.2/24 dev eth1; ip link set eth1 up; "
                  "ip route add default via 172.17.0.1")
    assert through(container, VIP) == "refused", "nothing is forwarded, so a translated connect would wait"
    host.run("sh", "-ec", "echo 1 > /proc/sys/net/ipv4/ip_forward")
    wait_until("the setting to be seen", lambda: through(container, VIP) != "refused", 5)
    served = [through(container, VIP) for _ in range(20)]
    assert set(served) == {"r1", "r2"}, served
    host.run("sh", "-ec", "echo 0 > /proc/sys/net/ipv4/ip_forward")


def mixed(test):
    site = Site(test)
    servers = {}
    for number, name in ((11, "r1"), (12, "r2")):
        host = test.network.add_host(name, f"192.168.8.{number}/24")
        servers[name] = test.start_name_echo(host, name)
        test.start(host, sys.executable, str(HERE / "web_host.py"), name, log=f"web-{name}.log")
    for name in ("a", "b"):
        site.start(name, instance(name) + service())
    site.wait_for("a", 0, 6)
    wait_until("both servers", lambda: {through(site.client, VIP) for _ in range(4)} == {"r1", "r2"}, 5)
    made, served = connections(site, 200)
    site.check("a")                     # the host's services beside them
    for one, server in zip(made, served):
        one.sendall(b"y")
        assert one.recv(100) == server.encode() + b" y", "a connection has gone astray"
    assert sorted(map(served.count, ("r1", "r2"))) == [100, 100], served
    own_hosts_are_clients(site)
    who_comes_by_another_interface(test, site)
    a_dead_server_gets_no_local_clients(site, servers)
    for one in made:
        one.close()
    site.end("a")
    site.wait_for("b", 0, 2.5)
    assert "warren_local" not in site.hosts["a"].run("nft", "list", "tables").stdout, "what is left of a"


def beside(test):
    """keepalived, the same file, on the other host."""
    site = Site(test)
    site.start("a", instance("a"))
    site.wait_for("a", 0, 6)
    file = test.folder / "keepalived.conf"
    file.write_text(instance("b"), encoding="utf-8")
    pids = [word for kind in "prcb" for word in (f"-{kind}", str(test.folder / f"kad-{kind}.pid"))]
    test.start(site.hosts["b"], test.program("keepalived"), "-n", "-l", "-D", "-P", "-f", str(file), *pids, log="keepalived.log")
    wait_until("keepalived to be backup", lambda: "BACKUP STATE" in test.log("keepalived.log"), 10)
    site.check("a")
    site.end("a")
    site.wait_for("b", 0, 3)
    site.start("a", instance("a"))
    site.wait_for("a", 0, 6)
    site.cut_power("a")
    site.wait_for("b", 0, master_down_s("b") + 1)


def tun(host):
    """A tun0 of a host, as the file that is its other end."""
    here = os.open("/proc/self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{host.namespace}", os.O_RDONLY)
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.setns(there, 0) == 0, os.strerror(ctypes.get_errno())
    try:
        device = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(device, 0x400454CA, struct.pack("16sH22x", b"tun0", 0x1001))     # TUNSETIFF, IFF_TUN | IFF_NO_PI
    finally:
        libc.setns(here, 0)
        os.close(here)
        os.close(there)
    return device


def carry(ends):
    while True:
        for end in select.select(ends, [], [])[0]:
            packet = os.read(end, 65536)
            with contextlib.suppress(OSError):       # the other one is not up
                os.write(ends[1 - ends.index(end)], packet)


def beyond(test):
    """A VPN's link, as WireGuard's and PPP's are: without Ethernet, so that no worker can send there. The host's kernel does as
    soon as it forwards, and no longer than that."""
    a = test.network.add_host("a", "192.168.8.4/24", "fd00:8::4/64")
    client = test.network.add_host("client", "192.168.8.50/24", "fd00:8::50/64")
    far = test.network.add_host("far", "192.168.8.11/24")
    threading.Thread(target=carry, args=([tun(a), tun(far)],), daemon=True).start()
    for number, host in enumerate((a, far), 1):
        host.run("sh", "-ec", f"ip addr add 10.9.0.{number}/24 dev tun0; ip addr add fd09::{number}/64 dev tun0; ip link set tun0 up")
    far.run("ip", "link", "set", "eth0", "down")
    test.start_name_echo(far, "far")
    vips = {VIP: "FNAT", "192.168.8.101": "NAT", VIP6: "FNAT", "fd00:8::101": "NAT"}
    config = instance("a").replace("    virtual_ipaddress {\n", "    virtual_ipaddress {\n        192.168.8.101/24\n")
    config = config.replace(f"{VIP6}/64\n", f"{VIP6}/64\n        fd00:8::101/64\n")
    for vip, kind in vips.items():
        config += (f"virtual_server {vip} 5672 {{\n    delay_loop 0.2\n    lb_kind {kind}\n    lb_algo rr\n"
                   f"    real_server {'fd09::2' if ':' in vip else '10.9.0.2'} 5672 {{\n"
                   "        TCP_CHECK {\n            connect_timeout 1\n        }\n    }\n}\n")
    config = config.replace("advert_int 1", "advert_int 0.1\n    version 3").replace("auth_type PASS", "").replace(
        "    authentication {\n        \n        auth_pass 1111\n    }\n", "")
    file = test.folder / "check.conf"
    file.write_text(config)
    checked = a.run(test.program("app/warren/warren"), "--config", str(file), "--check", check=False).stdout
    for setting in ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"):
        assert f"its interface tun0 has no Ethernet, and this host's kernel leads there if {setting} is 1" in checked, checked
    test.start_warren(a, config)
    def without_way():
        return json.dumps(test.ctl(a, "status")).count("server_no_way")
    def forward(value, *settings):
        for setting in settings:
            a.run("sh", "-ec", f"echo {value} > /proc/sys/net/{setting}")
    wait_until("the reason", lambda: without_way() == len(vips), 5)
    forward(1, "ipv4/ip_forward")
    wait_until("the way of IPv4", lambda: without_way() == 2, 3)
    forward(1, "ipv6/conf/all/forwarding")
    for vip in vips:
        wait_until(f"the server behind the tun, by {vip}", lambda v=vip: through(client, v) == "far", 3)
        for _ in range(5):
            assert through(client, vip) == "far", vip
        assert through(a, vip) == "far", "a client on the host itself"
    assert without_way() == 0
    forward(0, "ipv4/ip_forward", "ipv6/conf/all/forwarding")
    wait_until("the reason again", lambda: without_way() == len(vips), 3)


def node(test):
    """The balancer's own host as real_server, as IPVS's local node, in each lb_kind; the other balancer's is one like any other."""
    site = Site(test)
    for name in ("a", "b"):
        test.start_name_echo(site.hosts[name], name, log=f"echo-{name}.log")
    kinds = {"192.168.8.101": "DR", "192.168.8.102": "NAT", "192.168.8.103": "TUN", VIP: "FNAT", VIP6: "FNAT"}
    with_both = {"192.168.8.104": "FNAT", "192.168.8.105": "NAT"}
    def server(address):
        return f"    real_server {address} 5672 {{\n        TCP_CHECK {{\n            connect_timeout 1\n        }}\n    }}\n"
    def service(vip, kind, *servers):
        return f"virtual_server {vip} 5672 {{\n    lb_algo rr\n    lb_kind {kind}\n{''.join(map(server, servers))}}}\n"
    services = "".join(service(vip, kind, "fd00:8::4" if ":" in vip else "192.168.8.4") for vip, kind in kinds.items())
    services += "".join(service(vip, kind, "192.168.8.4", "192.168.8.5") for vip, kind in with_both.items())
    loopback = {f"192.168.8.{106 + i}": kind for i, kind in enumerate(("DR", "NAT", "FNAT"))} | {"fd00:8::106": "DR"}
    services += "".join(service(vip, kind, "::1" if ":" in vip else "127.0.0.1") for vip, kind in loopback.items())
    sorry = "192.168.8.109"
    services += service(sorry, "DR", "192.168.8.77").replace("rr", "rr\n    alpha\n    sorry_server 127.0.0.1 5672", 1)
    loopback[sorry] = "DR, by its sorry_server"
    more = "".join(f"        {vip}/24\n" for vip in (*kinds, *with_both, *loopback) if ":" not in vip and vip != VIP)
    site.start("a", instance("a").replace("    virtual_ipaddress {\n", "    virtual_ipaddress {\n" + more)
               .replace(f"{VIP6}/64\n", f"{VIP6}/64\n        fd00:8::106/64\n") + services)
    site.wait_for("a", 0, 6)
    for vip, kind in (kinds | loopback).items():
        for _ in range(5):
            assert through(site.client, vip) == "a", f"{kind} {vip}"
        assert through(site.hosts["a"], vip) == "a", f"{kind} {vip}, a client on the host itself"
    assert all(row["reachable"] or ".77:" in row["server"] for row in test.ctl(site.hosts["a"], "show", "servers"))
    # The other host's service is silent to clients, and passes its check: they are this host's, within their first SYN's time.
    site.hosts["b"].run("nft", "add table inet silent; add chain inet silent in { type filter hook input priority 0; };"
                               "add rule inet silent in ip saddr { 192.168.8.104, 192.168.8.50 } tcp dport 5672 drop")
    for vip, kind in with_both.items():
        served = [through(site.client, vip, patience_s=0.9) for _ in range(6)]
        assert served == ["a"] * 6, f"{kind}: served by {served}"
    one, _ = socket_in(site.client.namespace, socket.AF_INET, socket.SOCK_STREAM)
    with one:
        one.settimeout(5)
        one.connect((VIP, 5672))
        total = 0
        for _ in range(300):
            one.sendall(b"z" * 900)
            data = b""
            while len(data) < 902:
                data += one.recv(4000)
            total += len(data)
        assert total == 300 * 902, total
        # An end that Warren decides reaches the client at once, as from every server.
        site.hosts["a"].run(test.program("app/warrenctl/warrenctl"), "--instance", site.hosts["a"].namespace, "disable", "192.168.8.4:5672")
        try:
            ended = one.recv(10) == b""
        except ConnectionResetError:
            ended = True
        assert ended, "the connection goes on"


def directors(test):
    """What the master sends on to the backup's host is that host's, with its own MAC and with the virtual one."""
    site = Site(test)
    for host in site.hosts.values():
        host.run("sh", "-ec", "for d in all eth0; do echo 1 > /proc/sys/net/ipv4/conf/$d/arp_ignore; "
                 f"echo 2 > /proc/sys/net/ipv4/conf/$d/arp_announce; done; ip addr add {VIP}/32 dev lo; ip addr add {VIP6}/128 dev lo")
    services = "".join(f"virtual_server {vip} 8080 {{\n    lb_algo rr\n    lb_kind DR\n" + "".join(f"""    real_server {net}{n} 8080 {{
        TCP_CHECK {{
            connect_timeout 1
        }}
    }}
""" for n in (4, 5)) + "}\n" for vip, net in ((VIP, "192.168.8."), (VIP6, "fd00:8::")))

    def serve():
        for vip in (VIP, VIP6):
            served = {site.get(site.client, vip) for _ in range(10)}
            assert served == {"a", "b"}, f"{vip} is served by {served}"

    for more in ("", "use_vmac"):
        for name in ("a", "b"):
            site.start(name, instance(name, more) + services)
        lan = Lan(test.network, site.client, site.hosts)
        wait_until("a to be master", lambda: lan.owners(VIP) == ["a"], 8)
        wait_until("both servers", lambda: {site.get(site.client, VIP) for _ in range(4)} == {"a", "b"}, 5)
        since = now()
        serve()
        macs = {mac_text(f.bytes[6:12]) for f in lan.frames("b", since) if f.bytes[12:14] == b"\x08\0"
                and f.bytes[26:30] == socket.inet_aton(VIP)}
        assert macs == {site.hosts["b"].mac()}, f"the backup's answers come from {macs}"
        site.end("a")
        wait_until("b to be master", lambda: lan.owners(VIP) == ["b"], 5)
        serve()
        lan.close()
        site.end("b")


def own(test):
    """No VRRP is spoken for it, the kernel says who has it, and the host's other services go on."""
    site = Site(test)
    host = site.hosts["a"]
    for number, name in ((11, "r1"), (12, "r2")):
        server = test.network.add_host(name, f"192.168.8.{number}/24", f"fd00:8::{number}/64")
        test.start_name_echo(server, name)
    lan = Lan(test.network, site.client, site.hosts)
    first, second, labelled, own6 = "192.168.8.4", "192.168.8.77", "192.168.8.78", "fd00:8::4"
    host.run("ip", "addr", "add", f"{labelled}/24", "dev", "eth0", "label", "eth0:1")
    four = service().replace("virtual_server " + VIP, "virtual_server group G")
    six = service().replace(VIP, own6).replace("192.168.8.1", "fd00:8::1")
    since = now()
    site.start("a", f"static_ipaddress {{\n    {second}/24 dev eth0\n}}\nvirtual_server_group G {{\n    {first} 5672\n    {second} 5672\n    {labelled} 5672\n}}\n" + four + six)
    for address in (first, second, labelled, own6):
        wait_until(f"both servers behind {address}", lambda: {through(site.client, address) for _ in range(4)} == {"r1", "r2"}, 5)  # noqa: B023
        assert {through(host, address) for _ in range(16)} == {"r1", "r2"}, f"{address}, a client on the host itself"
        assert site.get(site.client, address) == "a" and site.ping(address), address
        assert site.get(site.client, address, port=81) == "refused", address
    assert "in no vrrp_instance" not in test.log("a.log")
    assert f"{labelled} is the host's own: served for as long as the host has it, no VRRP" in test.log("a.log")
    assert test.ctl(host, "show", "status")["masters"] == 0
    refused = host.run(test.program("app/warrenctl/warrenctl"), "--instance", host.namespace, "handover", first, check=False)
    assert "nobody can take it over" in refused.stdout + refused.stderr, refused
    file = str(test.folder / "a.conf")
    dry = host.run(test.program("app/warren/warren"), "--config", file, "--dry-run", file).stdout
    assert dry == "nothing changes\n", dry
    asked = site.client.run("arping", "-c1", "-w2", "-I", "eth0", first, check=False).stdout
    assert asked.count("reply from") == 1, asked
    host.run("ip", "addr", "del", f"{own6}/64", "dev", "eth0")
    wait_until("nobody to answer for it", lambda: not lan.owners(own6), 5)
    assert not site.ping(own6) and through(site.client, first) in ("r1", "r2")
    host.add_address(f"{own6}/64")
    wait_until("it to be served again", lambda: site.ping(own6) and through(site.client, own6) in ("r1", "r2"), 5)
    assert not lan.adverts("a", since) and not lan.announcements("a", since)
    site.end("a")
    assert site.get(site.client, first) == "a" and through(site.client, first) == "refused"
    lan.close()


CASES = {"plain": plain, "vmac": vmac, "mixed": mixed, "beside": beside, "node": node, "directors": directors, "own": own, "beyond": beyond}

if __name__ == "__main__":
    if len(sys.argv) > 2:
        Test.main(CASES[sys.argv[2]])
    else:
        run_cases(CASES, 5)
