#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""curl and iperf3 through the VIP, IPv4 and IPv6, with several workers: files arrive bit-identical over one connection and over
many at once, every iperf3 stream moves its bytes in either direction, every worker has flows. On an interface shared with the
kernel (af_packet) with 2 and 3 workers, and on a card of our own (net_tap) with 2.

    many_workers.py BUILD-DIR [MEGABYTES]

Servers are python's http.server and iperf3 on two hosts. With MEGABYTES (default 20) each iperf3 run moves so many.
"""

import collections
import hashlib
import json
import os
import shutil
import subprocess
import sys

from forwarding_methods import CLIENT_NET, FAMILIES, VIP, both, damaged, virtual_server
from harness import Test, run, wait_until

PYTHON = "/usr/bin/python3"
HTTP, IPERF = 8080, 5201
FILES, FILE_BYTES = 6, 1_000_000
REPEATS = 8            # of each file, together on as many connections
BUFFERS = 128 << 10    # of an iperf3 socket
RUNS = {"one stream up": (), "one stream down": ("--reverse",), "8 streams up": ("--parallel", "8"),
        "8 streams down": ("--reverse", "--parallel", "8")}
Case = collections.namedtuple("Case", "name number workers card")    # number: in the host's addresses
CASES = (Case("shared2", 2, 2, False), Case("shared3", 3, 3, False), Case("card2", 4, 2, True))
PING_CHECK = "PING_CHECK {\n   retry 2\n  }"    # iperf3 would take a TCP_CHECK for its one client


def virtual_addresses(workers, interface="eth0", own=""):
    """Both VIPs on an interface, which may have lines of its own in `dataplane`."""
    return (f"dataplane {{\n workers {workers}\n{own}}}\n"
            f"vrrp_instance VI_1 {{\n interface {interface}\n virtual_router_id 51\n priority 255\n"
            f" virtual_ipaddress {{\n  {VIP[4]}/24\n }}\n virtual_ipaddress_excluded {{\n  {VIP[6]}/64\n }}\n}}\n")


def config(case):
    """iperf3's connections belong together, so its service has one server."""
    card = ' interface lan0 {\n  device "net_tap0,iface=card0"\n }\n'
    text = virtual_addresses(case.workers, "lan0", card) if case.card else virtual_addresses(case.workers)
    for family in FAMILIES:
        servers = [CLIENT_NET[family].format(number) for number in (11, 12)]
        text += virtual_server(family, "FNAT", HTTP, servers)
        text += virtual_server(family, "FNAT", IPERF, servers[:1], check=PING_CHECK)
    return text


class Bench:
    def __init__(self, test):
        self.test = test
        self.megabytes = int(sys.argv[2]) if len(sys.argv) > 2 else 20
        network = test.network
        self.client = network.add_host("client", *both(CLIENT_NET, 50))
        self.got = test.folder / "got"
        self.digests = self.make_files(test.folder / "files")
        self.servers = []
        for number in (11, 12):
            server = network.add_host(f"s{number}", *both(CLIENT_NET, number))
            self.servers.append(server)
            test.start(server, PYTHON, "-m", "http.server", str(HTTP), "--bind", "::", "--protocol", "HTTP/1.1",
                       "--directory", str(test.folder / "files"), log=f"http-{number}.log")
            test.start(server, test.program("iperf3"), "--server", "--port", str(IPERF), log=f"iperf3-{number}.log")

    @staticmethod
    def make_files(folder):
        folder.mkdir()
        digests = []
        for number in range(FILES):
            data = os.urandom(FILE_BYTES)
            (folder / str(number)).write_bytes(data)
            digests.append(hashlib.sha256(data).hexdigest())
        return digests

    def start(self, case):
        self.host = self.test.network.add_host(case.name, *both(CLIENT_NET, case.number))
        self.warren = self.test.start_warren(self.host, config(case))
        if case.card:
            self.connect_card(case)
        wait_until("all servers", lambda: all(r["state"] == "up" and r["reachable"] for r in self.ctl("servers")), 20, 0.2)

    def connect_card(self, case):
        """A bridge joins the tap that is Warren's card and the cable; the host's addresses go to Warren's port for the kernel."""
        def ip(*words):
            run("ip", "-n", self.host.namespace, *words)
        ip("link", "add", "cable", "type", "bridge", "stp_state", "0", "forward_delay", "0", "mcast_snooping", "0")
        ip("link", "set", "cable", "up")
        # The kernel's end of the tap is another station than the card: a bridge keeps frames to its ports' own MACs.
        ip("link", "set", "card0", "address", "02:00:00:00:00:01")
        for device in ("eth0", "card0"):
            ip("link", "set", device, "master", "cable", "up")
        ip("address", "flush", "dev", "eth0")
        for device in ("card0", "lan0"):
            self.host.run("ethtool", "-K", device, "tx", "off", "tso", "off", "gso", "off", "gro", "off")
        self.host.run("sh", "-c", "echo 0 >/proc/sys/net/ipv6/conf/lan0/accept_dad")
        ip("link", "set", "lan0", "up")
        for address in both(CLIENT_NET, case.number):
            self.host.add_address(address, "lan0")

    def ctl(self, view):
        return self.test.ctl(self.host, "show", view)

    def curl(self, family, pattern, output, *options):
        """Starts curl; it says a line of its ports for each file."""
        shutil.rmtree(self.got, ignore_errors=True)
        self.got.mkdir()
        host = VIP[family] if family == 4 else f"[{VIP[family]}]"
        return self.client.popen("curl", "--no-progress-meter", "--fail", "--max-time", "30", "--write-out", "%{local_port}\\n",
                                 "--output", str(self.got / output), *options, f"http://{host}:{HTTP}/{pattern}",
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def check_files(self, curl, count, connections):
        said = curl.communicate(timeout=60)[0]
        assert curl.returncode == 0, said
        ports = said.split()
        assert len(ports) == count and len(set(ports)) == connections, f"{count} files, {connections} connections: {said}"
        arrived = sorted(self.got.iterdir())
        assert len(arrived) == count, arrived
        for file in arrived:
            assert hashlib.sha256(file.read_bytes()).hexdigest() == self.digests[int(file.name[0])], f"{file.name} is damaged"

    def iperf3(self, family, options):
        def run_it():
            result = json.loads(self.client.run(
                self.test.program("iperf3"), "--client", VIP[family], "--port", str(IPERF), "--json", "--bytes", f"{self.megabytes}M",
                "--window", str(BUFFERS), *options, check=False, timeout=120).stdout)
            if "busy" in result.get("error", ""):    # with the end of the run before
                return None
            assert "error" not in result, result["error"]
            return result["end"]
        return wait_until("iperf3's server to have time", run_it, 10)


def files(bench, family):
    bench.check_files(bench.curl(family, f"[0-{FILES - 1}]", "#1"), FILES, 1)
    connections = FILES * REPEATS
    curl = bench.curl(family, f"[0-{FILES - 1}]?[1-{REPEATS}]", "#1-#2", "--parallel", "--parallel-immediate",
                      "--parallel-max", str(connections), "--limit-rate", str(FILE_BYTES))
    flows = wait_until("flows on every worker", lambda: all(counts := [w["flows"] for w in bench.ctl("workers")]) and counts, 10)
    bench.check_files(curl, connections, connections)
    return flows


def streams(bench, family, options):
    """Mbit/s. iperf3 stops at its number of bytes and leaves unread what is still in the buffers of either end; which stream of
    the one end is which of the other it does not know."""
    end = bench.iperf3(family, options)
    sent, received = ([stream[side]["bytes"] for stream in end["streams"]] for side in ("sender", "receiver"))
    unread = sum(sent) - sum(received)
    assert min(sent + received) > 0 and sum(sent) >= bench.megabytes << 20, end["streams"]
    assert 0 <= unread <= 4 * BUFFERS * len(sent), f"{unread} bytes did not arrive: {end['streams']}"
    return end["sum_received"]["bits_per_second"] / 1e6


def look_back(bench, case):
    """What the whole case has left in warren's counters and those of the kernels at the ends."""
    for worker in bench.ctl("workers"):
        print("{worker}: rx {rx}, tx {tx}, handed in {handoff_in}, out {handoff_out}".format(**worker), flush=True)
        # A tap's kernel sends what comes back to the queue that its flow has left by; af_packet's frames come as they like.
        assert case.card or worker["handoff_in"] > 0 and worker["handoff_out"] > 0, worker

    def counted():
        return {row["name"]: row["total"] for row in bench.ctl("counters")}
    for put_in, got_out in (("flows_admitted", "flows_ended"), ("handoff_out", "handoff_in")):
        wait_until(f"{put_in} = {got_out}", lambda a=put_in, b=got_out: (c := counted())[a] == c[b], 10)
    assert (c := counted())["late_wakes"] < c["rounds"] / 10, c
    assert damaged([bench.client, *bench.servers]) == 0, "segments with a wrong checksum arrived"


def run_case(bench, case):
    bench.start(case)
    for family in FAMILIES:
        print(f"{case.name} IPv{family}: flows of each worker {files(bench, family)}", flush=True)
        for name, options in RUNS.items():
            print(f"{case.name} IPv{family}: {name} {streams(bench, family, options):.0f} Mbit/s", flush=True)
    look_back(bench, case)
    bench.warren.terminate()
    assert bench.warren.wait(10) == 0


def main(test):
    bench = Bench(test)
    for case in CASES:
        run_case(bench, case)


if __name__ == "__main__":
    Test.main(main)
