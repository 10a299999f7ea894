#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""SIGHUP: the file is read again and virtual_servers and their servers come, go and change under connections that go on.

    reload.py BUILD-DIR
"""

import datetime
import json
import os
import pathlib
import re
import signal
import subprocess

from harness import Test, wait_until

PYTHON = "/usr/bin/python3"
VIP = "192.168.8.100"
NUMBERS = {"one": 11, "two": 12, "three": 13}
RELOADS = 200
ROUTER = f"""dataplane {{
    workers 2
}}
vrrp_instance VI_1 {{
    interface eth0
    virtual_router_id 51
    priority 255
    advert_int 1
    virtual_ipaddress {{
        {VIP}/24
    }}
}}
"""
OTHER_INTERFACE = """vrrp_instance VI_2 {
    interface eth1
    virtual_router_id 52
    virtual_ipaddress {
        192.168.9.100/24
    }
}
"""
# One answer a line: "open NAME PORT" and "ask NAME" say who serves, "end NAME" waits for the end and says what it was and when.
CLIENT = """
import socket, sys, time
held = {}
def ask(c):
    c.sendall(b"hello")
    return (c.recv(100).decode() or "closed").split()[0]
for line in sys.stdin:
    verb, name, *port = line.split()
    try:
        if verb == "open":
            held[name] = socket.create_connection(("192.168.8.100", int(port[0])), timeout=10)
        print(ask(held[name]) if verb != "end" else held[name].recv(100) and "data" or "closed", flush=True)
    except ConnectionResetError:
        print("reset", time.time(), flush=True)
    except ConnectionRefusedError:
        print("refused", flush=True)
"""
# Eight connections that are asked again and again, and a new one after the other, until the input ends: how many failed.
TRAFFIC = """
import asyncio, json, sys
counts = {"asked": 0, "opened": 0, "failed": []}
async def ask(reader, writer):
    writer.write(b"hello")
    if not await asyncio.wait_for(reader.read(100), 10): raise EOFError("closed")
    counts["asked"] += 1
async def hold():
    streams = await asyncio.open_connection("192.168.8.100", 5672)
    while not over.is_set():
        await ask(*streams)
        await asyncio.sleep(0.005)
async def renew():
    while not over.is_set():
        reader, writer = await asyncio.wait_for(asyncio.open_connection("192.168.8.100", 5672), 10)
        await ask(reader, writer)
        counts["opened"] += 1
        writer.close()
        await asyncio.sleep(0.005)
async def noted(work):
    try:
        await work
    except Exception as error:
        counts["failed"].append(repr(error))
async def main():
    global over
    over = asyncio.Event()
    asyncio.get_running_loop().add_reader(0, over.set)
    await asyncio.gather(*[noted(hold()) for _ in range(8)], noted(renew()))
    print(json.dumps(counts))
asyncio.run(main())
"""


def service(port=5672, servers=("one", "two"), weights=None, more=""):
    text = f"virtual_server {VIP} {port} {{\n delay_loop 0.1\n lb_algo wrr\n lb_kind FNAT\n protocol TCP\n{more}"
    for name in servers:
        text += (f" real_server 192.168.8.{NUMBERS[name]} 5672 {{\n  weight {(weights or {}).get(name, 1)}\n"
                 "  TCP_CHECK {\n   connect_timeout 1\n  }\n }\n")
    return text + "}\n"


class Bench:
    def __init__(self, test):
        self.test = test
        self.host = test.network.add_host("warren", "192.168.8.4/24")
        self.client_host = test.network.add_host("client", "192.168.8.50/24")
        for name, number in NUMBERS.items():
            host = test.network.add_host(name, f"192.168.8.{number}/24")
            test.start_name_echo(host, name)
        self.file = test.folder / "warren.conf"
        self.warren = test.start_warren(self.host, ROUTER + service())
        self.client = self.start_client(CLIENT)
        self.wait_for_servers("one", "two")

    def start_client(self, program):
        return self.client_host.popen(PYTHON, "-c", program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def say(self, *words):
        print(*words, file=self.client.stdin, flush=True)

    def heard(self):
        return self.client.stdout.readline().split()

    def do(self, *words):
        self.say(*words)
        return self.heard()[0]

    def served_by(self, names, connections=8, port=5672):
        served = [self.do("open", "new", port) for _ in range(connections)]
        assert set(served) == set(names), f"not {names}: {served}"
        return served

    def open_at(self, name, wanted):
        """A held connection that a certain server serves."""
        wait_until(f"a connection to {wanted}", lambda: self.do("open", name, 5672) == wanted, 10, 0)

    def hup(self, config):
        """Replaces the file and tells warren; what it logs from then on until it is done."""
        before = len(self.test.log("warren.log"))
        self.file.write_text(config, encoding="utf-8")
        os.kill(self.warren.pid, signal.SIGHUP)
        wait_until("the reload", lambda: re.search(r"reloaded: |the running configuration stays",
                                                   self.test.log("warren.log")[before:]), 10, 0.01)
        return self.test.log("warren.log")[before:]

    def reload(self, config):
        said = self.hup(config)
        assert "reloaded: " in said, said
        return said

    def refuse(self, config, *texts):
        shown = self.states()
        said = self.hup(config)
        assert "reloaded: " not in said and all(text in said for text in texts), said
        assert self.states() == shown
        assert "stays" in self.ctl("events", "config")[-1]["text"]

    def ctl(self, *words):
        return self.test.ctl(self.host, *words)

    def servers(self, port=5672):
        return {row["server"]: row for row in self.ctl("show", "servers") if row["service"] == f"{VIP}:{port}"}

    def states(self):
        return {(row["service"], row["server"]): (row["state"], row["weight"]) for row in self.ctl("show", "servers")}

    def wait_for_servers(self, *names, port=5672):
        addresses = {f"192.168.8.{NUMBERS[name]}:5672" for name in names}

        def ready():
            rows = self.servers(port)
            return set(rows) == addresses and all(row["state"] == "up" and row["reachable"] for row in rows.values())
        wait_until(f"the servers {' '.join(names)}", ready, 10)

    def flows_of(self, name):
        return self.servers()[f"192.168.8.{NUMBERS[name]}:5672"]["active"]


def time_of(line):
    return datetime.datetime.strptime(line[:23], "%Y-%m-%d %H:%M:%S.%f").timestamp()


def a_server_goes_and_comes(bench):
    bench.open_at("gone", "one")
    bench.open_at("stays", "two")
    neighbours = {row["server"] for row in bench.ctl("show", "neighbours")}
    assert neighbours == {"192.168.8.11", "192.168.8.12"}, neighbours
    flows = bench.flows_of("one")
    bench.say("end", "gone")
    said = bench.reload(ROUTER + service(servers=["two"]))
    line = next(line for line in said.splitlines() if "is removed" in line)
    reset = "1 connection is" if flows == 1 else f"{flows} connections are"
    assert f"server 192.168.8.11:5672 of {VIP}:5672 is removed: {reset} reset" in line, line
    fate, when = bench.heard()
    delay = float(when) - time_of(line)
    print(f"reset {delay * 1000:.0f} ms after the log line", flush=True)
    assert fate == "reset" and delay < 0.2, (fate, delay)
    assert bench.do("ask", "stays") == "two"
    bench.served_by({"two"})
    assert set(bench.servers()) == {"192.168.8.12:5672"}
    wait_until("the ended flow", lambda: "192.168.8.11:5672" in
               {row["server"] for row in bench.ctl("ended", "cause", "admin")}, 5)
    assert [row["server"] for row in bench.ctl("show", "neighbours")] == ["192.168.8.12"]
    (row,) = bench.ctl("show", "services")
    assert row["server_count"] == row["servers_up"] == 1, row

    said = bench.reload(ROUTER + service())
    assert f"server 192.168.8.11:5672 of {VIP}:5672 is added" in said, said
    bench.wait_for_servers("one", "two")
    bench.served_by({"one", "two"})
    assert bench.do("ask", "stays") == "two"


def settings_change(bench):
    bench.open_at("stays", "one")
    bench.ctl("drain", "192.168.8.12:5672")
    said = bench.reload(ROUTER + service(weights={"one": 1, "two": 3}, more=" establish_timeout 1000\n"))
    assert f"server 192.168.8.12:5672 of {VIP}:5672 has new settings: weight 3" in said, said
    rows = bench.servers()
    assert rows["192.168.8.12:5672"]["state"] == "maint" and rows["192.168.8.12:5672"]["weight"] == 3, rows
    bench.served_by({"one"})
    bench.ctl("enable", "192.168.8.12:5672")
    assert bench.served_by({"one", "two"}, 24).count("two") >= 16, "weights 1 and 3"
    assert bench.do("ask", "stays") == "one"
    bench.reload(ROUTER + service())
    assert "reloaded: nothing has changed" in bench.reload("\n" + ROUTER + service())


def refusals(bench):
    bench.open_at("stays", "one")
    bench.refuse(ROUTER + service().replace("lb_algo wrr", "no_such_word"), "warren.conf:15: error: ", "the file is refused; ")
    bench.refuse(ROUTER + OTHER_INTERFACE + service(),
                 "interface eth1: the kernel has no such interface; the running configuration stays")
    bench.refuse(ROUTER.replace("workers 2", "workers 1") + service(servers=["two"]),
                 "dataplane has changed (workers 2 -> 1): that needs a restart; the running configuration stays")
    bench.refuse(ROUTER + service(more=" persistence_timeout 60\n"), "warren.conf:13: virtual_server", "would strand its ")
    assert bench.do("ask", "stays") == "one"
    bench.served_by({"one", "two"})


def a_service_comes_and_goes(bench):
    bench.open_at("stays", "one")
    assert bench.do("open", "no", 5673) == "refused"
    bench.reload(ROUTER + service() + service(5673, ["three"]))
    bench.wait_for_servers("three", port=5673)
    assert bench.do("open", "other", 5673) == "three"
    assert [row["service"] for row in bench.ctl("show", "services")] == [f"{VIP}:5672", f"{VIP}:5673"]
    bench.say("end", "other")
    said = bench.reload(ROUTER + service())
    assert f"service {VIP}:5673 is removed: 1 connection is reset" in said, said
    assert bench.heard()[0] == "reset"
    assert bench.do("open", "no", 5673) == "refused"
    assert [row["service"] for row in bench.ctl("show", "services")] == [f"{VIP}:5672"]
    assert bench.do("ask", "stays") == "one"
    bench.reload(ROUTER + service(5673, ["three"]) + service())
    bench.wait_for_servers("three", port=5673)
    assert bench.do("open", "other", 5673) == "three"
    bench.reload(ROUTER + service())


def many_reloads(bench):
    def memory_kib():
        text = pathlib.Path(f"/proc/{bench.warren.pid}/status").read_text(encoding="utf-8")
        return int(re.search(r"VmRSS:\s+(\d+)", text)[1])

    def descriptors():
        return len(list(pathlib.Path(f"/proc/{bench.warren.pid}/fd").iterdir()))

    traffic = bench.start_client(TRAFFIC)
    wait_until("the traffic", lambda: sum(row["active"] for row in bench.servers().values()) >= 8, 10)
    memory = []
    for number in range(RELOADS):
        more = service(5673, ["three"]) if number % 2 else ""
        bench.reload(ROUTER + service(weights={"one": 1 + number % 3, "two": 1 + number % 2}) + more)
        memory.append(memory_kib())
    bench.reload(ROUTER + service())
    wait_until("the checks' sockets to be closed", lambda: descriptors() < 200, 10)
    counts = json.loads(traffic.communicate(timeout=30)[0])
    growth = memory[-1] - memory[RELOADS // 4]
    print(f"{RELOADS} reloads: {counts}, {memory[0]} KiB at first, {growth} KiB more in the last three quarters", flush=True)
    assert not counts["failed"] and counts["asked"] > RELOADS and counts["opened"] > 20, counts
    assert growth < 2048, memory
    assert len(bench.servers()) == 2 and not bench.servers(5673)


def main(test):
    bench = Bench(test)
    for step in (a_server_goes_and_comes, settings_change, refusals, a_service_comes_and_goes, many_reloads):
        print(step.__name__, flush=True)
        step(bench)
    bench.warren.terminate()
    assert bench.warren.wait(10) == 0


if __name__ == "__main__":
    Test.main(main)
