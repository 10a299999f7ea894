#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""`warrenctl capture` and `trace`: both sides of real connections through FNAT, IPv4 and IPv6, read back by tcpdump and by a
reader of the test's own; filters, limits, ^C and a vanished reader; and whatever becomes of copies, no traffic is lost.

    capture.py BUILD
"""
import collections
import re
import signal
import subprocess
import time

import pcapng
from harness import Test, wait_until

VIP = {4: "192.168.8.100", 6: "fd00:8::100"}
CLIENT = {4: "192.168.8.50", 6: "fd00:8::50"}
OTHER = {4: "192.168.8.51", 6: "fd00:8::51"}
SERVER = {4: "192.168.8.11", 6: "fd00:8::11"}
FAMILIES = (4, 6)
CONFIG = "".join(f"""vrrp_instance rabbit{family} {{
    interface eth0
    virtual_router_id {50 + family}
    version 3
    priority 100
    advert_int 0.2
    virtual_ipaddress {{
        {VIP[family]}
    }}
}}
virtual_server {VIP[family]} 5672 {{
    delay_loop 0.2
    lb_algo rr
    lb_kind FNAT
    real_server {SERVER[family]} 5672 {{
        TCP_CHECK {{
        }}
    }}
}}
""" for family in FAMILIES) + "dataplane {\n    flows 256\n    workers 2\n}\n"
# Sends each line, and wants what the server makes of it.
TALK = """
import socket, sys
address, times, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
with socket.create_connection((address, 5672), 5) as s:
    s.settimeout(20)
    for number in range(times):
        sent = (b'%08d' % number) * (size // 8)
        s.sendall(sent)
        got = b''
        while got.replace(b'one ', b'') != sent:
            part = s.recv(65536)
            assert part, 'the connection has ended'
            got += part
            assert len(got.replace(b'one ', b'')) < len(sent) + 4, 'what came back is something else'
    s.shutdown(socket.SHUT_WR)
    assert s.recv(1) == b''
    print(s.getsockname()[1])
"""


class Bench:
    def __init__(self, test):
        self.test, self.runs = test, 0
        self.hosts = {name: test.network.add_host(name, f"192.168.8.{number}/24", f"fd00:8::{number}/64")
                      for name, number in (("warren", 4), ("one", 11), ("client", 50), ("other", 51))}
        self.warren = self.hosts["warren"]
        self.program = test.program("app/warrenctl/warrenctl")

    def start(self):
        self.test.start_name_echo(self.hosts["one"], "one")
        self.test.start_warren(self.warren, CONFIG)
        wait_until("mastership", lambda: self.rows("show", "status")["masters"] == 2, 15)
        wait_until("servers", lambda: self.rows("show", "status")["servers_up"] == 2, 15)

    def rows(self, *words):
        return self.test.ctl(self.warren, *words)

    def talk(self, family=4, name="client", times=3, size=40):
        result = self.hosts[name].run("/usr/bin/python3", "-c", TALK, VIP[family], str(times), str(size))
        return int(result.stdout)

    def ctl(self, *words):
        return self.warren.run(self.program, "-i", self.warren.namespace, *words, check=False)

    def counters(self, group):
        return {row["name"]: row["total"] for row in self.rows("show", "counters") if row["group"] == group}

    def events(self, text):
        return sum(text in row["text"] for row in self.rows("events"))

    def capture(self, *words):
        """A capture that has begun, and where it writes to."""
        self.runs += 1
        path = self.test.folder / f"{self.runs}.pcapng"
        before = self.events("capture begins")
        process = self.warren.popen(self.program, "-i", self.warren.namespace, "capture", *words, "-w", str(path),
                                    stderr=subprocess.PIPE, text=True)
        wait_until("the capture to begin", lambda: self.events("capture begins") > before, 10)
        return process, path

    def end(self, process, how=signal.SIGINT):
        if how is not None:
            process.send_signal(how)
        said = process.communicate(timeout=10)[1]
        assert process.returncode == 0, said
        return said


def lines_of_tcpdump(path):
    """A reader that knows nothing of us."""
    result = subprocess.run(["tcpdump", "-nn", "-r", str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=True)
    return result.stdout.splitlines()


def check_sides(packets, family, client_port):
    """Each packet of the connection has two frames: one with the client, one with the server, one came and one left."""
    sides = collections.defaultdict(list)
    for packet in packets:
        sides[packet.id].append(packet)
    payloads = collections.Counter()
    for pair in sides.values():
        assert [packet.way for packet in pair] == ["in", "out"], pair
        assert [packet.interface for packet in pair] == ["eth0 in", "eth0 out"], pair
        ends = [{(packet.seen.source, packet.seen.source_port), (packet.seen.destination, packet.seen.destination_port)} for packet in pair]
        client = (CLIENT[family], client_port)
        assert sum(client in end for end in ends) == 1 and sum((SERVER[family], 5672) in end for end in ends) == 1, ends
        assert pair[0].seen.flags == pair[1].seen.flags and pair[0].seen.payload == pair[1].seen.payload, pair
        assert pair[0].comment.startswith("to ") and pair[1].comment.startswith("from "), pair
        payloads[pair[0].seen.flags] += 1
    assert payloads["S"] == payloads["SA"] == 1 and payloads["FA"] + payloads["FPA"] == 2, payloads
    said = b"".join(packet.seen.payload for packet in packets if packet.way == "in" and packet.seen.source == CLIENT[family])
    assert said == b"".join((b"%08d" % number) * 5 for number in range(3)), said
    assert "none -> syn_sent" in packets[0].comment, packets[0].comment


def both_sides(bench):
    """Of one client's connection, whatever else goes on, until ^C."""
    for family in FAMILIES:
        process, path = bench.capture("client", CLIENT[family])
        bench.talk(family, "other")
        port = bench.talk(family)
        said = bench.end(process)
        assert "its reader has ended it" in said, said
        packets, lost = pcapng.read(path)
        segments = [packet for packet in packets if packet.seen]
        assert len(segments) >= 20 and lost == 0, (len(segments), lost)
        check_sides(segments, family, port)
        assert path.stat().st_mode & 0o777 == 0o600
        lines = lines_of_tcpdump(path)
        assert len(lines) == len(packets), lines
        assert sum(f"{SERVER[family]}.5672" in line for line in lines) == len(segments) // 2, lines
        assert abs(packets[-1].time - time.time()) < 30
        print(f"ok: IPv{family}: {len(segments)} frames of one connection, {len(lines)} lines of tcpdump", flush=True)


def filters(bench):
    """By the server's end, the service, the interface."""
    for words, ours in ((("server", f"{SERVER[4]}:5672"), 4), (("service", f"{VIP[4]}:5672"), 4), (("service", f"[{VIP[6]}]:5672"), 6)):
        process, path = bench.capture(*words, "port", "eth0")
        ports = {bench.talk(family, name): family for family in FAMILIES for name in ("client", "other")}
        bench.end(process)
        seen = {end for packet in pcapng.read(path)[0] if packet.seen for end in (packet.seen.source_port, packet.seen.destination_port)}
        assert {family for port, family in ports.items() if port in seen} == {ours}, (words, ports, seen)
        assert all(port in seen for port, family in ports.items() if family == ours), (words, ports, seen)
    refused = bench.ctl("capture", "port", "eth7")
    assert refused.returncode == 1 and "no interface" in refused.stderr, refused
    assert bench.ctl("capture", "colour").returncode == 2
    print("ok: filters", flush=True)


def limits(bench):
    """So many packets, so many bytes, so long."""
    process, path = bench.capture("service", f"{VIP[4]}:5672", "-c", "5")
    bench.talk()
    assert "5 packets" in bench.end(process, None)
    assert {packet.id for packet in pcapng.read(path)[0]} == {1, 2, 3, 4, 5}
    process, path = bench.capture("service", f"{VIP[4]}:5672", "--bytes", "1000", "-s", "64")
    bench.talk()
    assert "as much as was asked for" in bench.end(process, None)
    assert path.stat().st_size < 2000 and all(len(packet.frame) <= 64 for packet in pcapng.read(path)[0])
    process, path = bench.capture("client", "192.0.2.1", "-G", "1")
    assert "0 packets, 0 copies lost: its time is over" in bench.end(process, None)
    assert pcapng.read(path)[0] == []
    print("ok: limits", flush=True)


def vanished(bench):
    """A reader that is killed, or whose pipe breaks, ends the capture; the next one can have it at once."""
    process, _ = bench.capture("-G", "600")
    second = bench.ctl("capture", "-w", "/dev/null")
    assert second.returncode == 1 and "somebody captures already" in second.stderr, second
    ended = bench.events("capture ended")
    process.kill()
    process.communicate()
    wait_until("the capture to end", lambda: bench.events("capture ended") > ended, 5)
    pipe = f"{bench.program} -i {bench.warren.namespace} capture -G 600 | head -c 4 | od -An -tx1"
    broken = bench.warren.popen("sh", "-c", pipe, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def is_over():
        bench.talk(times=1)
        return bench.events("capture ended") > ended + 1
    wait_until("the piped capture to end", is_over, 10)
    assert broken.communicate(timeout=10)[0].split() == ["0a", "0d", "0d", "0a"]
    print("ok: a vanished reader", flush=True)


def no_loss(bench):
    """While copies have nowhere to go, every byte of the traffic arrives, and no counter of drops moves."""
    before = bench.counters("drop")
    process, _ = bench.capture("-s", "2048", "-c", "1000000", "-G", "600")
    process.send_signal(signal.SIGSTOP)
    bench.talk(times=400, size=16_000)
    bench.talk(6, times=400, size=16_000)
    process.send_signal(signal.SIGCONT)
    said = bench.end(process)
    lost = int(re.search(r"(\d+) copies lost", said)[1])
    after = bench.counters("drop")
    moved = {name: after[name] - count for name, count in before.items() if after[name] != count}
    assert lost > 0, said
    assert not {"tx_full", "no_mbuf", "handoff_full", "punt_full", "flow_table_full", "no_flow"} & moved.keys(), moved
    print(f"ok: no loss: {said.strip()}", flush=True)


def in_words(bench):
    """`trace` tells the way of each packet, and why a client gets no connection; the counter says the same number."""
    # A packet that is handed to the worker of its flow is told twice: three of them are up to six.
    process = bench.warren.popen(bench.program, "-i", bench.warren.namespace, "trace", CLIENT[4], "-c", "6", stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True)
    wait_until("the trace to begin", lambda: bench.events(f"trace client {CLIENT[4]}"), 10)
    bench.talk()
    words = process.communicate(timeout=15)[0]
    for step in (r"192\.168\.8\.50:\d+ > 192\.168\.8\.100:5672  SYN,", r"parsed +came by eth0, worker [01]", r"classified +a segment to a virtual_server",
                 r"flow +none -> syn_sent", r"rewritten +192\.168\.8\.100:\d+ > 192\.168\.8\.11:5672  SYN,", r"verdict +sent by eth0",
                 r"flow +syn_received -> established"):
        assert re.search(step, words), f"{step} is not in:\n{words}"
    before = bench.counters("refusal")["no_server"]
    for family in FAMILIES:
        server = f"{SERVER[4]}:5672" if family == 4 else f"[{SERVER[6]}]:5672"
        assert bench.ctl("disable", server).returncode == 0
    process, path = bench.capture("drops", "no_server")
    for family in FAMILIES:
        refused = bench.hosts["client"].run("/usr/bin/python3", "-c", TALK, VIP[family], "1", "8", check=False)
        assert "ConnectionRefusedError" in refused.stderr, refused.stderr
    bench.end(process)
    comments = [packet.comment for packet in pcapng.read(path)[0] if packet.way == "in"]
    assert len(comments) == bench.counters("refusal")["no_server"] - before == 2, comments
    assert all("refused: no_server, answered" in comment for comment in comments), comments
    print("ok: in words", flush=True)


def main(test):
    bench = Bench(test)
    bench.start()
    for part in (both_sides, filters, limits, vanished, no_loss, in_words):
        part(bench)


if __name__ == "__main__":
    Test.main(main)
