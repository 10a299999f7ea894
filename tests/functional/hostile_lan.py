#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What a LAN does to a balancer: a flood of SYNs under forged addresses, a client whose MAC changes while only its server speaks,
a packet that claims to come from the VIP; with one worker and with two. And pings larger than the MTU, on a card of our own and on a
shared interface too. Real kernels at both ends.

    hostile_lan.py BUILD-DIR [SYNS]

The flood is of SYNS (default 200,000). Before it 8 connections are opened, which must lose nothing; after it 50 of 50 new clients
must connect at once, before a lost SYN would be sent again.
"""

import collections
import errno
import json
import socket
import struct
import subprocess
import sys
import time

import many_workers
from forwarding_methods import CLIENT_NET, FAMILIES, VIP, both, virtual_server
from harness import Test, run, wait_until
from lan import ETH_IPV4, Wire, checksum

PYTHON = "/usr/bin/python3"
PORT = 5672
Case = collections.namedtuple("Case", "name number workers card")
CASES = (Case("shared1", 2, 1, False), Case("shared2", 3, 2, False), Case("card", 4, 1, True))
CARD = ' interface lan0 {\n  device "net_tap0,iface=card0"\n }\n'
AT_ONCE_S = 0.9    # a lost SYN is sent again after 1 s (RFC 6298 2.1)
MOVED_S = 2.0
QUIET_S = 1.5      # from a client's last word to its server's
# Answers each word; "later" after a while.
SERVER = f"""
import asyncio
async def serve(reader, writer):
    try:
        while data := await reader.read(100):
            if data == b"later":
                await asyncio.sleep({QUIET_S})
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    writer.close()
async def main():
    servers = [await asyncio.start_server(serve, host, {PORT}, backlog=4096) for host in ("0.0.0.0", "::")]
    await asyncio.gather(*(server.serve_forever() for server in servers))
asyncio.run(main())
"""
# Says "held", and after each line of its input: all that it held answered, and how long each of 50 new connections took.
CLIENT = f"""
import json, socket, sys, time
VIP = ("{VIP[4]}", {PORT})
def ask(c):
    c.sendall(b"hello")
    return c.recv(100) == b"hello"
held = [socket.create_connection(VIP, timeout=10) for _ in range(8)]
print("held", all([ask(c) for c in held]), flush=True)
for line in sys.stdin:
    answered = sum(ask(c) for c in held)
    times, served = [], 0
    for _ in range(50):
        begin = time.monotonic()
        with socket.create_connection(VIP, timeout=10) as c:
            times.append(time.monotonic() - begin)
            served += ask(c)
    print(json.dumps(dict(answered=answered, served=served, longest=max(times))), flush=True)
"""
# Says "quiet" when only the server has something left to say, then how long it took; nothing for a line that never came.
LISTENER = f"""
import socket, sys, time
c = socket.create_connection((sys.argv[1], {PORT}), timeout=10)
c.sendall(b"later")
print("quiet", flush=True)
begin = time.monotonic()
c.settimeout(10)
assert c.recv(100) == b"later"
print(time.monotonic() - begin, flush=True)
"""


def syn(source, source_port, target, target_port, source_mac, target_mac):
    """A function that makes the frame of a SYN from a source address and port: both are numbers."""
    address = socket.inet_aton(target)
    link = bytes.fromhex((target_mac + source_mac).replace(":", "")) + struct.pack("!H", ETH_IPV4)
    tail = struct.pack("!IIBBH", 1000, 0, 5 << 4, 2, 65535)

    def words(data):
        return sum(struct.unpack(f"!{len(data) // 2}H", data))

    def folded(total):
        while total >> 16:
            total = (total & 0xFFFF) + (total >> 16)
        return ~total & 0xFFFF
    ip_sum = words(struct.pack("!BBHHHBB", 0x45, 0, 40, 0, 0x4000, 64, 6)) + words(address)
    tcp_sum = words(address) + 6 + 20 + target_port + words(tail)

    def frame(source, source_port):
        halves = (source >> 16) + (source & 0xFFFF)
        return link + struct.pack("!BBHHHBBHI", 0x45, 0, 40, 0, 0x4000, 64, 6, folded(ip_sum + halves), source) + address + \
            struct.pack("!HH", source_port, target_port) + tail + struct.pack("!HH", folded(tcp_sum + halves + source_port), 0)
    return frame(source, source_port) if source is not None else frame


def send_when_possible(raw, frame):
    while True:
        try:
            return raw.send(frame)
        except OSError as error:    # the kernel has no room: somebody else must work first
            if error.errno != errno.ENOBUFS:
                raise
            time.sleep(0.001)


class Bench:
    def __init__(self, test):
        self.test = test
        network = test.network
        self.client = network.add_host("client", *both(CLIENT_NET, 50))
        self.flooder = network.add_host("flooder", *both(CLIENT_NET, 60))
        for number in (11, 12):
            server = network.add_host(f"s{number}", *both(CLIENT_NET, number))
            test.start(server, PYTHON, "-c", SERVER, log=f"server-{number}.log")

    def start(self, case):
        self.host = self.test.network.add_host(case.name, *both(CLIENT_NET, case.number))
        text = many_workers.virtual_addresses(case.workers, "lan0", CARD) if case.card else many_workers.virtual_addresses(case.workers)
        for family in FAMILIES:
            text += virtual_server(family, "FNAT", PORT, [CLIENT_NET[family].format(number) for number in (11, 12)])
        self.warren = self.test.start_warren(self.host, text)
        if case.card:
            many_workers.Bench.connect_card(self, case)
        wait_until("all servers", lambda: all(r["state"] == "up" and r["reachable"] for r in self.test.ctl(self.host, "show", "servers")),
                   20, 0.2)

    def counted(self, name):
        """Whatever became of the frames: a reason to drop one may be a reason to refuse one too."""
        return sum(row["total"] for row in self.test.ctl(self.host, "show", "counters") if row["name"] == name)


def flood(bench, count):
    client = bench.client.popen(PYTHON, "-c", CLIENT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert client.stdout.readline().split() == ["held", "True"]
    wire = Wire(bench.flooder)
    make = syn(None, None, VIP[4], PORT, wire.mac, bench.host.mac())
    before = bench.counted("flows_admitted")
    begin = time.monotonic()
    for n in range(count):
        send_when_possible(wire.socket, make(0x0B000000 + n * 7, 1024 + n % 60000))
    print(f"{count} SYNs in {time.monotonic() - begin:.1f} s", flush=True)
    client.stdin.write("now\n")
    client.stdin.flush()
    told = json.loads(client.stdout.readline())
    client.stdin.close()
    client.wait(10)
    print(f"{told}, {bench.counted('flows_admitted') - before} admitted, {bench.counted('half_open_recycled')} recycled", flush=True)
    assert told["answered"] == 8 and told["served"] == 50 and told["longest"] < AT_ONCE_S, told


def move(bench, family, number):
    """Serves a client that gets another MAC as its kernel does it, with the announcement that the kernel makes."""
    host = bench.test.network.add_host(f"mover{number}", *both(CLIENT_NET, number))
    host.run("sh", "-c", "echo 1 >/proc/sys/net/ipv4/conf/eth0/arp_notify; echo 1 >/proc/sys/net/ipv6/conf/eth0/ndisc_notify")
    listener = host.popen(PYTHON, "-c", LISTENER, VIP[family], stdout=subprocess.PIPE, text=True)
    assert listener.stdout.readline() == "quiet\n"
    time.sleep(QUIET_S / 3)    # the ACKs of what was said are through
    run("ip", "-n", host.namespace, "link", "set", "eth0", "address", f"02:00:00:00:77:{number:02x}")
    took = float(listener.stdout.readline() or "inf")
    listener.wait(10)
    print(f"IPv{family}: the server's word came {took - QUIET_S:.2f} s late, {bench.counted('clients_moved')} flows followed", flush=True)
    assert took < QUIET_S + MOVED_S, took
    assert "no longer at" in bench.test.log(f"{bench.host.name}.log")


def ping(bench):
    for family in FAMILIES:
        for size in (56, 3000, 65507):
            said = bench.client.run("ping", f"-{family}", "-c", "2", "-i", "0.2", "-W", "2", "-s", str(size), VIP[family], check=False).stdout
            assert " 0% packet loss" in said, said


def land(bench):
    wire = Wire(bench.flooder)
    before = bench.counted("own_source")
    source = int.from_bytes(socket.inet_aton(VIP[4]), "big")
    frame = syn(source, PORT, VIP[4], PORT, wire.mac, bench.host.mac())
    assert checksum(frame[14:34]) == 0
    wire.send_frame(frame)
    wait_until("land to be dropped by name", lambda: bench.counted("own_source") == before + 1, 5)


def main(test):
    bench = Bench(test)
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 200_000
    for case in CASES:
        bench.start(case)
        ping(bench)
        if not case.card:
            land(bench)
            for family in FAMILIES:
                move(bench, family, 100 + 10 * case.workers + family)
            flood(bench, count)
        bench.warren.terminate()
        assert bench.warren.wait(10) == 0


if __name__ == "__main__":
    Test.main(main)
