#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""warren-bench's engine wire drives a warren in another host over a veth: it is the clients and the servers, its connections
open through the VIP, every request is answered, and what warren counted agrees. An interrupt ends it with what it has."""

import json
import signal
import subprocess

from harness import Test

FLOWS = 2000
CONFIG = """vrrp_instance VI_1 {
 interface eth0
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


def said_by(output):
    return json.loads(output.strip().splitlines()[-1])


def main(test):
    bench = test.network.add_host("bench", "192.168.8.50/24")
    balancer = test.network.add_host("balancer", "192.168.8.4/24")
    balancer.run("ip", "route", "add", "10.0.0.0/8", "dev", "eth0")
    for server in ("192.168.8.11", "192.168.8.12"):
        balancer.run("ip", "neigh", "replace", server, "lladdr", bench.mac(), "dev", "eth0", "nud", "permanent")
    test.start_warren(balancer, CONFIG)
    words = (test.program("app/bench/warren-bench"), "--engine", "wire", "--flows", str(FLOWS), "--json")

    said = said_by(bench.run(*words, "--interface", "eth0", "--seconds", "2", timeout=60).stdout)
    print(json.dumps(said))
    assert said["opened"] == FLOWS and said["resets"] == 0, said
    assert said["answered"] > 1000 and said["asked"] - said["answered"] <= 64, said
    assert 0 < said["latency_ns"]["p50"] < said["latency_ns"]["p99"], said

    # At a rate, by DPDK's own af_packet driver; what is known already is opened anew.
    device = "net_af_packet0,iface=eth0"
    said = said_by(bench.run(*words, "--device", device, "--seconds", "1", "--rate", "2000", timeout=60).stdout)
    print(json.dumps(said))
    assert said["opened"] == FLOWS and 1500 < said["answered"] <= 2000, said

    # Nobody has that VIP.
    lonely = bench.run(*words, "--interface", "eth0", "--vip", "192.168.8.99", check=False, timeout=60)
    assert lonely.returncode == 1 and "nobody answers" in lonely.stderr, lonely

    process = test.start(bench, *words, "--interface", "eth0", "--seconds", "600", log="interrupted.log")
    try:
        process.wait(3)
        raise AssertionError("it ended before its time")
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    assert said_by(test.log("interrupted.log"))["opened"] == FLOWS


if __name__ == "__main__":
    Test.main(main)
