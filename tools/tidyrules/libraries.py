# SPDX-License-Identifier: BSD-3-Clause
"""How large a folder of lib/ may become before it is to be split."""
import collections

FILES = 30  # .h and .cc; README.md and meson.build, which each folder has, do not count
SHARE = 13  # percent of lib's lines of C++
SHARE_FROM = 10_000  # lines in lib: before that, one of few folders is easily the half


def cxx_of_lib(sources):
    by_folder = collections.defaultdict(list)
    for source in sources:
        if source.is_cxx and source.name.startswith("lib/"):
            by_folder[source.folder].append(source)
    return by_folder


def check_files(sources, report):
    for folder, files in cxx_of_lib(sources).items():
        if len(files) > FILES:
            report.add("folder", folder, 1, f"{len(files)} files (.h and .cc), {FILES} are allowed")


def check_shares(sources, report):
    lines = {folder: sum(len(source.lines) - 1 for source in files) for folder, files in cxx_of_lib(sources).items()}
    total = sum(lines.values())
    for folder, count in lines.items():
        if total >= SHARE_FROM and count * 100 > total * SHARE:
            report.add("folder", folder, 1, f"{count} lines are {count * 100 / total:.1f} % of lib, {SHARE} are allowed")
