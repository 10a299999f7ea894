# SPDX-License-Identifier: BSD-3-Clause
"""Classes and functions as universal-ctags sees them, and the rules that need them."""
import collections
import json
import re
import subprocess

METHODS = 30  # of a class, without constructors, destructor and operators: what its reader has to know


class Function:
    """One declaration or definition; `scope` is the full name of the class or namespace."""

    def __init__(self, tag, file):
        self.name = tag["name"]
        self.file = file
        self.line = tag["line"]
        self.end = tag.get("end", tag["line"])
        self.scope = tag.get("scope", "")
        self.is_member = tag.get("scopeKind") in ("class", "struct")
        self.is_definition = tag["kind"] == "function"

    def is_ordinary(self):
        """Neither constructor, destructor nor operator: those are called without their name."""
        return not re.match(r"~|operator\b", self.name) and self.name != self.scope.split("::")[-1]


class Tags:
    def __init__(self, sources):
        self.functions = []
        self.classes = {}  # (file, full name) -> (first line, last line)
        names = {str(source.path): source.name for source in sources}
        if not names:
            return
        result = subprocess.run(
            ["ctags", "--quiet", "--options=NONE", "--languages=C++", "--langmap=C++:.cc.h", "--kinds-C++=cfps",
             "--fields=+nsKeZ", "--output-format=json", "-f", "-", "-L", "-"],
            input="\n".join(names), capture_output=True, text=True, check=True)
        for line in result.stdout.splitlines():
            tag = json.loads(line)
            self.add(tag, names[tag["path"]])

    def add(self, tag, file):
        scope = tag.get("scope", "")
        if tag["kind"] in ("class", "struct"):
            full_name = f"{scope}::{tag['name']}" if scope else tag["name"]
            self.classes[file, full_name] = (tag["line"], tag.get("end", tag["line"]))
        elif not tag["name"].startswith("__anon"):  # a lambda
            self.functions.append(Function(tag, file))


def check_methods(tags, report):
    """How many methods a class declares."""
    methods = collections.Counter()
    for function in tags.functions:
        first, last = tags.classes.get((function.file, function.scope), (0, -1))
        if first <= function.line <= last and function.is_ordinary():
            methods[function.file, function.scope] += 1
    for (file, scope), count in methods.items():
        if count > METHODS:
            report.add("class", file, tags.classes[file, scope][0],
                       f"{scope.split('::')[-1]} has {count} methods, {METHODS} are allowed")


def check_homes(tags, report):
    """In how many sources the methods of a class stand: more than one cannot be followed by name."""
    homes = collections.defaultdict(set)
    for function in tags.functions:
        if function.is_member and function.is_definition and function.file.endswith(".cc"):
            homes[function.scope].add(function.file)
    declared = {scope: (file, first) for (file, scope), (first, _) in tags.classes.items()}
    for scope, files in homes.items():
        if len(files) > 1:
            file, line = declared.get(scope, (min(files), 1))
            report.add("class", file, line, f"methods of {scope.split('::')[-1]} stand in {len(files)} sources: "
                       + ", ".join(sorted(files)))


def check_tags(sources, report):
    tags = Tags([source for source in sources if source.is_cxx and source.name.startswith(("lib/", "app/"))])
    check_methods(tags, report)
    check_homes(tags, report)
