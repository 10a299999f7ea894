#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What keepalived tells others and Warren tells them too: FIFOs and who reads them, mail, the files that signals ask for, and
track_src_ip's fault, all through one life of a router.

    voices.py BUILD
"""

import json
import os
import pathlib
import signal
import stat
import sys

from harness import Test, wait_until

VIP = "192.168.8.100"
SOURCE = "192.168.8.9"
MAIL_PORT = 2525
SERVER_PORT = 5672


def config(folder):
    return f"""global_defs {{
    router_id lb1
    notification_email {{
        ops@b.example
    }}
    smtp_server 192.168.8.50 {MAIL_PORT}
    smtp_connect_timeout 5
    smtp_alert
    notify_fifo {folder}/all.fifo
    vrrp_notify_fifo {folder}/vrrp.fifo
    vrrp_notify_fifo_script {folder}/reader
    lvs_notify_fifo {folder}/lvs.fifo
}}
vrrp_instance VI_1 {{
    interface eth0
    virtual_router_id 51
    priority 120
    advert_int 1
    mcast_src_ip {SOURCE}
    track_src_ip
    virtual_ipaddress {{
        {VIP}/24
    }}
}}
virtual_server {VIP} {SERVER_PORT} {{
    lb_kind FNAT
    lb_algo rr
    protocol TCP
    delay_loop 0.2
    real_server 192.168.8.11 {SERVER_PORT} {{
        TCP_CHECK {{
            connect_timeout 1
            retry 0
        }}
    }}
}}
"""


class Bench:
    def __init__(self, test):
        self.test = test
        self.host = test.network.add_host("warren", "192.168.8.4/24")
        self.client = test.network.add_host("client", "192.168.8.50/24")
        self.rabbit = test.network.add_host("rabbit", "192.168.8.11/24")
        self.mails = test.folder / "mails"
        here = pathlib.Path(__file__).parent
        test.start(self.client, sys.executable, str(here / "mail_catcher.py"), "192.168.8.50", str(MAIL_PORT), str(self.mails),
                   log="catcher.log")
        wait_until("the mail server to listen", lambda: f":{MAIL_PORT}" in self.client.run("ss", "-ltn").stdout, 10)
        self.reader_log = test.folder / "read"
        reader = test.folder / "reader"
        reader.write_text(f'#!/bin/sh\nwhile read line; do echo "$line" >> {self.reader_log}; done < "$1"\n', encoding="utf-8")
        reader.chmod(0o755)
        self.lines = ""

    def start(self):
        file = self.test.folder / "warren.conf"
        file.write_text(config(self.test.folder), encoding="utf-8")
        process = self.test.start(self.host, "/usr/bin/env", f"TMPDIR={self.test.folder}", self.test.program("app/warren/warren"),
                                  "--config", str(file), "--instance", self.host.namespace, log="warren.log")
        wait_until("warren to be ready", lambda: process.poll() is None and " ready" in self.test.log("warren.log"), 30)
        self.fifo = os.open(self.test.folder / "all.fifo", os.O_RDONLY | os.O_NONBLOCK)
        return process

    def read_fifo(self):
        try:
            self.lines += os.read(self.fifo, 65536).decode()
        except BlockingIOError:
            pass
        return self.lines

    def wait_for_line(self, line):
        wait_until(f"the FIFO to say {line}", lambda: line + "\n" in self.read_fifo(), 15)

    def wait_for_mail(self, subject):
        wait_until(f"a mail that says {subject}", lambda: self.mails.exists() and f"[lb1] {subject}" in self.mails.read_text(), 15)


def a_router_without_its_source(bench):
    bench.wait_for_line('INSTANCE "VI_1" FAULT 120')
    bench.wait_for_mail("VRRP Instance VI_1 - Entering FAULT state")
    bench.host.run("ip", "addr", "add", f"{SOURCE}/24", "dev", "eth0")
    bench.wait_for_line('INSTANCE "VI_1" MASTER 120')
    bench.wait_for_mail("VRRP Instance VI_1 - Entering MASTER state | => VRRP Instance is now owning VRRP VIPs <=")


def servers_and_quorum(bench):
    server = f"[192.168.8.11]:tcp:{SERVER_PORT}"
    service = f"[{VIP}]:tcp:{SERVER_PORT}"
    bench.wait_for_line(f"RS {server} {service} DOWN")
    bench.wait_for_line(f"VS {service} DOWN")
    bench.wait_for_mail(f"Realserver {server} of virtual server {service} - DOWN")
    bench.wait_for_mail(f"Virtualserver {service} - DOWN")
    listener = bench.test.start(bench.rabbit, sys.executable, "-m", "http.server", str(SERVER_PORT), log="rabbit.log")
    bench.wait_for_line(f"RS {server} {service} UP")
    bench.wait_for_line(f"VS {service} UP")
    bench.wait_for_mail(f"Realserver {server} of virtual server {service} - UP")
    assert listener.poll() is None


def the_script_reads_what_is_its(bench):
    wait_until("the script to have read it", lambda: bench.reader_log.exists() and "MASTER" in bench.reader_log.read_text(), 5)
    assert "RS " not in bench.reader_log.read_text(), "that is lvs_notify_fifo's"


def dump(bench, process, number, name):
    path = bench.test.folder / name
    os.kill(process.pid, number)
    wait_until(f"{name} to be written", path.exists, 5)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    wait_until("the log to say so", lambda: f"{name} is written" in bench.test.log("warren.log"), 5)
    return json.loads(path.read_text())


def files_that_signals_ask_for(bench, process):
    data = dump(bench, process, signal.SIGUSR1, "keepalived.data")
    assert data["vrrp"][0]["state"] == "master" and data["servers"][0]["server"] == f"192.168.8.11:{SERVER_PORT}", data
    stats = dump(bench, process, signal.SIGUSR2, "keepalived.stats")
    assert stats["vrrp"][0]["became_master"] == 1 and stats["counters"], stats
    router = dump(bench, process, signal.SIGRTMIN + 2, "keepalived.json")[0]
    assert router["data"]["iname"] == "VI_1" and router["data"]["state"] == 2, router
    assert router["stats"]["become_master"] == 1 and router["stats"]["advert_sent"] > 0, router


def a_source_that_goes(bench):
    bench.host.run("ip", "addr", "del", f"{SOURCE}/24", "dev", "eth0")
    wait_until("the fault", lambda: bench.read_fifo().count('INSTANCE "VI_1" FAULT 120\n') == 2, 15)
    bench.host.run("ip", "addr", "add", f"{SOURCE}/24", "dev", "eth0")
    wait_until("the master again", lambda: bench.read_fifo().count('INSTANCE "VI_1" MASTER 120\n') == 2, 15)


def the_end(bench, process):
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(15) == 0
    bench.wait_for_line('INSTANCE "VI_1" STOP 120')
    bench.wait_for_mail("VRRP Instance VI_1 - Stopping")
    left = [path.name for path in bench.test.folder.glob("*.fifo")]
    assert not left, f"made by warren and left: {left}"
    wait_until("the script to be ended", lambda: not bench.host.run("pgrep", "-f", str(bench.test.folder / "reader"),
                                                                    check=False).stdout, 5)


def main(test):
    bench = Bench(test)
    process = bench.start()
    a_router_without_its_source(bench)
    servers_and_quorum(bench)
    the_script_reads_what_is_its(bench)
    files_that_signals_ask_for(bench, process)
    a_source_that_goes(bench)
    the_end(bench, process)


if __name__ == "__main__":
    Test.main(main)
