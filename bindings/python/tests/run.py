#!/usr/bin/env python3
"""Builds the wheel from the tree, installs it into an environment of its own below FOLDER, and runs the tests of the
binding, speaking TAP. Where the packages that this needs cannot be had, all of them are skipped, with the reason.

Usage: run.py ROOT FOLDER"""
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

BUILD = ["meson-python>=0.15", "cffi>=1.15", "ninja"]
TEST = ["pytest>=7", "hypothesis>=6.84", "mypy>=1.8", "types-cffi"]


class Missing(Exception):
    """Something from outside that is not to be had here."""


def run(*command, **more):
    """A step's own words go to standard error, where they are seen when it fails."""
    done = subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL, capture_output=True, text=True, **more)
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
    return done.returncode == 0


def environment(folder):
    """A virtual environment with the packages, made once for each list of them."""
    venv, wanted = folder / "venv", hashlib.sha256(repr((BUILD, TEST, sys.version)).encode()).hexdigest()
    mark = venv / "complete"
    if mark.exists() and mark.read_text() == wanted:
        return venv
    shutil.rmtree(venv, ignore_errors=True)
    if not run(sys.executable, "-m", "venv", venv):
        raise Missing("no virtual environment can be made: python3-venv is missing")
    pip = [venv / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if not run(*pip, "--retries", "1", *BUILD, *TEST):
        raise Missing("pip could not install " + ", ".join(BUILD + TEST))
    mark.write_text(wanted)
    return venv


def install(top, folder, venv):
    path = f"{venv / 'bin'}{os.pathsep}{os.environ['PATH']}"
    pip = [venv / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index"]
    pip += ["--no-build-isolation", "--no-deps", "--force-reinstall", f"-Cbuilddir={folder / 'wheel'}"]
    return run(*pip, top / "bindings/python", env={**os.environ, "PATH": path})


def main():
    top, folder = (pathlib.Path(a).resolve() for a in sys.argv[1:3])
    folder.mkdir(parents=True, exist_ok=True)
    try:
        venv = environment(folder)
    except Missing as reason:
        print(f"1..1\nok 1 - the Python binding # SKIP {reason}")
        print(f"the tests of the Python binding are skipped: {reason}", file=sys.stderr)
        return 0
    if not install(top, folder, venv):
        print("1..1\nnot ok 1 - building the wheel")
        return 1
    tests = top / "bindings/python/tests"
    command = [venv / "bin/python", "-m", "pytest", "-p", "no:terminal", "-p", "tap_report", "-p", "no:cacheprovider"]
    more = {"PYTHONPATH": str(tests), "PYTHONDONTWRITEBYTECODE": "1", "MYPY_CACHE_DIR": str(folder / "mypy")}
    command += ["--rootdir", tests.parent, f"--basetemp={folder / 'files'}", tests]
    return subprocess.run(list(map(str, command)), env={**os.environ, **more}, cwd=tests).returncode


if __name__ == "__main__":
    sys.exit(main())
