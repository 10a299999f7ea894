#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Every connection that a client loses has its cause in one command: takeovers without flow sync, a server that is killed or
taken out, an order. Clients hold connections, something happens, and `warrenctl why` is asked of each that is gone.

    why.py BUILD
"""
import re
import signal

from harness import Test, rows_of, wait_until

VIP = "192.168.8.100"
CLIENT = "192.168.8.50"
HELD = 5
CONFIG = """vrrp_instance rabbit {{
    interface eth0
    virtual_router_id 51
    priority {priority}
    advert_int 0.2
    virtual_ipaddress {{
        192.168.8.100/24
    }}
}}
virtual_server 192.168.8.100 5672 {{
    delay_loop 0.2
    lb_algo rr
    lb_kind FNAT
    protocol TCP
{servers}}}
dataplane {{
    flows 256
}}
"""
SERVER = "    real_server {} 5672 {{\n        TCP_CHECK {{\n            connect_timeout 1\n        }}\n    }}\n"
HOLD = """
import select, socket, sys, time
held = []
while len(held) < int(sys.argv[1]):
    try:
        held.append(socket.create_connection(('192.168.8.100', 5672), 3))
    except OSError:
        time.sleep(0.1)
print('held', *(s.getsockname()[1] for s in held), flush=True)
while held:
    time.sleep(0.1)
    for s in list(held):
        try:
            s.send(b'x')
            if select.select([s], [], [], 0)[0] and not s.recv(4096):
                raise OSError
        except OSError:
            print('lost', s.getsockname()[1] if s.fileno() >= 0 else 0, flush=True)
            held.remove(s)
"""


class Bench:
    def __init__(self, test):
        self.test, self.holders = test, 0
        self.hosts = {name: test.network.add_host(name, f"192.168.8.{number}/24")
                      for name, number in (("a", 4), ("b", 5), ("one", 11), ("two", 12), ("client", 50))}

    def start(self, name, servers=("192.168.8.11", "192.168.8.12")):
        config = CONFIG.format(priority=100 if name == "a" else 90, servers="".join(SERVER.format(s) for s in servers))
        return self.test.start_warren(self.hosts[name], config)

    def start_server(self, name):
        return self.test.start_name_echo(self.hosts[name], name)

    def says(self, name, *words):
        host = self.hosts[name]
        result = host.run(self.test.program("app/warrenctl/warrenctl"), "--instance", host.namespace, *words, check=False)
        return result.returncode, result.stdout + result.stderr

    def rows(self, name, *words):
        return self.test.ctl(self.hosts[name], *words)

    def is_master(self, name):
        return self.rows(name, "show", "status")["masters"] == 1

    def wait_for_master(self, name, servers=2):
        wait_until(f"{name} to be master", lambda: self.is_master(name), 15)
        wait_until("servers", lambda: self.rows(name, "show", "status")["servers_up"] == servers, 15)

    def hold(self):
        """Connections that speak; returns their ports and the log that says which are lost."""
        self.holders += 1
        log = f"hold-{self.holders}.log"
        self.test.start(self.hosts["client"], "/usr/bin/python3", "-c", HOLD, str(HELD), log=log)
        wait_until("connections", lambda: "held" in self.test.log(log), 15)
        return re.search(r"held (.*)", self.test.log(log))[1].split(), log

    def wait_for_loss(self, log, count=HELD):
        wait_until(f"{count} connections to be lost", lambda: self.test.log(log).count("lost") >= count, 15)

    def expect(self, name, ports, cause, *words, because=None):
        """`why` names the cause of each of them, in words and as JSON; and that of what happened to its server."""
        for port in ports:
            client = f"{CLIENT}:{port}"

            def is_named():
                status, said = self.says(name, "why", client)
                plain = " ".join(said.split())
                return status == 0 and all(re.search(word, plain) for word in words)
            wait_until(f"why {client} on {name} to say {words}", is_named, 5)
            rows = rows_of(self.says(name, "--json", "why", client)[1], "why")
            assert cause in {row["end"]["cause"] for row in rows if "end" in row}, rows
            if because:
                assert because in {event.get("cause") for row in rows if "end" in row for event in row["events"]}, rows


def preemption(bench):
    """The stronger one comes and takes the address, and the connections with it."""
    bench.start("b")
    bench.wait_for_master("b")
    ports, log = bench.hold()
    a = bench.start("a")
    bench.wait_for_master("a")
    bench.wait_for_loss(log)
    bench.expect("a", ports, "takeover", "RST sent: no flow here", "rabbit became master .* before",
                 r"its priority is above that of 192\.168\.8\.5", r"was 192\.168\.8\.5's, gone with it")
    bench.expect("b", ports, "moved", "rabbit is no longer master here", r"192\.168\.8\.4 has the higher priority")
    assert f"{HELD} connections were open when it ceased to be master" in bench.says("b", "events", "vrrp")[1]
    return a


def graceful_stop(bench, a):
    ports, log = bench.hold()
    a.send_signal(signal.SIGTERM)
    a.wait(15)
    bench.wait_for_loss(log)
    bench.expect("b", ports, "takeover", r"192\.168\.8\.4 said good-bye", r"was 192\.168\.8\.4's, gone with it")


def crash(bench):
    """The master comes back and takes over; then it is gone without a word."""
    ports, log = bench.hold()
    a = bench.start("a")
    bench.wait_for_master("a")
    bench.wait_for_loss(log)
    bench.expect("a", ports, "takeover", "its priority is above")
    ports, log = bench.hold()
    a.kill()
    a.wait(15)
    bench.wait_for_loss(log)
    bench.expect("b", ports, "takeover", "nobody was heard for", r"was 192\.168\.8\.4's")


def order(bench):
    """Each server's connections by an order; the client is back, and why says where."""
    ports, log = bench.hold()
    for server in ("192.168.8.11:5672", "192.168.8.12:5672"):
        bench.says("b", "reset", server)
    bench.wait_for_loss(log)
    again, log = bench.hold()
    bench.expect("b", ports, "reset", "reset by the operator", "it was back after")
    assert {row["cause"] for row in bench.rows("b", "ended", "cause", "admin", "--since", "1m")} == {"reset"}
    bench.says("b", "disable", "192.168.8.11:5672")
    wait_until("some to be lost", lambda: "lost" in bench.test.log(log), 15)
    lost = [row["client"].split(":")[1] for row in bench.rows("b", "ended", "cause", "disabled")]
    assert lost and set(lost) <= set(again), lost
    bench.expect("b", lost, "disabled", "the server is disabled", r"server 192\.168\.8\.11:5672 .* is down", because="operator")
    bench.says("b", "enable", "192.168.8.11:5672")


def dead_server(bench):
    bench.wait_for_master("b")
    ports, log = bench.hold()
    bench.hosts["two"].unplug()
    wait_until("its clients to be reset", lambda: "lost" in bench.test.log(log), 15)
    rows = bench.rows("b", "ended", "cause", "server_down", "--since", "20s")
    lost = [row["client"].split(":")[1] for row in rows]
    assert lost and all(row["lasted_ms"] > 0 for row in rows), rows
    bench.expect("b", [port for port in lost if port in ports], "server_down", "RST sent: the server is down",
                 r"server 192\.168\.8\.12:5672 .* is down", because="check")
    bench.hosts["two"].plug()


def lists(bench):
    """What is counted, cut by time and number, and asked wrongly."""
    counts = {row["name"]: row["count"] for row in bench.rows("b", "ended", "--by", "cause")}
    assert counts["takeover"] >= 2 * HELD and counts["moved"] >= HELD, counts
    assert len(bench.rows("b", "ended", "-n", "3")) == 3
    assert len(bench.rows("b", "events", "-n", "2")) == 2
    assert bench.rows("b", "ended", "--until", "1h") == []
    assert all(row["level"] != "info" for row in bench.rows("b", "events", "--level", "warning"))
    assert bench.says("b", "why", "10.1.2.3") == (1, "nothing of 10.1.2.3 has ended here; 0 of its connections are open\n")
    assert "  warren " in bench.says("b", "status")[1].splitlines()[0]
    assert 'show workers takes no more words: "two"' in bench.says("b", "show", "workers", "two")[1]
    for wrong in (["--js", "status"], ["show", "workers", "two"], ["status", "now"], ["why"], ["why", "rabbit"], ["why", CLIENT, "at", "noon"], ["ended", "--since", "noon"], ["ended", "--by", "x"],
                  ["events", "--level", "loud"]):
        assert bench.says("b", *wrong)[0] == 2, wrong


def follow(bench):
    host = bench.hosts["b"]
    for view in ("ended", "events"):
        bench.test.start(host, bench.test.program("app/warrenctl/warrenctl"), "--instance", host.namespace, view, "--follow", "-n", "1",
                         log=f"{view}-follow.log")
        wait_until(f"the first line of {view}", lambda view=view: "TIME" in bench.test.log(f"{view}-follow.log"), 10)
    lines = {view: bench.test.log(f"{view}-follow.log").count("\n") for view in ("ended", "events")}
    _, log = bench.hold()
    for server in ("192.168.8.11:5672", "192.168.8.12:5672"):
        bench.says("b", "reset", server)
    bench.wait_for_loss(log, 1)
    for view in ("ended", "events"):
        wait_until(f"more of {view}", lambda view=view: bench.test.log(f"{view}-follow.log").count("\n") > lines[view], 5)


def main(test):
    bench = Bench(test)
    for name in ("one", "two"):
        bench.start_server(name)
    a = preemption(bench)
    print("ok: preemption", flush=True)
    graceful_stop(bench, a)
    print("ok: graceful_stop", flush=True)
    for case in (crash, order, dead_server, lists, follow):
        case(bench)
        print(f"ok: {case.__name__}", flush=True)


if __name__ == "__main__":
    Test.main(main)
