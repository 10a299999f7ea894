#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""warren-bench's engine wire drives a warren in another host: it is the clients and the servers, its connections open through the
VIP, every request is answered. By a kernel interface, IPv4 and IPv6, by DPDK's af_packet and af_xdp; by memif and virtio-user a
warren whose only port is the other end. Its statistics have testpmd's layout. An interrupt ends it with what it has."""

import json
import re
import signal
import socket
import subprocess

from harness import Test

FLOWS = 2000
CONFIG = """DATAPLANE
vrrp_instance VI_1 {
 interface INTERFACE
 virtual_router_id 51
 priority 255
 virtual_ipaddress {
  192.168.8.100/24
 }
}
virtual_server 192.168.8.100 5672 {
 lb_kind FNAT
 lb_algo rr
 protocol TCP
 real_server 192.168.8.11 5672 {
 }
 real_server 192.168.8.12 5672 {
 }
}
"""
CONFIG6 = """
vrrp_instance VI_6 {
 interface eth0
 virtual_router_id 56
 priority 255
 version 3
 virtual_ipaddress {
  fe80::100/64
  2001:db8::c0a8:864/96
 }
}
virtual_server 2001:db8::c0a8:864 5672 {
 lb_kind FNAT
 lb_algo rr
 protocol TCP
 real_server 2001:db8::c0a8:80b 5672 {
 }
}
"""


def said_by(output):
    return json.loads(output.strip().splitlines()[-1])


def has_af_xdp():
    """Whether the kernel has such sockets."""
    try:
        socket.socket(44, socket.SOCK_RAW).close()
    except OSError:
        return False
    return True


class Bench:
    def __init__(self, test):
        self.test = test
        self.host = test.network.add_host("bench", "192.168.8.50/24")
        self.words = (test.program("app/bench/warren-bench"), "--engine", "wire", "--flows", str(FLOWS), "--json")

    def run(self, *words):
        result = self.host.run(*self.words, *words, timeout=60)
        said = said_by(result.stdout)
        print(" ".join(words), json.dumps(said), flush=True)
        assert said["opened"] == FLOWS and said["resets"] == 0, said
        return said, result.stdout


def check_statistics(output, said):
    """As a reader of testpmd's expects them."""
    blocks = re.findall(r"#{24} NIC statistics for port 0  #{24}\n  RX-packets: (\d+) +RX-missed: (\d+) +RX-bytes:  (\d+)\n", output)
    assert len(blocks) >= 3, output
    rates = [int(rate) for rate in re.findall(r"Rx-pps: +(\d+) +Rx-bps: +\d+\n  Tx-pps: +\d+ ", output)]
    assert len(rates) == len(blocks) and min(rates) > 0, output
    total = re.search(r"\+ Accumulated forward statistics for all ports\+.*\n  RX-packets: (\d+) +RX-dropped: (\d+) +RX-total: (\d+)\n", output)
    assert int(total[1]) + int(total[2]) == int(total[3]), total
    assert int(total[1]) >= 2 * said["answered"], (total[0], said)


def try_shared(test, bench):
    balancer = test.network.add_host("balancer", "192.168.8.4/24")
    balancer.run("ip", "route", "add", "10.0.0.0/8", "dev", "eth0")
    for server in ("192.168.8.11", "192.168.8.12", "2001:db8::c0a8:80b"):
        balancer.run("ip", "neigh", "replace", server, "lladdr", bench.host.mac(), "dev", "eth0", "nud", "permanent")
    test.start_warren(balancer, CONFIG.replace("DATAPLANE", "").replace("INTERFACE", "eth0") + CONFIG6)

    said, output = bench.run("--interface", "eth0", "--seconds", "1", "--stats-period", "0.4")
    assert said["answered"] > 500 and said["asked"] - said["answered"] <= 64, said
    assert 0 < said["latency_ns"]["p50"] < said["latency_ns"]["p99"], said
    assert said["ran_on"]["driver"] == "packet_socket", said
    check_statistics(output, said)

    said, _ = bench.run("--interface", "eth0", "--seconds", "0.5", "--ipv6")
    assert said["answered"] > 250 and said["asked"] - said["answered"] <= 64, said

    if has_af_xdp():
        said, _ = bench.run("--device", "net_af_xdp0,iface=eth0", "--seconds", "0.5")
        assert said["answered"] > 250 and said["ran_on"]["driver"] == "net_af_xdp", said

    # At a rate, by DPDK's own af_packet driver; what is known already is opened anew.
    said, _ = bench.run("--device", "net_af_packet0,iface=eth0", "--seconds", "1", "--rate", "2000")
    assert 1500 < said["answered"] <= 2000 and said["ran_on"]["driver"] == "net_af_packet", said

    # Nobody has that VIP.
    lonely = bench.host.run(*bench.words, "--interface", "eth0", "--vip", "192.168.8.99", check=False, timeout=60)
    assert lonely.returncode == 1 and "nobody answers" in lonely.stderr, lonely

    process = test.start(bench.host, *bench.words, "--interface", "eth0", "--seconds", "600", log="interrupted.log")
    try:
        process.wait(3)
        raise AssertionError("it ended before its time")
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    assert said_by(test.log("interrupted.log"))["opened"] == FLOWS


def try_memory(test, bench, name, devices):
    """Both ends are programs of DPDK's and there is no wire but memory. (device of warren's, of the bench's)"""
    host = test.network.add_host(name)
    socket = test.folder / f"{name}.sock"
    own, other = (device.replace("SOCKET", str(socket)) for device in devices)
    plane = f'dataplane {{\n interface {name}0 {{\n  device "{own}"\n }}\n}}\n'
    warren = test.start_warren(host, CONFIG.replace("DATAPLANE", plane).replace("INTERFACE", f"{name}0"))
    host.add_address("192.168.8.4/24", f"{name}0")    # of the tap by which the host's kernel has what is not warren's
    said, _ = bench.run("--device", other, "--seconds", "0.5")
    assert said["answered"] > 250 and said["asked"] - said["answered"] <= 64, said
    # Another may take its place, with EAL's options as testpmd has them.
    words = ("-l", "0", "--no-huge", "-m", "128", "--no-pci", "--no-telemetry", "--", *bench.words[1:], "--device", other, "--seconds", "0.2")
    said = said_by(bench.host.run(bench.words[0], *words, timeout=60).stdout)
    assert said["opened"] == FLOWS and said["answered"] > 100 and said["ran_on"]["hugepages"] == "no", said
    warren.terminate()
    assert warren.wait(20) == 0


def main(test):
    bench = Bench(test)
    try_shared(test, bench)
    try_memory(test, bench, "memif", ("net_memif0,role=server,socket=SOCKET,socket-abstract=no",
                                      "net_memif0,role=client,socket=SOCKET,socket-abstract=no"))
    try_memory(test, bench, "vhost", ("net_vhost0,iface=SOCKET", "net_virtio_user0,path=SOCKET"))


if __name__ == "__main__":
    Test.main(main)
