#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Who serves: quorum with its scripts, sorry_server, persistence, uthreshold, and what `warrenctl explain` says of it.

    server_choice.py BUILD-DIR
"""

import os
import signal

from harness import Test, wait_until

VIP = "192.168.8.100"
CONFIG = """global_defs {{
    script_user root
}}
dataplane {{
    workers 2
}}
vrrp_instance VI_1 {{
    interface eth0
    virtual_router_id 51
    priority 255
    advert_int 1
    virtual_ipaddress {{
        192.168.8.100/24
    }}
}}
virtual_server 192.168.8.100 5672 {{
    delay_loop 0.1
    lb_algo rr
    lb_kind FNAT
    protocol TCP
    omega
    quorum 2
    quorum_up "{script} up"
    quorum_down "{script} down"
    sorry_server 192.168.8.13 5672
    {server_one}
    {server_two}
}}
virtual_server 192.168.8.100 5673 {{
    lb_algo rr
    lb_kind FNAT
    protocol TCP
    persistence_timeout 60
    persistence_granularity 255.255.255.0
    {server_one}
    {server_two}
}}
virtual_server 192.168.8.100 5674 {{
    lb_algo rr
    lb_kind FNAT
    protocol TCP
    real_server 192.168.8.11 5672 {{
        uthreshold 2
        TCP_CHECK {{
            connect_timeout 1
        }}
    }}
}}
"""
SERVER_BLOCK = """real_server 192.168.8.{number} 5672 {{
        delay_loop 0.1
        delay_before_retry 0.1
        notify_down "{script} server-{number}-down"
        TCP_CHECK {{
            connect_timeout 1
        }}
    }}"""
# N connections held together: who serves each ("-" refused), and the last one's own port.
CLIENT = """
import socket, sys
held, said = [], []
for _ in range(int(sys.argv[2])):
    c = socket.socket()
    c.settimeout(5)
    held.append(c)
    try:
        c.connect(("192.168.8.100", int(sys.argv[1])))
        c.sendall(b"hello")
        said.append(c.recv(100).decode().split()[0])
    except ConnectionError:
        said.append("-")
print(" ".join(said), flush=True)
print(held[-1].getsockname()[1], flush=True)
if len(sys.argv) > 3: sys.stdin.read()
"""


class Bench:
    def __init__(self, test):
        self.test = test
        self.host = test.network.add_host("warren", "192.168.8.4/24")
        self.clients = [test.network.add_host(f"client{n}", f"192.168.8.{n}/24") for n in (50, 51)]
        self.servers = {name: test.network.add_host(name, f"192.168.8.{number}/24")
                        for name, number in (("one", 11), ("two", 12), ("sorry", 13))}
        self.running = {name: self.start_server(name) for name in self.servers}
        self.heard = test.folder / "heard"
        script = test.folder / "script"
        script.write_text(f"#!/bin/sh\necho \"$@\" >>{self.heard}\n", encoding="utf-8")
        script.chmod(0o700)
        blocks = {f"server_{name}": SERVER_BLOCK.format(number=number, script=script)
                  for name, number in (("one", 11), ("two", 12))}
        self.warren = test.start_warren(self.host, CONFIG.format(script=script, **blocks))

    def start_server(self, name):
        return self.test.start_name_echo(self.servers[name], name)

    def stop_server(self, name):
        self.running[name].kill()
        self.running[name].wait()

    def ctl(self, *words):
        return self.test.ctl(self.host, *words)

    def ask(self, port, connections, client=0):
        result = self.clients[client].run("/usr/bin/python3", "-c", CLIENT, str(port), str(connections), timeout=30)
        return result.stdout.splitlines()[0].split()

    def hold(self, port, connections):
        """The process that holds them until its input ends, the servers' names and the last connection's own port."""
        holder = self.clients[0].popen("/usr/bin/python3", "-c", CLIENT, str(port), str(connections), "hold", stdin=-1, stdout=-1,
                                       text=True)
        return holder, holder.stdout.readline().split(), holder.stdout.readline().strip()

    def service(self, port):
        return next(row for row in self.ctl("show", "services") if row["service"].endswith(f":{port}"))

    def scripts(self):
        return self.heard.read_text(encoding="utf-8").split() if self.heard.exists() else []


def quorum_and_sorry_server(bench):
    wait_until("quorum_up at the start", lambda: bench.scripts() == ["up"], 5)
    wait_until("both servers", lambda: set(bench.ask(5672, 4)) == {"one", "two"}, 10)
    states = {row["server"]: row["state"] for row in bench.ctl("show", "servers") if row["service"].endswith(":5672")}
    assert states["192.168.8.13:5672"] == "standby", states

    bench.stop_server("one")
    wait_until("the quorum to be lost", lambda: bench.service(5672)["quorum"] == "down", 10)
    assert bench.ask(5672, 3) == ["sorry"] * 3
    # Both services of the server tell of it; the quorum's script comes after its server's.
    wait_until("quorum_down", lambda: "down" in bench.scripts(), 5)
    heard = bench.scripts()
    assert heard.index("server-11-down") < heard.index("down"), heard
    why = bench.ctl("explain", "192.168.8.50:4000", f"{VIP}:5672")
    assert why["server"] == "192.168.8.13:5672", why
    against = {row["server"]: row["against"] for row in why["servers"]}
    assert against["192.168.8.12:5672"] == "takes no new flows: quorum lost", against
    assert against["192.168.8.11:5672"].startswith("down: "), against

    bench.running["one"] = bench.start_server("one")
    wait_until("the quorum to be back", lambda: bench.service(5672)["quorum"] == "up", 10)
    assert set(bench.ask(5672, 4)) == {"one", "two"}
    wait_until("quorum_up again", lambda: bench.scripts().count("up") == 2, 5)
    back = f"server 192.168.8.11:5672 of {VIP}:5672 is up: check passed"
    assert back in bench.test.log("warren.log"), "a server that ends an outage is told of as one that takes no new flows"


def persistence(bench):
    first = bench.ask(5673, 8)
    assert len(set(first)) == 1, first
    assert set(bench.ask(5673, 8, client=1)) == set(first), "both clients are of one /24"
    why = bench.ctl("explain", "192.168.8.77:1234", f"{VIP}:5673")
    assert "persistence" in why["answer"], why


def threshold_and_flow(bench):
    holder, servers, port = bench.hold(5674, 2)
    assert servers == ["one", "one"]
    assert bench.ask(5674, 1) == ["-"], "two is all it may have"
    why = bench.ctl("explain", f"192.168.8.50:{port}", f"{VIP}:5674")
    assert why["flow"]["state"] == "established" and why["server"] == "192.168.8.11:5672", why
    full = bench.ctl("explain", "192.168.8.50:1", f"{VIP}:5674")
    assert full["server"] is None and full["servers"][0]["against"] == "full: 2 flows, uthreshold 2", full
    holder.communicate()
    wait_until("room again", lambda: bench.ask(5674, 1) == ["one"], 10)


def drains_and_keeps(bench):
    """Who is led there already comes back to a server that takes nobody else, until the operator disables it."""
    addresses = {"one": "192.168.8.11:5672", "two": "192.168.8.12:5672"}
    kept = bench.ask(5673, 1)[0]
    other = next(name for name in addresses if name != kept)
    service = f"{VIP}:5673"
    for order, back in ((("drain",), ("enable",)), (("weight", "0"), ("weight", "default"))):
        bench.ctl(order[0], addresses[kept], *order[1:], service)
        assert bench.ask(5673, 4) == [kept] * 4, order
        new = [bench.ctl("explain", f"192.168.9.{n}:1234", service)["server"] for n in range(1, 5)]
        assert new == [addresses[other]] * 4, new
        bench.ctl(back[0], addresses[kept], *back[1:], service)
    bench.ctl("disable", addresses[kept], service)
    assert bench.ask(5673, 4) == [other] * 4
    bench.ctl("enable", addresses[kept], service)


def orders(bench):
    def states():
        return {row["service"][-4:]: row["state"] for row in bench.ctl("show", "servers") if row["server"] == "192.168.8.12:5672"}

    assert bench.ctl("drain", "192.168.8.12:5672", f"{VIP}:5673")[0]["changed"]
    assert states() == {"5672": "up", "5673": "maint"}, states()
    holder, servers, _ = bench.hold(5672, 3)    # rr is each worker's own: of three, two are one worker's
    assert set(servers) == {"one", "two"}, servers
    rows = bench.ctl("disable", "192.168.8.12:5672")
    assert len(rows) == 2 and set(states().values()) == {"maint"}, rows
    wait_until("the end of its flow", lambda: {row["server"] for row in bench.ctl("ended", "cause", "admin")} ==
               {"192.168.8.12:5672"}, 5)
    holder.communicate()
    bench.ctl("enable", "192.168.8.12:5672")
    assert set(states().values()) == {"up"}
    wait_until("both servers again", lambda: set(bench.ask(5672, 4)) == {"one", "two"}, 5)


def wrong_questions(bench):
    for words, status, text in ((["nonsense"], 2, '"nonsense" is no address'), (["192.168.8.50:1"], 2, "which service"),
                                (["[fd00::1]:1", f"{VIP}:5672"], 2, "different families")):
        result = bench.host.run(bench.test.program("app/warrenctl/warrenctl"), "--instance", bench.host.namespace, "explain",
                                *words, check=False)
        assert result.returncode == status and text in result.stderr, result


def removed(bench):
    """Of what a reload takes out the scripts run, with and without omega."""
    file, before = bench.test.folder / "warren.conf", bench.scripts()
    head, second, third = file.read_text(encoding="utf-8").partition(f"virtual_server {VIP} 5673")
    file.write_text(head + "virtual_server" + (second + third).split("virtual_server")[2], encoding="utf-8")
    os.kill(bench.warren.pid, signal.SIGHUP)
    wait_until("the scripts of its servers", lambda: len(bench.scripts()) == len(before) + 2, 5)
    assert sorted(bench.scripts()[-2:]) == ["server-11-down", "server-12-down"], bench.scripts()


def omega(bench):
    bench.warren.terminate()
    bench.warren.wait(10)
    heard = bench.scripts()
    assert heard[-3:] == ["server-11-down", "server-12-down", "down"], heard


def main(test):
    bench = Bench(test)
    for step in (quorum_and_sorry_server, persistence, threshold_and_flow, drains_and_keeps, orders, wrong_questions, removed, omega):
        print(step.__name__, flush=True)
        step(bench)


if __name__ == "__main__":
    Test.main(main)
