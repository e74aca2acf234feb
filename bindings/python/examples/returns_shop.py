"""A shop with its people, its clock and its carrier; the gateway, and one book of all that was paid."""
from __future__ import annotations

import json
import random
import sys
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta, timezone
from typing import Any

from aftersales import Case, Desk, Env, Leg, Money, Store

from returns_orders import Row

NOW = datetime(2026, 11, 25, 9, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ZONES = {"CN": "Asia/Shanghai", "DE": "Europe/Berlin"}

NAMES = {
    "buyer": ("买家", "buyer"), "seller": ("商家", "shop"), "agent": ("商家", "shop"), "system": ("系统", "desk"),
    "warehouse": ("仓库", "warehouse"), "arbiter": ("平台", "arbiter"), "platform": ("平台", "platform"),
    "insurer": ("保险公司", "insurer"), "carrier": ("快递公司", "carrier"), "alipay": ("支付宝", "Alipay"),
    "card": ("银行卡", "card"), "balance": ("余额", "balance"), "store_credit": ("店铺余额", "store credit"),
    "refund": ("退款", "refund"), "advance": ("先行退款", "advance"), "freight": ("退货运费", "freight"),
    "compensation": ("补偿", "compensation"), "clawback": ("追回", "debt"), "charge": ("补差价", "charge"),
}

Place = tuple[str, str, str]  # whose, by which instrument, in which currency


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Chinese characters take two columns."""
    blanks = " " * (width - sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text))
    return blanks + text if right else text + blanks


class Book:
    """What each party paid and received by each instrument, in minor units."""

    def __init__(self) -> None:
        self.places: dict[Place, list[int]] = {}

    def move(self, payer: str, payee: str, instrument: str, money: Money) -> None:
        for whose, side in ((payer, 0), (payee, 1)):
            self.places.setdefault((whose, instrument, money.currency), [0, 0])[side] += money.minor


class Day:
    """What all orders of the file have in common: two books that must agree, and whether all was as it must be."""

    def __init__(self, lang: str) -> None:
        self.lang, self.right = lang, True
        self.desk, self.bank, self.payments = Book(), Book(), 0

    def say(self, zh: str, en: str) -> str:
        return zh if self.lang == "zh" else en

    def named(self, name: str) -> str:
        """What people call a party, an instrument or a movement of money."""
        return NAMES[name][self.lang == "en"] if name in NAMES else name

    def money(self, minor: int, currency: str) -> str:
        return Money.of_minor(minor, currency).format(self.lang)

    def check(self, holds: bool, what: str) -> None:
        if not holds:
            print(what, file=sys.stderr)
            self.right = False


class Shop:
    """A desk in memory for one order: each begins on the same morning, whatever the others take."""

    def __init__(self, stack: ExitStack, day: Day, name: str) -> None:
        chance = random.Random(name)  # the same codes each time
        self.day, self.now = day, NOW
        env = stack.enter_context(Env(clock=lambda: self.now, random=chance.randbytes))
        blobs = stack.enter_context(tempfile.TemporaryDirectory())
        self.store = stack.enter_context(Store("memory:", create=True, env=env, blobs=blobs))
        self.session = stack.enter_context(self.store.session())
        self.env = env
        self.tenant = self.session.as_system().put_tenant("acme", zone="Asia/Shanghai").id
        self.desk = self.session.as_system(self.tenant)
        self.shop = self.desk.put_shop("home").id
        self.buyer = self.desk.put_customer(external="ann", locale=day.lang).id
        self.amy = self.session.as_agent(self.tenant, self.desk.put_agent("amy", shops=[self.shop]).id)
        self.ann = self.session.as_buyer(self.tenant, self.buyer)
        self.warehouse = self.session.as_warehouse(self.tenant)
        self.arbiter = self.session.as_arbiter(self.tenant)
        self.asked: list[str] = []  # what carrier and warehouse were asked for

    def people(self) -> dict[str, Desk]:
        return {"buyer": self.ann, "seller": self.amy, "warehouse": self.warehouse, "arbiter": self.arbiter}

    def wait(self, time: timedelta) -> None:
        """Deadlines fire at their own times, one after the other."""
        end = self.now + time
        while True:
            due = self.session.tick().next
            if due is None or due > end:
                break
            self.now = max(due, self.now)
        self.now = end
        self.session.tick()

    # ---- orders ----

    def tell(self, row: Row) -> int:
        more, currency = row.extras, row.price.currency
        lines: list[dict[str, Any]] = [{"ref": row.sku, "quantity": row.quantity, "price": row.total}]
        paid = row.total.minor - (more.discount.minor if more.discount else 0)
        if more.warranty:
            lines[0]["warranty_until"] = self.now + 700 * DAY
        if more.postage:
            lines.append({"ref": "post", "nature": "freight", "quantity": 1, "price": more.postage})
            paid += more.postage.minor
        if more.tier:
            self.desk.put_customer(id=self.buyer, tier=more.tier)
        parcel = {
            "ref": "out",
            "carrier": "sf",
            "waybill": f"OUT-{row.order}",
            "insured": more.insured or None,
            "shipped": more.shipped or row.placed,
            "delivered": row.delivered,
            "items": [{"line": row.sku, "quantity": row.quantity}],
        }
        payment = {"ref": f"pay {row.order}", "instrument": "alipay" if currency == "CNY" else "card"}
        return self.desk.tell_order(
            self.shop,
            self.buyer,
            row.order,
            currency,
            placed=row.placed,
            jurisdiction=more.country,
            zone=ZONES.get(more.country, "UTC"),
            invoice=more.invoice or None,
            lines=lines,
            shares=[{"ref": "off", "amount": more.discount}] if more.discount else None,
            payments=[{**payment, "captured": Money.of_minor(paid, currency), "paid": row.placed}],
            parcels=[parcel] if row.delivered or more.shipped else None,
        ).id

    def send_replacement(self, case: Case, *, arrived: bool) -> None:
        order = self.desk.order(case.order)
        items = [{"line": l.ref, "quantity": l.quantity} for l in self.desk.lines(case.order) if l.case == case.id]
        self.day.check(bool(items), f"{order.number}: no line was made for the new goods")
        parcel = {"ref": "again", "carrier": "sf", "shipped": self.now, "items": items}
        parcel["delivered"] = self.now if arrived else None
        self.desk.tell_order(self.shop, self.buyer, order.number, order.currency or "CNY", parcels=[parcel])

    # ---- what waits in the outbox is carried out ----

    def gateway(self) -> None:
        """The gateway keeps a book of its own. Carrier and warehouse note what they are asked for."""
        while effects := list(self.session.claim()):
            for effect in effects:
                asked = json.loads(effect.payload or "{}")
                self.session.settle(effect.id, effect.fence, "done")
                if "leg" in asked:
                    money = Money.of_minor(asked["amount"], asked["currency"])
                    self.day.bank.move(asked["payer"], asked["payee"], asked["instrument"], money)
                    number = asked["number"]
                    self.desk.settle_leg("confirmed", leg=int(asked["leg"]), amount=money, reference=f"gw {number}")
                elif effect.topic == "invoice.reverse":
                    self.desk.tell_invoice(int(asked["case"]), "issued", red=f"RED-{len(self.asked):04}")
                self.asked.append(effect.topic)

    def close(self, order: int) -> None:
        """What the desk has of the money, for the ledger of the day."""
        for case in list(self.desk.cases(order=order)):
            self.desk.verify_case(case.id)
            for leg in self.desk.parts_of_case(case.id, Leg):
                self.day.check(leg.state in ("confirmed", "void"), f"{case.code}: money is still under way")
                if leg.confirmed.minor:
                    self.day.desk.move(leg.payer, leg.payee, leg.instrument, leg.confirmed)
        for payment in self.desk.payments(order):
            gone = payment.reversed.minor + payment.planned.minor + payment.refunded.minor
            self.day.check(gone <= payment.captured.minor, f"{payment.ref}: gave back more than it took")
            self.day.payments += 1


@contextmanager
def open_shop(day: Day, name: str) -> Iterator[Shop]:
    with ExitStack() as stack:
        yield Shop(stack, day, name)
