#!/usr/bin/env python3
"""Counts the cases of a test run, shows the failed ones with their output, and ends with one line,
`N passed, N failed, N skipped`. Exit status 1 when a case failed or none ran.

Usage: summary.py TESTLOG.json…     logs of `meson test`
       summary.py --failed NAME     one case that failed before any test could run"""
import json
import pathlib
import re
import sys

CASE = re.compile(r"^(not )?ok\b(?: (\d+))?(?: -)?\s*(.*)$")
SKIP = re.compile(r"#\s*skip", re.I)
PLAN = re.compile(r"^1\.\.(\d+)")


class Run:
    """The cases of one test program."""

    def __init__(self, name):
        self.name = name
        self.passed, self.skipped = 0, 0
        self.failed = []

    def count(self):
        return self.passed + self.skipped + len(self.failed)


def read_tap(run, text):
    """A case's comments follow its line. Returns how many cases were planned."""
    planned, failing = 0, False
    for line in text.splitlines():
        plan, case = PLAN.match(line), CASE.match(line)
        if plan:
            planned += int(plan.group(1))
        elif case:
            failing = False
            if SKIP.search(case.group(3)):
                run.skipped += 1
            elif case.group(1):
                failing = True
                run.failed.append([f"{run.name}: {case.group(3)}"])
            else:
                run.passed += 1
        elif failing and line.startswith("#"):
            run.failed[-1].append("  " + line)
    return planned


def read_test(test):
    """A test that speaks TAP is as many cases as it reports, any other is one. A program that died, planned
    more cases than it ran, or exited badly without naming a case, has one failed case more."""
    run = Run(test["name"].split(" / ")[-1])
    out, err, code = test.get("stdout", ""), test.get("stderr", ""), test["returncode"]
    planned = read_tap(run, out) if PLAN.search(out) or re.search(r"^(not )?ok ", out, re.M) else None
    tail = ["  " + line for line in (out + "\n" + err).splitlines()[-60:]]
    bad = test["result"] not in ("OK", "SKIP", "EXPECTEDFAIL")
    if planned is None:
        if test["result"] == "SKIP":
            run.skipped += 1
        elif bad:
            run.failed.append([f"{run.name}: {test['result']}, exit status {code}"] + tail)
        else:
            run.passed += 1
    elif run.count() < planned:
        why = f"{run.name}: {planned - run.count()} of {planned} cases did not run ({test['result']}, exit status {code})"
        run.failed.append([why] + tail)
    elif bad and not run.failed and (code or not run.skipped):  # meson takes "not ok # SKIP" for a failure
        run.failed.append([f"{run.name}: {test['result']}, exit status {code}"] + tail)
    return run


def finish(passed, failed, skipped):
    if failed:
        print("\nFailed:")
    for lines in failed:
        print("\n".join(lines))
    print(f"{passed} passed, {len(failed)} failed, {skipped} skipped", flush=True)
    return 1 if failed or not passed else 0


def main(arguments):
    if arguments[:1] == ["--failed"]:
        return finish(0, [[arguments[1]]], 0)
    runs = []
    for path in map(pathlib.Path, arguments):
        if not path.exists():
            return finish(0, [[f"{path} was not written: the tests did not run"]], 0)
        runs += [read_test(json.loads(line)) for line in path.read_text().splitlines() if line.strip()]
    return finish(sum(r.passed for r in runs), [f for r in runs for f in r.failed], sum(r.skipped for r in runs))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
