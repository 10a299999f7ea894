# SPDX-License-Identifier: BSD-3-Clause
"""The lab: client, two warrens and a RabbitMQ cluster on one switch, and the faults to inject.

    client 192.168.8.50 ─┐            ┌─ rabbit1 .11 (disc)
    warrena .4 (prio 100) ┼─ switch ──┼─ rabbit2 .12 (ram)
    warrenb .6 (prio 90) ─┘            └─ rabbit3 .13 (ram)        VIP 192.168.8.100:5672

Everything a lab has on disk is in /var/lib/warren-lab/NAME. All other state is in the kernel (see
netns.py), so each verb of tools/lab is a process of its own and `down` cleans up whatever it finds.
"""

import json
import os
import pathlib
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time

from . import rabbit
from .netns import LabError, Network, is_alive, run, signals_held, wait_until

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
STATE = pathlib.Path("/var/lib/warren-lab")
VIP = "192.168.8.100"
AMQP_PORT = 5672
CLIENT_ADDRESS = "192.168.8.50"
PRIORITIES = {"a": 100, "b": 90}
ADDRESSES = {"a": "192.168.8.4", "b": "192.168.8.6"}
WEIGHTS = {"disc": 1, "ram": 2}    # ram nodes carry more
REQUIRED_CPUS, REQUIRED_MEMORY_GIB, REQUIRED_DISK_GIB = 2, 4, 3

# What an ordinary file says: times are those of `profile rabbitmq`.
_TCP_CHECK = """\
    TCP_CHECK {
    }
"""
_PING_CHECK = """\
    PING_CHECK {
    }
"""
CHECKS = {"tcp": _TCP_CHECK, "ping": _PING_CHECK, "both": _PING_CHECK + _TCP_CHECK}


def configuration(letter, key_file, advert_int=1, check="tcp"):
    """keepalived.conf of one of the two warrens. Below a second: VRRP version 3, which has no authentication."""
    peer = "b" if letter == "a" else "a"
    if advert_int < 1:
        version = "version 3"
    else:
        version = "authentication {\n    auth_type PASS\n    auth_pass 1111\n  }"
    servers = "".join(f"""\
  real_server {node.address} {AMQP_PORT} {{    # {node.kind} node
    weight {WEIGHTS[node.kind]}
{CHECKS[check]}  }}
""" for node in rabbit.NODES)
    return f"""\
global_defs {{
  router_id Node{letter.upper()}
}}
flow_sync {{
  local {ADDRESSES[letter]}
  peer {ADDRESSES[peer]}
  key_file {key_file}
}}
vrrp_instance VI_1 {{
  state {"MASTER" if letter == "a" else "BACKUP"}
  interface eth0
  virtual_router_id 51
  priority {PRIORITIES[letter]}
  advert_int {advert_int}
  {version}
  virtual_ipaddress {{
    {VIP}/24
  }}
}}
virtual_server {VIP} {AMQP_PORT} {{
  profile rabbitmq
{servers}}}
dataplane {{
  idle adaptive
}}
"""


def skew_s(letter, advert_int):
    """Skew_Time in seconds; version 2 does not scale it by advert_int, version 3 does."""
    return (256 - PRIORITIES[letter]) / 256 * min(1, advert_int)


def check_machine():
    """The lab on a machine that is too small would measure swapping."""
    cpus = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    STATE.mkdir(parents=True, exist_ok=True)
    disk = shutil.disk_usage(STATE).free / 2**30
    wrong = []
    if cpus < REQUIRED_CPUS:
        wrong.append(f"{cpus} CPU, needs {REQUIRED_CPUS}")
    if memory < REQUIRED_MEMORY_GIB * 0.95:    # the kernel keeps a part
        wrong.append(f"{memory:.1f} GiB of memory, needs {REQUIRED_MEMORY_GIB}")
    if disk < REQUIRED_DISK_GIB:
        wrong.append(f"{disk:.1f} GiB free below {STATE}, needs {REQUIRED_DISK_GIB}")
    for program in ("ip", "ethtool", "setpriv", "erl_call", rabbit.SERVER):
        if not shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"):
            wrong.append(f"no {program}: run tools/setup")
    if wrong:
        raise LabError("this machine has " + "; ".join(wrong))


def module_command(host, module, *words):
    """Command line that runs one of our Python modules on a host."""
    return host.command("env", f"PYTHONPATH={REPOSITORY / 'tools'}", "PYTHONDONTWRITEBYTECODE=1",
                        "/usr/bin/python3", "-m", module, *words)


class Balancer:
    """One warren of the pair; a or b."""

    def __init__(self, lab, letter):
        self.lab = lab
        self.letter = letter
        self.instance = f"{lab.name}-{letter}"
        self.host = lab.network.host(f"warren{letter}")
        self.config = lab.folder / f"warren{letter}.conf"
        self.log = lab.folder / f"warren{letter}.log"
        self.pid_file = lab.folder / f"warren{letter}.pid"

    def start(self):
        if self.pid():
            raise LabError(f"warren {self.letter.upper()} is running already")
        offset = self.log.stat().st_size if self.log.exists() else 0
        with open(self.log, "ab") as log:
            process = self.host.popen(
                self.lab.warren_program(), "--config", str(self.config), "--instance", self.instance,
                stdout=log, stderr=subprocess.STDOUT)
        self.pid_file.write_text(str(process.pid), encoding="ascii")

        def ready():
            text = self.log.read_bytes()[offset:].decode(errors="replace")
            if process.poll() is not None:
                raise LabError(f"warren {self.letter.upper()} ended with status "
                               f"{process.returncode}: {text.strip()[-2000:]}")
            return re.search(r"\bready\b", text)
        wait_until(f"warren {self.letter.upper()} to be ready (see {self.log})", ready, 30)

    def pid(self):
        try:
            pid = int(self.pid_file.read_text(encoding="ascii"))
        except FileNotFoundError:
            return None
        return pid if is_alive(pid) and pid in self.host.pids() else None

    def _running_pid(self):
        pid = self.pid()
        if pid is None:
            raise LabError(f"warren {self.letter.upper()} is not running")
        return pid

    def crash(self):
        """A power cut; returns its instant. Silence first, or the kernel would say goodbye."""
        pid = self._running_pid()
        self.host.unplug()
        instant = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        self.host.kill_all()
        return instant

    def kill(self):
        """The process only, by SIGKILL; returns its instant."""
        pid = self._running_pid()
        instant = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        if not rabbit.wait_for_end(pid, 10):
            raise LabError(f"warren {self.letter.upper()} outlived SIGKILL")
        return instant

    def stop(self, timeout=10):
        """SIGTERM: it gives up the VIP and ends. Returns the instant of the signal."""
        pid = self._running_pid()
        instant = time.monotonic()
        os.kill(pid, signal.SIGTERM)
        if not rabbit.wait_for_end(pid, timeout):
            raise LabError(f"warren {self.letter.upper()} did not end within {timeout} s of SIGTERM")
        return instant

    def restore(self):
        """What a machine does that boots again: no old state, cable in, warren started."""
        if self.pid() and self.host.is_plugged():
            raise LabError(f"warren {self.letter.upper()} is running already")
        self.host.kill_all()
        self.host.run("nft", "flush", "ruleset")
        self.host.run("ip", "address", "flush", "dev", "eth0")
        self.host.run("ip", "neigh", "flush", "dev", "eth0", check=False)
        self.host.add_address(f"{ADDRESSES[self.letter]}/24")
        self.host.plug()
        instant = time.monotonic()
        self.start()
        return instant

    def control(self, *words, check=True):
        """Runs warrenctl for this warren."""
        program = self.lab.build / "app/warrenctl/warrenctl"
        return self.host.run(str(program), "--instance", self.instance, *words, check=check, timeout=10)


class Lab:
    """One lab by name. Making the object creates nothing."""

    def __init__(self, name="lab", build=None):
        self.network = Network(name)
        self.name = name
        self.folder = STATE / name
        self._build_file = self.folder / "build"
        if not build and self._build_file.exists():    # what `up` was told
            build = self._build_file.read_text(encoding="utf-8")
        self.build = pathlib.Path(build or REPOSITORY / "build").resolve()
        self.cluster = rabbit.Cluster(self.network, self.folder)
        self.balancers = {letter: Balancer(self, letter) for letter in ADDRESSES}
        self.client = self.network.host("client")

    def warren_program(self):
        program = self.build / "app/warren/warren"
        if not os.access(program, os.X_OK):
            raise LabError(f"no {program}: build first (meson setup build && meson compile -C "
                           "build), or name the folder with --build")
        return str(program)

    def up(self, warrens=True, advert_int=1, check="tcp", say=lambda text: None):
        """Builds it all; whatever goes wrong on the way, nothing stays behind."""
        if os.geteuid() != 0:
            raise LabError("needs root")
        if warrens:
            self.warren_program()
        check_machine()
        if self.network.exists():
            raise LabError(f"lab {self.name} is up already (tools/lab down removes it)")
        try:
            self._build(warrens, advert_int, check, say)
        except BaseException as error:
            with signals_held():
                if isinstance(error, LabError):
                    self.show_logs()
                self.down()
            raise

    def _build(self, warrens, advert_int, check, say):
        started = time.monotonic()
        self.down()    # leftovers of a lab that lost its network
        self.folder.mkdir(parents=True)
        self._build_file.write_text(str(self.build), encoding="utf-8")
        self.network.create()
        self.network.add_host("client", f"{CLIENT_ADDRESS}/24")
        for letter, address in ADDRESSES.items():
            self.network.add_host(f"warren{letter}", f"{address}/24")
        for spec in rabbit.NODES:
            self.network.add_host(spec.name, f"{spec.address}/24")
        names = {spec.name: spec.address for spec in rabbit.NODES}
        names |= {f"warren{letter}": address for letter, address in ADDRESSES.items()}
        self.network.name_hosts(names | {"vip": VIP})
        say("switch and 6 hosts are up; starting the RabbitMQ cluster")
        self.cluster.start()
        self.declare_queues()
        self.cluster.wait_healthy()
        say(f"RabbitMQ cluster is up after {time.monotonic() - started:.0f} s")
        key_file = self.folder / "sync.key"
        key_file.touch(mode=0o600)
        key_file.write_text(secrets.token_hex(32) + "\n", encoding="ascii")
        for balancer in self.balancers.values():
            balancer.config.write_text(configuration(balancer.letter, key_file, advert_int, check), encoding="utf-8")
        if warrens:
            for balancer in self.balancers.values():
                balancer.start()
            say(f"both warrens are ready after {time.monotonic() - started:.0f} s")
            self.wait_served()
            say(f"the VIP answers after {time.monotonic() - started:.0f} s")

    def wait_served(self, timeout=20):
        """Waits until a TCP connection to the VIP comes about."""
        def served():
            return self.connect_times(VIP, count=1, idle_s=0) is not None
        wait_until(f"a TCP connection to {VIP}:{AMQP_PORT}", served, timeout, interval=0.2)

    def connect_times(self, address, count, idle_s):
        """Seconds that TCP connections from the client took, each after some idleness; None if one failed."""
        command = module_command(self.client, "warrenlab.connect", address, str(AMQP_PORT),
                                 str(count), str(idle_s))
        result = run(*command, cwd="/", timeout=60 + count * (idle_s + 1), check=False)
        return json.loads(result.stdout) if result.returncode == 0 else None

    def declare_queues(self):
        """Declares the durable exchange and the two queues, once all three nodes are there to hold them."""
        command = module_command(self.client, "warrenlab.topology", rabbit.NODES[0].address)
        run(*command, cwd="/", timeout=60)

    def down(self):
        self.network.remove()
        if self.folder.exists():
            shutil.rmtree(self.folder)
        for path in pathlib.Path("/run/dpdk").glob(f"{self.name}-[ab]"):
            shutil.rmtree(path, ignore_errors=True)
        if STATE.is_dir() and not any(STATE.iterdir()):
            STATE.rmdir()

    def show_logs(self):
        """Shows the end of every log before the folder goes: the only trace of a failed start."""
        for path in sorted(self.folder.glob("*.log")) if self.folder.is_dir() else []:
            text = path.read_text(encoding="utf-8", errors="replace")
            lines = re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()[-15:]    # without colours
            print(f"--- {path}", *lines, sep="\n", file=sys.stderr)

    def require_up(self):
        if os.geteuid() != 0:
            raise LabError("needs root")
        if not self.network.exists():
            raise LabError(f"lab {self.name} is not up: tools/lab up")

    def cut_node(self, number):
        """Silent death: the node lives on, but nothing reaches it. Returns the instant."""
        self.cluster.node(number).host.unplug()
        return time.monotonic()

    def kill_node(self, number):
        """kill -9 of the Erlang VM; its host answers for the dead process. Returns the instant."""
        instant = time.monotonic()
        self.cluster.node(number).kill()
        return instant

    def stop_node(self, number):
        """As `rabbitmqctl stop` does. Returns the instant of the order."""
        node = self.cluster.node(number)
        pid, instant = node.pid(), time.monotonic()
        node.ask("rabbit:stop_and_halt().\n", 60)    # it is gone before it can answer
        if not rabbit.wait_for_end(pid, 60):
            raise LabError(f"{node.name} does not stop")
        return instant

    def restore_node(self, number):
        node = self.cluster.node(number)
        if not node.host.is_plugged():
            node.host.plug()
        if node.pid() is None:
            node.start()

    def status(self):
        """[(host, what it does)] for people."""
        rows = []
        for letter, balancer in self.balancers.items():
            rows.append((f"warren {letter.upper()} {ADDRESSES[letter]}", _running(balancer)))
        for number, node in enumerate(self.cluster.nodes, 1):
            name = f"rabbit {number} {node.spec.address} ({node.spec.kind})"
            rows.append((name, _running(node)))
        state = self.cluster.state()
        rows.append(("cluster", f"{len(state['running'])} nodes running" if state else "no node answers"))
        for queue in (state or {}).get("queues", []):
            rows.append((queue["name"], f"leader {queue['leader']}, {queue['synced']} of "
                         f"{queue['mirrors']} mirrors in sync, {queue['messages']} messages"))
        return rows


def _running(program):
    """State of a Balancer or Node in words."""
    pid = program.pid()
    cable = "" if program.host.is_plugged() else ", link down"
    return (f"running, pid {pid}" if pid else "stopped") + cable
