#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Each `warrenctl` command that the pages and manuals show is one that a running warren obeys, and what it says as JSON is what
tests/schema has.

    documented_commands.py BUILD
"""
import re
import shlex
import subprocess

import json_schema
from harness import REPOSITORY, Test, wait_until
from symptoms import CONFIG

VIP, SERVER, CLIENT = "192.168.8.100:5672", "192.168.8.11:5672", "192.168.8.50"
PAGES = [*sorted(REPOSITORY.glob("docs/**/*.md")), *sorted(REPOSITORY.glob("docs/man/*.scd")), REPOSITORY / "README.md",
         REPOSITORY / "SECURITY.md", REPOSITORY / "debian/warren.README.Debian"]
# What a page leaves to its reader. A word of capitals that is not here must be put here, or be no placeholder.
VALUES = {"SERVER:PORT": SERVER, "CLIENT:PORT": f"{CLIENT}:40000", "VIP:PORT": VIP, "ADDRESS": CLIENT,
          "ADDRESS:PORT": f"{CLIENT}:40000", "CLIENT": CLIENT,
          "SERVER": SERVER.split(":")[0], "ROUTER": "rabbit", "SERVICE": VIP, "U": "guest", "REASON": "two_masters"}
# What cannot succeed here: there is no peer, no broker's management, no systemd, and nobody was cut off.
REFUSED = {"handover": "flow sync|flow_sync|peer", "takeback": "flow sync|flow_sync|peer|nothing|handed", "audit": "Connection refused", "upgrade": "handing over|restarting",
           "why": "nothing of .* has ended here"}
# Who waits for packets, and what is no text.
SHORTER = {"trace": ("-G", "1"), "capture": ("-G", "1", "-w", "/dev/null")}

# Schema -> a command whose rows are as it says.
ANSWERS = {"status": "status", "vrrp": "show vrrp rabbit", "servers": "show servers", "services": "show services", "flows": "show flows",
           "flow_count": "show flows count", "counters": "show counters --all", "workers": "show workers", "neighbours": "show neighbours",
           "config": "show config --defaults", "history": "history", "sync": "show sync", "events": "events", "ended": "ended",
           "ended_by": "ended --by cause", "why": f"why {CLIENT}", "explain": f"explain {CLIENT}:40000", "reload": "reload --diff",
           "order": f"weight {SERVER} 100% --reason test", "reset_flows": f"reset client {CLIENT}"}
# One connection that ends, one that stays.
TALK = f"""
import socket, sys
socket.create_connection(({VIP.split(":")[0]!r}, 5672), 5).close()
with socket.create_connection(({VIP.split(":")[0]!r}, 5672), 5):
    sys.stdin.read()
"""


def as_words(command):
    """The words of a command as a page shows it, its optional parts left out."""
    command = re.sub(r"\s{2,}.*|\s#.*", "", re.sub(r"\[[^\]]*\]", "", command.strip()))
    command = re.sub(r"--vip [\d.]+\.?$", "", command)
    words = shlex.split(command)[1:]
    return [re.sub(r"^(?:10|192\.168)\.[\d.]+:5672$", lambda m: m[0] if m[0] == VIP else SERVER, VALUES.get(word, word)) for word in words]


def commands_of(page):
    text = page.read_text()
    if page.suffix == ".scd":
        blocks = text.split("```")[1::2]
        found = re.findall(r"\*(warrenctl [a-z-][^*]*)\*", text) + re.findall(r"^(warrenctl .+)$", "\n".join(blocks), re.M)
    else:
        found = re.findall(r"`(warrenctl [^`]+)`", re.sub(r"\n +|\n(?=\S)", " ", text)) + re.findall(r"^    (?:\$ |sudo )?(warrenctl .+)$", text, re.M)
    return [part for command in found for part in re.split(r"; |\|\|?", re.sub(r"\[[^\]]*\]", "", command)) if part.startswith("warrenctl ")]


def all_commands():
    """Words -> the page that shows them."""
    return {tuple(as_words(command)): page.name for page in PAGES for command in commands_of(page) if "…" not in command}


def run_all(test, host):
    program = test.program("app/warrenctl/warrenctl")
    wrong = []
    for words, page in sorted(all_commands().items()):
        if not words or "--instance" in words or "-i" in words:
            continue    # another instance than this one
        verb = next(word for word in words if not word.startswith("-"))
        is_bare = len(words) == 1
        words += SHORTER.get(verb, ()) if "-w" not in words else ("-G", "1")
        result = host.run(program, "--instance", host.namespace, *words, check=False, stdin=subprocess.DEVNULL)
        said = result.stdout + result.stderr
        is_name = is_bare and re.search(f"{verb} (takes|needs)", said)    # of a verb, in a sentence
        good = result.returncode == 0 or is_name or re.search(REFUSED.get(verb, "(?!)"), said)
        if not good:
            wrong.append(f"{page}: warrenctl {' '.join(words)}: status {result.returncode}: {said.strip()[:300]}")
    assert not wrong, "\n".join(wrong)


def as_schemas_say(test, host, client):
    """Each schema is asked for, of a warren with a connection that has ended and one that has not."""
    talk = client.popen("/usr/bin/python3", "-c", TALK, stdin=subprocess.PIPE)
    wait_until("connections", lambda: test.ctl(host, "show", "flows", "state", "established") and test.ctl(host, "ended"), 10)
    assert set(ANSWERS) == {path.stem for path in json_schema.FOLDER.glob("*.json")}
    for schema, words in ANSWERS.items():
        json_schema.check(schema, host.run(test.program("app/warrenctl/warrenctl"), "--instance", host.namespace, "--json", *words.split()).stdout)
    talk.communicate(timeout=5)


def main(test):
    (test.folder / "password").write_text("guest\n", encoding="utf-8")
    VALUES["FILE.pcapng"] = str(test.folder / "capture.pcapng")
    VALUES["F"] = str(test.folder / "password")
    VALUES["FILE"] = str(test.folder / "support.tar.gz")
    found = all_commands()
    assert len(found) > 40, f"only {len(found)} commands were found"
    host = test.network.add_host("warren", "192.168.8.4/24")
    for name, number in (("one", 11), ("two", 12)):
        test.start_name_echo(test.network.add_host(name, f"192.168.8.{number}/24"), name)
    config = CONFIG.format(priority=100, password="one", kind="FNAT", algorithm="wlc", check="TCP_CHECK", flows=64, local="192.168.8.4",
                           peer="192.168.8.5", key="/dev/null")
    test.start_warren(host, config[:config.index("flow_sync")])
    wait_until("mastership", lambda: test.ctl(host, "show", "status")["masters"] == 1, 15)
    wait_until("servers", lambda: all(row["state"] == "up" for row in test.ctl(host, "show", "servers")), 15)
    run_all(test, host)
    as_schemas_say(test, host, test.network.add_host("client", f"{CLIENT}/24"))


if __name__ == "__main__":
    Test.main(main)
