#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The systemd unit leaves warren enough: all it does is done with these capabilities and system calls, as root and, with
the drop-in for that, as a user of its own.

    unit_rights.py BUILD
"""
import os
import pathlib
import shutil
import signal

from harness import REPOSITORY, Skip, Test, wait_until

HERE = pathlib.Path(__file__).parent
UNIT = REPOSITORY / "conf/warren.service.in"
DROP_IN = REPOSITORY / "conf/systemd/unprivileged.conf"
RUNTIME = pathlib.Path("/var/run/dpdk")
NOBODY = 65534
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
    interface tap9 {{
        device net_tap0,iface=tap9
    }}
}}
"""
SCRIPT = """#!/bin/sh
id -un > {0}/ran.new && mv {0}/ran.new {0}/ran
"""


class Caged:
    """A warren in the cage of some unit files."""

    def __init__(self, test, host, files, **values):
        self.test, self.host, self.values = test, host, values
        self.cage = [str(HERE / "cage.py"), ",".join(str(file) for file in files)]
        self.file = test.folder / "warren.conf"
        self.write(interval=1)
        # XDG_RUNTIME_DIR is heeded by users other than root, as the drop-in has it.
        self.process = test.start(host, "env", "XDG_RUNTIME_DIR=/run", *self.cage, test.program("app/warren/warren"), "--config",
                                  str(self.file), "--instance", host.namespace, log="warren.log")
        wait_until("warren to be ready", lambda: self.process.poll() is not None or "ready" in test.log("warren.log"), 30)
        assert self.process.poll() is None, test.log("warren.log")

    def write(self, interval):
        self.file.write_text(CONFIG.format(interval=interval, **self.values), encoding="utf-8")
        self.file.chmod(0o644)

    def reload(self):
        """By what the unit has as ExecReload, in the cage as well."""
        return self.host.run("env", "XDG_RUNTIME_DIR=/run", *self.cage, self.test.program("app/warrenctl/warrenctl"),
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


def as_root(test, host, client):
    script = test.folder / "notify"
    script.write_text(SCRIPT.format(test.folder), encoding="utf-8")
    script.chmod(0o755)
    test.folder.chmod(0o777)
    caged = Caged(test, host, [UNIT], hugepages="auto", script=f'notify_master "{script}" nobody')
    serves(test, host, client)
    wait_until("the script of another user", (test.folder / "ran").exists, 10)
    assert (test.folder / "ran").read_text().strip() == "nobody"
    assert has_priority(warren_of(host)), "no SCHED_FIFO"
    reloads(caged)
    caged.stop()


def as_a_user(test, host, client):
    folder = RUNTIME / host.namespace    # RuntimeDirectory= makes it, and ExecStartPre= lets others than root pass
    folder.mkdir(parents=True)
    mode = RUNTIME.stat().st_mode & 0o777
    RUNTIME.chmod(0o711)
    try:
        os.chown(folder, NOBODY, NOBODY)
        caged = Caged(test, host, [UNIT, DROP_IN], hugepages="auto", script="")
        serves(test, host, client)
        pid = warren_of(host)
        assert f"Uid:\t{NOBODY}\t" in pathlib.Path(f"/proc/{pid}/status").read_text(), "it is root"
        assert has_priority(pid), "no SCHED_FIFO"
        reloads(caged)
        caged.kill()
    finally:
        RUNTIME.chmod(mode)
        shutil.rmtree(folder)


def main(test):
    if shutil.which("systemd-analyze") is None or shutil.which("setpriv") is None:
        raise Skip("needs systemd-analyze and setpriv")
    host = test.network.add_host("warren", "192.168.8.4/24")
    client = test.network.add_host("client", "192.168.8.50/24")
    server = test.network.add_host("one", "192.168.8.11/24")
    test.start(server, "/usr/bin/python3", str(HERE / "name_echo.py"), "one", log="server.log")
    as_root(test, host, client)
    (test.folder / "warren.log").unlink()
    as_a_user(test, host, client)


if __name__ == "__main__":
    Test.main(main)
