#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Instructions per packet of a worker, mode by mode, against tests/bench/instructions.txt.

A timing depends on the machine and on who else runs on it; what callgrind counts does not. More than 3 % above the
stored number fails, and so does a peer (flow sync) that costs established flows as much. `instructions.py BUILD --store` writes the numbers anew, for a commit that says why.
Skipped (77) without valgrind.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

STORED = Path(__file__).with_name("instructions.txt")
PACKETS_PER_WINDOW = {"stage": 1024, "parts": 2048}
WINDOWS = 16
TOLERANCE = 0.03
SKIPPED = 77

MODES = {
    "fnat": ["--forward-mode", "fnat"],
    "fnat-verify": ["--forward-mode", "fnat", "--verify"],
    "fnat-ipv6": ["--forward-mode", "fnat", "--ipv6"],
    "fnat-ipv6-to-ipv4": ["--forward-mode", "fnat", "--clients", "6"],
    "nat": ["--forward-mode", "nat"],
    "dr": ["--forward-mode", "dr"],
    "tun": ["--forward-mode", "tun"],
    "arp": ["--forward-mode", "arp"],
    "echo": ["--forward-mode", "echo"],
    "syn": ["--forward-mode", "syn"],
    "fnat-capture": ["--forward-mode", "fnat", "--capture"],
    "fnat-flow-sync": ["--forward-mode", "fnat", "--flow-sync"],
    # Both workers' together.
    "handed-off": ["--engine", "parts"],
}
# Costs no more than the other one, whatever is stored.
ALIKE = {"fnat-flow-sync": "fnat"}


def instructions_per_packet(bench, arguments):
    """What happens in the measured rounds alone: neither the opening of flows nor the generator."""
    with tempfile.NamedTemporaryFile() as profile:
        run = subprocess.run(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={profile.name}", "--toggle-collect=*measured_round*",
             bench, "--flows", "512", "--windows", str(WINDOWS), *arguments],
            capture_output=True, text=True, timeout=120, check=False)
    counted = re.search(r"Collected : (\d+)", run.stderr)
    if run.returncode != 0 or counted is None or int(counted[1]) == 0:
        raise SystemExit(f"warren-bench {' '.join(arguments)} under callgrind: {run.stderr[-500:]}")
    engine = "parts" if "parts" in arguments else "stage"
    return int(counted[1]) / (WINDOWS * PACKETS_PER_WINDOW[engine])


def stored_numbers():
    lines = (line.split() for line in STORED.read_text().splitlines() if line and not line.startswith("#"))
    return {mode: float(number) for mode, number in lines}


def store(measured):
    head = "# Instructions per packet (callgrind), as tests/bench/instructions.py --store wrote them.\n"
    STORED.write_text(head + "".join(f"{mode} {number:.1f}\n" for mode, number in measured.items()))


def main():
    if shutil.which("valgrind") is None:
        print("skipped: valgrind is not installed (tools/setup installs it)")
        return SKIPPED
    bench = str(Path(sys.argv[1]) / "app/bench/warren-bench")
    measured = {mode: instructions_per_packet(bench, arguments) for mode, arguments in MODES.items()}
    if "--store" in sys.argv:
        store(measured)
        return 0
    worse = 0
    for mode, number in measured.items():
        before = stored_numbers().get(mode)
        if before is None:
            raise SystemExit(f"no number is stored for {mode}: run with --store")
        too_many = number > before * (1 + TOLERANCE)
        worse += too_many
        print(f"{mode:18} {number:8.1f}  stored {before:8.1f}  {number / before - 1:+6.1%}{'  WORSE' if too_many else ''}")
    for mode, like in ALIKE.items():
        more = measured[mode] / measured[like] - 1
        worse += more > TOLERANCE
        print(f"{mode:18} {more:+6.1%} more than {like}{'  WORSE' if more > TOLERANCE else ''}")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
