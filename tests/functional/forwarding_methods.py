#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""FNAT, NAT, DR and TUN between real kernels, IPv4 and IPv6, FNAT and TUN from one to the other too: megabytes up and down
arrive bit-identical, also with 1 % of all packets lost, also with 3 % of all frames overtaken by up to 20 later ones, also
with every offload on that a card or a guest has (frames of up to 64 KiB, checksums left open), also with large and small MTUs; a
router with a small MTU is heard in either family; a DR server that dies resets its clients. A server that gets PROXY headers knows
each client.

    forwarding_methods.py BUILD-DIR [BYTES [CONDITION [SERVICE…]]]

A client network (eth0 everywhere) and a server network (eth1), warren between them. Servers have the VIP on lo for DR and
TUN; this kernel knows no tunnels, so tun_decapsulate.py opens what comes in. A third server stands behind a router.
With BYTES (tests/bench) each transfer is of that size, and one line says how fast each was; CONDITION is "plain", "loss",
"reordering" or "offloads", SERVICE the beginning of such a line ("FNAT to").
"""

import collections
import contextlib
import pathlib
import re
import subprocess
import sys
import time

from harness import Test, run, wait_until

HERE = pathlib.Path(__file__).parent
PYTHON = "/usr/bin/python3"
VIP = {4: "192.168.8.100", 6: "fd00:8::100"}
GATEWAY = {4: "10.0.8.1", 6: "fd00:10::1"}
CLIENT_NET = {4: "192.168.8.{}", 6: "fd00:8::{}"}
SERVER_NET = {4: "10.0.8.{}", 6: "fd00:10::{}"}
BEHIND_ROUTER = {4: "10.0.9.13", 6: "fd00:9::13"}
PREFIX = {4: 24, 6: 64}
ANY = {4: "0.0.0.0/0", 6: "::/0"}
OTHER = {4: 6, 6: 4}
SAME = {4: 4, 6: 6}
ROUTED_MTU = 1400    # of the way to the third server, which nobody but its router knows
# Of each service: port, lb_kind, family of its servers for that of the VIP, their addresses, whether they get a PROXY header.
Service = collections.namedtuple("Service", "port kind family servers is_proxied", defaults=[False])


def hosts(net):
    return {family: [net[family].format(number) for number in (11, 12)] for family in net}


BEHIND = {family: [address] for family, address in BEHIND_ROUTER.items()}
SERVICES = {
    "FNAT": Service(5671, "FNAT", SAME, hosts(SERVER_NET)), "NAT": Service(5672, "NAT", SAME, hosts(SERVER_NET)),
    "DR": Service(5673, "DR", SAME, hosts(CLIENT_NET)), "TUN": Service(5674, "TUN", SAME, hosts(SERVER_NET)),
    "FNAT to": Service(5675, "FNAT", OTHER, hosts(SERVER_NET)), "TUN through": Service(5676, "TUN", OTHER, hosts(SERVER_NET)),
    "FNAT over a router": Service(5677, "FNAT", SAME, BEHIND), "FNAT over a router to": Service(5678, "FNAT", OTHER, BEHIND),
    "FNAT with PROXY": Service(5679, "FNAT", SAME, hosts(SERVER_NET), is_proxied=True),
}
PORTS = [service.port for service in SERVICES.values()]
DR_PORT = SERVICES["DR"].port
FAMILIES = (4, 6)
OFFLOADS = ("tx", "on", "tso", "on", "gso", "on", "gro", "on")
NO_OFFLOADS = ("tx", "off", "tso", "off", "gso", "off", "gro", "off")
TEST_BYTES = 3_000_000
LOST_PERCENT = 1
LATE_PERCENT = 3
# Ports of the switch that get a relay, and their bridges: both sides of warren, and what goes from server to client directly.
RELAYED_PORTS = (("client", "bridge"), ("warren-servers", "servers"))


def ip(host, *words):
    run("ip", "-n", host.namespace, *words)


def add_wire(network, host, bridge, addresses, device="eth1"):
    """A second interface of a host, on another bridge of the same switch."""
    name = f"{host.name}-{bridge}"
    run("ip", "-n", network.switch, "link", "add", name, "type", "veth", "peer", "name", device, "netns", host.namespace)
    run("ip", "-n", network.switch, "link", "set", name, "master", bridge, "up")
    run("ip", "netns", "exec", network.switch, "ethtool", "-K", name, *NO_OFFLOADS)
    host.run("ethtool", "-K", device, *NO_OFFLOADS)
    host.run("sh", "-c", f"echo 0 >/proc/sys/net/ipv6/conf/{device}/accept_dad; "
                         f"echo 0 >/proc/sys/net/ipv4/conf/{device}/rp_filter")
    ip(host, "link", "set", device, "up")
    for address in addresses:
        host.add_address(address, device)


def both(net, number):
    return [f"{net[family].format(number)}/{PREFIX[family]}" for family in FAMILIES]


class Bench:
    def __init__(self, test):
        self.test = test
        network = test.network
        run("ip", "-n", network.switch, "link", "add", "servers", "type", "bridge", "stp_state", "0", "forward_delay", "0",
            "mcast_snooping", "0")
        run("ip", "-n", network.switch, "link", "set", "servers", "up")
        self.client = network.add_host("client", *both(CLIENT_NET, 50))
        self.warren = network.add_host("warren", *both(CLIENT_NET, 4))
        add_wire(network, self.warren, "servers", both(SERVER_NET, 4))
        self.servers = [self.add_server(network, f"s{number}", number) for number in (11, 12)]
        self.servers.append(self.add_routed_server(network))
        self.relays = []

    def serve(self, host):
        self.test.start(host, PYTHON, str(HERE / "transfer.py"), "serve", *(f"{service.port}{'+' * service.is_proxied}" for service in SERVICES.values()),
                        log=f"serve-{host.name}.log")

    def add_server(self, network, name, number):
        host = network.add_host(name, *both(CLIENT_NET, number))
        add_wire(network, host, "servers", both(SERVER_NET, number))
        host.run("sh", "-c", "echo 1 >/proc/sys/net/ipv4/conf/all/arp_ignore; echo 2 >/proc/sys/net/ipv4/conf/all/arp_announce")
        for family in FAMILIES:
            host.add_address(f"{VIP[family]}/{32 if family == 4 else 128}", "lo")
            # What NAT's and FNAT's connections answer goes to the gateway, not straight to the client.
            ip(host, f"-{family}", "rule", "add", "from", SERVER_NET[family].format(number), "table", "100")
            ip(host, f"-{family}", "route", "add", f"{SERVER_NET[family].format(0)}/{PREFIX[family]}" if family == 4
               else "fd00:10::/64", "dev", "eth1", "table", "100")
            ip(host, f"-{family}", "route", "add", "default", "via", GATEWAY[family], "table", "100")
        self.test.start(host, PYTHON, str(HERE / "tun_decapsulate.py"), log=f"tun-{name}.log")
        self.serve(host)
        return host

    def add_routed_server(self, network):
        router = network.add_host("router")
        add_wire(network, router, "servers", both(SERVER_NET, 254))
        host = network.add_host("s13")
        run("ip", "-n", network.switch, "link", "add", "behind", "type", "bridge", "stp_state", "0", "forward_delay", "0",
            "mcast_snooping", "0")
        run("ip", "-n", network.switch, "link", "set", "behind", "up")
        add_wire(network, router, "behind", ["10.0.9.1/24", "fd00:9::1/64"], "eth2")
        add_wire(network, host, "behind", [f"{BEHIND_ROUTER[f]}/{PREFIX[f]}" for f in FAMILIES])
        router.run("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding")
        for family, way in ((4, "10.0.9.1"), (6, "fd00:9::1")):
            ip(host, f"-{family}", "route", "add", "default", "via", way)
        # Only for what it forwards: the link itself, and so what the server offers as MSS, stays as it is.
        ip(router, "route", "replace", "10.0.9.0/24", "dev", "eth2", "mtu", "lock", str(ROUTED_MTU))
        router.run("sh", "-c", f"echo {ROUTED_MTU} >/proc/sys/net/ipv6/conf/eth2/mtu")
        ip(self.warren, "route", "add", "10.0.9.0/24", "via", SERVER_NET[4].format(254))
        ip(self.warren, "-6", "route", "add", "fd00:9::/64", "via", SERVER_NET[6].format(254))
        self.serve(host)
        return host

    def lose(self, percent):
        """Loses packets on arrival at the client and the servers."""
        for host in [self.client, *self.servers]:
            devices = ["eth0"] if host is self.client else ["eth0", "eth1"]
            chains = "".join(f"chain {d} {{\n type filter hook ingress device {d} priority 0;\n"
                             f"numgen random mod 100 < {percent} counter drop\n}}\n" for d in devices)
            host.run("nft", "-f", "-", input=f"table netdev loss {{\n{chains}}}\n")

    def lose_nothing(self):
        lost = [int(number) for host in [self.client, *self.servers] for number in
                re.findall(r"counter packets (\d+)", host.run("nft", "list", "table", "netdev", "loss").stdout)]
        print(f"{sum(lost)} packets lost", flush=True)
        for host in [self.client, *self.servers]:
            host.run("nft", "delete", "table", "netdev", "loss")

    def reorder(self, percent):
        """Puts a relay that delays frames between the bridge and each of RELAYED_PORTS."""
        switch = self.test.network.host("switch")
        for number, (port, bridge) in enumerate(RELAYED_PORTS):
            inner, outer = f"relay{number}", f"relay{number}-bridge"
            ip(switch, "link", "set", port, "nomaster")
            ip(switch, "link", "add", inner, "type", "veth", "peer", "name", outer)
            for device in (inner, outer):
                switch.run("ethtool", "-K", device, *NO_OFFLOADS)
                ip(switch, "link", "set", device, "up")
            ip(switch, "link", "set", outer, "master", bridge)
            log = f"{inner}.log"
            self.relays.append(self.test.start(switch, self.test.program("tests/functional/reordering_relay"), port, inner,
                                               str(percent), str(2 * number), log=log))
            wait_until(f"{inner} to be ready", lambda name=log: "ready" in self.test.log(name), 5)

    def reorder_nothing(self):
        """Takes the relays away, and looks whether each direction of each has done its work."""
        switch = self.test.network.host("switch")
        for number, (port, bridge) in enumerate(RELAYED_PORTS):
            self.relays[number].terminate()
            self.relays[number].wait()
            ip(switch, "link", "delete", f"relay{number}")
            ip(switch, "link", "set", port, "master", bridge)
            counts = re.findall(r"(.*): passed (\d+) reordered (\d+) dropped (\d+)", self.test.log(f"relay{number}.log"))
            assert len(counts) == 2, "a relay has ended too early"
            for way, passed, reordered, dropped in counts:
                print(f"{way}: {passed} frames, {reordered} of them overtaken, {dropped} dropped", flush=True)
                assert int(reordered) > int(passed) / 100 and int(dropped) == 0
        self.relays.clear()

    def set_offloads(self, words):
        """On every cable, at both of its ends: as cards come, and as guests and containers of one host send to each other."""
        network = self.test.network
        for host in [self.client, self.warren, *self.servers, network.host("router"), network.host("switch")]:
            for device in re.findall(r"^\d+: ([\w-]+)@", host.run("ip", "-o", "link", "show", "type", "veth").stdout, re.M):
                host.run("ethtool", "-K", device, *words)

    def received(self):
        """Bytes and frames that have come to warren."""
        ports = self.test.ctl(self.warren, "show", "status")["ports"]
        return [sum(port[what] for port in ports) for what in ("rx_bytes", "rx_packets")]

    def out_of_order(self):
        """How many segments came to the client, and to the servers, before an earlier one."""
        def count(host):
            lines = host.run("cat", "/proc/net/netstat").stdout.splitlines()
            names, values = [line.split()[1:] for line in lines if line.startswith("TcpExt:")]
            return int(dict(zip(names, values))["TCPOFOQueue"])
        return count(self.client), sum(count(host) for host in self.servers)

    def transfer(self, family, port, size):
        """Seconds it took; the client compares what arrived on both sides."""
        ip(self.client, f"-{family}", "route", "flush", "cache")    # what was learnt of MTUs
        begin = time.monotonic()
        self.client.run(PYTHON, str(HERE / "transfer.py"), "fetch", VIP[family], str(port), str(size), timeout=60 + size / 1e6)
        return time.monotonic() - begin

    def learnt_mtu(self, family):
        """What routers have told the client about the way to the VIP."""
        text = self.client.run("ip", f"-{family}", "route", "get", VIP[family]).stdout
        found = re.search(r"\bmtu (\d+)", text)
        return int(found.group(1)) if found else None


def damaged(hosts):
    """How many segments and ICMP messages the kernels of hosts have dropped for their checksums."""
    count = 0
    for host in hosts:
        text = host.run("cat", "/proc/net/snmp", "/proc/net/snmp6").stdout
        for name in ("Tcp", "Icmp"):
            names, values = [line.split()[1:] for line in text.splitlines() if line.startswith(name + ":")]
            count += int(dict(zip(names, values))["InCsumErrors"])
        count += int(re.search(r"Icmp6InCsumErrors\s+(\d+)", text).group(1))
    return count


TCP_CHECK = "TCP_CHECK {\n   connect_timeout 1\n   retry 4\n   delay_before_retry 0.1\n  }"


def virtual_server(family, kind, port, servers, more="", check=TCP_CHECK):
    text = f"virtual_server {VIP[family]} {port} {{\n lb_algo rr\n lb_kind {kind}\n protocol TCP\n delay_loop 0.3\n{more}"
    for server in servers:
        text += f" real_server {server} {port} {{\n  {check}\n }}\n"
    return text + "}\n"


def config():
    text = ""
    for number, (name, device, addresses) in enumerate((("CLIENTS", "eth0", VIP), ("SERVERS", "eth1", GATEWAY)), 51):
        text += f"vrrp_instance {name} {{\n interface {device}\n virtual_router_id {number}\n priority 255\n advert_int 1\n"
        text += f" virtual_ipaddress {{\n  {addresses[4]}/24\n }}\n"
        text += f" virtual_ipaddress_excluded {{\n  {addresses[6]}/64\n }}\n}}\n"
    for family in FAMILIES:
        text += f"local_address_group local{family} {{\n {GATEWAY[family]} eth1\n}}\n"
    for family in FAMILIES:
        for service in SERVICES.values():
            servers_family = service.family[family]
            more = f" laddr_group_name local{servers_family}\n" if service.kind == "FNAT" else ""
            more += " proxy_protocol v2\n" if service.is_proxied else ""
            text += virtual_server(family, service.kind, service.port, service.servers[servers_family], more)
    return text


@contextlib.contextmanager
def loss(bench, percent=LOST_PERCENT):
    bench.lose(percent)
    yield
    bench.lose_nothing()


@contextlib.contextmanager
def reordering(bench):
    bench.reorder(LATE_PERCENT)
    yield
    bench.reorder_nothing()


@contextlib.contextmanager
def offloads(bench):
    bench.set_offloads(OFFLOADS)
    before = bench.received()
    yield
    size, frames = (now - then for now, then in zip(bench.received(), before))
    print(f"{size / frames:.0f} bytes a frame", flush=True)
    assert size / frames > 2000, "no segments came merged"
    bench.set_offloads(NO_OFFLOADS)


CONDITIONS = {"plain": contextlib.nullcontext, "loss": loss, "reordering": reordering,
              "offloads": offloads}


def measure(bench, condition, size, names=SERVICES):
    print(f"{condition}:", flush=True)
    with CONDITIONS[condition](bench):
        for family in FAMILIES:
            for name in names:
                measure_service(bench, condition, family, name, size)
    assert damaged([bench.client, *bench.servers]) == 0, "segments with a wrong checksum arrived"


def measure_service(bench, condition, family, name, size):
    service = SERVICES[name]
    before = bench.out_of_order()
    seconds = bench.transfer(family, service.port, size)
    to_client, to_server = (now - then for now, then in zip(bench.out_of_order(), before))
    other = service.family[family] != family
    way = f"IPv{family}" + (f" IPv{service.family[family]}" if other else "")
    print(f"{name} {way}: {size} bytes up and down in {seconds:.1f} s, {2 * size * 8 / seconds / 1e6:.0f} Mbit/s; "
          f"segments out of order: {to_server} up, {to_client} down", flush=True)
    if condition in ("loss", "reordering"):
        assert to_client > 0 and to_server > 0, f"{name} {way}: no {condition}"
    if service.servers is BEHIND:
        header = {4: 20, 6: 40}
        mtu = ROUTED_MTU - header[service.family[family]] + header[family]
        assert bench.learnt_mtu(family) == mtu, f"{name} {way}: learnt {bench.learnt_mtu(family)}, not {mtu}"


def crowds(bench, size):
    """Many short connections at once where the servers answer past the balancer, which can't see what of it is lost."""
    waiting = [bench.client.popen(PYTHON, str(HERE / "transfer.py"), "crowd", VIP[family], str(SERVICES[name].port), str(size))
               for family in FAMILIES for name in ("DR", "TUN")]
    assert [process.wait(60) for process in waiting] == [0, 0, 0, 0], "a connection was lost"


def hold_evenly(bench, family):
    """Four held DR connections and their servers' names; none if a server has still less than its half, for a check's sake."""
    held = [bench.client.popen(PYTHON, str(HERE / "transfer.py"), "hold", VIP[family], str(DR_PORT),
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    names = [process.stdout.readline().strip() for process in held]
    if sorted(names) == ["s11", "s11", "s12", "s12"]:
        return held, names
    for process in held:
        process.communicate("")
    return None


def dead_server(bench, family):
    """Held DR connections: those of the server that goes away are reset, the others go on."""
    held, names = wait_until("two DR connections a server", lambda: hold_evenly(bench, family), 20, 0.2)
    bench.servers[0].unplug()
    lost = [process for process, name in zip(held, names) if name == "s11"]
    wait_until("reset of the dead server's clients", lambda: all(p.poll() is not None for p in lost), 15)
    assert all(p.stdout.read().strip() == "reset" for p in lost)
    for process in held:
        if process not in lost:
            process.stdin.write("\n")
            process.stdin.flush()
            assert process.stdout.readline().strip() == "s12", "the other server's client was disturbed"
            process.stdin.close()


def main(test):
    bench = Bench(test)
    test.start_warren(bench.warren, config())
    for family in FAMILIES:
        for port in PORTS:
            wait_until(f"a server for IPv{family} port {port}", lambda f=family, p=port: bench.client.run(
                PYTHON, str(HERE / "transfer.py"), "fetch", VIP[f], str(p), "1000", check=False).returncode == 0, 20, 0.2)
    if len(sys.argv) > 2:
        print(bench.client.run("sysctl", "net.ipv4.tcp_congestion_control").stdout.strip())
        conditions = sys.argv[3:4] or CONDITIONS
        for condition in conditions:
            measure(bench, condition, int(sys.argv[2]), sys.argv[4:] or SERVICES)
        return
    for condition in CONDITIONS:
        measure(bench, condition, TEST_BYTES)
    with loss(bench, 5):
        crowds(bench, 200)
    for family in FAMILIES:
        dead_server(bench, family)
        bench.servers[0].plug()


if __name__ == "__main__":
    Test.main(main)
