#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Every service of a real RabbitMQ node through the VIP, IPv4 and IPv6, with two workers: AMQP, AMQP over TLS with a certificate
that the client verifies, MQTT, streams. What is published comes back as it was.

    rabbitmq_services.py BUILD-DIR

The certificate is for the virtual addresses: they are what clients connect to. A case whose plugin Debian's rabbitmq-server does
not have is skipped, with a line that says so.
"""

import collections
import pathlib
import shutil

from forwarding_methods import CLIENT_NET, FAMILIES, VIP, both, virtual_server
from harness import LabError, Test, run, wait_until
from many_workers import virtual_addresses

from warrenlab import rabbit

HERE = pathlib.Path(__file__).parent
PLUGINS = "/usr/lib/rabbitmq/lib"
Service = collections.namedtuple("Service", "port listener plugin")
SERVICES = {
    "amqp": Service(5672, None, None),
    "amqps": Service(5671, "listeners.ssl.default", None),
    "mqtt": Service(1883, "mqtt.listeners.tcp.default", "rabbitmq_mqtt"),
    "stream": Service(5552, "stream.listeners.tcp.default", "rabbitmq_stream"),
}


def services_here():
    found = {}
    for name, service in SERVICES.items():
        if service.plugin and not list(pathlib.Path(PLUGINS).glob(f"*/plugins/{service.plugin}-[0-9]*")):
            print(f"skipped: {name}: rabbitmq-server has no plugin {service.plugin}", flush=True)
        else:
            found[name] = service
    return found


class Tls:
    """A certificate authority, a server's certificate for these ("IP:..." or "DNS:...") and a client's, and an authority that has nothing
    to do with it."""

    def __init__(self, openssl, folder, names):
        self.openssl = openssl
        self.folder = folder
        folder.mkdir()
        self.make("ca")
        self.make("stranger")
        self.issue("server", "-addext", f"subjectAltName={','.join(names)}")
        self.issue("client")

    def issue(self, name, *options):
        self.make(name, "-CA", self.certificate("ca"), "-CAkey", self.key("ca"), "-addext", "basicConstraints=critical,CA:FALSE", *options)

    def certificate(self, name):
        return str(self.folder / f"{name}.pem")

    def key(self, name):
        return str(self.folder / f"{name}.key")

    def make(self, name, *options):
        run(self.openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", f"/CN={name}", "-keyout", self.key(name), "-out", self.certificate(name), *options)

    def broker_config(self, verify="verify_none"):
        """Lines of rabbitmq.conf; the key becomes RabbitMQ's. verify_peer: clients need a certificate."""
        shutil.chown(self.key("server"), rabbit.USER, rabbit.USER)
        return (f"ssl_options.cacertfile = {self.certificate('ca')}\nssl_options.certfile = {self.certificate('server')}\n"
                f"ssl_options.keyfile = {self.key('server')}\nssl_options.verify = {verify}\n"
                f"ssl_options.fail_if_no_peer_cert = {'true' if verify == 'verify_peer' else 'false'}\n")


def broker_config(services, tls):
    lines = [f"{service.listener} = {service.port}" for service in services.values() if service.listener]
    if "stream" in services:    # clients are to come back to the balancer, not to the node
        lines += [f"stream.advertised_host = {VIP[4]}"]
    return "".join(f"{line}\n" for line in lines) + tls.broker_config()


class Bench:
    def __init__(self, test):
        self.test = test
        test.program("../lib/rabbitmq/bin/rabbitmq-server")
        self.services = services_here()
        self.tls = Tls(test.program("openssl"), test.folder / "tls", [f"IP:{VIP[4]}", f"IP:{VIP[6]}"])
        self.client = test.network.add_host("client", *both(CLIENT_NET, 50))
        warren = test.network.add_host("warren", *both(CLIENT_NET, 4))
        self.node = self.start_node()
        config = virtual_addresses(workers=2)
        for family in FAMILIES:
            for service in self.services.values():
                config += virtual_server(family, "FNAT", service.port, [CLIENT_NET[family].format(11)])
        wait_until("RabbitMQ", self.is_running, 120, 0.2)
        test.start_warren(warren, config)
        wait_until("all services", lambda: all(row["check"] == "ok" and row["reachable"] for row in test.ctl(
            warren, "show", "servers")), 20, 0.1)

    def start_node(self):
        spec = rabbit.NODES[0]
        node = rabbit.Node(self.test.network.add_host(spec.name, *both(CLIENT_NET, 11)), spec, self.test.folder)
        self.test.network.name_hosts({spec.name: spec.address})
        self.test.folder.chmod(0o711)    # RabbitMQ gives up root
        node.prepare([service.plugin for service in self.services.values() if service.plugin],
                     broker_config(self.services, self.tls))
        self.process = node.start()
        return node

    def is_running(self):
        if self.process.poll() is not None:
            raise LabError(f"RabbitMQ ended with status {self.process.returncode}")
        return (self.node.state() or {}).get("running")

    def round_trip(self, name, family, *words, check=True):
        return self.client.run("/usr/bin/python3", "-B", str(HERE / "broker_clients.py"), name, VIP[family],
                               str(self.services[name].port), *words, check=check, timeout=60)


def amqp(bench, family):
    bench.round_trip("amqp", family)


def amqps(bench, family):
    bench.round_trip("amqps", family, bench.tls.certificate("ca"))
    result = bench.round_trip("amqps", family, bench.tls.certificate("stranger"), check=False)
    assert result.returncode != 0 and "CERTIFICATE_VERIFY_FAILED" in result.stderr, result


def mqtt(bench, family):
    bench.round_trip("mqtt", family)


def stream(bench, family):
    brokers = bench.round_trip("stream", family).stdout.strip()
    assert brokers == str((VIP[4], SERVICES["stream"].port)), f"clients are sent to {brokers}"


def main(test):
    bench = Bench(test)
    for case in (amqp, amqps, mqtt, stream):
        if case.__name__ in bench.services:
            for family in FAMILIES:
                print(f"{case.__name__} IPv{family}", flush=True)
                case(bench, family)


if __name__ == "__main__":
    Test.main(main)
