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
import re
import shutil
import sys
import tempfile

import tap

OPTIONS = ["--drop-private-types", "--no-show-locs", "--no-comp-dir-path", "--no-corpus-path", "--no-elf-needed"]

PLACE = re.compile(r"path='[^']*/(?=(?:lib|include)/)")  # of sources, as the compiler was given them


def dump(top, library, output):
    where = ["--headers-dir", pathlib.Path(top).resolve() / "include"]
    tap.must(["abidw", *where, *OPTIONS, "--type-id-style", "hash", library, "--out-file", output])
    text = pathlib.Path(output).read_text()
    tap.expect("<elf-symbol " in text, "the dump of", library, "holds no symbol")
    tap.expect("<data-member " in text, "the dump of", library, "holds no field: it was built without -g")
    pathlib.Path(output).write_text(PLACE.sub("path='", text))


def compare(top, library, baseline):
    with tempfile.TemporaryDirectory() as folder:
        now = pathlib.Path(folder) / "now.abi"
        dump(top, library, now)
        done = tap.run(["abidiff", "--no-show-locs", baseline, now])
    tap.expect(done.returncode == 0, f"abidiff says {done.returncode}: renew the baseline with "
               "tests/gates/abi/renew if the change is wanted\n", done.stdout, done.stderr)


# What changes, whether the comparison must refuse it, and the edits of the public headers and of the few sources of a
# small library.
ERROR, ENV, ENV_C = "include/aftersales/error.h", "include/aftersales/env.h", "lib/base/env.c"
REFUSED, ACCEPTED = True, False
MUTANTS = [
    ("no change", ACCEPTED, []),
    ("a field inserted into a struct", REFUSED, [
        (ENV, "  const char *name;    ", "  int64_t other;\n  const char *name;    ")]),
    ("a field appended to a struct", REFUSED, [(ENV, "  uint64_t retries;  ", "  uint64_t other;\n  uint64_t retries;  ")]),
    ("a field of another type", REFUSED, [(ERROR, "  uint32_t column;", "  uint64_t column;")]),
    ("a parameter of another type", REFUSED, [
        (ERROR, "aft_status_name(aft_status status)", "aft_status_name(int64_t status)"),
        ("lib/base/error.c", "aft_status_name(aft_status status)", "aft_status_name(int64_t status)")]),
    ("a result of another type", REFUSED, [
        (ENV, "AFT_API int64_t aft_env_now(", "AFT_API uint32_t aft_env_now("),
        (ENV_C, "int64_t aft_env_now(", "uint32_t aft_env_now(")]),
    ("a function that vanished", REFUSED, [
        (ERROR, "AFT_API int aft_status_is_transient", "int aft_status_is_transient")]),
    ("a function that was added", REFUSED, [
        (ERROR, "AFT_API const char *aft_status_text", "AFT_API int aft_status_count(void);\nAFT_API const char *aft_status_text"),
        ("lib/base/error.c", "const char *aft_status_name", "int aft_status_count(void) { return 3; }\nconst char *aft_status_name")]),
    ("a callback of another type", REFUSED, [(ENV, "(*random)(void *user, void *bytes, size_t n)",
                                             "(*random)(void *user, void *bytes, uint32_t n)")]),
    ("an opaque struct that changed", ACCEPTED, [("lib/base/base.h", "struct aft_env {", "struct aft_env {\n  int64_t other;")]),
]
SOURCES = ["base/error.c", "base/version.c", "base/env.c"]


def small_library(top, output):
    """Enough of the library to see the structs and functions that the mutants change."""
    words = ["-std=c11", "-D_POSIX_C_SOURCE=200809L", "-g", "-fPIC", "-shared", "-fvisibility=hidden", "-w"]
    sources = [top / "lib" / s for s in SOURCES]
    tap.must([os.environ.get("CC", "cc"), *words, f"-I{top / 'include'}", f"-I{top / 'lib'}", *sources, "-o", output])


def copy(top, place):
    for name in ("include", "lib"):
        shutil.copytree(top / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
    return place


def refuses(top, library, baseline):
    try:
        compare(top, library, baseline)
    except tap.Fault:
        return True
    return False


def mutant(top, scratch, refused, edits):
    def case():
        place = copy(top, scratch / "mutant")
        try:
            for name, old, new in edits:
                text = (place / name).read_text()
                tap.expect(old in text, name, "no longer contains", repr(old), "- the mutant needs a new place")
                (place / name).write_text(text.replace(old, new, 1))
            small_library(place, scratch / "mutant.so")
            tap.expect(refuses(place, scratch / "mutant.so", scratch / "baseline.abi") == refused,
                       "the comparison passed it" if refused else "the comparison refused it")
        finally:
            shutil.rmtree(place)

    return case


def same_text(scratch):
    """What is built and dumped again, in another folder, has the same bytes: a baseline tells nothing of its place."""
    def case():
        small_library(scratch / "elsewhere", scratch / "again.so")
        dump(scratch / "elsewhere", scratch / "again.so", scratch / "again.abi")
        same = (scratch / "again.abi").read_bytes() == (scratch / "baseline.abi").read_bytes()
        tap.expect(same, "the baseline differs from one made in another folder")

    return case


def mutants(top):
    with tempfile.TemporaryDirectory() as folder:
        scratch = pathlib.Path(folder)
        for name in ("sound", "elsewhere"):
            copy(top, scratch / name)
        small_library(scratch / "sound", scratch / "sound.so")
        dump(scratch / "sound", scratch / "sound.so", scratch / "baseline.abi")
        tap.main([(f"{name}: {'refused' if refused else 'accepted'}", mutant(top, scratch, refused, edits))
                  for name, refused, edits in MUTANTS] + [("a baseline is the same wherever it is made", same_text(scratch))])


def main():
    verb, top, *rest = sys.argv[1:]
    if verb == "mutants":
        mutants(pathlib.Path(top).resolve())
    try:
        {"dump": dump, "compare": compare}[verb](top, *rest)
    except tap.Fault as fault:
        sys.exit(str(fault))


if __name__ == "__main__":
    main()
