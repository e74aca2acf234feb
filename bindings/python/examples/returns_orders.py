"""The file of orders: its columns, and what each row says."""
from __future__ import annotations

import csv
import pathlib
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any, NamedTuple

from aftersales import Money

SCENES = {
    "usual": "shop, buyer and warehouse do what the case needs",
    "parts": "each unit is a case of its own, and the last one closes to the cent",
    "intercept": "the carrier is asked to stop the parcel, and cannot",
    "wrong": "something else comes back",
    "silence": "the shop never answers",
    "dispute": "the shop turns it down, both sides show evidence, and the arbiter rules for the buyer",
    "repair": "it cannot be mended: new goods for the old ones",
}
COLUMNS = {
    "order": "the shop's order number, each once",
    "placed": "a date such as 2026-11-18",
    "delivered": "a date, or empty while it has not arrived",
    "sku": "the article",
    "quantity": "units, from 1",
    "price": "of one unit, such as 19.90",
    "currency": "an ISO 4217 code",
    "kind": "the case to file: return, refund, goodwill …",
    "reason": "a reason of the policy: changed_mind, size_small …",
    "units": "how many the case is about, 1 to quantity",
    "outcome": "the state in which the case must end, or refused",
    "scene": "how it is played: " + ", ".join(SCENES) + "; empty: usual",
    "extras": "words such as discount=40.00; insured, from those below",
    "title": "what the story is called, in Chinese | in English, or in one of them",
}
MAY_LACK = ("scene", "extras", "title")


class Extras(NamedTuple):
    """What an order or a case has beside its columns. Amounts are in the row's currency."""

    amount: Money | None = None  # asked for: of a price protection or goodwill
    discount: Money | None = None  # on the whole order
    freight: Money | None = None  # what the buyer pays to send it back
    postage: Money | None = None  # what they paid to have it sent
    shipped: datetime | None = None  # on its way since then; else it left the day it was placed
    insured: bool = False  # the freight of the way back
    warranty: bool = False  # of two years
    invoice: str = ""  # its number
    tier: str = ""  # of the customer
    country: str = "CN"  # whose law governs


class Row(NamedTuple):
    order: str
    placed: datetime
    delivered: datetime | None
    sku: str
    quantity: int
    price: Money
    kind: str
    reason: str
    units: int
    outcome: str
    scene: str
    extras: Extras
    titles: list[str]

    @property
    def total(self) -> Money:
        return Money.of_minor(self.price.minor * self.quantity, self.price.currency)

    def title(self, zh: bool) -> str:
        return self.titles[0 if zh else -1]


class Bad(Exception):
    """A value that is not as its column must be."""


def day(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d").replace(hour=4, tzinfo=timezone.utc)


def number(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 1_000_000:
        raise ValueError(text)
    return value


def word(text: str) -> str:
    if not text:
        raise ValueError(text)
    return text


def flag(text: str) -> bool:
    if text:
        raise ValueError(text)
    return True


def scene(text: str) -> str:
    if text and text not in SCENES:
        raise ValueError(text)
    return text or "usual"


def extras_of(text: str, currency: str) -> Extras:
    def money(amount: str) -> Money:
        return Money(Decimal(amount), currency)

    known: dict[str, Callable[[str], Any]] = {
        **dict.fromkeys(("amount", "discount", "freight", "postage"), money),
        **dict.fromkeys(("insured", "warranty"), flag),
        **dict.fromkeys(("invoice", "tier", "country"), word),
        "shipped": day,
    }
    found: dict[str, Any] = {}
    for part in filter(None, map(str.strip, text.split(";"))):
        name, _, value = map(str.strip, part.partition("="))
        if name not in known or name in found:
            raise ValueError(part)
        found[name] = known[name](value)
    return Extras(**found)


def row_of(cells: dict[str, Any], line: int, seen: set[str]) -> Row:
    def take(column: str, convert: Callable[[str], Any]) -> Any:
        text = (cells.get(column) or "").strip()
        try:
            return convert(text)
        except (ValueError, ArithmeticError, TypeError):
            raise Bad(f"line {line}, column {column}: expected {COLUMNS[column]}, found {text!r}") from None

    def fresh(text: str) -> str:
        if text in seen:
            raise ValueError(text)
        seen.add(word(text))
        return text

    quantity = take("quantity", number)
    take("currency", lambda text: Money(1, text))
    currency = cells["currency"].strip()
    row = Row(
        take("order", fresh),
        take("placed", day),
        take("delivered", lambda text: day(text) if text else None),
        take("sku", word),
        quantity,
        take("price", lambda text: Money(Decimal(text), currency)),
        take("kind", word),
        take("reason", word),
        take("units", number),
        take("outcome", word),
        take("scene", scene),
        take("extras", lambda text: extras_of(text, currency)),
        take("title", lambda text: [part.strip() for part in text.split("|", 1)]),
    )
    if row.units > quantity:
        raise Bad(f"line {line}, column units: expected 1 to {quantity}, found {row.units}")
    return row


def rows_of(path: pathlib.Path) -> Iterator[Row]:
    """The good rows; each bad one is named, and the rest goes on."""
    seen: set[str] = set()
    with open(path, encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        wanted = [c for c in COLUMNS if c not in MAY_LACK]
        missing = [c for c in wanted if c not in (reader.fieldnames or [])]
        if missing:
            raise SystemExit(f"{path}, line 1: expected the columns {', '.join(COLUMNS)}; missing: {', '.join(missing)}")
        for cells in reader:
            try:
                yield row_of(cells, reader.line_num, seen)
            except Bad as bad:
                print(f"{path.name}, {bad}", file=sys.stderr)
