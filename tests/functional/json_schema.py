# SPDX-License-Identifier: BSD-3-Clause
"""Whether `warrenctl -o json` says what tests/schema has: names, types, nothing more and nothing less.

Of JSON Schema what those files use, and an error for any other word: no package is needed for it.
"""
import json
import re

from harness import REPOSITORY

FOLDER = REPOSITORY / "tests/schema"
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float), "null": type(None)}
KNOWN = {"$schema", "$defs", "$ref", "title", "type", "properties", "required", "additionalProperties", "items", "minItems", "maxItems",
         "anyOf", "enum", "const", "pattern"}


def load(name):
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def is_of(value, kind):
    return isinstance(value, TYPES[kind]) and (kind in ("boolean", "null") or not isinstance(value, bool))


def objects(value, schema, root, at):
    known = schema.get("properties", {})
    yield from (f"{at}: {name} is missing" for name in schema.get("required", ()) if name not in value)
    for name, part in value.items():
        rest = schema.get("additionalProperties", True)
        if name not in known and rest is False:
            yield f"{at}: {name} is in no schema"
        elif name in known or isinstance(rest, dict):
            yield from problems(part, known.get(name, rest), root, f"{at}.{name}")


def problems(value, schema, root, at):
    """What is wrong with a value, in words."""
    assert set(schema) <= KNOWN, f"{at}: {set(schema) - KNOWN} is more than this reads"
    if "$ref" in schema:
        file, _, place = schema["$ref"].partition("#/$defs/")
        home = load(file) if file else root
        yield from problems(value, home["$defs"][place], home, at)
    kinds = schema.get("type", [])
    if kinds and not any(is_of(value, kind) for kind in ([kinds] if isinstance(kinds, str) else kinds)):
        yield f"{at}: {value!r} is no {kinds}"
        return
    if value not in schema.get("enum", [value]) or value != schema.get("const", value):
        yield f"{at}: {value!r} is none of {schema.get('enum', schema.get('const'))}"
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        yield f"{at}: {value!r} is not as {schema['pattern']}"
    if "anyOf" in schema:
        tried = [list(problems(value, one, root, at)) for one in schema["anyOf"]]
        yield from () if [] in tried else min(tried, key=len)
    if isinstance(value, dict):
        yield from objects(value, schema, root, at)
    if isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            yield f"{at}: {len(value)} of them"
        for number, item in enumerate(value):
            yield from problems(item, schema.get("items", {}), root, f"{at}[{number}]")


def check(name, text):
    """That the text is as the schema of that name says."""
    schema = load(f"{name}.json")
    wrong = list(problems(json.loads(text), schema, schema, name))
    assert not wrong, "\n".join(wrong[:20])
