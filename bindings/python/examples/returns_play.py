"""One case step by step: what can be done now, and by whom, by numbers from the input."""
from __future__ import annotations

import sys
from typing import Any, NamedTuple

from aftersales import Case, Desk, Error, Money

from returns_cheats import mug
from returns_scenes import inspect, waybill_of
from returns_shop import DAY, Day, Shop, open_shop, pad


class Choice(NamedTuple):
    who: str
    desk: Desk
    case: Case
    option: dict[str, Any]
    condition: str = ""  # of what is inspected


def menu(shop: Shop, cases: list[Case]) -> list[Choice]:
    found = []
    for case in cases:
        for who, desk in shop.people().items():
            for option in desk.case_options(case.id, shop.day.lang):
                if option.get("event") == "inspect":
                    found += [Choice(who, desk, case, option, condition) for condition in ("ok", "wrong")]
                elif "event" in option or "file" in option:
                    found.append(Choice(who, desk, case, option))
    return found


def do(shop: Shop, choice: Choice, cases: list[Case]) -> None:
    """What an event needs beside its name is filled in as these people would."""
    case, option, more = choice.case, choice.option, dict[str, Any]()
    if choice.condition:
        return inspect(shop, case, choice.condition)
    if "file" in option:
        cases.append(choice.desk.open_case(case.order, option["file"], option["reason"], parent=case.id))
        return None
    if option["event"] == "ship":
        more = {"carrier": "sf", "waybill": waybill_of(case)}
    if option["event"] == "counter":
        asked = shop.desk.case(case.id).asked
        more = {"amount": Money.of_minor(asked.minor // 2, asked.currency)}
    choice.desk.act_on_case(case.id, option["event"], **more)
    return None


def show(shop: Shop, case: Case, seen: int) -> int:
    told = shop.ann.timeline(case.id, shop.day.lang)
    for step in told["steps"][seen:]:
        print(f"   {step['at'][:16].replace('T', ' ')}  {step['text']}")
    print(f"   → {told['next']}")
    return len(told["steps"])


def print_menu(day: Day, choices: list[Choice]) -> None:
    found = {"ok": day.say("：完好", ": in good order"), "wrong": day.say("：不是原商品", ": something else")}
    for number, choice in enumerate(choices, 1):
        label = choice.option["label"] + found.get(choice.condition, "")
        print(f"  {number:>3}  {pad(day.named(choice.who), 10)} {label}")
    print(f"    t  {day.say('过一天', 'a day passes')}\n    q  {day.say('结束', 'quit')}")
    print("> ", end="", flush=True)


def turn(shop: Shop, choices: list[Choice], cases: list[Case]) -> bool:
    line = sys.stdin.readline(1000)
    word = line.strip()
    if not line or word == "q":
        return False
    if word == "t":
        shop.wait(DAY)
    elif word.isascii() and word.isdigit() and 1 <= int(word) <= len(choices):
        try:
            do(shop, choices[int(word) - 1], cases)
        except Error as error:
            print(f"   {shop.day.say('不行', 'not possible')}: {error.message}")
    else:
        print(shop.day.say(f"   请输入 1 到 {len(choices)}、t 或 q", f"   expected 1 to {len(choices)}, t or q"))
    shop.gateway()
    return True


def play(day: Day, shop: Shop, order: int) -> None:
    line = next(iter(list(shop.desk.lines(order)))).id
    case = shop.ann.open_case(order, "return", "defective_on_arrival", lines=[{"line": line, "quantity": 1}])
    cases, seen, going = [case], 0, True
    print(day.say("一口有质量问题的锅，一步一步办", "A faulty pot, step by step"))
    while going:
        seen = show(shop, case, seen)
        open_cases = [each for each in cases if shop.desk.case(each.id).open]
        if case not in open_cases:
            break
        choices = menu(shop, open_cases)
        print_menu(day, choices)
        going = turn(shop, choices, cases)


def play_one(day: Day) -> None:
    with open_shop(day, "play") as shop:
        order = shop.tell(mug("P-1", "return", delivered=True)._replace(sku="pot", price=Money("259.00", "CNY")))
        play(day, shop, order)
