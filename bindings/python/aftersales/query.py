"""Rows of SQL that only reads."""
from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Union

from ._call import run
from ._ffi import ffi, lib
from ._frame import Frame, items
from ._handle import Handle
from .errors import BusySession, Forked
from .values import integer, utf8, wrong_type

if TYPE_CHECKING:
    from .store import Store

Value = Union[None, int, float, str, bytes]


def fill_params(frame: Frame, params: Sequence[int | str | bytes | None]) -> None:
    values = ffi.new("aft_sql_value[]", len(items("params", params)))
    for i, (place, value) in enumerate(zip(values, params)):
        name = f"params[{i}]"
        if value is None:
            continue
        if isinstance(value, int):
            place.type, place.number = lib.AFT_SQL_INT, integer(name, int(value))
            continue
        if not isinstance(value, (str, bytes)):
            raise wrong_type(name, "an int, str, bytes or None", value)
        place.type = lib.AFT_SQL_TEXT if isinstance(value, str) else lib.AFT_SQL_BLOB
        data = utf8(name, value) if isinstance(value, str) else value
        memory = ffi.from_buffer("char[]", data or b"\0")
        frame.kept.append(memory)
        place.data, place.size = memory, len(data)
    frame.kept.append(values)
    frame.struct.params, frame.struct.n_params = values, len(params)


def value_of(v: Any) -> Value:
    if v.type == lib.AFT_SQL_INT:
        return int(v.number)
    if v.type == lib.AFT_SQL_NULL:
        return None
    data = bytes(ffi.buffer(v.data, v.size)) if v.size else b""
    if v.type == lib.AFT_SQL_TEXT:
        return data.decode(errors="replace")
    return float(data) if v.type == lib.AFT_SQL_REAL else data


class Rows(Handle, Iterator["dict[str, Any]"]):
    """Each row is a dict of its columns. All rows are of one moment. It closes itself at its end; close it yourself
    where you stop before, since the database's log cannot be reset while it is open."""

    def __init__(self, store: Store, sql: str, params: Sequence[int | str | bytes | None] = ()) -> None:
        frame, out = Frame("aft_query_in"), ffi.new("aft_query **")
        frame.text("sql", sql)
        fill_params(frame, params)
        with store._use() as pointer:
            run(lib.aft_store_query, [pointer, frame.struct, out], lambda _status: None)
        super().__init__(out[0], lib.aft_query_close, store.env._callbacks)
        self._busy, self._guard, self._pid = threading.Lock(), threading.Lock(), os.getpid()
        self._done = False
        n = lib.aft_query_columns(out[0])
        self.columns = [ffi.string(lib.aft_query_column(out[0], i)).decode() for i in range(n)]
        twice = sorted({name for name in self.columns if self.columns.count(name) > 1})
        if twice:
            self.close()
            raise ValueError(f"sql: two columns are called {twice[0]!r}: name one otherwise with AS")

    @contextmanager
    def _owned(self) -> Iterator[None]:
        if not self._busy.acquire(blocking=False):
            if self._pid != os.getpid():
                raise Forked("the query belongs to another process")
            raise BusySession("another thread reads these rows", where="query")
        try:
            yield
        finally:
            self._busy.release()

    def __iter__(self) -> Rows:
        return self

    def __next__(self) -> dict[str, Any]:
        if self._done:
            raise StopIteration
        row = ffi.new("aft_sql_value **")
        with self._owned():
            values = run(lib.aft_query_next, [self._live(), row], lambda status: self._values(status, row))
        if values is None:
            self._done = True
            self.close()
            raise StopIteration
        return dict(zip(self.columns, values))

    def _values(self, status: int, row: Any) -> list[Value] | None:
        if status == lib.AFT_DONE:
            return None
        return [value_of(row[0][i]) for i in range(len(self.columns))]

    def interrupt(self) -> None:
        """From another thread: the call that reads a row raises Interrupted soon, and the rows end."""
        with self._guard:
            if not self.closed:
                lib.aft_query_interrupt(self._pointer)

    def close(self) -> None:
        with self._owned(), self._guard:
            super().close()
