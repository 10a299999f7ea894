#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A reload that changes the weight of one of 4,096 real_servers keeps nobody waiting who asks the manager something: of five,
the quickest one's longest turn of its loop is short (tests/bench/manager_turns tells all of them), and the host's own clients
are led by the new weight.

    many_servers.py BUILD-DIR
"""

import re
import signal
import sys
import time

from harness import Test, wait_until

VIP, HTTP = "192.168.8.100", "127.0.0.1:9721"
SERVICES, SERVERS = 16, 256
CHECK_S = ADVERT_S = 0.1
CHECKED_PORT = 5673    # of the last server
FRESH_S = 1.1    # metrics are made once a second at most
RELOADS, MOST_S = 5, "0.01"    # by processor time; 5 ms are aimed at, another machine may share the core
LISTENER = f"""
import selectors, socket
loop = selectors.DefaultSelector()
for port in (5672, {CHECKED_PORT}):
    loop.register(socket.create_server(("", port), backlog=4096), selectors.EVENT_READ)
while True:
    for key, _ in loop.select():
        key.fileobj.accept()[0].close()
"""


def config(weight):
    """The last server has that weight, and is checked all the time."""
    text = (f"dataplane {{\n idle adaptive\n http {HTTP}\n}}\nvrrp_instance V {{\n interface eth0\n virtual_router_id 51\n version 3\n"
            f" priority 200\n advert_int {ADVERT_S}\n virtual_ipaddress {{\n  {VIP}/24\n }}\n}}\n")
    for service in range(SERVICES):
        text += f"virtual_server {VIP} {6000 + service} {{\n lb_kind FNAT\n protocol TCP\n delay_loop 10\n"
        for server in range(SERVERS):
            is_last = service == SERVICES - 1 and server == SERVERS - 1
            port, weights, often = (CHECKED_PORT, weight, f"delay_loop {CHECK_S}\n") if is_last else (5672, 1, "")
            text += f" real_server 10.1.{service}.{server} {port} {{\n  weight {weights}\n  TCP_CHECK {{\n   {often}  }}\n }}\n"
        text += "}\n"
    return text


def start(test):
    """The servers' host, the balancer, its warren after all servers have been checked."""
    node = test.network.add_host("node", "192.168.8.9/24")
    host = test.network.add_host("a", "192.168.8.4/24")
    node.run("ip", "route", "add", "local", "10.1.0.0/16", "dev", "lo")
    host.run("ip", "route", "add", "10.1.0.0/16", "via", "192.168.8.9")
    test.start(node, sys.executable, "-c", LISTENER, log="listener.log")
    process = test.start_warren(host, config(1))

    def passed():
        text = host.run("curl", "-s", f"http://{HTTP}/metrics?scope=server").stdout
        return len(re.findall(r'warren_server_checks_total{[^}]*result="passed"} [1-9]', text))
    wait_until("all servers to have passed a check", lambda: passed() == SERVICES * SERVERS, 30)
    return node, host, process


def turns(host):
    """Turns so far that took no longer, by bound."""
    time.sleep(FRESH_S)
    text = host.run("curl", "-s", f"http://{HTTP}/metrics?scope=process").stdout
    return {bound: int(count) for bound, count in re.findall(r'warren_manager_turn_seconds_bucket\{le="([^"]+)"\} (\d+)', text)}


def longer_turns(host, before):
    """Of those since `before`, how many took longer than a millisecond, by the bound that they did not pass."""
    now = turns(host)
    found, below = {}, 0
    for bound in now:
        count = now[bound] - before[bound]
        if count > below and bound not in ("0.0005", "0.001"):
            found[bound] = count - below
        below = count
    return found


def reload(test, host, process, weight):
    """The longer turns of a reload and of what follows it."""
    before, log = turns(host), f"{host.name}.log"
    (test.folder / f"{host.name}.conf").write_text(config(weight), encoding="utf-8")
    seen = len(re.findall("reloaded:", test.log(log)))
    process.send_signal(signal.SIGHUP)
    wait_until("the reload", lambda: len(re.findall("reloaded:", test.log(log))) > seen, 10)
    return longer_turns(host, before)


def main(test):
    _, host, process = start(test)
    longest = []
    for weight in range(2, 2 + RELOADS):
        found = reload(test, host, process, weight)
        print(f"turns of more than a millisecond, by bound in seconds: {found}", flush=True)
        longest.append(max((float(bound.replace("+Inf", "inf")) for bound in found), default=0))
    assert min(longest) <= float(MOST_S), longest
    first, server = SERVERS - 1, rf"10\.1\.{SERVICES - 1}\.{SERVERS - 1} \. {CHECKED_PORT}"    # of weight 1 + RELOADS

    def led_by_weight():
        table = host.run("nft", "list", "table", "inet", f"warren_local_{host.namespace}").stdout
        return re.search(rf"\b{first}-{first + RELOADS} : {server}\b", table)
    wait_until("the host's own clients to be led by the new weight", led_by_weight, 5)


if __name__ == "__main__":
    Test.main(main)
