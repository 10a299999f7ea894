#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""tools/compare measures each forwarder that is installed over each wire, and writes its table and its plot.

    compare.py BUILD
"""
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

from harness import DEFAULT_BUILD, REPOSITORY

PROGRAMS = {"nftables": "nft", "haproxy": "haproxy", "testpmd 5tswap": "dpdk-testpmd"}


def main(build):
    with tempfile.TemporaryDirectory(prefix="warren-compare-") as name:
        folder = pathlib.Path(name)
        result = subprocess.run(
            [str(REPOSITORY / "tools/compare"), "--build", build, "--rounds", "1", "--seconds", "0.3", "--flows", "64", "--output", name,
             "--makes", "warren", *PROGRAMS], capture_output=True, text=True, check=False)
        print(result.stdout, result.stderr)
        if result.returncode != 0:
            return result.returncode    # skipped, too
        text = (folder / "compare.md").read_text(encoding="utf-8")
        missing = set(re.findall(r"^(.*) is left out", result.stdout, re.M))
        for wire, makes in (("veth", {"warren", *PROGRAMS}), ("memif", {"warren", "testpmd 5tswap"})):
            rows = dict(re.findall(r"^\| ([\w ]+) \| (\d+) \|", text.split(f"## {wire}")[1].split("## ")[0], re.M))
            assert set(rows) == makes - missing, (wire, rows)
            assert min(int(rate) for rate in rows.values()) > 0, (wire, rows)
            assert re.search(r"^\| warren \| \d+ \| 1.00 \|", text, re.M), text
        bars = xml.etree.ElementTree.parse(folder / "compare.svg").getroot().findall("{*}rect")
        assert len(bars) == 1 + len(re.findall(r"^\| [\w ]+ \| \d+ \|", text, re.M)), bars
    print("passed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else str(DEFAULT_BUILD)))
