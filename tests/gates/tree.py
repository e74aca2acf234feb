"""What the gates share: the files of the tree, and how a gate reports. Every gate takes the tree's root as its
first argument, so that mutants.py can run it over a changed copy."""
import os
import pathlib
import re
import sys

SKIPPED = {".git", "build", "__pycache__", ".hypothesis", ".pytest_cache"}


def root():
    return pathlib.Path(sys.argv[1]).resolve()


def files(top, *suffixes):
    """Files below a folder, sorted; without what is built, fetched or Git's own."""
    found = []
    for folder, folders, names in os.walk(top):
        here = pathlib.Path(folder)
        folders[:] = [f for f in folders if f not in SKIPPED]
        if here.name == "subprojects":
            folders[:] = [f for f in folders if f == "packagefiles"]
        found += [here / n for n in names if not suffixes or n.endswith(suffixes)]
    return sorted(found)


def without_comments(text):
    """Comments become blanks of the same number of lines."""
    return re.sub(r"/\*.*?\*/", lambda m: " " + "\n" * m.group(0).count("\n"), text, flags=re.S)


def public_headers(top):
    return files(top / "include", ".h")


def report(faults):
    for fault in faults:
        print(fault)
    sys.exit(1 if faults else 0)
