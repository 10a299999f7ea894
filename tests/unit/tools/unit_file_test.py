#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The systemd unit is one that systemd takes, and leaves no more rights than it says."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
UNIT = ROOT / "conf/warren.service.in"
DROP_IN = ROOT / "conf/systemd/scripts.conf"


def analyze(folder, *words, unit="warren.service"):
    return subprocess.run(["systemd-analyze", *words, str(folder / unit)], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, env={**os.environ, "SYSTEMD_UNIT_PATH": f"{folder}:"})


@unittest.skipUnless(shutil.which("systemd-analyze"), "no systemd-analyze here")
class UnitFile(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        # Programs that exist, and no pages: nothing of warren is installed here.
        text = re.sub(r"^Documentation=.*\n", "", UNIT.read_text(), flags=re.M)
        text = re.sub(r"@s?bindir@/\w+", "/bin/true", text).replace("@sysconfdir@", "/etc")
        for name, instance in (("warren.service", "warren"), ("warren@.service", "%i")):
            (self.folder / name).write_text(text.replace("@instance@", instance))

    def drop_in(self):
        (self.folder / "warren.service.d").mkdir()
        shutil.copy(DROP_IN, self.folder / "warren.service.d")

    def test_systemd_has_nothing_against_it(self):
        self.assertEqual("", analyze(self.folder, "verify").stdout)

    def test_systemd_has_nothing_against_the_template(self):
        self.assertEqual("", analyze(self.folder, "verify", unit="warren@.service").stdout)

    def test_systemd_has_nothing_against_the_drop_in(self):
        self.drop_in()
        self.assertEqual("", analyze(self.folder, "verify").stdout)

    def test_it_is_exposed_by_3_at_most(self):
        result = analyze(self.folder, "security", "--offline=true", "--threshold=30")
        self.assertEqual(0, result.returncode, result.stdout)

    def test_for_scripts_of_other_users_by_4_at_most(self):
        self.drop_in()
        result = analyze(self.folder, "security", "--offline=true", "--threshold=40")
        self.assertEqual(0, result.returncode, result.stdout)

    def test_it_is_not_root_and_has_three_capabilities(self):
        text = UNIT.read_text()
        self.assertIn("\nUser=warren\n", text)
        for setting in ("CapabilityBoundingSet", "AmbientCapabilities"):
            self.assertEqual(["CAP_NET_ADMIN CAP_NET_RAW CAP_SYS_NICE"], re.findall(rf"^{setting}=(.*)$", text, re.M))

    def test_meson_knows_each_place(self):
        known = re.findall(r"^ +'(\w+)':", (ROOT / "conf/meson.build").read_text(), re.M)
        self.assertLessEqual(set(re.findall(r"@(\w+)@", UNIT.read_text())), set(known))


if __name__ == "__main__":
    unittest.main()
