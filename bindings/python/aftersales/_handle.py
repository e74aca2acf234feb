"""What every object with a pointer into the library shares: release once, in whatever order, and a clear error after.

The finalizer holds the pointer and what callbacks need, not the object; so objects in reference cycles are collected,
the library's own references keep parents alive, and at the end of the interpreter children are released first."""
from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace, TracebackType
from typing import Any, TypeVar

from .errors import CallbackFailed, NullHandle

H = TypeVar("H", bound="Handle")


class Closed(NullHandle):
    """The object was closed before."""


class Pending(threading.local):
    """Exceptions of callbacks that ran inside the present call of this thread."""

    def __init__(self) -> None:
        self.causes: list[BaseException] = []

    def take(self) -> list[BaseException]:
        causes, self.causes = self.causes, []
        return causes


pending = Pending()


def keep_cause(_kind: object, error: BaseException, _trace: object) -> None:
    """For ffi.def_extern: an exception may not pass through C, it waits for the end of the call. That of a signal is
    raised as the callback is entered, before a statement of its own could catch it."""
    pending.causes.append(error)


def call(function: Callable[[Any], None], pointer: Any) -> list[BaseException]:
    """Releases, and gives what callbacks raised meanwhile. May run inside any other call."""
    outer = pending.take()
    try:
        function(pointer)
        return pending.take()
    finally:
        pending.causes = outer


def release(function: Callable[[Any], None], pointer: Any, _kept: Any) -> None:
    """Whenever the collector does it: what callbacks raise then has no caller to reach."""
    for cause in call(function, pointer):
        sys.unraisablehook(
            SimpleNamespace(
                exc_type=type(cause),
                exc_value=cause,
                exc_traceback=cause.__traceback__,
                err_msg="Exception ignored in a callback while releasing an object of aftersales",
                object=function,
            )
        )


class Handle:
    def __init__(self, pointer: Any, function: Callable[[Any], None], kept: Any) -> None:
        self._pointer = pointer
        self._finalizer = weakref.finalize(self, release, function, pointer, kept)

    def _live(self) -> Any:
        """The pointer, while there is one."""
        if not self._finalizer.alive:
            raise Closed(f"the {type(self).__name__.lower()} was closed")
        return self._pointer

    @property
    def closed(self) -> bool:
        return not self._finalizer.alive

    def close(self) -> None:
        """Releases it now. Closing twice is no mistake."""
        self._finish()

    def _finish(self) -> None:
        found = self._finalizer.detach()
        if found is None:
            return
        function, pointer, _kept = found[2]
        for cause in call(function, pointer):
            raise CallbackFailed("a callback raised an exception; the object was closed all the same") from cause

    def __enter__(self: H) -> H:
        self._live()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __copy__(self) -> None:
        raise TypeError(f"a {type(self).__name__} cannot be copied")

    def __reduce__(self) -> Any:
        raise TypeError(f"a {type(self).__name__} cannot be pickled")


class Shared(Handle):
    """A handle for any thread: closing it while a call uses it waits for the end of the call."""

    def __init__(self, pointer: Any, function: Callable[[Any], None], kept: Any) -> None:
        super().__init__(pointer, function, kept)
        self._lock = threading.RLock()
        self._users = 0
        self._closing = False

    @property
    def closed(self) -> bool:
        return self._closing

    def _live(self) -> Any:
        if self._closing:
            raise Closed(f"the {type(self).__name__.lower()} was closed")
        return self._pointer

    @contextmanager
    def _use(self) -> Iterator[Any]:
        with self._lock:
            pointer = self._live()
            self._users += 1
        try:
            yield pointer
        finally:
            with self._lock:
                self._users -= 1
                last = self._closing and not self._users
            if last:
                self._finish()

    def close(self) -> None:
        with self._lock:
            self._closing = True
            unused = not self._users
        if unused:
            self._finish()
