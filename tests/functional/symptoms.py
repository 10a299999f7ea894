#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What docs/troubleshooting.md shows is what the programs say: each incident is made to happen, and the lines of its section
are looked for, whatever stands where they have addresses, numbers and times.

    symptoms.py BUILD
"""
import re
import signal

from harness import REPOSITORY, Test, wait_until

VIP = "192.168.8.100"
PAGE = REPOSITORY / "docs/troubleshooting.md"
CONFIG = """vrrp_instance rabbit {{
    interface eth0
    virtual_router_id 51
    priority {priority}
    advert_int 1
    authentication {{
        auth_type PASS
        auth_pass {password}
    }}
    virtual_ipaddress {{
        192.168.8.100/24
    }}
}}
virtual_server 192.168.8.100 5672 {{
    delay_loop 0.2
    lb_algo wlc
    lb_kind {kind}
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
flow_sync {{
    local {local}
    peer {peer}
    key_file {key}
}}
"""
VALUE = re.compile(r"\d+ [mu]s\b|\S*\d\S*|(?<!\S)-(?!\S)")


def sections():
    """Heading -> the lines that it shows, as patterns."""
    parts = re.split(r"^## (.+)$", PAGE.read_text(), flags=re.M)
    return {heading: [pattern(line) for line in re.findall(r"^    (?!warrenctl (?:show|support|-)|  )(.*)$", text, re.M)]
            for heading, text in zip(parts[1::2], parts[2::2])}


def pattern(line):
    pieces = VALUE.split(line)
    return r"\S+(?: [mu]s)?".join(r"\s+".join(re.escape(word) for word in re.split(r"\s+", piece)) for piece in pieces)


class Bench:
    def __init__(self, test):
        self.test, self.shown, self.seen = test, sections(), set()
        self.hosts = {name: test.network.add_host(name, f"192.168.8.{number}/24")
                      for name, number in (("a", 4), ("b", 5), ("one", 11), ("two", 12), ("client", 50))}
        self.key = test.folder / "sync.key"
        self.key.write_text("0123456789abcdef" * 4 + "\n", encoding="utf-8")
        self.key.chmod(0o600)

    def config(self, name, **values):
        mine, other = ("192.168.8.4", "192.168.8.5") if name == "a" else ("192.168.8.5", "192.168.8.4")
        usual = {"priority": 100 if name == "a" else 90, "password": "one", "kind": "FNAT", "check": "TCP_CHECK",
                 "flows": 64, "local": mine, "peer": other, "key": self.key}
        return CONFIG.format(**{**usual, **values})

    def start(self, name, **values):
        return self.test.start_warren(self.hosts[name], self.config(name, **values))

    def rewrite(self, name, **values):
        (self.test.folder / f"{name}.conf").write_text(self.config(name, **values), encoding="utf-8")

    def says(self, name, *words):
        host = self.hosts[name]
        result = host.run(self.test.program("app/warrenctl/warrenctl"), "--instance", host.namespace, *words, check=False)
        return result.stdout + result.stderr

    def rows(self, name, *words):
        return self.test.ctl(self.hosts[name], *words)

    def expect(self, heading, name, *words, patience=10):
        """All lines of a section that have not been seen: one of them at least is in that answer, soon."""
        def found():
            said = self.says(name, *words)
            return {line for line in self.shown[heading] if re.search(line, said)} - self.seen
        wait_until(f"a line of “{heading}” in {' '.join(words)}", found, patience)
        self.seen |= found()


def connect(bench, times=1):
    program = ("import socket, sys\nheld = []\nfor _ in range(int(sys.argv[1])):\n    try:\n"
               f"        held.append(socket.create_connection(('{VIP}', 5672), 5))\n    except OSError:\n        pass\n")
    bench.hosts["client"].run("/usr/bin/python3", "-c", program, str(times))


def causes(bench):
    return {row["cause"] for row in bench.rows("a", "ended")}


def refusals(bench, name):
    return sum(row["total"] for row in bench.rows("a", "show", "counters") if row["group"] == "refusal" and row["name"] == name)


def start_servers(bench):
    for name in ("one", "two"):
        bench.test.start_name_echo(bench.hosts[name], name, log=f"{name}-server.log")
    wait_until("servers", lambda: all(row["state"] == "up" for row in bench.rows("a", "show", "servers")), 15)


def full_table(bench):
    start_servers(bench)
    connect(bench, 90)
    wait_until("refusals", lambda: "table_full" in causes(bench), 10)
    assert refusals(bench, "flow_table_full") > 0


def dead_servers(bench):
    for name in ("one", "two"):
        bench.hosts[name].kill_all()
    wait_until("both to be down", lambda: all(row["state"] == "down" for row in bench.rows("a", "show", "servers")), 10)
    heading = "Clients are refused at once"
    bench.expect(heading, "a", "show", "servers")
    bench.expect(heading, "a", "explain", "192.168.8.50:40000", f"{VIP}:5672")


def refusing_servers(bench):
    bench.rewrite("a", check="PING_CHECK")
    assert "reloaded" in bench.says("a", "reload")
    wait_until("both to be up", lambda: all(row["state"] == "up" for row in bench.rows("a", "show", "servers")), 10)

    def is_refused():
        connect(bench)
        return "refused" in causes(bench)
    wait_until("a refused client", is_refused, 10)


def reloads(bench):
    heading = "A reload changes nothing"
    bench.rewrite("a", kind="FNATT")
    bench.expect(heading, "a", "reload")
    bench.rewrite("a", flows=128)
    bench.expect(heading, "a", "reload")
    bench.rewrite("a")
    assert "reloaded" in bench.says("a", "reload")


def unknown_instance(bench):
    program = bench.test.program("app/warrenctl/warrenctl")
    said = bench.hosts["a"].run(program, "show", "status", check=False).stderr
    line = bench.shown["warrenctl finds no warren"][0]
    assert re.search(line, said), f"{line} is not in: {said}"
    bench.seen.add(line)


def lost_peer(bench):
    heading = "Flow sync does not sync"
    bench.hosts["b"].unplug()
    wait_until("the peer to be away", lambda: "sync_down" in bench.says("a", "show", "status"), 15)
    bench.expect(heading, "a", "show", "sync")
    bench.expect(heading, "a", "handover")
    bench.hosts["b"].plug()


def claimed_address(bench):
    client = bench.hosts["client"]
    client.add_address(f"{VIP}/24")
    client.run("arping", "-c", "2", "-A", "-I", "eth0", VIP, check=False)
    bench.expect("Somebody else has the virtual address", "a", "events", "vrrp")
    client.run("ip", "address", "delete", f"{VIP}/24", "dev", "eth0")


def two_masters(bench, standby):
    standby.send_signal(signal.SIGTERM)
    standby.wait(15)
    bench.start("b", password="other")
    wait_until("two masters", lambda: all(bench.rows(name, "show", "status")["masters"] == 1 for name in "ab"), 15)
    bench.expect("Two masters", "a", "events", "vrrp")


def main(test):
    bench = Bench(test)
    bench.start("a")
    standby = bench.start("b")
    wait_until("mastership", lambda: bench.rows("a", "show", "status")["masters"] == 1, 15)
    start_servers(bench)
    for incident in (dead_servers, refusing_servers, reloads, unknown_instance, lost_peer, claimed_address, full_table):
        incident(bench)
        print(f"ok: {incident.__name__}", flush=True)
    two_masters(bench, standby)
    unseen = {line for lines in bench.shown.values() for line in lines} - bench.seen
    assert not unseen, f"nobody has said: {unseen}"


if __name__ == "__main__":
    Test.main(main)
