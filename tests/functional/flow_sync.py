#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Connections outlive the balancer: two warrens with flow sync, clients that never come back once they are lost.

    flow_sync.py BUILD [CASE [ARGUMENT]]
    flow_sync.py BUILD split SECONDS        how long it lasts (3)
    flow_sync.py BUILD loss PERCENT         of the datagrams between them (30)
    flow_sync.py BUILD upgrade BUILD-OF-ANOTHER-VERSION    begins with that, and goes back to it
"""

import copy
import json
import pathlib
import re
import signal
import sys
import time

from harness import Test, run_cases, wait_until
from lan import Lan
from sync_pair import (CLIENTS, KEY, SECOND_VIP, SERVER, SERVERS, THREE, VIPS, Clients, IdleClients, NewClients, Pair, clients_of,
                       die_around_cut)


def case_cut(test, **options):
    pair = Pair(test, **options)
    pair.start_both()
    clients = Clients(pair)
    pair.wait_for_sync()
    pair.power_cut("a")
    pair.wait_for_master("b")
    time.sleep(1.5)    # what would break breaks now: first segments, retransmissions, probes
    pair.power_on("a")
    pair.wait_for_master("a")
    wait_until("a to have all flows", lambda: pair.flows("a") == CLIENTS, 20)
    time.sleep(1.5)
    lost = clients.end()
    assert lost == 0, f"{lost} of {CLIENTS} connections broke"


def case_three(test):
    """One dies, the next one dies, the first comes back among two, one of them dead."""
    pair = Pair(test, warrens=THREE)
    pair.start_both()
    clients = Clients(pair)
    def wait_for_all(*names):
        wait_until("all to have all flows", lambda: all(pair.flows(name) == CLIENTS and pair.in_sync(name) for name in names), 20)
    wait_for_all("a", "b", "c")
    pair.power_cut("a")
    pair.wait_for_master("b")
    time.sleep(1.5)
    wait_for_all("b", "c")
    pair.power_cut("b")
    pair.wait_for_master("c")
    time.sleep(1.5)
    pair.power_on("a")
    pair.wait_for_master("a")
    wait_for_all("a", "c")
    lost = clients.end()
    assert lost == 0, f"{lost} of {CLIENTS} connections broke"


def case_churn(test):
    """Connections that come and go leave nothing behind at the backup, and keep it in sync."""
    pair = Pair(test)
    pair.start_both()
    wait_until("in sync", lambda: pair.in_sync("a") and pair.in_sync("b"), 20)
    shown = pair.ctl("b", "show", "counters")
    pair.client.run("/usr/bin/python3", "-c", f"""
import socket
for _ in range(300):
    socket.create_connection(("{VIPS[4]}", 5672)).close()
""")
    wait_until("no flow to be left", lambda: pair.flows("a") == pair.flows("b") == 0, 0.9)    # before a digest could find it
    differences = [[row["total"] for row in rows if row["name"] == "differences"]
                   for rows in (shown, pair.ctl("b", "show", "counters"))]
    assert differences[0] == differences[1], f"the tables differed: {differences}"


def case_kill(test, **options):
    """The process ends and its host lives: the kernel must not answer for what was ours. Without use_vmac, and back."""
    pair = Pair(test, **options)
    pair.start_both()
    clients = Clients(pair)
    pair.wait_for_sync()
    pair.running["a"].kill()
    pair.running["a"].wait()
    pair.wait_for_master("b")
    time.sleep(1.5)
    pair.start("a")
    pair.wait_for_master("a")
    time.sleep(1.5)
    lost = clients.end()
    assert lost == 0, f"{lost} of {CLIENTS} connections broke"


def case_pause(test):
    """The master's whole machine stands still, longer than a session bears with, and goes on: it is backup then, whatever it believed."""
    pair = Pair(test, preempts=False)
    pair.start_both()
    clients = Clients(pair)
    pair.wait_for_sync()
    pair.running["a"].send_signal(signal.SIGSTOP)
    pair.wait_for_master("b")
    new = NewClients(pair)
    time.sleep(2.5)
    pair.running["a"].send_signal(signal.SIGCONT)
    wait_until("a to be in sync with its master", lambda: pair.state("a") == "backup" and pair.in_sync("a"), 20)
    opened, broken = new.end()
    assert pair.state("b") == "master", "nopreempt"
    assert opened > 100 and broken == 0, f"{broken} of {opened} connections that were new meanwhile broke"
    lost = clients.end()
    assert lost == 0, f"{lost} of {CLIENTS} connections broke"


def case_upgrade(test):
    """One command on each, the backup first: both are other processes then, and nobody has noticed."""
    pair = Pair(test)
    versions = [test]
    if len(sys.argv) > 3:
        pair.version = copy.copy(test)
        pair.version.build = pathlib.Path(sys.argv[3]).resolve()
        versions = [test, pair.version]
    pair.start_both()
    clients = Clients(pair)
    pair.wait_for_sync()
    new = NewClients(pair)
    for pair.version in versions:
        for name in "ba":
            pair.upgrade(name)
        assert (pair.state("a"), pair.state("b")) == ("master", "backup")
    opened, broken = new.end()
    lost = clients.end()
    print(f"{broken} of {opened} connections that were new meanwhile broke", flush=True)
    assert (lost, broken) == (0, 0), f"{lost} of {CLIENTS} connections broke, {broken} of {opened} new ones"


LOSS = {1: 2, 10: 3, 30: 10}    # per cent of the datagrams to seconds until the tables must be equal


def case_loss(test):
    """Datagrams get lost all the while: soon after the last change the tables are equal, and are said to be."""
    percent = int(sys.argv[3]) if len(sys.argv) > 3 else 30
    pair = Pair(test)
    pair.start_both()
    clients = Clients(pair)
    pair.wait_for_sync()
    test.network.host("switch").run("nft", "add table bridge loss; add chain bridge loss some { type filter hook forward priority 0; };"
                                           f"add rule bridge loss some udp dport 8850 numgen random mod 100 < {percent} drop")
    new = NewClients(pair)
    time.sleep(2)
    opened, broken = new.end()
    last = time.monotonic()

    def equal_since():
        row = pair.ctl("b", "show", "sync")["routers"][0]
        ours, theirs = pair.flows("b"), pair.flows("a")
        return ours == theirs == CLIENTS and row["in_sync"] and row["equal_ms"] / 1000 < time.monotonic() - last
    wait_until("the tables to be equal", equal_since, 30)
    took = time.monotonic() - last
    print(f"{percent} % lost: equal {took:.1f} s after the last of {opened} connections", flush=True)
    assert opened > 100 and broken == 0 and took < LOSS[percent], (opened, broken, took)
    if percent > 10:    # of a few hundred datagrams: less is not sure to be more than 5
        wait_until("b to say so", lambda: any(alarm["name"] == "lossy" for alarm in pair.ctl("b", "show", "status")["alarms"]), 30)
    pair.power_cut("a")
    pair.wait_for_master("b")
    lost = clients.end()
    assert lost == 0, f"{lost} of {CLIENTS} connections broke"


def case_split(test):
    """Adverts get lost between them, both are master, and it heals: whoever serves a client now, its connection goes on."""
    pair = Pair(test, workers=(2, 1))
    pair.start_both()
    clients = Clients(pair)
    pair.wait_for_sync()
    switch = test.network.host("switch")
    switch.run("nft", "add table bridge split; add chain bridge split hidden { type filter hook forward priority 0; };"
                      "add rule bridge split hidden ip protocol 112 drop")
    wait_until("both to be master", lambda: pair.state("a") == pair.state("b") == "master", 10)
    new = NewClients(pair)
    time.sleep(float(sys.argv[3]) if len(sys.argv) > 3 else 3)
    switch.run("nft", "delete table bridge split")
    wait_until("one to be master", lambda: (pair.state("a"), pair.state("b")) == ("master", "backup"), 10)
    opened, broken = new.end()
    wait_until("in sync", lambda: pair.in_sync("a") and pair.in_sync("b"), 20)
    conflicts = [row for name in "ab" for row in pair.ctl(name, "show", "counters") if row["name"] == "port_conflict" and row["total"]]
    assert not conflicts, conflicts
    print(f"{broken} of {opened} connections that were new meanwhile broke", flush=True)
    assert opened > 100 and broken <= 2, "more broke than can be under way when it heals"
    pair.power_cut("a")
    pair.wait_for_master("b")
    time.sleep(1.5)
    lost = clients.end()
    assert lost == 0, f"{lost} of {CLIENTS} connections broke"


def case_shared_load(test):
    """Each is master of one router and standby of the other: records go both ways at once, and ports do not clash."""
    pair = Pair(test, shares_load=True)
    pair.start_both()
    wait_until("b to be master of the second", lambda: [row["state"] for row in pair.ctl("b", "show", "vrrp")] == ["backup", "master"], 20)
    some = [Clients(pair), Clients(pair, vip=SECOND_VIP)]
    pair.wait_for_sync(2 * CLIENTS)
    pair.power_cut("a")
    wait_until("b to be master of both", lambda: {row["state"] for row in pair.ctl("b", "show", "vrrp")} == {"master"}, 20)
    time.sleep(1.5)
    pair.power_on("a")
    wait_until("a to be master of its own", lambda: [row["state"] for row in pair.ctl("a", "show", "vrrp")] == ["master", "backup"], 20)
    pair.wait_for_sync(2 * CLIENTS)
    pair.stop("b")
    time.sleep(1.5)
    lost = [clients.end() for clients in some]
    assert lost == [0, 0], f"{lost} of {CLIENTS} and {CLIENTS} connections broke"


def case_group(test):
    """A sync group moves as a whole, when it is handed over as when it is taken."""
    pair = Pair(test, is_grouped=True)
    pair.start_both()
    def states(name):
        return [row["state"] for row in pair.ctl(name, "show", "vrrp")]
    wait_until("a to be master of both", lambda: states("a") == ["master", "master"], 20)
    some = [Clients(pair), Clients(pair, vip=SECOND_VIP)]
    pair.wait_for_sync(2 * CLIENTS)
    rows = pair.ctl("a", "handover")
    assert all(row["done"] for row in rows), rows
    wait_until("b to be master of both", lambda: states("b") == ["master", "master"], 10)
    pair.wait_for_sync(2 * CLIENTS)
    pair.ctl("a", "handover", "--back")
    wait_until("a to be master of both", lambda: states("a") == ["master", "master"], 10)
    pair.wait_for_sync(2 * CLIENTS)
    pair.stop("a")
    wait_until("b to be master of both", lambda: states("b") == ["master", "master"], 10)
    time.sleep(1.5)
    lost = [clients.end() for clients in some]
    assert lost == [0, 0], f"{lost} of {CLIENTS} and {CLIENTS} connections broke"


def case_own_link(test):
    """Records go by a link of their own. Without it: an alarm, and each warren is as one without flow sync, but for what it knows.
    With it, a master that loses its clients' LAN yields."""
    pair = Pair(test, local="10.9.0", more="interface eth2")
    pair.add_own_link()
    pair.start_both()
    clients = Clients(pair)
    pair.wait_for_sync()
    pair.hosts["b"].run("ip", "link", "set", "eth2", "down")
    wait_until("both to miss the other", lambda: not pair.in_sync("a") and not pair.in_sync("b"), 10)
    assert (pair.state("a"), pair.state("b")) == ("master", "backup")
    pair.hosts["b"].run("ip", "link", "set", "eth2", "up")
    pair.wait_for_sync()
    pair.hosts["a"].unplug()
    pair.wait_for_master("b")
    time.sleep(1.5)
    lost = clients.end()
    assert lost == 0, f"{lost} of {CLIENTS} connections broke"


def case_wrong_key(test):
    """Each says so, neither believes the other, and everything else works."""
    pair = Pair(test, keys={"a": KEY, "b": KEY[::-1]})
    pair.start_both()
    clients = Clients(pair, 5)
    wait_until("both to say that the keys differ", lambda: all(re.search("key", test.log(f"{name}.log")) for name in "ab"), 20)
    assert pair.flows("b") == 0 and not pair.in_sync("a"), "a record with a foreign tag was believed"
    assert clients.end() == 0


def case_groups(test):
    """Clients whose flows have ended: a backup that comes later knows where persistence sends them, and so do they after the cut."""
    pair = Pair(test, service="persistence_timeout 60")
    numbers = list(range(200, 216))
    for number in numbers:
        pair.client.add_address(f"192.168.8.{number}/24")

    def who_serves(some):
        return json.loads(pair.client.run("/usr/bin/python3", "-c", WHO_SERVES, VIPS[4], *map(str, some)).stdout)
    pair.start("a")
    pair.wait_for_master("a")
    pair.wait_for_servers("a")
    before = who_serves(numbers)
    assert len(set(before.values())) == 2, before
    wait_until("no flow to be left", lambda: pair.flows("a") == 0, 10)
    pair.start("b")
    pair.wait_for_servers("b")
    pair.wait_for_sync(0)
    pair.power_cut("a")
    pair.wait_for_master("b")
    after = who_serves(reversed(numbers))    # by turns each would get the other server
    assert after == before, (before, after)


# Who serves a client of each of these last bytes.
WHO_SERVES = """
import json, socket, sys
def who(number):
    with socket.create_connection((sys.argv[1], 5672), 5, (f"192.168.8.{number}", 0)) as one:
        one.send(b"x")
        return one.recv(100).decode().split()[0]
print(json.dumps({number: who(number) for number in sys.argv[2:]}))
"""


def case_config(test):
    """One of them lacks a real_server: both say which, until it has it."""
    pair = Pair(test)
    pair.start("a")
    whole = pair.config("b")
    test.start_warren(pair.hosts["b"], whole.replace(SERVER.format(address=SERVERS[4][1]), ""))

    def differences():
        return [row["difference"] for name in "ab" for row in pair.ctl(name, "show", "sync")["routers"]]
    what = f"real_server {SERVERS[4][1]}:5672 of {VIPS[4]}:5672"
    wait_until("both to name it", lambda: differences() == [f"only here: {what}", f"only there: {what}"], 10)
    said = pair.hosts["b"].run(test.program("app/warrenctl/warrenctl"), "--instance", pair.hosts["b"].namespace, "show", "sync").stdout
    assert what in said, said
    (test.folder / "b.conf").write_text(whole, encoding="utf-8")
    pair.ctl("b", "reload")
    wait_until("both to have the same", lambda: differences() == [None, None], 10)


def case_dead_server(test):
    """A server that dies with the master: the successor finds it dead, and its clients know at once, though no segment taught it a thing."""
    pair = Pair(test)
    pair.start_both()
    idle = IdleClients(pair, CLIENTS)
    pair.wait_for_sync()
    doomed = clients_of(pair, SERVERS[4][0])
    assert 0 < doomed < CLIENTS, doomed
    decided = die_around_cut(pair, 0)
    resets = idle.resets()
    assert len(resets) == doomed, f"{len(resets)} of {doomed} clients of the dead server know"
    assert max(resets) - decided < 0.3, f"the last client knew {max(resets) - decided:.2f} s after the server was down"
    idle.end()


def case_defer(test):
    """With defer the peer has a flow before its client's connect() returns: none of those breaks, however new."""
    pair = Pair(test, more="defer 10")
    pair.start_both()
    wait_until("in sync", lambda: pair.in_sync("a") and pair.in_sync("b"), 20)
    new = NewClients(pair)
    time.sleep(1)
    pair.power_cut("a")
    pair.wait_for_master("b")
    time.sleep(1)
    opened, broken = new.end()
    assert opened > 200, f"only {opened} connections came about"
    assert broken == 0, f"{broken} of {opened} connections broke though connect() had returned"


VIRTUAL_MAC = bytes.fromhex("00005e000133")


def case_handover(test, **options):
    """There, back, and by SIGTERM: the one is master before the other is none."""
    pair = Pair(test, **options)
    pair.start_both()
    clients = Clients(pair)
    pair.wait_for_sync()
    wait_until("in sync", lambda: pair.in_sync("a") and pair.in_sync("b"), 20)
    lan = Lan(test.network, pair.client, pair.hosts)
    rows = pair.ctl("a", "handover")
    assert [row["done"] for row in rows] == [True], rows
    pair.wait_for_master("b")
    assert pair.state("a") == "backup"
    said_by = {name: [frame.time for frame in lan.frames(name) if frame.bytes[6:12] == VIRTUAL_MAC] for name in "ab"}
    lan.close()
    late = [time - said_by["b"][0] for time in said_by["a"] if time > said_by["b"][0]]
    assert not late, f"the old master has turned the switch back {len(late)} times, last {max(late) * 1000:.1f} ms after the new one's advert"
    time.sleep(1.5)    # longer than preemption would take
    assert pair.state("a") == "backup", "who has handed over has taken back by itself"
    wait_until("in sync", lambda: pair.in_sync("a") and pair.in_sync("b"), 20)
    pair.ctl("a", "handover", "--back")
    pair.wait_for_master("a")
    wait_until("in sync", lambda: pair.in_sync("a") and pair.in_sync("b"), 20)
    pair.stop("a")
    assert pair.state("b") == "master"
    time.sleep(1.5)
    lost = clients.end()
    assert lost == 0, f"{lost} of {CLIENTS} connections broke"


CASES = {
    "split": case_split,
    "shared-load": case_shared_load,
    "group": case_group,
    "own-link": case_own_link,
    "three": case_three,
    "upgrade": case_upgrade,
    "loss": case_loss,
    "wrong-key": case_wrong_key,
    "dead-server": case_dead_server,
    "groups": case_groups,
    "config": case_config,
    "defer": case_defer,
    "cut-persistence": lambda test: case_cut(test, service="persistence_timeout 60"),
    "handover": lambda test: case_handover(test),
    "churn": case_churn,
    "pause": case_pause,
    "kill": lambda test: case_kill(test),
    "kill-real-mac": lambda test: case_kill(test, vmac=False),
    "cut-real-mac": lambda test: case_cut(test, vmac=False),
    "cut-fnat": lambda test: case_cut(test),
    "cut-fnat-v6": lambda test: case_cut(test, family=6),
    "cut-nat": lambda test: case_cut(test, method="NAT"),
    "cut-dr": lambda test: case_cut(test, method="DR"),
    "cut-tun": lambda test: case_cut(test, method="TUN"),
    "cut-workers": lambda test: case_cut(test, workers=(1, 2)),
    "cut-more-workers": lambda test: case_cut(test, workers=(2, 3)),
}


def main():
    if len(sys.argv) < 3:
        run_cases(CASES, at_once=2)
    Test.main(CASES[sys.argv[2]])


if __name__ == "__main__":
    main()
