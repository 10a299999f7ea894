#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What happens to an ordinary interface while warren shares it: another MAC, another MTU, removed and made anew (bonds, netplan,
hot plug). Each time it is served again within two seconds, stations are told, the log says so, and connections go on.

    interface_changes.py BUILD-DIR
"""

import pathlib
import subprocess
import time

from harness import Test, run, wait_until
from lan import Lan

HERE = pathlib.Path(__file__).parent
PYTHON = "/usr/bin/python3"
VIP, PORT = "192.168.8.100", 5672
SERVED_AGAIN_S = 2
CONFIG = f"""
vrrp_instance rabbit {{
    interface eth0
    virtual_router_id 51
    priority 200
    advert_int 0.1
    version 3
    virtual_ipaddress {{
        {VIP}/24
    }}
}}
virtual_server {VIP} {PORT} {{
    delay_loop 0.2
    lb_algo rr
    lb_kind FNAT
    protocol TCP
    real_server 192.168.8.11 {PORT} {{
        TCP_CHECK {{
            connect_timeout 1
            retry 1
            delay_before_retry 0.1
        }}
    }}
}}
"""


class Bench:
    def __init__(self, test):
        self.test = test
        self.client = test.network.add_host("client", "192.168.8.50/24")
        self.server = test.network.add_host("server", "192.168.8.11/24")
        self.warren = test.network.add_host("warren", "192.168.8.4/24")
        test.start(self.server, PYTHON, str(HERE / "transfer.py"), "serve", str(PORT), log="server.log")
        test.start_warren(self.warren, CONFIG)
        self.wait_for_service("the start", 10)

    def fetch(self, size):
        return self.client.run(PYTHON, str(HERE / "transfer.py"), "fetch", VIP, str(PORT), str(size), check=False,
                               timeout=30).returncode == 0

    def wait_for_service(self, what, patience):
        wait_until(f"the service after {what}", lambda: self.fetch(1000), patience, 0.02)

    def hold(self):
        process = self.client.popen(PYTHON, str(HERE / "transfer.py"), "hold", VIP, str(PORT), stdin=subprocess.PIPE,
                                    stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline().strip() == "server"
        return process

    @staticmethod
    def asks_on(process):
        begin = time.monotonic()
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline().strip() == "server", "a connection was lost"
        process.stdin.close()
        return time.monotonic() - begin

    def expect_log(self, words):
        wait_until(f"'{words}' in the log", lambda: words in self.test.log("warren.log"), 2)


def another_mac(bench, lan):
    held = bench.hold()
    new = "02:00:00:00:00:77"
    since = time.time()
    # The switch forgets the old one, as a card's filter would.
    run("ip", "-n", bench.warren.namespace, "link", "set", "eth0", "address", new)
    wait_until("an announcement with the new MAC", lambda: any(
        claim.mac == new and claim.address == VIP for claim in lan.announcements("warren", since)), SERVED_AGAIN_S)
    bench.wait_for_service("another MAC", SERVED_AGAIN_S)
    print(f"another MAC: a held connection went on after {bench.asks_on(held):.2f} s", flush=True)
    assert all(advert.source_mac == new for advert in lan.adverts("warren", since + 1)), "adverts with the old MAC"
    bench.expect_log(f"its MAC is {new} now")


def another_mtu(bench):
    switch = bench.test.network.host("switch")
    for mtu in (9000, 1400, 1500):
        held = bench.hold()
        for name in ("client", "server", "warren"):
            run("ip", "-n", bench.test.network.host(name).namespace, "link", "set", "eth0", "mtu", str(mtu))
            run("ip", "-n", switch.namespace, "link", "set", name, "mtu", str(mtu))
        run("ip", "-n", switch.namespace, "link", "set", "bridge", "mtu", str(mtu))
        bench.expect_log(f"MTU {mtu}, was")
        assert bench.fetch(3_000_000), f"3 MB did not pass an MTU of {mtu}"
        bench.asks_on(held)
    # Where only warren's links are small, both ends have to be told.
    for name in ("client", "server"):
        run("ip", "-n", bench.test.network.host(name).namespace, "link", "set", "eth0", "mtu", "9000")
        run("ip", "-n", switch.namespace, "link", "set", name, "mtu", "9000")
    run("ip", "-n", bench.warren.namespace, "link", "set", "eth0", "mtu", "1300")
    bench.expect_log("MTU 1300, was")
    assert bench.fetch(3_000_000), "3 MB did not pass between ends of MTU 9,000 over a link of 1,300"
    run("ip", "-n", bench.warren.namespace, "link", "set", "eth0", "mtu", "1500")
    print("MTUs: 9,000, 1,400, and 1,300 between ends of 9,000", flush=True)


def made_anew(bench):
    switch, warren = bench.test.network.switch, bench.warren.namespace
    held = bench.hold()
    for _ in range(2):
        mac = bench.warren.mac()
        run("ip", "-n", warren, "link", "delete", "eth0")
        bench.expect_log("link down")
        run("ip", "-n", switch, "link", "add", "warren", "type", "veth", "peer", "name", "eth0", "address", mac, "netns", warren)
        run("ip", "-n", switch, "link", "set", "warren", "master", "bridge", "up")
        run("ip", "-n", warren, "link", "set", "eth0", "up")
        bench.warren.add_address("192.168.8.4/24")
        begin = time.monotonic()
        bench.wait_for_service("a new interface", SERVED_AGAIN_S)
        print(f"made anew: served again after {time.monotonic() - begin:.2f} s", flush=True)
    bench.expect_log("was made anew and is taken up again")
    bench.asks_on(held)
    bench.warren.run("nft", "list", "table", "netdev", "warren_eth0")


def main(test):
    bench = Bench(test)
    lan = Lan(test.network, bench.client, {"warren": bench.warren})
    another_mac(bench, lan)
    another_mtu(bench)
    made_anew(bench)


if __name__ == "__main__":
    Test.main(main)
