#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What happens to an ordinary interface while warren shares it: another MAC, another MTU, another name, removed and made anew
(bonds, netplan, hot plug), or not there yet (dynamic_interfaces); and a server whose MAC is another without a word. Each time it
is served again soon, stations are told, the log says so, and connections go on. And frames with a priority tag (VLAN 0), as some
fabrics send all of theirs: they are untagged traffic; those of a VLAN are not.

    interface_changes.py BUILD-DIR
"""

import pathlib
import socket
import struct
import subprocess
import time

from harness import Test, run, wait_until
import vrrp_messages
from hostile_lan import syn
from lan import ETH_ARP, ETH_IPV4, Lan, Wire, arp, mac_bytes

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
        self.process = test.start_warren(self.warren, CONFIG)
        self.wait_for_service("the start", 10)

    def stop(self):
        self.process.terminate()
        assert self.process.wait(10) == 0

    def plug(self, mac):
        """A new cable, and a new eth0 of that MAC."""
        switch, warren = self.test.network.switch, self.warren.namespace
        run("ip", "-n", switch, "link", "add", "warren", "type", "veth", "peer", "name", "eth0", "address", mac, "netns", warren)
        run("ip", "-n", switch, "link", "set", "warren", "master", "bridge", "up")
        run("ip", "-n", warren, "link", "set", "eth0", "up")
        self.warren.add_address("192.168.8.4/24")

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


def another_server(bench):
    """Another machine has the server's address and says nothing: the kernel alone would believe in the old MAC for up to 45 s."""
    run("ip", "-n", bench.server.namespace, "link", "set", "eth0", "address", "02:00:00:00:00:99")
    begin = time.monotonic()
    bench.wait_for_service("another server", 15)
    print(f"another server of the same address: served after {time.monotonic() - begin:.2f} s", flush=True)


def renamed(bench):
    """While it is up, which a kernel older than 6.2 does not do."""
    rename = ("ip", "-n", bench.warren.namespace, "link", "set")
    if run(*rename, "eth0", "name", "lan0", check=False).returncode != 0:
        return
    wait_until("the fault", lambda: bench.test.ctl(bench.warren, "show", "vrrp")[0]["state"] == "fault", SERVED_AGAIN_S)
    wait_until("the VIP to leave it", lambda: VIP not in bench.warren.run("ip", "-o", "address").stdout, SERVED_AGAIN_S)
    run(*rename, "lan0", "name", "eth0")
    bench.wait_for_service("its old name", SERVED_AGAIN_S)


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


def cut_segments(bench):
    """A router on a client's way cuts its segments: more of them than the kernel keeps fragments of whose first it was not shown."""
    network = bench.test.network
    router, guest = network.add_host("router", "192.168.8.1/24"), network.add_host("guest")
    run("ip", "-n", router.namespace, "link", "add", "inner", "type", "veth", "peer", "name", "eth1", "netns", guest.namespace)
    router.run("sh", "-ec", "ip addr add 10.1.0.1/24 dev inner; ip link set inner up; ip link set eth0 mtu 1000; "
               "echo 1 > /proc/sys/net/ipv4/ip_forward")
    guest.run("sh", "-ec", "ip addr add 10.1.0.2/24 dev eth1; ip link set eth1 up; ip route add default via 10.1.0.1 advmss 900; "
              "echo 1 > /proc/sys/net/ipv4/ip_no_pmtu_disc")
    bench.server.run("ip", "route", "add", "10.1.0.0/24", "via", "192.168.8.1")
    guest.run(PYTHON, str(HERE / "transfer.py"), "fetch", VIP, str(PORT), "12000000", timeout=30)
    left = bench.warren.run("grep", "FRAG", "/proc/net/sockstat").stdout.split()
    assert int(left[2]) < 100, f"fragments that the kernel cannot join: {left}"


def made_anew(bench):
    warren = bench.warren.namespace
    held = bench.hold()
    for _ in range(2):
        mac = bench.warren.mac()
        run("ip", "-n", warren, "link", "delete", "eth0")
        bench.expect_log("link down")
        bench.plug(mac)
        begin = time.monotonic()
        bench.wait_for_service("a new interface", SERVED_AGAIN_S)
        print(f"made anew: served again after {time.monotonic() - begin:.2f} s", flush=True)
    bench.expect_log("was made anew and is taken up again")
    bench.asks_on(held)
    bench.warren.run("nft", "list", "table", "netdev", "warren_eth0")


def comes_later(bench):
    """With dynamic_interfaces a start does without its interface: as in keepalived it is in fault until there is one."""
    test, warren, mac = bench.test, bench.warren, bench.warren.mac()
    bench.stop()
    run("ip", "-n", warren.namespace, "link", "delete", "eth0")
    for workers, more in ((1, ""), (2, "    use_vmac\n")):
        config = CONFIG.replace("    priority", f"{more}    priority")
        bench.process = test.start_warren(warren, f"global_defs {{\n    dynamic_interfaces\n}}\n"
                                                  f"dataplane {{\n    workers {workers}\n}}\n{config}")
        row, = test.ctl(warren, "show", "vrrp")
        assert row["state"] == "fault", row
        bench.plug(mac)
        begin = time.monotonic()
        bench.wait_for_service("an interface that came", SERVED_AGAIN_S)
        print(f"came later, {workers} workers: served after {time.monotonic() - begin:.2f} s", flush=True)
        warren.run("nft", "list", "table", "netdev", "warren_eth0")
        bench.expect_log("interface eth0: has come and is taken up")
        bench.stop()
        run("ip", "-n", warren.namespace, "link", "delete", "eth0")


def bounces(bench):
    """With interface_up_down_delays a link that is back in time was never down; one that is not counts when they are over."""
    test, warren = bench.test, bench.warren
    bench.plug("02:00:00:00:00:78")
    config = CONFIG.replace("priority 200", "priority 255").replace("advert_int 0.1", "advert_int 1")
    bench.process = test.start_warren(warren, f"interface_up_down_delays {{\n    eth0 1.5 0\n}}\n{config}")
    bench.wait_for_service("a start", 10)
    earlier = len(test.log("warren.log"))

    def is_up():
        return "LOWER_UP" in warren.run("ip", "link", "show", "eth0").stdout
    warren.unplug()
    wait_until("the cable to be out", lambda: not is_up(), 5, 0.01)
    warren.plug()
    wait_until("the cable to be in", is_up, 5)
    bench.wait_for_service("a bounce", SERVED_AGAIN_S)
    assert "link down" not in test.log("warren.log")[earlier:], "a short bounce counts"
    warren.unplug()
    begin = time.monotonic()
    wait_until("the fault", lambda: "rabbit: master -> fault (its link is down)" in test.log("warren.log")[earlier:], 5)
    took = time.monotonic() - begin
    assert took > 1.3, f"a link that is down counts after {took:.2f} s"
    warren.plug()
    bench.wait_for_service("its return", SERVED_AGAIN_S)
    print(f"bounces: none counted in time, one after {took:.2f} s", flush=True)


def tagged(frame, tag):
    return frame[:12] + struct.pack("!HH", 0x8100, tag) + frame[12:]


def priority_tags(bench):
    wire = Wire(bench.client)
    ours, theirs = wire.mac, bench.warren.mac()
    question = mac_bytes("ff:ff:ff:ff:ff:ff") + mac_bytes(ours) + struct.pack("!H", ETH_ARP) + arp(
        1, ours, "192.168.8.50", "00:00:00:00:00:00", VIP)
    source = int.from_bytes(socket.inet_aton("192.168.8.50"), "big")

    def answers(tag):
        def is_answer(frame):
            return frame[12:14] == struct.pack("!H", ETH_ARP) and frame[20:22] == b"\0\x02"
        wire.drain()
        wire.send_frame(tagged(question, tag))
        arp_answer = wire.receive(is_answer, 0.3)
        wire.send_frame(tagged(syn(source, 40_000 + tag % 1000, VIP, PORT, ours, theirs), tag))
        return [arp_answer is not None, wire.receive(lambda f: f[23:24] == b"\x06" and f[47:48] == b"\x12", 0.5) is not None]
    assert answers(5 << 13) == [True, True], "a priority tag was taken for a VLAN's"
    assert answers(5 << 13 | 7) == [False, False], "a VLAN's tag was not"

    better = vrrp_messages.ip("192.168.8.9", "224.0.0.18", vrrp_messages.v3(51, 250, [VIP], "192.168.8.9", "224.0.0.18", 10))
    frame = mac_bytes("01:00:5e:00:00:12") + mac_bytes("00:00:5e:00:01:33") + struct.pack("!H", ETH_IPV4) + better

    def gives_way():
        wire.send_frame(tagged(frame, 5 << 13))
        return bench.test.ctl(bench.warren, "show", "status")["masters"] == 0
    wait_until("the tagged advert of a better master to be heard", gives_way, 3, 0.1)
    wait_until("the VIP to be taken back", lambda: bench.test.ctl(bench.warren, "show", "status")["masters"] == 1, 5)
    bench.wait_for_service("the better master", SERVED_AGAIN_S)
    print("priority tags: ARP, SYN and advert are taken", flush=True)


def main(test):
    bench = Bench(test)
    priority_tags(bench)
    lan = Lan(test.network, bench.client, {"warren": bench.warren})
    another_mac(bench, lan)
    another_server(bench)
    renamed(bench)
    another_mtu(bench)
    cut_segments(bench)
    made_anew(bench)
    comes_later(bench)
    bounces(bench)


if __name__ == "__main__":
    Test.main(main)
