"""The binary interface: dumps it, compares two dumps, and shows that the comparison can fail.

Usage: abi.py dump ROOT LIBRARY.so OUTPUT      writes a baseline
       abi.py compare ROOT LIBRARY.so BASELINE
       abi.py mutants ROOT                     prints TAP

Both sides are dumped the same way, from where the headers stand, and the dumps are compared: with other options
abidiff takes a field inserted into a public struct for private and passes it. Exit statuses of abidiff are bits:
1 and 2 an error of use, 4 a change, 8 a removed symbol. Every one is a failure here; a wanted change renews the
baseline in the same commit."""
import os
import pathlib
import shutil
import sys
import tempfile

import tap

OPTIONS = ["--drop-private-types", "--no-show-locs", "--no-comp-dir-path", "--no-corpus-path", "--no-elf-needed"]


def dump(top, library, output):
    where = ["--headers-dir", pathlib.Path(top).resolve() / "include"]
    tap.must(["abidw", *where, *OPTIONS, "--type-id-style", "hash", library, "--out-file", output])
    tap.expect("<elf-symbol " in pathlib.Path(output).read_text(), "the dump of", library, "holds no symbol")


def compare(top, library, baseline):
    with tempfile.TemporaryDirectory() as folder:
        now = pathlib.Path(folder) / "now.abi"
        dump(top, library, now)
        done = tap.run(["abidiff", "--no-show-locs", baseline, now])
    tap.expect(done.returncode == 0, f"abidiff says {done.returncode}: renew the baseline with "
               "tests/gates/abi/renew if the change is wanted\n", done.stdout, done.stderr)


# A fault, and its edits of the public headers and the few sources of a small library.
ERROR, ENV = "include/aftersales/error.h", "include/aftersales/env.h"
MUTANTS = [
    ("a field inserted into a struct", [(ENV, "  const char *name;    ", "  int64_t other;\n  const char *name;    ")]),
    ("a field appended to a struct", [(ENV, "  uint64_t retries;  ", "  uint64_t other;\n  uint64_t retries;  ")]),
    ("a field of another type", [(ERROR, "  uint32_t column;", "  uint64_t column;")]),
    ("a parameter of another type", [
        (ERROR, "aft_status_name(aft_status status)", "aft_status_name(int64_t status)"),
        ("lib/base/error.c", "aft_status_name(aft_status status)", "aft_status_name(int64_t status)")]),
    ("a function that vanished", [(ERROR, "AFT_API int aft_status_is_transient", "int aft_status_is_transient")]),
]
SOURCES = ["base/error.c", "base/version.c", "base/env.c"]


def small_library(top, output):
    """Enough of the library to see the structs and functions that the mutants change."""
    words = ["-std=c11", "-D_POSIX_C_SOURCE=200809L", "-g", "-fPIC", "-shared", "-fvisibility=hidden", "-w"]
    sources = [top / "lib" / s for s in SOURCES]
    tap.must([os.environ.get("CC", "cc"), *words, f"-I{top / 'include'}", f"-I{top / 'lib'}", *sources, "-o", output])


def mutant(top, scratch, edits):
    def case():
        copy = scratch / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        for name in ("include", "lib"):
            shutil.copytree(top / name, copy / name)
        library, baseline = scratch / "lib.so", scratch / "baseline.abi"
        small_library(copy, library)
        dump(copy, library, baseline)
        compare(copy, library, baseline)
        for name, old, new in edits:
            text = (copy / name).read_text()
            tap.expect(old in text, name, "no longer contains", repr(old), "- the mutant needs a new place")
            (copy / name).write_text(text.replace(old, new, 1))
        small_library(copy, library)
        try:
            compare(copy, library, baseline)
        except tap.Fault:
            return
        raise tap.Fault("the comparison passed it")

    return case


def main():
    verb, top, *rest = sys.argv[1:]
    if verb == "mutants":
        with tempfile.TemporaryDirectory() as folder:
            scratch = pathlib.Path(folder)
            tap.main([(name, mutant(pathlib.Path(top), scratch, edits)) for name, edits in MUTANTS])
    try:
        {"dump": dump, "compare": compare}[verb](top, *rest)
    except tap.Fault as fault:
        sys.exit(str(fault))


if __name__ == "__main__":
    main()
