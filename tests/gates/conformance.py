"""The program aft-driver-conformance as an author of a driver uses it: it conforms with SQLite, loads other drivers,
catches one that lies, and is clear about bad use. Usage: conformance.py ROOT PROGRAM LIAR.so"""
import os
import pathlib
import shutil
import sys
import tempfile

import tap

PROGRAM, LIAR = (pathlib.Path(word).resolve() for word in sys.argv[2:4])
FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="aft-program-"))


def program(*arguments, lie="", status=0):
    done = tap.run([PROGRAM, *arguments], cwd=FOLDER, env={**os.environ, "AFT_LIE": lie})
    tap.expect(done.returncode == status, "exit status", done.returncode, "\n", done.stdout, done.stderr)
    tap.expect("Sanitizer" not in done.stderr, done.stderr)
    return done


def results(text):
    """The plan, and each case's name with whether it is ok."""
    lines = text.splitlines()
    tap.expect(lines and lines[0].startswith("1.."), "there is no plan:", text[:200])
    rows = [line.split(" - ", 1) for line in lines if line.startswith(("ok ", "not ok "))]
    tap.expect(len(rows) == int(lines[0][3:]), len(rows), "cases for the plan", lines[0])
    return {name.split(" # ")[0]: head.startswith("ok") for head, name in rows}


def sqlite_conforms():
    done = program(FOLDER / "sqlite.db")
    cases = results(done.stdout)
    tap.expect(all(cases.values()) and "SKIP" not in done.stdout, done.stdout)
    listed = [line.split()[0] for line in program("--list").stdout.splitlines()]
    tap.expect(listed == list(cases), "--list differs:", sorted(set(listed) ^ set(cases)))


def another_driver_is_loaded():
    for spec in (f"{LIAR}:liar", f"{LIAR.name}:liar"):
        if "/" not in spec:
            shutil.copy(LIAR, FOLDER)
        done = program("--driver", spec, FOLDER / "other.db")
        cases = results(done.stdout)
        tap.expect(all(cases.values()) and cases["attach.commit"] and "SKIP" not in done.stdout, done.stdout)


def a_lie_is_caught():
    done = program("--driver", f"{LIAR}:liar", "--only", "values.", FOLDER / "lie.db", lie="trims texts", status=1)
    wrong = [name for name, good in results(done.stdout).items() if not good]
    tap.expect(wrong == ["values.text_exact"], wrong)
    tap.expect("#   contract: a text is neither trimmed" in done.stdout, done.stdout)


def a_part_is_run():
    cases = results(program("--only", "savepoint.", FOLDER / "part.db").stdout)
    tap.expect(len(cases) == 4 and all(name.startswith("savepoint.") for name in cases), cases)


def help_is_given():
    for word in ("--help", "-h"):
        tap.expect("--driver PATH.so:SYMBOL" in program(word).stdout, "there is no help")


def refuses(words, *arguments):
    def run():
        done = program(*arguments, status=2)
        tap.expect(words in done.stderr and not done.stdout, "expected", repr(words), "in", done.stderr, done.stdout)

    return run


CASES = [
    ("SQLite conforms, and every case is listed", sqlite_conforms),
    ("another driver is loaded from a shared object", another_driver_is_loaded),
    ("a driver that lies fails by name and sentence", a_lie_is_caught),
    ("a part of the suite is run", a_part_is_run),
    ("help is given", help_is_given),
    ("no DSN", refuses("a DSN is missing")),
    ("two DSNs", refuses("one DSN is enough", "a.db", "b.db")),
    ("an unknown option", refuses("unknown option --colour", "--colour", "a.db")),
    ("an option without its value", refuses("--only needs a value", "a.db", "--only")),
    ("a driver without a symbol", refuses("expected PATH.so:SYMBOL", "--driver", "driver.so", "a.db")),
    ("a shared object that is not there", refuses("nowhere.so", "--driver", "/nowhere.so:d", "a.db")),
    ("a function that is not there", refuses("has no function nothing", "--driver", f"{LIAR}:nothing", "a.db")),
    ("a part that is not there", refuses("no case begins with no.such", "--only", "no.such", "a.db")),
]

try:
    tap.main(CASES)
finally:
    shutil.rmtree(FOLDER)
