"""Records: what a command or a list gives. A plain copy: no session, no lifetime, any thread, picklable."""
from __future__ import annotations

import json
import keyword
from typing import Any, ClassVar, TypeVar

from ._call import buffer_bytes, run
from ._ffi import ffi, lib
from .values import Money, time_of

R = TypeVar("R", bound="Record")


class Record:
    """The classes of aftersales.records have a property for each field. An absent value is None.

    replayed: the command was carried out before, this is its first outcome.
    ignored: the event had no effect in the state that the record is in."""

    KIND: ClassVar[int]
    FIELDS: ClassVar[dict[str, tuple[str, bool]]]  # name → how it is read, whether it is personal
    __slots__ = ("_json", "_values", "ignored", "replayed")

    def __init__(self, text: str, *, replayed: bool = False, ignored: bool = False) -> None:
        self._json = text
        self._values: dict[str, Any] = json.loads(text)
        self.replayed = replayed
        self.ignored = ignored

    @classmethod
    def _read(cls: type[R], pointer: Any, status: int) -> R:
        """A copy of the library's record, which stays the caller's to free."""
        out = ffi.new("aft_buf **")
        text = run(lib.aft_record_json, [pointer, out], lambda _status: buffer_bytes(out).decode())
        return cls(text, replayed=status == lib.AFT_REPLAYED, ignored=status == lib.AFT_IGNORED)

    def json(self) -> str:
        """As the library shows it: ids and hashes are strings, times are milliseconds."""
        return self._json

    def as_dict(self) -> dict[str, Any]:
        """Every field by its name, in Python's types."""
        return {name: self._value(name) for name in self.FIELDS}

    def _value(self, name: str) -> Any:
        return getattr(self, name + "_" if keyword.iskeyword(name) else name)

    def _id(self, name: str) -> Any:
        value = self._values[name]
        return None if value is None else int(value)

    def _int(self, name: str) -> Any:
        return self._values[name]

    _flag = _int
    _text = _int

    def _time(self, name: str) -> Any:
        value = self._values[name]
        return None if value is None else time_of(value)

    def _blob(self, name: str) -> Any:
        value = self._values[name]
        return None if value is None else bytes.fromhex(value)

    def _money(self, name: str) -> Any:
        value, currency = self._values[name], self._values["currency"]
        return None if value is None or currency is None else Money.of_minor(value, currency)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and isinstance(other, Record) and other._json == self._json

    def __hash__(self) -> int:
        return hash((self.KIND, self._json))

    def __repr__(self) -> str:
        """Without what is personal, since this ends in logs, and without hashes."""
        fields = [n for n, (get, personal) in self.FIELDS.items() if not personal and get != "_blob"]
        shown = [n for n in fields if self._values[n] is not None]
        return f"{type(self).__name__}({', '.join(f'{n}={self._value(n)!r}' for n in shown)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (type(self), self._json, self.replayed, self.ignored)


def _again(kind: type[Record], text: str, replayed: bool, ignored: bool) -> Record:
    return kind(text, replayed=replayed, ignored=ignored)
