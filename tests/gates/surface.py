"""What the public headers declare, read from their text: structs with their fields, functions with their parameters,
constants. What is written in a way that this reader does not follow is a fault, never passed over."""
import re
from collections import namedtuple

import tree

Struct = namedtuple("Struct", "name fields header start")  # fields: (name, type, bytes of an array or "")
Function = namedtuple("Function", "name result parameters header start")  # parameters: (type, name)
Macro = namedtuple("Macro", "name parameters value header start")

STRUCT = re.compile(r"typedef\s+struct\s+(\w+)\s*\{(.*?)\}\s*(\w+)\s*;", re.S)
FUNCTION = re.compile(r"\bAFT_API\s+([^;{}()]*?)\b(\w+)\s*\(([^;{}]*)\)\s*;", re.S)
MACRO = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)(\([^)\n]*\))?[ \t]*((?:[^\n]*\\\n)*[^\n]*)$", re.M)
ENUM = re.compile(r"\benum\b[^{;()]*\{(.*?)\}", re.S)
CALLBACK = re.compile(r"^(.*?)\(\s*\*\s*(\w+)\s*\)\s*\((.*)\)$", re.S)
FIELD = re.compile(r"^(.*?[\s*])(\w+)((?:\s*\[[^\]]*\])*)$", re.S)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.M)


class Unread(Exception):
    """A declaration that this reader does not follow."""


def blank(text):
    """Comments become blanks: every other character stays in its place."""
    return re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m.group(0)), text, flags=re.S)


def code(text):
    """Without the preprocessor's lines too."""
    return DIRECTIVE.sub(lambda m: re.sub(r"[^\n]", " ", m.group(0)), blank(text))


def words(text):
    return re.sub(r"\s+", " ", text).strip()


def field(text):
    called = CALLBACK.match(text)
    if called:
        return [(called.group(2), words(f"{called.group(1)}(*)({called.group(3)})"), "")]
    first, *others = text.split(",")
    found = FIELD.match(first)
    if not found or re.search(r"[{}():]", text):
        raise Unread(f"a field that is not understood: {text}")
    kind = found.group(1)
    rows = [(found.group(2), words(kind), found.group(3))]
    for other in others:
        pointer, name, array = re.match(r"^\s*(\**)\s*(\w+)((?:\s*\[[^\]]*\])*)$", other).groups()
        rows.append((name, words(kind.replace("*", "") + pointer), array))
    return rows


def structs_of(header):
    text = code(header.read_text())
    for match in STRUCT.finditer(text):
        name, body, again = match.groups()
        if name != again:
            raise Unread(f"{header.name}: struct {name} is called {again} too")
        fields = [row for part in body.split(";") if part.strip() for row in field(words(part))]
        yield Struct(name, fields, header, match.start())
    bodies = len(re.findall(r"\b(?:struct|union)\b[^;(){}]*\{", text))
    if bodies != len(STRUCT.findall(text)):
        raise Unread(f"{header.name}: a struct or union is not written as: typedef struct NAME {{ … }} NAME;")


def parameter(text):
    found = re.match(r"^(.*?[\s*])(\w+)$", text)
    if not found:
        raise Unread(f"a parameter without a name: {text}")
    return re.sub(r"\s*(\*+)$", r" \1", words(found.group(1))), found.group(2)


def functions_of(header):
    text = code(header.read_text())
    for match in FUNCTION.finditer(text):
        result, name, inside = match.groups()
        inside = words(inside)
        if "(" in inside:
            raise Unread(f"{header.name}: {name} has a callback parameter without a type of its own")
        parameters = [] if inside == "void" else [parameter(p.strip()) for p in inside.split(",")]
        yield Function(name, words(result), parameters, header, match.start())
    if text.count("AFT_API") != len(FUNCTION.findall(text)):
        raise Unread(f"{header.name}: a use of AFT_API is not understood")


def macros_of(header):
    """Every AFT_ macro but the guard of the header."""
    for match in MACRO.finditer(blank(header.read_text())):
        name, parameters, value = match.groups()
        if name.startswith("AFT_"):
            yield Macro(name, parameters, words(value.replace("\\\n", " ")), header, match.start())


def enumerators_of(header):
    for match in ENUM.finditer(code(header.read_text())):
        yield from re.findall(r"(?:^|,)\s*(\w+)", match.group(1))


def shared_headers(top):
    """The headers of the shared library. The conformance suite is linked statically, by the program that is compiled
    with its header: it has no binary interface."""
    return [h for h in tree.public_headers(top) if h.name != "conformance.h"]


def each(top, reader):
    return [found for header in shared_headers(top) for found in reader(header)]


def constants(top):
    """Names of macros and enumerators that are a number. The version moves by itself."""
    names = [m.name for m in each(top, macros_of)
             if not m.parameters and re.match(r"[-(\w]", m.value) and not re.match(r"__|AFT_VERSION", m.value)]
    names += each(top, enumerators_of)
    return sorted({n for n in names if not n.startswith("AFT_VERSION_") and n != "AFT_API"})


def includes(top):
    names = [str(h.relative_to(top / "include")) for h in shared_headers(top)]
    return "".join(f"#include <{name}>\n" for name in names)
