"""Whether the library that was loaded is one that this package can work with."""
from __future__ import annotations

import re

from ._ffi import ffi, lib


def numbers(text: str) -> tuple[int, ...]:
    found = re.match(r"(\d+)\.(\d+)\.(\d+)", text)
    return tuple(map(int, found.groups())) if found else ()


def check(built: str, found: str) -> None:
    """Before 1.0 a minor release may change the binary interface; a patch release only adds to it."""
    wanted, there = numbers(built), numbers(found)
    same = wanted[:1] == there[:1] if wanted[:1] > (0,) else wanted[:2] == there[:2]
    if not there or not same or there < wanted:
        raise ImportError(
            f"the package aftersales was built for libaftersales {built}, but {found} was loaded: "
            "build the package again, or install the library that it was built for"
        )


def library_version() -> str:
    """The version of the library that runs."""
    return str(ffi.string(lib.aft_version()).decode())


__version__ = str(ffi.string(lib.aft_py_built_for()).decode())
check(__version__, library_version())
