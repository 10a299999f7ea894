# SPDX-License-Identifier: BSD-3-Clause
"""Classes and functions as universal-ctags sees them, and the rules that need them."""
import collections
import json
import re
import subprocess

METHODS = 30  # of a class, overloads as one, without constructors, destructor and operators: what its reader has to know


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
    """How many methods a class declares; an overload set is one, for it is one thing done to several types."""
    methods = collections.defaultdict(set)
    for function in tags.functions:
        first, last = tags.classes.get((function.file, function.scope), (0, -1))
        if first <= function.line <= last and function.is_ordinary():
            methods[function.file, function.scope].add(function.name)
    for (file, scope), names in methods.items():
        if len(names) > METHODS:
            report.add("class", file, tags.classes[file, scope][0],
                       f"{scope.split('::')[-1]} has {len(names)} methods, {METHODS} are allowed")


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


def count_words(sources):
    words = collections.Counter()
    for source in sources:
        words.update(re.findall(r"[A-Za-z_]\w*", source.code))
        for line in source.lines:
            if re.match(r"\s*#\s*define\b", line):  # `code` has no preprocessor lines
                words.update(re.findall(r"[A-Za-z_]\w*", line))
    return words


def is_override(function, lines):
    """Its base calls it, which may be another library's."""
    declaration = " ".join(lines[function.line - 1:function.line + 3])
    return re.match(r"[^;{]*\boverride\b", declaration) is not None


def check_calls(tags, sources, report):
    """Functions whose name stands only where they are declared, defined or call themselves.

    Namesakes count as one, so some dead ones stay unseen; none that lives is found.
    """
    uses = count_words(sources)
    code = {source.name: source.code.split("\n") for source in sources}
    places = {(function.name, function.file, function.line): function for function in tags.functions}
    for function in places.values():
        text = code[function.file][function.line - 1:function.end if function.is_definition else function.line]
        uses[function.name] -= max(1, len(re.findall(rf"\b{re.escape(function.name)}\b", "\n".join(text))))
    overrides = {function.name for function in tags.functions if is_override(function, code[function.file])}
    for function in tags.functions:
        if uses[function.name] <= 0 and function.name not in overrides and function.is_ordinary() and function.name != "main":
            report.add("uncalled", function.file, function.line, f"nobody but tests calls {function.name}()")


def check_tags(sources, report):
    sources = [source for source in sources if source.is_cxx and source.name.startswith(("lib/", "app/"))]
    tags = Tags(sources)
    check_methods(tags, report)
    check_homes(tags, report)
    check_calls(tags, sources, report)
