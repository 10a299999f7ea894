# SPDX-License-Identifier: BSD-3-Clause
"""Faults of a RabbitMQ node that pass: each function returns when it is over, with the instant it began."""

import contextlib
import os
import signal
import time

from .netns import LabError, wait_until

_TABLE = "partition"


def memory_alarm(node, seconds):
    """The node's watermark is next to nothing: publishers of the whole cluster wait."""
    def watermark(share):
        if node.ask(f'vm_memory_monitor:set_vm_memory_high_watermark({share}), io:format("1").\n') != 1:
            raise LabError(f"{node.name} does not take another watermark")
    began = time.monotonic()
    watermark("0.00001")
    try:
        time.sleep(seconds)
    finally:
        watermark("0.4")
    return began


def close_all_connections(node):
    """As `rabbitmqctl close_all_connections` does: clients hear 320 with a reason."""
    began = time.monotonic()
    if node.ask('[rabbit_networking:close_connection(C, "drill") || C <- rabbit_networking:local_connections()], io:format("1").\n', 30) != 1:
        raise LabError(f"{node.name} does not close its connections")
    return began


@contextlib.contextmanager
def cut_off(switch, node, others):
    """Inside, the node hears the others no more, and they not the node; clients and warrens hear all of them."""
    rules = "".join(f"add rule bridge {_TABLE} hidden ip saddr {a} ip daddr {b} drop;"
                    for other in others for a, b in ((node.spec.address, other.spec.address), (other.spec.address, node.spec.address)))
    switch.run("nft", f"add table bridge {_TABLE};"
                      f"add chain bridge {_TABLE} hidden {{ type filter hook forward priority 0; }};{rules}")
    try:
        yield
    finally:
        switch.run("nft", "delete", "table", "bridge", _TABLE)


def partition(switch, node, others, timeout=60):
    """Until the node has noticed, and gives way as a minority."""
    began = time.monotonic()
    with cut_off(switch, node, others):
        wait_until(f"{node.name} to find itself alone", lambda: not is_serving(node), timeout, interval=0.2)
    return began


def is_serving(node):
    """Whether somebody listens there: a paused node has closed its port, and one that waits for its peers answers no question."""
    return bool(node.host.run("ss", "-Hltn", "sport = :5672").stdout.strip())


def slow(node, seconds, share=0.8, period=0.1):
    """The node stands still for that share of its time."""
    pid = node.pid()
    if pid is None:
        raise LabError(f"{node.name} is not running")
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        os.kill(pid, signal.SIGSTOP)
        time.sleep(share * period)
        os.kill(pid, signal.SIGCONT)
        time.sleep((1 - share) * period)
    return began
