#!/usr/bin/env python3
"""Builds the wheel from the tree, installs it into an environment of its own below FOLDER, and runs the tests of the
binding, speaking TAP; with a PREFIX where the library is installed, it is built a second time to work with that one.
Where the packages that this needs cannot be had, all tests are skipped, with the reason.

Usage: run.py ROOT FOLDER [PREFIX]"""
from __future__ import annotations

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


def run(*command: object, env: dict[str, str] | None = None) -> bool:
    """A step's own words go to standard error when it fails."""
    words = list(map(str, command))
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=env)
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
    return done.returncode == 0


def pip(venv: pathlib.Path, *words: object, env: dict[str, str] | None = None) -> bool:
    quiet = ["install", "--quiet", "--disable-pip-version-check"]
    return run(venv / "bin/python", "-m", "pip", *quiet, *words, env=env)


def environment(folder: pathlib.Path) -> pathlib.Path:
    """A virtual environment with the packages, made once for each list of them."""
    venv, wanted = folder / "venv", hashlib.sha256(repr((BUILD, TEST, sys.version)).encode()).hexdigest()
    mark = venv / "complete"
    if mark.exists() and mark.read_text() == wanted:
        return venv
    shutil.rmtree(venv, ignore_errors=True)
    if not run(sys.executable, "-m", "venv", venv):
        raise Missing("no virtual environment can be made: python3-venv is missing")
    if not pip(venv, "--retries", "1", *BUILD, *TEST):
        raise Missing("pip could not install " + ", ".join(BUILD + TEST))
    mark.write_text(wanted)
    return venv


def install(top: pathlib.Path, folder: pathlib.Path, venv: pathlib.Path, prefix: pathlib.Path | None) -> bool:
    """The wheel with the core inside; with a prefix the one for the shared library that is installed there."""
    env = {**os.environ, "PATH": f"{venv / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    words: list[object] = ["--no-index", "--no-build-isolation", "--no-deps"]
    if prefix:
        env["PKG_CONFIG_PATH"] = str(prefix / "lib/pkgconfig")
        shutil.rmtree(folder / "shared", ignore_errors=True)
        words += ["--target", folder / "shared", "--config-settings=setup-args=-Dlibrary=shared"]
        words += [f"--config-settings=builddir={folder / 'shared-wheel'}"]
    else:
        words += ["--force-reinstall", f"--config-settings=builddir={folder / 'wheel'}"]
    return pip(venv, *words, top / "bindings/python", env=env)


def tests(top: pathlib.Path, folder: pathlib.Path, venv: pathlib.Path, prefix: pathlib.Path | None) -> int:
    here = top / "bindings/python/tests"
    env = {**os.environ, "PYTHONPATH": str(here), "PYTHONDONTWRITEBYTECODE": "1"}
    if prefix:
        env.update(AFT_SHARED=str(folder / "shared"), AFT_PREFIX=str(prefix))
    command = [venv / "bin/python", "-m", "pytest", "-p", "no:terminal", "-p", "tap_report", "-p", "no:cacheprovider"]
    command += [f"--rootdir={here.parent}", f"--basetemp={folder / 'files'}", here]
    return subprocess.run(list(map(str, command)), env=env, cwd=here).returncode


def main() -> int:
    top, folder, *more = (pathlib.Path(a).resolve() for a in sys.argv[1:])
    folder.mkdir(parents=True, exist_ok=True)
    prefix = more[0] if more else None
    try:
        venv = environment(folder)
    except Missing as reason:
        print(f"1..1\nok 1 - the Python binding # SKIP {reason}")
        print(f"the tests of the Python binding are skipped: {reason}", file=sys.stderr)
        return 0
    for place in [None, prefix] if prefix else [None]:
        if not install(top, folder, venv, place):
            print(f"1..1\nnot ok 1 - building the wheel{' for the shared library' if place else ''}")
            return 1
    return tests(top, folder, venv, prefix)


if __name__ == "__main__":
    sys.exit(main())
