# SPDX-License-Identifier: BSD-3-Clause
"""What functional tests share: a network with guaranteed clean-up, the built programs, skipping.

    from harness import Test, wait_until

    def main(test):
        a = test.network.add_host("a", "192.168.8.4/24")
        ...

    if __name__ == "__main__":
        Test.main(main)

Run as `test.py BUILD-DIR`. The network is removed when main returns, fails, or is interrupted by
SIGINT, SIGTERM (meson's timeout) or SIGHUP; what a killed test left behind (its name carries its
process id) is removed by the next test. Exit status: 0 passed, 1 failed, 77 skipped with the reason
(no root, no such program).
"""

import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from datetime import datetime

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
DEFAULT_BUILD = REPOSITORY / "build"
sys.dont_write_bytecode = True
sys.path.insert(0, str(REPOSITORY / "tools"))

from warrenlab.lab import Lab  # noqa: E402  (the path must be set first)
from warrenlab.netns import (  # noqa: E402  (the path must be set first)
    Host, LabError, Network, is_alive, namespaces, run, signals_held, stop_signals_as_exceptions,
    wait_until)

__all__ = ["DEFAULT_BUILD", "Host", "LabError", "Network", "REPOSITORY", "Skip", "Test", "is_alive", "run",
           "run_cases", "wait_until"]


def rows_of(text, *words):
    """What warrenctl's JSON has to say; `status`, `sync` and `explain` are one row."""
    whole = json.loads(text)
    assert whole["schema"] == 1, whole
    one = words[0] in ("status", "explain") or words[:2] in (("show", "status"), ("show", "sync"))
    return whole["rows"][0] if one else whole["rows"]


class Skip(Exception):
    """The test cannot run here; the text says why."""


class Test:
    """One test run: its network, a scratch folder, the build directory."""

    def __init__(self, build):
        self.build = pathlib.Path(build).resolve()
        self.network = Network(f"t{os.getpid()}")
        self.folder = None
        self._started = []

    def program(self, *names):
        """First of the build's programs ("app/warren/warren") or the system's ("keepalived") that exists."""
        for name in names:
            for folder in (self.build, "/usr/sbin", "/usr/bin", "/sbin", "/bin"):
                path = pathlib.Path(folder) / name
                if path.is_file() and os.access(path, os.X_OK):
                    return str(path)
        raise Skip(f"not here: {' or '.join(names)}")

    def start(self, host, *argv, log):
        """Starts a process on a host; its output goes to FOLDER/log, which is shown if the test fails."""
        with open(self.folder / log, "ab") as file:
            process = host.popen(*argv, stdout=file, stderr=subprocess.STDOUT)
        self._started.append(process)
        return process

    def start_name_echo(self, host, name, log=None):
        """A server at port 5672 that says its name."""
        return self.start(host, self.program("tests/functional/name_echo"), name, log=log or f"{name}.log")

    def start_warren(self, host, config, *options):
        """Writes a configuration, starts warren with it on a host and waits until it says ready."""
        file = self.folder / f"{host.name}.conf"
        file.write_text(config, encoding="utf-8")
        log = f"{host.name}.log"
        earlier = len(self.log(log)) if (self.folder / log).exists() else 0
        process = self.start(host, self.program("app/warren/warren"), "--config", str(file),
                             "--instance", host.namespace, *options, log=log)

        def ready():
            if process.poll() is not None:
                raise LabError(f"warren on {host.name} ended with status {process.returncode}")
            return re.search(r"\bready\b", self.log(log)[earlier:])
        wait_until(f"warren on {host.name} to be ready", ready, 30)
        return process

    def ctl(self, host, *words):
        """The rows that warrenctl has of the warren on a host; the row of what is only one."""
        return rows_of(host.run(self.program("app/warrenctl/warrenctl"), "--instance", host.namespace, "--json", *words).stdout, *words)

    @contextlib.contextmanager
    def lab(self, **options):
        """A whole lab (see warrenlab.lab) with the built programs, beside the test's own network."""
        lab = Lab(f"d{os.getpid()}", self.build)
        try:
            lab.up(say=lambda text: print(f"lab: {text}", flush=True), **options)
            yield lab
        except (LabError, AssertionError):
            lab.show_logs()
            raise
        finally:
            with signals_held():
                lab.down()

    def log(self, name):
        return (self.folder / name).read_text(encoding="utf-8", errors="replace")

    def logged_at(self, name, pattern):
        """Wall time of the last line with that in it; None if there is none."""
        lines = re.findall(rf"^(\S+ \S+) .*{pattern}.*$", self.log(name), re.M)
        return datetime.strptime(lines[-1], "%Y-%m-%d %H:%M:%S.%f").timestamp() if lines else None

    def show_logs(self, lines=60):
        for path in sorted(self.folder.glob("*.log")):
            tail = path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
            print(f"--- {path.name}", *tail, sep="\n")

    @staticmethod
    def _remove_leftovers():
        for name in {n.split("-")[0] for n in namespaces()}:
            if re.fullmatch(r"[td]\d+", name) and not is_alive(int(name[1:])):
                Lab(name).down()
                for folder in pathlib.Path(tempfile.gettempdir()).glob(f"warren-{name}-*"):
                    shutil.rmtree(folder, ignore_errors=True)

    def _run(self, body):
        if os.geteuid() != 0:
            raise Skip("needs root: it makes network namespaces")
        self._remove_leftovers()
        with tempfile.TemporaryDirectory(prefix=f"warren-{self.network.name}-") as folder:
            self.folder = pathlib.Path(folder)
            try:
                with self.network:
                    body(self)
            except BaseException as error:
                if not isinstance(error, Skip):
                    with signals_held():
                        self.show_logs()
                raise
            finally:
                for process in self._started:
                    process.wait()    # killed with its namespace: only the zombie is left

    @classmethod
    def main(cls, body, build=None):
        """Runs body(test) and ends the process; build is the build directory, by default the first word of the command line."""
        build = build or (sys.argv[1] if len(sys.argv) > 1 else DEFAULT_BUILD)
        try:
            with stop_signals_as_exceptions():
                cls(build)._run(body)
        except Skip as reason:
            print(f"skipped: {reason}")
            sys.exit(77)
        except KeyboardInterrupt as signal_name:
            print(f"interrupted by {signal_name or 'SIGINT'}")
            sys.exit(1)
        except LabError as error:
            print(f"failed: {error}")
            sys.exit(1)
        except Exception:
            traceback.print_exc(file=sys.stdout)
            sys.exit(1)
        print("passed")


def run_cases(cases, at_once):
    """Runs `test.py BUILD-DIR CASE` for each case, some at a time, as processes that clean up for themselves.

    For tests that mostly wait for timers. Ends the process: 1 with the output of those that failed, 77 if none could run.
    """
    build = sys.argv[1] if len(sys.argv) > 1 else str(REPOSITORY / "build")
    waiting, running, status = list(cases), {}, {}

    def reap(name, process):
        output = process.communicate()[0]
        status[name] = process.returncode
        if process.returncode != 0:
            print(f"=== {name}: status {process.returncode}", output, sep="\n", flush=True)

    try:
        with stop_signals_as_exceptions():
            while waiting or running:
                while waiting and len(running) < at_once:
                    name = waiting.pop(0)
                    running[name] = subprocess.Popen([sys.executable, sys.argv[0], build, name], stdout=subprocess.PIPE,
                                                     stderr=subprocess.STDOUT, text=True)
                for name in [n for n, process in running.items() if process.poll() is not None]:
                    reap(name, running.pop(name))
                time.sleep(0.05)
    finally:
        for process in running.values():
            process.terminate()
        for process in running.values():
            process.wait()
    bad = [name for name, code in status.items() if code not in (0, 77)]
    print(f"{len(bad)} of {len(cases)} failed: {' '.join(bad)}" if bad else f"passed: {' '.join(status)}")
    sys.exit(1 if bad else 77 if all(code == 77 for code in status.values()) else 0)
