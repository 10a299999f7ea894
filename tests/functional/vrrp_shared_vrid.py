#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""One VRID three times on one interface, as keepalived allows: twice for other unicast peers, once for the group.

    vrrp_shared_vrid.py BUILD

The hub has all three. VI_1's peer is a keepalived, VI_2's a warren, VI_3 is alone: each hears its own peer's adverts only.
"""

import os
import re
import signal

from harness import Test, wait_until
from lan import Lan
from vrrp_routers import Router, Settings, instance

VIPS = {"VI_1": "192.168.8.100", "VI_2": "192.168.8.101", "VI_3": "192.168.8.102"}


def main(test):
    hub, first, second = (Router(test, make, name, number) for make, name, number in
                          (("warren", "hub", 4), ("keepalived", "first", 5), ("warren", "second", 6)))
    client = test.network.add_host("client", "192.168.8.50/24")
    lan = Lan(test.network, client, ("hub", "first", "second"))

    def settings(name):
        return Settings(unicast=name != "VI_3", vips=(VIPS[name],))
    peers = {"VI_1": first, "VI_2": second, "VI_3": hub}

    def of_hub(priority):
        return "".join(instance(settings(name), priority, hub.v4, peer.v4, name) for name, peer in peers.items())

    def wait_for(states):
        wait_until(str(states), lambda: {row["name"]: row["state"] for row in hub.show_vrrp()} == states, 10)
    hub.start(of_hub(100))
    wait_for({"VI_1": "master", "VI_2": "master", "VI_3": "master"})
    first.start(instance(settings("VI_1"), 150, first.v4, hub.v4, "VI_1"))
    second.start(instance(settings("VI_2"), 50, second.v4, hub.v4, "VI_2"))
    wait_for({"VI_1": "backup", "VI_2": "master", "VI_3": "master"})
    wait_until("their owners", lambda: [lan.owners(vip) for vip in VIPS.values()] == [["first"], ["hub"], ["hub"]], 5)

    # Its peers' names and priorities stay as they are: the reload meets the same three.
    masters = {row["name"]: row["became_master"] for row in hub.show_vrrp()}
    (test.folder / "hub.conf").write_text(of_hub(101), encoding="utf-8")
    os.kill(hub.processes[0].pid, signal.SIGHUP)
    wait_until("the reload", lambda: re.search("reloaded: ", test.log("hub.log")), 5)
    wait_until("the new priority", lambda: {row["priority"] for row in hub.show_vrrp()} == {101}, 5)
    assert {row["name"]: row["became_master"] for row in hub.show_vrrp()} == masters
    wait_for({"VI_1": "backup", "VI_2": "master", "VI_3": "master"})

    first.stop()
    wait_for({"VI_1": "master", "VI_2": "master", "VI_3": "master"})
    assert second.show_vrrp()[0]["state"] == "backup"
    hub.stop()
    wait_until("the second to take over its own", lambda: second.show_vrrp()[0]["state"] == "master", 5)
    lan.close()


if __name__ == "__main__":
    Test.main(main)
