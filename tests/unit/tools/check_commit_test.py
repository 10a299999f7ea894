#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""tools/check-commit refuses each thing that it says it refuses, and lets good commits pass."""
import importlib.machinery
import importlib.util
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

TOOL = pathlib.Path(__file__).resolve().parents[3] / "tools" / "check-commit"
sys.dont_write_bytecode = True
LOADER = importlib.machinery.SourceFileLoader("check_commit", str(TOOL))
check_commit = importlib.util.module_from_spec(importlib.util.spec_from_loader("check_commit", LOADER))
LOADER.exec_module(check_commit)

GOOD = "flow: keep a port\n\nIt was given away too early.\n"

# What is wrong -> a message with it, and words of the finding.
BAD_MESSAGES = {
    "a long subject": (GOOD.replace("a port", "a port" + " and another" * 5), "characters"),
    "no topic": (GOOD.replace("flow: ", ""), '"topic: "'),
    "a topic that begins like a sentence": (GOOD.replace("flow", "Flow"), '"topic: "'),
    "nothing after the topic": ("flow: \n\nIt was given away too early.\n", '"topic: "'),
    "a full stop": (GOOD.replace("port", "port.", 1), "full stop"),
    "no empty line": (GOOD.replace("\n\n", "\n"), "second line"),
    "no body": ("flow: keep a port\n", "no sentence"),
    "a body of one word": ("flow: keep a port\n\nBetter.\n", "no sentence"),
    "a body that is no sentence": ("flow: keep a port\n\na b c\n", "no sentence"),
    "a trailer instead of a body": ("flow: keep a port\n\nSigned-off-by: Ann B C. <ann@example.org>\n", "no sentence"),
}


def diff_of(*, added=(), removed=()):
    return "\n".join(["diff --git a/f b/f", "--- a/f", "+++ b/f", "@@ -1,9 +1,9 @@",
                      *("-" + line for line in removed), *("+" + line for line in added)])


def numbered(count, text="line"):
    return [f"{text} {i}" for i in range(count)]


class Messages(unittest.TestCase):
    def test_good_messages_pass(self):
        for message in (GOOD, GOOD.replace("flow", "flow, tests/sim"), GOOD + "\nSigned-off-by: Ann <ann@example.org>\n"):
            self.assertEqual([], list(check_commit.check_message(message)))

    def test_each_rule_can_fail_alone(self):
        for name, (message, words) in BAD_MESSAGES.items():
            with self.subTest(name):
                findings = list(check_commit.check_message(message))
                self.assertEqual(1, len([f for f in findings if words in f]), findings)

    def test_72_characters_are_allowed(self):
        subject = "flow: " + "x" * 66
        self.assertEqual([], list(check_commit.check_message(subject + "\n\nIt was given away.\n")))


class Sizes(unittest.TestCase):
    def test_600_changed_lines_pass_and_601_do_not(self):
        half = numbered(300)
        self.assertEqual([], list(check_commit.check_size(GOOD, diff_of(added=half, removed=numbered(300, "old")))))
        findings = list(check_commit.check_size(GOOD, diff_of(added=half, removed=numbered(301, "old"))))
        self.assertIn("601 changed lines", findings[0])

    def test_lines_that_only_move_do_not_count(self):
        moved = numbered(2000)
        follow = diff_of(added=[*moved, '#include "b.h"'], removed=[*("  " + line for line in moved), '#include "a.h"'])
        self.assertEqual([], list(check_commit.check_size(GOOD, follow)))

    def test_a_move_with_many_other_changes_counts(self):
        moved = numbered(2000)
        self.assertTrue(list(check_commit.check_size(GOOD, diff_of(added=moved + numbered(500, "new"), removed=moved))))

    def test_mechanical_commits_may_be_large(self):
        message = GOOD + "mechanical: sed s/told/known/\n"
        self.assertEqual([], list(check_commit.check_size(message, diff_of(added=numbered(5000)))))

    def test_names_of_files_are_no_lines(self):
        self.assertEqual((2, 2), check_commit.count_changes(diff_of(added=["a"], removed=["b"])))


@unittest.skipUnless(shutil.which("git"), "no git")
class Commits(unittest.TestCase):
    """The whole program on a repository of its own; its build is two scripts."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name) / "repository"
        (self.root / "tools").mkdir(parents=True)
        self.programs = pathlib.Path(folder.name) / "programs"
        self.programs.mkdir()
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        self.environment.update(PATH=f"{self.programs}:{os.environ['PATH']}", HOME=folder.name)
        self.program("meson", 'mkdir -p build && touch build/build.ninja')
        self.program("ninja", "test ! -e broken")
        (self.root / "tools" / "tidy").write_text("import os\nraise SystemExit(os.path.exists('untidy'))\n")
        self.git("init", "-q")
        self.commit(GOOD)

    def program(self, name, text):
        (self.programs / name).write_text("#!/bin/sh\n" + text + "\n")
        (self.programs / name).chmod(0o755)

    def git(self, *arguments):
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "core.excludesFile=", *arguments],
                       cwd=self.root, env=self.environment, check=True, capture_output=True)

    def commit(self, message, file=None):
        if file:
            (self.root / file).write_text("")
        self.git("add", "--all", ":!build")
        self.git("commit", "-q", "-m", message)

    def check(self, *arguments):
        result = subprocess.run([sys.executable, str(TOOL), *arguments], cwd=self.root, env=self.environment,
                                check=False, capture_output=True, text=True)
        return result.returncode, result.stdout + result.stderr

    def test_a_good_commit_passes(self):
        self.assertEqual((0, ""), self.check())

    def test_a_bad_message_is_found_without_building(self):
        self.commit("Bad\n\nIt was so.", "broken")
        status, text = self.check("--no-build")
        self.assertEqual(1, status)
        self.assertIn('HEAD: the subject does not begin with "topic: "', text)

    def test_what_does_not_build_is_found(self):
        self.commit(GOOD, "broken")
        self.assertEqual((1, "HEAD: failed: ninja -C build\n"), self.check())

    def test_what_is_untidy_is_found(self):
        self.commit(GOOD, "untidy")
        status, text = self.check()
        self.assertEqual(1, status)
        self.assertIn("tools/tidy", text)

    def test_changes_beside_the_commit_are_no_proof(self):
        (self.root / "tools" / "tidy").write_text("")
        status, text = self.check()
        self.assertEqual(1, status)
        self.assertIn("not in the commit", text)

    def test_another_commit_is_built_in_a_tree_of_its_own(self):
        self.commit(GOOD, "broken")
        self.assertEqual((0, ""), self.check("HEAD~1"))
        self.commit(GOOD, "other")
        self.assertEqual(1, self.check("HEAD~1")[0])
        trees = subprocess.run(["git", "worktree", "list"], cwd=self.root, env=self.environment, check=True,
                               capture_output=True, text=True).stdout
        self.assertEqual(1, trees.count("\n"))

    def test_an_unknown_commit_is_an_error(self):
        self.assertEqual(2, self.check("nothing")[0])


if __name__ == "__main__":
    unittest.main()
