#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What is tracked moves mastership: a script, a file's number, a process, the quorum of a virtual_server; the notify scripts hear
of it, `show vrrp` tells why.

    vrrp_tracking.py BUILD
"""

import os
import pathlib
import shutil

from harness import Test, wait_until
from lan import Lan, now
from vrrp_routers import VIP, Router, Settings, instance

BETTER, WORSE = 150, 100
SETTINGS = Settings(advert_int=0.1)


def config(folder, process):
    tracked = f"notify {folder}/notify.sh\n" \
        "track_script {\n    chk\n}\ntrack_file {\n    maintenance\n}\ntrack_process {\n    probe weight -100\n}"
    return f"""global_defs {{
    script_user root
    enable_script_security
}}
vrrp_script chk {{
    script "/usr/bin/test ! -e {folder}/broken"
    interval 0.1
    fall 2
}}
track_file maintenance {{
    file {folder}/maintenance
    init_file 0
}}
vrrp_track_process probe {{
    process {process}
}}
""" + instance(Settings(advert_int=SETTINGS.advert_int, more=tracked), BETTER)


def service_config(priority, node):
    tracked = f"track_quorum {{\n    {VIP[4]} 5672 weight -100\n}}"
    return instance(Settings(advert_int=SETTINGS.advert_int, more=tracked), priority) + f"""
virtual_server {VIP[4]} 5672 {{
    delay_loop 0.1
    lb_kind FNAT
    real_server {node} 5672 {{
        TCP_CHECK {{
            connect_timeout 1
            retry 0
        }}
    }}
}}
"""


class Node:
    """Something that listens."""

    def __init__(self, test, name, number):
        self.address = f"192.168.8.{number}"
        self.host = test.network.add_host(name, f"{self.address}/24")
        self.process = None

    def up(self):
        self.process = self.host.popen("/usr/bin/python3", "-m", "http.server", "5672", "--bind", self.address)

    def down(self):
        self.process.kill()
        self.process.wait()


class Pair:
    def __init__(self, test):
        self.folder = test.folder
        client = test.network.add_host("client")
        self.better = Router(test, "warren", "better", 4)
        self.worse = Router(test, "warren", "worse", 6)
        self.lan = Lan(test.network, client, {"better": self.better.host, "worse": self.worse.host})
        self.process = None
        self.name = f"probe{os.getpid()}"
        shutil.copy("/usr/bin/sleep", self.folder / self.name)
        script = pathlib.Path(self.folder / "notify.sh")
        script.write_text(f'#!/bin/sh\necho "$*" >>{self.folder}/notified\n', encoding="utf-8")
        script.chmod(0o755)

    def write(self, name, text):
        (self.folder / name).write_text(text, encoding="utf-8")

    def run_process(self):
        self.process = self.better.host.popen(str(self.folder / self.name), "1000")

    def end_process(self):
        self.process.kill()
        self.process.wait()

    def shown(self):
        return self.better.show_vrrp()[0]

    def tracked(self):
        return {t["name"]: t for t in self.shown()["tracked"]}

    def moves_to(self, router, act, notified):
        since = now()
        act()
        wait_until(f"{router.name} to be the only owner", lambda: self.lan.owners(VIP[4]) == [router.name], 15)
        wait_until(f"the script to hear {notified}", lambda: (self.folder / "notified").read_text(
            encoding="utf-8").splitlines()[-1] == f"INSTANCE VI_1 {notified}", 5)
        return since


def moves_by_what_it_tracks(test, pair):
    pair.worse.start(instance(SETTINGS, WORSE))
    pair.run_process()
    pair.moves_to(pair.better, lambda: pair.better.start(config(test.folder, pair.name)), "MASTER 150")
    assert (test.folder / "maintenance").read_text(encoding="utf-8") == "0\n", "init_file"
    notified = (test.folder / "notified").read_text(encoding="utf-8").splitlines()
    assert notified == ["INSTANCE VI_1 BACKUP 150", "INSTANCE VI_1 MASTER 150"], f"waiting for the script is no fault: {notified}"

    # A script without a weight: fault, and the peer hears priority 0.
    since = pair.moves_to(pair.worse, lambda: pair.write("broken", ""), "FAULT 150")
    assert 0 in [a.priority for a in pair.lan.adverts("better", since)], "no good-bye"
    assert pair.shown()["faults"] == ["tracked"] and pair.tracked()["chk"]["fault"], pair.shown()
    pair.moves_to(pair.better, (test.folder / "broken").unlink, "MASTER 150")

    # A number in a file: no fault, the peer preempts a lower priority.
    since = pair.moves_to(pair.worse, lambda: pair.write("maintenance", "-60\n"), "BACKUP 90")
    assert {a.priority for a in pair.lan.adverts("better", since)} <= {150, 90}, "it went by priority alone"
    shown = pair.shown()
    assert (shown["priority"], shown["effective_priority"], pair.tracked()["maintenance"]["priority"]) == (150, 90, -60), shown
    pair.moves_to(pair.better, lambda: pair.write("maintenance", "0\n"), "MASTER 150")

    # A process.
    pair.moves_to(pair.worse, pair.end_process, "BACKUP 50")
    pair.moves_to(pair.better, pair.run_process, "MASTER 150")
    text = pair.better.host.run(test.program("app/warrenctl/warrenctl"), "--instance", pair.better.host.namespace, "show",
                                "vrrp").stdout
    print(text)
    assert "150 = 150 base, file maintenance +0, process probe +0" in text, text
    assert max(len(line) for line in text.splitlines()) <= 120, text
    for router in (pair.better, pair.worse):
        router.stop()
    pair.end_process()


def gives_up_only_to_a_peer_with_quorum(test, pair):
    nodes = {name: Node(test, name, number) for name, number in (("node1", 11), ("node2", 12))}
    for node in nodes.values():
        node.up()
    pair.better.start(service_config(BETTER, nodes["node1"].address))
    pair.worse.start(service_config(WORSE, nodes["node2"].address))

    def owned_by(router):
        wait_until(f"{router.name} to be the only owner", lambda: pair.lan.owners(VIP[4]) == [router.name], 15)
    owned_by(pair.better)
    nodes["node1"].down()
    owned_by(pair.worse)
    shown = pair.shown()
    assert (shown["state"], shown["effective_priority"], shown["faults"]) == ("backup", 50, []), shown
    nodes["node2"].down()
    owned_by(pair.better)
    nodes["node2"].up()
    owned_by(pair.worse)
    nodes["node1"].up()
    owned_by(pair.better)
    for node in nodes.values():
        node.down()
    for router in (pair.better, pair.worse):
        router.stop()


def main(test):
    pair = Pair(test)
    moves_by_what_it_tracks(test, pair)
    gives_up_only_to_a_peer_with_quorum(test, pair)
    pair.lan.close()


if __name__ == "__main__":
    Test.main(main)
