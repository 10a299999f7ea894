# SPDX-License-Identifier: BSD-3-Clause
"""Hosts on one switch, made of network namespaces.

A Network is a namespace NAME-switch with one bridge, and one namespace NAME-HOST per host, joined
by a veth pair: `eth0` at the host's end, a port named like the host at the switch's end. Nothing is
created in the machine's own namespace but /etc/netns/NAME-HOST/hosts (host names for `ip netns
exec`), so udev rules, NetworkManager and Docker have nothing to touch. All state is in the names:
Network("lab") in another process is the same network. remove() kills what runs in these namespaces,
and nothing else, and deletes them; it may be called at any time, twice, or on a half-built network.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time

ETC_NETNS = "/etc/netns"

# A DPDK process behind a veth wants finished checksums, and frames as short as on a wire.
_NO_OFFLOADS = "ethtool -K {dev} tx off tso off gso off gro off >/dev/null"

_SWITCH_SCRIPT = """
set -e
# br_netfilter would drop malformed frames inside the bridge
for knob in iptables ip6tables arptables; do
  file=/proc/sys/net/bridge/bridge-nf-call-$knob
  if [ -e $file ]; then echo 0 > $file; fi
done
echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6
ip link set lo up
ip link add bridge type bridge stp_state 0 forward_delay 0 mcast_snooping 0
ip link set bridge up
"""

_HOST_SCRIPT = """
set -e
echo 0 > /proc/sys/net/ipv4/ip_forward
for where in all default eth0; do
  echo 0 > /proc/sys/net/ipv4/conf/$where/rp_filter
  echo 0 > /proc/sys/net/ipv6/conf/$where/accept_dad
done
ip link set lo up
ip link set eth0 up
""" + _NO_OFFLOADS.format(dev="eth0")


class LabError(RuntimeError):
    """Something the operator can read: one clear line."""


def run(*command, check=True, **options):
    """Runs a command quietly; its output is in the result, and in the error if it fails."""
    options.setdefault("text", True)
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
    if check and result.returncode != 0:
        output = (result.stderr or result.stdout or "failed").strip()
        raise LabError(f"{' '.join(command)}: {output}")
    return result


def wait_until(what, condition, timeout, interval=0.05):
    """Waits for an event and returns the condition's first true value; times are in seconds."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise LabError(f"waited {timeout:g} s in vain for: {what}")
        time.sleep(interval)


def is_alive(pid):
    """Whether the process runs; a zombie, which kill(pid, 0) would still find, does not."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def namespaces():
    """Names of all network namespaces of the machine."""
    lines = run("ip", "netns", "list").stdout.splitlines()
    return [line.split()[0] for line in lines if line.strip()]


class Host:
    """One host of a network; its interface is eth0."""

    def __init__(self, network, name):
        self.network = network
        self.name = name
        self.namespace = f"{network.name}-{name}"

    def command(self, *argv):
        """The command line that runs argv on this host."""
        return ["ip", "netns", "exec", self.namespace, *argv]

    def run(self, *argv, check=True, **options):
        return run(*self.command(*argv), check=check, **options)

    def popen(self, *argv, **options):
        """Starts a process in a session of its own: a Ctrl-C at the terminal is not meant for it."""
        options.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.Popen(self.command(*argv), start_new_session=True, **options)

    def pids(self):
        result = run("ip", "netns", "pids", self.namespace, check=False)
        return [int(word) for word in result.stdout.split()]

    def kill_all(self):
        """Kills, at once and for good, all that runs on this host."""
        def none_left():
            for pid in self.pids():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            return not self.pids()
        wait_until(f"end of the processes on {self.namespace}", none_left, 10)

    def add_address(self, address, device="eth0"):
        run("ip", "-n", self.namespace, "address", "replace", address, "dev", device)

    def mac(self, device="eth0"):
        text = run("ip", "-n", self.namespace, "-o", "link", "show", "dev", device).stdout
        return re.search(r"link/ether ([0-9a-f:]{17})", text).group(1)

    def unplug(self):
        """Takes the cable out: nothing goes in or out, and neither side gets a goodbye."""
        self._port("set", "down")

    def plug(self):
        self._port("set", "up")

    def _port(self, verb, *state):
        switch = self.network.switch
        return run("ip", "-n", switch, "-o", "link", verb, "dev", self.name, *state).stdout

    def is_plugged(self):
        text = self._port("show")
        return "UP" in re.search(r"<(.*?)>", text).group(1).split(",")


class Network:
    """A switch and its hosts. Usable as a context manager that removes everything at the end."""

    def __init__(self, name):
        if not re.fullmatch(r"[a-z][a-z0-9]{0,11}", name):
            raise LabError(f"'{name}' is no name for a lab: 1 to 12 of a-z, 0-9, a letter first")
        self.name = name
        self.switch = f"{name}-switch"

    def __enter__(self):
        self.remove()
        try:
            self.create()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(self, *exception):
        self.remove()

    def exists(self):
        return self.switch in namespaces()

    def create(self):
        if os.geteuid() != 0:
            raise LabError("network namespaces need root")
        run("ip", "netns", "add", self.switch)
        run("ip", "netns", "exec", self.switch, "sh", "-c", _SWITCH_SCRIPT)

    def add_host(self, name, *addresses):
        """Makes a host with its addresses ("192.168.8.4/24", IPv6 too) and plugs it in."""
        host = Host(self, name)
        run("ip", "netns", "add", host.namespace)
        link = ("ip", "-n", self.switch, "link")
        peer = ("peer", "name", "eth0", "netns", host.namespace)
        run(*link, "add", "name", name, "type", "veth", *peer)
        run("ip", "netns", "exec", self.switch, "sh", "-c", _NO_OFFLOADS.format(dev=name))
        run(*link, "set", "dev", name, "master", "bridge", "up")
        host.run("sh", "-c", _HOST_SCRIPT)
        for address in addresses:
            host.add_address(address)
        return host

    def host(self, name):
        return Host(self, name)

    def hosts(self):
        prefix = f"{self.name}-"
        own = [ns for ns in namespaces() if ns.startswith(prefix) and ns != self.switch]
        return [Host(self, ns.removeprefix(prefix)) for ns in own]

    def name_hosts(self, addresses):
        """Lets every host know the others by name: {"rabbit1": "192.168.8.11", …}."""
        named = "".join(f"{address} {name}\n" for name, address in addresses.items())
        text = "127.0.0.1 localhost\n::1 localhost\n" + named
        for host in self.hosts():
            folder = f"{ETC_NETNS}/{host.namespace}"
            os.makedirs(folder, exist_ok=True)
            with open(f"{folder}/hosts", "w", encoding="ascii") as file:
                file.write(text)

    def remove(self):
        everything = [*self.hosts(), Host(self, "switch")]
        present = namespaces()
        for host in everything:
            if host.namespace in present:
                host.kill_all()
        for host in everything:
            if host.namespace in present:
                run("ip", "netns", "delete", host.namespace)
        if os.path.isdir(ETC_NETNS):
            for entry in os.listdir(ETC_NETNS):
                if entry.startswith(f"{self.name}-"):
                    shutil.rmtree(f"{ETC_NETNS}/{entry}", ignore_errors=True)
            with contextlib.suppress(OSError):
                os.rmdir(ETC_NETNS)    # stays if others use it


@contextlib.contextmanager
def stop_signals_as_exceptions():
    """SIGTERM and SIGHUP end the program the way Ctrl-C does, through every `finally`.

    SIGINT is in the list because a shell starts background jobs with it ignored.
    """
    def interrupt(number, _frame):
        raise KeyboardInterrupt(signal.Signals(number).name)
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def signals_held():
    """Nothing interrupts a clean-up: neither a second Ctrl-C nor an impatient SIGTERM."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
