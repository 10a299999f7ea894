#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The daemon and its CLI from outside: wrong files, starts that cannot be, what `show` says of a running one, HUP and TERM."""

import os
import signal
import subprocess

from harness import Test, rows_of, wait_until

VIP = "192.168.8.100"
ROUTER = f"""vrrp_instance VI_1 {{
    interface eth0
    virtual_router_id 51
    priority 255
    advert_int 1
    virtual_ipaddress {{
        {VIP}/24
    }}
}}
"""
SERVICE = f"""virtual_server {VIP} 5672 {{
    delay_loop 1
    lb_algo wrr
    lb_kind FNAT
    protocol TCP
    real_server 192.168.8.11 5672 {{
        TCP_CHECK {{
            connect_timeout 1
        }}
    }}
    real_server 192.168.8.12 5672 {{
        weight 3
        TCP_CHECK {{
            connect_timeout 1
        }}
    }}
}}
"""
# Warren alone answers for the VIP: echo, and RST where there is no virtual_server.
APPLIANCE = "dataplane {\n    host_addresses off\n}\n"
# Holds N connections, says who serves each, and at the end of its input whether they still work.
CLIENT = """
import socket, sys
def ask(c):
    c.sendall(b"hello")
    return c.recv(100).decode().split()[0]
held = [socket.create_connection(("192.168.8.100", 5672), timeout=5) for _ in range(int(sys.argv[1]))]
print(" ".join(sorted(ask(c) for c in held)), flush=True)
sys.stdin.read()
print(" ".join(sorted(ask(c) for c in held)))
"""


class Bench:
    def __init__(self, test):
        self.test = test
        self.host = test.network.add_host("warren", "192.168.8.4/24")
        self.client = test.network.add_host("client", "192.168.8.50/24")
        self.servers = {name: test.network.add_host(name, f"192.168.8.{number}/24")
                        for name, number in (("one", 11), ("two", 12))}

    def run_warren(self, config, *options, instance="start-test"):
        file = self.test.folder / "tried.conf"
        file.write_text(config, encoding="utf-8")
        return self.host.run(self.test.program("app/warren/warren"), "--config", str(file), "--instance", instance,
                             *options, check=False, timeout=30)

    def ctl(self, *words, check=True):
        return self.host.run(self.test.program("app/warrenctl/warrenctl"), "--instance", self.host.namespace, *words,
                             check=check)

    def show(self, view):
        return rows_of(self.ctl("--json", "show", view).stdout, "show", view)

    def total(self, counter):
        return next(row["total"] for row in self.show("counters") if row["name"] == counter)

    def start_server(self, name):
        return self.test.start_name_echo(self.servers[name], name, log=f"server-{name}.log")

    def states(self):
        return {row["server"]: row["state"] for row in self.show("servers")}


def wrong_files_and_places(bench):
    result = bench.run_warren(ROUTER, "--check")
    assert result.returncode == 0, result
    assert f"virtual_server {VIP}" in result.stdout, f"no hint at the missing virtual_server: {result.stdout}"

    wrong = ROUTER.replace("virtual_router_id 51", "virtual_router_id 999\n    no_such_word 1") + "nonsense {\n}\n"
    for options in (["--check"], []):
        result = bench.run_warren(wrong, *options)
        assert result.returncode == 1, result
        said = result.stdout + result.stderr
        for line in (3, 4, 11):
            assert f"tried.conf:{line}: error:" in said, f"line {line} is not told about: {said}"
    assert "netdev" not in bench.host.run("nft", "list", "ruleset").stdout, "something was started"

    for config, options, text in (
            (ROUTER.replace("eth0", "eth7"), [], "eth7: no such interface"),
            (ROUTER, ["--no-such-option"], "no-such-option"),
            (ROUTER, ["--", "--no-such-eal-option"], "DPDK did not start")):
        result = bench.run_warren(config, *options)
        assert result.returncode == 1 and text in result.stderr, result
    full = bench.host.run("unshare", "-m", "sh", "-c", 'mount -t tmpfs -o size=64k none /run && exec "$@"', "sh",
                          bench.test.program("app/warren/warren"), "--config", str(bench.test.folder / "tried.conf"),
                          "--instance", "full-run", check=False, timeout=30)
    assert full.returncode == 1 and "/var/run is full" in full.stderr, full
    missing = bench.host.run(bench.test.program("app/warren/warren"), "--config", "/no/such/file", check=False)
    assert missing.returncode == 1 and missing.stderr == "warren: cannot read '/no/such/file': No such file or directory\n", missing
    result = bench.ctl("show", "status", check=False)
    assert result.returncode == 1 and "no warren is running" in result.stderr, result
    result = bench.ctl("check", check=False)
    assert result.returncode == 3 and result.stdout.startswith("WARREN UNKNOWN - no warren"), result


def a_running_one(bench):
    processes = {name: bench.start_server(name) for name in bench.servers}
    warren = bench.test.start_warren(bench.host, ROUTER + SERVICE + APPLIANCE)
    second = bench.run_warren(ROUTER, instance=bench.host.namespace)
    assert second.returncode == 1 and "another warren is running" in second.stderr, second

    wait_until("the VIP to answer", lambda: bench.client.run("ping", "-c", "1", "-W", "1", VIP, check=False).returncode == 0,
               10)
    wait_until("both servers to be reachable", lambda: all(row["reachable"] for row in bench.show("servers")), 10)
    assert VIP not in bench.host.run("ip", "addr", "show").stdout, "the host was not to have the VIP"
    tried = bench.client.run("/usr/bin/python3", "-c", f"import socket; socket.create_connection(('{VIP}', 22), 3)", check=False)
    assert "ConnectionRefusedError" in tried.stderr and bench.total("resets_sent") == 1, tried
    holder = bench.client.popen("/usr/bin/python3", "-c", CLIENT, "8", stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL)
    served = holder.stdout.readline().decode().split()
    assert served == ["one"] * 2 + ["two"] * 6, f"weights 1 and 3, but: {served}"

    status = bench.show("status")
    assert status["servers_up"] == 2 and status["flows"] == 8 and status["vrrp"][0]["state"] == "master", status
    flows = bench.show("flows")
    assert len(flows) == 8 and all(flow["state"] == "established" for flow in flows), flows
    assert sorted(row["active"] for row in bench.show("servers")) == [2, 6]
    assert bench.total("flows_admitted") == 8 and bench.total("echo_replies") >= 1, bench.show("counters")
    checked, verdict = bench.ctl("check", check=False), bench.show("status")["verdict"]
    assert checked.returncode == ["ok", "degraded", "down"].index(verdict) and "| flows=8 servers_up=2 " in checked.stdout, checked
    for view in ("status", "vrrp", "config", "services", "servers", "flows", "counters", "workers", "neighbours"):
        assert bench.ctl("show", view).stdout.strip(), f"show {view} prints nothing"
    result = bench.ctl("show", "nonsense", check=False)
    assert result.returncode == 2 and "neighbours" in result.stderr, result

    a_server_fails_and_returns(bench, processes)
    hang_up(bench, warren)
    holder.communicate(timeout=20)
    servers_that_are_this_host(bench)
    return warren


def a_server_fails_and_returns(bench, processes):
    os.kill(processes["one"].pid, signal.SIGKILL)
    wait_until("the dead server to be down", lambda: bench.states()["192.168.8.11:5672"] == "down", 10)
    log = bench.test.log("warren.log")
    assert "server 192.168.8.11:5672" in log and "is down: " in log, log
    bench.start_server("one")
    wait_until("the server to be up again", lambda: bench.states()["192.168.8.11:5672"] == "up", 10)


def hang_up(bench, warren):
    """A bad file never touches what runs, nor does it go unnoticed."""
    file = bench.test.folder / "warren.conf"
    good = file.read_text(encoding="utf-8")
    file.write_text("nonsense\n", encoding="utf-8")
    os.kill(warren.pid, signal.SIGHUP)
    wait_until("the bad file to be refused", lambda: "warren.conf:1: error" in bench.test.log("warren.log"), 10)
    file.write_text(good, encoding="utf-8")
    assert bench.show("status")["masters"] == 1


def servers_that_are_this_host(bench):
    """They are down while it has their addresses, and say why; who comes meanwhile is refused by name."""
    addresses = ("192.168.8.11", "192.168.8.12")
    for address in addresses:
        bench.host.run("ip", "addr", "add", f"{address}/32", "dev", "lo")
    wait_until("both to be down", lambda: set(bench.states().values()) == {"down"}, 10)
    assert {row["reason"] for row in bench.show("servers")} == {"is this host's own address, which is not served so"}
    assert bench.show("services")[0]["quorum"] == "down"
    result = bench.run_warren(ROUTER + SERVICE + APPLIANCE, "--check")
    assert result.returncode == 0 and result.stdout.count("is this host's own address, which host_addresses off") == 2, result

    refused = bench.client.run("/usr/bin/python3", "-c", CLIENT, "1", check=False)
    assert "ConnectionRefusedError" in refused.stderr, refused
    refusals = {row["name"]: row["total"] for row in bench.show("counters") if row["group"] == "refusal"}
    assert refusals["no_server"] >= 1, refusals

    for address in addresses:
        bench.host.run("ip", "addr", "del", f"{address}/32", "dev", "lo")
    wait_until("both to be up again", lambda: set(bench.states().values()) == {"up"}, 10)


def another_instance(bench, warren):
    """With the same file, which names what the first one has in the kernel: it ends and leaves that alone."""
    def addresses():
        return bench.host.run("ip", "-o", "addr", "show", "dev", "eth0").stdout
    with open(bench.test.folder / "monitor", "wb") as file:
        monitor = bench.host.popen("ip", "monitor", "address", stdout=file)
    wait_until("the monitor to see an address", lambda: [
        bench.host.run("ip", "addr", verb, "192.168.8.99/32", "dev", "lo") for verb in ("add", "del")]
        and "192.168.8.99" in bench.test.log("monitor"), 10)
    second = bench.run_warren(ROUTER, instance="another")
    assert second.returncode == 1 and "another warren guards this interface" in second.stderr, second
    assert "earlier life" not in second.stderr and warren.poll() is None, second
    monitor.terminate()
    monitor.wait(10)
    assert VIP in addresses() and VIP not in bench.test.log("monitor"), "the first one's address was touched"


def scripts_of_a_life(bench):
    """startup_script before all else, shutdown_script after it; what they say changes nothing."""
    trace = bench.test.folder / "trace"
    script = bench.test.folder / "script"
    script.write_text(f'#!/bin/sh\necho "$* $(ip -o addr show | grep -c {VIP})" >> {trace}\nexit 3\n', encoding="utf-8")
    script.chmod(0o755)
    warren = bench.test.start_warren(bench.host, f"""global_defs {{
    startup_script "{script} up" root
    shutdown_script "{script} before-reload" root
}}
""" + ROUTER)
    assert trace.read_text() == "up 0\n"
    wait_until("the VIP", lambda: VIP in bench.host.run("ip", "addr").stdout, 10)
    file = bench.test.folder / "warren.conf"
    file.write_text(file.read_text().replace("before-reload", "down"), encoding="utf-8")
    assert bench.ctl("reload").returncode == 0
    another_instance(bench, warren)
    os.kill(warren.pid, signal.SIGTERM)
    assert warren.wait(20) == 0
    assert trace.read_text() == "up 0\ndown 0\n"
    assert "startup_script: exit status 3" in bench.test.log("warren.log")


def the_end(bench, warren):
    assert "warren_eth0" in bench.host.run("nft", "list", "ruleset").stdout
    os.kill(warren.pid, signal.SIGTERM)
    assert warren.wait(10) == 0
    assert "netdev" not in bench.host.run("nft", "list", "ruleset").stdout, "the guard is left behind"
    assert "stopped" in bench.test.log("warren.log")
    assert bench.client.run("ping", "-c", "1", "-W", "1", VIP, check=False).returncode != 0


def main(test):
    bench = Bench(test)
    wrong_files_and_places(bench)
    the_end(bench, a_running_one(bench))
    scripts_of_a_life(bench)


if __name__ == "__main__":
    Test.main(main)
