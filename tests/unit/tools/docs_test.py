#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What docs/ says of the code is true of it: counters have a line each, names stand where they are said to stand."""
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
DOCS = ROOT / "docs"

PATH = re.compile(r"`((?:app|conf|docs|lib|tests|tools)/[\w./-]*)`")
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)")
TABLE_ROW = re.compile(r"^\| `(\w+)` \|", re.M)


def code(folder="lib"):
    """All of a folder as one text, so that no file's place matters."""
    return "\n".join(path.read_text() for path in sorted((ROOT / folder).rglob("*")) if path.suffix in (".h", ".cc"))


def sections(page):
    """Heading -> the names in the first column of its table."""
    parts = re.split(r"^## (.+)$", (DOCS / page).read_text(), flags=re.M)
    return {heading: TABLE_ROW.findall(text) for heading, text in zip(parts[1::2], parts[2::2])}


def counters_of(text, owner):
    """The names in the array OWNER_counters."""
    return re.findall(r'"(\w+)"', body_of(text, rf"inline constexpr \w[\w:<>]* {owner}_counters\b[^;{{]*\{{"))


def body_of(text, pattern):
    """What stands between the braces after `pattern`."""
    start = text.index("{", re.search(pattern, text).end() - 1)
    depth = 0
    for position in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[position], 0)
        if depth == 0:
            return text[start:position]
    raise AssertionError("no end")


def counters_in_code():
    text = code()
    rows = dict.fromkeys(("control", "port", "worker"), ())
    for group, name in re.findall(r'total_row\(\s*"(\w+)",\s*"(\w+)_"', text):
        rows[group] += (name + "_PORT",)
    rows["manager"] = re.findall(r'total_row\("manager",\s*"(\w+)"', text)
    rows["worker"] += tuple(re.findall(r'row\(c,\s*"worker",\s*"(\w+)"', text))
    rejected = body_of(text, r"std::string_view name\(RejectReason \w+\) \{")
    return {
        "worker": [*counters_of(text, "worker"), *rows["worker"]],
        "drop": re.findall(r'"(\w+)"', body_of(text, r"drop_names\{")),
        "control": [*counters_of(text, "vrrp"), *rows["control"]],
        "port": list(rows["port"]),
        "sync": [*counters_of(text, "sync"), *counters_of(text, "sync_link")],
        "sync_refused": re.findall(r'"(\w+)"', body_of(text, r"sync_refusal_names\{")),
        "show status, ports": re.findall(r'row\["(\w+)"\]', body_of(text, r"void add_totals\(Json& row, [^{]*\{")),
        "manager": rows["manager"],
        "netlink": counters_of(text, "netlink"),
        "virtual router": re.findall(r'row\["(\w+)"\]', body_of(text, r"void add_counters\(Json& row, [^{]*\{")),
        "rejected adverts": re.findall(r'return "(\w+)"', rejected),
    }


class Counters(unittest.TestCase):
    def test_each_counter_of_the_code_has_its_line_and_the_reverse(self):
        for group, names in counters_in_code().items():
            with self.subTest(group):
                self.assertGreater(len(names), 0)
                self.assertEqual(sorted(names), sorted(sections("counters.md").get(group, [])))

    def test_what_is_said_of_servers_is_in_their_view(self):
        shown = re.findall(r'\{"(\w+)",', body_of(code(), r"Json server_row\([^{]*\{"))
        counted = {"active", "connections", "refused", "unanswered"}  # and what else counts, all but their texts and states
        listed = set(sections("counters.md")["show servers"])
        self.assertLessEqual(counted, listed)
        self.assertLessEqual(listed, set(shown))


def pages():
    """Every page of the project, those of the build folders excepted."""
    for path in sorted(ROOT.rglob("*.md")):
        if not re.match(r"build|\.", path.relative_to(ROOT).parts[0]):
            yield path


class Links(unittest.TestCase):
    def test_they_lead_to_files(self):
        found = 0
        for page in pages():
            for target in LINK.findall(page.read_text()):
                if not re.match(r"\w+:", target):
                    found += 1
                    with self.subTest(page=str(page.relative_to(ROOT)), target=target):
                        self.assertTrue((page.parent / target).exists())
        self.assertGreater(found, 10)

    def test_each_page_of_docs_is_in_its_list(self):
        listed = {(DOCS / target).resolve() for target in LINK.findall((DOCS / "README.md").read_text())}
        for page in DOCS.rglob("*.md"):
            if page.name != "README.md":
                with self.subTest(page.name):
                    self.assertIn(page.resolve(), listed)


class Lives(unittest.TestCase):
    """Where `path` is followed by `function()`, up to the next path or the end of the step, it occurs there."""

    @staticmethod
    def steps(page):
        return re.split(r"\n(?=\d+\. |- |\n)", page.read_text())

    def test_each_function_occurs_in_the_file_that_is_named_before_it(self):
        found = 0
        for page in sorted(DOCS.glob("life-of-*.md")):
            for step in self.steps(page):
                path = None
                for word in re.findall(r"`([^`]+)`", step):
                    function = re.fullmatch(r"(\w+)\(\)", word)
                    if re.fullmatch(r"(?:app|lib)/[\w/]+\.(?:cc|h)", word):
                        path = word
                    elif function and path:
                        found += 1
                        with self.subTest(page=page.name, path=path, function=word):
                            self.assertRegex((ROOT / path).read_text(), rf"\b{function[1]}\(")
        self.assertGreater(found, 100)

    def test_they_fit_a_page(self):
        for page in DOCS.glob("life-of-*.md"):
            with self.subTest(page.name):
                self.assertLessEqual(page.read_text().count("\n"), 70)


class Decisions(unittest.TestCase):
    def test_they_have_the_usual_form(self):
        for number, page in enumerate(sorted((DOCS / "adr").iterdir()), 1):
            with self.subTest(page.name):
                text = page.read_text()
                self.assertTrue(page.name.startswith(f"{number:04}-"))
                self.assertTrue(text.startswith(f"# {number}. "))
                self.assertLessEqual(text.count("\n"), 30)
                parts = [text.index(f"**{part}.**") for part in ("Context", "Decision", "Consequences")]
                self.assertEqual(sorted(parts), parts)


class Words(unittest.TestCase):
    """What pages say of the programs' words."""

    def test_each_command_is_one(self):
        manual = (DOCS / "man/warrenctl.1.scd").read_text()
        known = {re.sub(r"\*.*", "", head) for head in re.findall(r"^\*([a-z][^\n]*)\n    ", manual, re.M)}
        found = 0
        for page in [*DOCS.glob("*.md"), ROOT / "README.md", ROOT / "SECURITY.md"]:
            options = r"(?:--json |-i \S+ |--instance \S+ )*"
            for words in re.findall(rf"warrenctl {options}(show [a-z]+|[a-z]+(?=[ `;]))", re.sub(r"\n +", " ", page.read_text())):
                if words not in ("show", "needs", "look", "finds", "has", "command"):
                    found += 1
                    with self.subTest(page=page.name, command=words):
                        self.assertIn(words, known)
        self.assertGreater(found, 60)

    def test_the_messages_of_troubleshooting_are_the_programs(self):
        text = re.sub(r'"\s*\n\s*"', "", code() + code("app"))
        page = (DOCS / "troubleshooting.md").read_text()
        shown = [line for line in page.splitlines() if re.match(r"    (?!warrenctl (?:-|[a-z]+ ))", line)]
        shown += re.findall(r"`([^`]+)`: ", page) + re.findall(r"^\| `([^`]+)` \|", page, re.M)
        pieces = [piece.strip() for line in shown for piece in re.split(r"[:;,()'\"]|\S*[\d/]\S*|\brabbit\b", line)]
        pieces = [piece for piece in pieces if len(piece.split()) > 2 and not re.match("warrenctl|is one of", piece)]
        self.assertGreater(len(pieces), 10)
        for piece in pieces:
            with self.subTest(piece):
                self.assertTrue(piece in text)


class Paths(unittest.TestCase):
    def test_what_a_page_names_is_there(self):
        for page in [*sorted(DOCS.rglob("*.md")), ROOT / "SECURITY.md"]:
            for path in PATH.findall(page.read_text()):
                with self.subTest(page=page.name, path=path):
                    self.assertTrue((ROOT / path).exists())


class Package(unittest.TestCase):
    def test_its_version_is_the_projects(self):
        version = re.search(r"version: '([^']+)'", (ROOT / "meson.build").read_text())[1]
        for file in ("changelog", "warren.NEWS"):
            with self.subTest(file):
                self.assertTrue((ROOT / "debian" / file).read_text().startswith(f"warren ({version}-"))


class Metrics(unittest.TestCase):
    """docs/metrics.md, of which warren-metrics(7) is made, and what lib/metrics begins."""

    def test_each_has_its_row_with_its_type_and_help(self):
        begins = re.compile(r'(?:\{|begin\()\s*"((?:warren|process)_\w+)",\s*Kind::(\w+),\s*((?:"[^"]*"\s*)+)')
        made = {name: (kind, "".join(re.findall(r'"([^"]*)"', text))) for path in (ROOT / "lib/metrics").glob("*_metrics.cc")
                for name, kind, text in begins.findall(path.read_text()) if text.strip() != '""'}
        rows = re.findall(r"^\| `(\w+)` \| (\w+) \| [^|]+ \| ([^|]+) \|$", (DOCS / "metrics.md").read_text(), re.M)
        self.assertGreater(len(made), 90)
        self.assertEqual(sorted(name for name, _, _ in rows), sorted(made))
        for name, kind, text in rows:
            with self.subTest(name):
                self.assertEqual((kind, text.lower()), (made[name][0], made[name][1].rstrip(".").lower()))

    def test_its_sections_are_the_scopes(self):
        scopes = body_of(code("lib/metrics"), r"parts\{")
        self.assertEqual(list(sections("metrics.md")), re.findall(r'\{"(\w+)"', scopes))


class Rfcs(unittest.TestCase):
    def test_each_section_has_its_code_and_its_test(self):
        rows = [line for line in (DOCS / "rfc.md").read_text().splitlines() if line.startswith("|")]
        rows = [row for row in rows if not row.startswith(("| section |", "|---"))]
        self.assertGreater(len(rows), 40)
        for row in rows:
            with self.subTest(row):
                _, section, what, code_path, test_path, _, _ = [cell.strip() for cell in row.split("|")]
                self.assertTrue(section and what)
                self.assertRegex(code_path, r"^`lib/[\w./]+`$")
                self.assertRegex(test_path, r"^`tests/[\w./]+`$")

    def test_the_code_speaks_of_each_rfc_that_the_page_lists(self):
        text = code()
        for heading in sections("rfc.md"):
            for number in re.findall(r"\b(\d{3,4})\b", heading.split(":")[0]):
                with self.subTest(number):
                    self.assertRegex(text, rf"\b{number}\b")


if __name__ == "__main__":
    unittest.main()
