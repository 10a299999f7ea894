#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The page's style and script as a C++ header, with the hashes that its Content-Security-Policy names.

    embed.py STYLE SCRIPT > HEADER
"""
import base64
import hashlib
import pathlib
import sys


def constant(name, text):
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return (f'inline constexpr std::string_view {name} = R"~~({text})~~";\n'
            f'inline constexpr std::string_view {name}_hash = "sha256-{digest}";\n')


def main(style, script):
    print("// SPDX-License-Identifier: BSD-3-Clause\n// Made by embed.py.\n#pragma once\n\n#include <string_view>\n\n"
          "namespace warren::page {\n")
    print(constant("style_text", pathlib.Path(style).read_text(encoding="utf-8")))
    print(constant("script_text", pathlib.Path(script).read_text(encoding="utf-8")))
    print("}  // namespace warren::page")


if __name__ == "__main__":
    main(*sys.argv[1:])
