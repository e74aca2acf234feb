"""One call of the library: errors become exceptions, exceptions of callbacks reach the caller, results are taken."""
from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from ._error import error_of, new_error
from ._ffi import ffi, lib
from ._frame import Frame
from ._frame import chosen as chosen
from ._handle import pending
from .errors import CallbackFailed
from .values import identity as id_of
from .values import integer as number_of
from .values import utf8 as bytes_of
from .values import wrong_type

if TYPE_CHECKING:
    from .cursor import Cursor
    from .policy import Policy
    from .record import Record
    from .store import Session

    R = TypeVar("R", bound=Record)
T = TypeVar("T")

__all__ = ["NTS", "Commands", "bytes_of", "chosen", "flag_of", "id_of", "number_of", "policy_of", "run", "text_of"]
NTS = 2 ** (8 * ffi.sizeof("size_t")) - 1  # the length of a text that ends with a NUL byte


def run(function: Callable[..., int], arguments: Sequence[Any], take: Callable[[int], T]) -> T:
    """Calls, and takes the result when the call succeeded. Where a callback raised, its exception is the cause of
    what is raised here; a call that succeeded all the same gives its result with CallbackFailed.result."""
    error = new_error()
    outer = pending.take()  # of a call around this one
    try:
        status = function(*arguments, error)
        causes = pending.take()
    finally:
        pending.causes = outer
    result = take(status) if status >= 0 else None
    for cause in causes:
        if not isinstance(cause, Exception):
            raise cause
    if status < 0:
        raise error_of(status, error) from (causes[0] if causes else None)
    if causes:
        failed = CallbackFailed("a callback raised an exception; the call itself was carried out")
        failed.result = result
        raise failed from causes[0]
    return result  # type: ignore[return-value]


def text_of(name: str, value: str | None) -> Any:
    """A text that a NUL byte closes."""
    if value is None:
        return ffi.NULL
    data = bytes_of(name, value)
    if b"\0" in data:
        raise ValueError(f"{name}: the text contains a NUL byte")
    return data


def buffer_bytes(out: Any) -> bytes:
    """The bytes of a buffer, which is freed."""
    try:
        return bytes(ffi.buffer(lib.aft_buf_data(out[0]), lib.aft_buf_size(out[0])))
    finally:
        lib.aft_buf_free(out[0])


def flag_of(name: str, value: object) -> int:
    if not isinstance(value, bool):
        raise wrong_type(name, "a bool", value)
    return int(value)


def policy_of(name: str, value: Any, may: bool = False) -> Any:
    """may: None is allowed, and NULL."""
    from .policy import Policy

    if value is None and may:
        return ffi.NULL
    if not isinstance(value, Policy):
        raise wrong_type(name, "a Policy", value)
    with value._use() as pointer:
        return ffi.gc(lib.aft_policy_ref(pointer), lib.aft_policy_unref)


class Commands:
    """How the generated methods run: in a session, on behalf of a caller or of nobody."""

    def _working(self) -> AbstractContextManager[Session]:
        """The session, for this call alone."""
        raise NotImplementedError

    def _caller(self, key: str | None, deadline: timedelta | None) -> Frame | None:
        return None

    def _run(
        self,
        function: Callable[..., int],
        arguments: list[Any],
        out: list[Any],
        take: Callable[[Session, int], T],
        key: str | None,
        deadline: timedelta | None,
    ) -> T:
        caller = self._caller(key, deadline)
        given = [a.struct if isinstance(a, Frame) else a for a in ([caller] if caller else []) + arguments + out]
        with self._working() as session:
            return run(function, [session._live(), *given], lambda status: take(session, status))

    def _record(
        self,
        function: Callable[..., int],
        arguments: list[Any],
        kind: type[R],
        key: str | None = None,
        deadline: timedelta | None = None,
    ) -> R:
        out = ffi.new("aft_record **")

        def take(_session: Session, status: int) -> R:
            try:
                return kind._read(out[0], status)
            finally:
                lib.aft_record_free(out[0])

        return self._run(function, arguments, [out], take, key, deadline)

    def _cursor(
        self,
        function: Callable[..., int],
        arguments: list[Any],
        kind: type[R],
        key: str | None = None,
        deadline: timedelta | None = None,
    ) -> Cursor[R]:
        from .cursor import Cursor

        out = ffi.new("aft_cursor **")
        return self._run(
            function, arguments, [out], lambda session, _status: Cursor(session, out[0], kind), key, deadline
        )

    def _text(
        self,
        function: Callable[..., int],
        arguments: list[Any],
        key: str | None = None,
        deadline: timedelta | None = None,
    ) -> str:
        out = ffi.new("aft_buf **")
        return self._run(function, arguments, [out], lambda _s, _status: buffer_bytes(out).decode(), key, deadline)

    def _json(
        self,
        function: Callable[..., int],
        arguments: list[Any],
        key: str | None = None,
        deadline: timedelta | None = None,
    ) -> Any:
        """Plain Python objects: dict, list, str, int, bool and None."""
        return json.loads(self._text(function, arguments, key, deadline))

    def _policy(
        self,
        function: Callable[..., int],
        arguments: list[Any],
        key: str | None = None,
        deadline: timedelta | None = None,
    ) -> Policy:
        from .policy import Policy

        out = ffi.new("aft_policy **")
        return self._run(
            function, arguments, [out], lambda s, _status: Policy._adopt(out[0], s.store.env), key, deadline
        )

    def _nothing(
        self,
        function: Callable[..., int],
        arguments: list[Any],
        key: str | None = None,
        deadline: timedelta | None = None,
    ) -> None:
        self._run(function, arguments, [], lambda _s, _status: None, key, deadline)

    def _done(
        self,
        function: Callable[..., int],
        arguments: list[Any],
        key: str | None = None,
        deadline: timedelta | None = None,
    ) -> bool:
        """Whether it had an effect."""
        return self._run(function, arguments, [], lambda _s, status: status != int(lib.AFT_IGNORED), key, deadline)
