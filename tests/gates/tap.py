"""For gates of several cases: runs each and reports in the Test Anything Protocol."""
import subprocess
import sys
import traceback


class Fault(Exception):
    """A case's failure, in words."""


class Skip(Exception):
    """Why a case cannot run on this machine."""


def expect(condition, *words):
    if not condition:
        raise Fault(" ".join(map(str, words)))


def run(command, **more):
    """The finished command, its output as text."""
    if "input" not in more:
        more.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, **more)


def must(command, **more):
    done = run(command, **more)
    expect(done.returncode == 0, " ".join(map(str, command)), "\n", done.stdout, done.stderr)
    return done.stdout


def main(cases):
    """cases: (name, function) pairs."""
    failed = 0
    print(f"1..{len(cases)}", flush=True)
    for number, (name, function) in enumerate(cases, 1):
        try:
            function()
            print(f"ok {number} - {name}", flush=True)
        except Skip as why:
            print(f"ok {number} - {name} # SKIP {why}", flush=True)
        except Exception as fault:
            failed = 1
            words = str(fault) if isinstance(fault, Fault) else traceback.format_exc()
            print(f"not ok {number} - {name}")
            print("".join(f"# {line}\n" for line in words.splitlines()), end="", flush=True)
    sys.exit(failed)
