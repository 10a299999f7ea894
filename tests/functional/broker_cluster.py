#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""`rebalance { method close }` against two real nodes of a RabbitMQ cluster: a node that comes back gets its share, the clients that move hear
320 with a reason from their broker, and those that connected past the VIP stay.

    broker_cluster.py BUILD-DIR
"""

import sys
import threading

import harness  # noqa: F401  (it sets the path of what comes next)
import pika
from forwarding_methods import VIP
from harness import LabError, Test, wait_until

from warrenlab import rabbit

PORT = 6001
NODES = rabbit.NODES[:2]
CONNECTIONS = 12


def config():
    text = ("dataplane {\n workers 1\n}\nvrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n priority 255\n"
            f" virtual_ipaddress {{\n  {VIP[4]}/24\n }}\n}}\nvirtual_server {VIP[4]} {PORT} {{\n lb_algo lc\n lb_kind FNAT\n"
            " protocol TCP\n delay_loop 0.5\n rebalance {\n  rate 4\n  threshold 20\n  method close\n }\n")
    for node in NODES:
        text += (f" real_server {node.address} 5672 {{\n  TCP_CHECK {{\n  }}\n  RABBITMQ_CHECK {{\n   url http://{node.address}:15672\n"
                 f"   username {rabbit.LOGIN[0]}\n   password {rabbit.LOGIN[1]}\n   interval 1\n  }}\n }}\n")
    return text + "}\n"


def stay_connected(address, port, count):
    """Run on the client's host: one line for each connection that is open, and for each that its broker closes."""
    def keep():
        while True:
            try:
                connection = pika.BlockingConnection(pika.ConnectionParameters(
                    address, int(port), credentials=pika.PlainCredentials(*rabbit.LOGIN), heartbeat=30))
                print("open", flush=True)
                while True:
                    connection.process_data_events(1)
            except pika.exceptions.ConnectionClosedByBroker as closed:
                print(f"closed {closed.reply_code} {closed.reply_text}", flush=True)
            except pika.exceptions.AMQPError as error:
                print(f"broken {error!r}", flush=True)
    for _ in range(int(count)):
        threading.Thread(target=keep).start()


class Bench:
    def __init__(self, test):
        self.test = test
        test.program("../lib/rabbitmq/bin/rabbitmq-server")
        test.folder.chmod(0o711)    # RabbitMQ gives up root
        nodes = [rabbit.Node(test.network.add_host(spec.name, f"{spec.address}/24"), spec, test.folder) for spec in NODES]
        test.network.name_hosts({spec.name: spec.address for spec in NODES})
        self.warren = test.network.add_host("warren", "192.168.8.4/24")
        self.client = test.network.add_host("client", "192.168.8.50/24")
        for node in nodes:
            node.prepare(["rabbitmq_management"])
            process = node.start()
            wait_until(node.name, lambda node=node, process=process: self.is_running(node, process), 120, 0.2)
        self.nodes = nodes
        self.process = test.start_warren(self.warren, config())
        wait_until("both nodes", lambda: all(row["state"] == "up" and row["check"] == "ok" for row in self.rows()), 30, 0.2)

    @staticmethod
    def is_running(node, process):
        if process.poll() is not None:
            raise LabError(f"{node.name} ended with status {process.returncode}")
        return (node.state() or {}).get("running")

    def rows(self):
        return self.test.ctl(self.warren, "show", "servers")

    def active(self):
        return [row["active"] for row in sorted(self.rows(), key=lambda row: row["server"])]

    def order(self, word, node):
        return self.test.ctl(self.warren, word, f"{node.address}:5672", f"{VIP[4]}:{PORT}")

    def connect(self, address, port, count, log):
        self.test.start(self.client, sys.executable, "-B", __file__, "--client", address, str(port), str(count), log=log)
        wait_until("all clients", lambda: self.test.log(log).count("open") == count, 30, 0.2)


def moves_politely(bench):
    bench.order("disable", NODES[1])
    bench.connect(NODES[0].address, 5672, 2, "bypass.log")
    bench.connect(VIP[4], PORT, CONNECTIONS, "clients.log")
    assert bench.active() == [CONNECTIONS, 0], bench.active()
    bench.order("enable", NODES[1])
    wait_until("even shares", lambda: min(bench.active()) >= CONNECTIONS // 2 - 1, 30, 0.2)
    wait_until("its end", lambda: "evened out" in bench.test.log("warren.log"), 10, 0.2)
    said = bench.test.log("clients.log").splitlines()
    closed = [line for line in said if line.startswith("closed")]
    print(f"{CONNECTIONS} connections on one node: now {bench.active()}, {len(closed)} closed: {closed[0]}", flush=True)
    assert CONNECTIONS // 2 - 1 <= len(closed) <= CONNECTIONS // 2 + 2, said
    assert all("320" in line and "rebalancing" in line for line in closed), closed
    assert not any("broken" in line for line in said), said
    assert bench.test.log("bypass.log").split() == ["open"] * 2, "those that came past the VIP stay"


def main(test):
    moves_politely(Bench(test))


if __name__ == "__main__":
    if sys.argv[1] == "--client":
        stay_connected(*sys.argv[2:])
    else:
        Test.main(main)
