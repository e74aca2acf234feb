"""Shows that the tests of behaviour can fail: builds one file of the library with a fault in it, links a test program
against that and the rest as it is, and expects the program to fail. Usage: behaviour.py ROOT PLAIN_FOLDER"""
import os
import pathlib
import shutil
import sys
import tempfile

import tap
import tree

TOP, LIBRARY = tree.root(), pathlib.Path(sys.argv[2]).resolve() / "usr/lib/libaftersales.a"
SUPPORT = ["desk_fixture.c", "fault_alloc.c", "kill_vfs.c", "random.c", "test_place.c"]
LIBS = ["-lcmocka", "-lsqlite3", "-lutf8proc", "-lyaml", "-lpthread", "-lm"]

SEED = "3"  # of the random tests: one that is known to meet every fault

# What is wrong, the test program that must notice, the file to build, and the edit: (file, text, replacement).
MUTANTS = [
    ("an allocation is not checked", "alloc_sweep", "lib/desk/record.c",
     ("lib/desk/record.c", "  if (!record)\n    return aft__nomem(error);\n", "")),
    ("memory leaks when a call fails", "alloc_sweep", "lib/desk/command.c",
     ("lib/desk/command.c", "    aft_buf_free(*place);\n", "    (void)0;\n")),
    ("a unique index is dropped from its table", "constraints", "lib/desk/tables/tables.c",
     ("lib/desk/tables/message.def", "AFT__INDEX(MESSAGE, BY_EXTERNAL, external, 1,",
      "AFT__INDEX(MESSAGE, BY_EXTERNAL, external, 0,")),
    ("a redelivered message is not looked for", "desk", "lib/desk/intake/intake.c",
     ("lib/desk/intake/intake.c", "  if (before != AFT_OK)\n    return before;\n", "  (void)before;\n")),
    ("thanks count as a reply", "desk", "lib/desk/intake/intake.c",
     ("lib/desk/intake/intake.c", 'intake->thanks ? "acknowledge" : "customer_reply"', '"customer_reply"')),
    ("an unknown commit has no proof", "desk", "lib/store/event_log.c",
     ("lib/store/event_log.c", "  if (!tx->proof.table)\n", "  if (false)\n")),
    ("a buyer reads every ticket", "access", "lib/desk/access.c",
     ("lib/desk/access.c", "  return part ? AFT_OK", "  return part || true ? AFT_OK")),
    ("refusals are not kept", "access", "lib/desk/command.c",
     ("lib/desk/command.c", "  if (is_refusal(command, status))\n", "  if (false)\n")),
]


def build(scratch, test, source):
    program = scratch / f"test_{test}"
    tap.must([os.environ.get("CC", "cc"), "-std=c11", "-D_POSIX_C_SOURCE=200809L", "-DAFT_STATIC", "-g",
              f"-I{scratch / 'include'}", f"-I{scratch / 'lib'}", f"-I{TOP / 'tests/support'}",
              TOP / f"tests/unit/test_{test}.c", *(TOP / "tests/support" / name for name in SUPPORT),
              scratch / source, LIBRARY, *LIBS, "-o", program])
    return program


def case(scratch, test, source, edit):
    name, old, new = edit

    def run():
        text = (scratch / name).read_text()
        tap.expect(old in text, name, "no longer contains", repr(old), "- the mutant needs a new place")
        sound = tap.run([build(scratch, test, source)])
        tap.expect(sound.returncode == 0, "fails without the fault:\n", sound.stdout[-2000:], sound.stderr[-2000:])
        try:
            (scratch / name).write_text(text.replace(old, new, 1))
            broken = tap.run([build(scratch, test, source)], env={**os.environ, "AFT_SEED": SEED})
        finally:
            (scratch / name).write_text(text)
        tap.expect(broken.returncode != 0, f"test_{test} did not notice")

    return run


def main():
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="aft-behaviour-"))
    try:
        for folder in ("include", "lib"):
            shutil.copytree(TOP / folder, scratch / folder, ignore=shutil.ignore_patterns("__pycache__"))
        tap.main([(title, case(scratch, test, source, edit)) for title, test, source, edit in MUTANTS])
    finally:
        shutil.rmtree(scratch)


main()
