"""Returns from a file of orders: told, filed, played by gateway and warehouse, and the ledger at the end."""
from __future__ import annotations

import argparse
import csv
import pathlib
import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any, NamedTuple

from aftersales import Case, Desk, Env, Error, Ineligible, Leg, Money, Session, Store

SAMPLE = pathlib.Path(__file__).with_name("orders.csv")
NOW = datetime(2026, 11, 25, 9, tzinfo=timezone.utc)
COLUMNS = {
    "order": "the shop's order number, each once",
    "placed": "a date such as 2026-11-18",
    "delivered": "a date, or empty while it is not shipped",
    "sku": "the article",
    "quantity": "units, from 1",
    "price": "of one unit, such as 19.90",
    "currency": "an ISO 4217 code",
    "kind": "the case to file: return, refund, goodwill …",
    "reason": "a reason of the policy: changed_mind, size_small …",
    "units": "how many the case is about, 1 to quantity",
    "outcome": "the state in which the case must end, or refused",
}


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

    @property
    def total(self) -> Money:
        return Money.of_minor(self.price.minor * self.quantity, self.price.currency)


class Bad(Exception):
    """A value that is not as its column must be."""


def day(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d").replace(hour=4, tzinfo=timezone.utc)


def number(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 1_000_000:
        raise ValueError(text)
    return value


def row_of(cells: dict[str, Any], line: int, seen: set[str]) -> Row:
    def take(column: str, convert: Any) -> Any:
        text = (cells.get(column) or "").strip()
        try:
            return convert(text)
        except (ValueError, ArithmeticError, TypeError):
            raise Bad(f"line {line}, column {column}: expected {COLUMNS[column]}, found {text!r}") from None

    def word(text: str) -> str:
        if not text:
            raise ValueError(text)
        return text

    def fresh(text: str) -> str:
        if text in seen:
            raise ValueError(text)
        seen.add(word(text))
        return text

    quantity = take("quantity", number)
    take("currency", lambda text: Money(1, text))
    row = Row(
        take("order", fresh),
        take("placed", day),
        take("delivered", lambda text: day(text) if text else None),
        take("sku", word),
        quantity,
        take("price", lambda text: Money(Decimal(text), cells["currency"].strip())),
        take("kind", word),
        take("reason", word),
        take("units", number),
        take("outcome", word),
    )
    if row.units > quantity:
        raise Bad(f"line {line}, column units: expected 1 to {quantity}, found {row.units}")
    return row


def rows_of(path: pathlib.Path) -> Iterator[Row]:
    """The good rows; each bad one is named, and the rest goes on."""
    seen: set[str] = set()
    with open(path, encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = [c for c in COLUMNS if c not in (reader.fieldnames or [])]
        if missing:
            raise SystemExit(f"{path}, line 1: expected the columns {', '.join(COLUMNS)}; missing: {', '.join(missing)}")
        for cells in reader:
            try:
                yield row_of(cells, reader.line_num, seen)
            except Bad as bad:
                print(f"{path.name}, {bad}", file=sys.stderr)


def tell(desk: Desk, shop: int, buyer: int, row: Row) -> int:
    parcel = {"ref": "p-1", "carrier": "sf", "items": [{"line": row.sku, "quantity": row.quantity}]}
    sent = [{**parcel, "shipped": row.placed, "delivered": row.delivered}] if row.delivered else []
    return desk.tell_order(
        shop,
        buyer,
        row.order,
        row.price.currency,
        placed=row.placed,
        jurisdiction="cn",
        zone="Asia/Shanghai",
        lines=[{"ref": row.sku, "quantity": row.quantity, "price": row.total}],
        payments=[{"ref": f"pay {row.order}", "instrument": "alipay", "captured": row.total}],
        parcels=sent,
    ).id


class Gateway:
    """Keeps a book of its own, which the desk's must agree with."""

    def __init__(self) -> None:
        self.book: dict[tuple[str, str], int] = {}  # (whose, currency) → minor units

    def move(self, payer: str, payee: str, money: Money) -> None:
        for whose, minor in ((payer, -money.minor), (payee, money.minor)):
            place = whose, money.currency
            self.book[place] = self.book.get(place, 0) + minor

    def settle(self, desk: Desk, case: int) -> None:
        for leg in desk.parts_of_case(case, Leg):
            if leg.state == "sent":
                desk.settle_leg("confirmed", leg=leg.id, amount=leg.requested, reference=f"gw {leg.number}")
                self.move(leg.payer, leg.payee, leg.requested)


def play(amy: Desk, ann: Desk, case: Case) -> None:
    """The shop decides, the buyer sends the goods back, the warehouse looks at them: where the case has a use for it."""
    moves: list[tuple[Desk, str, dict[str, Any]]] = [
        (amy, "approve", {}),
        (ann, "ship", {"carrier": "sf", "waybill": f"SF{case.id}"}),
        (amy, "receive", {}),
        (amy, "inspect", {}),
        (amy, "accept_goods", {}),
    ]
    for who, event, more in moves:
        if event in [option["event"] for option in who.case_options(case.id)]:
            who.act_on_case(case.id, event, **more)


def show(row: Row, told: dict[str, Any]) -> None:
    print(f"\n{row.order}  {told['code']}  {told['kind']}: {told['now']}")
    for step in told["steps"]:
        print(f"  {step['at'][:16].replace('T', ' ')}  {step['text']}")


def ledger(desk: Desk, orders: list[int], gateway: Gateway) -> bool:
    """Every account from the desk's records. They sum to zero in each currency, and are what the gateway has."""
    desks, right = Gateway(), True
    for order in orders:
        legs = [leg for case in desk.cases(order=order) for leg in desk.parts_of_case(case.id, Leg)]
        done = [leg for leg in legs if leg.state == "confirmed"]
        for payment in desk.payments(order):
            desks.move("buyer", "seller", payment.captured)
            back = sum(leg.confirmed.minor for leg in done if leg.payment == payment.id)
            right = right and back == payment.refunded.minor
        for leg in done:
            desks.move(leg.payer, leg.payee, leg.confirmed)
    print()
    for (whose, currency), minor in sorted(desks.book.items()):
        print(f"{whose:<10} {Money.of_minor(minor, currency)!s:>14}")
    for currency in sorted({currency for _, currency in desks.book}):
        total = sum(minor for (_, c), minor in desks.book.items() if c == currency)
        print(f"{'sum':<10} {Money.of_minor(total, currency)!s:>14}")
        right = right and total == 0
    if not right or desks.book != gateway.book:
        print(f"the ledger is wrong: the gateway has {gateway.book}", file=sys.stderr)
    return right and desks.book == gateway.book


def run(session: Session, path: pathlib.Path, lang: str) -> bool:
    tenant = session.as_system().put_tenant("acme", zone="Asia/Shanghai").id
    desk = session.as_system(tenant)
    shop, buyer = desk.put_shop("home").id, desk.put_customer(external="ann").id
    amy, ann = session.as_agent(tenant, desk.put_agent("amy", shops=[shop]).id), session.as_buyer(tenant, buyer)
    gateway, right = Gateway(), True
    orders: list[int] = []
    for row in rows_of(path):
        outcome = "an error"
        try:
            orders.append(tell(desk, shop, buyer, row))
            gateway.move("buyer", "seller", row.total)
            line = next(iter(list(desk.lines(orders[-1])))).id
            who, amount = (amy, row.price) if row.kind == "goodwill" else (ann, None)
            lines = [{"line": line, "quantity": row.units}]
            case = who.open_case(orders[-1], row.kind, row.reason, lines=lines, amount=amount)
            play(amy, ann, case)
            gateway.settle(desk, case.id)
            desk.verify_case(case.id)
            outcome = desk.case(case.id).state
            show(row, ann.timeline(case.id, lang))
        except Ineligible as refused:
            outcome = "refused"
            print(f"\n{row.order}  {refused.message}")
        except Error as error:
            print(f"{row.order}: {error}", file=sys.stderr)
        if outcome != row.outcome:
            print(f"{row.order}: expected {row.outcome}, found {outcome}", file=sys.stderr)
            right = False
    return ledger(desk, orders, gateway) and right


def main() -> int:
    columns = "; ".join(f"{name}: {what}" for name, what in COLUMNS.items())
    parser = argparse.ArgumentParser(description=__doc__, epilog=f"Columns of the file: {columns}.")
    parser.add_argument("--csv", type=pathlib.Path, default=SAMPLE, metavar="ORDERS.csv")
    parser.add_argument("--lang", choices=["zh", "en"], default="en")
    given = parser.parse_args()
    if not given.csv.is_file():
        parser.error(f"--csv: there is no file {given.csv}")
    with Env(clock=lambda: NOW) as env, Store("memory:", create=True, env=env) as store, store.session() as session:
        return 0 if run(session, given.csv, given.lang) else 1


if __name__ == "__main__":
    sys.exit(main())
