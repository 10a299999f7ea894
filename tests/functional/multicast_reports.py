#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What a snooping switch must hear: IGMP and MLD reports for VRRP's groups and the solicited-node groups of virtual addresses,
from a backup too, and again when a querier asks; on an interface shared with the kernel and on a card of our own, whose
kernel port has to carry query and report.

    multicast_reports.py BUILD
"""

import ipaddress
import socket
import struct

from harness import Test, run, wait_until
from lan import ETH_IPV4, ETH_IPV6, Lan, Wire, checksum, icmpv6, link_local, now, solicited_node
from vrrp_routers import Router, Settings, instance

ALL_HOSTS = ("01:00:5e:00:00:01", "224.0.0.1")
ALL_NODES = ("33:33:00:00:00:01", "ff02::1")
ROUTER_ALERT_4 = b"\x94\x04\0\0"
ROUTER_ALERT_6 = b"\x3a\0\x05\x02\0\0\x01\0"    # hop-by-hop header: ICMPv6 follows
IGMP, ICMPV6, HOP_BY_HOP = 2, 58, 0
V4, V6 = Settings(vrid=51, vips=("192.168.8.100",)), Settings(family=6, vrid=52, vips=("fe80::100", "fd00:8::1:2"))


def groups():
    wanted = {"224.0.0.18", "ff02::12"}
    return wanted | {str(ipaddress.IPv6Address(solicited_node(vip)[0])) for vip in V6.addresses()}


def records(body, size):
    """Groups in an IGMPv3 or MLDv2 report (RFC 3376 4.2, RFC 3810 5.2)."""
    found, at = set(), 8
    for _ in range(int.from_bytes(body[6:8], "big")):
        sources = int.from_bytes(body[at + 2:at + 4], "big")
        found.add(str(ipaddress.ip_address(bytes(body[at + 4:at + 4 + size]))))
        at += 4 + size * (1 + sources) + body[at + 1] * 4
    return found


def reported(frame):
    f = frame.bytes
    kind = int.from_bytes(f[12:14], "big")
    if kind == ETH_IPV4 and f[23] == IGMP:
        body = f[14 + (f[14] & 15) * 4:]
        return records(body, 4) if body[0] == 0x22 else {socket.inet_ntoa(body[4:8])} if body[0] in (0x12, 0x16) else set()
    if kind == ETH_IPV6 and f[20] == HOP_BY_HOP and f[54] == ICMPV6:
        body = f[54 + 8 * (f[55] + 1):]
        return records(body, 16) if body[0] == 143 else {str(ipaddress.IPv6Address(body[8:24]))} if body[0] == 131 else set()
    return set()


def query(wire):
    """General queries as a switch's querier sends them; answers within a second (RFC 3376 4.1, RFC 3810 5.1)."""
    igmp = b"\x11\x0a\0\0" + bytes(4) + b"\x02\x7d\0\0"
    igmp = igmp[:2] + struct.pack("!H", checksum(igmp)) + igmp[4:]
    head = struct.pack("!BBHHHBBH4s4s", 0x46, 0xC0, 24 + len(igmp), 0, 0, 1, IGMP, 0, socket.inet_aton("192.168.8.50"),
                       socket.inet_aton(ALL_HOSTS[1])) + ROUTER_ALERT_4
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    wire.send(ALL_HOSTS[0], ETH_IPV4, head + igmp)
    source, target = (ipaddress.IPv6Address(a).packed for a in (link_local(wire.mac), ALL_NODES[1]))
    mld = icmpv6(source, target, b"\x82\0\0\0" + struct.pack("!HH", 1000, 0) + bytes(16) + b"\x02\x7d\0\0", hops=1)
    body = ROUTER_ALERT_6 + mld[40:]
    wire.send(ALL_NODES[0], ETH_IPV6, mld[:4] + struct.pack("!HBB", len(body), HOP_BY_HOP, 1) + mld[8:40] + body)


def config(device="eth0", more=""):
    text = instance(V4, 100, name="VI_4") + instance(V6, 100, name="VI_6")
    return text.replace("interface eth0", f"interface {device}") + more


def card_of_our_own(test, router):
    """eth0 is taken whole by AF_XDP; the kernel has what is not ours through the tap lan0, and its addresses on it."""
    run("ip", "-n", router.host.namespace, "address", "flush", "dev", "eth0")
    router.start(config("lan0", 'dataplane {\n    interface lan0 {\n        device "net_af_xdp0,iface=eth0"\n    }\n}\n'))
    router.host.run("sh", "-ec", "echo 0 >/proc/sys/net/ipv6/conf/lan0/accept_dad; ip link set lan0 up; "
                                 f"ip address add {router.v4}/24 dev lan0")


def main(test):
    client = test.network.add_host("client", "192.168.8.50/24", "fd00:8::50/64")
    routers = [Router(test, "warren", "shared", 4), Router(test, "warren", "card", 6)]
    lan = Lan(test.network, client, {r.name: r.host for r in routers})
    wire = Wire(client)

    def wait_for_reports(router, since, why):
        def all_reported():
            return groups() <= set().union(*(reported(f) for f in lan.frames(router.name, since)))
        wait_until(f"reports of {router.name} for {sorted(groups())} {why}", all_reported, 10)

    since = now()
    routers[0].start(config())
    card_of_our_own(test, routers[1])
    for router in routers:
        wait_for_reports(router, since, "at start")
    since = now()
    query(wire)
    for router in routers:
        wait_for_reports(router, since, "when asked")
    lan.close()


if __name__ == "__main__":
    Test.main(main)
