"""Gate: programs of earlier versions work with the library of today. Each tests/gates/client/vVERSION holds the headers
of a version and a program that was compiled with them; what it prints is expected.txt. Prints TAP.

Usage: clients.py ROOT PLAIN_FOLDER
       clients.py --write ROOT LIBRARY_FOLDER    writes each expected.txt"""
import os
import pathlib
import sys
import tempfile

import tap
import tree


def kept(top):
    return sorted(path.parent for path in (top / "tests/gates/client").glob("v*/kept.c"))


def build(version, libdir, folder):
    """With the kept headers alone."""
    program = pathlib.Path(folder) / "kept"
    tap.must([os.environ.get("CC", "cc"), "-std=c99", "-Wall", "-Wextra", "-Werror", "-Wno-missing-field-initializers",
              f"-I{version / 'include'}", version / "kept.c", f"-L{libdir}", "-laftersales", "-o", program])
    needed = tap.must(["readelf", "-d", program])
    tap.expect("libaftersales.so" in needed, "the client is not linked with the shared library:", needed)
    return program


def printed(program, libdir, dsn):
    return tap.must([program, dsn], env={**os.environ, "LD_LIBRARY_PATH": str(libdir)})


def case(version, libdir, memory):
    def run():
        with tempfile.TemporaryDirectory(prefix="aft-kept-") as folder:
            program = build(version, libdir, folder)
            said = printed(program, libdir, "memory:" if memory else f"{folder}/kept.db")
        expected = (version / "expected.txt").read_text()
        tap.expect(said == expected, f"printed\n{said}\nexpected\n{expected}\ntests/gates/abi/renew if that is wanted")

    return run


def write(top, libdir):
    for version in kept(top):
        with tempfile.TemporaryDirectory(prefix="aft-kept-") as folder:
            said = printed(build(version, libdir, folder), libdir, "memory:")
            (version / "expected.txt").write_text(said)


def main():
    if sys.argv[1] == "--write":
        write(pathlib.Path(sys.argv[2]).resolve(), pathlib.Path(sys.argv[3]).resolve())
        return
    top, libdir = tree.root(), pathlib.Path(sys.argv[2]).resolve() / "usr/lib"
    tap.main([(f"a client of {version.name[1:]} works, with a store in {'memory' if memory else 'SQLite'}",
               case(version, libdir, memory)) for version in kept(top) for memory in (True, False)]
             or [("kept clients", lambda: tap.expect(False, "there is none: nothing was examined"))])


main()
