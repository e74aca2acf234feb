"""A shop's day in cases, from a file of orders: each is told, filed and played to its end by buyer, shop, warehouse,
carrier and gateway; then somebody tries to cheat, and one ledger of all that was paid sums to zero."""
from __future__ import annotations

import argparse
import pathlib
import sys
from typing import Any

from aftersales import Case, Error, Ineligible

from returns_cheats import cheats
from returns_ledger import ledger
from returns_orders import COLUMNS, SCENES, Extras, Row, rows_of
from returns_play import play_one
from returns_scenes import PLAYED, asked, state
from returns_shop import Day, Shop, open_shop, pad

SAMPLE = pathlib.Path(__file__).with_name("orders.csv")


def show(shop: Shop, row: Row, case: Case) -> None:
    told: dict[str, Any] = shop.ann.timeline(case.id, shop.day.lang)
    day, title = shop.day, row.title(shop.day.lang == "zh")
    print(f"\n{row.order}  {told['code']}  {told['kind']}: {title or told['now']}")
    for step in told["steps"]:
        print(f"  {step['at'][:16].replace('T', ' ')}  {pad(day.named(step['by']), 10)} {step['text']}")
    for leg in told["money"]:
        amount = day.money(leg["amount"], leg["currency"])
        words = [pad(day.named(leg[name]), width) for name, width in (("kind", 12), ("payer", 10), ("instrument", 14))]
        arrived = day.say("已到账", "arrived") if leg["state"] == "confirmed" else day.say("处理中", "under way")
        print(f"  {amount:>16}  {''.join(words)}{arrived}")


def tell_story(shop: Shop, row: Row) -> str:
    """Plays the row; the outcome is the state of the case that the row names."""
    order = shop.tell(row)
    try:
        cases = PLAYED[row.scene](shop, order, row)
    except Ineligible:
        wanted = asked(shop, order, row, row.units)
        said = shop.ann.preview_case(order, row.kind, row.reason, locale=shop.day.lang, **wanted)
        print(f"\n{row.order}  " + "; ".join(said["reasons"]))
        return "refused"
    for case in cases:
        show(shop, row, case)
    shop.close(order)
    return state(shop, next(case for case in cases if case.kind == row.kind))


def stories(day: Day, path: pathlib.Path) -> None:
    for row in rows_of(path):
        outcome = "an error"
        with open_shop(day, row.order) as shop:
            try:
                outcome = tell_story(shop, row)
            except Error as error:
                print(f"{row.order}: {error}", file=sys.stderr)
        day.check(outcome == row.outcome, f"{row.order}: expected {row.outcome}, found {outcome}")


def main() -> int:
    columns = "; ".join(f"{name}: {what}" for name, what in COLUMNS.items())
    scenes = "; ".join(f"{name}: {what}" for name, what in SCENES.items())
    epilog = f"Columns of the file: {columns}. Scenes: {scenes}. Extras: {', '.join(Extras._fields)}."
    parser = argparse.ArgumentParser(description=__doc__, epilog=epilog)
    parser.add_argument("--csv", type=pathlib.Path, default=SAMPLE, metavar="ORDERS.csv")
    parser.add_argument("--lang", choices=["zh", "en"], default="en")
    parser.add_argument("--play", action="store_true", help="one case step by step, by numbers from the input")
    given = parser.parse_args()
    if not given.csv.is_file():
        parser.error(f"--csv: there is no file {given.csv}")
    day = Day(given.lang)
    if given.play:
        play_one(day)
        return 0
    stories(day, given.csv)
    cheats(day)
    ledger(day)
    print("\n" + (day.say("货与款都对上了", "Goods and money agree.")
                  if day.right else day.say("有的地方不对，见标准错误", "Something is not as it must be: see standard error.")))
    return 0 if day.right else 1


if __name__ == "__main__":
    sys.exit(main())
