#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""SIGHUP: virtual routers, what they track and their groups come, go and change on a wire that is listened to.

    reload_vrrp.py BUILD-DIR [CASE]
    reload_vrrp.py BUILD-DIR under_traffic RELOADS CONNECTIONS
"""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

from harness import Test, run_cases, wait_until
from lan import Lan, now

PYTHON = "/usr/bin/python3"
VIP, OTHER_VIP = "192.168.8.100", "192.168.8.101"
INTERVAL = 0.1
RELOADS, CONNECTIONS = (int(word) for word in sys.argv[3:5]) if len(sys.argv) > 4 else (100, 8)
TRAFFIC = """
import json, select, socket, sys
held = [socket.create_connection(("192.168.8.100", 5672), timeout=10) for _ in range(int(sys.argv[1]))]
asked, failed = 0, []
while not select.select([sys.stdin], [], [], 0.005)[0]:
    for c in held:
        try:
            c.sendall(b"hello")
            assert c.recv(100)
            asked += 1
        except Exception as error:
            failed.append(repr(error))
print(json.dumps({"asked": asked, "failed": failed}))
"""


def router(name="VI_1", vrid=51, priority=100, vips=(VIP,), interval=INTERVAL, more=""):
    addresses = "".join(f"  {vip}/24\n" for vip in vips)
    return (f"vrrp_instance {name} {{\n interface eth0\n virtual_router_id {vrid}\n priority {priority}\n version 3\n"
            f" advert_int {interval}\n garp_master_repeat 2\n garp_master_delay 0\n {more}\n virtual_ipaddress {{\n{addresses} }}\n}}\n")


class Bench:
    def __init__(self, test):
        self.test = test
        self.hosts = {name: test.network.add_host(name, f"192.168.8.{number}/24") for name, number in
                      (("one", 4), ("two", 5), ("three", 11), ("client", 50))}
        self.lan = Lan(test.network, self.hosts["client"], ("one", "two"))
        self.warrens = {}

    def start(self, name, config):
        self.warrens[name] = self.test.start_warren(self.hosts[name], config)

    def master(self, name, config):
        self.start(name, config)
        wait_until(f"{name} to be master", lambda: self.states(name) == {"master"}, 10)

    def rows(self, name, what="vrrp"):
        return self.test.ctl(self.hosts[name], "show", what)

    def states(self, name):
        return {row["state"] for row in self.rows(name)}

    def hup(self, name, config):
        before = len(self.test.log(f"{name}.log"))
        (self.test.folder / f"{name}.conf").write_text(config, encoding="utf-8")
        os.kill(self.warrens[name].pid, signal.SIGHUP)
        said = lambda: self.test.log(f"{name}.log")[before:]
        wait_until("the reload", lambda: re.search(r"reloaded: |the running configuration stays", said()), 10, 0.01)
        return said()

    def reload(self, name, config):
        since = now()
        said = self.hup(name, config)
        assert "reloaded: " in said, said
        return since

    def on_host(self, name, vip):
        return f" {vip}/" in self.hosts[name].run("ip", "addr", "show", "dev", "eth0").stdout

    def in_rhythm(self, name, since, interval=INTERVAL, vrid=51):
        """No advert of it is missed: a busy machine may be late, by less than one interval."""
        times = [a.time for a in self.lan.adverts(name, since, vrid)]
        gaps = [later - earlier for earlier, later in zip(times, times[1:])]
        assert len(times) > 2 and max(gaps) < 2 * interval, (len(times), max(gaps, default=None))


def priority(test):
    bench = Bench(test)
    bench.master("one", router(priority=100))
    bench.start("two", router(priority=90))
    since = bench.reload("one", router(priority=95))
    wait_until("the new priority on the wire", lambda: any(a.priority == 95 for a in bench.lan.adverts("one", since)), 5)
    time.sleep(6 * INTERVAL)
    assert bench.states("one") == {"master"} and bench.states("two") == {"backup"}
    bench.in_rhythm("one", since)
    assert not bench.lan.announcements("one", since), "nothing is news to the hosts"
    since = bench.reload("one", router(priority=80))
    wait_until("the peer to take over", lambda: bench.states("two") == {"master"} and bench.states("one") == {"backup"}, 5)
    assert not [a for a in bench.lan.adverts("one", since) if a.priority == 0]
    bench.reload("two", router(priority=70))
    wait_until("the first to come back", lambda: bench.states("one") == {"master"}, 5)


def addresses(test):
    bench = Bench(test)
    bench.master("one", router())
    since = bench.reload("one", router(vips=(VIP, OTHER_VIP)))
    wait_until("the new address to be announced", lambda: bench.lan.announcements("one", since, OTHER_VIP), 5)
    first = bench.lan.announcements("one", since, OTHER_VIP)[0]
    assert first.time - since < 0.5, first.time - since
    wait_until("adverts with both", lambda: (VIP, OTHER_VIP) in {a.addresses for a in bench.lan.adverts("one", since)}, 5)
    assert bench.lan.owners(OTHER_VIP) == ["one"] and bench.lan.owners(VIP) == ["one"]
    wait_until("the host to have it", lambda: bench.on_host("one", OTHER_VIP), 5)
    assert not bench.lan.announcements("one", since, VIP), "hosts know this one"
    bench.in_rhythm("one", since)

    since = bench.reload("one", router(vips=(VIP,)))
    wait_until("the host to have it no more", lambda: not bench.on_host("one", OTHER_VIP), 5)
    assert bench.lan.owners(OTHER_VIP) == [] and bench.lan.owners(VIP) == ["one"]
    wait_until("adverts without it", lambda: bench.lan.adverts("one", since)[-1].addresses == (VIP,), 5)
    after = now()
    time.sleep(3 * INTERVAL)
    assert {a.addresses for a in bench.lan.adverts("one", after)} == {(VIP,)}
    assert not [a for a in bench.lan.adverts("one", since) if a.priority == 0]
    assert not bench.lan.announcements("one", after, OTHER_VIP)
    bench.in_rhythm("one", since)


def timers_and_password(test):
    bench = Bench(test)
    old = router().replace("version 3", "version 2").replace(f"advert_int {INTERVAL}", "advert_int 1")
    auth = lambda word: "authentication {\n auth_type PASS\n auth_pass " + word + "\n }\n"
    bench.master("one", old)
    since = bench.reload("one", old.replace(" virtual_ipaddress", auth("1111") + " virtual_ipaddress"))
    bench.reload("one", old.replace(" virtual_ipaddress", auth("2222") + " virtual_ipaddress"))
    wait_until("three adverts", lambda: len(bench.lan.adverts("one", since)) >= 4, 8)
    bench.in_rhythm("one", since, 1)
    frames = [f.bytes for f in bench.lan.frames("one", since) if f.bytes[23:24] == b"\x70"]
    assert frames[-1].find(b"2222") > 0, frames[-1]
    since = bench.reload("one", old.replace("advert_int 1", "advert_int 2"))
    wait_until("adverts that say 2 s", lambda: [a.interval_s for a in bench.lan.adverts("one", since)].count(2) > 2, 8)
    bench.in_rhythm("one", since, 2)
    assert bench.states("one") == {"master"}


def instances(test):
    bench = Bench(test)
    bench.master("one", router())
    second = router("VI_2", 52, vips=(OTHER_VIP,))
    since = bench.reload("one", router() + second)
    wait_until("both to be masters", lambda: [r["state"] for r in bench.rows("one")] == ["master"] * 2, 5)
    assert bench.lan.owners(OTHER_VIP) == ["one"]
    wait_until("the host to have it", lambda: bench.on_host("one", OTHER_VIP), 5)
    bench.in_rhythm("one", since)
    since = bench.reload("one", router())
    wait_until("the good-bye", lambda: any(a.priority == 0 for a in bench.lan.adverts("one", since, 52)), 5)
    wait_until("the host to have it no more", lambda: not bench.on_host("one", OTHER_VIP), 5)
    gone = now()
    assert bench.lan.owners(OTHER_VIP) == [] and bench.lan.owners(VIP) == ["one"]
    assert [r["name"] for r in bench.rows("one")] == ["VI_1"]
    assert not bench.lan.adverts("one", gone, 52)
    assert "VI_2: master -> initialize (it is removed)" in test.log("one.log")
    bench.in_rhythm("one", since)
    # Its index is used again, and another name is no other router.
    wait_until("an index to be free again", lambda: bench.reload("one", router("other")) and True, 5)
    time.sleep(1.2)
    since = bench.reload("one", router("other") + router("VI_3", 53, vips=(OTHER_VIP,)))
    wait_until("the third to be master", lambda: {r["name"]: r["state"] for r in bench.rows("one")} ==
               {"other": "master", "VI_3": "master"}, 5)
    bench.in_rhythm("one", since)
    # Another version of the protocol is another router.
    since = bench.reload("one", router("other") + router("VI_3", 53, vips=(OTHER_VIP,), interval=1).replace("version 3", "version 2"))
    wait_until("version 2", lambda: any(a.version == 2 for a in bench.lan.adverts("one", since, 53)), 8)
    assert [a.priority for a in bench.lan.adverts("one", since, 53) if a.version == 3][-1] == 0


def tracking(test):
    bench = Bench(test)
    file = test.folder / "number"
    file.write_text("0\n", encoding="utf-8")
    script = test.folder / "check"
    script.write_text("#!/bin/sh\nsleep 0.3\ntest ! -e " + str(test.folder / "failed") + "\n", encoding="utf-8")
    script.chmod(0o755)
    definitions = (f"global_defs {{\n script_user root\n}}\nvrrp_track_file number {{\n file {file}\n}}\n"
                   f"vrrp_script check {{\n script {script}\n interval 1\n}}\n")
    tracked = definitions + router(more="track_file {\n number weight 1\n }\n track_script {\n check\n }")
    bench.master("one", router())
    since = bench.reload("one", tracked)
    wait_until("the script's result", lambda: "script check succeeds" in test.log("one.log"), 5)
    assert bench.states("one") == {"master"}
    bench.in_rhythm("one", since)
    file.write_text("-20\n", encoding="utf-8")
    wait_until("the file's part", lambda: bench.lan.adverts("one")[-1].priority == 80, 5)
    since = bench.reload("one", tracked.replace("weight 1", "weight 2"))
    wait_until("twice as much", lambda: bench.lan.adverts("one")[-1].priority == 60, 5)
    (test.folder / "failed").touch()
    wait_until("the script's fault", lambda: bench.states("one") == {"fault"}, 5)
    bench.reload("one", router(priority=70))
    wait_until("a master that tracks nothing", lambda: bench.states("one") == {"master"}, 5)
    wait_until("its own priority", lambda: bench.lan.adverts("one")[-1].priority == 70, 5)


def real_time_priority(test):
    bench = Bench(test)
    words = lambda priority: f"global_defs {{\n vrrp_rt_priority {priority}\n}}\n" + router()
    bench.master("one", words(4))

    def real_time_priorities():
        """Of the threads (proc_pid_stat(5), field 40); 0: an ordinary one."""
        tasks = (pathlib.Path("/proc") / str(bench.warrens["one"].pid) / "task").iterdir()
        return sorted({int((task / "stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[37]) for task in tasks})
    wait_until("the configured one", lambda: real_time_priorities() == [0, 4], 5)
    for config, priority in ((words(6), 6), (router(), 1), (words(4), 4)):
        since = bench.reload("one", config)
        wait_until(f"the real-time priority {priority}", lambda: real_time_priorities() == [0, priority], 5)
    time.sleep(3 * INTERVAL)
    bench.in_rhythm("one", since)


def rehearsals(test):
    """--dry-run, --diff and warrenctl reload say what would change, and only the latter changes it."""
    bench = Bench(test)
    bench.master("one", router())
    file, old, wanted = test.folder / "one.conf", test.folder / "old.conf", router(priority=90)
    old.write_text(router(), encoding="utf-8")

    def dry_run():
        done = subprocess.run([test.program("app/warren/warren"), "--config", str(file), "--dry-run", str(old)],
                              stdout=subprocess.PIPE, text=True, check=False)
        return done.returncode, done.stdout

    def ctl(*words):
        done = subprocess.run(["ip", "netns", "exec", bench.hosts["one"].namespace, test.program("app/warrenctl/warrenctl"),
                               "--instance", bench.hosts["one"].namespace, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    step = "vrrp_instance VI_1: priority 100 -> 90\n"
    assert dry_run() == (0, "nothing changes\n") and ctl("reload", "--diff") == (0, "nothing changes\n", "")
    file.write_text(wanted, encoding="utf-8")
    assert dry_run() == (0, step)
    assert ctl("reload", "--diff") == (0, step + "it could be taken up\n", "")
    assert bench.rows("one")[0]["priority"] == 100 and "reloaded: " not in test.log("one.log")
    assert ctl("reload", "--wait") == (0, step + "reloaded\n", "")
    shown = ctl("show", "config")[1]
    assert re.search(r"priority 90 +# \S*one\.conf:\d+$", shown, re.M), shown
    wait_until("the new priority", lambda: bench.rows("one")[0]["priority"] == 90, 5)
    file.write_text("dataplane {\n workers 2\n}\n" + wanted, encoding="utf-8")
    old.write_text(wanted, encoding="utf-8")
    assert dry_run() == (3, "dataplane has changed (workers 1 -> 2): needs a restart\n")
    code, _, said = ctl("reload", "--wait")
    assert code == 1 and "dataplane has changed (workers 1 -> 2): that needs a restart; the running configuration stays" in said, said
    file.write_text(wanted.replace("priority", "prioritty"), encoding="utf-8")
    assert dry_run()[0] == 1
    code, out, said = ctl("reload", "--wait")
    assert code == 1 and out == "" and "one.conf:" in said and "prioritty" in said and "the file is refused" in said, said
    assert bench.states("one") == {"master"}


def groups(test):
    bench = Bench(test)
    both = router() + router("VI_2", 52, vips=(OTHER_VIP,))
    group = "vrrp_sync_group G {\n group {\n  VI_1\n  VI_2\n }\n}\n"
    bench.master("one", both)
    since = bench.reload("one", both + group)
    assert {tuple(row["moves_with"]) for row in bench.rows("one")} == {("VI_1",), ("VI_2",)}
    third = router("VI_3", 53, vips=("192.168.8.102",))
    bench.reload("one", both + third + group.replace("VI_2", "VI_2\n  VI_3"))
    wait_until("a third member", lambda: [row["state"] for row in bench.rows("one")] == ["master"] * 3, 5)
    bench.in_rhythm("one", since)
    bench.in_rhythm("one", since, vrid=52)
    bench.start("two", router(priority=200))
    wait_until("all to go", lambda: bench.states("one") == {"backup"}, 8)
    bench.reload("one", both + third)
    wait_until("those without a better one to come back",
               lambda: {row["name"]: row["state"] for row in bench.rows("one")} ==
               {"VI_1": "backup", "VI_2": "master", "VI_3": "master"}, 8)


def under_traffic(test):
    bench = Bench(test)
    test.start_name_echo(bench.hosts["three"], "three")
    service = (f"virtual_server {VIP} 5672 {{\n delay_loop 0.1\n lb_algo wrr\n lb_kind FNAT\n protocol TCP\n"
               " real_server 192.168.8.11 5672 {\n  TCP_CHECK {\n   connect_timeout 1\n  }\n }\n}\n")
    bench.master("one", router(interval=0.01) + service)
    wait_until("the server", lambda: bench.rows("one", "servers")[0]["state"] == "up", 10)
    client = bench.hosts["client"].popen(PYTHON, "-c", TRAFFIC, str(CONNECTIONS), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    wait_until("the connections", lambda: bench.rows("one", "servers")[0]["active"] == CONNECTIONS, 20)
    late = bench.rows("one")[0]["late_adverts"]
    for number in range(RELOADS):
        more = router("VI_2", 52, vips=(OTHER_VIP,), interval=0.01) if number % 2 else ""
        vips = (VIP, "192.168.8.102") if number % 3 else (VIP,)
        bench.reload("one", router(interval=0.01, priority=100 + number % 5, vips=vips) + more + service)
    counts = json.loads(client.communicate("over\n", timeout=30)[0])
    row = bench.rows("one")[0]
    print(f"{RELOADS} reloads under {CONNECTIONS} connections: {counts}, late adverts {row['late_adverts'] - late}", flush=True)
    assert not counts["failed"] and counts["asked"] > RELOADS, counts
    assert row["state"] == "master" and row["became_master"] == 1, row
    assert bench.warrens["one"].poll() is None
    bench.warrens["one"].terminate()
    assert bench.warrens["one"].wait(10) == 0


CASES = {case.__name__: case for case in (priority, addresses, timers_and_password, instances, tracking, real_time_priority, rehearsals, groups,
                                           under_traffic)}

if __name__ == "__main__":
    if len(sys.argv) > 2:
        Test.main(CASES[sys.argv[2]])
    else:
        run_cases(CASES, 2)
