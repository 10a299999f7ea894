#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""BFD with FRR's bfdd and with keepalived over IPv4 and IPv6: sessions come up, a cut wire is noticed within the Detection Time and
moves the address, AdminDown does not, a daemon that dies and comes back is noticed; whoever stops says so.

    bfd.py BUILD
"""

import json
import os
import re
import signal
import time

from frr import Frr
from harness import Test, wait_until
from lan import Lan, now
from vrrp_routers import VIP, Router, Settings, instance

BETTER, WORSE = 150, 100
ROUTER = {4: "192.168.8.1", 6: "fd00:8::1"}
INTERVAL_MS, MULTIPLIER = 100, 3
DETECTION_S = INTERVAL_MS * MULTIPLIER / 1000
SLACK_S = 0.25    # both CPUs are busy
SETTINGS = Settings(advert_int=0.1)


def bfd_instance(name, neighbour, source, more=""):
    return f"""bfd_instance {name} {{
    neighbor_ip {neighbour}
    source_ip {source}
    min_rx {INTERVAL_MS}
    min_tx {INTERVAL_MS}
    multiplier {MULTIPLIER}
    {more}
}}
"""


def service(node):
    """So that the guard hides of our packets what it ever hides."""
    return f"virtual_server {VIP[4]} 5672 {{\n    lb_kind NAT\n    real_server {node} 5672 {{\n    }}\n}}\n"


def checked_service(node):
    """Its real_server is up while gateway6 is."""
    return (f"virtual_server {VIP[4]} 5673 {{\n    lb_kind FNAT\n    protocol TCP\n    real_server {node} 5673 {{\n"
            "        BFD_CHECK {\n            name gateway6\n        }\n    }\n}\n")


def config(router):
    tracked = "track_bfd {\n    gateway4\n    gateway6\n}"
    return bfd_instance("gateway4", ROUTER[4], router.v4) + bfd_instance("gateway6", ROUTER[6], router.v6, "weight -100") + \
        bfd_instance("untracked", ROUTER[4], "192.168.8.44") + \
        instance(Settings(advert_int=SETTINGS.advert_int, more=tracked), BETTER) + service(ROUTER[4]) + checked_service(ROUTER[4])


def peers(warren):
    timers = f"  detect-multiplier {MULTIPLIER}\n  receive-interval {INTERVAL_MS}\n  transmit-interval {INTERVAL_MS}\n"
    pairs = [(warren.v4, ROUTER[4]), (warren.v6, ROUTER[6]), ("192.168.8.44", ROUTER[4])]
    return "bfd\n" + "".join(f" peer {peer} local-address {own}\n{timers} exit\n" for peer, own in pairs)


class World:
    def __init__(self, test):
        self.test = test
        client = test.network.add_host("client")
        self.host = test.network.add_host("router", f"{ROUTER[4]}/24", f"{ROUTER[6]}/64")
        self.better = Router(test, "warren", "better", 4)
        self.better.host.add_address("192.168.8.44/24")
        self.worse = Router(test, "warren", "worse", 6)
        self.lan = Lan(test.network, client, {"better": self.better.host, "worse": self.worse.host})
        self.frr = Frr(test, self.host)

    def peers(self):
        """What FRR says of each of our addresses."""
        text = self.frr.vtysh("show bfd peers json")
        return {peer["peer"]: peer for peer in json.loads(text or "[]")}

    def frr_says(self, status):
        return len(self.peers()) == 3 and all(peer["status"] == status for peer in self.peers().values())

    def tracked(self):
        return {t["name"]: t for t in self.better.show_vrrp()[0]["tracked"]}

    def await_up(self):
        wait_until("FRR to say up of all sessions", lambda: self.frr_says("up"), 10)
        wait_until("warren to say so", lambda: all(t["detail"] == "Up" for t in self.tracked().values()), 5)

    def checked_server(self):
        return next(row for row in self.test.ctl(self.better.host, "show", "servers") if row["service"].endswith(":5673"))

    def await_owner(self, router):
        wait_until(f"{router.name} to be the only owner", lambda: self.lan.owners(VIP[4]) == [router.name], 15)

    def filter(self, verb, rule=""):
        """What the router's host lets neither in nor out."""
        if verb == "add":
            chains = "\n".join(f"chain {hook} {{ type filter hook {hook} priority 0; {rule} drop; }}" for hook in ("input", "output"))
            self.host.run("nft", f"table inet cut {{\n{chains}\n}}")
        else:
            self.host.run("nft", "delete table inet cut")


def comes_up(world):
    world.worse.start(instance(SETTINGS, WORSE))
    world.frr.start({"bfdd": peers(world.better)})
    world.better.start(config(world.better))
    began = time.monotonic()
    world.await_up()
    print(f"up after {time.monotonic() - began:.2f} s")
    world.await_owner(world.better)
    for peer in world.peers().values():
        assert (peer["remote-receive-interval"], peer["remote-transmit-interval"], peer["remote-detect-multiplier"]) == \
            (INTERVAL_MS, INTERVAL_MS, MULTIPLIER), peer


def cut_wire_is_a_fault(world):
    """gateway4 has no weight."""
    since = now()
    world.host.unplug()
    cut = now()
    world.await_owner(world.worse)
    good_byes = [a.time for a in world.lan.adverts("better", since) if a.priority == 0]
    assert good_byes, "no priority 0"
    print(f"cut noticed after {(good_byes[0] - since) * 1000:.0f} ms, the cut took {(cut - since) * 1000:.0f} ms")
    assert good_byes[0] - cut < DETECTION_S + SLACK_S, "too late"
    shown = world.better.show_vrrp()[0]
    assert shown["faults"] == ["tracked"] and world.tracked()["gateway4"]["fault"], shown
    assert world.tracked()["gateway4"]["detail"] == "Down: detection time expired", world.tracked()
    wait_until("FRR to say down", lambda: world.frr_says("down"), 5)
    world.host.plug()
    world.await_up()
    world.await_owner(world.better)


def one_family_lowers_the_priority(world):
    """gateway6 has the weight -100, and a BFD_CHECK asks for it."""
    wait_until("the checked server to be up", lambda: world.checked_server()["state"] == "up", 5)
    since = now()
    world.filter("add", "meta nfproto ipv6 udp dport 3784")
    wait_until("the checked server to be down", lambda: world.checked_server()["state"] == "down", 5, 0.01)
    print(f"BFD_CHECK down after {(now() - since) * 1000:.0f} ms: {world.checked_server()['check']}")
    assert now() - since < DETECTION_S + 2 * SLACK_S, "too late"
    world.await_owner(world.worse)
    assert {a.priority for a in world.lan.adverts("better", since)} <= {BETTER, BETTER - 100}, "it went by priority alone"
    assert world.tracked()["gateway4"]["detail"] == "Up", world.tracked()
    world.filter("delete")
    world.await_up()
    world.await_owner(world.better)
    wait_until("the checked server to be up again", lambda: world.checked_server()["state"] == "up", 5)


def admin_down_moves_nothing(world):
    peer = f"peer {world.better.v4} local-address {ROUTER[4]}"
    world.frr.vtysh("configure terminal", "bfd", peer, "shutdown")
    wait_until("warren to hear of it", lambda: "AdminDown" in world.tracked()["gateway4"]["detail"], 5)
    time.sleep(2 * DETECTION_S)    # of silence
    assert world.lan.owners(VIP[4]) == ["better"], "AdminDown is no failure"
    world.frr.vtysh("configure terminal", "bfd", peer, "no shutdown")
    world.await_up()


def dead_daemon_is_noticed(world):
    os.kill(world.frr.processes["bfdd"].pid, signal.SIGKILL)
    world.await_owner(world.worse)
    world.frr.restart("bfdd")
    world.await_up()
    world.await_owner(world.better)


def reload_leaves_the_same_alone(world):
    """gateway4 stays through other timers of gateway6, and while untracked goes and comes back."""
    falls = world.test.log("better.log").count("bfd gateway4: ")
    whole = config(world.better)
    other_timers = whole.replace("weight -100", "weight -100\n    multiplier 4")
    gone = whole.replace(bfd_instance("untracked", ROUTER[4], "192.168.8.44"), "")

    def frr_says(key, value, of):
        return world.peers()[of][key] == value

    def reload(text, *lines):
        host = world.better.host
        (world.test.folder / f"{host.name}.conf").write_text(text, encoding="utf-8")
        said = host.run(world.test.program("app/warrenctl/warrenctl"), "--instance", host.namespace, "reload").stdout
        assert re.sub(r" \(\S+:\d+\)$", "", said, flags=re.M).splitlines() == [*lines, "reloaded"], said
    begins_down = "bfd_instance gateway6: another session, which begins down"
    reload(other_timers, begins_down, "bfd_instance gateway6: multiplier 4 added")
    wait_until("FRR to see the other multiplier", lambda: frr_says("remote-detect-multiplier", 4, world.better.v6), 5)
    reload(gone, "bfd_instance untracked: removed", begins_down, "bfd_instance gateway6: multiplier 4 removed")
    wait_until("FRR to see it go", lambda: frr_says("status", "down", "192.168.8.44"), 5)
    reload(whole, "bfd_instance untracked: added")
    world.await_up()
    world.await_owner(world.better)
    assert world.test.log("better.log").count("bfd gateway4: ") == falls, "gateway4 has flapped"


def stop_says_so(world):
    world.better.stop()
    wait_until("FRR to say down", lambda: world.frr_says("down"), 5)
    for peer in world.peers().values():
        assert peer["remote-diagnostic"] == "administratively down", peer


def keepalived_is_a_neighbour(world):
    """One file for both, as a pair has it: over IPv6 keepalived sends the hop limit 64 unless told otherwise."""
    old = Router(world.test, "keepalived", "old", 8)
    tracked = "track_bfd {\n    peer4 weight 10\n    peer6 weight 10\n}"

    def mirrored(own, peer, priority):
        return bfd_instance("peer4", peer.v4, own.v4) + bfd_instance("peer6", peer.v6, own.v6) + \
            instance(Settings(advert_int=SETTINGS.advert_int, more=tracked), priority)
    world.better.start(mirrored(world.better, old, BETTER))
    for stops in range(2):
        old.start(mirrored(old, world.better, WORSE))
        wait_until("both sessions to be up", lambda: all(t["detail"] == "Up" for t in world.tracked().values()), 10)
        wait_until("the priority to follow", lambda: world.better.show_vrrp()[0]["effective_priority"] == BETTER + 20, 5)
        world.await_owner(world.better)
        falls = world.test.log("better.log").count("bfd peer4: Down")
        assert falls == stops, f"down {falls} times after {stops} stops"
        old.stop()
        wait_until("warren to notice its end", lambda: not any(t["detail"] == "Up" for t in world.tracked().values()), 5)
    world.better.stop()


def main(test):
    world = World(test)
    for part in (comes_up, cut_wire_is_a_fault, one_family_lowers_the_priority, admin_down_moves_nothing, dead_daemon_is_noticed,
                 reload_leaves_the_same_alone, stop_says_so, keepalived_is_a_neighbour):
        began = time.monotonic()
        part(world)
        print(f"{part.__name__}: {time.monotonic() - began:.1f} s", flush=True)


if __name__ == "__main__":
    Test.main(main)
