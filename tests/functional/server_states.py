#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""How servers come and go: warmup of checks, slow start, tiers, drains and their timeout, orders over a reload, rebalancing, flap
damping, a port that refuses while its connections live, how soon clients of a server that is cut off or killed know, and that nobody
goes when all are cut off at once, nor when they come back one by one, nor for a crowd that a server has no room for.

    server_states.py BUILD-DIR
"""

import json
import os
import signal
import socket
import threading
import time

from harness import Test, wait_until
from lan import socket_in

VIP = "192.168.8.100"
CONFIG = """dataplane {{
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
    lb_algo wlc
    lb_kind FNAT
    protocol TCP
    slow_start 4
    drain_timeout {drain_timeout}
    {one}
    {two}
}}
virtual_server 192.168.8.100 5673 {{
    lb_algo wlc
    lb_kind FNAT
    protocol TCP
    {one_small}
    {two_later}
}}
virtual_server 192.168.8.100 5674 {{
    {profile}
    rebalance {{
        rate 20
        threshold 10
    }}
    {one_plain}
    {two_plain}
}}
"""
SERVER = """real_server 192.168.8.{number} 5672 {{
        {more}
        delay_loop 0.1
        delay_before_retry 0.1
        TCP_CHECK {{
            connect_timeout 0.1
        }}
    }}"""
PAGES = """virtual_server 192.168.8.100 5676 {
    lb_kind FNAT
    real_server 192.168.8.11 5672 {
        delay_loop 0.1
        delay_before_retry 0.1
        retry 3
        HTTP_GET {
            connect_timeout 0.5
            url {
                path /
                status_code 200
            }
        }
    }
}
"""
# What `profile rabbitmq` stands for must do.
PROFILE = "lb_algo wlc\nlb_kind FNAT\nprotocol TCP\ndelay_loop 0.2\nconnect_timeout 1\nretry 1\ndelay_before_retry 0.2"
PLAIN_SERVER = """real_server 192.168.8.{number} 5672 {{
        TCP_CHECK {{
        }}
    }}"""
# Answers what it is sent; with SIGUSR1 its port refuses and its connections live on.
POLITE_SERVER = """
import asyncio, signal

async def serve(reader, writer):
    while data := await reader.read(1000):
        writer.write(data)
    writer.close()

async def main():
    server = await asyncio.start_server(serve, None, 5672)
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, server.close)
    await asyncio.Event().wait()
asyncio.run(main())
"""


WARMUP_S = 3
FIRST_UNHEARD, UNHEARD = 6000, 12     # ports where nobody listens


def warming():
    """A service whose servers all refuse."""
    servers = "".join(f"real_server 192.168.8.11 {FIRST_UNHEARD + i} {{\nTCP_CHECK {{\nretry 0\nwarmup {WARMUP_S}\n}}\n}}\n"
                      for i in range(UNHEARD))
    return f"virtual_server {VIP} 5675 {{\nlb_kind FNAT\ndelay_loop 0.1\n{servers}}}\n"


def config(drain_timeout=2, is_warming=False, more=""):
    return more + (warming() if is_warming else "") + CONFIG.format(profile=PROFILE, drain_timeout=drain_timeout,
                         one=SERVER.format(number=11, more=""), two=SERVER.format(number=12, more=""),
                         one_small=SERVER.format(number=11, more="uthreshold 8"), two_later=SERVER.format(number=12, more="tier 1"),
                         one_plain=PLAIN_SERVER.format(number=11), two_plain=PLAIN_SERVER.format(number=12))


class Clients:
    """Lasting tcp_clients on the client's host; `with` ends them."""

    def __init__(self, bench, port, wanted, *more):
        self.process = bench.client.popen(bench.test.program("tests/functional/tcp_clients"), "lasting", VIP, str(port), str(wanted),
                                          *more, stdin=-1, stdout=-1, text=True)
        self.losses = []
        while "open" not in (line := json.loads(self.process.stdout.readline())):
            self.losses.append(line["lost"])

    def wait_for_losses(self, count):
        while len(self.losses) < count:
            self.losses.append(json.loads(self.process.stdout.readline())["lost"])
        return self.losses

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.communicate()


class Bench:
    def __init__(self, test):
        self.test = test
        self.warren_host = test.network.add_host("warren", "192.168.8.4/24")
        self.client = test.network.add_host("client", "192.168.8.50/24")
        self.hosts = {name: test.network.add_host(name, f"192.168.8.{number}/24") for name, number in (("one", 11), ("two", 12))}
        self.running = {name: self.start(name) for name in self.hosts}
        self.warren = test.start_warren(self.warren_host, config())
        for port in (5672, 5673, 5674):
            self.wait_for_states(port, "up", "up")

    def start(self, name, polite=False):
        if polite:
            return self.test.start(self.hosts[name], "/usr/bin/python3", "-c", POLITE_SERVER, log=f"{name}.log")
        return self.test.start_name_echo(self.hosts[name], name)

    def stop(self, name):
        self.running[name].kill()
        self.running[name].wait()

    def ctl(self, *words):
        return self.test.ctl(self.warren_host, *words)

    def rows(self, port):
        return {row["server"][10:12]: row for row in self.ctl("show", "servers") if row["service"] == f"{VIP}:{port}"}

    def row(self, port, number):
        return self.rows(port)[number]

    def wait_for_states(self, port, one, two, seconds=10):
        wait_until(f"servers {one} and {two} at {port}",
                   lambda: [self.row(port, n)["state"] for n in ("11", "12")] == [one, two], seconds)

    def reload(self, **changes):
        self.test.folder.joinpath("warren.conf").write_text(config(**changes), encoding="utf-8")
        assert self.ctl("reload")[-1], "the reload has its outcome"

    def events(self, part):
        return [row["text"] for row in self.ctl("events") if part in row["text"]]


def rows_say_all(bench):
    row = bench.row(5672, "11")
    assert row["state"] == "up" and row["since"] and row["reason"], row
    assert row["weight"] == 1 and row["effective_weight"] == 1, row
    assert set(row["factors"]) == {"handshake", "confirm", "memory", "syns", "stalls", "connections", "checks", "slow_start"}, row
    assert row["node"] is None and row["drain"] is None, row
    command = f"{bench.test.program('app/warrenctl/warrenctl')} --instance {bench.warren_host.namespace} show servers"
    piped = bench.warren_host.run(*command.split()).stdout
    shown = bench.warren_host.run("script", "-qec", f"stty cols 80 && TERM=dumb {command}", "/dev/null").stdout
    assert "HANDSHAKE" in piped and max(map(len, piped.splitlines())) > 80, piped
    assert "SERVER" in shown and max(map(len, shown.splitlines())) <= 80, f"on a terminal of 80 columns: {shown}"


def warmup(bench):
    """Each server's first check comes at a random time within it."""
    began = time.monotonic()
    bench.reload(is_warming=True)
    down = {}
    while len(down) < UNHEARD and time.monotonic() < began + WARMUP_S + 5:
        for row in bench.ctl("show", "servers"):
            if row["service"].endswith(":5675") and row["state"] == "down":
                down.setdefault(row["server"], time.monotonic() - began)
    assert len(down) == UNHEARD, down
    took = sorted(down.values())
    assert took[-1] < WARMUP_S + 2, took
    assert took[-1] - took[0] > 0.3 * WARMUP_S, f"all at once: {took}"     # by chance: one in 50,000
    bench.reload()


def panic_rule(bench):
    """Both are cut off at once: that is doubted, and nobody loses a connection meanwhile. One comes back and keeps its own, the other is
    believed to be gone then, and comes back too: nobody falls a second time.
    """
    def falls():
        return [text for text in bench.events("is down") if ":5674" in text]
    bench.wait_for_states(5674, "up", "up", 20)
    before = falls()
    with Clients(bench, 5674, 8):
        for host in bench.hosts.values():
            host.unplug()
        wait_until("both to fail their check", lambda: all(row["check"] != "ok" for row in bench.rows(5674).values()), 5)
        end = time.monotonic() + 1
        while time.monotonic() < end:    # one of them alone would be down by now: cut_off()
            assert {row["state"] for row in bench.rows(5674).values()} == {"up"}, bench.rows(5674)
        assert sum(row["active"] for row in bench.rows(5674).values()) == 8, bench.rows(5674)
        assert falls() == before, falls()
        bench.hosts["one"].plug()
        wait_until("the one that answers to serve alone", lambda: bench.row(5674, "12")["state"] == "down", 10)
        assert bench.row(5674, "11")["state"] == "up", bench.rows(5674)
        wait_until("all clients there", lambda: bench.row(5674, "11")["active"] == 8, 10)
        bench.hosts["two"].plug()
        bench.wait_for_states(5674, "up", "up")
        assert len(falls()) == len(before) + 1 and "192.168.8.12" in falls()[-1], falls()[len(before):]


def weight_by_order(bench):
    assert all(row["changed"] for row in bench.ctl("weight", "192.168.8.11:5672", "5"))
    assert bench.row(5672, "11")["effective_weight"] == 5
    bench.reload(drain_timeout=3)
    assert bench.row(5672, "11")["weight"] == 5, "orders survive a reload"
    with Clients(bench, 5672, 24):
        active = {number: row["active"] for number, row in bench.rows(5672).items()}
        assert 18 <= active["11"] <= 22, active
    bench.ctl("weight", "192.168.8.11:5672", "default")
    assert bench.row(5672, "11")["weight"] == 1
    assert len(bench.events("weight 5 by the operator")) == 3


def tiers(bench):
    assert bench.row(5673, "12")["waits"] and bench.row(5673, "12")["effective_weight"] == 0
    with Clients(bench, 5673, 6) as clients:
        assert bench.row(5673, "11")["active"] == 6
        bench.stop("one")
        clients.wait_for_losses(6)
        wait_until("the next tier", lambda: bench.row(5673, "12")["active"] == 6, 10)
    wait_until("the other service's check to miss it", lambda: bench.row(5672, "11")["state"] != "up", 10)    # slow_start()
    bench.running["one"] = bench.start("one")
    bench.wait_for_states(5673, "up", "up")
    wait_until("the lower tier again", lambda: bench.row(5673, "12")["waits"], 5)


def full_tier(bench):
    with Clients(bench, 5673, 8):
        wait_until("the next tier to be open", lambda: not bench.row(5673, "12")["waits"], 5)
        with Clients(bench, 5673, 4):
            assert [bench.row(5673, number)["active"] for number in ("11", "12")] == [8, 4]
    wait_until("the lower tier alone", lambda: bench.row(5673, "12")["waits"], 5)


def slow_start(bench):
    row = bench.row(5672, "11")
    assert row["factors"]["slow_start"] < 0.9, row    # it has come back in tiers()
    assert row["effective_weight"] <= row["factors"]["slow_start"] + 0.2, row
    wait_until("its whole weight", lambda: bench.row(5672, "11")["effective_weight"] == 1, 8)


def drain_timeout(bench):
    with Clients(bench, 5672, 8) as clients:
        held = bench.row(5672, "12")["active"]
        assert 2 <= held <= 6, held     # each worker evens out what comes to it
        began = time.monotonic()
        bench.ctl("drain", "192.168.8.12:5672", f"{VIP}:5672")
        wait_until("the drain's first count", lambda: bench.row(5672, "12")["drain"], 2)
        row = bench.row(5672, "12")
        assert row["state"] == "maint" and row["drain"]["flows_left"] == row["drain"]["flows_at_first"] == held, row
        assert 0 < row["drain"]["left_ms"] <= 3000, row
        clients.wait_for_losses(held)
        assert 2.5 < time.monotonic() - began < 6, "drain_timeout 3"
        wait_until("all at the other server", lambda: bench.row(5672, "11")["active"] == 8, 5)
    assert bench.events(f"drain_timeout: the last {held} flows are reset"), bench.events("drain")
    bench.reload(drain_timeout=2)
    assert bench.row(5672, "12")["state"] == "maint", "orders survive a reload"
    bench.ctl("enable", "192.168.8.12:5672")
    wait_until("its whole weight", lambda: bench.row(5672, "12")["effective_weight"] == 1, 8)


def reset_by_order(bench):
    with Clients(bench, 5674, 8) as clients:
        held = bench.row(5674, "11")["active"]
        row = bench.ctl("reset", "192.168.8.11:5672", f"{VIP}:5674")[0]
        assert row["changed"] and row["reason"].startswith(f"{held} connections"), row
        clients.wait_for_losses(held)
        wait_until("they are back", lambda: sum(r["active"] for r in bench.rows(5674).values()) == 8, 5)
        assert bench.row(5674, "11")["state"] == "up"


def rebalance(bench):
    bench.ctl("disable", "192.168.8.12:5672", f"{VIP}:5674")
    with Clients(bench, 5674, 40):
        assert bench.row(5674, "11")["active"] == 40
        bench.ctl("enable", "192.168.8.12:5672", f"{VIP}:5674")
        wait_until("even shares", lambda: bench.row(5674, "12")["active"] >= 18, 15)
        wait_until("its end", lambda: bench.events("evened out"), 5)
    moved = len(bench.ctl("ended", "cause", "rebalance"))
    assert 18 <= moved <= 28, f"{moved} moved: only the surplus"
    print(f"  40 connections on one server, rate 20: {moved} moved", flush=True)
    assert "connections move" in bench.ctl("rebalance", f"{VIP}:5673")[0]["reason"]


def refusing_port(bench):
    bench.stop("two")
    bench.wait_for_states(5672, "up", "down")
    bench.running["two"] = bench.start("two", polite=True)
    bench.wait_for_states(5674, "up", "up")
    with Clients(bench, 5674, 8) as clients:
        wait_until("both have some", lambda: bench.row(5674, "12")["active"] > 1, 5)
        held = bench.row(5674, "12")["active"]
        bench.running["two"].send_signal(signal.SIGUSR1)
        bench.wait_for_states(5674, "up", "draining")
        assert bench.row(5674, "12")["active"] == held and not clients.losses, "its connections live"
    bench.wait_for_states(5674, "up", "down")
    bench.stop("two")
    bench.running["two"] = bench.start("two")
    bench.wait_for_states(5674, "up", "up")


def how_soon(bench, what, end, limit_ms, prepare=lambda: None):
    """Clients of server one alone, after which it is prepared; from the fault until the last of them knows."""
    wait_until("server one in this service too", lambda: bench.row(5674, "11")["state"] == "up", 15)
    bench.ctl("disable", "192.168.8.12:5672", f"{VIP}:5674")
    with Clients(bench, 5674, 20, "once") as clients:
        prepare()
        began = time.time()
        end()
        took = [1000 * (when - began) for when in clients.wait_for_losses(20)]
    print(f"  20 clients of a server that is {what}: the last knows after {max(took):.0f} ms", flush=True)
    assert max(took) < limit_ms, took
    bench.ctl("enable", "192.168.8.12:5672", f"{VIP}:5674")


# The numbers to reach are 300 and 30 ms, with what a check says by default; a busy machine may take longer.
def cut_off(bench):
    how_soon(bench, "cut off", bench.hosts["one"].unplug, 1000)
    bench.wait_for_states(5672, "down", "up")
    bench.hosts["one"].plug()
    bench.wait_for_states(5672, "up", "up", 15)


def killed(bench):
    how_soon(bench, "killed", lambda: bench.stop("one"), 300)
    bench.wait_for_states(5672, "down", "up")
    bench.running["one"] = bench.start("one")
    bench.wait_for_states(5672, "up", "up", 15)


def in_a_crowd(bench, port, question, stands_still_s):
    """What 24 clients hear who come at once while server one stands still."""
    answers = []

    def ask():
        client, _ = socket_in(bench.client.namespace, socket.AF_INET, socket.SOCK_STREAM)
        with client:
            client.settimeout(10)
            try:
                client.connect((VIP, port))
                client.sendall(question)
                answers.append(client.recv(100).decode())
            except OSError as error:
                answers.append(str(error))
    crowd = [threading.Thread(target=ask) for _ in range(24)]
    os.kill(bench.running["one"].pid, signal.SIGSTOP)
    for client in crowd:
        client.start()
    crowd[0].join(stands_still_s)
    os.kill(bench.running["one"].pid, signal.SIGCONT)
    for client in crowd:
        client.join()
    return answers


def full_queue(bench):
    """A crowd comes to a server that stands still for half a second, and whose listener has room for few: its host drops SYNs and
    the first words of connections, as a dead one does."""
    one = bench.hosts["one"]
    bench.stop("one")
    one.run("sh", "-ec", "echo 5 > /proc/sys/net/core/somaxconn")
    bench.running["one"] = bench.start("one")
    bench.wait_for_states(5674, "up", "up", 15)
    bench.ctl("disable", "192.168.8.12:5672", f"{VIP}:5674")
    answers = in_a_crowd(bench, 5674, b"x", 0.5)
    assert answers == ["one x"] * 24, answers
    bench.ctl("enable", "192.168.8.12:5672", f"{VIP}:5674")


def full_queue_of_pages(bench):
    """The same with HTTP_GET, whose page does not come in time while the crowd waits."""
    one = bench.hosts["one"]
    bench.stop("one")
    pages = bench.test.folder / "pages"
    pages.mkdir()
    bench.running["one"] = bench.test.start(one, "/usr/bin/python3", "-m", "http.server", "5672", "--directory", str(pages), log="pages.log")
    bench.reload(more=PAGES)
    wait_until("the pages", lambda: "200" in bench.test.log("pages.log"), 15)    # its check's
    wait_until("its check", lambda: (bench.row(5676, "11")["state"], bench.row(5676, "11")["check"]) == ("up", "ok"), 15)
    falls = sum("is down" in text for text in bench.events(":5676"))
    answers = in_a_crowd(bench, 5676, b"GET / HTTP/1.0\r\n\r\n", 1.0)
    assert [answer.split("\r")[0] for answer in answers] == ["HTTP/1.0 200 OK"] * 24, answers
    fell = [text for text in bench.events(":5676") if "is down" in text]
    assert len(fell) == falls, fell
    bench.stop("one")
    bench.reload()
    one.run("sh", "-ec", "echo 4096 > /proc/sys/net/core/somaxconn")
    bench.running["one"] = bench.start("one")
    bench.wait_for_states(5674, "up", "up", 15)


def prepare_unheard_death(bench, which=""):
    """RSTs (all, or WHICH) will get lost that its host sends as it dies, and it has acknowledged what its clients wait for an answer to."""
    host = bench.hosts["one"]

    def has_a_question_of_each():
        return sum(line.split()[0] != "0" for line in host.run(
            "ss", "-Htn", "state", "established", "sport", "=", ":5672").stdout.splitlines()) == 20

    def stopped():
        """What it had read when it was stopped it would answer: then once more."""
        bench.running["one"].send_signal(signal.SIGSTOP)
        until = time.monotonic() + 1    # five times a client's pause
        while time.monotonic() < until:
            if has_a_question_of_each():
                return True
        bench.running["one"].send_signal(signal.SIGCONT)
        return False
    wait_until("a question of each client", stopped, 20)
    host.run("nft", "add table ip lost; add chain ip lost out { type filter hook output priority 0; };"
             f"add rule ip lost out tcp sport 5672 tcp flags & (rst | ack) == rst | ack tcp sequence != 0 {which} drop")


def killed_unheard(bench):
    host = bench.hosts["one"]
    how_soon(bench, "killed and not heard", lambda: bench.stop("one"), 1000, lambda: prepare_unheard_death(bench))
    bench.wait_for_states(5672, "down", "up")
    host.run("nft", "delete table ip lost")
    bench.running["one"] = bench.start("one")
    bench.wait_for_states(5672, "up", "up", 15)


def replaced_unheard(bench):
    """Another process has the port already: no check finds it gone, and the clients whose RST was lost are asked for all the same."""
    host = bench.hosts["one"]

    def listeners():
        return len(host.run("ss", "-Hltn", "sport", "=", ":5672").stdout.splitlines())

    def prepare():
        nonlocal successor
        successor = bench.start("one")
        wait_until("the other process", lambda: listeners() == 2, 5)
        prepare_unheard_death(bench, "numgen inc mod 4 == 0")
    successor = None
    how_soon(bench, "killed, replaced and not heard by all", lambda: bench.stop("one"), 1000, prepare)
    bench.running["one"] = successor
    assert bench.row(5674, "11")["state"] == "up"
    host.run("nft", "delete table ip lost")


def flapping(bench):
    for _ in range(4):
        bench.stop("one")
        wait_until("its fall", lambda: bench.row(5672, "11")["state"] == "down", 5)
        bench.running["one"] = bench.start("one")
        if bench.events("comes and goes"):
            break
        wait_until("its return", lambda: bench.row(5672, "11")["state"] == "up", 5)
    assert bench.events("comes and goes: stays down for 1 s"), bench.events("192.168.8.11")
    bench.wait_for_states(5672, "up", "up", 20)


def main(test):
    bench = Bench(test)
    for step in (rows_say_all, warmup, weight_by_order, tiers, full_tier, slow_start, drain_timeout, reset_by_order, rebalance,
                 refusing_port, cut_off, killed, killed_unheard, replaced_unheard, full_queue,
                 full_queue_of_pages, flapping, panic_rule):
        print(step.__name__, flush=True)
        step(bench)


if __name__ == "__main__":
    Test.main(main)
