"""Gate: the functions of the public headers, of the symbol map and of the built library are the same.
Usage: symbols.py ROOT LIBRARY.so"""
import re
import subprocess
import sys

import tree

DECLARED = re.compile(r"\bAFT_API\b[^;{(]*?\b(\w+)\s*\(")
NODE = "AFTERSALES_0.1"


def declared(top):
    text = "".join(tree.without_comments(p.read_text()) for p in tree.public_headers(top))
    text = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", "", text, flags=re.M)
    return {(name, NODE) for name in DECLARED.findall(text)}


def mapped(top):
    names, node, shown = set(), None, False
    for line in tree.without_comments((top / "lib/libaftersales.map").read_text()).splitlines():
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


def main():
    top = tree.root()
    in_headers, in_map, in_library = declared(top), mapped(top), exported(sys.argv[2])
    faults = differences("the headers", in_headers, "lib/libaftersales.map", in_map)
    faults += differences("lib/libaftersales.map", in_map, "the built library", in_library)
    tree.report(faults or ([] if in_library else ["no symbol at all: nothing was compared"]))


main()
