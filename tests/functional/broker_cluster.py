#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A real cluster of three RabbitMQ nodes, a disc node and two in memory, whose partitions are ignored.

    broker_cluster.py BUILD-DIR [STEP...]

`rebalance { method close }`: a node that comes back gets its share, the clients that move hear 320 with a reason from their broker,
and those that connected past the VIP stay. `prefer ram`: the disc node serves when the others are gone. A node that drains gets no
connection more and its clients hear nothing but 320. One that hears the others no more, with its port open, gets no new connections
and keeps its old ones. `warrenctl audit` finds each thing that a cluster of three can lose.
"""

import json
import sys
import threading
import time

import harness  # noqa: F401  (it sets the path of what comes next)
import pika
from forwarding_methods import VIP
from harness import LabError, Test, wait_until

from warrenlab import faults, rabbit

PORT, MEMORY_PORT = 6001, 6002
NODES = rabbit.NODES
DISC, RAM, ALONE = NODES
USER, PASSWORD = rabbit.LOGIN
CONNECTIONS = 12
TICKTIME_S = 2
DRAIN_SEEN_MS = 100
MIRRORED = ("behind1", "behind2", "behind3")


def virtual_server(port, words, checks, nodes):
    servers = "".join(f" real_server {node.address} 5672 {{\n{checks.format(node=node)} }}\n" for node in nodes)
    return f"virtual_server {VIP[4]} {port} {{\n lb_algo lc\n lb_kind FNAT\n protocol TCP\n{words}{servers}}}\n"


def config():
    login = f"   username {USER}\n   password {PASSWORD}\n"
    tcp = "  TCP_CHECK {{\n  }}\n"
    api = "  RABBITMQ_CHECK {{\n   url http://{node.address}:15672\n" + login + "   interval 0.5\n  }}\n"
    session = "  AMQP_CHECK {{\n" + login + "  }}\n"
    return ("dataplane {\n workers 1\n}\nvrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n priority 255\n"
            f" virtual_ipaddress {{\n  {VIP[4]}/24\n }}\n}}\n"
            + virtual_server(PORT, " delay_loop 0.5\n rebalance {\n  rate 4\n  threshold 20\n  method close\n }\n", tcp + api, NODES[:2])
            + virtual_server(MEMORY_PORT, " delay_loop 0.1\n prefer ram\n", tcp + session + api, NODES))


def connect(address, port):
    return pika.BlockingConnection(pika.ConnectionParameters(
        address, int(port), credentials=pika.PlainCredentials(USER, PASSWORD), heartbeat=30))


def stay_connected(address, port, count):
    """Run on the client's host: one line for each connection that is open, and for each that its broker closes, with the time."""
    def say(line):
        print(line + "\n", end="", flush=True)    # one write: print()'s own end may come after another thread's line

    def keep():
        while True:
            try:
                connection = connect(address, port)
                say("open")
                while True:
                    connection.process_data_events(1)
            except pika.exceptions.ConnectionClosedByBroker as closed:
                say(f"closed {time.time():.3f} {closed.reply_code} {closed.reply_text}")
            except pika.exceptions.AMQPError as error:
                say(f"broken {time.time():.3f} {error!r}")
    for _ in range(int(count)):
        threading.Thread(target=keep).start()


def leave_things_to_lose(address, port):
    """Run on the client's host: what `warrenctl audit` is to find."""
    channel = connect(address, port).channel()
    channel.exchange_declare("passing", durable=False)
    for name in MIRRORED:
        channel.queue_declare(name, durable=True, arguments={"x-queue-master-locator": "client-local"})
        for mode in (1, 2):
            channel.basic_publish("", name, b"x", pika.BasicProperties(delivery_mode=mode))
    channel.queue_declare("passing", durable=False)
    channel.queue_declare("lonely", durable=True)
    channel.basic_consume("lonely", lambda *_: None, auto_ack=True)
    print("open", flush=True)
    channel.start_consuming()


class Bench:
    def __init__(self, test):
        self.test = test
        test.program("../lib/rabbitmq/bin/rabbitmq-server")
        test.folder.chmod(0o711)    # RabbitMQ gives up root
        self.nodes = {spec: rabbit.Node(test.network.add_host(spec.name, f"{spec.address}/24"), spec, test.folder) for spec in NODES}
        test.network.name_hosts({spec.name: spec.address for spec in NODES})
        self.warren = test.network.add_host("warren", "192.168.8.4/24")
        self.client = test.network.add_host("client", "192.168.8.50/24")
        self.clients = []
        processes = {}
        for node in self.nodes.values():
            node.prepare(["rabbitmq_management"], partitions="ignore", ticktime=TICKTIME_S)
        for wave in ((DISC,), (RAM, ALONE)):    # the others need its tables
            processes |= {spec: self.nodes[spec].start() for spec in wave}
            for spec in wave:
                wait_until(spec.name, lambda spec=spec: self.is_running(spec, processes[spec]), 120, 0.2)
        self.process = test.start_warren(self.warren, config())
        wait_until("all nodes", lambda: all(row["state"] == "up" and row["check"] == "ok" and row["node"] and row["node"]["name"]
                                            for row in self.rows()), 30, 0.2)

    def is_running(self, spec, process):
        if process.poll() is not None:
            raise LabError(f"{spec.name} ended with status {process.returncode}")
        return (self.nodes[spec].state() or {}).get("running")

    def ask(self, spec, erlang, timeout_s=30):
        assert self.nodes[spec].ask(f'{erlang}, io:format("1").\n', timeout_s=timeout_s) == 1, erlang

    def rows(self):
        return self.test.ctl(self.warren, "show", "servers")

    def row(self, spec, port=MEMORY_PORT):
        return next(row for row in self.rows()
                    if row["server"] == f"{spec.address}:5672" and row["service"] == f"{VIP[4]}:{port}")

    def active(self, port, nodes=NODES):
        return [self.row(spec, port)["active"] for spec in nodes]

    def order(self, word, node, port):
        return self.test.ctl(self.warren, word, f"{node.address}:5672", f"{VIP[4]}:{port}")

    def connect(self, address, port, count, log):
        self.start(log, "--client", address, str(port), str(count))
        wait_until("all clients", lambda: self.test.log(log).count("open") == count, 30, 0.1)

    def start(self, log, *words):
        self.clients.append(self.test.start(self.client, sys.executable, "-B", __file__, *words, log=log))

    def end_clients(self):
        for process in self.clients:
            process.kill()
        self.clients.clear()
        wait_until("no clients", lambda: sum(row["active"] for row in self.rows()) == 0, 10, 0.1)

    def audit(self, status):
        password = self.test.folder / "password"
        password.write_text(f"{PASSWORD}\n", encoding="utf-8")
        said = self.warren.run(self.test.program("app/warrenctl/warrenctl"), "--json", "audit", "--url", f"http://{DISC.address}:15672",
                               "--username", USER, "--password-file", str(password), "--vip", VIP[4], check=False)
        assert said.returncode == status, said
        return {(found["rule"], found["what"]) for found in json.loads(said.stdout)["rows"]}

    def said(self, log):
        return self.test.log(log).splitlines()


def moves_politely(bench):
    bench.order("disable", RAM, PORT)
    bench.connect(DISC.address, 5672, 2, "bypass.log")
    bench.connect(VIP[4], PORT, CONNECTIONS, "clients.log")
    assert bench.active(PORT, NODES[:2]) == [CONNECTIONS, 0], bench.rows()
    bench.order("enable", RAM, PORT)
    wait_until("even shares", lambda: min(bench.active(PORT, NODES[:2])) >= CONNECTIONS // 2 - 1, 30, 0.2)
    wait_until("its end", lambda: "evened out" in bench.test.log("warren.log"), 10, 0.2)
    said = bench.said("clients.log")
    closed = [line for line in said if line.startswith("closed")]
    print(f"{CONNECTIONS} connections on one node: now {bench.active(PORT, NODES[:2])}, {len(closed)} closed: {closed[0]}", flush=True)
    assert CONNECTIONS // 2 - 1 <= len(closed) <= CONNECTIONS // 2 + 2, said
    assert all("320" in line and "rebalancing" in line for line in closed), closed
    assert not any("broken" in line for line in said), said
    assert bench.test.log("bypass.log").split() == ["open"] * 2, f"those that came past the VIP stay: {bench.said('bypass.log')}"


def audits_clean(bench):
    assert bench.audit(0) == set(), "nobody is here but our own checks"


def audits(bench):
    """While clients are past the VIP and mirrors lack what was there before them."""
    bench.start("things.log", "--things", VIP[4], str(PORT))
    wait_until("things to lose", lambda: "open" in bench.test.log("things.log"), 20, 0.1)
    bench.ask(DISC, 'rabbit_policy:set(<<"/">>, <<"behind">>, <<"^behind">>, [{<<"ha-mode">>, <<"all">>},'
                    '{<<"ha-sync-mode">>, <<"manual">>}], 1, <<"queues">>, <<"test">>)')
    wait_until("mirrors behind", lambda: [bench.row(spec)["node"]["mirrors_in_sync"] for spec in NODES].count(False) >= 2, 20, 0.2)
    wanted = {"transient_queue", "transient_exchange", "transient_messages", "single_replica", "unsynchronised", "promotes_unsynced",
              "leaders_on_one_node", "bypasses_vip", "consumer_without_ack"}
    wait_until("all findings", lambda: wanted <= {rule for rule, _ in bench.audit(1)}, 15, 0.5)
    found = bench.audit(1)
    print(f"audit: {sorted(wanted)}", flush=True)
    assert ("bypasses_vip", "client 192.168.8.50") in found and ("bypasses_vip", "client 192.168.8.4") not in found, found
    assert ("unsynchronised", "queue behind1 in /") in found, found
    bench.end_clients()


def prefers_memory_nodes(bench):
    assert [bench.row(spec)["node"]["type"] for spec in NODES] == ["disc", "ram", "ram"], bench.rows()
    wait_until("the disc node to wait", lambda: bench.row(DISC)["waits"], 5, 0.1)
    bench.connect(VIP[4], MEMORY_PORT, 4, "memory.log")
    assert bench.active(MEMORY_PORT) == [0, 2, 2], bench.rows()
    for spec in (RAM, ALONE):
        bench.order("disable", spec, MEMORY_PORT)
    wait_until("the disc node to serve", lambda: bench.active(MEMORY_PORT) == [4, 0, 0], 10, 0.1)
    for spec in (RAM, ALONE):
        bench.order("enable", spec, MEMORY_PORT)
    bench.end_clients()


def drains_without_errors(bench):
    bench.connect(VIP[4], MEMORY_PORT, 8, "drain.log")
    assert bench.active(MEMORY_PORT) == [0, 4, 4], bench.rows()
    drain = threading.Thread(target=bench.ask, args=(RAM, "rabbit_maintenance:drain()"))
    drain.start()
    # Its port refuses from the same moment on: a TCP_CHECK between that and the 320 finds it down, once its clients are gone.
    sign = f"server {RAM.address}:5672 of .*:{MEMORY_PORT} (?:gets no new|is down: Connection refused)"
    seen = wait_until("the drain", lambda: bench.test.logged_at("warren.log", sign), 10, 0.01)
    taken = bench.row(RAM)["connections"]
    wait_until("all at the other node", lambda: bench.active(MEMORY_PORT) == [0, 0, 8], 20, 0.1)
    drain.join()
    closed = [line.split() for line in bench.said("drain.log") if line.startswith("closed")]
    late_ms = 1000 * (seen - min(float(line[1]) for line in closed))
    print(f"drain: {len(closed)} clients closed with {closed[0][2]}, seen {late_ms:.0f} ms after the first of them", flush=True)
    assert len(closed) == 4 and all(line[2] == "320" for line in closed), closed
    assert not any(line.startswith("broken") for line in bench.said("drain.log")), bench.said("drain.log")
    assert bench.row(RAM)["connections"] == taken, "a new flow after the drain was seen"
    assert late_ms <= DRAIN_SEEN_MS, f"{late_ms} ms"
    wait_until("its fall", lambda: bench.row(RAM)["state"] == "down", 10, 0.1)    # no connection is left, and its port refuses
    assert "maintenance mode" in bench.row(RAM)["reason"], bench.row(RAM)
    bench.ask(RAM, "rabbit_maintenance:revive()")
    wait_until("the node to be back", lambda: bench.row(RAM)["state"] == "up", 20, 0.1)
    bench.end_clients()


def leaves_a_minority_alone(bench):
    node = bench.nodes[ALONE]
    bench.connect(VIP[4], MEMORY_PORT, 4, "old.log")
    assert bench.active(MEMORY_PORT) == [0, 2, 2], bench.rows()
    with faults.cut_off(bench.test.network.host("switch"), node, [bench.nodes[DISC], bench.nodes[RAM]]):
        began = time.monotonic()
        wait_until("the minority to be seen", lambda: bench.row(ALONE)["state"] == "down", 30, 0.1)
        row = bench.row(ALONE)
        print(f"partition with net_ticktime {TICKTIME_S}: seen after {time.monotonic() - began:.1f} s: {row['reason']}", flush=True)
        assert "down for new flows, those it has stay" in row["reason"], row
        assert row["node"]["members"] == {"used": 1, "limit": 3} and row["effective_weight"] == 0 and row["waits"], row
        assert faults.is_serving(node), "its port is open"
        bench.connect(VIP[4], MEMORY_PORT, 4, "new.log")
        assert bench.active(MEMORY_PORT) == [0, 6, 2], bench.rows()
        assert bench.said("old.log") == ["open"] * 4, f"old connections stay: {bench.said('old.log')}"
        assert [bench.row(spec)["state"] for spec in (DISC, RAM)] == ["up", "up"], bench.rows()
        bench.order("disable", RAM, MEMORY_PORT)
        wait_until("the disc node rather than a minority", lambda: bench.active(MEMORY_PORT) == [6, 0, 2], 10, 0.1)
        bench.order("disable", DISC, MEMORY_PORT)
        wait_until("the minority when nobody else is left", lambda: bench.active(MEMORY_PORT) == [0, 0, 8], 10, 0.1)
        assert bench.row(ALONE)["state"] == "up", bench.row(ALONE)


STEPS = (audits_clean, moves_politely, audits, prefers_memory_nodes, drains_without_errors, leaves_a_minority_alone)


def main(test):
    bench = Bench(test)
    for step in STEPS:
        if sys.argv[2:] and step.__name__ not in sys.argv[2:]:
            continue
        began = time.monotonic()
        step(bench)
        print(f"{step.__name__}: {time.monotonic() - began:.0f} s", flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "--client":
        stay_connected(*sys.argv[2:])
    elif sys.argv[1] == "--things":
        leave_things_to_lose(*sys.argv[2:])
    else:
        Test.main(main)
