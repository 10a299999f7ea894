#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A vrrp_sync_group of two virtual routers on two LANs: one cable out moves both, together, and the group's scripts hear of it.

    vrrp_groups.py BUILD
"""

import pathlib

from forwarding_methods import add_wire
from harness import Test, run, wait_until
from lan import Lan, now
from vrrp_routers import Router, Settings, instance

BETTER, WORSE = 150, 100
LANS = {1: ("eth0", "192.168.8.100"), 2: ("eth1", "10.0.8.100")}    # by VRID
SECOND = "second"
TOGETHER_S = 0.05    # one round of the control lcore, and what a busy machine adds


def config(priority, notified):
    text = "global_defs {\n    script_user root\n}\n"
    for vrid, (device, vip) in LANS.items():
        settings = Settings(advert_int=0.1, vrid=vrid, vips=(vip,))
        text += instance(settings, priority, name=f"VI_{vrid}").replace("interface eth0", f"interface {device}")
    return text + f'vrrp_sync_group G {{\n    group {{\n        VI_1\n        VI_2\n    }}\n    notify {notified}\n}}\n'


class Pair:
    def __init__(self, test):
        self.test = test
        network = test.network
        run("ip", "-n", network.switch, "link", "add", SECOND, "type", "bridge", "stp_state", "0", "forward_delay", "0",
            "mcast_snooping", "0")
        run("ip", "-n", network.switch, "link", "set", SECOND, "up")
        clients = {1: network.add_host("client1"), 2: network.add_host("client2")}
        run("ip", "-n", network.switch, "link", "set", "client2", "master", SECOND)
        self.routers = {name: Router(test, "warren", name, number) for name, number in (("better", 4), ("worse", 6))}
        for name, number in (("better", 4), ("worse", 6)):
            add_wire(network, self.routers[name].host, SECOND, [f"10.0.8.{number}/24"])
        self.ports = {1: {name: name for name in self.routers}, 2: {f"{name}-{SECOND}": name for name in self.routers}}
        self.lans = {vrid: Lan(network, clients[vrid], self.ports[vrid]) for vrid in LANS}

    def notified(self, name):
        file = self.test.folder / f"{name}.notified"
        return file.read_text(encoding="utf-8").splitlines() if file.exists() else []

    def start(self, name, priority):
        script = pathlib.Path(self.test.folder / f"{name}.sh")
        script.write_text(f'#!/bin/sh\necho "$*" >>{self.test.folder}/{name}.notified\n', encoding="utf-8")
        script.chmod(0o755)
        self.routers[name].start(config(priority, script))

    def owners(self):
        return {vrid: [self.ports[vrid][port] for port in self.lans[vrid].owners(vip)] for vrid, (_, vip) in LANS.items()}

    def adverts(self, name, vrid, since):
        port = next(port for port, owner in self.ports[vrid].items() if owner == name)
        return self.lans[vrid].adverts(port, since, vrid)

    def moves_to(self, name, act):
        """Both virtual routers, and at once: neither is ever alone on its machine."""
        since = now()
        act()
        wait_until(f"{name} to own both", lambda: self.owners() == {1: [name], 2: [name]}, 15)
        first = [self.adverts(name, vrid, since)[0].time for vrid in LANS]
        assert abs(first[0] - first[1]) < TOGETHER_S, f"half a group ran for {abs(first[0] - first[1]):.3f} s"
        wait_until("the group's script", lambda: self.notified(name)[-1:] == ["GROUP G MASTER 0"], 5)
        return since

    def cable(self, state):
        run("ip", "-n", self.test.network.switch, "link", "set", f"better-{SECOND}", state)


def main(test):
    pair = Pair(test)
    pair.moves_to("worse", lambda: pair.start("worse", WORSE))
    pair.moves_to("better", lambda: pair.start("better", BETTER))
    since = pair.moves_to("worse", lambda: pair.cable("down"))
    last = pair.adverts("better", 1, since)[-1]
    assert last.priority == 0, f"the other LAN's peer was not told: {last}"
    shown = {row["name"]: row for row in pair.routers["better"].show_vrrp()}
    assert {row["state"] for row in shown.values()} == {"fault"}, shown
    wait_until("FAULT told to the script", lambda: pair.notified("better")[-1:] == ["GROUP G FAULT 0"], 5)
    pair.moves_to("better", lambda: pair.cable("up"))
    pair.routers["better"].stop()
    wait_until("STOP told to the script", lambda: pair.notified("better")[-1:] == ["GROUP G STOP 0"], 5)
    for lan in pair.lans.values():
        lan.close()


if __name__ == "__main__":
    Test.main(main)
