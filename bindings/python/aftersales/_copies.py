"""Two copies of SQLite in one process break each other's locks on one file, and may damage it. Python's own sqlite3
may be another copy than the library's. Where it is, opening the file of an open store with it is refused."""
from __future__ import annotations

import ctypes
import functools
import os
import sys
import weakref
from typing import Any

from . import _ffi

_stores: dict[tuple[int, int], weakref.ref[Any]] = {}
_hooked = False


class TwoCopies(RuntimeError):
    """Python's sqlite3 is another copy of SQLite than the library's, and was about to open a file that the library
    has open."""


def _address(module: Any) -> int | None:
    """Where a module's SQLite lies; None where that cannot be told, since it shows no symbols."""
    try:
        loaded = ctypes.CDLL(getattr(module, "__file__", None))
        return ctypes.cast(loaded.sqlite3_libversion, ctypes.c_void_p).value
    except (OSError, AttributeError):
        return None


@functools.lru_cache(maxsize=None)
def one_copy() -> bool:
    """Whether Python's sqlite3 and the library use the same copy of SQLite."""
    try:
        import _sqlite3
    except ImportError:
        return True  # there is no other copy here
    ours, theirs = _address(_ffi), _address(_sqlite3)
    return ours is not None and ours == theirs


def _identity(path: Any) -> tuple[int, int] | None:
    try:
        name = os.fsdecode(path)
        if name.startswith("file:"):
            name = name[len("file:") :].split("?")[0]
        status = os.stat(name)
    except (OSError, TypeError, ValueError):
        return None
    return status.st_dev, status.st_ino


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "sqlite3.connect" or not arguments:
        return
    reference = _stores.get(_identity(arguments[0]) or (0, 0))
    store = reference() if reference else None
    if store is not None and not store.closed:
        raise TwoCopies(
            "this file is open as a store, and Python's sqlite3 is another copy of SQLite than the library's: "
            "the two would break each other's locks. Use Store.query, or another process"
        )


def guard(path: Any, store: Any) -> None:
    """Remembers the file of a store. The hook cannot be taken back, so it is set only where it is needed."""
    global _hooked
    if one_copy():
        return
    for key in [k for k, reference in _stores.items() if reference() is None]:
        del _stores[key]
    identity = _identity(path)
    if identity:
        _stores[identity] = weakref.ref(store)
    if not _hooked:
        _hooked = True
        sys.addaudithook(_watch)
