"""Money and time: exact there and back; what could lose something is refused."""
from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

import aftersales as a
from aftersales.values import ms_of

CURRENCIES = st.sampled_from(["CNY", "USD", "JPY", "KWD", "CLF"])
MINOR = st.integers(-(2**63), 2**63 - 1)
ZONES = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=ZONES)


@given(MINOR, CURRENCIES)
def test_money_there_and_back(minor: int, currency: str) -> None:
    money = a.Money.of_minor(minor, currency)
    assert a.Money(money.amount, currency) == money
    assert a.Money(str(money.amount), currency) == money
    assert money.amount == Decimal(minor).scaleb(-a.exponent(currency)) or abs(minor) >= 10**27
    assert eval(repr(money), {"Money": a.Money}) == money


@given(st.decimals(allow_nan=True, allow_infinity=True), CURRENCIES)
def test_an_amount_is_exact_or_refused(amount: Decimal, currency: str) -> None:
    try:
        money = a.Money(amount, currency)
    except ValueError as error:
        assert str(error).startswith("amount:")
    else:
        assert money.amount == amount


@given(st.integers(-(10**15), 10**15), st.lists(st.integers(0, 10**6), min_size=1, max_size=9))
def test_parts_add_up(minor: int, weights: list[int]) -> None:
    whole = a.Money.of_minor(minor, "CNY")
    if not any(weights):
        with pytest.raises(a.Invalid):
            whole.split(weights)
        return
    parts = whole.split(weights)
    total = a.Money(0, "CNY")
    for part in parts:
        total += part
    assert total == whole and len(parts) == len(weights)


@given(MOMENTS)
def test_moments_there_and_back(moment: datetime) -> None:
    back = a.time_of(ms_of("at", moment))
    assert timedelta(0) <= moment - back < timedelta(milliseconds=1)
    assert back.tzinfo is timezone.utc
    assert ms_of("at", back) == ms_of("at", moment)


@pytest.mark.parametrize(
    "amount, currency, kind, named",
    [
        (1.5, "CNY", TypeError, "amount"),
        (True, "CNY", TypeError, "amount"),
        (b"1", "CNY", TypeError, "amount"),
        ("1.005", "CNY", ValueError, "amount"),
        ("0.5", "JPY", ValueError, "amount"),
        ("1E-1000000", "CNY", ValueError, "amount"),
        ("1E+1000000", "CNY", ValueError, "amount"),
        ("one", "CNY", ValueError, "amount"),
        (2**63, "JPY", ValueError, "amount"),
        (1, "XYZ", ValueError, "currency"),
        (1, "CN", ValueError, "currency"),
        (1, "CNY\0", ValueError, "currency"),
        (1, 156, TypeError, "currency"),
    ],
)
def test_money_that_is_refused(amount: object, currency: object, kind: type[Exception], named: str) -> None:
    with pytest.raises(kind, match=f"^{named}:"):
        a.Money(amount, currency)  # type: ignore[arg-type]


def test_money_for_people_and_sums() -> None:
    assert a.Money("1299", "CNY").format("zh") == "¥1,299.00"
    assert a.Money("1200", "JPY").format("zh") == "JP¥1,200"
    assert {a.Money("1.0", "CNY"), a.Money("1.00", "CNY")} == {a.Money(1, "CNY")}
    with pytest.raises(a.WrongCurrency):
        a.Money(1, "CNY") + a.Money(1, "USD")
    with pytest.raises(a.Overflow):
        a.Money.of_minor(2**63 - 1, "CNY") + a.Money.of_minor(1, "CNY")
    assert a.Money(1, "CNY") != 1


def test_text_helpers() -> None:
    assert "13800138000" not in a.text.redact("电话 13800138000")
    assert a.text.normalise("ＡＢＣ  d") == "abc d"
    assert a.text.language("你好，请问") == "zh"
    assert a.text.columns("你好ab") == 6
    with pytest.raises(a.Invalid):
        a.text.parse_code("T-0000")
    with pytest.raises(a.NulByte):
        a.text.redact("a\0b")
    with pytest.raises(TypeError, match="text"):
        a.text.columns(b"ab")  # type: ignore[arg-type]
