#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Load sharing (RFC 9568 section 4.2): two virtual routers on two warrens with crossed priorities, so that each is master of one and
backup of the other. One dies without a word: the other owns both. It returns: each has its own again.

    vrrp_load_sharing.py BUILD
"""

from harness import Test, wait_until
from lan import Lan
from vrrp_routers import Router, Settings, instance

ADVERT_INT = 0.1
VIPS = {51: "192.168.8.100", 52: "192.168.8.101"}
BETTER_AT = {"left": 51, "right": 52}    # by VRID


def config(name):
    return "".join(instance(Settings(advert_int=ADVERT_INT, vrid=vrid, vips=(vip,)), 150 if BETTER_AT[name] == vrid else 100,
                            name=f"VI_{vrid}") for vrid, vip in VIPS.items())


def main(test):
    client = test.network.add_host("client", "192.168.8.50/24")
    routers = {name: Router(test, "warren", name, number) for name, number in (("left", 4), ("right", 6))}
    lan = Lan(test.network, client, {name: router.host for name, router in routers.items()})

    def wait_for(first, second):
        wait_until(f"{VIPS[51]} at {first}, {VIPS[52]} at {second}",
                   lambda: [lan.owners(vip) for vip in VIPS.values()] == [[first], [second]], 10)
    for name, router in routers.items():
        router.start(config(name))
    wait_for("left", "right")
    states = {name: {row["vrid"]: row["state"] for row in router.show_vrrp()} for name, router in routers.items()}
    assert states == {"left": {51: "master", 52: "backup"}, "right": {51: "backup", 52: "master"}}, states
    routers["left"].host.unplug()
    routers["left"].processes[0].kill()
    routers["left"].processes[0].wait()
    wait_for("right", "right")
    routers["left"].host.plug()
    routers["left"].start(config("left"))
    wait_for("left", "right")
    lan.close()


if __name__ == "__main__":
    Test.main(main)
