# SPDX-License-Identifier: BSD-3-Clause
"""What the VRRP measurements share: routers of either make on two hosts of one LAN, and the recorder that watches them."""

import collections
import itertools
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "functional"))

from harness import DEFAULT_BUILD, LabError, Test, run, wait_until  # noqa: E402  (the path must be set first)

__all__ = ["DEFAULT_BUILD", "LabError", "Pair", "Recorder", "Router", "Setting", "Test", "VIP", "adverts_of", "longest_gap_ms",
           "overlap_ms", "period_text", "run", "stalls_text", "summary", "wait_until"]

VIP = "192.168.8.100"
CLIENT = "192.168.8.50"
ADDRESSES = {"a": "192.168.8.4", "b": "192.168.8.6"}
PRIORITIES = {"a": 200, "b": 150}
NS_PER_MS = 1e6

Event = collections.namedtuple("Event", "kind time words")
Setting = collections.namedtuple("Setting", "version advert_int")


class Recorder:
    """lan_recorder between a client and the switch; events() is what happened since the last call."""

    def __init__(self, test, client, ports):
        network = test.network
        self.process = subprocess.Popen(
            [test.program("tests/bench/lan_recorder"), client.namespace, network.switch, CLIENT, VIP, *ports],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def events(self):
        print("take", file=self.process.stdin, flush=True)
        found = []
        for line in iter(self.process.stdout.readline, "end\n"):
            if not line:
                raise LabError("the recorder has ended")
            kind, when, *words = line.split()
            found.append(Event(kind, int(when), words))
        return found

    def close(self):
        self.process.stdin.close()
        self.process.wait(5)


class Router:
    """A VRRP router on one host: warren or keepalived, to be started, stopped and cut off again and again."""
    starts = itertools.count()

    def __init__(self, test, make, name, more=""):
        self.test = test
        self.make = make
        self.name = name
        self.more = more
        self.process = None
        self.host = test.network.add_host(name, f"{ADDRESSES[name]}/24")

    def start(self, config):
        if self.make == "warren":
            config += f"dataplane {{\n    idle adaptive\n{self.more}}}\n"
            (self.test.folder / f"{self.name}.log").unlink(missing_ok=True)    # start_warren looks for "ready" in it
            self.process = self.test.start_warren(self.host, config)
            return
        folder = self.test.folder
        file = folder / f"{self.name}.conf"
        file.write_text(config, encoding="utf-8")
        start = next(self.starts)    # it refuses a pid file of an earlier life
        pids = [word for kind in "prc" for word in (f"-{kind}", str(folder / f"{start}-{kind}.pid"))]
        self.process = self.test.start(self.host, self.test.program("keepalived"), "-n", "-l", "-P", "-f", str(file), *pids,
                                       log=f"{self.name}-keepalived.log")

    def stop(self):
        """Asks it to end (SIGTERM) and does not wait."""
        os.kill(self.process.pid, signal.SIGTERM)

    def power_cut(self):
        self.host.unplug()
        os.kill(self.process.pid, signal.SIGKILL)
        self.host.kill_all()

    def clean(self):
        """What a reboot does: nothing is left of an earlier life. The cable is in afterwards."""
        self.process.wait(20)
        self.host.run("nft", "flush", "ruleset", check=False)
        self.host.run("ip", "address", "flush", "dev", "eth0", "scope", "global")
        self.host.add_address(f"{ADDRESSES[self.name]}/24")
        self.host.plug()


class Pair:
    """Two routers of one make, the client and the recorder."""

    def __init__(self, test, make, setting, more=""):
        self.setting = setting
        self.client = test.network.add_host("client", f"{CLIENT}/24")
        self.a = Router(test, make, "a", more)
        self.b = Router(test, make, "b", more)
        self.recorder = Recorder(test, self.client, ["a", "b"])

    def config(self, name):
        return f"""global_defs {{
    router_id {name}
    vrrp_version {self.setting.version}
}}
vrrp_instance VI_1 {{
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority {PRIORITIES[name]}
    advert_int {self.setting.advert_int}
    virtual_ipaddress {{
        {VIP}/24
    }}
}}
"""

    def start(self, name):
        getattr(self, name).start(self.config(name))

    def master_down_s(self, name):
        interval = self.setting.advert_int
        skew = (256 - PRIORITIES[name]) / 256
        return 3 * interval + skew * (interval if self.setting.version == 3 else 1)

    def until_answered_by(self, name, timeout=20, settle=0.0):
        """Records until the client's echoes are answered and only `name` answers ARP; returns all events."""
        events = []

        def settled():
            new = self.recorder.events()
            events.extend(new)
            owners = {e.words[0] for e in new if e.kind == "arp" and e.words[2] == VIP}
            return owners == {name} and any(e.kind == "echo" for e in new)
        wait_until(f"{name} to be the only one that answers for the VIP", settled, timeout, 0.1)
        if settle:
            time.sleep(settle)
            events.extend(self.recorder.events())
        return events

    def close(self):
        self.recorder.close()


def longest_gap_ms(events):
    """Longest time between two successive echo requests that were answered."""
    sent = sorted(int(e.words[0]) for e in events if e.kind == "echo")
    return max((b - a for a, b in zip(sent, sent[1:])), default=0) / NS_PER_MS


def overlap_ms(events, old, new):
    """For how long both answered ARP requests for the VIP at a handover from old to new."""
    def answers(name):
        return [e.time for e in events if e.kind == "arp" and e.words[0] == name and e.words[2] == VIP]
    return max(0, max(answers(old), default=0) - min(answers(new), default=sys.maxsize)) / NS_PER_MS


def stalls_text(events):
    late = [int(e.words[1]) / NS_PER_MS for e in events if e.kind == "stall"]
    return f"machine's own stalls: worst {max(late, default=0):.1f} ms, {sum(x > 5 for x in late)} over 5 ms"


def adverts_of(events, port):
    """Times in ns and priorities of the adverts that came in by a port."""
    return [(e.time, int(e.words[5])) for e in events if e.kind == "adv" and e.words[0] == port]


def period_text(times, interval_s):
    """How evenly adverts follow each other: mean and 99th percentile of the distance, as the deviation from the interval."""
    gaps = sorted((b - a) / 1e9 for a, b in zip(times, times[1:]))
    if len(gaps) < 100:
        return f"period: only {len(gaps) + 1} adverts"
    mean = statistics.fmean(gaps)
    far = sorted(abs(g - interval_s) for g in gaps)[int(len(gaps) * 0.99)]
    return (f"period of {len(times)} adverts: mean {mean * 1000:.3f} ms ({(mean / interval_s - 1) * 100:+.2f} %), "
            f"99 % within {far / interval_s * 100:.1f} %, longest {gaps[-1] * 1000:.1f} ms")


def summary(values, unit="ms"):
    if not values:
        return "none"
    return f"median {statistics.median(values):.1f}, worst {max(values):.1f} {unit} of {len(values)}"
