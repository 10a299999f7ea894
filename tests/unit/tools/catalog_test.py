#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The journal's catalog explains each id that warren gives its records, and systemd takes it."""
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
CATALOG = ROOT / "conf/warren.catalog"


def ids_of_the_code():
    """Kind -> id."""
    kinds = re.search(r"event_kinds\{([^}]*)\}", (ROOT / "lib/journal/event_kind.h").read_text())[1]
    ids = re.search(r"message_ids\{([^}]*)\}", (ROOT / "app/warren/journald_sink.cc").read_text())[1]
    return dict(zip(re.findall(r'"(\w+)"', kinds), re.findall(r'"([0-9a-f]{32})"', ids), strict=True))


def entries():
    """Id -> its text."""
    parts = re.split(r"^-- ([0-9a-f]{32})$", CATALOG.read_text(), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


class Catalog(unittest.TestCase):
    def test_each_kind_has_its_text_and_the_reverse(self):
        self.assertEqual(sorted(ids_of_the_code().values()), sorted(entries()))

    def test_each_text_says_what_to_ask_next(self):
        for kind, number in ids_of_the_code().items():
            with self.subTest(kind):
                text = entries()[number]
                self.assertRegex(text, r"^\nSubject: [^\n]+\nDefined-By: Warren\n")
                self.assertRegex(text, r"\n\nAsk next: warren(ctl)? \S+[^\n]*\n+$")

    @unittest.skipUnless(shutil.which("journalctl"), "no journalctl here")
    def test_systemd_takes_it(self):
        with tempfile.TemporaryDirectory() as folder:
            place = pathlib.Path(folder) / "usr/lib/systemd/catalog"
            place.mkdir(parents=True)
            shutil.copy(CATALOG, place)
            made = subprocess.run(["journalctl", f"--root={folder}", "--update-catalog"], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True)
            self.assertEqual((0, ""), (made.returncode, made.stdout))
            shown = subprocess.run(["journalctl", f"--root={folder}", "--list-catalog"], stdout=subprocess.PIPE, text=True,
                                   check=True).stdout
            for number in entries():
                self.assertIn(number, shown)


if __name__ == "__main__":
    unittest.main()
