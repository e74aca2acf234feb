"""The base of the exceptions. The classes themselves follow from the library's table: see aftersales.errors."""
from __future__ import annotations

from typing import Any, ClassVar

from ._ffi import ffi, lib

SIZE = ffi.sizeof("aft_error")


class Error(Exception):
    """What a call of the library failed with. code, name: the status. where: the field or place. message: what was
    expected and found. line, column: in a policy document, or 0. native: the engine's own code. transient: the same
    call may succeed when it runs again. report: of a policy, every fault, one a line. result: of a failed callback,
    what the call gave all the same, or None."""

    CODE: ClassVar[int] = 0

    def __init__(
        self,
        message: str = "",
        *,
        where: str = "",
        code: int | None = None,
        line: int = 0,
        column: int = 0,
        native: int = 0,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.code = type(self).CODE if code is None else code
        self.line, self.column, self.native = line, column, native
        self.report: str = ""
        self.result: Any = None

    @property
    def name(self) -> str:
        return str(ffi.string(lib.aft_status_name(self.code)).decode())

    @property
    def transient(self) -> bool:
        return bool(lib.aft_status_is_transient(self.code))

    def __str__(self) -> str:
        return f"{self.name}{' at ' + self.where if self.where else ''}: {self.message}"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message,), self.__dict__


def new_error() -> Any:
    return ffi.new("aft_error *", {"size": SIZE})


def error_of(status: int, error: Any) -> Error:
    """The exception for a status and the struct that came with it."""
    from .errors import BY_CODE

    filled = error.code == status
    kind = BY_CODE.get(status, Error)
    return kind(
        ffi.string(error.message).decode(errors="replace") if filled else "",
        where=ffi.string(error.where).decode(errors="replace") if filled else "",
        code=status,
        line=error.line if filled else 0,
        column=error.column if filled else 0,
        native=error.native if filled else 0,
    )
