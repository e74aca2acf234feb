"""The scenes: what buyer, shop, warehouse, carrier and arbiter do with a case."""
from __future__ import annotations

from typing import Any

from aftersales import Case, CaseLine, Desk, Money

from returns_orders import Row
from returns_shop import DAY, HOUR, Shop

PHOTO = b"\xff\xd8\xff\xe0 "  # the bytes that tell its type; the rest is made up


def options(desk: Desk, case: Case, name: str = "event") -> list[str]:
    return [option[name] for option in desk.case_options(case.id) if name in option]


def act_if_asked(desk: Desk, case: Case, *events: str, **more: Any) -> bool:
    """The first of these events that the case takes from them now."""
    for event in events:
        if event in options(desk, case):
            desk.act_on_case(case.id, event, **more)
            return True
    return False


def state(shop: Shop, case: Case) -> str:
    return shop.desk.case(case.id).state


# ---- goods ----


def waybill_of(case: Case) -> str:
    return f"RET-{case.id}"


def ship(shop: Shop, case: Case, freight: Money | None) -> bool:
    if "ship" not in options(shop.ann, case):
        return False
    shop.wait(2 * HOUR)
    who = shop.amy if freight else shop.ann  # the shop enters what it cost
    who.act_on_case(
        case.id, "ship", carrier="sf", waybill=waybill_of(case), freight_minor=freight.minor if freight else None
    )
    return True


def track(shop: Shop, waybill: str, status: str) -> None:
    shop.desk.track(f"{waybill} {status}", status, shop.now, waybill=waybill)


def inspect(shop: Shop, case: Case, condition: str) -> None:
    goods = {line.id for line in shop.desk.lines(case.order) if line.nature not in ("freight", "duty")}
    found = [line for line in shop.desk.parts_of_case(case.id, CaseLine) if line.line in goods]
    lines = [{"line": line.line, "quantity": line.quantity, "condition": condition} for line in found]
    shop.warehouse.act_on_case(case.id, "inspect", lines=lines)


def come_back(shop: Shop, case: Case, condition: str = "ok") -> None:
    shop.wait(6 * HOUR)
    track(shop, waybill_of(case), "picked_up")
    shop.gateway()
    shop.wait(18 * HOUR)
    track(shop, waybill_of(case), "delivered")
    shop.wait(2 * HOUR)
    if "inspect" in options(shop.warehouse, case):
        inspect(shop, case, condition)
    shop.wait(HOUR / 2)


def replace_goods(shop: Shop, case: Case) -> None:
    """The new goods leave when the desk asks for it, and arrive."""
    if not act_if_asked(shop.warehouse, case, "send"):
        return
    shop.gateway()
    shop.wait(4 * HOUR)
    shop.send_replacement(case, arrived=False)
    shop.wait(30 * HOUR)
    shop.send_replacement(case, arrived=True)
    shop.wait(HOUR)
    act_if_asked(shop.ann, case, "confirm")


# ---- scenes: each leaves its cases at their ends ----


def asked(shop: Shop, order: int, row: Row, units: int) -> dict[str, Any]:
    """What the row asks for, to preview or to file."""
    line = next(line.id for line in shop.desk.lines(order) if line.ref == row.sku)
    return {"lines": [{"line": line, "quantity": units}], "amount": row.extras.amount}


def file(shop: Shop, order: int, row: Row, units: int) -> Case:
    who = shop.amy if row.kind == "goodwill" else shop.ann
    return who.open_case(order, row.kind, row.reason, **asked(shop, order, row, units))


def approve(shop: Shop, case: Case) -> None:
    shop.wait(HOUR)
    act_if_asked(shop.ann, case, "confirm")
    act_if_asked(shop.amy, case, "approve", "acknowledge")


def finish(shop: Shop, case: Case, row: Row) -> None:
    """Whatever the case has a use for, once it is approved."""
    if ship(shop, case, row.extras.freight):
        come_back(shop, case)
        act_if_asked(shop.amy, case, "accept_goods")
        shop.wait(HOUR / 2)
    shop.gateway()
    shop.wait(HOUR / 2)
    shop.gateway()
    replace_goods(shop, case)


def usual(shop: Shop, order: int, row: Row) -> list[Case]:
    case = file(shop, order, row, row.units)
    approve(shop, case)
    finish(shop, case, row)
    return [case]


def parts(shop: Shop, order: int, row: Row) -> list[Case]:
    cases = []
    for _ in range(row.units):
        cases.append(file(shop, order, row, 1))
        approve(shop, cases[-1])
        finish(shop, cases[-1], row)
    line = next(line for line in shop.desk.lines(order) if line.ref == row.sku)
    whole = row.units < row.quantity or line.refunded == line.paid
    shop.day.check(whole, f"{row.order}: the parts do not come to what was paid")
    return cases


def intercept(shop: Shop, order: int, row: Row) -> list[Case]:
    case = file(shop, order, row, row.units)
    shop.gateway()
    shop.day.check("parcel.intercept" in shop.asked, f"{row.order}: the carrier was not asked to stop the parcel")
    shop.wait(5 * HOUR)
    track(shop, f"OUT-{row.order}", "intercept_failed")
    shop.wait(20 * HOUR)
    track(shop, f"OUT-{row.order}", "delivered")
    finish(shop, case, row)
    return [case]


def wrong(shop: Shop, order: int, row: Row) -> list[Case]:
    case = file(shop, order, row, row.units)
    approve(shop, case)
    ship(shop, case, row.extras.freight)
    come_back(shop, case, "wrong")
    act_if_asked(shop.amy, case, "refuse_goods")
    shop.wait(8 * DAY)
    shop.gateway()
    return [case]


def silence(shop: Shop, order: int, row: Row) -> list[Case]:
    case = file(shop, order, row, row.units)
    shop.wait(48 * HOUR)
    finish(shop, case, row)
    return [case]


def dispute(shop: Shop, order: int, row: Row) -> list[Case]:
    case = file(shop, order, row, row.units)
    shop.wait(HOUR)
    shop.amy.act_on_case(case.id, "reject")
    shop.wait(HOUR)
    offered = next(option for option in shop.ann.case_options(case.id) if option.get("file") == "dispute")
    about = shop.ann.open_case(order, "dispute", offered["reason"], parent=int(offered["parent"]))
    for who, name in ((shop.ann, "crack.jpg"), (shop.amy, "packing.jpg")):
        shop.wait(5 * HOUR)
        who.add_evidence(about.id, PHOTO + name.encode(), kind="photo", type="image/jpeg", name=name)
    shop.arbiter.act_on_case(about.id, "ready")
    shop.wait(DAY)
    shop.arbiter.act_on_case(about.id, "rule_buyer")
    shop.wait(7 * DAY)  # nobody appeals
    shop.day.check(state(shop, about) == "closed", f"{row.order}: the verdict was not carried out")
    finish(shop, case, row)
    return [about, case]


def repair(shop: Shop, order: int, row: Row) -> list[Case]:
    case = file(shop, order, row, row.units)
    approve(shop, case)
    ship(shop, case, row.extras.freight)
    shop.wait(DAY)
    track(shop, waybill_of(case), "delivered")
    for who, event in ((shop.warehouse, "diagnose"), (shop.amy, "irreparable"), (shop.ann, "follow_exchange")):
        shop.wait(HOUR)
        who.act_on_case(case.id, event)
    follower = next(iter(list(shop.desk.cases(parent=case.id))))
    shop.wait(HOUR)
    replace_goods(shop, follower)  # the old ones are in the shop already
    shop.day.check(state(shop, follower) == "completed", f"{row.order}: the new goods did not come")
    return [case, follower]


PLAYED = {f.__name__: f for f in (usual, parts, intercept, wrong, silence, dispute, repair)}
