"""Money and time at the edge, and how each becomes what the library takes. Wrong types are a TypeError that names the
argument; values out of range a ValueError."""
from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Any

from ._error import error_of, new_error
from ._ffi import ffi, lib

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MOST = 2**63 - 1
MILLISECOND = timedelta(milliseconds=1)


def wrong_type(name: str, expected: str, found: object) -> TypeError:
    return TypeError(f"{name}: expected {expected}, found {type(found).__name__}")


def integer(name: str, value: object, least: int = -MOST - 1, most: int = MOST, what: str = "an integer") -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong_type(name, what, value)
    if not least <= value <= most:
        raise ValueError(f"{name}: expected {least} to {most}, found {value}")
    return value


def identity(name: str, value: object) -> int:
    if hasattr(value, "KIND"):
        raise TypeError(f"{name}: expected an id, found a record: pass its .id")
    return integer(name, value, 0, what="an id (int)")


def utf8(name: str, value: object) -> bytes:
    if not isinstance(value, str):
        raise wrong_type(name, "a str", value)
    try:
        return value.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"{name}: the text has a lone surrogate at {error.start}, which is no character") from None


def ms_of(name: str, value: object) -> int:
    """Milliseconds since 1970 UTC; parts of a millisecond are cut off."""
    if not isinstance(value, datetime):
        raise wrong_type(name, "an aware datetime", value)
    if value.utcoffset() is None:
        raise TypeError(f"{name}: expected an aware datetime, found one without a time zone")
    return (value - EPOCH) // MILLISECOND


def span_ms(name: str, value: object) -> int:
    if not isinstance(value, timedelta):
        raise wrong_type(name, "a timedelta", value)
    return value // MILLISECOND


def time_of(ms: int) -> datetime:
    """The moment of a number of milliseconds since 1970, as times stand in query results."""
    return EPOCH + ms * MILLISECOND


def made_at(id: int) -> datetime:
    """When the record with this id was made."""
    if identity("id", id) == 0:
        raise ValueError("id: 0 means none")
    return time_of(lib.aft_id_time(id))


def exponent(currency: str) -> int:
    """How many digits a currency has after the decimal point: 2 for CNY, 0 for JPY."""
    digits = lib.aft_currency_exponent(utf8("currency", currency)) if "\0" not in currency else -1
    if digits < 0:
        raise ValueError(f"currency: {currency!r} is no ISO 4217 code")
    return int(digits)


class Money:
    """An amount of one currency, exact: Money("12.50", "CNY"). Takes str, int and Decimal; floats are refused."""

    __slots__ = ("_currency", "_minor")
    _minor: int
    _currency: str

    def __init__(self, amount: Decimal | int | str, currency: str) -> None:
        if isinstance(amount, bool) or not isinstance(amount, (Decimal, int, str)):
            raise wrong_type("amount", "a Decimal, int or str", amount)
        if not isinstance(currency, str):
            raise wrong_type("currency", "a str", currency)
        digits = exponent(currency)
        try:
            exact = Decimal(amount)
        except InvalidOperation:
            raise ValueError(f"amount: {amount!r} is no number") from None
        if not exact.is_finite() or exact.adjusted() > 20:
            raise ValueError(f"amount: {amount} is out of range")
        sign, figures, power = exact.as_tuple()
        shift = int(power) + digits
        whole = int("".join(map(str, figures)))
        minor, left = (whole * 10**shift, 0) if shift >= 0 else divmod(whole, 10 ** min(-shift, len(figures) + 1))
        if left:
            raise ValueError(f"amount: {amount} has more than the {digits} decimals of {currency}")
        self._minor = integer("amount", -minor if sign else minor)
        self._currency = currency

    @classmethod
    def of_minor(cls, minor: int, currency: str) -> Money:
        """From whole minor units: of_minor(1250, "CNY") is 12.50."""
        integer("minor", minor)
        money = cls(0, currency)
        money._minor = minor
        return money

    @property
    def amount(self) -> Decimal:
        sign = 1 if self._minor < 0 else 0
        return Decimal((sign, tuple(map(int, str(abs(self._minor)))), -exponent(self._currency)))

    @property
    def currency(self) -> str:
        return self._currency

    @property
    def minor(self) -> int:
        """The amount in minor units (fen, cents)."""
        return self._minor

    def format(self, locale: str = "en") -> str:
        """For people: "¥1,299.00"."""
        out, error = ffi.new("char[]", 48), new_error()
        status = lib.aft_money_format(self.struct(), utf8("locale", locale), out, error)
        if status < 0:
            raise error_of(status, error)
        return str(ffi.string(out).decode())

    def split(self, weights: Sequence[int]) -> list[Money]:
        """Parts by weights that add up to the whole exactly."""
        numbers = [integer(f"weights[{i}]", w, 0) for i, w in enumerate(weights)]
        out, error = ffi.new("aft_money[]", max(len(numbers), 1)), new_error()
        status = lib.aft_money_split(self.struct(), ffi.new("int64_t[]", numbers), len(numbers), out, error)
        if status < 0:
            raise error_of(status, error)
        return [Money.of_minor(out[i].minor, self._currency) for i in range(len(numbers))]

    def struct(self) -> Any:
        return ffi.new("aft_money *", {"minor": self._minor, "currency": self._currency.encode()})

    def __add__(self, other: object) -> Money:
        if not isinstance(other, Money):
            return NotImplemented
        out, error = ffi.new("aft_money *"), new_error()
        status = lib.aft_money_add(self.struct(), other.struct(), out, error)
        if status < 0:
            raise error_of(status, error)
        return Money.of_minor(out.minor, self._currency)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Money):
            return NotImplemented
        return (self._minor, self._currency) == (other._minor, other._currency)

    def __hash__(self) -> int:
        return hash((self._minor, self._currency))

    def __repr__(self) -> str:
        return f"Money({str(self.amount)!r}, {self._currency!r})"

    def __str__(self) -> str:
        return self.format()
