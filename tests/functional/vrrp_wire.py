#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What a running warren makes of adverts that are wrong in one thing each, and of those that only look wrong.

One warren with a virtual router for every row of the tables below. First a master (this test) keeps all of them in backup. Then it
sends, for each router, only the row's frame, with a higher priority and much faster than advert_int:
 - a frame that must be rejected changes nothing: the router is master Master_Down_Interval after the last valid advert, not later
   (no timer was reset) and not earlier, advertises evenly from then on, and counts the frame by its reason;
 - a frame that must be accepted keeps its router in backup.
At last a flood of bad adverts: state, adverts and log stay as they are. RFC 3768 7.1, RFC 9568 7.1.
"""

import itertools
import time

from harness import Test, wait_until
from lan import ETH_IPV4, ETH_IPV6, Lan, link_local, mac_bytes, now
from vrrp_messages import ip, sealed, v2, v3
from vrrp_routers import Router, Settings, instance

CLIENT = "192.168.8.50"
GROUP_MAC = {4: "01:00:5e:00:00:12", 6: "33:33:00:00:00:12"}
GROUP = {4: "224.0.0.18", 6: "ff02::12"}
V2, V2_PASS, V2_AH = (Settings(version=2, advert_int=1, auth=auth) for auth in ("", "PASS", "AH"))
V3, V3_IPV6, V3_UNICAST = Settings(advert_int=0.2), Settings(advert_int=0.2, family=6), Settings(advert_int=0.2, unicast=True)
PRIORITY, HIGHER = 100, 200
KEY = b"1111"


class Sender:
    """Makes the frames for one virtual router; every method returns an IP packet."""
    sequence = itertools.count(1)    # AH: one for all, it only has to grow

    def __init__(self, settings, vrid, own, peer):
        self.settings, self.vrid, self.own, self.peer = settings, vrid, own, peer
        self.vip = f"10.51.0.{vrid}" if settings.family == 4 else f"fe80::51:{vrid:x}"
        self.target = peer if settings.unicast else GROUP[settings.family]

    def valid(self):
        if self.settings.auth == "AH":
            return self.ah()
        if self.settings.version == 3:
            return self.v3()
        return self.v2(**({"auth": 1, "data": KEY} if self.settings.auth else {}))

    def v2(self, ttl=255, source=None, target=None, cut=None, addresses=None, priority=HIGHER, **fields):
        message = v2(self.vrid, priority, addresses or [self.vip], **fields)
        return ip(source or self.own, target or self.target, message[:cut], ttl)

    def v3(self, ttl=255, source=None, target=None, cut=None, addresses=None, priority=HIGHER, **fields):
        source, target = source or self.own, target or self.target
        message = v3(self.vrid, priority, [self.vip] if addresses is None else addresses, source, target, **fields)
        return ip(source, target, message[:cut], ttl)

    def ah(self, sequence=None, **fields):
        message = v2(self.vrid, HIGHER, [self.vip], auth=2)
        return sealed(self.own, self.target, message, next(self.sequence) if sequence is None else sequence, KEY, **fields)


# What must be rejected: name (R.. is the row of the checklist), settings, frame, reason that is counted.
REJECTED = [
    ("R1 v2, TTL 254", V2, lambda s: s.v2(ttl=254), "ttl"),
    ("R1 v3, TTL 254", V3, lambda s: s.v3(ttl=254), "ttl"),
    ("R2 hop limit 254", V3_IPV6, lambda s: s.v3(ttl=254), "ttl"),
    ("R3 version 2 to v3", V3, lambda s: s.v2(), "version"),
    ("R3 version 3 to v2", V2, lambda s: s.v3(centiseconds=100), "version"),
    ("R3 version 1", V2, lambda s: s.v2(version=1), "version"),
    ("R3 version 4", V3, lambda s: s.v3(version=4), "version"),
    ("R4 type 2", V2, lambda s: s.v2(kind=2), "type"),
    ("R4 type 0", V3, lambda s: s.v3(kind=0), "type"),
    ("R5 seven bytes", V3, lambda s: s.v3(cut=7), "length"),
    ("R5 count 3, one address", V3, lambda s: s.v3(count=3), "length"),
    ("R5 count 3, one address, IPv6", V3_IPV6, lambda s: s.v3(count=3), "length"),
    ("R5 v2 without authentication data", V2, lambda s: s.v2(trailer=False), "length"),
    ("R7 checksum, v2", V2, lambda s: s.v2(off_by=1), "checksum"),
    ("R7 checksum, v3", V3, lambda s: s.v3(off_by=1), "checksum"),
    ("R7 checksum, IPv6", V3_IPV6, lambda s: s.v3(off_by=1), "checksum"),
    ("R8 IPv6 without pseudo-header", V3_IPV6, lambda s: s.v3(pseudo=False), "checksum"),
    ("R10 no address", V3, lambda s: s.v3(addresses=[]), "address_count"),
    ("R11 interval 0", V3, lambda s: s.v3(centiseconds=0), "interval"),
    ("R12 first address not link-local", V3_IPV6, lambda s: s.v3(addresses=["fd00:8::100", s.vip]), "address_list"),
    ("R13 v2 interval 2", V2, lambda s: s.v2(interval=2), "interval"),
    ("R16 type 0, PASS wanted", V2_PASS, lambda s: s.v2(), "auth_type"),
    ("R16 type 1, none wanted", V2, lambda s: s.v2(auth=1, data=KEY), "auth_type"),
    ("R16 type 3", V2, lambda s: s.v2(auth=3), "auth_type"),
    ("R17 wrong password", V2_PASS, lambda s: s.v2(auth=1, data=b"1112"), "auth_data"),
    ("R18 wrong HMAC", V2_AH, lambda s: s.ah(spoil=True), "ah_icv"),
    ("R19 replay", V2_AH, lambda s: s.ah(sequence=1), "ah_replay"),
    ("R20 plain, AH wanted", V2_AH, lambda s: s.v2(), "ah_missing"),
    ("R20 AH, none wanted", V2, lambda s: s.ah(), "ah_unexpected"),
    ("R23 unicast to a multicast router", V3, lambda s: s.v3(target=s.peer), "destination"),
    ("R23 multicast to a unicast router", V3_UNICAST, lambda s: s.v3(target=GROUP[4]), "destination"),
    ("R25 own source address", V3, lambda s: s.v3(source=s.peer), "own_advert"),
    ("R25 own source address, IPv6", V3_IPV6, lambda s: s.v3(source=s.peer), "own_advert"),
]
TEN_CHARACTERS = "authentication {\n    auth_type PASS\n    auth_pass 1234567890\n}"
# What must be accepted: name, settings, frame.
ACCEPTED = [
    ("R8 message-only sum", V3, lambda s: s.v3(pseudo=False)),
    ("R8 sum with pseudo-header", V3, lambda s: s.v3(pseudo=True)),
    ("R15 another address list", V3, lambda s: s.v3(addresses=[s.vip, "10.99.0.1"])),
    ("R15 another address list, v2", V2, lambda s: s.v2(addresses=["10.99.0.1"])),
    ("R17 first 8 of 10 characters", Settings(version=2, advert_int=1, more=TEN_CHARACTERS),
     lambda s: s.v2(auth=1, data=b"12345678")),
    ("R18 HMAC over TTL 0", V2_AH, lambda s: s.ah()),
    ("R18 HMAC over TTL 255", V2_AH, lambda s: s.ah(ttl_in_icv=255)),
    ("R22 reserved bits set", V3, lambda s: s.v3(reserved=15)),
    ("R22 reserved bits set, IPv6", V3_IPV6, lambda s: s.v3(reserved=15)),
]
LEARNED = ("R14 interval of the master is learnt", V3, lambda s: s.v3(centiseconds=100))    # sent once a second


class Row:
    def __init__(self, vrid, name, settings, make, reason=None):
        self.vrid, self.name, self.settings, self.make, self.reason = vrid, name, settings, make, reason
        self.sender = None
        self.last_valid = 0.0


class Bench:
    def __init__(self, test):
        self.client = test.network.add_host("client", f"{CLIENT}/24", "fd00:8::50/64")
        self.router = Router(test, "warren", "warren", 4)
        self.lan = Lan(test.network, self.client, {"warren": self.router.host})
        self.wire = self.lan.wire
        tables = [*REJECTED, *ACCEPTED, LEARNED]
        self.rows = [Row(vrid, *row) for vrid, row in enumerate(tables, 1)]
        config = ""
        for row in self.rows:
            s = row.settings
            own = CLIENT if s.family == 4 else link_local(self.wire.mac)
            row.sender = Sender(s, row.vrid, own, self.router.address(s))
            fields = {**s.__dict__, "vrid": row.vrid, "vips": (row.sender.vip,)}
            config += instance(Settings(**fields), PRIORITY, self.router.address(s), own, name=f"R{row.vrid}")
        self.router.start(config)

    def send(self, row, packet):
        family, unicast = row.settings.family, packet[16:20] == b"\xc0\xa8\x08\x04"
        mac = self.router.mac if unicast and family == 4 else GROUP_MAC[family]
        self.wire.send(mac, ETH_IPV4 if family == 4 else ETH_IPV6, packet)

    def shown(self):
        return {row["vrid"]: row for row in self.router.show_vrrp()}


def valid(row):
    if row.name.startswith("R17 first"):
        return row.make(row.sender)
    return row.sender.valid()


def keep_in_backup(bench, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for row in bench.rows:
            row.last_valid = now()
            bench.send(row, valid(row))
        time.sleep(0.05)


def only_the_rows(bench, seconds):
    """Every row's frame every 50 ms; the one whose interval is learnt once in 0.9 s."""
    end = time.monotonic() + seconds
    for step in itertools.count():
        for row in bench.rows:
            if row.name != LEARNED[0] or step % 18 == 0:
                bench.send(row, row.make(row.sender))
        if time.monotonic() > end:
            return
        time.sleep(0.05)


def check_rejected(bench, row, shown):
    s = row.settings
    adverts = bench.lan.adverts("warren", vrid=row.vrid)
    adverts = [a for a in adverts if (":" in a.source) == (s.family == 6)]
    assert adverts, f"{row.name}: kept it from becoming master: {shown}"
    waited, due = adverts[0].time - row.last_valid, s.master_down_s(PRIORITY)
    assert due - 0.03 < waited < due + 0.4, f"{row.name}: master after {waited:.3f} s, {due:.3f} s were due"
    assert shown["state"] == "master" and shown["became_master"] == 1, f"{row.name}: {shown}"
    span = adverts[-1].time - adverts[0].time
    count = span / s.advert_int
    assert len(adverts) - 1 > 0.9 * count - 1, f"{row.name}: {len(adverts)} adverts in {span:.2f} s: its timer was disturbed"
    assert now() - adverts[-1].time < 2 * s.advert_int + 0.5, f"{row.name}: it fell silent"
    assert set(shown["rejected"]) == {row.reason}, f"{row.name}: not counted as {row.reason}: {shown['rejected']}"
    assert shown["rejected"][row.reason] > 20, f"{row.name}: {shown['rejected']}"


def check_accepted(bench, row, shown):
    assert shown["state"] == "backup" and shown["became_master"] == 0, f"{row.name}: it was not accepted: {shown}"
    adverts = [a for a in bench.lan.adverts("warren", vrid=row.vrid) if a.time < bench.looked]
    assert shown["rejected"] == {} and not adverts, f"{row.name}: {shown} {adverts}"


def flood(bench, test):
    """R26: as many bad adverts as one sender manages."""
    row = bench.rows[0]
    packet = row.make(row.sender)
    frame = bytes.fromhex("01005e000012") + mac_bytes(bench.wire.mac) + b"\x08\0" + packet
    log, since, sent = len(test.log("warren.log")), now(), 0
    before = bench.shown()
    while now() < since + 1.5:
        for _ in range(200):
            bench.wire.send_frame(frame)
        sent += 200
    wait_until("the flood to be counted",
               lambda: sum(bench.shown()[row.vrid]["rejected"].values()) > before[row.vrid]["rejected"]["ttl"] + 1000, 5)
    after = bench.shown()
    for other in bench.rows:
        if other.reason:
            assert after[other.vrid]["state"] == "master" and after[other.vrid]["became_master"] == 1, \
                f"{other.name}: the flood changed it: {after[other.vrid]}"
    assert len(test.log("warren.log")) - log < 4000, "the flood fills the log"
    print(f"flood: {sent / 1.5:.0f} bad adverts a second")


def nothing_is_forwarded(bench):
    """R27: what arrived for a group is not sent on, and R9: a VRID that nobody configured is nobody's."""
    addresses = {bench.router.address(row.settings) for row in bench.rows}
    strangers = [a for a in bench.lan.adverts("warren") if a.source not in addresses or a.vrid > len(bench.rows)]
    assert not strangers, f"sent on: {strangers[0]}"


def main(test):
    bench = Bench(test)
    keep_in_backup(bench, 1.5)
    states = {row["state"] for row in bench.shown().values()}
    assert states == {"backup"}, f"valid adverts did not keep all in backup: {bench.shown()}"
    keep_in_backup(bench, 0.3)
    only_the_rows(bench, 5.5)
    bench.looked = now()    # from here on nobody keeps them in backup
    shown = bench.shown()
    for row in bench.rows:
        (check_rejected if row.reason else check_accepted)(bench, row, shown[row.vrid])
    stranger = Sender(V3, 250, CLIENT, bench.router.v4)
    bench.send(bench.rows[1], stranger.v3())
    flood(bench, test)
    nothing_is_forwarded(bench)
    bench.lan.close()
    print(f"{len(bench.rows)} rows")


if __name__ == "__main__":
    Test.main(main)
