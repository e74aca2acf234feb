"""Gate: the library has no writable globals. Only tables of constants that hold addresses (.data.rel.ro) may be
written to, once, by the loader. Usage: writable.py ROOT OBJECT_OR_ARCHIVE…"""
import re
import subprocess
import sys

import tree

WRITABLE = re.compile(r"\.(t?data|t?bss)(?!\.rel\.ro)(\.|$)")
ROW = re.compile(r"^\s*\d+\s+(\S+)\s+([0-9a-f]{8,})\s")
OBJECT = re.compile(r"^(\S+):\s+file format")


def sections(path):
    """Each section of each object: object, section, size."""
    out = subprocess.run(["objdump", "-h", "-w", path], check=True, capture_output=True, text=True).stdout
    name = path
    for line in out.splitlines():
        start, row = OBJECT.match(line), ROW.match(line)
        if start:
            name = start.group(1)
        elif row:
            yield name, row.group(1), int(row.group(2), 16)


def common(path):
    out = subprocess.run(["nm", "-A", path], check=True, capture_output=True, text=True).stdout
    return [f"{line.split()[-1]}: common symbol" for line in out.splitlines() if re.search(r"\s[Cc]\s", line)]


def main():
    faults, seen = [], 0
    for path in sys.argv[2:]:
        for name, section, size in sections(path):
            seen += section.startswith(".text")
            if size and WRITABLE.match(section):
                faults.append(f"{name}: {size} bytes in {section}")
        faults += common(path)
    tree.report(faults or ([] if seen else ["no object at all: nothing was examined"]))


main()
