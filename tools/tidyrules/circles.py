# SPDX-License-Identifier: BSD-3-Clause
"""Circles of includes that no compiler sees: through sources.

A header and its source are one thing to a reader. If b.cc includes a.h and a.h includes b.h, neither can be understood, tested or
moved without the other, although no two headers include each other.
"""
import pathlib


def stem_of(name):
    return str(pathlib.PurePosixPath(name).with_suffix(""))


def graph_of(sources):
    """Stem (path without suffix) -> the stems that it includes; those of lib/ only."""
    graph = {}
    for source in sources:
        if source.is_cxx and source.name.startswith("lib/"):
            targets = graph.setdefault(stem_of(source.name), set())
            targets.update(stem_of("lib/" + target) for _, target, quoted in source.includes() if quoted)
    return {stem: {target for target in targets if target in graph and target != stem} for stem, targets in graph.items()}


def reachable(graph, start):
    seen, waiting = set(), [start]
    while waiting:
        for target in graph[waiting.pop()]:
            if target not in seen:
                seen.add(target)
                waiting.append(target)
    return seen


def check_circles(sources, report):
    graph = graph_of(sources)
    ways = {stem: reachable(graph, stem) for stem in graph}
    names = {stem_of(source.name): source.name for source in reversed(sources) if source.is_cxx}
    told = set()
    for stem in sorted(graph):
        circle = sorted({other for other in ways[stem] if stem in ways[other]})
        if circle and stem not in told:
            told.update(circle)
            report.add("cycle", names[stem], 1, "headers and sources include in a circle: " + ", ".join(circle))
