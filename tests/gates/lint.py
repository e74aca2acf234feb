"""The gates that need heavy tools, each a case: `tests/run --lint` runs this over a build folder that is set up, and
prints one last line, `N passed, N failed, N skipped`. Usage: lint.py BUILD_FOLDER JOBS"""
import json
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

TOP = pathlib.Path(__file__).resolve().parents[2]
GATES = TOP / "tests/gates"
BUILD, JOBS = pathlib.Path(sys.argv[1]).resolve(), int(sys.argv[2])
BASELINE = GATES / "abi/aftersales.abi"
SKIP = "skip"


def run(*command):
    """Empty when the command succeeds, else what it said."""
    done = subprocess.run(list(map(str, command)), cwd=TOP, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return "" if done.returncode == 0 else (done.stdout + done.stderr).strip() or f"exit status {done.returncode}"


def in_parallel(command, items):
    """The command over each item, JOBS at a time."""
    with ThreadPoolExecutor(JOBS) as pool:
        return "\n".join(filter(None, pool.map(lambda item: run(*command, item), items)))


def tracked(*patterns):
    """Git's files, the new ones too."""
    words = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    names = subprocess.run(words, cwd=TOP, check=True, capture_output=True, text=True).stdout.split("\n")
    return sorted(n for n in set(names) if n and (TOP / n).exists())


def compiled():
    """The library's and the examples' own sources, each once."""
    rows = json.loads((BUILD / "compile_commands.json").read_text())
    paths = {pathlib.Path(BUILD, row["file"]).resolve() for row in rows}
    return sorted(str(p.relative_to(TOP)) for p in paths
                  if p.is_relative_to(TOP / "lib") or p.is_relative_to(TOP / "examples"))


def clang_format():
    return run("clang-format", "--dry-run", "-Werror", *tracked("*.c", "*.h"))


def scripts():
    names = [n for n in tracked("*.sh", "*/run", "*/renew") if (TOP / n).read_text().startswith(("#!/bin/sh", "# "))]
    shell = shutil.which("dash") or "sh"
    faults = [run(shell, "-n", name) for name in names]
    if shutil.which("shellcheck"):
        faults.append(run("shellcheck", "-x", "-s", "sh", *names))
    return "\n".join(filter(None, faults))


def cppcheck():
    ignored = ["normalCheckLevelMaxBranches", "missingIncludeSystem", "unmatchedSuppression", "checkersReport"]
    return run("cppcheck", "--quiet", "--error-exitcode=1", "--std=c11", "--enable=warning,performance,portability",
               "--inline-suppr", f"-j{JOBS}", "-Iinclude", "-Ilib", "-D_POSIX_C_SOURCE=200809L", "-D__GNUC__=12",
               *[f"--suppress={name}" for name in ignored], "lib", "examples")


def clang_tidy():
    # The headers of the tables and of the default policy must stand before anything is read.
    failed = run("ninja", "-C", BUILD, "-j", JOBS, "lib/default_policy.c")
    return failed or in_parallel(["clang-tidy", "--quiet", "-p", BUILD], compiled())


def abi():
    if not BASELINE.exists() or platform.machine() != "x86_64":
        return SKIP
    library = "lib/libaftersales.so.0.1.0"
    failed = run("ninja", "-C", BUILD, "-j", JOBS, library)
    return failed or run(sys.executable, GATES / "abi.py", "compare", TOP, BUILD / library, BASELINE)


def abi_mutants():
    return run(sys.executable, GATES / "abi.py", "mutants", TOP)


def generated():
    return run(sys.executable, "include/generate.py", "--check")


CASES = [
    ("clang-format: every C file is formatted", clang_format),
    ("generated files are fresh", generated),
    ("shell scripts are POSIX", scripts),
    ("cppcheck: nothing found", cppcheck),
    ("clang-tidy: nothing found", clang_tidy),
    ("abidiff: the binary interface is the baseline's", abi),
    ("abidiff: refuses each mutant", abi_mutants),
]


def main():
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for name, gate in CASES:
        start = time.monotonic()
        said = gate()
        kind = "skipped" if said == SKIP else "failed" if said else "passed"
        counts[kind] += 1
        print(f"{kind:<8} {name} ({time.monotonic() - start:.1f} s)", flush=True)
        if kind == "failed":
            print(re.sub(r"^", "    ", said, flags=re.M), flush=True)
    print(", ".join(f"{number} {kind}" for kind, number in counts.items()), flush=True)
    return 1 if counts["failed"] else 0


sys.exit(main())
