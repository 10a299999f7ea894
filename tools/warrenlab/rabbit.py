# SPDX-License-Identifier: BSD-3-Clause
"""A RabbitMQ cluster from Debian's rabbitmq-server, one node per host of the lab.

Decisions, each with its reason:
- cluster_partition_handling = pause_minority. A node that was cut off stops serving and rejoins by
  itself when the link is back. `ignore` would leave two clusters behind, `autoheal` may throw away
  messages that were confirmed.
- net_ticktime = 8 s instead of 60: how long the survivors wait for a silent node before they
  confirm without it. This is the broker's own share of the longest gap after a silent death; no
  balancer can shorten it.
- Mirrored queues: ha-mode all, and only a synchronised mirror may become master, so a confirmed
  message is never left behind.
- The disc node starts alone until its tables exist, then the ram nodes start in parallel. Earlier
  they would hold the lock of peer discovery on the disc node while they wait for it, and it would
  wait for that lock.
- Nodes are asked through erl_call (a small C program), which answers in 20 ms; rabbitmqctl would
  burn two seconds of a CPU.
"""

import dataclasses
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

from .netns import LabError, is_alive, run, wait_until

SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server"
USER = "rabbitmq"
COOKIE = "warrenlab"
LOGIN = ("lab", "lab")
NET_TICKTIME_S = 8
MIRRORED_QUEUE = "lab.mirrored"
QUORUM_QUEUE = "lab.quorum"


@dataclasses.dataclass(frozen=True)
class NodeSpec:
    """A node as planned: its host's name, address and kind."""
    name: str
    address: str
    kind: str


NODES = (
    NodeSpec("rabbit1", "192.168.8.11", "disc"),
    NodeSpec("rabbit2", "192.168.8.12", "ram"),
    NodeSpec("rabbit3", "192.168.8.13", "ram"),
)

_CONFIG = """\
listeners.tcp.default = 5672
cluster_formation.peer_discovery_backend = classic_config
cluster_formation.classic_config.nodes.1 = rabbit@{seed}
cluster_formation.node_type = {kind}
cluster_formation.discovery_retry_limit = 400
cluster_formation.discovery_retry_interval = 200
cluster_partition_handling = {partitions}
net_ticktime = {ticktime}
queue_master_locator = min-masters
loopback_users = none
vm_memory_high_watermark.absolute = 512MB
disk_free_limit.absolute = 50MB
load_definitions = {folder}/definitions.json
log.console = true
log.file = false
"""

# Two busy nodes on two CPUs: schedulers that spin for work starve the balancer beside them.
_ERLANG_OPTIONS = "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none"

# A node that is still booting must not be asked for more than its boot state: most other calls load
# the feature flags, and their lock then keeps the boot itself from going on.
_STATE_QUERY = """
Queue = fun(Q) ->
  Name = element(4, amqqueue:get_name(Q)),
  case amqqueue:get_type(Q) of
    rabbit_quorum_queue ->
      I = rabbit_amqqueue:info(Q, [leader, members, online, messages]),
      Others = fun(K) -> length(proplists:get_value(K, I)) - 1 end,
      #{name => Name, leader => proplists:get_value(leader, I), mirrors => Others(members),
        synced => Others(online), messages => proplists:get_value(messages, I)};
    _ ->
      I = rabbit_amqqueue:info(Q, [pid, state, slave_pids, synchronised_slave_pids, messages]),
      Count = fun(K) ->
        case proplists:get_value(K, I) of L when is_list(L) -> length(L); _ -> 0 end
      end,
      #{name => Name, leader => node(proplists:get_value(pid, I)), mirrors => Count(slave_pids),
        synced => Count(synchronised_slave_pids), messages => proplists:get_value(messages, I)}
  end
end,
io:format("~s~n", [rabbit_json:encode(case rabbit_boot_state:get() of
  ready -> #{running => rabbit_nodes:all_running(),
             queues => [Queue(Q) || Q <- rabbit_amqqueue:list()]};
  _ -> #{running => [], queues => []}
end)]).
"""

_CONNECTIONS_QUERY = """
Name = fun(Pid) ->
  try [{client_properties, P}] = rabbit_networking:connection_info(Pid, [client_properties]),
    {_, _, N} = lists:keyfind(<<"connection_name">>, 1, P), [N]
  catch _:_ -> [] end
end,
io:format("~s~n", [rabbit_json:encode(lists:flatmap(Name, rabbit_networking:local_connections()))]).
"""


def _definitions():
    user, password = LOGIN
    return {
        "users": [{"name": user, "password": password, "tags": "administrator"}],
        "vhosts": [{"name": "/"}],
        "permissions": [
            {"user": user, "vhost": "/", "configure": ".*", "write": ".*", "read": ".*"}],
        "policies": [{
            "vhost": "/", "name": "mirrored", "pattern": "^lab\\.mirrored", "apply-to": "queues",
            "priority": 0,
            "definition": {"ha-mode": "all", "ha-sync-mode": "automatic",
                           "ha-promote-on-failure": "when-synced"},
        }],
    }


class Node:
    """One RabbitMQ node on its host. Its files are in FOLDER/NAME, its output in FOLDER/NAME.log."""

    def __init__(self, host, spec, folder):
        self.host = host
        self.spec = spec
        self.name = spec.name
        self.folder = pathlib.Path(folder) / spec.name
        self.log = pathlib.Path(folder) / f"{spec.name}.log"
        self.pid_file = pathlib.Path(folder) / f"{spec.name}.pid"

    def prepare(self, plugins=(), more="", partitions="pause_minority", ticktime=NET_TICKTIME_S):
        """Writes its files; `more` are further lines of rabbitmq.conf."""
        self.folder.mkdir(parents=True)
        config = _CONFIG.format(
            seed=NODES[0].name, kind=self.spec.kind, partitions=partitions, ticktime=ticktime, folder=self.folder)
        files = {"rabbitmq.conf": config + more, "definitions.json": json.dumps(_definitions()),
                 "enabled_plugins": f"[{','.join(plugins)}].\n", ".erlang.cookie": COOKIE}
        for name, text in files.items():
            (self.folder / name).write_text(text, encoding="ascii")
        (self.folder / ".erlang.cookie").chmod(0o400)
        for path in (self.folder, *self.folder.iterdir()):
            shutil.chown(path, USER, USER)

    def start(self):
        environment = {
            "HOME": self.folder,
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG": "C.UTF-8",
            "RABBITMQ_NODENAME": f"rabbit@{self.name}",
            "RABBITMQ_BASE": self.folder,
            "RABBITMQ_MNESIA_BASE": self.folder / "mnesia",
            "RABBITMQ_LOG_BASE": self.folder,
            "RABBITMQ_CONFIG_FILE": self.folder / "rabbitmq.conf",
            "RABBITMQ_ENABLED_PLUGINS_FILE": self.folder / "enabled_plugins",
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_SCHEDULER_BIND_TYPE": "u",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": _ERLANG_OPTIONS,
            "RUNNING_UNDER_SYSTEMD": "true",    # exec the Erlang VM instead of guarding it: our pid is its pid
            "ERL_EPMD_ADDRESS": self.spec.address, "ERL_CRASH_DUMP_SECONDS": "0",
        }
        words = [f"{key}={value}" for key, value in environment.items()]
        with open(self.log, "ab") as log:
            process = self.host.popen(
                "setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups",
                "env", "-i", "--", *words, SERVER,
                cwd=self.folder, stdout=log, stderr=subprocess.STDOUT)
        self.pid_file.write_text(str(process.pid), encoding="ascii")
        return process

    def pid(self):
        """Process id of the running Erlang VM, or None."""
        try:
            pid = int(self.pid_file.read_text(encoding="ascii"))
        except FileNotFoundError:
            return None
        return pid if is_alive(pid) and pid in self.host.pids() else None

    def kill(self):
        pid = self.pid()
        if pid is None:
            raise LabError(f"{self.name} is not running")
        os.kill(pid, signal.SIGKILL)

    def ask(self, query, timeout_s=5):
        """Evaluates Erlang on the node and returns what it printed as JSON; None if it does not answer."""
        command = self.host.command(
            "erl_call", "-r", "-c", COOKIE, "-n", f"rabbit@{self.name}", "-timeout", str(timeout_s),
            "-fetch_stdout", "-no_result_term", "-e")
        try:
            result = run(*command, check=False, input=query, timeout=timeout_s + 1)
            return json.loads(result.stdout) if result.returncode == 0 else None
        except (subprocess.TimeoutExpired, json.JSONDecodeError):
            return None

    def state(self):
        return self.ask(_STATE_QUERY)


class Cluster:
    """The three nodes of a lab."""

    def __init__(self, network, folder):
        self.nodes = [Node(network.host(spec.name), spec, folder) for spec in NODES]

    def node(self, number):
        return self.nodes[number - 1]

    def start(self):
        for node in self.nodes:
            node.prepare()
        processes = {}

        def running(count):
            for node, process in processes.items():
                if process.poll() is not None:
                    raise LabError(f"{node.name} ended at start: see {node.log}")
            return self.running(processes) >= count

        first, *others = self.nodes
        processes[first] = first.start()
        wait_until(f"{first.name} to run", lambda: running(1), 120, interval=0.2)
        for node in others:
            processes[node] = node.start()
        wait_until("the RabbitMQ cluster", lambda: running(len(self.nodes)), 120, interval=0.2)

    def reachable(self):
        return [node for node in self.nodes if node.pid() and node.host.is_plugged()]

    def running(self, nodes=None):
        """How many nodes agree that they are one cluster; 0 while one of them is starting or paused."""
        nodes = nodes or self.nodes
        states = [node.state() for node in nodes if node in self.reachable()]
        sizes = [len(state["running"]) for state in states if state]
        return min(sizes) if len(sizes) == len(nodes) else 0

    def state(self):
        """What the first node that answers says about nodes and queues; None if none does."""
        for node in self.reachable():
            state = node.state()
            if state:
                return state
        return None

    def trouble(self):
        """Why the cluster is not whole, in words; empty when every node runs and every queue is synchronised."""
        if self.running() != len(self.nodes):
            return "not all nodes are running"
        for queue in self.state()["queues"]:
            if queue["synced"] != len(self.nodes) - 1:
                return f"{queue['name']} has {queue['synced']} synchronised mirrors"
        return ""

    def wait_healthy(self, timeout=180):
        wait_until("a whole cluster with synchronised queues", lambda: not self.trouble(), timeout, interval=0.5)

    def connections(self):
        """{client's name: number of the node it is connected to}, only of nodes that answer."""
        found = {}
        for node in self.reachable():
            for client in node.ask(_CONNECTIONS_QUERY) or []:
                found[client] = self.nodes.index(node) + 1
        return found


def wait_for_end(pid, timeout):
    """Waits for the end of a process that need not be our child."""
    end = time.monotonic() + timeout
    while is_alive(pid) and time.monotonic() < end:
        time.sleep(0.005)
    return not is_alive(pid)
