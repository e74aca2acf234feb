"""Lists, read record by record in short transactions."""
from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ._call import buffer_bytes, run
from ._ffi import ffi, lib
from ._handle import Handle
from .record import Record

if TYPE_CHECKING:
    from .store import Session

R = TypeVar("R", bound=Record)


class Cursor(Handle, Generic[R], Iterator[R]):
    """An iterator over records, to be used by the thread that has the session. It closes itself at its end."""

    def __init__(self, session: Session, pointer: Any, kind: type[R]) -> None:
        super().__init__(pointer, lib.aft_cursor_free, session.store.env._callbacks)
        self._session = session
        self._kind = kind
        self._done = False

    def __iter__(self) -> Cursor[R]:
        return self

    def __next__(self) -> R:
        if self._done:
            raise StopIteration
        out = ffi.new("aft_record **")
        with self._session._working():
            pointer = self._live()
            record = run(
                lib.aft_cursor_next,
                [pointer, out],
                lambda status: None if status == lib.AFT_DONE else self._kind._read(out[0], lib.AFT_OK),
            )
        if record is None:
            self._done = True
            self.close()
            raise StopIteration
        return record

    def token(self) -> str:
        """From where a later call of the same list, in any process, goes on: after the record read last."""
        out = ffi.new("aft_buf **")
        with self._session._working():
            return run(lib.aft_cursor_token, [self._live(), out], lambda _status: buffer_bytes(out).decode())

    def close(self) -> None:
        with self._session._owned():
            super().close()
