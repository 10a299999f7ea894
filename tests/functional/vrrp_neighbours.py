#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""ARP and neighbour discovery for virtual addresses: a backup is silent whatever is asked, a master answers with the virtual MAC only.

One warren, virtual routers with use_vmac for IPv4, IPv6 and one with no_accept, one without use_vmac. This test is their master for
a while (backup phase), then falls silent (master phase). A.. are the rows of the checklist; RFC 826, 4861, 5227, 9568 8.1 and 8.2.
"""

import ipaddress
import struct
import threading
import time

from harness import Test, wait_until
from lan import (
    BROADCAST, ETH_ARP, ETH_IPV4, ETH_IPV6, Lan, arp, checksum, icmpv6, link_local, mac_bytes, mac_text, now, solicited_node)
from vrrp_messages import ip, v3
from vrrp_routers import Router, Settings, instance

CLIENT, CLIENT_V6 = "192.168.8.50", "fd00:8::50"
NOBODY = "00:00:00:00:00:00"
ALL_NODES = "33:33:00:00:00:01"
FAST = "garp_master_delay 1\ngarp_master_repeat 3"
V4 = Settings(advert_int=0.2, vmac=True, vrid=51, vips=("192.168.8.100",), more=FAST)
V6 = Settings(advert_int=0.2, vmac=True, vrid=51, family=6, vips=("fe80::100", "fd00:8::100"))
NO_ACCEPT = Settings(advert_int=0.2, vmac=True, vrid=52, vips=("192.168.8.101",), more="no_accept\n" + FAST)
PLAIN = Settings(advert_int=0.2, vrid=53, vips=("192.168.8.102",), more=FAST)
ROUTERS = {"V4": V4, "V6": V6, "NO_ACCEPT": NO_ACCEPT, "PLAIN": PLAIN}
SILENCE = 0.4    # seconds in which nothing may come


class Bench:
    def __init__(self, test):
        client = test.network.add_host("client", f"{CLIENT}/24", f"{CLIENT_V6}/64")
        self.router = Router(test, "warren", "warren", 4)
        self.lan = Lan(test.network, client, {"warren": self.router.host})
        self.wire = self.lan.wire
        self.silent = threading.Event()
        self.thread = threading.Thread(target=self._be_master, daemon=True)
        self.thread.start()
        self.router.start("".join(instance(s, 100, name=name) for name, s in ROUTERS.items()))

    def _be_master(self):
        while not self.silent.wait(0.1):
            for s in ROUTERS.values():
                own, group, mac, kind = (CLIENT, "224.0.0.18", "01:00:5e:00:00:12", ETH_IPV4) if s.family == 4 else (
                    link_local(self.wire.mac), "ff02::12", "33:33:00:00:00:12", ETH_IPV6)
                self.wire.send(mac, kind, ip(own, group, v3(s.vrid, 200, s.addresses(), own, group)))

    def states(self):
        return {row["name"]: row["state"] for row in self.router.show_vrrp()}

    def ask(self, target_mac, vip, sender=CLIENT, sender_mac=None, operation=1):
        self.wire.send(target_mac, ETH_ARP, arp(operation, sender_mac or self.wire.mac, sender, NOBODY, vip))

    def ping(self, mac, address):
        if ":" in address:
            body = b"\x80\0\0\0" + struct.pack("!HH", 7, 7)
            packet = icmpv6(ipaddress.ip_address(CLIENT_V6).packed, ipaddress.ip_address(address).packed, body)
        else:
            body = struct.pack("!BBHHH", 8, 0, 0, 7, 7)
            packet = ip(CLIENT, address, body[:2] + struct.pack("!H", checksum(body)) + body[4:], 64, 1)
        self.wire.send(mac, ETH_IPV6 if ":" in address else ETH_IPV4, packet)

    def solicit(self, address, source=None, mac=None):
        """NS; from the unspecified address it is the probe of duplicate address detection, without an option."""
        group, group_mac = solicited_node(address)
        src = ipaddress.ip_address(source or link_local(self.wire.mac)).packed
        body = b"\x87\0\0\0" + bytes(4) + ipaddress.ip_address(address).packed
        if source != "::":
            body += b"\x01\x01" + mac_bytes(self.wire.mac)
        self.wire.send(mac or mac_text(group_mac), ETH_IPV6, icmpv6(src, group, body))

    def answers(self, since, patience=0.15):
        """What came from warren's port about ARP, neighbours and echo; adverts and announcements aside."""
        time.sleep(patience)
        found = [c for c in self.lan.claims("warren", since) if c.kind in ("arp", "answer")]
        echoes = [f for f in self.lan.frames("warren", since) if is_echo_reply(f.bytes)]
        return found, echoes

    def expect_claim(self, what, since, address, mac):
        found, _ = self.answers(since)
        found = [c for c in found if c.address == address]
        assert len(found) == 1, f"{what}: {len(found)} answers for {address}: {found}"
        c = found[0]
        assert c.mac == mac and c.source_mac == mac, f"{what}: {c}, not {mac}"
        assert c.target_mac == self.wire.mac, f"{what}: an answer goes to the one that asked: {c}"
        assert c.kind != "answer" or c.flags == 7, f"{what}: R, S and O: {c}"

    def expect_echo(self, what, since, count, mac=None):
        _, echoes = self.answers(since)
        assert len(echoes) == count, f"{what}: {len(echoes)} echo replies, {count} expected"
        for f in echoes:
            assert mac_text(f.bytes[6:12]) == mac, f"{what}: leaves with {mac_text(f.bytes[6:12])}"


def is_echo_reply(f):
    return (f[12:14] == b"\x08\0" and f[23] == 1 and f[34] == 0) or (f[12:14] == b"\x86\xdd" and f[20] == 58 and f[54] == 129)


def backup_is_silent(bench):
    since = now()
    for s in ROUTERS.values():
        for vip in s.addresses():
            macs = {bench.router.mac, s.virtual_mac()}
            for mac in macs:
                bench.ping(mac, vip)                            # A6, A7
            if s.family == 6:
                bench.solicit(vip)                              # A15
                bench.solicit(vip, source="::")
                bench.solicit(vip, mac=bench.router.mac)
            else:
                for mac in (BROADCAST, *macs):                  # A1
                    bench.ask(mac, vip)
                    bench.ask(mac, vip, sender="0.0.0.0")
    found, echoes = bench.answers(since, SILENCE)
    vips = [a for s in ROUTERS.values() for a in s.addresses()]
    found = [c for c in found if c.address in vips]
    assert not found and not echoes, f"a backup speaks: {found} {echoes}"
    assert not [c for vip in vips for c in bench.lan.announcements("warren", address=vip)], "a backup announces"
    assert not bench.lan.adverts("warren"), "a backup advertises"


def becomes_master(bench):
    since = now()
    bench.silent.set()
    bench.thread.join()
    wait_until("all to be master", lambda: set(bench.states().values()) == {"master"}, 10)
    time.sleep(1.6)
    for name, s in ROUTERS.items():
        adverts = [a for a in bench.lan.adverts("warren", since, s.vrid) if (":" in a.source) == (s.family == 6)]
        for vip in s.addresses():
            claims = bench.lan.announcements("warren", since, vip)
            assert claims and claims[0].time > adverts[0].time, f"{name}: A4, advert first: {claims[:1]} {adverts[:1]}"
            mac = s.virtual_mac() if s.vmac else bench.router.mac
            for c in claims:
                assert c.mac == c.source_mac == mac, f"{name}: A4: {c}"
                assert c.target_mac == (BROADCAST if s.family == 4 else ALL_NODES), f"{name}: A4, A17: {c}"
                assert s.family == 4 or c.flags == 5, f"{name}: A17, R and O, not S: {c}"
            if "repeat 3" in s.more:
                again = [c for c in claims if c.time > claims[0].time + 0.7]
                assert len(claims) == 6 and len(again) == 3, f"{name}: A5, 3 at once and 3 after a second: {claims}"
                assert 0.9 < again[0].time - claims[0].time < 1.5, f"{name}: A5: {claims}"


def master_answers_arp(bench):
    for s in (V4, NO_ACCEPT, PLAIN):
        vip, mac = s.addresses()[0], s.virtual_mac() if s.vmac else bench.router.mac
        for what, target, sender in (("A2 broadcast", BROADCAST, CLIENT), ("A2 unicast", mac, CLIENT),
                                     ("A3 unicast refresh", mac, CLIENT), ("A11 probe", BROADCAST, "0.0.0.0")):
            since = now()
            bench.ask(target, vip, sender)
            bench.expect_claim(what, since, vip, mac)


def master_ignores_bad_arp(bench):
    """A13; padded to 60 bytes like everything, so a header that lies about lengths is all there is to trust."""
    vip, good = V4.addresses()[0], arp(1, bench.wire.mac, CLIENT, NOBODY, V4.addresses()[0])
    since = now()
    bench.ask(BROADCAST, "192.168.8.200")
    bench.ask(BROADCAST, vip, operation=3)
    bench.wire.send(BROADCAST, ETH_ARP, good[:4] + b"\x08" + good[5:])    # hlen 8
    bench.wire.send(BROADCAST, ETH_ARP, good[:5] + b"\x10" + good[6:])    # plen 16
    bench.wire.send(BROADCAST, ETH_ARP, b"\0\6" + good[2:])               # not Ethernet
    bench.wire.socket.send(mac_bytes(BROADCAST) + mac_bytes(bench.wire.mac) + b"\x08\x06" + good[:20])    # cut off
    found, _ = bench.answers(since, SILENCE)
    assert not found, f"A13: answered {found}"


def master_answers_nd(bench):
    mac = V6.virtual_mac()
    for vip in V6.addresses():
        since = now()
        bench.solicit(vip)
        bench.expect_claim("A16", since, vip, mac)
        since = now()
        bench.solicit(vip, source="::")                          # A18, RFC 4861 7.2.4: to all nodes, S zero
        wait_until("the answer to a probe for a duplicate", lambda v=vip, t=since: [
            c for c in bench.lan.announcements("warren", t, v) if c.mac == mac and c.target_mac == ALL_NODES and c.flags == 5], 2)


def master_takes_traffic(bench):
    for s, count in ((V4, 1), (NO_ACCEPT, 0), (PLAIN, 1), (V6, 1)):
        vip, mac = s.addresses()[-1], s.virtual_mac() if s.vmac else bench.router.mac
        since = now()
        bench.ping(mac, vip)
        bench.expect_echo(f"A9, echo to {vip}", since, count, mac)
    since = now()
    bench.ping(V4.virtual_mac(), "192.168.8.99")                # A8
    bench.expect_echo("A8, to the virtual MAC, not to an address of ours", since, 0)


def master_defends(bench):
    """A10, RFC 5227 2.4 (c): one announcement, not more than one in ten seconds, and the address is kept."""
    vip = PLAIN.addresses()[0]
    since = now()
    for _ in range(5):
        bench.ask(BROADCAST, vip, sender=vip, sender_mac="02:00:00:00:00:99")
        time.sleep(0.1)
    wait_until("the conflict to be counted", lambda: {r["name"]: r for r in bench.router.show_vrrp()}["PLAIN"]["address_conflicts"] >= 5,
               5)
    defences = bench.lan.announcements("warren", since, vip)
    assert len(defences) == 1, f"A10: {len(defences)} defences"
    assert bench.states()["PLAIN"] == "master"
    wait_until("the alarm in the log", lambda: "02:00:00:00:00:99" in bench.lan_log() or "conflict" in bench.lan_log(), 5)


def main(test):
    bench = Bench(test)
    bench.lan_log = lambda: test.log("warren.log")
    wait_until("all to be backup", lambda: set(bench.states().values()) == {"backup"}, 10)
    backup_is_silent(bench)
    becomes_master(bench)
    master_answers_arp(bench)
    master_ignores_bad_arp(bench)
    master_answers_nd(bench)
    master_takes_traffic(bench)
    master_defends(bench)
    bench.lan.close()


if __name__ == "__main__":
    Test.main(main)
