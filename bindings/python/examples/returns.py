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


def play(system: Desk, amy: Desk, ann: Desk, case: Case) -> None:
    """Warehouse and gateway, as far as this case has something for them."""
    moves: list[tuple[Desk, str, dict[str, str]]] = [
        (amy, "approve", {}),
        (ann, "ship", {"carrier": "sf", "waybill": f"SF{case.id}"}),
        (amy, "receive", {}),
        (amy, "inspect", {}),
        (amy, "accept_goods", {}),
    ]
    for who, event, more in moves:
        if event in [option["event"] for option in who.case_options(case.id)]:
            who.act_on_case(case.id, event, **more)  # type: ignore[arg-type]
    for leg in system.case_parts(case.id, Leg):
        if leg.state == "sent":
            system.settle_leg("confirmed", leg=leg.id, amount=leg.requested, reference=f"gw {leg.number}")


def ledger(desk: Desk, orders: list[int]) -> bool:
    """What was captured is what buyers got back and what the shop keeps; both are counted apart."""
    right = True
    for order in orders:
        payments = list(desk.payments(order))
        legs = [leg for case in desk.cases(order=order) for leg in desk.case_parts(case.id, Leg)]
        for payment in payments:
            back = sum(leg.confirmed.minor for leg in legs if leg.payment == payment.id and leg.state == "confirmed")
            kept = payment.captured.minor - payment.refunded.minor
            left = payment.captured.minor - kept - back
            print(f"{payment.ref:<12} {payment.captured!s:>10} = {payment.refunded!s:>10} + {Money.of_minor(kept, payment.currency)!s:>10}")
            right = right and left == 0
    return right


def run(session: Session, path: pathlib.Path, lang: str) -> bool:
    tenant = session.as_system().put_tenant("acme", zone="Asia/Shanghai").id
    desk = session.as_system(tenant)
    shop, buyer = desk.put_shop("home").id, desk.put_customer(external="ann").id
    amy = session.as_agent(tenant, desk.put_agent("amy", shops=[shop]).id)
    ann, orders, right = session.as_buyer(tenant, buyer), [], True
    for row in rows_of(path):
        try:
            order = tell(desk, shop, buyer, row)
            orders.append(order)
            line = next(iter(desk.lines(order))).id
            who = amy if row.kind == "goodwill" else ann
            asked = {"amount": row.price} if row.kind == "goodwill" else {}
            case = who.open_case(order, row.kind, row.reason, lines=[{"line": line, "quantity": row.units}], **asked)
            play(desk, amy, ann, case)
            desk.verify_case(case.id)
            print(f"\n{row.order}  {row.kind}  {desk.case(case.id).state}\n{ann.timeline(case.id, lang)}")
        except Ineligible as refused:
            print(f"\n{row.order}  {refused}")
            right = right and bool(refused.message)
        except Error as error:
            print(f"{row.order}: {error}", file=sys.stderr)
            right = False
    print()
    return ledger(desk, orders) and right


def main() -> int:
    columns = "; ".join(f"{name}: {what}" for name, what in COLUMNS.items())
    parser = argparse.ArgumentParser(description=__doc__, epilog=f"Columns of the file: {columns}.")
    parser.add_argument("--csv", type=pathlib.Path, default=SAMPLE, metavar="ORDERS.csv")
    parser.add_argument("--lang", choices=["zh", "en"], default="en")
    given = parser.parse_args()
    with Env(clock=lambda: NOW) as env, Store("memory:", create=True, env=env) as store, store.session() as session:
        return 0 if run(session, given.csv, given.lang) else 1


if __name__ == "__main__":
    sys.exit(main())
