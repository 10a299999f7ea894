#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The systemd unit leaves warren enough: all it does is done with these capabilities and system calls, as a user of its own
and, with the drop-in for scripts, as root.

    unit_rights.py BUILD
"""
import contextlib
import os
import pathlib
import shutil
import signal

import cage
from harness import REPOSITORY, Skip, Test, wait_until

HERE = pathlib.Path(__file__).parent
UNIT = REPOSITORY / "conf/warren.service.in"
DROP_IN = REPOSITORY / "conf/systemd/scripts.conf"
RUNTIME = pathlib.Path("/run/warren")
VIP = "192.168.8.100"
CONFIG = """vrrp_instance VI_1 {{
    interface eth0
    virtual_router_id 51
    priority 254
    advert_int {interval}
    virtual_ipaddress {{
        192.168.8.100/24
    }}
    {script}
}}
virtual_server 192.168.8.100 5672 {{
    delay_loop 0.2
    lb_algo rr
    lb_kind FNAT
    protocol TCP
    real_server 192.168.8.11 5672 {{
        TCP_CHECK {{
            connect_timeout 1
        }}
        PING_CHECK {{
        }}
    }}
}}
dataplane {{
    hugepages {hugepages}
    http unix:/run/warren/%i.http
    interface tap9 {{
        device net_tap0,iface=tap9
    }}
}}
"""
SCRIPT = """#!/bin/sh
id -u > {0}/ran.new && mv {0}/ran.new {0}/ran
"""


class Caged:
    """A warren in the cage of some unit files."""

    def __init__(self, test, host, files, **values):
        self.test, self.host, self.values = test, host, values
        self.cage = [str(HERE / "cage.py"), ",".join(str(file) for file in files)]
        self.file = test.folder / "warren.conf"
        self.write(interval=1)
        self.process = test.start(host, "env", f"XDG_RUNTIME_DIR={RUNTIME}", *self.cage, test.program("app/warren/warren"), "--config",
                                  str(self.file), "--instance", host.namespace, log="warren.log")
        wait_until("warren to be ready", lambda: self.process.poll() is not None or "ready" in test.log("warren.log"), 30)
        assert self.process.poll() is None, test.log("warren.log")

    def write(self, interval):
        self.file.write_text(CONFIG.format(interval=interval, **self.values), encoding="utf-8")
        self.file.chmod(0o644)

    def reload(self):
        """By what the unit has as ExecReload, in the cage as well."""
        return self.host.run("env", f"XDG_RUNTIME_DIR={RUNTIME}", *self.cage, self.test.program("app/warrenctl/warrenctl"),
                             "--instance", self.host.namespace, "reload", check=False)

    def kill(self):
        """What it has set up on the host goes all the same."""
        os.kill(warren_of(self.host), signal.SIGKILL)
        self.process.wait(15)
        wait_until("the VIP to be gone", lambda: VIP not in self.host.run("ip", "address", "show").stdout, 10)

    def stop(self):
        self.process.terminate()
        assert self.process.wait(15) == 0, self.test.log("warren.log")


def serves(test, host, client):
    """VRRP, checks, FNAT, the host's address; asked by root's warrenctl."""
    wait_until("mastership", lambda: test.ctl(host, "show", "status")["masters"] == 1, 15)
    wait_until("the server to be up", lambda: test.ctl(host, "show", "servers")[0]["state"] == "up", 15)
    assert VIP in host.run("ip", "address", "show").stdout, "the host has no VIP"
    said = client.run("/usr/bin/python3", "-c", f"import socket; c = socket.create_connection(('{VIP}', 5672), 5); c.send(b'x');"
                      "print(c.recv(99).decode())").stdout
    assert "one" in said, said
    assert test.ctl(host, "show", "counters"), "no counters"


def reloads(caged):
    caged.write(interval=2)
    result = caged.reload()
    assert result.returncode == 0, result
    caged.write(interval="2\n    no_such_word 1")
    result = caged.reload()
    assert result.returncode == 1, f"a refused file is no failure: {result}"


def has_priority(pid):
    """Its VRRP thread runs at SCHED_FIFO."""
    shown = [os.sched_getscheduler(int(task)) for task in os.listdir(f"/proc/{pid}/task")]
    return os.SCHED_FIFO in shown


def warren_of(host):
    return next(pid for pid in host.pids() if pathlib.Path(f"/proc/{pid}/comm").read_text().strip() == "warren")


@contextlib.contextmanager
def runtime_folder(host):
    """As RuntimeDirectory= makes it, for other instances of this machine too."""
    is_new = not RUNTIME.exists()
    RUNTIME.mkdir(mode=0o750, exist_ok=True)
    owner = RUNTIME.stat().st_uid
    user, group = cage.ids_of("warren")
    os.chown(RUNTIME, user, group)
    try:
        yield
    finally:
        shutil.rmtree(RUNTIME if is_new else RUNTIME / "dpdk" / host.namespace, ignore_errors=True)
        if not is_new:
            os.chown(RUNTIME, owner, -1)


def script_of(test):
    """Says who it runs as."""
    test.folder.chmod(0o777)
    (test.folder / "ran").unlink(missing_ok=True)
    script = test.folder / "notify"
    script.write_text(SCRIPT.format(test.folder), encoding="utf-8")
    script.chmod(0o755)
    return script


def ran_as(test):
    wait_until("the script to run", (test.folder / "ran").exists, 10)
    return int((test.folder / "ran").read_text())


def as_a_user(test, host, client):
    uid = cage.ids_of("warren")[0]
    with runtime_folder(host):
        caged = Caged(test, host, [UNIT], hugepages="auto", script=f'notify_master "{script_of(test)}"')
        serves(test, host, client)
        assert ran_as(test) == uid, "its own script runs as somebody else"
        pid = warren_of(host)
        assert f"Uid:\t{uid}\t" in pathlib.Path(f"/proc/{pid}/status").read_text(), "it is root"
        assert has_priority(pid), "no SCHED_FIFO"
        members_of_the_group_read(test, host)
        reloads(caged)
        caged.kill()


def members_of_the_group_read(test, host):
    """As an operator's own user in the group warren: views, not orders; as any other user nothing."""
    stranger = 60001

    def says(groups, *words):
        return host.run("setpriv", "--reuid", str(stranger), "--regid", str(stranger), *groups, test.program("app/warrenctl/warrenctl"),
                        "--instance", host.namespace, *words, check=False)

    member = ("--groups", str(cage.ids_of("warren")[1]))
    for words in (("status",), ("show", "servers"), ("show", "vrrp"), ("show", "counters"), ("show", "flows"), ("events", "--since", "1h"),
                  ("ended",), ("check",), ("history",), ("show", "flows", "count"), ("explain", "192.168.8.50:40000")):
        result = says(member, *words)
        assert result.returncode == 0, f"{words}: {result}"
    for words, code, text in ((("why", "192.168.8.77"), 1, "nothing of 192.168.8.77 has ended"), (("why", "nobody"), 2, "nobody"),
                              (("explain", "192.168.8.50:40000", "192.168.8.1:1"), 0, "the address is none of ours")):
        result = says(member, *words)
        assert result.returncode == code and text in result.stdout + result.stderr, f"{words}: {result}"
    assert VIP in says(member, "status").stdout
    assert "VI_1: backup -> master" in says(member, "events", "vrrp").stdout
    for words in (("drain", "192.168.8.11:5672"), ("reload",), ("show", "config")):
        result = says(member, *words)
        assert result.returncode == 3 and "permission" in result.stderr, f"{words}: {result}"
    result = says(("--clear-groups",), "status")
    assert result.returncode == 3 and "http unix:/run/warren/%i.http" in result.stderr, result


def as_root(test, host, client):
    caged = Caged(test, host, [UNIT, DROP_IN], hugepages="auto", script=f'notify_master "{script_of(test)}" nobody')
    serves(test, host, client)
    assert ran_as(test) == cage.NOBODY, "the script of another user runs as root"
    assert has_priority(warren_of(host)), "no SCHED_FIFO"
    reloads(caged)
    caged.stop()


def main(test):
    if shutil.which("systemd-analyze") is None or shutil.which("setpriv") is None:
        raise Skip("needs systemd-analyze and setpriv")
    host = test.network.add_host("warren", "192.168.8.4/24")
    client = test.network.add_host("client", "192.168.8.50/24")
    server = test.network.add_host("one", "192.168.8.11/24")
    test.start_name_echo(server, "one", log="server.log")
    as_a_user(test, host, client)
    (test.folder / "warren.log").unlink()
    as_root(test, host, client)


if __name__ == "__main__":
    Test.main(main)
