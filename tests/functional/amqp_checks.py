#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""AMQP_CHECK and RABBITMQ_CHECK against two real nodes of a RabbitMQ cluster, one of which wants PROXY headers.

    amqp_checks.py BUILD-DIR [SECONDS]

A session comes up, also over TLS with a certificate that is verified, and is silent in the broker's log for SECONDS (10); behind
proxy_protocol the broker knows its client; a VM that hangs is down within 3 s, with clients too, and one that is only busy stays as long
as its clients get answers; a drain is seen at once and ends; an alarm is seen and ends; a node of another cluster, a wrong password, another authority, another server name and none of our own certificates are down; the session leaves politely. Every
check has a virtual_server of its own, so that the row of its server is its verdict. `warrenctl audit` finds what the cluster would lose.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time

from forwarding_methods import VIP
from harness import REPOSITORY, LabError, Test, wait_until
from rabbitmq_services import Tls

from warrenlab import rabbit

USER, PASSWORD = rabbit.LOGIN
CLUSTER = "rabbit@prod"
PLAIN, PROXY = rabbit.NODES[:2]
LOGIN = f"username {USER}\n password {PASSWORD}\n"
NAME = "rabbit.example"    # of the certificate


def tls_check(tls, authority="ca", name=NAME, own="client"):
    """The broker wants a certificate of its clients."""
    certificate = f" cert_file {tls.certificate(own)}\n key_file {tls.key(own)}\n" if own else ""
    return (f"AMQP_CHECK {{\n {LOGIN} tls {{\n ca_file {tls.certificate(authority)}\n server_name {name}\n verify on\n{certificate} }}\n }}")


PROXIED = 6003    # a virtual_server whose clients bring a PROXY header, and so does its check


# Of each check: the port of its virtual_server, its node and the port there, the block.
def good_checks(tls):
    return {
        "session": (6001, PLAIN, 5672, f"AMQP_CHECK {{\n {LOGIN} heartbeat 1\n publish_interval 0.5\n cluster_name {CLUSTER}\n }}"),
        "publish": (6002, PLAIN, 5672, f"AMQP_CHECK {{\n level publish\n {LOGIN} }}"),
        "proxy": (PROXIED, PROXY, 5672, f"AMQP_CHECK {{\n {LOGIN} }}"),    # see config()
        "api": (6004, PLAIN, 5672, f"RABBITMQ_CHECK {{\n url http://{PLAIN.address}:15672\n {LOGIN} interval 0.5\n }}"),
        "tls": (6008, PLAIN, 5671, tls_check(tls)),
    }


def wrong_checks(tls):
    return {
        "foreign": (6005, PLAIN, 5672, f"AMQP_CHECK {{\n {LOGIN} cluster_name rabbit@elsewhere\n }}"),
        "denied": (6006, PLAIN, 5672, f"AMQP_CHECK {{\n username {USER}\n password wrong\n }}"),
        "no proxy": (6007, PROXY, 5672, f"AMQP_CHECK {{\n {LOGIN} }}"),
        "stranger": (6009, PLAIN, 5671, tls_check(tls, authority="stranger")),
        "no file": (6011, PLAIN, 5672, f"AMQP_CHECK {{\n username {USER}\n password_file /nowhere/password\n }}"),
        "no certificate": (6012, PLAIN, 5671, tls_check(tls, own=None)),
        "other name": (6010, PLAIN, 5671, tls_check(tls, name="other.example")),
    }


def config(checks):
    text = ("dataplane {\n workers 1\n}\nvrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n priority 255\n"
            f" virtual_ipaddress {{\n  {VIP[4]}/24\n }}\n}}\n")
    for port, node, node_port, check in checks.values():
        text += (f"virtual_server {VIP[4]} {port} {{\n lb_algo wlc\n lb_kind FNAT\n protocol TCP\n delay_loop 0.2\n"
                 f"{' proxy_protocol v2' * (port == PROXIED)}\n"
                 f" real_server {node.address} {node_port} {{\n {check}\n }}\n}}\n")
    return text


class Bench:
    def __init__(self, test):
        self.test = test
        test.program("../lib/rabbitmq/bin/rabbitmq-server")
        self.nodes = {spec: rabbit.Node(test.network.add_host(spec.name, f"{spec.address}/24"), spec, test.folder)
                      for spec in (PLAIN, PROXY)}
        test.network.name_hosts({spec.name: spec.address for spec in self.nodes})
        self.warren = test.network.add_host("warren", f"{WARREN_ADDRESS}/24")
        self.client = test.network.add_host("client", f"{CLIENT_ADDRESS}/24")
        test.folder.chmod(0o711)    # RabbitMQ gives up root
        tls = Tls(test.program("openssl"), test.folder / "tls", [f"DNS:{NAME}"])
        self.good, self.wrong = good_checks(tls), wrong_checks(tls)
        self.processes = {}
        shipped = (REPOSITORY / "conf/rabbitmq/mirrors.conf").read_text(encoding="ascii")
        for spec, more in ((PLAIN, "listeners.ssl.default = 5671\n" + tls.broker_config("verify_peer")), (PROXY, "proxy_protocol = true\n")):
            self.nodes[spec].prepare(["rabbitmq_management"], shipped + more)
            self.processes[spec] = self.nodes[spec].start()
            wait_until(spec.name, lambda spec=spec: self.is_running(spec), 120, 0.2)

        self.ask(f'rabbit_nodes:set_cluster_name(<<"{CLUSTER}">>, <<"test">>)')

    def is_running(self, spec):
        if self.processes[spec].poll() is not None:
            raise LabError(f"{spec.name} ended with status {self.processes[spec].returncode}")
        return (self.nodes[spec].state() or {}).get("running")

    def ask(self, erlang):
        # A drain waits for its listeners and leaders.
        assert self.nodes[PLAIN].ask(f'{erlang}, io:format("1").\n', timeout_s=30) == 1, erlang

    def state(self, name):
        port = (self.good | self.wrong)[name][0]
        row = [row for row in self.test.ctl(self.warren, "show", "servers") if str(row["service"]).find(f":{port}") >= 0]
        return row[0]["state"], row[0]["check"]

    def said(self, pattern, since=0):
        return re.search(pattern, self.test.log("warren.log")[since:])

    def mark(self):
        return len(self.test.log("warren.log"))

    def wait_for_word(self, what, pattern, since, timeout=10):
        """How long until the log has it, in seconds."""
        begun = time.monotonic()
        wait_until(what, lambda: self.said(pattern, since), timeout, interval=0.005)
        return time.monotonic() - begun

    def broker_log(self, spec=PLAIN):
        return self.nodes[spec].log.read_text(encoding="utf-8", errors="replace")


def comes_up(bench):
    for name in bench.good:
        wait_until(f"{name} to be up", lambda name=name: bench.state(name) == ("up", "ok"), 20, 0.1)
        print(f"{name}: up", flush=True)


def proxied_is_silent(bench):
    said = levels(bench.broker_log(PROXY))
    assert said["error"] == 0, f"a check crashed a listener: {bench.broker_log(PROXY)}"


def levels(text):
    return {level: text.count(f"[{level}]") for level in ("info", "warning", "error")}


def is_silent(bench, seconds):
    before = len(bench.broker_log())
    time.sleep(seconds)    # nothing is waited for: nothing is to happen
    lines = levels(bench.broker_log()[before:])
    print(f"broker's log in {seconds} s of sessions: {lines}", flush=True)
    assert not any(lines.values()), bench.broker_log()[before:]
    for name in bench.good:
        assert bench.state(name)[0] == "up", f"{name} is {bench.state(name)}"


ALARMS = {    # of which resource; how it begins, and ends
    "memory": ("vm_memory_monitor:set_vm_memory_high_watermark(0.00001)", "vm_memory_monitor:set_vm_memory_high_watermark(0.4)"),
    "disk": ("rabbit_disk_monitor:set_disk_free_limit(1 bsl 60)", "rabbit_disk_monitor:set_disk_free_limit(50000000)"),
}


def sees_alarm(bench, resource):
    begin, end = ALARMS[resource]
    since = bench.mark()
    bench.ask(begin)
    took = bench.wait_for_word("the alarm", rf"AMQP_CHECK of server .*: blocked: {resource} alarm", since)
    bench.wait_for_word("the alarm by the API", rf"RABBITMQ_CHECK of server .*: blocked: {resource} alarm of rabbit@{PLAIN.name}", since)
    print(f"{resource} alarm seen after {took * 1000:.0f} ms", flush=True)
    assert bench.state("session")[0] == "blocked", "an alarm is the whole cluster's: it ejects nobody"
    session = next(row for row in bench.test.ctl(bench.warren, "show", "servers") if str(row["service"]).endswith(":6001"))
    assert session["serves"], session
    reasons = [reason["name"] for reason in bench.test.ctl(bench.warren, "show", "status")["reasons"]]
    assert "blocked" in reasons, reasons
    since = bench.mark()
    bench.ask(end)
    bench.wait_for_word("the end of the alarm", r"AMQP_CHECK of server .*: serving", since)
    bench.wait_for_word("its end by the API", r"RABBITMQ_CHECK of server .*: serving", since)


def sees_hung_vm(bench):
    pid = bench.processes[PLAIN].pid
    begun = time.monotonic()
    os.kill(pid, signal.SIGSTOP)
    try:
        wait_until("the hung node to be down", lambda: bench.state("session")[0] == "down", 10, 0.02)
        took = time.monotonic() - begun
        print(f"hung VM down after {took:.2f} s: {bench.state('session')[1]}", flush=True)
        assert took <= 3, f"{took} s"
        assert bench.state("api")[0] == "up", "the API cannot tell"
    finally:
        os.kill(pid, signal.SIGCONT)
    comes_up(bench)


# COUNT connections that publish with confirms, each again at once when it is lost: a line for each that opens, and for each loss.
CHATTER = f"""
import pika, sys, threading, time
address, port, count, pause = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
def say(line):
    print(line + "\\n", end="", flush=True)
def chat():
    while True:
        try:
            connection = pika.BlockingConnection(pika.ConnectionParameters(address, port, heartbeat=60, socket_timeout=120,
                stack_timeout=120, blocked_connection_timeout=300, credentials=pika.PlainCredentials(*{rabbit.LOGIN})))
            channel = connection.channel()
            channel.confirm_delivery()
            say("open")
            while True:
                channel.basic_publish("", "nobody's", b"x" * 10)
                time.sleep(pause)
        except pika.exceptions.AMQPError as error:
            say(f"lost {{time.time():.3f}} {{error!r}}")
            time.sleep(0.2)
for _ in range(count):
    threading.Thread(target=chat, daemon=True).start()
time.sleep(300)
"""


class Chatter:
    """Clients of the VIP; `with` ends them."""

    def __init__(self, bench, name, count, pause=0.05):
        self.bench, self.log = bench, f"{name}.log"
        self.process = bench.test.start(bench.client, "/usr/bin/python3", "-c", CHATTER, VIP[4], "6001", str(count), str(pause), log=self.log)
        self.count = count

    def wait_open(self, seconds=20):
        wait_until("all clients", lambda: self.said("open") >= self.count, seconds, 0.1)

    def said(self, word):
        return sum(line.startswith(word) for line in self.bench.test.log(self.log).splitlines())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def busy(bench):
    return any("answers its clients and not its checks" in row["text"] for row in bench.test.ctl(bench.warren, "show", "status")["reasons"])


def stays_while_it_talks(bench):
    """The check hears nothing, the clients do: it stays, for as long as they do."""
    host = bench.nodes[PLAIN].host
    since = bench.mark()
    with Chatter(bench, "chatter", 4) as clients:
        clients.wait_open()
        host.run("nft", "add table ip deaf; add chain ip deaf out { type filter hook output priority 0; };"
                 f"add rule ip deaf out ip daddr {WARREN_ADDRESS} tcp sport 5672 drop")
        try:
            took = bench.wait_for_word("its being busy", r"server .*:5672 is busy: no heartbeat, but its clients get answers", since)
            end = time.monotonic() + 5
            while time.monotonic() < end:
                assert bench.state("session")[0] == "up", bench.state("session")
                time.sleep(0.1)
            assert busy(bench) and clients.said("lost") == 0
            os.kill(clients.process.pid, signal.SIGSTOP)
            begun = time.monotonic()
            wait_until("the silent one to be down", lambda: bench.state("session")[0] == "down", 10, 0.02)
            print(f"busy is said after {took:.2f} s; down {time.monotonic() - begun:.2f} s after its clients fell silent", flush=True)
        finally:
            host.run("nft", "delete table ip deaf")
            os.kill(clients.process.pid, signal.SIGCONT)
    comes_up(bench)
    assert not busy(bench)


def stays_in_a_storm(bench):
    """It gets a two hundredth of its time, and many clients at once."""
    pid, since = bench.processes[PLAIN].pid, bench.mark()
    with Chatter(bench, "before", 4) as old:
        old.wait_open()
        with Chatter(bench, "storm", 500, 0.2) as storm:
            begun = time.monotonic()
            while storm.said("open") < storm.count and time.monotonic() < begun + 12:    # longer than a session is borne with
                os.kill(pid, signal.SIGSTOP)
                try:
                    time.sleep(0.4)
                finally:
                    os.kill(pid, signal.SIGCONT)
                time.sleep(0.002)
            falls = bench.said(r"server \S+:5672 of \S+:6001 is down", since)
            print(f"{storm.said('open')} of {storm.count} clients in {time.monotonic() - begun:.1f} s; "
                  f"{'it was called busy' if bench.said('is busy: ', since) else 'no check was late'}", flush=True)
            assert not falls, falls
            assert old.said("lost") == 0, bench.test.log(old.log)
    comes_up(bench)


def sees_hung_vm_with_clients(bench):
    pid = bench.processes[PLAIN].pid
    with Chatter(bench, "doomed", 8) as clients:
        clients.wait_open()
        begun = time.time()
        os.kill(pid, signal.SIGSTOP)
        try:
            wait_until("every client to know", lambda: clients.said("lost") >= clients.count, 10, 0.02)
            took = [float(line.split()[1]) - begun for line in bench.test.log(clients.log).splitlines() if line.startswith("lost")]
            print(f"hung VM with clients: the last knows after {max(took):.2f} s", flush=True)
            assert max(took) <= 3, took
        finally:
            os.kill(pid, signal.SIGCONT)
    comes_up(bench)


def lives_with_a_limit(bench):
    """The vhost has as many connections as it may, the check lost its own: clients that have one keep it."""
    with Chatter(bench, "limited", 4) as clients:
        clients.wait_open()
        since = bench.mark()
        bench.ask('ok = rabbit_vhost_limit:set(<<"/">>, [{<<"max-connections">>, 0}], <<"test">>)')
        # Others of the storm before may be ending.
        bench.ask('[catch rabbit_networking:close_connection(P, "test") || P <- rabbit_networking:connections(),'
                  ' (catch rabbit_networking:connection_info(P, [peer_host])) =:='
                  f' [{{peer_host, {{{WARREN_ADDRESS.replace(".", ",")}}}}}]]')
        bench.wait_for_word("the limit", r"AMQP_CHECK of server .*: closed the connection with 530 .*limit", since)
        end = time.monotonic() + 4
        while time.monotonic() < end:
            assert bench.state("session")[0] == "up", bench.state("session")
            time.sleep(0.1)
        assert clients.said("lost") == 0, bench.test.log(clients.log)
        bench.ask('ok = rabbit_vhost_limit:clear(<<"/">>, <<"test">>)')
    wait_until("the check's session", lambda: bench.state("session") == ("up", "ok"), 20, 0.1)


def sees_drain(bench):
    since = bench.mark()
    begun = time.monotonic()
    bench.ask("rabbit_maintenance:drain()")
    bench.wait_for_word("the drain", r"AMQP_CHECK of server .*: draining: closed the connection with 320", since)
    print(f"drain seen {(time.monotonic() - begun) * 1000:.0f} ms after it was asked for", flush=True)
    # A drain suspends the API's listener with the others.
    bench.wait_for_word("the drain by the API", r"RABBITMQ_CHECK of server .*: (draining|cannot tell: .*refused)", since)
    wait_until("no new flows", lambda: bench.state("session")[0] != "up", 3, 0.02)
    bench.ask("rabbit_maintenance:revive()")
    comes_up(bench)


def refuses_strangers(bench):
    for name, why in (("foreign", "is of the cluster"), ("denied", "403"), ("no proxy", ""), ("stranger", "self-signed"), ("other name", "it is not for other.example"),
                      ("no certificate", "wants a certificate of ours (cert_file)"),
                      ("no file", "No such file or directory")):
        wanted = "up" if name == "no file" else "down"    # what our own host lacks is no node's fault
        wait_until(f"{name} to be {wanted}", lambda name=name, wanted=wanted: bench.state(name)[0] == wanted and bench.state(name)[1], 10, 0.1)
        assert why in bench.state(name)[1], bench.state(name)
        print(f"{name}: {bench.state(name)[1]}", flush=True)


# As JSON: the addresses of the clients of a broker's connections, its checks' too.
PEERS = r"""
Peers = [inet:ntoa(A) || [{peer_host, A}] <- rabbit_networking:connection_info_all([peer_host])],
io:format("[~s]", [lists:join(",", [["\"", P, "\""] || P <- Peers])]).
"""
CLIENT_ADDRESS, WARREN_ADDRESS = "192.168.8.50", "192.168.8.4"
# Holds a connection until the end of its input.
CLIENT = f"""
import pika, sys
connection = pika.BlockingConnection(pika.ConnectionParameters(sys.argv[1], int(sys.argv[2]), credentials=pika.PlainCredentials(*{rabbit.LOGIN})))
print("open", flush=True)
sys.stdin.read()
connection.close()
"""


def knows_its_client(bench):
    client = bench.client.popen("/usr/bin/python3", "-c", CLIENT, VIP[4], str(PROXIED), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                text=True)
    assert client.stdout.readline() == "open\n"
    peers = bench.nodes[PROXY].ask(PEERS)
    print(f"the broker's clients: {peers}", flush=True)
    assert CLIENT_ADDRESS in peers, peers
    client.communicate("", timeout=10)
    assert client.returncode == 0


def audits(bench):
    """Against a live API: two nodes, a queue that is not durable, and one that is on one node only."""
    password = bench.test.folder / "password"
    password.write_text(f"{PASSWORD}\n", encoding="utf-8")

    def audit(url, *more):
        return bench.warren.run(bench.test.program("app/warrenctl/warrenctl"), "--json", "audit", "--url", url, "--username", USER,
                                "--password-file", str(password), *more, check=False)
    for queue, durable in (("transient", "false"), ("lonely", "true")):
        bench.ask(f'rabbit_amqqueue:declare(rabbit_misc:r(<<"/">>, queue, <<"{queue}">>), {durable}, false, [], none, <<"test">>)')
    url = f"http://{PLAIN.address}:15672"
    result = wait_until("the queues to be listed", lambda: "queue lonely in /" in (said := audit(url)).stdout and said, 15, 0.5)
    rules = {finding["rule"] for finding in json.loads(result.stdout)["rows"]}
    print(f"audit: {sorted(rules)}", flush=True)
    assert result.returncode == 1 and {"few_nodes", "transient_queue", "single_replica"} <= rules, result
    assert audit(f"http://{PLAIN.address}:15673").returncode == 2, "nobody is there"
    password.write_text("wrong\n", encoding="utf-8")
    assert audit(url).returncode == 2, "a refused login tells nothing"


def stop(process):
    process.send_signal(signal.SIGTERM)
    process.wait(10)


def leaves_politely(bench, process):
    before = len(bench.broker_log())
    broker = bench.processes[PLAIN].pid
    os.kill(broker, signal.SIGSTOP)     # a busy one answers good-byes late
    try:
        process.send_signal(signal.SIGTERM)
        time.sleep(0.06)
    finally:
        os.kill(broker, signal.SIGCONT)
    process.wait(10)
    wait_until("the broker to have closed", lambda: bench.broker_log()[before:].count("closing AMQP connection") >= 3, 5, 0.1)
    lines = levels(bench.broker_log()[before:])
    print(f"broker's log of the good-bye: {lines}", flush=True)
    assert lines["warning"] == lines["error"] == 0, bench.broker_log()[before:]


def main(test):
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 10
    bench = Bench(test)
    process = test.start_warren(bench.warren, config(bench.good))
    comes_up(bench)
    proxied_is_silent(bench)
    is_silent(bench, seconds)
    knows_its_client(bench)
    audits(bench)
    for resource in ALARMS:
        sees_alarm(bench, resource)
    sees_hung_vm(bench)
    sees_hung_vm_with_clients(bench)
    stays_while_it_talks(bench)
    stays_in_a_storm(bench)
    lives_with_a_limit(bench)
    sees_drain(bench)
    leaves_politely(bench, process)
    stranger = test.start_warren(bench.warren, config(bench.wrong))
    refuses_strangers(bench)
    stop(stranger)


if __name__ == "__main__":
    Test.main(main)
