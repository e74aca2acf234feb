"""Gate: tests/summary.py counts every case and lets no crash pass. Usage: summary.py ROOT"""
import json
import pathlib
import sys
import tempfile

import tap
import tree

SUMMARY = tree.root() / "tests/summary.py"


def summary(*tests):
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder) / "testlog.json"
        log.write_text("".join(json.dumps(t) + "\n" for t in tests))
        done = tap.run([sys.executable, SUMMARY, log])
    return done.returncode, done.stdout


def test(out, result="OK", code=0, err=""):
    return {"name": "unit", "stdout": out, "stderr": err, "result": result, "returncode": code}


def expect(tests, status, line, *words):
    got, out = summary(*tests)
    tap.expect(got == status and out.splitlines()[-1] == line and all(w in out for w in words), got, out)


GOOD = "1..2\nok 1 - a\nok 2 - b\n"


def counts():
    expect([test(GOOD), test("", "OK")], 0, "3 passed, 0 failed, 0 skipped")
    expect([test("1..2\nok 1 - a\nnot ok 2 # SKIP b\n"), test("", "SKIP", 77)], 0, "1 passed, 0 failed, 2 skipped")
    expect([test("1..2\nok 1 - a\nnot ok 2 # SKIP b\n", "FAIL")], 0, "1 passed, 0 failed, 1 skipped")
    expect([test("1..1\nok 1 - a\n# ok - group\n1..1\nok 1 - b\n")], 0, "2 passed, 0 failed, 0 skipped")


def failures():
    failed = "1..2\nok 1 - a\nnot ok 2 - b\n# 1 != 2\n# not ok - group\n"
    expect([test(failed, "FAIL", 1)], 1, "1 passed, 1 failed, 0 skipped", "unit: b", "1 != 2")
    expect([test("why", "FAIL", 1)], 1, "0 passed, 1 failed, 0 skipped", "unit", "why")


def crashes():
    expect([test("1..2\nok 1 - a\n", "ERROR", 1, "heap-use-after-free")], 1, "1 passed, 1 failed, 0 skipped",
           "heap-use-after-free")
    expect([test(GOOD, "ERROR", 1, "leak")], 1, "2 passed, 1 failed, 0 skipped", "leak")
    expect([test("1..1\nnot ok 1 # SKIP a\n", "ERROR", 1, "leak")], 1, "0 passed, 1 failed, 1 skipped", "leak")
    expect([test("", "TIMEOUT", -15)], 1, "0 passed, 1 failed, 0 skipped", "TIMEOUT")


def nothing():
    done = tap.run([sys.executable, SUMMARY, "/nowhere/testlog.json"])
    tap.expect(done.returncode == 1 and "0 passed, 1 failed, 0 skipped" in done.stdout, done.stdout)


tap.main([("cases are counted", counts), ("failures show", failures), ("crashes count", crashes),
          ("a run without a log fails", nothing)])
