#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The manual pages say what programs, schema and docs say, all of it and no more, and are clean roff.

    manual_test.py BUILD
"""
import importlib.machinery
import importlib.util
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from help_text import listed

ROOT = pathlib.Path(__file__).resolve().parents[3]
MAN = ROOT / "docs/man"
BUILD = pathlib.Path(sys.argv.pop() if len(sys.argv) > 1 else ROOT / "build")
PAGES = sorted(MAN.glob("*.scd"))

sys.dont_write_bytecode = True
# The files with nothing but words of ours, and what the others have of them.
OUR_FILES = ("balancing.cc", "broker_checks.cc", "dataplane.cc", "flow_sync.cc")
# keepalived's too, though no statement of the test names them as its tables do: of old guides and of DPVS's as well.
BOTH = {"lvs_id", "init_file", "sni_name", "tls_compliant", "auth_type", "auth_pass", "TCP_CHECK",
        "PING_CHECK", "HTTP_GET", "SSL_GET", "MISC_CHECK", "SMTP_CHECK", "DNS_CHECK", "UDP_CHECK", "FILE_CHECK",
        "BFD_CHECK", "lvs_sync_daemon_inteface", "nb_sock_retry"}


def load_tool():
    loader = importlib.machinery.SourceFileLoader("manual", str(ROOT / "tools/manual"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("manual", loader))
    loader.exec_module(module)
    return module


MANUAL = load_tool()


def text_of(page):
    return MANUAL.expand(MAN / page)


def help_of(program):
    return subprocess.run([str(BUILD / program), "--help"], stdout=subprocess.PIPE, text=True, check=True).stdout


def options_of_help(text):
    """The options, not what usage says of them."""
    listed = re.findall(r"^  (?:-(\w)(?: \[|,) |    )?--([\w-]+)", text, re.M)
    return {f"--{name}" for _, name in listed} | {f"-{letter}" for letter, _ in listed if letter}


def options_of_page(text):
    heads = re.findall(r"^\*-.*\n(?=\t)", text, re.M)
    return {option for head in heads for option in re.findall(r"\*(-[\w-]*\w)\*", head)}


def keywords_of(path):
    tables = re.findall(r"Keyword<[^;]*?> \w+\[\] = \{(.*?)\n\};", path.read_text(), re.S)
    return {word for table in tables for word in re.findall(r'\{"([\w-]+)",\s*(?:\d|any_number)\b', table)}


def our_keywords():
    theirs = set(re.findall(r"[\w-]+", (ROOT / "tests/unit/schema/keepalived_keywords_test.cc").read_text())) | BOTH
    ours = set()
    for path in sorted((ROOT / "lib/schema").glob("*.cc")):
        ours |= keywords_of(path) if path.name in OUR_FILES else keywords_of(path) - theirs
    return ours


class Options(unittest.TestCase):
    def test_pages_and_programs_have_the_same(self):
        for page, program in (("warren.8.scd", "app/warren/warren"), ("warrenctl.1.scd", "app/warrenctl/warrenctl"),
                              ("warren-bench.1.scd", "app/bench/warren-bench")):
            with self.subTest(page):
                options = options_of_help(help_of(program))
                self.assertGreater(len(options), 3)
                self.assertEqual(options, options_of_page(text_of(page)))

    def test_commands_and_views_are_in_the_page(self):
        usage = help_of("app/warrenctl/warrenctl")
        page = text_of("warrenctl.1.scd")
        views = listed("show VIEW", usage)
        verbs = {verb for verbs in re.findall(r"warrenctl \[options\] ([a-z|]+)", usage) for verb in verbs.split("|")}
        causes = listed("C:", usage)
        self.assertEqual(sorted(views), sorted(re.findall(r"^\*show ([a-z]+)\*", page, re.M)))
        self.assertEqual(verbs, set(re.findall(r"^\*([a-z]+)[ *].*\n\t", page, re.M)))
        for cause in causes:
            self.assertRegex(page, rf"\b{cause}\b")


class Keywords(unittest.TestCase):
    def test_each_of_ours_has_its_entry(self):
        ours = our_keywords()
        self.assertGreater(len(ours), 40)
        heads = "\n".join(re.findall(r"^(\*.*)\n(?=\t)", text_of("warren.conf.5.scd"), re.M))
        blocks = "\n".join(re.findall(r"^The block .*", text_of("warren.conf.5.scd"), re.M))
        for word in sorted(ours):
            with self.subTest(word):
                self.assertRegex(heads + blocks, rf"\*{re.escape(word)}[ *]")

    def test_each_entry_is_a_keyword(self):
        known = set().union(*(keywords_of(path) for path in (ROOT / "lib/schema").glob("*.cc")))
        for head in re.findall(r"^(\*.*)\n(?=\t)", text_of("warren.conf.5.scd"), re.M):
            for word in re.findall(r"\*([\w-]+)\*", head):
                with self.subTest(word):
                    self.assertIn(word, known)

    def test_the_example_is_the_file(self):
        self.assertIn((ROOT / "conf/warren.conf").read_text().rstrip("\n"), text_of("warren.conf.5.scd"))


def examples_of(page):
    return re.findall(r"^```\n(.*?)^```$", text_of(page), re.S | re.M)


def begin_of(block):
    return block.split()[0]


class Examples(unittest.TestCase):
    def test_they_are_configurations(self):
        """Each where it belongs, in a file that warren finds good."""
        blocks = {begin_of(block): block for block in examples_of("warren.conf.5.scd")}
        whole = blocks.pop("#")
        with tempfile.TemporaryDirectory() as folder:
            key = pathlib.Path(folder) / "sync.key"
            key.write_text("0123456789abcdef" * 4 + "\n")
            key.chmod(0o600)
            whole = re.sub(r"^dataplane \{.*?^\}\n", "", whole, flags=re.S | re.M)
            whole = whole.replace("    virtual_ipaddress {\n", blocks.pop("track_quorum") + "    virtual_ipaddress {\n", 1)
            whole = whole.replace("        TCP_CHECK {\n", blocks.pop("AMQP_CHECK") + "        TCP_CHECK {\n", 1)
            self.assertEqual({"dataplane", "flow_sync", "local_address_group"}, set(blocks))
            blocks["flow_sync"] = re.sub(r"key_file \S+", f"key_file {key}", blocks["flow_sync"])
            file = pathlib.Path(folder) / "warren.conf"
            file.write_text("\n".join([whole, *blocks.values()]))
            said = subprocess.run([str(BUILD / "app/warren/warren"), "--config", str(file), "--check"], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True)
        self.assertEqual(0, said.returncode, said.stdout)


CHECKED = """vrrp_instance a {{
    interface eth0
    virtual_router_id 51
    virtual_ipaddress {{
        192.0.2.1/24
    }}
}}
virtual_server 192.0.2.1 5672 {{
    lb_kind FNAT
    {virtual_server}
    real_server 192.0.2.2 5672 {{
        {real_server}
        TCP_CHECK {{
            {check}
        }}
    }}
}}
dataplane {{
    {dataplane}
}}
flow_sync {{
    {flow_sync}
}}
"""
# What begins a part of the page whose entries stand in that block, and how a line is put into it.
PARTS = {"# DATAPLANE": ("dataplane", "{}"), "# FLOW SYNC": ("flow_sync", "{}"),
         "In a *virtual_server*:": ("virtual_server", "{}"),
         "*rebalance* { }": ("virtual_server", "rebalance {{\n{}\n}}"),
         "In a *real_server*:": ("real_server", "{}"), "In each check:": ("check", "{}"),
         "In *AMQP_CHECK*:": ("real_server", "AMQP_CHECK {{\nusername u\npassword p\n{}\n}}"),
         "In *RABBITMQ_CHECK*:":
             ("real_server", "RABBITMQ_CHECK {{\nurl http://192.0.2.2:15672\nusername u\npassword p\n{}\n}}")}


def ranges():
    """(block, its line, keyword, least, most) of each entry that says one."""
    part = None
    for entry in text_of("warren.conf.5.scd").split("\n\n"):
        begin = next((begin for begin in PARTS if begin in entry), None)
        part = PARTS[begin] if begin else part
        found = re.match(r"\*(\w+)\* [^\n]*\n\t(?:[^.]|\.\d)*?([\d.]+) to ([\d.]+\d)", entry)
        if found:
            yield *part, *found.groups()


class Ranges(unittest.TestCase):
    def complaint(self, block, line, keyword, value):
        text = CHECKED.format(**{**dict.fromkeys(re.findall(r"\{(\w+)\}", CHECKED), ""), block: line.format(f"{keyword} {value}")})
        said = subprocess.run([str(BUILD / "app/warren/warren"), "--config", "/dev/stdin", "--check"], input=text,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout
        return re.findall(rf".*'{keyword}'.*", said)

    def test_they_are_the_programs(self):
        found = list(ranges())
        self.assertGreater(len(found), 15)
        for block, line, keyword, least, most in found:
            with self.subTest(keyword, block=block):
                for value in (least, most):
                    self.assertEqual([], self.complaint(block, line, keyword, value))
                self.assertNotEqual([], self.complaint(block, line, keyword, int(most) + 1))


class Counters(unittest.TestCase):
    def test_each_of_docs_has_its_entry(self):
        names = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/counters.md").read_text(), re.M)
        self.assertGreater(len(names), 100)
        entries = re.findall(r"^\*(\w+)\*$", text_of("warren-counters.7.scd").replace("\\_", "_"), re.M)
        self.assertEqual(names, entries)


@unittest.skipUnless(shutil.which("scdoc") and shutil.which("mandoc"), "no scdoc or mandoc here")
class Roff(unittest.TestCase):
    def test_mandoc_finds_nothing(self):
        for page in PAGES:
            with self.subTest(page.name):
                made = MANUAL.roff(MANUAL.expand(page), "0")
                found = subprocess.run(["mandoc", "-Tlint", "-W", "warning"], input=made, stdout=subprocess.PIPE, text=True)
                self.assertEqual("", found.stdout)

    def test_no_mark_is_left(self):
        for page in PAGES:
            with self.subTest(page.name):
                made = MANUAL.roff(MANUAL.expand(page), "0")
                shown = subprocess.run(["mandoc", "-Tutf8"], input=made, stdout=subprocess.PIPE, text=True).stdout
                self.assertNotRegex(re.sub(r".\b", "", shown), r"@file|@tables")

    def test_meson_installs_each_page(self):
        named = re.findall(r"^  '([\w.-]+)':", (MAN / "meson.build").read_text(), re.M)
        self.assertEqual(sorted(page.stem for page in PAGES), sorted(named))


if __name__ == "__main__":
    unittest.main()
