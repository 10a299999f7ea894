#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""tools/tidy finds what it claims to find: each rule gets a small tree that breaks it, and one that does not."""
import importlib.machinery
import importlib.util
import pathlib
import re
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.dont_write_bytecode = True
LOADER = importlib.machinery.SourceFileLoader("tidy", str(ROOT / "tools" / "tidy"))
SPEC = importlib.util.spec_from_loader("tidy", LOADER)
tidy = importlib.util.module_from_spec(SPEC)
LOADER.exec_module(tidy)

LICENCE = "// SPDX-License-Identifier: BSD-3-Clause\n"


def header(folder, body="int f();\n", includes=""):
    """A header without findings, with `includes` (line 4) or `body` (line 5) put in."""
    space = "warren::" + folder
    if includes:
        includes += "\n"
    return f"{LICENCE}#pragma once\n\n{includes}namespace {space} {{\n{body}}}  // namespace {space}\n"


def source(folder, body="int f();\n"):
    """The same for a source file: `body` is in line 4."""
    return header(folder, body).replace("#pragma once\n", "", 1)


def tree_of(files):
    """What every tree needs so that only the rule under test can speak."""
    tree = {".clang-format": (ROOT / ".clang-format").read_text()}
    for name in files:
        parts = name.split("/")
        if parts[0] == "lib":
            tree[f"lib/{parts[1]}/README.md"] = "# what it is for\n"
            cc = " ".join(f"'{n.split('/')[-1]}'" for n in files if n.endswith(".cc") and n.split("/")[1] == parts[1])
            tree[f"lib/{parts[1]}/meson.build"] = f"# SPDX-License-Identifier: BSD-3-Clause\nx = [{cc}]\n"
    tree.update(files)
    return tree


def all_findings_of(files, allowed=None):
    """None for a file means: leave out even the one that every tree gets. `allowed` may stay, by default nothing."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in tree_of(files).items():
            if text is not None:
                path = pathlib.Path(folder) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        _, findings = tidy.check_tree(pathlib.Path(folder).resolve(), allowed or {})
        return [(rule, name, line) for name, line, _, rule in findings]


def findings_of(files, allowed=None):
    """Those trees are too small for anybody to call their functions."""
    return [finding for finding in all_findings_of(files, allowed) if finding[0] != "uncalled"]


def function_of(lines):
    return "inline void f(int& x) {\n" + "    x += 1;\n" * (lines - 2) + "}\n"


def class_of(methods):
    declared = "".join(f"    void f{i}();\n" for i in range(methods))
    return f"class A {{\n  public:\n    A();\n    ~A();\n    A& operator=(const A&) = delete;\n{declared}}};\n"


# What breaks a rule -> the tree, and the finding it must give: (rule, file, line).
BAD = {
    "a pure folder includes a layer above": (
        {"lib/vrrp/a.h": header("vrrp", includes='#include "config/b.h"\n'), "lib/config/b.h": header("config")},
        ("layers", "lib/vrrp/a.h", 4)),
    "the datapath includes the configuration": (
        {"lib/datapath/a.h": header("datapath", includes='#include "config/b.h"\n'), "lib/config/b.h": header("config")},
        ("layers", "lib/datapath/a.h", 4)),
    "the CLI includes a library": (
        {"app/warrenctl/a.h": f'{LICENCE}#pragma once\n#include "net/a.h"\n', "lib/net/a.h": header("net")},
        ("layers", "app/warrenctl/a.h", 3)),
    "a room of the CLI includes one above": (
        {"app/warrenctl/rows/a.h": f'{LICENCE}#pragma once\n#include "show/b.h"\n',
         "app/warrenctl/show/b.h": f"{LICENCE}#pragma once\n"},
        ("layers", "app/warrenctl/rows/a.h", 3)),
    "a room of the CLI includes its top": (
        {"app/warrenctl/rows/a.h": f'{LICENCE}#pragma once\n#include "b.h"\n',
         "app/warrenctl/b.h": f"{LICENCE}#pragma once\n"},
        ("layers", "app/warrenctl/rows/a.h", 3)),
    "an include is not relative to lib": (
        {"lib/net/a.h": header("net", includes='#include "b.h"\n'), "lib/net/b.h": header("net")},
        ("layers", "lib/net/a.h", 4)),
    "a new folder is not in the order": ({"lib/extra/a.h": header("extra")}, ("layers", "lib/extra/a.h", 1)),
    "DPDK in a pure folder": (
        {"lib/flow/a.h": header("flow", includes="#include <rte_mbuf.h>\n")}, ("layers", "lib/flow/a.h", 4)),
    "Asio on the packet path": (
        {"lib/datapath/a.h": header("datapath", includes="#include <boost/asio.hpp>\n")},
        ("layers", "lib/datapath/a.h", 4)),
    "a clock on the packet path": (
        {"lib/datapath/a.h": header("datapath", includes="#include <chrono>\n")}, ("layers", "lib/datapath/a.h", 4)),
    "a library links a layer above": (
        {"lib/net/a.h": header("net"),
         "lib/net/meson.build": "# SPDX-License-Identifier: BSD-3-Clause\nx = [flow_dep]\n"},
        ("layers", "lib/net/meson.build", 2)),
    "a pure library links DPDK": (
        {"lib/net/a.h": header("net"),
         "lib/net/meson.build": "# SPDX-License-Identifier: BSD-3-Clause\nx = [dpdk_dep]\n"},
        ("layers", "lib/net/meson.build", 2)),
    "a clock in a pure folder": (
        {"lib/vrrp/a.h": header("vrrp", includes="#include <chrono>\n")}, ("pure", "lib/vrrp/a.h", 4)),
    "a socket in a pure folder": (
        {"lib/net/a.h": header("net", includes="#include <sys/socket.h>\n")}, ("pure", "lib/net/a.h", 4)),
    "a log in a pure folder": (
        {"lib/net/a.cc": source("net", "void f() { std::printf(\"x\"); }\n")}, ("pure", "lib/net/a.cc", 4)),
    "an atomic outside exchange": (
        {"lib/control/a.h": header("control", includes="#include <atomic>\n")}, ("sharing", "lib/control/a.h", 4)),
    "an atomic builtin outside exchange": (
        {"lib/control/a.h": header("control", "inline int f(int& x) { return __atomic_load_n(&x, 0); }\n")},
        ("sharing", "lib/control/a.h", 5)),
    "an rte_ring outside exchange": (
        {"lib/datapath/a.h": header("datapath", includes="#include <rte_ring.h>\n")},
        ("sharing", "lib/datapath/a.h", 4)),
    "headers that include each other": (
        {"lib/net/a.h": header("net", includes='#include "net/b.h"\n'),
         "lib/net/b.h": header("net", includes='#include "net/a.h"\n')},
        ("cycle", "lib/net/b.h", 4)),
    "sources that include each other's headers": (
        {"lib/net/a.h": header("net"), "lib/net/a.cc": source("net", '#include "net/b.h"\n'), "lib/net/b.h": header("net"),
         "lib/net/b.cc": source("net", '#include "net/c.h"\n'), "lib/net/c.h": header("net", '#include "net/a.h"\n')},
        ("cycle", "lib/net/a.cc", 1)),
    "a class of too many methods": (
        {"lib/net/a.h": header("net", class_of(31))}, ("class", "lib/net/a.h", 5)),
    "a class that stands in two sources": (
        {"lib/net/a.h": header("net", class_of(2)), "lib/net/a.cc": source("net", "void A::f0() {}\n"),
         "lib/net/b.cc": source("net", "void A::f1() {}\n")},
        ("class", "lib/net/a.h", 5)),
    "a long file": (
        {"lib/net/a.h": header("net", "// line\n" * 600)}, ("size", "lib/net/a.h", 601)),
    "a long function": ({"lib/net/a.h": header("net", function_of(101))}, ("size", "lib/net/a.h", 5)),
    "a long member function after an initializer list": (
        {"lib/net/a.cc": source("net", "A::A() : b_{1}, c_(2) {\n" + "    f();\n" * 100 + "}\n")},
        ("size", "lib/net/a.cc", 4)),
    "too many middling functions": (
        {"lib/net/a.h": header("net", "\n".join(function_of(4) for _ in range(95))),
         "lib/net/b.h": header("net", "\n".join(function_of(80) for _ in range(5)))}, ("size", "lib", 1)),
    "a mutable variable": ({"lib/net/a.cc": source("net", "int counter = 0;\n")}, ("global", "lib/net/a.cc", 4)),
    "a hidden mutable variable": (
        {"lib/net/a.cc": source("net", "namespace {\nstd::map<int, int> table;\n}  // namespace\n")},
        ("global", "lib/net/a.cc", 5)),
    "a pointer that can be moved": (
        {"lib/net/a.cc": source("net", "const char* name = nullptr;\n")}, ("global", "lib/net/a.cc", 4)),
    "a static local": (
        {"lib/net/a.cc": source("net", "int f() {\n    static int calls = 0;\n    return ++calls;\n}\n")},
        ("global", "lib/net/a.cc", 5)),
    "no licence": ({"lib/net/a.h": header("net").replace(LICENCE, "// a\n")}, ("licence", "lib/net/a.h", 1)),
    "no licence after the interpreter": ({"tools/a": "#!/bin/bash\ntrue\n"}, ("licence", "tools/a", 1)),
    "white space": ({"README.md": "one \n"}, ("space", "README.md", 1)),
    "a tab": ({"README.md": "one\ttwo\n"}, ("space", "README.md", 1)),
    "no last newline": ({"README.md": "one"}, ("space", "README.md", 1)),
    "unfinished work": ({"README.md": "\nTO" + "DO: this\n"}, ("unfinished", "README.md", 2)),
    "a conflict": ({"README.md": "<" * 7 + " HEAD\n"}, ("unfinished", "README.md", 1)),
    "a folder of too many files": (
        {f"lib/net/a{i}.h": header("net") for i in range(31)}, ("folder", "lib/net", 1)),
    "a folder that is most of the library": (
        {f"lib/{folder}/{i}.h": header(folder, "// line\n" * 495) for folder, count in
         (("net", 4), ("flow", 3), ("vrrp", 2), ("balance", 2), ("config", 2), ("port", 2), ("health", 2), ("exchange", 3))
         for i in range(count)},
        ("folder", "lib/net", 1)),
    "a name that says nothing": ({"lib/net/string_util.h": header("net")}, ("name", "lib/net/string_util.h", 1)),
    "no README in a library": ({"lib/net/a.h": header("net"), "lib/net/README.md": None}, ("readme", "lib/net", 1)),
    "a README of two pages": ({"lib/net/a.h": header("net"), "lib/net/README.md": "x\n" * 61},
                              ("readme", "lib/net/README.md", 61)),
    "a long line of a page": ({"README.md": "a\n" + "x" * 121 + "\n"}, ("page", "README.md", 2)),
    "a long row of a table": ({"docs/a.md": "|" * 161 + "\n"}, ("page", "docs/a.md", 1)),
    "no include guard": (
        {"lib/net/a.h": header("net").replace("#pragma once\n\n", "")}, ("header", "lib/net/a.h", 1)),
    "another folder's namespace": ({"lib/net/a.h": header("flow")}, ("header", "lib/net/a.h", 1)),
    "a dead file": (
        {"lib/net/a.cc": source("net"), "lib/net/meson.build": "# SPDX-License-Identifier: BSD-3-Clause\n"},
        ("dead", "lib/net/a.cc", 1)),
    "an untested configuration": ({"conf/a.conf": "x\n"}, ("dead", "conf/a.conf", 1)),
    "a broken shell script": (
        {"tools/a": "#!/bin/bash\n# SPDX-License-Identifier: BSD-3-Clause\nif true\n"}, ("script", "tools/a", 4)),
    "a broken python script": (
        {"tools/a.py": "# SPDX-License-Identifier: BSD-3-Clause\ndef f(:\n"}, ("script", "tools/a.py", 2)),
    "unformatted code": ({"lib/net/a.cc": source("net", "int  f();\n")}, ("format", "lib/net/a.cc", 4)),
}

GOOD_CODE = """
constexpr int limit = 3;
const char* const name = "a{b";
inline constexpr char separator = '}';
struct Pair {
    int first = 0;
    int second{};
};
enum class State { idle, busy };
template <typename T = int>
T twice(T x) {
    return x + x;
}
class Counter {
  public:
    explicit Counter(int start) : count_{start}, last_(start) {}
    friend bool operator==(const Counter&, const Counter&) = default;
    bool operator<=(const Counter& other) const { return count_ <= other.count_; }

  private:
    int count_;
    int last_;
};
// int commented_out = 0; } {
int declared(int a, int b = 2);
"""


class BadTrees(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.found = {name: findings_of(files) for name, (files, _) in BAD.items()}

    def test_each_rule_can_fail(self):
        for name, (_, expected) in BAD.items():
            with self.subTest(name):
                self.assertIn(expected, self.found[name])

    def test_nothing_else_is_found_beside_it(self):
        for name, (_, expected) in BAD.items():
            with self.subTest(name):
                rules = {rule for rule, _, _ in self.found[name]}
                self.assertLessEqual(rules - {expected[0]}, {"format"})


class Calls(unittest.TestCase):
    """Line 5 of a.h declares or defines f()."""

    @staticmethod
    def uncalled(body, *others, rest=""):
        files = {"lib/net/a.h": header("net", body), "lib/net/b.cc": source("net", rest + "constexpr int n = 1;\n"),
                 **dict(others)}
        return [(name, line) for rule, name, line in all_findings_of(files) if rule == "uncalled"]

    def test_what_nobody_calls_is_found(self):
        self.assertEqual([("lib/net/a.h", 5)], self.uncalled("int f();\n"))

    def test_a_call_from_a_test_does_not_count(self):
        test = ("tests/unit/net/a_test.cc", LICENCE + "int n = f();\n")
        self.assertEqual([("lib/net/a.h", 5)], self.uncalled("int f();\n", test))

    def test_a_definition_is_no_call(self):
        self.assertEqual([("lib/net/a.h", 5), ("lib/net/b.cc", 4)],
                         self.uncalled("int f();\n", rest="int f() {\n    return 1;\n}\n"))

    def test_a_word_in_a_comment_or_a_string_is_no_call(self):
        rest = '// f() is good\nconstexpr const char* name = "f";\n'
        self.assertEqual([("lib/net/a.h", 5)], self.uncalled("int f();\n", rest=rest))

    def test_who_calls_itself_only_is_not_called(self):
        self.assertEqual([("lib/net/a.h", 5)], self.uncalled("inline int f(int n) {\n    return n ? f(n - 1) : 0;\n}\n"))

    def test_a_method_is_a_function(self):
        self.assertEqual([("lib/net/a.h", 6)], self.uncalled("struct A {\n    int f() const { return 1; }\n};\n"))
        self.assertEqual([], self.uncalled("struct A : B {\n    int f() const override { return 1; }\n};\n"))

    def test_what_is_called_pointed_at_or_in_a_macro_is_not_found(self):
        for rest in ("const int n = f();\n", "const auto p = &f;\n", "#define G() f()\n"):
            self.assertEqual([], self.uncalled("int f();\n", rest=rest))
        program = ("app/bench/main.h", LICENCE + "#pragma once\nconst int n = f();\n")
        self.assertEqual([], self.uncalled("int f();\n", program))

    def test_what_is_called_without_its_name_is_not_found(self):
        body = "class A {\n  public:\n    A();\n    ~A();\n    int operator()(int x);\n    bool operator==(const A&) const;\n};\n"
        self.assertEqual([], self.uncalled(body))
        self.assertEqual([], self.uncalled("int main();\n"))


class Allowances(unittest.TestCase):
    FILES = {"lib/net/a.cc": source("net", "int counter = 0;\n")}
    NEEDED = {("global", "lib/net/a.cc", "counter"): "for this test"}

    def test_what_is_allowed_is_no_finding(self):
        self.assertEqual([], findings_of(self.FILES, self.NEEDED))

    def test_an_allowance_holds_for_its_rule_file_and_text_only(self):
        for key in (("pure", "lib/net/a.cc", "counter"), ("global", "lib/net/b.cc", "counter"),
                    ("global", "lib/net/a.cc", "other")):
            self.assertIn(("global", "lib/net/a.cc", 4), findings_of(self.FILES, {key: ""}))

    def test_an_allowance_without_need_is_a_finding(self):
        for place in ("lib/net/b.cc", "lib/net", "lib/net/that_is_gone.cc"):
            files = {**self.FILES, "lib/net/b.cc": source("net")}
            allowed = {**self.NEEDED, ("global", place, "counter"): ""}
            self.assertEqual([("allowed", place, 1)], findings_of(files, allowed))


class LibraryTable(unittest.TestCase):
    """lib/README.md and MAY_INCLUDE say the same."""

    ROWS = [[cell.strip() for cell in line.split("|")[1:4]]
            for line in (ROOT / "lib" / "README.md").read_text().split("\n") if line.startswith("| ")][1:]

    @staticmethod
    def folders_in(text, above):
        if text.startswith("all of the above but "):
            return above - set(re.split(r", | and ", text.removeprefix("all of the above but ").split(";")[0]))
        return set() if text.startswith("nothing") else set(text.split(";")[0].split(", "))

    def test_each_library_has_its_row(self):
        self.assertEqual(sorted(f for f in tidy.MAY_INCLUDE if f.startswith("lib/")),
                         sorted("lib/" + folder for folder, _, _ in self.ROWS))

    def test_each_row_names_what_may_be_included(self):
        above = set()
        for folder, may_include, _ in self.ROWS:
            with self.subTest(folder):
                allowed = tidy.MAY_INCLUDE["lib/" + folder]
                self.assertEqual({name for name in allowed if "/" not in name}, self.folders_in(may_include, above))
                headers = re.search(r"(?:plain headers|parts) of ([\w, ]+)", may_include)
                self.assertEqual({name.split("/")[0] for name in allowed if "/" in name},
                                 set(headers[1].split(", ")) if headers else set())
            above.add(folder)


class GoodTrees(unittest.TestCase):
    def test_ordinary_code_has_no_findings(self):
        files = {"lib/net/a.h": header("net", GOOD_CODE, "#include <vector>\n"),
                 "lib/exchange/b.h": header("exchange", includes='#include <atomic>\n\n#include "net/a.h"\n'),
                 "lib/health/misc_check.h": header("health"),
                 "README.md": "é" * 120 + "\n" + "|" * 160 + "\n",
                 "conf/a.conf": "x\n", "tests/a.sh": "#!/bin/sh\n# SPDX-License-Identifier: BSD-3-Clause\ntrue a.conf\n"}
        self.assertEqual([], findings_of(files))

    def test_a_class_may_have_30_methods_beside_what_each_has(self):
        self.assertEqual([], findings_of({"lib/net/a.h": header("net", class_of(30))}))

    def test_an_overload_set_is_one_method(self):
        overloads = "".join(f"    void f0(int (&x)[{i + 1}]);\n" for i in range(11))
        methods = class_of(30).replace("    void f0();\n", overloads)
        self.assertEqual([], findings_of({"lib/net/a.h": header("net", methods)}))

    def test_namesakes_in_two_folders_or_two_sources_are_two_classes(self):
        local = "namespace {\nclass A {\n    void f();\n};\nvoid A::f() {}\n}  // namespace\n"
        files = {"lib/net/a.cc": source("net", local), "lib/net/b.cc": source("net", local)}
        for folder in ("flow", "vrrp"):
            files[f"lib/{folder}/a.h"] = header(folder, class_of(1))
            files[f"lib/{folder}/a.cc"] = source(folder, "void A::f0() {}\n")
        self.assertEqual([], findings_of(files))

    def test_a_folder_may_have_30_files_beside_its_page_and_its_build(self):
        self.assertEqual([], findings_of({f"lib/net/a{i}.h": header("net") for i in range(30)}))

    def test_a_folder_may_be_an_eighth_of_the_library(self):
        files = {f"lib/{folder}/{i}.h": header(folder, "// line\n" * 520) for i in range(3) for folder in
                 ("net", "flow", "vrrp", "balance", "config", "port", "health", "exchange")}
        self.assertEqual([], findings_of(files))

    def test_functions_are_measured_from_head_to_brace(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "a.cc"
            path.write_text("namespace a {\nint f(int x,\n      int y) {\n    if (x) {\n        y = 1;\n    }\n    return y;\n}\n}\n")
            measured = list(tidy.functions(tidy.Source(pathlib.Path(folder), path)))
        self.assertEqual([(2, 7)], [(line, length) for line, length, _ in measured])


if __name__ == "__main__":
    unittest.main()
