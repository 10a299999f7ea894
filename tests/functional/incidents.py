#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The incidents that operators meet: each is made to happen, `show status` names its reason within 5 s, with the command that
tells more, and the reason goes again when the trouble is over.

    incidents.py BUILD [INCIDENT]
"""
import re
import signal
import sys
import time

from harness import Test, run_cases, wait_until
from late_wire import late

VIP = "192.168.8.100"
SOON = 5
GONE = 25    # reasons stand for 10 s after the last sign of the trouble; checks and elections take some
CONFIG = """global_defs {{
    vrrp_mcast_group4 {group}
}}
vrrp_instance rabbit {{
    interface eth0
    virtual_router_id 51
    priority {priority}
    advert_int 0.3
    authentication {{
        auth_type PASS
        auth_pass {password}
    }}
    virtual_ipaddress {{
        192.168.8.100/24
    }}
}}
virtual_server 192.168.8.100 5672 {{
    delay_loop 0.3
    lb_algo wlc
    lb_kind FNAT
    protocol TCP
    real_server 192.168.8.11 5672 {{
        {check} {{
        }}
    }}
    real_server 192.168.8.12 5672 {{
        {check} {{
        }}
    }}
}}
dataplane {{
    flows {flows}
}}
"""


class Bench:
    def __init__(self, test):
        self.test, self.running = test, {}
        self.hosts = {name: test.network.add_host(name, f"192.168.8.{number}/24")
                      for name, number in (("a", 4), ("b", 5), ("one", 11), ("two", 12), ("client", 50))}

    def config(self, name, **values):
        usual = {"priority": 100 if name == "a" else 90, "password": "one", "check": "TCP_CHECK", "flows": 64,
                 "group": "224.0.0.18"}
        return CONFIG.format(**{**usual, **values})

    def start(self, name, **values):
        self.running[name] = self.test.start_warren(self.hosts[name], self.config(name, **values))

    def stop(self, name):
        process = self.running.pop(name)
        process.send_signal(signal.SIGTERM)
        process.wait(15)

    def rewrite(self, name, **values):
        (self.test.folder / f"{name}.conf").write_text(self.config(name, **values), encoding="utf-8")

    def says(self, name, *words):
        host = self.hosts[name]
        result = host.run(self.test.program("app/warrenctl/warrenctl"), "--instance", host.namespace, *words, check=False)
        return result.returncode, result.stdout + result.stderr

    def status(self, name):
        return self.test.ctl(self.hosts[name], "show", "status")

    def start_servers(self, *names):
        for name in names:
            self.test.start_name_echo(self.hosts[name], name)

    def connect(self, times=5):
        program = ("import socket, sys\nheld = []\nfor _ in range(int(sys.argv[1])):\n    try:\n"
                   f"        held.append(socket.create_connection(('{VIP}', 5672), 2))\n    except OSError:\n        pass\n")
        self.hosts["client"].run("/usr/bin/python3", "-c", program, str(times))

    def lines(self, name):
        return re.findall(r"^ ! (.*)$", self.says(name, "show", "status")[1], re.M)

    def names(self, name, pattern, look, nudge=None):
        """The line comes within 5 s; `nudge` keeps the trouble going. Its command works, and the whole is no longer OK."""
        def stands():
            if nudge:
                nudge()
            return [line for line in self.lines(name) if re.search(pattern, line)]
        line = wait_until(f"{name} to say {pattern}", stands, SOON)[0]
        command = re.search(r"-> warrenctl (.*)$", line)
        assert command and command[1] == look, line
        status, said = self.says(name, *look.split())
        assert status == 0 and said.strip(), (look, said)
        assert self.status(name)["verdict"] in ("degraded", "down")

    def is_over(self, name, pattern, patience=GONE):
        wait_until(f"{name} to say {pattern} no more", lambda: not [s for s in self.lines(name) if re.search(pattern, s)], patience)

    def is_calm(self, name):
        wait_until(f"{name} to be OK", lambda: self.status(name)["verdict"] == "ok", GONE)


def node_down(bench):
    bench.hosts["two"].kill_all()
    said = r"192\.168\.8\.12:5672 is down: Connection refused"
    bench.names("a", said, "show servers")
    bench.start_servers("two")
    bench.is_over("a", said)


def node_slow(bench):
    """Weights follow a mean, so this reason takes longer. One event says when it begins."""
    said = r"192\.168\.8\.12:5672 has \d+ % of its weight for its health"
    with late(bench.test, bench.hosts["two"], 120):
        wait_until("the slow node", lambda: [s for s in bench.lines("a") if re.search(said, s)], 3 * SOON)
        events = re.findall(r"192\.168\.8\.12:5672 of \S+ is slow: \d+ % of its weight", bench.says("a", "events", "server")[1])
        assert len(events) == 1, f"told {len(events)} times"
        slow = next(row for row in bench.test.ctl(bench.hosts["a"], "show", "servers") if row["server"].startswith("192.168.8.12:"))
        assert slow["check_us"] > 200_000, slow
    bench.is_over("a", said, 2 * GONE)
    wait_until("its end in the events", lambda: "is no longer slow" in bench.says("a", "events", "server")[1], GONE)


def wrong_password(bench):
    bench.start("b", password="other")
    said = r"rabbit: 192\.168\.8\.5 also says it is master, and is refused: its password differs"
    bench.names("a", said, "show vrrp")
    assert bench.status("a")["verdict"] == "down"
    bench.stop("b")
    bench.is_over("a", said)


def split_brain(bench):
    """Neither hears what the other says to its own group, so both are masters; the other's ARP tells."""
    bench.start("b", group="224.0.0.99")
    wait_until("b to be master", lambda: bench.status("b")["masters"] == 1, 10)
    said = r"rabbit: 192\.168\.8\.5 also says it is master|192\.168\.8\.100 is claimed by"
    wait_until("a to say so", lambda: [s for s in bench.lines("a") if re.search(said, s)], SOON)
    bench.stop("b")
    bench.is_over("a", said)


def claimed_address(bench):
    client = bench.hosts["client"]
    client.add_address(f"{VIP}/24")
    said = rf"{re.escape(VIP)} is claimed by (\S+) too"
    try:
        bench.names("a", said, "events conflict",
                    lambda: client.run("arping", "-c", "1", "-A", "-I", "eth0", VIP, check=False))
    finally:
        client.run("ip", "address", "delete", f"{VIP}/24", "dev", "eth0")
    bench.is_over("a", said)


def typo(bench):
    """The reload says no, and why; the status only that."""
    bench.rewrite("a", check="TCP_CHEK")
    status, said = bench.says("a", "reload")
    assert status == 1 and "TCP_CHECK" in said and "a.conf:" in said, said
    bench.rewrite("a")
    assert bench.says("a", "reload")[0] == 0


def backend_refuses(bench):
    bench.rewrite("a", check="PING_CHECK")
    assert bench.says("a", "reload")[0] == 0
    for name in ("one", "two"):
        bench.hosts[name].kill_all()
    wait_until("both to be up", lambda: bench.status("a")["servers_up"] == 2, 10)
    said = rf"{re.escape(VIP)}:5672 refuses clients: servers answer with RST though their checks pass; \d+ in 10 s"
    bench.names("a", said, "ended cause refused", bench.connect)
    assert bench.status("a")["verdict"] == "down"
    assert [s for s in bench.lines("a") if "is up and refuses connections" in s]
    assert "refused !" in bench.says("a", "show", "services")[1]
    wait_until("an event", lambda: "refuses clients: servers answer with RST" in bench.says("a", "events", "server")[1], SOON)
    bench.rewrite("a")
    bench.start_servers("one", "two")
    assert bench.says("a", "reload")[0] == 0
    bench.is_over("a", said)
    wait_until("its end in the events", lambda: "no more;" in bench.says("a", "events", "server")[1], SOON)


def table_full(bench):
    said = rf"{re.escape(VIP)}:5672 refuses clients: the flow table is full \(dataplane {{ flows }}\); \d+ in 10 s"
    host, program = bench.hosts["client"], ("import socket, sys, time\nheld = []\nwhile True:\n    try:\n"
                                            f"        held.append(socket.create_connection(('{VIP}', 5672), 2))\n"
                                            "    except OSError:\n        time.sleep(0.05)\n")
    holder = bench.test.start(host, "/usr/bin/python3", "-c", program, log="holder.log")
    bench.names("a", said, "ended cause table_full")
    assert [s for s in bench.lines("a") if "the flow table of worker 0 is" in s]
    assert "its flow table is full" in bench.says("a", "explain", "192.168.8.50:40000")[1]
    holder.kill()
    bench.is_over("a", said)
    bench.is_over("a", "the flow table of worker")


def disconnected(bench):
    """At some time this morning: why says it (tests/functional/why.py has all causes)."""
    program = ("import socket, sys, time\nheld = []\nwhile not held:\n    try:\n"
               f"        held.append(socket.create_connection(('{VIP}', 5672), 2))\n"
               "    except OSError:\n        time.sleep(0.1)\nprint('held', flush=True)\nheld[0].recv(1)\n")
    bench.test.start(bench.hosts["client"], "/usr/bin/python3", "-c", program, log="cut.log")
    wait_until("a connection", lambda: "held" in bench.test.log("cut.log"), 10)
    for server in ("192.168.8.11:5672", "192.168.8.12:5672"):
        bench.says("a", "reset", server)
    now = time.strftime("%H:%M")
    wait_until("why", lambda: "RST sent: reset by the operator" in " ".join(bench.says("a", "why", "192.168.8.50", "at", now)[1].split()), SOON)


def link_flap(bench):
    bench.hosts["a"].unplug()
    said = "rabbit is in fault: its link is down"
    bench.names("a", said, "show vrrp")
    bench.hosts["a"].plug()
    bench.is_over("a", said)
    assert bench.says("a", "events", "link")[1].count("link down") >= 1


def reload_refused(bench):
    """Port exhaustion needs 64,511 connections: tests/unit/verdict has it, tests/datapath the refusal itself."""
    bench.rewrite("a", flows=128)
    status, said = bench.says("a", "reload")
    assert status == 1 and "dataplane has changed (flows 64 -> 128)" in said, said
    bench.names("a", "the last reload was refused", "events config")
    bench.rewrite("a")
    assert bench.says("a", "reload")[0] == 0
    bench.is_over("a", "the last reload was refused")


INCIDENTS = {incident.__name__: incident for incident in (
    node_slow, table_full, backend_refuses, node_down, wrong_password, split_brain, claimed_address, typo, disconnected, link_flap,
    reload_refused)}    # the longest first


def run(incident, test):
    bench = Bench(test)
    bench.start_servers("one", "two")
    bench.start("a")
    wait_until("mastership", lambda: bench.status("a")["masters"] == 1, 15)
    wait_until("servers", lambda: bench.status("a")["servers_up"] == 2, 15)
    bench.is_calm("a")
    incident(bench)
    bench.is_calm("a")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        run_cases(INCIDENTS, at_once=3)
    Test.main(lambda test: run(INCIDENTS[sys.argv[2]], test))
