"""One ledger: paid as the desk has it, received as the gateway has it. Where both agree, each currency sums to zero."""
from __future__ import annotations

from returns_shop import Day, pad

WIDTHS = (12, 14, 15, 15, 15)


def print_row(*cells: str) -> None:
    print("".join(pad(cell, width, right=i > 1) for i, (cell, width) in enumerate(zip(cells, WIDTHS))))


def print_sums(day: Day, whose: str, instrument: str, currency: str, paid: int, received: int) -> None:
    amounts = [day.money(minor, currency) for minor in (paid, received, received - paid)]
    print_row(day.named(whose), day.named(instrument), *amounts)


def ledger(day: Day) -> None:
    desk, bank = day.desk.places, day.bank.places
    day.check(desk == bank, f"the ledger is wrong: the desk has {desk}, the gateway {bank}")
    print("\n" + day.say("账本：付出以售后台的记录为准，收到以支付网关的流水为准",
                         "The ledger: paid as the desk has it, received as the gateway has it"))
    print_row("", "", day.say("付出", "paid"), day.say("收到", "received"), day.say("差额", "balance"))
    for currency in sorted({place[2] for place in {*desk, *bank}}):
        total = [0, 0]
        for whose, instrument, _ in sorted(place for place in {*desk, *bank} if place[2] == currency):
            place = whose, instrument, currency
            paid, received = desk.get(place, [0, 0])[0], bank.get(place, [0, 0])[1]
            print_sums(day, whose, instrument, currency, paid, received)
            total = [total[0] + paid, total[1] + received]
        print_sums(day, day.say("合计", "sum"), "", currency, *total)
        day.check(total[0] == total[1], f"the ledger does not sum to zero in {currency}: {total}")
    print(day.say(f"核对了 {day.payments} 笔付款，没有一笔退得比收的多",
                  f"{day.payments} payments looked at: none gave back more than it took"))
