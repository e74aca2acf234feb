#!/usr/bin/env python3
"""Prints the project's version, which stands in the library's meson.build alone."""
import pathlib
import re

TOP = pathlib.Path(__file__).resolve().parents[3]


def main() -> None:
    found = re.search(r"^\s*version: '([^']+)'", (TOP / "meson.build").read_text(), re.M)
    if not found:
        raise SystemExit("meson.build names no version")
    print(found.group(1))


if __name__ == "__main__":
    main()
