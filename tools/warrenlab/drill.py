# SPDX-License-Identifier: BSD-3-Clause
"""The drill: clients keep an account while faults are injected one after the other.

Between two faults the drill waits for events: cluster whole, queues synchronised, both warrens
running, A master, every client proven alive. A client is proven when a message published after the
fault was confirmed to it (publisher) or delivered to it (consumer); the fault is over when all are
proven and none has lost its connection for QUIET_S.
"""

import contextlib
import dataclasses
import json
import statistics
import subprocess
import threading
import time

from . import faults as node_faults, lab as lab_module, report, timeline
from .netns import LabError, wait_until

QUIET_S = 3.0          # longer than a client's heartbeat interval of 2 s: whoever holds a dead connection has noticed
RECOVERY_LIMIT_S = 180
FAULTS = ("crash-lb", "stop-lb", "kill-lb", "kill-node", "cut-node")
MORE_FAULTS = ("memory-alarm", "partition", "slow-node", "stop-node", "close-all", "kill-leader", "crash-lb-and-node")    # by name only
FAULT_S = 5.0          # how long those last that end by themselves


@dataclasses.dataclass
class Result:
    """What one fault did. Times in seconds; None where nothing was to be measured."""
    fault: str
    clients: int
    broken: int = 0
    victims: int | None = None           # clients that were connected to the dead node
    others_broken: int = 0               # broken although their node lives
    knew_worst: float | None = None
    knew_median: float | None = None
    longest_gap: float | None = None
    all_back: float | None = None
    takeover: float | None = None        # from the old master's last advert to the new master's first
    takeover_expected: float | None = None
    both_answered: bool | None = None    # an answer for the VIP from the old owner after one from the new
    vip_silent: float | None = None      # longest time without an answer for the VIP
    window: tuple = (0.0, 0.0)
    instant: float = 0.0                 # of the fault


class Feed:
    """JSON lines of a process, collected by a thread."""

    def __init__(self, process):
        self.process = process
        self.events = []
        self.tick = None
        self.lock = threading.Lock()
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        for line in self.process.stdout:
            try:
                event = json.loads(line)
            except json.JSONDecodeError:
                continue
            with self.lock:
                if event["event"] == "tick":    # only the last one matters
                    self.tick = event
                else:
                    self.events.append(event)

    def select(self, kind, since=0.0, key="t"):
        """Events of a kind, from an instant on."""
        if self.process.poll():
            raise LabError(f"{self.process.args[-1]}: ended with status {self.process.returncode}")
        with self.lock:
            return [e for e in self.events if e["event"] == kind and e.get(key, 0) >= since]

    def taken(self, *kinds):
        """All events of some kinds, of a process that may have ended."""
        with self.lock:
            return [e for e in self.events if e["event"] in kinds]

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.thread.join(5)
        self.process.stdout.close()


class Drill:
    """One run against one lab that is up."""

    def __init__(self, lab, options, say, tick=lambda totals: None):
        self.lab = lab
        self.options = options
        self.say = say
        self.show_tick = tick
        self.results = []
        self.clients = None
        self.recorder = None
        self.uses_vip = options.target == lab_module.VIP

    def _start(self, command, **options):
        return subprocess.Popen(command, cwd="/", text=True, stdout=subprocess.PIPE,
                                start_new_session=True, **options)

    @contextlib.contextmanager
    def _running(self):
        options = self.options
        switch = self.lab.network.host("switch")
        try:
            watch = lab_module.module_command(switch, "warrenlab.recorder", "watch")
            self.recorder = Feed(self._start(watch))
            command = lab_module.module_command(
                self.lab.client, "warrenlab.clients", "--target", options.target,
                "--publishers", str(options.publishers), "--consumers", str(options.consumers),
                "--rate", str(options.rate), "--heartbeat", str(options.heartbeat))
            self.clients = Feed(self._start(command, stdin=subprocess.PIPE))
            yield
        finally:
            for feed in (self.clients, self.recorder):
                if feed:
                    feed.stop()

    @contextlib.contextmanager
    def _probing(self):
        """Asks for the VIP's owner while a fault of the balancers is injected."""
        process = self._start(
            lab_module.module_command(self.lab.client, "warrenlab.recorder", "probe", lab_module.VIP))
        now = time.monotonic()
        try:
            wait_until("an answer for the VIP",
                       lambda: self.recorder.select("owner", now, key="last"), 10)
            yield
        finally:
            process.kill()
            process.wait()
            process.stdout.close()

    def _count(self):
        return self.options.publishers + self.options.consumers

    def _tell(self, *words):
        self.clients.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.clients.process.stdin.flush()

    def _proofs(self, since):
        """{client: time of its proof} of the clients that have not lost their connection since."""
        proofs = {}
        with self.clients.lock:
            for event in self.clients.events:
                if event["event"] == "proof" and event["t"] >= since:
                    proofs[event["client"]] = event["t"]
                elif event["event"] == "down" and event["t"] >= since:
                    proofs.pop(event["client"], None)
        return proofs

    def _wait_proven(self, since, quiet=QUIET_S):
        def over():
            if self.clients.tick:
                self.show_tick(self.clients.tick)
            last = max([since, *(e["t"] for e in self.clients.select("down", since))])
            return len(self._proofs(since)) == self._count() and time.monotonic() - last > quiet
        wait_until("all clients to be served again", over, RECOVERY_LIMIT_S)

    def _adverts(self, letter, since=0.0):
        return [e for e in self.recorder.select("advert", since) if e["port"] == letter]

    def _wait_whole(self):
        self.lab.cluster.wait_healthy()
        if self.uses_vip:
            now = time.monotonic()
            wait_until("warren A to be master", lambda: self._adverts("a", now), 30)
        now = time.monotonic()
        self._tell("mark", now)
        self._wait_proven(now, quiet=1.0)

    def _measure(self, name, inject, victims=None):
        """Injects a fault, waits until it is over and measures."""
        self.say(f"{name} …")
        begin = time.monotonic()
        instant = inject() or begin
        self._tell("mark", instant)
        self._wait_proven(instant)
        result = Result(name, self._count(), window=(begin, time.monotonic()), instant=instant)
        first_down = {}
        for event in self.clients.select("down", begin):
            first_down.setdefault(event["client"], event["t"] - instant)
        knew = first_down
        if victims is not None:
            result.victims = len(victims)
            result.others_broken = len(set(first_down) - set(victims))
            knew = {client: t for client, t in first_down.items() if client in victims}
        result.broken = len(first_down)
        if knew:
            result.knew_worst = max(knew.values())
            result.knew_median = statistics.median(knew.values())
        result.all_back = max(0.0, max(self._proofs(instant).values()) - instant)
        self.results.append(result)
        self.say(report.one_line(result))
        return result, instant

    def _balancer_fault(self, name, letter, inject, expected):
        """A fault of the master; the other one's first advert ends its reign."""
        peer = "b" if letter == "a" else "a"
        with self._probing():
            result, instant = self._measure(name, inject)
        last = [e["t"] for e in self._adverts(letter) if e["t"] <= instant + 1]
        first = [e["t"] for e in self._adverts(peer, instant)]
        if last and first and expected is not None:
            result.takeover = first[0] - last[-1]
            result.takeover_expected = expected
        self._measure_owners(result, instant, letter)

    def _measure_owners(self, result, instant, old):
        """Clean is: the old owner's answers end, then the new owner's begin."""
        runs = {}
        for event in self.recorder.select("owner", instant - 1, key="last"):
            runs[event["port"], event["first"]] = event
        ordered = sorted(runs.values(), key=lambda e: e["first"])
        later = [e for e in ordered if e["last"] > instant - 0.5]
        new = "b" if old == "a" else "a"
        result.both_answered = [e["port"] for e in later] not in ([old, new], [new])
        if len(later) >= 2:
            result.vip_silent = max(b["first"] - a["last"] for a, b in zip(later, later[1:]))

    def _master_returns(self, letter="a"):
        """The higher priority preempts; the instant is its first advert."""
        balancer = self.lab.balancers[letter]

        def inject():
            started = balancer.restore()
            adverts = wait_until("the master to be back", lambda: self._adverts(letter, started), 30)
            return adverts[0]["t"]
        self._measure("master returns", inject)

    def crash_lb(self):
        self._balancer_fault("master killed -9 (power cut)", "a", self.lab.balancers["a"].crash,
                             self._master_down_s())
        self._wait_clients()
        self._master_returns()

    def kill_lb(self):
        """The process alone: its host and its kernel live."""
        self._balancer_fault("master's process killed -9", "a", self.lab.balancers["a"].kill, self._master_down_s())
        self._wait_clients()
        self._master_returns()

    def _master_down_s(self):
        return 3 * self.options.advert_int + lab_module.skew_s("b", self.options.advert_int)

    def stop_lb(self):
        """It hands over: the new master's first advert comes before the old one ends, so there is no takeover to time."""
        self._balancer_fault("master stopped (SIGTERM)", "a", self.lab.balancers["a"].stop, None)
        self._wait_clients()
        self._master_returns()

    def _wait_clients(self):
        now = time.monotonic()
        self._tell("mark", now)
        self._wait_proven(now, quiet=1.0)

    def kill_node(self):
        self._node_fault("node process killed -9", self.lab.kill_node)

    def cut_node(self):
        self._node_fault("node silently cut", self.lab.cut_node)

    def _node_fault(self, name, inject, number=None):
        number, victims = self._fullest_node(among=[number] if number else (1, 2, 3))
        self._measure(f"{name} (rabbit{number})", lambda: inject(number), victims)
        self.lab.restore_node(number)

    def stop_node(self):
        self._node_fault("node stopped (rabbitmqctl stop)", self.lab.stop_node)

    def close_all(self):
        """The node says why it closes them, and is there for the next ones."""
        self._node_fault("all connections closed by their node", lambda number: node_faults.close_all_connections(self.lab.cluster.node(number)))

    def kill_leader(self):
        """Of the quorum queue: its publishers wait for another one, wherever they are connected."""
        queues = {queue["name"]: queue["leader"] for queue in self.lab.cluster.state()["queues"]}
        number = 1 + [f"rabbit@{node.name}" for node in self.lab.cluster.nodes].index(queues[lab_module.rabbit.QUORUM_QUEUE])
        self._node_fault("leader of the quorum queue killed -9", self.lab.kill_node, number)

    def crash_lb_and_node(self):
        """The new master finds connections to a server that died while nobody was master."""
        number, victims = self._fullest_node()

        def inject():
            instant = self.lab.balancers["a"].crash()
            self.lab.cut_node(number)
            return instant
        self._measure(f"master's power cut and node silently cut (rabbit{number})", inject, victims)
        self.lab.restore_node(number)
        self.lab.cluster.wait_healthy()
        self._wait_clients()
        self._master_returns()

    def _fullest_node(self, among=(1, 2, 3)):
        """The fault that hurts most: its number and its clients."""
        connections = self.lab.cluster.connections()
        nodes = list(connections.values())
        number = max(among, key=nodes.count)
        return number, [client for client, node in connections.items() if node == number]

    def memory_alarm(self):
        """Nobody is sent away for it, nobody breaks."""
        node = self.lab.cluster.node(1)
        self._measure(f"memory alarm for {FAULT_S:g} s ({node.name})", lambda: node_faults.memory_alarm(node, FAULT_S), [])

    def partition(self):
        """Of a ram node: the minority pauses, so its port refuses and its clients go to the others."""
        number, victims = self._fullest_node(among=(2, 3))
        node = self.lab.cluster.node(number)
        others = [other for other in self.lab.cluster.nodes if other is not node]
        self._measure(f"node cut from the others ({node.name})",
                      lambda: node_faults.partition(self.lab.network.host("switch"), node, others), victims)

    def slow_node(self):
        number, victims = self._fullest_node()
        node = self.lab.cluster.node(number)
        self._measure(f"node stands still 80 % of {2 * FAULT_S:g} s ({node.name})", lambda: node_faults.slow(node, 2 * FAULT_S), victims)

    def run(self, faults):
        """Injects the faults, drains, accounts. Returns the whole result as a dictionary."""
        with self._running():
            self._tell("mark", 0)
            self._wait_proven(0, quiet=0)
            self.say(f"{self._count()} clients are served at {self.options.target}")
            for fault in faults:
                self._wait_whole()
                getattr(self, fault.replace("-", "_"))()
            self._wait_whole()
            self.say("draining and accounting")
            self._tell("stop")
            account = dict(wait_until("the account", lambda: self.clients.select("account"), 240)[0])
        gaps = account.pop("gaps")
        self._fill_gaps(gaps)
        account.pop("event")
        faults = [dataclasses.asdict(result) for result in self.results]
        settings = {"net_ticktime_s": lab_module.rabbit.NET_TICKTIME_S, **vars(self.options)}
        return {"account": account, "settings": settings, "faults": faults,
                "timeline": timeline.make(self.clients.taken("up", "down"), self.recorder.taken("advert"), gaps, faults, account,
                                          self.options.advert_int)}

    def _fill_gaps(self, gaps):
        """Longest wait of a publisher between two confirms, of those that touch a fault's window."""
        for result in self.results:
            begin, end = result.window
            lengths = [b - a for name, pairs in gaps.items() if name[0] == "p" for a, b in pairs if b > begin and a < end]
            result.longest_gap = max(lengths, default=0.0)


def add_options(parser):
    parser.add_argument("faults", nargs="*", help=f"in this order (default: {' '.join(FAULTS)}; also {' '.join(MORE_FAULTS)})")
    parser.add_argument("--target", default=lab_module.VIP, metavar="ADDRESS",
                        help="where clients connect (default: the VIP)")
    parser.add_argument("--publishers", type=int, default=8)
    parser.add_argument("--consumers", type=int, default=4)
    parser.add_argument("--rate", type=float, default=20,
                        help="messages per second of each publisher (default: 20)")
    parser.add_argument("--heartbeat", type=int, default=4,
                        help="AMQP heartbeat of the clients in seconds (default: 4)")
    parser.add_argument("--advert-int", type=float, default=1,
                        help="what the lab was started with (default: 1)")
    parser.add_argument("--json", metavar="FILE", help="write the result there too")


def defaults(**changes):
    """The options of a drill that is not started from a command line."""
    import argparse
    parser = argparse.ArgumentParser()
    add_options(parser)
    options = parser.parse_args([])
    vars(options).update(changes)
    return options


def check_faults(faults):
    unknown = set(faults) - {*FAULTS, *MORE_FAULTS}
    if unknown:
        raise LabError(f"no fault '{unknown.pop()}': there are {', '.join((*FAULTS, *MORE_FAULTS))}")


def main(lab, options):
    """The verb `drill`. Exit status 1 if a confirmed message was lost or a publisher was left waiting."""
    check_faults(options.faults)
    faults = options.faults or FAULTS
    outcome = Drill(lab, options, say=lambda text: print(f"drill: {text}", flush=True)).run(faults)
    print(report.drill_table(outcome))
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(outcome, file, indent=1)
    return 0 if passed(outcome) else 1


def passed(outcome):
    account = outcome["account"]
    return account["confirmed"] > 0 and account["lost"] == 0 and account["unsettled"] == 0
