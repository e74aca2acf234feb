"""The progress of a backup, told to Python."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ._ffi import ffi
from ._handle import keep_cause

Progress = Callable[[int, int], object]


@ffi.def_extern(error=1, onerror=keep_cause)  # type: ignore[untyped-decorator]
def aft_py_progress(user: Any, done: int, left: int) -> int:
    """Whatever the function gives but False goes on."""
    return 1 if ffi.from_handle(user)(done, left) is False else 0
