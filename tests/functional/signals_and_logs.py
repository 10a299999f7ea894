#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What operators and their tools do to the running daemon: signals of keepalived's tools, HUP while it starts, logrotate, a log
whose reader goes away, a service manager with a watchdog, scripts that are missing, peers that are configured otherwise.

    signals_and_logs.py BUILD
"""

import json
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import time

from harness import Test, is_alive, wait_until
from lan import ETH_IPV4, Wire, checksum
from vrrp_stalls import PTRACE_DETACH, PTRACE_INTERRUPT, PTRACE_SEIZE, __WALL, ptrace

VIP = "192.168.8.100"
# Its first argument is /run/systemd/journal to what the rest starts.
JOURNAL = """mount -t tmpfs warren-journal /run/systemd && mkdir /run/systemd/journal &&
mount --bind "$1" /run/systemd/journal && shift && exec "$@"
"""
CONFIG = f"""vrrp_instance VI_1 {{
    interface eth0
    virtual_router_id 51
    priority 254
    advert_int 1
    virtual_ipaddress {{
        {VIP}/24
    }}
}}
"""
# keepalived's real-time ones, without JSON's: statistics that begin anew, and what newer ones have.
# Nobody who sends one of these means to end a balancer: keepalived outlives them, too.
HARMLESS = [signal.SIGPIPE, signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF, signal.SIGIO, signal.SIGSTKFLT, signal.SIGXCPU,
            signal.SIGXFSZ, signal.SIGPWR]
UNSERVED = [*(signal.SIGRTMIN + i for i in range(8) if i != 2), signal.SIGRTMAX - 1]


class Bench:
    def __init__(self, test):
        self.test = test
        self.host = test.network.add_host("warren", "192.168.8.4/24")
        self.client = test.network.add_host("client", "192.168.8.50/24")
        self.config = test.folder / "warren.conf"
        self.config.write_text(CONFIG, encoding="utf-8")
        self.program = test.program("app/warren/warren")

    def command(self, *options):
        return [self.program, "--config", str(self.config), "--instance", self.host.namespace, *options]

    def check(self, config):
        file = self.test.folder / "tried.conf"
        file.write_text(config, encoding="utf-8")
        return self.host.run(self.program, "--config", str(file), "--check", check=False)

    def wait_for_ready(self, log):
        wait_until("warren to be ready", lambda: log.exists() and "ready" in log.read_text(), 30)

    def wait_for_master(self):
        wait_until("the VIP to be owned", lambda: self.test.ctl(self.host, "show", "status")["masters"] == 1, 15)


def check_tells_what_a_start_tolerates(bench):
    missing = CONFIG.replace("advert_int 1", 'advert_int 1\n    notify_master "/no/such/script"')
    result = bench.check(missing)
    assert result.returncode == 0 and "warning: VI_1: notify_master is ignored" in result.stdout, result
    result = bench.check(CONFIG.replace("eth0", "eth7"))
    assert result.returncode == 0 and "there is no interface eth7" in result.stdout, result
    result = bench.check(CONFIG.replace("virtual_router_id 51", ""))
    assert result.returncode == 1 and "is refused" in result.stdout, result


def blocked_signals(process):
    for line in pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("SigBlk:"):
            return int(line.split()[1], 16)
    return 0


def a_start_that_is_told_to_reload(bench, log, notify):
    """The first thing that main does; what comes before is the loader's time."""
    process = bench.test.start(bench.host, "/usr/bin/env", f"NOTIFY_SOCKET={notify}", *bench.command("--log-file", str(log)),
                               log="start.log")
    hup = 1 << (signal.SIGHUP - 1)
    wait_until("main to begin", lambda: process.poll() is not None or blocked_signals(process) & hup, 10)
    assert process.poll() is None
    os.kill(process.pid, signal.SIGHUP)
    wait_until("warren to be ready", lambda: log.exists() and ": instance" in log.read_text(), 30)
    wait_until("the early HUP to be obeyed", lambda: "reloaded: nothing has changed" in log.read_text(), 5)
    bench.wait_for_master()
    return process


def a_start_that_is_told_to_stop(bench):
    """What it has begun it ends in order, whenever the signal comes: no address, no table, nothing said."""
    for number in (signal.SIGTERM, signal.SIGINT):
        process = bench.test.start(bench.host, *bench.command(), log="stop.log")
        wait_until("main to begin", lambda: process.poll() is not None or blocked_signals(process) & 1 << (number - 1), 10)  # noqa: B023
        os.kill(process.pid, number)
        assert process.wait(15) == 0, process.returncode
    assert VIP not in bench.host.run("ip", "addr", "show").stdout and not bench.host.run("nft", "list", "tables").stdout
    hangs = CONFIG + "global_defs {\n    script_user root\n    startup_script \"/bin/sleep 60\"\n    startup_script_timeout 60\n}\n"
    bench.config.write_text(hangs, encoding="utf-8")
    process = bench.test.start(bench.host, *bench.command(), log="script.log")
    wait_until("the script to run", lambda: "startup_script runs" in bench.test.log("script.log"), 10)
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(15) == 0, process.returncode
    assert "ready" not in bench.test.log("script.log")
    bench.config.write_text(CONFIG, encoding="utf-8")


def signals_that_ask(bench, process, log):
    for number in [*UNSERVED, *HARMLESS, *UNSERVED]:
        os.kill(process.pid, number)
    wait_until("the signals to be heard", lambda: "SIGRTMIN+3 asks" in log.read_text() and "SIGRTMAX-1 asks" in log.read_text(), 5)
    assert process.poll() is None and bench.test.ctl(bench.host, "show", "status")["masters"] == 1
    assert log.read_text().count("SIGRTMIN+3 asks") == 1, "said once, however often it is asked"


def logrotate(bench, process, log):
    for text, said in (("nonsense\n", "the file is refused"), (CONFIG, "reloaded: ")):
        bench.config.write_text(text, encoding="utf-8")
        old = log.rename(log.with_suffix(".1"))
        size = old.stat().st_size
        os.kill(process.pid, signal.SIGHUP)
        wait_until("the new file to be written", lambda: log.exists() and said in log.read_text(), 5)
        assert old.stat().st_size == size, "the renamed file was written to"


def advert(addresses, password=b""):
    body = struct.pack("!BBBBBBH", 0x21, 51, 50, len(addresses), 1 if password else 0, 1, 0)
    body += b"".join(socket.inet_aton(a) for a in addresses) + password.ljust(8, b"\0")
    body = body[:6] + struct.pack("!H", checksum(body)) + body[8:]
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0xC0, 20 + len(body), 0, 0, 255, 112, 0, socket.inet_aton("192.168.8.50"),
                       socket.inet_aton("224.0.0.18"))
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + body


def peers_that_are_configured_otherwise(bench, log):
    """At first sight with what differs; the log and the events stay readable."""
    wire = Wire(bench.client)
    before = log.read_text()
    counted = lambda: bench.test.ctl(bench.host, "show", "vrrp")[0]  # noqa: E731
    for _ in range(25):
        wire.send("01:00:5e:00:00:12", ETH_IPV4, advert(["192.168.8.77"]))
        wire.send("01:00:5e:00:00:12", ETH_IPV4, advert([VIP], b"secret"))
        time.sleep(0.1)     # the claim is about time: more than the two seconds that alarms are apart
    wait_until("the adverts to be counted", lambda: counted()["address_list_differs"] >= 25, 5)
    said = log.read_text()[len(before):]
    lists = [line for line in said.splitlines() if "list other addresses" in line]
    refused = [line for line in said.splitlines() if "are refused" in line]
    assert len(lists) == 1 and "192.168.8.50" in lists[0] and f"theirs 192.168.8.77, ours {VIP}" in lists[0], lists
    assert len(refused) == 1 and "theirs PASS, ours none" in refused[0], refused
    assert len(said.splitlines()) <= 4, said


def messages(notify, seconds):
    """Those that come within that time."""
    end = time.monotonic() + seconds
    got = []
    while (left := end - time.monotonic()) > 0:
        notify.settimeout(left)
        try:
            got.append(notify.recv(4096).decode())
        except TimeoutError:
            break
    return got


def messages_until(heard, text, seconds):
    got = []
    wait_until(f"{text} to be said", lambda: got.extend(messages(heard, 0.1)) or any(text in said for said in got), seconds)
    return got


def watchdog(process, notify):
    assert "WATCHDOG=1" in messages(notify, 1.5)
    ptrace(PTRACE_SEIZE, process.pid)    # the manager's thread alone; workers and control lcore go on
    ptrace(PTRACE_INTERRUPT, process.pid)
    os.waitpid(process.pid, __WALL)
    messages(notify, 0.1)
    assert "WATCHDOG=1" not in messages(notify, 2), "a manager that hangs says that it does not"
    ptrace(PTRACE_DETACH, process.pid)
    assert "WATCHDOG=1" in messages(notify, 2.5)


def stop(process):
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(10) == 0


def stop_that_is_said_twice(process, log):
    """timeout(1) and terminals say it twice, to the process and to its group: it is one stop, in order."""
    for _ in range(2):
        os.kill(process.pid, signal.SIGTERM)
        wait_until("the signal to be taken", lambda: "stopping: SIGTERM" in log.read_text(), 5, 0.001)
    assert process.wait(10) == 0
    assert "-> initialize (warren stops)" in log.read_text(), log.read_text()[-1000:]


def a_log_whose_reader_goes_away(bench):
    process = bench.host.popen(*bench.command(), stderr=subprocess.PIPE)
    try:
        while b"ready" not in process.stderr.readline():
            assert process.poll() is None
        process.stderr.close()
        bench.wait_for_master()
        for _ in range(3):
            os.kill(process.pid, signal.SIGHUP)
            status = bench.test.ctl(bench.host, "show", "status")
            assert status["masters"] == 1 and is_alive(process.pid), status
    finally:
        stop(process)


def json_that_is_opened_again(bench):
    """Each line an object, in the new file as well; what came of a reload is said however often it is asked for."""
    log = bench.test.folder / "warren-json.log"
    process = bench.test.start(bench.host, *bench.command("--log-file", str(log), "--log-format", "json"), log="json.log")
    bench.wait_for_ready(log)
    old = log.rename(log.with_suffix(".1"))
    bench.config.write_text("nonsense\n", encoding="utf-8")
    refused = lambda: log.read_text().count("the running configuration stays") if log.exists() else 0  # noqa: E731
    for times in range(1, 8):
        os.kill(process.pid, signal.SIGHUP)
        wait_until("the refusal", lambda: refused() == times, 5)  # noqa: B023
    bench.config.write_text(CONFIG, encoding="utf-8")
    stop(process)
    records = [json.loads(line) for file in (old, log) for line in file.read_text().splitlines()]
    assert {tuple(record)[:5] for record in records} == {("time", "level", "kind", "instance", "text")}, records
    subjects = {field for record in records for field in tuple(record)[5:]}
    assert subjects == {"router", "cause"}, f"whom they are about: {subjects}"
    assert {record["instance"] for record in records} == {bench.host.namespace}
    assert {r["kind"] for r in records if "the running configuration stays" in r["text"]} == {"config"}, records


def journal(bench):
    """Fields for a journal that reads standard error, as systemd says it; nothing is written there itself."""
    folder = bench.test.folder / "journal"
    folder.mkdir()
    log = bench.test.folder / "journal.log"
    log.touch()
    stream = f"{log.stat().st_dev}:{log.stat().st_ino}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(folder / "socket"))
        # ip netns exec has a view of its own of what is mounted: only this warren sees that journal.
        process = bench.test.start(bench.host, "/bin/sh", "-c", JOURNAL, "sh", str(folder), "env", f"JOURNAL_STREAM={stream}",
                                   *bench.command(), log=log.name)
        said = messages_until(heard, "-> master", 30)
        stop(process)
    records = [dict(line.split("=", 1) for line in text.splitlines()) for text in said]
    fields = {"MESSAGE", "PRIORITY", "SYSLOG_IDENTIFIER", "MESSAGE_ID", "WARREN_KIND", "WARREN_INSTANCE"}
    subjects = {"WARREN_ROUTER", "WARREN_CAUSE"}
    assert records and all(set(record) in (fields, fields | subjects, fields | {"WARREN_ROUTER"}) for record in records), records
    master = next(record for record in records if "-> master" in record["MESSAGE"])
    assert (master["WARREN_ROUTER"], master["WARREN_CAUSE"]) == ("VI_1", "master_down"), master
    assert (master["PRIORITY"], master["WARREN_KIND"], master["WARREN_INSTANCE"]) == ("6", "vrrp", bench.host.namespace), master
    assert ": instance" not in log.read_text(), "it is said twice"


def journal_of_a_start_that_is_refused(bench):
    """What the unit says before there is a log has its priority as well: `journalctl -p err` names the line."""
    log = bench.test.folder / "refused.log"
    for words, pattern in ((("--check",), r"^<3>\S+refused.conf:\d+: error: .*\n(?s:.*)^<3>the configuration is refused$"),
                           (("--no-such",), r"^<3>warren: ")):
        log.write_text("")
        file = bench.test.folder / "refused.conf"
        file.write_text(CONFIG.replace("virtual_router_id 51", "virtual_router_it 51"), encoding="utf-8")
        stream = f"{log.stat().st_dev}:{log.stat().st_ino}"
        process = bench.test.start(bench.host, "env", f"JOURNAL_STREAM={stream}", bench.program, "--config", str(file), *words, log=log.name)
        assert process.wait(15) == 1 and re.search(pattern, log.read_text(), re.M), log.read_text()


def main(test):
    bench = Bench(test)
    check_tells_what_a_start_tolerates(bench)
    a_start_that_is_told_to_stop(bench)
    log = test.folder / "warren-file.log"
    path = test.folder / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(path))
        process = a_start_that_is_told_to_reload(bench, log, path)
        signals_that_ask(bench, process, log)
        logrotate(bench, process, log)
        peers_that_are_configured_otherwise(bench, log)
        assert "READY=1" in messages(notify, 0.1)
        watchdog(process, notify)
        stop_that_is_said_twice(process, log)
    a_log_whose_reader_goes_away(bench)
    json_that_is_opened_again(bench)
    journal(bench)
    journal_of_a_start_that_is_refused(bench)


if __name__ == "__main__":
    Test.main(main)
