#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What bash offers at the tab: asked as bash asks, with COMP_WORDS and COMP_CWORD, and held to what programs say.

    completion_test.py BUILD
"""
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from help_text import listed

ROOT = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(sys.argv.pop() if len(sys.argv) > 1 else ROOT / "build").resolve()
NOBODY = 65534
ASK = """
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
_{0}
((${{#COMPREPLY[@]}} == 0)) || printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def offered(line, folder="/", runtime="/nowhere"):
    """What is offered at the end of a line, for a user that is not root. `=` is a word of its own, as in bash."""
    program = line.split()[0]
    script = (ROOT / "conf/completion" / program).read_text() + ASK.format(program)
    words = re.split(r" +", re.sub(r"(?<=\w)=", " = ", line))
    if words[-1] == "" and words[-2] == "=":
        words.pop()
    answer = subprocess.run(["bash", "--norc", "-uc", script, "bash", *words], stdout=subprocess.PIPE, text=True, check=True,
                            cwd=folder, env={"PATH": os.environ["PATH"], "XDG_RUNTIME_DIR": runtime},
                            user=NOBODY if os.geteuid() == 0 else None)
    return answer.stdout.split("\n")[:-1]


def help_of(program):
    return subprocess.run([str(BUILD / program), "--help"], stdout=subprocess.PIPE, text=True, check=True).stdout


def long_options(text):
    return re.findall(r"^  (?:-\w(?: \[|,) |    )?(--[\w-]+)", text, re.M)


def usage():
    return help_of("app/warrenctl/warrenctl")


class Warrenctl(unittest.TestCase):
    def test_verbs_are_the_programs(self):
        verbs = {verb for words in re.findall(r"warrenctl \[options\] ([a-z|]+)", usage()) for verb in words.split("|")}
        self.assertEqual(sorted(verbs), sorted(offered("warrenctl ")))

    def test_the_beginning_of_a_verb_chooses(self):
        self.assertEqual(["explain"], offered("warrenctl ex"))
        self.assertEqual(["drain"], offered("warrenctl --json dr"))
        self.assertEqual([], offered("warrenctl xyz"))

    def test_views_are_the_programs(self):
        views = listed("show VIEW", usage())
        self.assertEqual(views, offered("warrenctl show "))
        self.assertEqual(["servers", "services"], offered("warrenctl show se"))

    def test_kinds_of_events_are_the_programs(self):
        kinds = re.search(r"\bkinds\{([^}]*)\}", (ROOT / "app/warrenctl/past/events.cc").read_text())[1]
        self.assertEqual(re.findall(r'"(\w+)"', kinds), offered("warrenctl events "))

    def test_causes_are_the_programs(self):
        self.assertEqual(listed("C:", usage()), offered("warrenctl ended cause "))
        self.assertEqual(["client", "server", "service", "cause"], offered("warrenctl ended "))
        self.assertEqual([], offered("warrenctl ended client "))
        self.assertEqual(["cause"], offered("warrenctl ended client 10.0.0.9 ca"))

    def test_options_are_the_programs(self):
        self.assertEqual(sorted(long_options(usage())), sorted(offered("warrenctl --")))

    def test_each_verb_has_its_own_options(self):
        for verb, own in (("show", ["--all", "--defaults", "--last", "--rates", "--sort", "--watch"]), ("status", ["--watch"]), ("reset", ["--reason", "--yes"]),
                          ("drain", ["--reason", "--then-reset", "--timeout", "--wait"]), ("disable", ["--reason", "--timeout", "--wait"]),
                          ("enable", ["--reason"]), ("weight", ["--reason"]),
                          ("events", ["--follow", "--for", "--last", "--level", "--since", "--until"]),
                          ("ended", ["--by", "--follow", "--last", "--since", "--until"]), ("reload", ["--diff", "--dry-run", "--wait"]), ("handover", ["--back", "--for", "--force"]), ("check", ["--critical", "--warn"]),
                          ("upgrade", ["--force", "--restart-command"]), ("support", []), ("top", ["--delay"]),
                          ("capture", ["--bytes", "--count", "--seconds", "--snap", "--write"]), ("trace", ["--count", "--last", "--seconds"]),
                          ("audit", ["--ca-file", "--password-file", "--url", "--username", "--vip"])):
            with self.subTest(verb):
                general = ["--help", "--instance", "--json", "--no-color", "--no-pager", "--output", "--version", "--wide"]
                self.assertEqual(sorted(own + general), sorted(offered(f"warrenctl -i lb {verb} --")))

    def test_each_verb_does_something(self):
        for verb in offered("warrenctl "):
            with self.subTest(verb), tempfile.TemporaryDirectory() as folder:
                words = [str(BUILD / "app/warrenctl/warrenctl"), "-i", "none-such", verb]
                said = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                                      cwd=folder)
                self.assertNotIn("unknown command", said.stdout)

    def test_bash_and_the_program_offer_the_same(self):
        for line in ("", "show ", "events ", "ended ", "ended cause ", "ended cause x cli", "why 10.0.0.9 ", "weight 10.0.0.9 ", "--json dr",
                     "handover ", "audit --", "capture ", "capture client ", "capture client x po", "trace ", "trace x ", "trace drops ", "capture --", "--level ", "show flows ", "show flows state ", "show flows client x i", "show flows count ", "show counters ",
                     "help dr", "help drain ", "reset client ", "reset client x ", "-o ", "show flows --sort ", "drain --", "ended --by ", "nonsense "):
            with self.subTest(line):
                *before, begun = line.split(" ")
                words = [str(BUILD / "app/warrenctl/warrenctl"), "-i", "none-such", "complete", "--", *before, begun]
                said = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout.split()
                self.assertEqual(sorted(offered("warrenctl " + line)), sorted(said))

    def test_filters_of_a_capture(self):
        self.assertEqual(["client", "server", "service", "port", "drops"], offered("warrenctl capture "))
        self.assertEqual([], offered("warrenctl capture server "))
        self.assertEqual(["port"], offered("warrenctl capture -s 64 server 10.0.0.9 po"))

    def test_weight_offers_its_word(self):
        self.assertEqual(["default"], offered("warrenctl weight 10.0.1.2 "))
        self.assertEqual(["all"], offered("warrenctl handover "))

    def test_instances_are_those_with_a_socket(self):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            for name in ("lb-a", "lb-b", "other"):
                (pathlib.Path(folder) / "dpdk" / name).mkdir(parents=True)
            for name in ("lb-a", "lb-b"):
                (pathlib.Path(folder) / "dpdk" / name / "dpdk_telemetry.v2").touch()
            for line in ("warrenctl -i ", "warrenctl show --instance ", "warrenctl --instance=", "warrenctl --instance=lb"):
                with self.subTest(line):
                    self.assertEqual(["lb-a", "lb-b"], offered(line, runtime=folder))
            self.assertEqual(["lb-b"], offered("warrenctl --instance lb-b", runtime=folder))
        self.assertEqual([], offered("warrenctl -i "))

    def test_what_an_option_takes_is_no_verb(self):
        self.assertIn("status", offered("warrenctl --instance ended show "))
        self.assertIn("status", offered("warrenctl --instance=ended show "))
        self.assertEqual([], offered("warrenctl audit --url "))


class Warren(unittest.TestCase):
    def test_options_are_the_programs(self):
        self.assertEqual(sorted(long_options(help_of("app/warren/warren"))), sorted(offered("warren --")))

    def test_files_where_files_belong(self):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            (pathlib.Path(folder) / "lb.conf").touch()
            for line in ("warren --config ", "warren -f lb", "warren --config=", "warren --check --dry-run l"):
                with self.subTest(line):
                    self.assertEqual(["lb.conf"], offered(line, folder=folder))
            self.assertEqual([], offered("warren --instance ", folder=folder))

    def test_formats_of_the_log(self):
        self.assertEqual(["text", "json"], offered("warren --log-format "))

    def test_what_is_dpdks_is_left_alone(self):
        self.assertEqual([], offered("warren --config x -- --"))


class Zsh:
    """A zsh at a terminal, with our function; what it has on its line after a tab."""

    def __init__(self, folder):
        (pathlib.Path(folder) / "_warrenctl").write_text((ROOT / "conf/completion/_warrenctl.in").read_text().replace(
            "@completions@", str(ROOT / "conf/completion")))
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            os.chdir("/")
            os.execvpe("zsh", ["zsh", "-f", "-i"], {"PATH": os.environ["PATH"], "TERM": "dumb", "HOME": folder})
        self.ask(f"PS1='> '; PS2=; unsetopt zle_bracketed_paste prompt_sp; fpath=({folder} $fpath); autoload -Uz compinit; compinit -u -D; "
                 "show() { print -r -- \"<$BUFFER>\"; BUFFER=; zle redisplay }; zle -N show; bindkey '^X' show; print rea'dy'\n",
                 "ready")

    def ask(self, keys, answer, seconds=20):
        """What the terminal shows until a pattern is there."""
        os.write(self.terminal, keys.encode())
        shown, end = "", time.monotonic() + seconds
        while not re.search(answer, shown):
            if not select.select([self.terminal], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError(f"{keys!r}: no {answer} in {shown!r}")
            shown += os.read(self.terminal, 65536).decode(errors="replace")
        return shown

    def completed(self, line):
        return re.findall(r"<(.*?)>", self.ask(line + "\t\x18", r"<.*?>").replace("\r\n", ""))[-1]

    def close(self):
        os.close(self.terminal)
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)


@unittest.skipUnless(shutil.which("zsh"), "no zsh here")
class ZshCompletion(unittest.TestCase):
    def test_it_offers_what_bash_offers(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        (pathlib.Path(folder) / "lb-west.conf").touch()
        zsh = Zsh(folder)
        self.addCleanup(zsh.close)
        for line, completed in (("warrenctl ex", "warrenctl explain "), ("warrenctl show wor", "warrenctl show workers "),
                                ("warrenctl ended cause no_s", "warrenctl ended cause no_server "),
                                ("warrenctl upgrade --restart-c", "warrenctl upgrade --restart-command "),
                                ("/opt/x/warrenctl -i lb ev", "/opt/x/warrenctl -i lb events "), ("warren --log-fo", "warren --log-format "),
                                ("warren --log-format=j", "warren --log-format=json "), ("warrenctl xyz", "warrenctl xyz"),
                                (f"warren --config {folder}/lb-w", f"warren --config {folder}/lb-west.conf "),
                                (f"warren --config={folder}/lb-w", f"warren --config={folder}/lb-west.conf ")):
            with self.subTest(line):
                self.assertEqual(completed, zsh.completed(line))


if __name__ == "__main__":
    unittest.main()
