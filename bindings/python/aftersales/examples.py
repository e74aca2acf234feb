"""Labelled texts on their way into the library, one by one, from whatever gives them."""
from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, List, Tuple, TypeVar, Union

from ._call import run
from ._ffi import ffi, lib
from ._handle import keep_cause
from .errors import CallbackFailed
from .values import utf8, wrong_type

Example = Union[Tuple[str, str], Tuple[str, str, float], List[str]]
T = TypeVar("T")
WEIGHT_MOST = 1000


def text_into(place: Any, data: bytes) -> Any:
    """Gives what must be kept while the place is read."""
    memory = ffi.from_buffer("char[]", data or b"\0")
    place.data, place.len = memory, len(data)
    return memory


def permille(name: str, value: object, most: float) -> int:
    """Shares and weights are whole permille in C, where 0 stands for the default."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise wrong_type(name, "a number", value)
    if not 0.001 <= value <= most:
        raise ValueError(f"{name}: expected 0.001 to {most}, found {value}")
    return round(value * 1000)


def unwrapped(call: Callable[[], T]) -> T:
    """What the rows raised reaches the caller as it is."""
    try:
        return call()
    except CallbackFailed as error:
        if error.result is not None or error.__cause__ is None:
            raise
        cause = error.__cause__
    raise cause


class Examples:
    """Reads rows for C, one by one; the texts of one live until the next."""

    def __init__(self, rows: Iterable[Example]) -> None:
        if isinstance(rows, (str, bytes)) or not isinstance(rows, Iterable):
            raise wrong_type("rows", "an iterable of (label, text) or (label, text, weight)", rows)
        self.rows = iter(rows)
        self.n = 0
        self.kept: list[Any] = []

    def next(self, out: Any) -> int:
        for row in self.rows:
            self.n += 1
            name = f"examples[{self.n}]"
            if not isinstance(row, (tuple, list)) or len(row) not in (2, 3):
                raise wrong_type(name, "(label, text) or (label, text, weight)", row)
            label, text = utf8(f"{name}.label", row[0]), utf8(f"{name}.text", row[1])
            self.kept = [text_into(out.label, label), text_into(out.text, text)]
            out.weight = permille(f"{name}.weight", row[2], WEIGHT_MOST) if len(row) == 3 else 0
            return 1
        return 0

    def run(self, function: Callable[..., int], arguments: list[Any], take: Callable[[int], T]) -> T:
        """Calls with the rows where the arguments have None."""
        handle = ffi.new_handle(self)
        given = [part for a in arguments for part in ([lib.aft_py_example, handle] if a is None else [a])]
        return unwrapped(lambda: run(function, given, take))


@ffi.def_extern(error=-1, onerror=keep_cause)  # type: ignore[untyped-decorator]
def aft_py_example(user: Any, out: Any) -> int:
    return int(ffi.from_handle(user).next(out))
