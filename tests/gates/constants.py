"""Gate: every public constant has the number that tests/gates/abi/constants.txt pins. abidiff does not see macros.

Usage: constants.py ROOT            compares
       constants.py --write ROOT    writes the list"""
import pathlib
import sys

import probe
import surface
import tree

PINNED = "tests/gates/abi/constants.txt"
HEAD = "# Every public constant and its number, of include/. Written by tests/gates/abi/renew.\n"


def measured(top):
    statements = [f'printf({name} < 0 ? "{name} %lld\\n" : "{name} %llu\\n", (long long)({name}));'
                  for name in surface.constants(top)]
    return probe.printed(top, statements)


def rows(text):
    return dict(line.split() for line in text.splitlines() if line and not line.startswith("#"))


def faults_of(pinned, now):
    for name in sorted(pinned.keys() | now.keys()):
        before, after = pinned.get(name), now.get(name)
        if after is None:
            yield f"{name}, pinned as {before}, is gone"
        elif before is None:
            yield f"{name} {after} is not pinned"
        elif before != after:
            yield f"{name} is {after}, pinned as {before}"


def main():
    if sys.argv[1] == "--write":
        top = pathlib.Path(sys.argv[2]).resolve()
        (top / PINNED).write_text(HEAD + measured(top))
        return
    top = tree.root()
    faults = list(faults_of(rows((top / PINNED).read_text()), rows(measured(top))))
    if faults:
        faults.append("tests/gates/abi/renew if that is wanted")
    tree.report(faults)


main()
