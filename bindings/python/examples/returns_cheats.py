"""Six attempts to cheat, each with what is said to it. After each, money, units and cases are as they were."""
from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from aftersales import Error, Leg, LinkKeys, Money

from returns_orders import Row, extras_of
from returns_scenes import usual
from returns_shop import DAY, NOW, Day, Shop, open_shop

SECRET = b"thirty-two random bytes in a real shop"


def mug(number: str, kind: str, *, delivered: bool) -> Row:
    placed = NOW - timedelta(days=5)
    arrived = NOW - DAY if delivered else None
    price, extras = Money("49.00", "CNY"), extras_of("", "CNY")
    return Row(number, placed, arrived, "mug", 1, price, kind, "changed_mind", 1, "refunded", "usual", extras, [""])


def standing(shop: Shop, order: int) -> list[tuple[int, ...]]:
    money = [(p.refunded.minor, p.planned.minor) for p in shop.desk.payments(order)]
    units = [(line.with_buyer,) for line in shop.desk.lines(order)]
    return [*money, *units, (len(list(shop.desk.cases(order=order))),)]


class Attempts:
    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    def refused(self, order: int, what: tuple[str, str], attempt: Callable[[], str], expected: str,
                answer: tuple[str, str]) -> None:
        """attempt gives its outcome where the desk lets it pass; an error of the desk is its name."""
        day, before = self.shop.day, standing(self.shop, order)
        try:
            outcome = attempt()
        except Error as error:
            outcome = type(error).__name__
        day.check(outcome == expected, f"{what[1]} expected {expected}, found {outcome}")
        day.check(standing(self.shop, order) == before, f"{what[1]} What was refused changed something.")
        print(f"   {day.say(*what)}")
        print(f"      {day.say(*answer) if outcome == expected else day.say('没有被拒绝！', 'It was not refused!')}")


def callbacks(a: Attempts) -> tuple[int, int]:
    """A refund, which the gateway then reports again. Its order and case."""
    shop, row = a.shop, mug("C-1", "refund", delivered=False)
    order = shop.tell(row)
    case = usual(shop, order, row)[0]
    leg = next(iter(list(shop.desk.parts_of_case(case.id, Leg))))

    def report(amount: Money) -> str:
        told = shop.desk.settle_leg("confirmed", leg=leg.id, amount=amount, reference=leg.reference)
        return "ignored" if told.ignored else "booked"

    a.refused(order, ("支付网关把同一笔退款回调两次", "The gateway reports one refund twice."),
              lambda: report(leg.confirmed), "ignored",
              ("忽略：这笔退款早已入账，不会再退一次", "Ignored: it is booked already, and is not paid again."))
    less = Money.of_minor(leg.confirmed.minor - 100, "CNY")
    a.refused(order, ("再次回调，金额却少了 1 元", "It reports it once more, with another amount."),
              lambda: report(less), "Exists",
              (f"拒绝：已按 {leg.confirmed} 入账，不能改写", f"Refused: it is booked with {leg.confirmed}, and that stands."))
    return order, case.id


def race(a: Attempts) -> int:
    shop, row = a.shop, mug("C-2", "return", delivered=True)
    order = shop.tell(row)
    lines = [{"line": next(iter(list(shop.desk.lines(order)))).id, "quantity": 1}]
    with shop.store.session() as other:
        phones = [shop.ann, other.as_buyer(shop.tenant, shop.buyer)]
        verdicts = [phone.preview_case(order, "return", "changed_mind", lines=lines)["verdict"] for phone in phones]
        shop.day.check(verdicts == ["yes", "yes"], "the last mug could not be returned to begin with")
        phones[0].open_case(order, "return", "changed_mind", lines=lines)
        a.refused(order, ("两台手机同时为最后一只杯子申请退货，预览时都显示可退",
                          "Two phones return the same last mug; both were told that they may."),
                  lambda: phones[1].open_case(order, "return", "changed_mind", lines=lines).code, "CheckFailed",
                  ("拒绝：先到的那份申请占用了它，已没有可退的杯子",
                   "Refused: the first case holds it, and no other mug is free."))
    return order


def forged_link(a: Attempts, order: int, case: int) -> None:
    shop = a.shop
    with LinkKeys({"k1": SECRET}, env=shop.env) as keys:
        token = shop.desk.make_link(keys, shop.buyer, case=case, lifetime=DAY).token
        shop.day.check(shop.session.open_link(shop.tenant, keys, token).case == case, "a good link opens nothing")
        forged = token[:8] + ("B" if token[8] == "A" else "A") + token[9:]
        a.refused(order, ("有人把查询链接改了一个字符", "Somebody changes one character of a buyer's link."),
                  lambda: str(shop.session.open_link(shop.tenant, keys, forged).case), "Denied",
                  ("拒绝：签名不符，打不开", "Refused: its signature is wrong, and it opens nothing."))


def stranger(a: Attempts, order: int, case: int) -> None:
    shop = a.shop
    other = shop.session.as_buyer(shop.tenant, shop.desk.put_customer(external="stranger").id)
    a.refused(order, ("另一位买家来退这个订单", "Another buyer returns this order."),
              lambda: other.open_case(order, "return", "changed_mind").code, "Denied",
              ("拒绝：这是别人的订单", "Refused: the order is another customer's."))
    a.refused(order, ("又想看别人的退款进度", "Then they look into somebody's case."),
              lambda: str(other.timeline(case)), "Denied",
              ("拒绝：这是别人的申请", "Refused: the case is another customer's."))


def cheats(day: Day) -> None:
    print("\n" + day.say("然后有人想钻空子", "Then somebody tries to cheat"))
    with open_shop(day, "cheats") as shop:
        a = Attempts(shop)
        order, case = callbacks(a)
        other = race(a)
        forged_link(a, order, case)
        stranger(a, other, case)
        for known in (order, other):
            shop.close(known)
