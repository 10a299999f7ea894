#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Threads of a warren that stop: a late worker of a backup is not a dead master; a master whose worker stalls says good-bye; one
whose control lcore stalls no longer answers.

    vrrp_stalls.py BUILD

ptrace stops one thread and lets the others run.
"""

import contextlib
import ctypes
import os
import pathlib
import time

from harness import LabError, Test, wait_until
from lan import Lan, now
from vrrp_routers import Router, Settings, instance

BETTER, WORSE = 150, 100
SETTINGS = Settings(advert_int=0.05)
VIP = SETTINGS.addresses()[0]
LATE_S = 0.6    # longer than Master_Down_Interval, shorter than a stall
STALL_S = 1.0
PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH = 0x4206, 0x4207, 17
__WALL = 0x40000000


def ptrace(request, thread):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(request, thread, None, None) != 0:
        raise LabError(f"ptrace {request:#x}: {os.strerror(ctypes.get_errno())}")


def thread_of(process, name):
    for task in pathlib.Path(f"/proc/{process.pid}/task").iterdir():
        if (task / "comm").read_text().strip() == name:
            return int(task.name)
    names = [(task / "comm").read_text().strip() for task in pathlib.Path(f"/proc/{process.pid}/task").iterdir()]
    raise LabError(f"no thread {name} among {names}")


@contextlib.contextmanager
def stopped(process, name):
    thread = thread_of(process, name)
    ptrace(PTRACE_SEIZE, thread)
    ptrace(PTRACE_INTERRUPT, thread)
    os.waitpid(thread, __WALL)
    try:
        yield
    finally:
        ptrace(PTRACE_DETACH, thread)


CONTROL, WORKER = "rte-worker-1", "rte-worker-2"    # EAL's names: "worker" and the lcore


class Pair:
    def __init__(self, test):
        client = test.network.add_host("client", "192.168.8.50/24")
        self.better = Router(test, "warren", "better", 4)
        self.worse = Router(test, "warren", "worse", 6)
        self.lan = Lan(test.network, client, {"better": self.better.host, "worse": self.worse.host})
        for router, priority in ((self.better, BETTER), (self.worse, WORSE)):
            router.start(instance(SETTINGS, priority))
        self.wait_for(self.better)

    def wait_for(self, router):
        wait_until(f"{router.name} to be the only owner", lambda: self.lan.owners(VIP) == [router.name], 15)

    def show(self, router):
        return router.show_vrrp()[0]


def late_worker_of_a_backup(pair):
    """DESIGN: Master_Down fires only after the workers have looked since: what they have not taken in may be adverts."""
    before = pair.show(pair.worse)
    since = now()
    with stopped(pair.worse.processes[0], WORKER):
        time.sleep(LATE_S)
    wait_until("the backup to hear its master again", lambda: pair.show(pair.worse)["adverts_received"] >
               before["adverts_received"] + 5, 5)
    after = pair.show(pair.worse)
    assert after["state"] == "backup" and after["became_master"] == before["became_master"], after
    assert after["waits_for_workers"] > before["waits_for_workers"], "it was never in doubt: nothing was tested"
    assert not pair.lan.adverts("worse", since), "it has advertised"


def stalled_worker_of_a_master(pair):
    since = now()
    with stopped(pair.better.processes[0], WORKER):
        wait_until("the good-bye", lambda: any(a.priority == 0 for a in pair.lan.adverts("better", since)), STALL_S + 2)
        pair.wait_for(pair.worse)
        shown = pair.show(pair.better)
        assert shown["state"] == "fault" and shown["faults"] == ["worker_stall"], shown
    pair.wait_for(pair.better)


def stalled_control_lcore(pair):
    """Nobody is left who could say good-bye: the workers' lease ends before a peer's Master_Down_Interval does."""
    with stopped(pair.better.processes[0], CONTROL):
        pair.wait_for(pair.worse)
    pair.wait_for(pair.better)


def main(test):
    pair = Pair(test)
    late_worker_of_a_backup(pair)
    stalled_worker_of_a_master(pair)
    stalled_control_lcore(pair)
    pair.lan.close()


if __name__ == "__main__":
    Test.main(main)
