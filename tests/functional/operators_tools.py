#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What an operator has at hand beside the views: support, history, top, shell, the log of flows, chosen flows, formats.

    operators_tools.py BUILD
"""
import csv
import io
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tarfile
import tempfile
import time

from harness import REPOSITORY, Skip, Test, wait_until

VIP = "192.168.8.100:5672"
SERVERS = ["192.168.8.11:5672", "192.168.8.12:5672"]
SECRET = "Hu5h-hUs"
CONFIG = f"""vrrp_instance rabbit {{
    interface eth0
    virtual_router_id 51
    priority 254
    advert_int 1
    authentication {{
        auth_type PASS
        auth_pass {SECRET}
    }}
    virtual_ipaddress {{
        192.168.8.100/24
    }}
}}
virtual_server 192.168.8.100 5672 {{
    delay_loop 0.2
    lb_algo wlc
    lb_kind FNAT
    protocol TCP
    real_server 192.168.8.11 5672 {{
        TCP_CHECK {{
        }}
    }}
    real_server 192.168.8.12 5672 {{
        TCP_CHECK {{
        }}
    }}
}}
"""
# An answer and its end, for what makes an end: one line a connection.
CONNECT = """import socket, sys
for _ in range(int(sys.argv[1])):
    with socket.create_connection(("192.168.8.100", 5672), 3) as link:
        link.sendall(b"hello")
        assert link.recv(64)
"""


# Connections that stay until they are cut: a line for each, and one when they have all gone.
HOLD = """import socket, sys
links = [socket.create_connection(("192.168.8.100", 5672), 3) for _ in range(int(sys.argv[1]))]
for link in links:
    print(link.getsockname()[1], flush=True)
for link in links:
    link.settimeout(None)
    try:
        while link.recv(64):
            pass
    except ConnectionResetError:
        print("reset", flush=True)
"""


class Bench:
    def __init__(self, test):
        self.test = test
        self.host = test.network.add_host("warren", "192.168.8.4/24")
        self.client = test.network.add_host("client", "192.168.8.50/24")
        self.program = test.program("app/warrenctl/warrenctl")
        self.nodes = {name: test.start_name_echo(test.network.add_host(name, f"192.168.8.{number}/24"), name)
                      for name, number in (("one", 11), ("two", 12))}
        self.flows = test.folder / "flows.jsonl"
        self.warren = test.start_warren(self.host, CONFIG, "--flow-log", str(self.flows))
        wait_until("mastership", lambda: test.ctl(self.host, "show", "status")["masters"] == 1, 15)
        wait_until("servers", lambda: all(row["state"] == "up" for row in test.ctl(self.host, "show", "servers")), 15)

    def ctl(self, *words, **options):
        return self.host.run(self.program, "--instance", self.host.namespace, *words, **options)

    def connect(self, times):
        self.client.run("/usr/bin/python3", "-c", CONNECT, str(times))

    def logged_flows(self, path=None):
        path = path or self.flows
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


class Screen:
    """A program at a terminal that is tmux's; killed with its server."""

    def __init__(self, bench, columns, rows, *words, environment=()):
        self.bench, self.socket = bench, bench.test.folder / f"tmux-{columns}-{time.monotonic_ns()}"
        # What ends is to be seen: the terminal's settings, and that the shell under it has its screen back.
        command = " ".join(["trap : INT; stty -g >before;", "env", *environment, bench.program, "--instance", bench.host.namespace, *words, ";",
                            "echo status $?; stty -g >after; sleep 60"])
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows), command)

    def tmux(self, *words, check=True):
        return self.bench.host.run("tmux", "-S", str(self.socket), *words, check=check, cwd=self.bench.test.folder,
                                   env={**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "SHELL": "/bin/sh",
                                        "XDG_STATE_HOME": str(self.bench.test.folder)}).stdout

    def text(self, *words):
        return self.tmux("capture-pane", "-p", *words)

    def wait_for(self, pattern, seconds=10):
        shown = []

        def is_there():
            shown.append(self.text())
            return re.search(pattern, shown[-1], re.M)
        try:
            wait_until(f"{pattern} on the screen", is_there, seconds)
        except Exception:
            print(shown[-1])
            raise
        return shown[-1]

    def keys(self, *keys):
        self.tmux("send-keys", *keys)

    def pid(self):
        return int(self.tmux("list-panes", "-F", "#{pane_pid}"))

    def is_alternate(self):
        return self.tmux("display-message", "-p", "#{alternate_on}").strip() == "1"

    def close(self):
        self.tmux("kill-server", check=False)


def child_of(pid, name):
    """The program below a shell."""
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")
        except OSError:
            continue
        if fields[0].endswith("(" + name) and int(fields[2].split()[1]) == pid:
            return int(path.parent.name)
    return None


def restored(screen, status):
    """The terminal is as it was: settings, the screen of before, the cursor."""
    screen.wait_for(rf"^status {status}$")
    folder = screen.bench.test.folder
    wait_until("the settings", lambda: (folder / "after").exists() and (folder / "after").read_text(), 5)
    assert (folder / "before").read_text() == (folder / "after").read_text(), "the terminal's settings are not what they were"
    assert screen.tmux("display-message", "-p", "#{alternate_on} #{cursor_flag}").split() == ["0", "1"]
    (folder / "after").unlink()


def archive(bench):
    """All views, the log and the machine, no password; bounded; also of a warren that is not there."""
    file = bench.test.folder / "report.tar.gz"
    said = bench.ctl("support", "-o", str(file)).stdout
    assert str(file) in said and file.stat().st_mode & 0o077 == 0, said
    with tarfile.open(file) as tar:
        parts = {pathlib.Path(m.name).name: tar.extractfile(m).read().decode(errors="replace") for m in tar.getmembers() if m.isfile()}
    for view in ("status", "servers", "vrrp", "counters", "events", "ended", "history", "flows", "config"):
        rows = [json.loads(line) for line in parts[f"{view}.jsonl"].splitlines()]
        assert rows or view in ("flows", "ended"), f"{view}: {parts[f'{view}.jsonl']}"
    assert "ready: instance" in parts["log.txt"], parts["log.txt"]
    assert "eth0" in parts["network.txt"] and "MemTotal" in parts["memory.txt"] and "--flow-log" in parts["process.txt"]
    assert "192.168.8.100" in parts["config.txt"] and "auth_pass ********" in parts["config.txt"]
    for name, text in parts.items():
        assert SECRET not in text, f"{name} has the password"
        assert len(text) <= 4_100_000, name
    none = bench.test.folder / "none.tar.gz"
    result = bench.host.run(bench.program, "--instance", "none-such", "support", "-o", str(none))
    assert "no warren is running" in result.stderr and tarfile.open(none).getnames(), result
    assert not list(pathlib.Path("/tmp").glob(f"warren-support-*{os.getpid()}*"))


def flow_log(bench):
    """A line for each, in a new file after a signal."""
    bench.connect(3)
    wait_until("three flows in the log", lambda: len(bench.logged_flows()) == 3, 5)
    row = bench.logged_flows()[0]
    assert row == bench.test.ctl(bench.host, "ended")[0], row
    assert row["cause"] in ("client_fin", "server_fin") and row["client"].startswith("192.168.8.50:"), row
    old = bench.flows.rename(bench.flows.with_suffix(".1"))
    os.kill(bench.warren.pid, signal.SIGHUP)
    wait_until("the file to be opened again", bench.flows.exists, 5)
    bench.connect(1)
    wait_until("the fourth flow", lambda: len(bench.logged_flows()) == 1, 5)
    assert len(bench.logged_flows(old)) == 3


def formats(bench):
    rows = list(csv.DictReader(io.StringIO(bench.ctl("-o", "csv", "show", "servers").stdout)))
    assert [row["server"] for row in rows] == SERVERS and json.loads(rows[0]["factors"])["slow_start"] == 1, rows
    lines = [json.loads(line) for line in bench.ctl("-o", "jsonl", "show", "servers").stdout.splitlines()]
    whole = json.loads(bench.ctl("-o", "json", "show", "servers").stdout)
    assert [line["server"] for line in lines] == SERVERS and whole["schema"] == 1 and whole["instance"] == bench.host.namespace
    assert re.fullmatch(r"[\d-]{10}T[\d:.]{12}Z", whole["time"]) and len(whole["rows"]) == 2, whole
    before = bench.ctl("events", "reloaded").stdout
    for words, text in ((("stauts",), 'did you mean "status"'), (("show", "sevices"), 'did you mean "services"'),
                        (("--jsn", "status"), 'did you mean "--json"'), (("drain", SERVERS[0], "--since", "5m"), "drain takes no --since"),
                        (("-o", "yaml", "status"), "one of text, json"), (("show", "flows", "clint", "x"), 'did you mean "client"'),
                        (("events", "--level", "warn"), 'did you mean "warning"'), (("capture", "-o", "json"), "no other format"),
                        (("events", "--kind", "vrrp"), "--follow, --level, --for"), (("events", "-n", "-1"), "no negative number: -1"),
                        (("show", "servers", "one"), '"one" is no address'), (("drain", "one"), '"one" is no address'),
                        (("weight", SERVERS[0], "1", "192.168.8.100"), "which port of 192.168.8.100"),
                        (("explain", "192.168.8.50"), "which port of 192.168.8.50"), (("explain", "one:1"), '"one:1" is no address'),
                        (("ended", "--since", "noon"), '"noon" is no time'),
                        (("-o", "name", "reset", "client", "192.168.8.50"), "reset has no names"),
                        (("-o", "name", "reload"), "reload has no names")):
        result = bench.ctl(*words, check=False)
        assert result.returncode == 2 and text in result.stderr and not result.stdout, (words, result)
    assert bench.ctl("events", "reloaded").stdout == before, "it was done all the same"
    unplugged = bench.ctl("check", "-n", "0", check=False)
    assert unplugged.returncode == 3 and "check takes no --last" in unplugged.stderr, "2 is CRITICAL for who runs plugins"
    assert bench.ctl("drain", "-h").stdout.startswith("Usage: warrenctl [options] drain|"), "no help behind a command"
    assert "a port did not take" in bench.ctl("help", "tx_full").stdout
    for group in {row["group"] for row in bench.test.ctl(bench.host, "show", "counters")}:
        assert {row["group"] for row in bench.test.ctl(bench.host, "show", "counters", group)} == {group}
    assert re.search(r"^worker +rx +[\d,]+ +[\d.]+ ", bench.ctl("show", "counters", "worker").stdout, re.M)
    with tempfile.TemporaryDirectory() as folder:    # that everybody may look into
        os.chmod(folder, 0o755)
        program = shutil.copy(bench.program, folder)
        nobody = bench.host.run("setpriv", "--reuid=65534", "--clear-groups", "env", "-u", "XDG_RUNTIME_DIR", program, "status", check=False)
        assert nobody.returncode == 3 and "run as root" in nobody.stderr, nobody


def nothing_chosen(bench):
    """0 and an empty text, as a script's variable may be, are as if they had not been said."""
    bench.connect(2)
    wait_until("two ends", lambda: len(bench.test.ctl(bench.host, "ended")) >= 2, 5)
    for view, options in (("events", ("--since", "--until")), ("ended", ("--since", "--until")), ("show flows", ())):
        whole = bench.ctl("-o", "csv", *view.split(), "--no-pager").stdout.splitlines()
        for words in (["-n", "0"], *([option, ""] for option in options)):
            said = bench.ctl("-o", "csv", *view.split(), *words).stdout.splitlines()
            assert len(said) > 1 and len(said) >= len(whole), (view, words, said, whole)
    assert bench.ctl("-o", "csv", "events", "--until", "2001-01-01").stdout == ""


def chosen_flows(bench):
    """One client's are found, counted and reset, and no others; a drain is waited for."""
    with bench.client.popen("/usr/bin/python3", "-c", HOLD, "3", stdout=subprocess.PIPE, text=True) as client:
        ports = [client.stdout.readline().strip() for _ in range(3)]
        one = f"192.168.8.50:{ports[1]}"
        assert "3 connections" in bench.ctl("show", "flows", "count", "state", "established").stdout
        rows = bench.test.ctl(bench.host, "show", "flows", "client", one)
        assert [row["client"] for row in rows] == [one], rows
        assert bench.test.ctl(bench.host, "show", "flows", "client", "192.168.8.51") == []
        assert bench.test.ctl(bench.host, "show", "flows", "idle", "1h") == []
        assert bench.ctl("reset", "client", one).stdout == "1 connection is reset\n"
        wait_until("its end", lambda: one in {row["client"] for row in bench.test.ctl(bench.host, "ended", "cause", "reset")}, 5)
        server = bench.test.ctl(bench.host, "show", "flows", "state", "established")[0]["server"]
        result = bench.ctl("drain", server.split(":")[0], "--timeout", "1s", check=False)
        assert result.returncode == 1 and re.search("connections? left", result.stdout), result
        result = bench.ctl("drain", server, "--wait", "--timeout", "1s", "--then-reset")
        assert "disabled by the operator" in result.stdout, result
        wait_until("nobody on it", lambda: bench.ctl("show", "flows", "count", "server", server, "state", "established").stdout == "0 connections\n", 5)
        bench.ctl("enable", server)
        client.kill()


def paged(bench):
    """Longer than the screen goes through a pager, and nothing else does."""
    screen = Screen(bench, 80, 10, "show", "status", environment=["PAGER='sed s/^/paged:/'"])
    screen.wait_for(r"^paged:PORT")
    screen.close()
    screen = Screen(bench, 80, 10, "show", "status", "--no-pager")
    screen.wait_for(r"^PORT")
    screen.close()
    screen = Screen(bench, 80, 24, "show", "servers", environment=["PAGER=false"])
    screen.wait_for(r"^SERVER ")
    screen.close()


def history(bench):
    before = {row["name"]: row for row in bench.test.ctl(bench.host, "history")}
    assert set(before) == {"rabbit", *SERVERS}, before
    bench.nodes["two"].kill()
    wait_until("its end", lambda: any(row["state"] == "down" for row in bench.test.ctl(bench.host, "show", "servers")), 10)
    down = lambda: bench.test.ctl(bench.host, "show", "history", SERVERS[1])[0]  # noqa: E731
    wait_until("the flip", lambda: down()["flips"] == before[SERVERS[1]]["flips"] + 1, 5)
    wait_until("time that it was down", lambda: down()["known_s"] > down()["up_s"] + 1, 10)
    rabbit = bench.test.ctl(bench.host, "history", "rabbit")[0]
    assert rabbit["master_s"] > 0 and rabbit["up_s"] == rabbit["known_s"] and len(rabbit["hours"]) == 24, rabbit
    shown = bench.ctl("history").stdout
    assert re.search(rf"^{SERVERS[0]} +up +\d+ +[\d.]+ % +·+[▁-█]+$", shown, re.M), shown
    assert re.search(rf"^{SERVERS[1]} +down +\d+ +\d+\.\d\d % +·+[▁-█]*[▁-▇]$", shown, re.M), shown
    assert max(map(len, shown.splitlines())) <= 80, shown
    assert bench.ctl("history", "nobody", check=False).returncode == 1
    for words, status in ((("why", "nobody"), 2), (("show", "flows", "--client", "nobody"), 2), (("explain", "nobody"), 2),
                          (("weight", SERVERS[0], "heavy"), 2), (("drain", "nobody"), 2), (("drain", "192.0.2.9:1"), 1),
                          (("rebalance", "nobody"), 2), (("rebalance", "192.0.2.9:1"), 1), (("handover", "nobody"), 1), (("handover", "rabbit,quick"), 2),
                          (("takeback", "nobody"), 1), (("takeback", "rabbit", "now"), 2),
                          (("handover", "--for", "60d"), 2), (("show", "flows", "count", "older", "5s"), 2), (("capture", "drops", "nobody", "-w", "/dev/null"), 2),
                          (("trace", "drops", "nobody"), 2), (("trace", "port", "nobody"), 1), (("why", "check"), 2), (("check", "nobody"), 3)):
        result = bench.ctl(*words, check=False)
        assert result.returncode == status, (words, result)
    takes_back = [bench.ctl(*words, check=False) for words in (("takeback", "rabbit"), ("handover", "rabbit", "--back"))]
    assert takes_back[0].stdout == takes_back[1].stdout and "rabbit" in takes_back[0].stdout + takes_back[0].stderr, takes_back


def top_at_80(bench):
    screen = Screen(bench, 80, 24, "top", "-d", "0.3")
    shown = screen.wait_for(r"DEGRADED")
    assert re.search(rf"^  {SERVERS[1]} +down ", shown, re.M) and "q quit" in shown.splitlines()[23], shown
    assert "IN/S" not in shown
    assert "\x1b[31m" in screen.text("-e"), "no colour"
    bench.connect(20)
    screen.wait_for(rf"^  {SERVERS[0]} +up +\S+ +\d+ +[1-9]\d*\.\d ")    # new ones a second
    screen.keys("e")
    screen.wait_for(rf"\[events\](?s:.*){SERVERS[1]} of {VIP} is down")
    screen.keys("/", "no such text", "Enter")
    screen.wait_for(r'^q quit.*"no such text"')
    assert "is down" not in screen.wait_for(r"\[events\]").split("[events]")[1]
    screen.keys("f")
    screen.wait_for(r"\[flows\](?s:.*)CLIENT")
    screen.keys("Escape", "s")
    screen.wait_for(r"\[servers\](?s:.*)CONN")
    screen.tmux("resize-window", "-x", "120", "-y", "40")
    shown = screen.wait_for(r"HANDSHAKE")
    assert "IN/S" in shown and "q quit" in shown.splitlines()[39], shown
    screen.tmux("resize-window", "-x", "100", "-y", "30")
    screen.wait_for(r"CHECK +IN/S")
    screen.keys("C-z")
    wait_until("its stop", lambda: not screen.is_alternate(), 5)
    os.kill(child_of(screen.pid(), "warrenctl"), signal.SIGCONT)
    wait_until("the screen after a stop", screen.is_alternate, 5)
    screen.wait_for("DEGRADED")
    screen.keys("q")
    restored(screen, 0)
    screen.close()


def top_is_ended_by(bench, end, *options, environment=()):
    screen = Screen(bench, 120, 40, "top", *options, environment=environment)
    screen.wait_for(r"HANDSHAKE")
    assert not re.search(r"\x1b\[3[0-7]m", screen.text("-e")), "colour"
    end(screen)
    restored(screen, 0)
    screen.close()


def top_interrupted(bench):
    top_is_ended_by(bench, lambda screen: screen.keys("C-c"), environment=["NO_COLOR=1"])


def top_terminated(bench):
    top_is_ended_by(bench, lambda screen: os.kill(child_of(screen.pid(), "warrenctl"), signal.SIGTERM), "--no-color")


def top_without_a_terminal(bench):
    shown = bench.ctl("top").stdout
    assert SERVERS[0] in shown and "HANDSHAKE" in shown and "\x1b" not in shown and "q quit" not in shown, shown
    with bench.host.popen(bench.program, "--instance", bench.host.namespace, "top", "-d", "0.2", "--json", stdout=subprocess.PIPE) as frames:
        looks = [json.loads(frames.stdout.readline()) for _ in range(2)]
        frames.stdout.close()
    assert looks[0]["time"] and looks[1]["servers"][0]["new_s"] == 0, looks
    screen = Screen(bench, 80, 24, "top", "-d", "0.2", environment=["TERM=dumb"])
    screen.wait_for(r"(?s)REF/S.*REF/S")
    screen.close()


def shell(bench):
    screen = Screen(bench, 100, 30, "shell")
    prompt = re.escape(bench.host.namespace + ">") + " ?"    # a line's end has no blanks
    screen.wait_for(f"^{prompt}")
    screen.keys("sho", "Tab", "serv", "Tab")
    screen.wait_for(f"^{prompt}show serv")
    screen.keys("C-u", "drain 192.168.8.12", "Tab", "Enter")
    screen.wait_for(rf"^{SERVERS[1]} of {VIP}: ")
    screen.keys("enable 192.168.8.12:5672", "Enter")
    screen.wait_for(rf"(?s){SERVERS[1]} of {VIP}: .*{SERVERS[1]} of {VIP}: ")
    screen.keys("no-such-command", "Enter")
    screen.wait_for(r'unknown command "no-such-command"')
    screen.keys("events -f", "Enter")
    screen.wait_for(r"-> master")
    screen.keys("C-c")
    screen.wait_for(rf"^{prompt}\s*\Z")
    screen.keys("Up", "Up", "Up", "Enter")
    screen.wait_for(rf"(?s)^{prompt}enable 192.168.8.12:5672$.*no change")
    screen.keys("exit", "Enter")
    restored(screen, 0)
    screen.close()
    file = bench.test.folder / "warrenctl_history"
    assert "events" in file.read_text() and file.stat().st_mode & 0o077 == 0
    result = bench.ctl("shell", input="# a script\n--json show status\n\nshow nonsense\n", check=False)
    assert result.returncode == 2 and json.loads(result.stdout)["rows"][0]["masters"] == 1 and "unknown view" in result.stderr, result
    assert bench.ctl("complete", "--", "drain", "192.168.8.12").stdout == SERVERS[1] + "\n"
    assert bench.ctl("complete", "--", "show", "vrrp", "").stdout == "rabbit\n"
    script = 'source "$1"; shift; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _warrenctl; printf "%s\\n" "${COMPREPLY[@]}"'
    for words, offered in ((["drain", "192.168.8.12"], SERVERS[1]), (["handover", "r"], "rabbit"), (["rebalance", ""], VIP)):
        said = bench.host.run("bash", "-c", script, "bash", str(REPOSITORY / "conf/completion/warrenctl"), bench.program, "-i",
                              bench.host.namespace, *words).stdout
        assert said == offered + "\n", (words, said)


def top_outlives_warren(bench):
    screen = Screen(bench, 80, 24, "top", "-d", "0.2")
    screen.wait_for(r"\[servers\]")
    os.kill(bench.warren.pid, signal.SIGTERM)
    screen.wait_for(r"^ ! .*(no warren is running|warren has)")
    screen.keys("q")
    restored(screen, 0)
    screen.close()


def main(test):
    if not shutil.which("tmux"):
        raise Skip("not here: tmux")
    bench = Bench(test)
    for step in (archive, flow_log, formats, nothing_chosen, chosen_flows, paged, history, top_at_80, top_interrupted, top_terminated, top_without_a_terminal, shell,
                 top_outlives_warren):
        begun = time.monotonic()
        step(bench)
        print(f"{step.__name__}: {time.monotonic() - begun:.1f} s", flush=True)


if __name__ == "__main__":
    Test.main(main)
