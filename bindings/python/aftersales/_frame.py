"""One sized struct on its way into the library: filled field by field, each value checked and kept alive."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any, Union

from ._ffi import ffi
from .values import Money, identity, integer, ms_of, span_ms, utf8, wrong_type

RANGES = {"int64_t": (-(2**63), 2**63 - 1), "uint64_t": (0, 2**64 - 1), "int32_t": (-(2**31), 2**31 - 1)}
RANGES["uint32_t"] = (0, 2**32 - 1)


Answer = Union[int, bool, str, Sequence[str]]  # a number of a scale, yes or no, one choice or several, a text


def items(name: str, value: object) -> Sequence[Any]:
    if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
        raise wrong_type(name, "a sequence", value)
    return value


def answer_text(name: str, value: Answer) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, str)):
        return str(value)
    return " ".join(items(name, value))


class Frame:
    """What is None stays zero, which means default or absent."""

    def __init__(self, struct: str) -> None:
        self.struct = ffi.new(struct + " *")
        self.struct.size = ffi.sizeof(struct)
        self.kept: list[Any] = []
        self.currencies: list[tuple[str, str]] = []  # where Money stands for minor units, and its currency
        self.types = dict(ffi.typeof(struct).fields)

    def put(self, name: str, value: Any) -> None:
        setattr(self.struct, name, value)

    def text(self, name: str, value: str | None, field: str = "") -> None:
        if value is not None:
            self.fill_text(getattr(self.struct, field or name), utf8(name, value))

    def fill_text(self, place: Any, data: bytes) -> None:
        memory = ffi.from_buffer("char[]", data or b"\0")
        self.kept.append(memory)
        place.data, place.len = memory, len(data)

    def id(self, name: str, value: int | None, field: str = "") -> None:
        if value is not None:
            self.put(field or name, identity(name, value))

    def number(self, name: str, value: int | None) -> None:
        if value is not None:
            self.put(name, integer(name, value, *RANGES[self.types[name].type.cname]))

    def bound(self, name: str, value: int | None) -> None:
        if value is not None:
            place = ffi.new("int64_t *", integer(name, value))
            self.kept.append(place)
            self.put(name, place)

    def flag(self, name: str, value: bool | None) -> None:
        if value is not None and not isinstance(value, bool):
            raise wrong_type(name, "a bool", value)
        self.put(name, 1 if value else 0)

    def bit(self, name: str, value: bool | None, number: int, field: str = "flags") -> None:
        if value is not None and not isinstance(value, bool):
            raise wrong_type(name, "a bool", value)
        self.put(field, getattr(self.struct, field) | (number if value else 0))

    def time(self, name: str, value: object, field: str = "") -> None:
        if value is None:
            return
        ms = ms_of(name, value)
        if ms == 0:
            raise ValueError(f"{name}: the first moment of 1970 stands for 'not given'")
        self.put(field or name, ms)

    def span(self, name: str, value: object, field: str) -> None:
        if value is not None:
            self.put(field, span_ms(name, value))

    def money(self, name: str, value: Money | None) -> None:
        if value is None:
            return
        if not isinstance(value, Money):
            raise wrong_type(name, "Money", value)
        self.put(name, value.struct()[0])

    def minor(self, name: str, value: Money | int | None) -> None:
        """Money, or whole minor units of it."""
        if isinstance(value, Money):
            self.currencies.append((name, value.currency))
            value = value.minor
        self.number(name, value)

    def one_currency(self, currency: str) -> None:
        for name, found in self.currencies:
            if found != currency:
                raise ValueError(f"{name}: expected {currency}, the currency of the order, found {found}")

    def choice(self, name: str, value: str | None, numbers: Mapping[str, int]) -> None:
        if value is not None:
            self.put(name, chosen(name, value, numbers))

    def ids(self, name: str, values: Sequence[int] | None) -> None:
        if values is not None:
            numbers = [identity(f"{name}[{i}]", v) for i, v in enumerate(items(name, values))]
            self.array(name, ffi.new("int64_t[]", numbers), len(numbers))

    def texts(self, name: str, values: Sequence[str] | None) -> None:
        if values is None:
            return
        encoded = [utf8(f"{name}[{i}]", v) for i, v in enumerate(items(name, values))]
        array = ffi.new("aft_str[]", len(encoded))
        for place, data in zip(array, encoded):
            self.fill_text(place, data)
        self.array(name, array, len(encoded))

    def inputs(self, name: str, values: Sequence[Any] | None, kind: type[Any]) -> None:
        if values is not None:
            array, n = self.structs(name, values, kind)
            self.array(name, array, n)

    def answers(self, name: str, values: Mapping[str, Answer] | None) -> None:
        """Answers to the questions of a survey, by their names."""
        if values is None:
            return
        if not isinstance(values, Mapping):
            raise wrong_type(name, "a dict of questions and answers", values)
        array = ffi.new("aft_field_in[]", len(values))
        for place, (question, value) in zip(array, values.items()):
            at = f"{name}[{question!r}]"
            place.size = ffi.sizeof("aft_field_in")
            self.fill_text(place.name, utf8(name, question))
            self.fill_text(place.text, utf8(at, answer_text(at, value)))
        self.array(name, array, len(values))

    def structs(self, name: str, values: Sequence[Any], kind: type[Any]) -> tuple[Any, int]:
        """An array of structs, each filled by a class of aftersales.inputs."""
        array = ffi.new(kind.STRUCT + "[]", len(items(name, values)))
        for i, value in enumerate(values):
            value = made_of(f"{name}[{i}]", value, kind)
            inner = Frame(kind.STRUCT)
            try:
                value.fill(inner)
            except (TypeError, ValueError) as error:
                raise type(error)(f"{name}[{i}].{error}") from None
            array[i] = inner.struct[0]
            self.kept += inner.kept
            self.currencies += [(f"{name}[{i}].{place}", currency) for place, currency in inner.currencies]
        return array, len(values)

    def array(self, name: str, array: Any, n: int) -> None:
        self.kept.append(array)
        self.put(name, array)
        self.put("n_" + name, n)


def made_of(name: str, value: Any, kind: type[Any]) -> Any:
    """An input of this class; a dict of its fields will do."""
    if isinstance(value, kind):
        return value
    if not isinstance(value, Mapping):
        article = "an" if kind.__name__[0] in "AEIOU" else "a"
        raise wrong_type(name, f"{article} {kind.__name__} or a dict", value)
    known = fields(kind)
    for key in value:
        if key not in [f.name for f in known]:
            raise ValueError(f"{name}.{key}: expected one of {', '.join(f.name for f in known)}")
    for field in known:
        if field.default is MISSING and field.name not in value:
            raise ValueError(f"{name}.{field.name}: expected a value, found none")
    return kind(**value)


def chosen(name: str, value: object, numbers: Mapping[str, int]) -> int:
    if not isinstance(value, str):
        raise wrong_type(name, "a str", value)
    if value not in numbers:
        raise ValueError(f"{name}: expected one of {', '.join(numbers)}, found {value!r}")
    return numbers[value]
