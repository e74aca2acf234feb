"""Builds the library without sanitizers, as a user would, and installs it below a folder.
Usage: plain.py ROOT FOLDER"""
import os
import pathlib
import shutil
import subprocess
import sys

ENVIRONMENT = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "NINJA_STATUS", "DESTDIR")}


def run(*command):
    subprocess.run(list(map(str, command)), check=True, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=sys.stderr)


def main():
    top, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
    build, prefix = folder / "build", folder / "usr"
    if not (build / "build.ninja").exists():
        run("meson", "setup", build, top, f"--prefix={prefix}", "--libdir=lib", "-Dtests=false", "-Dexamples=false")
    run("ninja", "-C", build, "--quiet")
    shutil.rmtree(prefix, ignore_errors=True)
    run("meson", "install", "-C", build, "--no-rebuild", "--quiet")


main()
