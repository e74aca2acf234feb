"""Gate: for each shared object the functions of its public headers, of its symbol map and of the built library are the
same. Usage: symbols.py ROOT LIBRARY.so…"""
import pathlib
import re
import subprocess
import sys

import tree

DECLARED = re.compile(r"\bAFT_API\b[^;{(]*?\b(\w+)\s*\(")

# The headers of an object that are not the core's, its map, and the node of its functions.
OBJECTS = {
    "libaftersales.so": (None, "lib/libaftersales.map", "AFTERSALES_0.1"),
    "libaftersales-pg.so": ("aftersales/postgres.h", "lib/postgres/libaftersales-pg.map", "AFTERSALES_PG_0.1"),
}


def headers_of(top, header):
    apart = [top / "include" / other for other, _, _ in OBJECTS.values() if other]
    return [top / "include" / header] if header else [p for p in tree.public_headers(top) if p not in apart]


def declared(top, header, node):
    text = "".join(tree.without_comments(p.read_text()) for p in headers_of(top, header))
    text = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", "", text, flags=re.M)
    return {(name, node) for name in DECLARED.findall(text)}


def mapped(top, symbol_map):
    names, node, shown = set(), None, False
    for line in tree.without_comments((top / symbol_map).read_text()).splitlines():
        word = line.strip().rstrip(";{ ")
        if line.rstrip().endswith("{"):
            node = word
        elif word in ("global:", "local:"):
            shown = word == "global:"
        elif shown and word and not word.startswith("}"):
            names.add((word, node))
    return names


def exported(library):
    out = subprocess.run(["nm", "-D", "--defined-only", library], check=True, capture_output=True, text=True).stdout
    rows = [line.split() for line in out.splitlines()]
    return {tuple(row[2].split("@@")) for row in rows if row[1] != "A"}


def differences(name_a, a, name_b, b):
    faults = [f"{' of '.join(s)}: in {name_a}, not in {name_b}" for s in sorted(a - b)]
    return faults + [f"{' of '.join(s)}: in {name_b}, not in {name_a}" for s in sorted(b - a)]


def faults_of(top, library):
    name = pathlib.Path(library).name
    header, symbol_map, node = OBJECTS[name]
    in_headers, in_map, in_library = declared(top, header, node), mapped(top, symbol_map), exported(library)
    faults = differences(f"the headers of {name}", in_headers, symbol_map, in_map)
    faults += differences(symbol_map, in_map, f"the built {name}", in_library)
    return faults or ([] if in_library else [f"{name}: no symbol at all: nothing was compared"])


def main():
    top = tree.root()
    tree.report([fault for library in sys.argv[2:] for fault in faults_of(top, library)])


main()
