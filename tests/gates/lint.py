"""The gates that need heavy tools, each a case: `tests/run --lint` runs this over a build folder that is set up, and
prints one last line, `N passed, N failed, N skipped`. Usage: lint.py BUILD_FOLDER JOBS"""
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import time

import tidying

TOP = pathlib.Path(__file__).resolve().parents[2]
GATES = TOP / "tests/gates"
BUILD, JOBS = pathlib.Path(sys.argv[1]).resolve(), int(sys.argv[2])
BASELINE = GATES / "abi/aftersales.abi"
SKIP = "skip"
CHECKED = ["lib", "examples", "tests/conformance", "tests/support", "tests/unit", "tests/gates/client", "bindings"]


def run(*command):
    """Empty when the command succeeds, else what it said."""
    done = subprocess.run(list(map(str, command)), cwd=TOP, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return "" if done.returncode == 0 else (done.stdout + done.stderr).strip() or f"exit status {done.returncode}"


def tracked(*patterns):
    """Git's files, the new ones too."""
    words = ["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    names = subprocess.run(words, cwd=TOP, check=True, capture_output=True, text=True).stdout.split("\n")
    return sorted(n for n in set(names) if n and (TOP / n).exists())


def clang_format():
    """Generated headers keep the layout of their generator."""
    names = [n for n in tracked("*.c", "*.h") if "clang-format off" not in (TOP / n).read_text()[:400]]
    return run("clang-format", "--dry-run", "-Werror", *names)


def scripts():
    names = [n for n in tracked("*.sh", "*/run", "*/renew", "*/keep") if (TOP / n).read_text().startswith(("#!/bin/sh", "# "))]
    shell = shutil.which("dash") or "sh"
    faults = [run(shell, "-n", name) for name in names]
    faults.append(run("shellcheck", "-x", "-s", "sh", *names))
    return "\n".join(filter(None, faults))


def python():
    """Every file compiles, and the compiler warns of nothing."""
    source = ("import sys\nfor name in sys.argv[1:]:\n"
              "    compile(open(name, encoding='utf-8').read(), name, 'exec', dont_inherit=True)\n")
    return run(sys.executable, "-W", "error", "-c", source, *tracked("*.py"))


def cppcheck(folder):
    ignored = ["normalCheckLevelMaxBranches", "missingIncludeSystem", "unmatchedSuppression", "checkersReport",
               "internalAstError"]
    kept = BUILD / "cppcheck" / folder.replace("/", "-")
    kept.mkdir(parents=True, exist_ok=True)

    def case():
        return run("cppcheck", "--quiet", "--error-exitcode=1", "--std=c11", "--enable=warning,performance,portability",
                   "--inline-suppr", f"-j{JOBS}", f"--cppcheck-build-dir={kept}", "-Iinclude", "-Ilib", "-Itests/support",
                   "-D_POSIX_C_SOURCE=200809L", "-D__GNUC__=12", *[f"--suppress={name}" for name in ignored], folder)

    return case


def headers_stand():
    """Headers that the build makes are there before anything is read."""
    return run("ninja", "-C", BUILD, "-j", JOBS, "lib/default_policy.c")


def abi():
    if not BASELINE.exists() or platform.machine() != "x86_64":
        return SKIP
    failed = run("meson", "compile", "-C", BUILD, "-j", JOBS, "aftersales:shared_library")
    return failed or run(sys.executable, GATES / "abi.py", "compare", TOP, BUILD / "lib/libaftersales.so", BASELINE)


def abi_mutants():
    return run(sys.executable, GATES / "abi.py", "mutants", TOP)


def generated():
    return run(sys.executable, "include/generate.py", "--check")


def cases():
    tidy = tidying.Tidy(TOP, BUILD, JOBS)
    return [
        ("clang-format: every C file is formatted", clang_format),
        ("generated files are fresh", generated),
        ("shell scripts are POSIX, and shellcheck finds nothing", scripts),
        ("Python files compile without a warning", python),
        *[(f"cppcheck finds nothing in {folder}", cppcheck(folder)) for folder in CHECKED if tracked(f"{folder}/**.c")],
        ("what the build generates stands", headers_stand),
        *[(f"clang-tidy finds nothing in {group}", lambda group=group: tidy.run(group)) for group in tidy.groups()],
        ("abidiff: the binary interface is the baseline's", abi),
        ("abidiff: refuses and accepts each mutant as it should", abi_mutants),
    ]


def main():
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for name, gate in cases():
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
