"""Gate: each public header compiles alone, as C99 and as C++17, without a warning; so does the header for
foreign-function interfaces, as C. Usage: headers.py ROOT [FFI_HEADER]"""
import os
import subprocess
import sys

import tree

STRICT = ["-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only", "-"]
C99 = [os.environ.get("CC", "cc"), "-x", "c", "-std=c99"]
CXX17 = [os.environ.get("CXX", "c++"), "-x", "c++", "-std=c++17"]


def compiles(command, source, top):
    run = subprocess.run(command + [f"-I{top / 'include'}"] + STRICT, input=source, capture_output=True, text=True)
    return run.returncode == 0, run.stderr


def checks(top, ffi):
    for header in tree.public_headers(top):
        name = str(header.relative_to(top / "include"))
        # Twice, so that a missing guard shows.
        source = f"#include <{name}>\n#include <{name}>\n"
        yield f"{name} as C99", C99, source
        yield f"{name} as C++17", CXX17, source
    if ffi:
        yield "aftersales.ffi.h", C99, "#include <stddef.h>\n#include <stdint.h>\n" + open(ffi).read()


def main():
    top = tree.root()
    rows = list(checks(top, sys.argv[2] if len(sys.argv) > 2 else None))
    failed = 0
    print(f"1..{len(rows)}")
    for number, (what, command, source) in enumerate(rows, 1):
        good, said = compiles(command, source, top)
        print(f"{'ok' if good else 'not ok'} {number} - {what}")
        if not good:
            failed = 1
            print("".join(f"# {line}\n" for line in said.splitlines()), end="")
    sys.exit(failed)


main()
