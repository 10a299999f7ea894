#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A host's cable on which each frame takes so long, each way: for kernels without netem.

    late_wire.py INTERFACE INTERFACE MS     in the switch's namespace; says "late", and goes on until it is killed

    with late(test, host, 120):
        ...
"""
import contextlib
import heapq
import itertools
import select
import socket
import subprocess
import sys
import time

from harness import wait_until

PACKET_OUTGOING = 4


def opened(interface):
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    wire.bind((interface, 3))
    return wire


def carry(ends, seconds):
    due, number = [], itertools.count()
    while True:
        left = max(0.0, due[0][0] - time.monotonic()) if due else None
        for wire in select.select(ends, [], [], left)[0]:
            frame, address = wire.recvfrom(65535)
            if address[2] != PACKET_OUTGOING:
                heapq.heappush(due, (time.monotonic() + seconds, next(number), ends[wire is ends[0]], frame))
        while due and due[0][0] <= time.monotonic():
            _, _, other, frame = heapq.heappop(due)
            with contextlib.suppress(OSError):
                other.send(frame)


@contextlib.contextmanager
def late(test, host, ms):
    switch = host.network.switch

    def link(*words):
        subprocess.run(["ip", "-n", switch, "link", *words], check=True)
    link("add", "late0", "type", "veth", "peer", "name", "late1")
    try:
        for words in ((host.name, "nomaster"), (host.name, "promisc", "on"), ("late0", "up", "promisc", "on"), ("late1", "up", "master", "bridge")):
            link("set", *words)
        log = test.folder / "late.log"
        with open(log, "wb") as file:
            wire = subprocess.Popen(["ip", "netns", "exec", switch, sys.executable, __file__, host.name, "late0", str(ms)], stdout=file, stderr=file)
        try:
            wait_until("the late wire", lambda: "late" in log.read_text(), 10)
            yield
        finally:
            wire.kill()
            wire.wait()
    finally:
        link("delete", "late0")
        link("set", host.name, "promisc", "off")
        link("set", host.name, "master", "bridge")


def main():
    ends = [opened(name) for name in sys.argv[1:3]]
    print("late", flush=True)
    carry(ends, float(sys.argv[3]) / 1000)


if __name__ == "__main__":
    main()
