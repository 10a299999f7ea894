#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Pairs of VRRP routers on one LAN: warren with itself, with Debian's keepalived and with FRR's vrrpd, in every way that matters.

    vrrp_pairs.py BUILD [CASE]

Each case: the lower priority starts alone and takes the addresses, the higher one preempts, stops (priority 0) and the lower one
takes over; then once more, and the better one loses its cable. What warren sends is checked at the switch.
"""

import sys
import time

from harness import Test, run_cases, wait_until
from lan import BROADCAST, Lan, now
from vrrp_routers import Router, Settings, instance

BETTER, WORSE = 150, 100
GROUP = {4: ("01:00:5e:00:00:12", "224.0.0.18"), 6: ("33:33:00:00:00:12", "ff02::12")}
ALL_NODES_MAC = "33:33:00:00:00:01"

# name: (better one, worse one, settings)
V6_VIPS = ("fe80::100", "fd00:8::100")
CASES = {
    "warren-v2-ah-vmac": ("warren", "warren", Settings(version=2, advert_int=1, auth="AH", vmac=True)),
    "warren-v2-ah-unicast": ("warren", "warren", Settings(version=2, advert_int=1, auth="AH", unicast=True)),
    "warren-v3-ipv4": ("warren", "warren", Settings(vips=("192.168.8.100", "192.168.8.101"))),
    "warren-v3-ipv4-unicast-vmac": ("warren", "warren", Settings(unicast=True, vmac=True)),
    "warren-v3-ipv6-vmac": ("warren", "warren", Settings(family=6, vmac=True, vips=V6_VIPS)),
    "warren-v3-ipv6-unicast": ("warren", "warren", Settings(family=6, unicast=True)),
    "keepalived-v2-pass": ("warren", "keepalived", Settings(version=2, advert_int=1, auth="PASS")),
    "keepalived-v2-none-vmac": ("keepalived", "warren", Settings(version=2, advert_int=1, vmac=True)),
    "keepalived-v2-ah": ("keepalived", "warren", Settings(version=2, advert_int=1, auth="AH")),
    "keepalived-v2-ah-unicast": ("warren", "keepalived", Settings(version=2, advert_int=1, auth="AH", unicast=True)),
    "keepalived-v2-pass-unicast": ("keepalived", "warren", Settings(version=2, advert_int=1, auth="PASS", unicast=True)),
    "keepalived-v2-ipv6": ("warren", "keepalived", Settings(version=2, family=6, advert_int=1)),
    "keepalived-v3-ipv4-vmac": ("warren", "keepalived", Settings(vmac=True)),
    "keepalived-v3-ipv4-unicast": ("keepalived", "warren", Settings(unicast=True)),
    "keepalived-v3-ipv6": ("keepalived", "warren", Settings(family=6, vips=V6_VIPS)),
    "keepalived-v3-ipv6-vmac": ("warren", "keepalived", Settings(family=6, vmac=True)),
    "keepalived-v3-ipv6-unicast": ("warren", "keepalived", Settings(family=6, unicast=True)),
    "frr-v3-ipv4": ("warren", "frr", Settings(vmac=True)),
    "frr-v3-ipv6": ("frr", "warren", Settings(family=6, vmac=True)),
}


class Pair:
    def __init__(self, test, makes, settings):
        self.settings = settings
        self.client = test.network.add_host("client", "192.168.8.50/24", "fd00:8::50/64")
        self.better = Router(test, makes[0], "better", 4)
        self.worse = Router(test, makes[1], "worse", 6)
        self.lan = Lan(test.network, self.client, {"better": self.better.host, "worse": self.worse.host})

    def start(self, router, priority):
        peer = self.worse if router is self.better else self.better
        if router.make == "frr":
            router.start((self.settings, priority))
        else:
            own, other = (r.address(self.settings) for r in (router, peer))
            router.start(instance(self.settings, priority, own, other))

    def wait_for_owner(self, router, timeout=15):
        for address in self.settings.addresses():
            wait_until(f"{router.name} to be the only one that answers for {address}",
                       lambda a=address: self.lan.owners(a) == [router.name], timeout)
        for address in self.settings.addresses():
            for claim in self.lan.ask(address):
                mac = router.service_mac(self.settings)
                assert claim.port == router.name and claim.mac == mac, f"not answered with {mac}: {claim}"
                if router.make == "warren":
                    assert claim.source_mac == mac, f"answer leaves with another MAC than it names: {claim}"
                    assert claim.kind != "answer" or claim.flags == 7, f"RFC 9568 8.2.2, flags R, S and O: {claim}"

    def expected_target(self, router):
        if not self.settings.unicast:
            return GROUP[self.settings.family]
        peer = self.worse if router is self.better else self.better
        return peer.mac, peer.address(self.settings)

    def check_adverts(self, router, adverts, priority):
        """Every field of the headers (RFC 9568 section 5.1, RFC 3768 section 5.2)."""
        s = self.settings
        target_mac, target = self.expected_target(router)
        assert adverts, f"no adverts of {router.name}"
        for a in adverts:
            assert a.priority in (priority, 0), a
            if router.make != "warren":
                continue
            assert a.source_mac == router.service_mac(s), f"source MAC: {a}"
            assert (a.target_mac, a.target) == (target_mac, target), f"target: {a}"
            assert a.source == router.address(s), f"source address: {a}"
            assert (a.ttl, a.tos) == (255, 0xC0), f"TTL 255, class 0xc0: {a}"
            assert (a.version, a.vrid, a.ah) == (s.version, s.vrid, s.auth == "AH"), a
            assert set(a.addresses) == set(s.addresses()) and abs(a.interval_s - s.advert_int) < 1e-6, a
            assert s.family == 4 or a.addresses[0].startswith("fe80"), f"first address must be link-local: {a}"

    def check_takeover(self, router, since):
        """Advert before announcements, so that the virtual MAC has moved by then; each address by broadcast or ff02::1."""
        first = self.lan.adverts(router.name, since)[0]
        for address in self.settings.addresses():
            claims = self.lan.announcements(router.name, since, address)
            assert claims, f"{router.name} did not announce {address}"
            if router.make != "warren":
                continue
            for c in claims:
                assert c.time >= first.time, f"announced before the first advert: {c}, {first}"
                assert c.mac == c.source_mac == router.service_mac(self.settings), c
                assert c.target_mac == (BROADCAST if c.kind == "garp" else ALL_NODES_MAC), c
                assert c.kind == "garp" or c.flags == 5, f"unsolicited: R and O without S: {c}"

    def wait_for_quiet(self, router, other):
        """The other one has heard of the election: nothing from it while `router` advertises three times."""
        def quiet():
            theirs = self.lan.adverts(other.name)
            last = theirs[-1].time if theirs else 0
            return len(self.lan.adverts(router.name, last)) >= 3
        wait_until(f"{other.name} to be silent", quiet, 15)


def takes_over(pair, router, priority, act):
    since = now()
    act()
    wait_until(f"an advert of {router.name}", lambda: pair.lan.adverts(router.name, since), 15)
    pair.wait_for_owner(router)
    pair.check_takeover(router, since)
    pair.check_adverts(router, pair.lan.adverts(router.name, since), priority)
    return since


def says_goodbye(pair):
    """RFC 9568 6.4.3: Shutdown sends priority 0; the other one waits Skew_Time only (6.4.2)."""
    since = takes_over(pair, pair.worse, WORSE, pair.better.stop)
    last = pair.lan.adverts("better", since)[-1]
    assert last.priority == 0, f"no good-bye: {last}"
    waited = pair.lan.adverts("worse", since)[0].time - last.time
    limit = pair.settings.skew_s(WORSE) + 0.75 * pair.settings.advert_int * 2
    assert waited < limit, f"took over {waited:.3f} s after priority 0: it was not understood"


def cable_out(pair):
    since = takes_over(pair, pair.worse, WORSE, pair.better.host.unplug)
    heard = pair.lan.adverts("better")[-1].time
    waited = pair.lan.adverts("worse", since)[0].time - heard
    limit = pair.settings.master_down_s(WORSE)
    assert waited > 0.95 * limit, f"took over after {waited:.3f} s, {limit:.3f} s are Master_Down_Interval"
    takes_over(pair, pair.better, BETTER, pair.better.host.plug)


def pair_case(test, makes, settings):
    pair = Pair(test, makes, settings)
    takes_over(pair, pair.worse, WORSE, lambda: pair.start(pair.worse, WORSE))
    takes_over(pair, pair.better, BETTER, lambda: pair.start(pair.better, BETTER))
    pair.wait_for_quiet(pair.better, pair.worse)
    for router, state in ((pair.better, "master"), (pair.worse, "backup")):
        if router.make == "warren":
            shown = router.show_vrrp()[0]
            assert shown["state"] == state and shown["rejected"] == {}, shown
    says_goodbye(pair)
    if settings.version == 3 and "frr" not in makes:    # vrrpd doesn't look at the link and stays master behind it
        takes_over(pair, pair.better, BETTER, lambda: pair.start(pair.better, BETTER))
        pair.wait_for_quiet(pair.better, pair.worse)
        cable_out(pair)
    pair.lan.close()


def main():
    if len(sys.argv) < 3:
        run_cases(CASES, at_once=4)
    better, worse, settings = CASES[sys.argv[2]]

    def body(test):
        begin = time.monotonic()
        pair_case(test, (better, worse), settings)
        print(f"took {time.monotonic() - begin:.1f} s")
    Test.main(body)


if __name__ == "__main__":
    main()
