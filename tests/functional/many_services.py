#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""600 virtual_servers behind 200 addresses, whose servers all fail at once: warrenctl is answered meanwhile, the host's own
clients are led as the checks say in the end, and SIGTERM ends it as soon as ever.

    many_services.py BUILD-DIR
"""

import signal
import time

from harness import Test, wait_until

ADDRESSES, SERVICES = 200, 600
NODE, FIRST_PORT = "10.0.0.9", 6000
STOP_S = 5


def vip(number):
    return f"10.2.0.{number + 1}"


def config():
    addresses = "".join(f"  {vip(i)}/8\n" for i in range(ADDRESSES))
    text = f"vrrp_instance V {{\n interface eth0\n virtual_router_id 51\n priority 255\n virtual_ipaddress {{\n{addresses} }}\n}}\n"
    for i in range(SERVICES):
        text += (f"virtual_server {vip(i % ADDRESSES)} {5672 + i // ADDRESSES} {{\n lb_kind FNAT\n protocol TCP\n delay_loop 1\n"
                 f" real_server {NODE} {FIRST_PORT + i} {{\n  TCP_CHECK {{\n   retry 1\n   delay_before_retry 1\n  }}\n }}\n}}\n")
    return text


def main(test):
    host = test.network.add_host("a", "10.0.0.4/8")
    test.network.add_host("node", f"{NODE}/8")    # where nobody listens
    warren = test.start_warren(host, config())
    table = ("nft", "list", "table", "inet", f"warren_local_{host.namespace}")

    def all_failed():
        asked = time.monotonic()
        servers = test.ctl(host, "show", "servers")
        print(f"answered after {time.monotonic() - asked:.2f} s", flush=True)
        return sum(row["state"] == "down" for row in servers) == SERVICES
    wait_until("all servers to be down", all_failed, 30)
    wait_until("the host's clients to be led to none of them", lambda: "dnat" not in host.run(*table, check=False).stdout, 10)
    stopped = time.monotonic()
    warren.send_signal(signal.SIGTERM)
    warren.wait(60)
    took = time.monotonic() - stopped
    assert took < STOP_S, f"it took {took:.1f} s to stop"


if __name__ == "__main__":
    Test.main(main)
