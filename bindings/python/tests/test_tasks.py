"""Tasks: a call-back from asking to its end, and what the warehouse sees."""
from __future__ import annotations

from datetime import timedelta

import pytest

from aftersales import Denied, Exists, Transition
from conftest import START, Shop

PHONE = "13800138000"
FURIOUS = "太差劲了，垃圾店铺，骗子，气死我了，再也不买了"


def test_a_call_back_is_asked_for_and_made(shop: Shop) -> None:
    ticket = shop.say().ticket
    asked = shop.desk.ask_call_back(ticket, phone=PHONE, reason="about the delivery", language="en")
    assert (asked.name, asked.state, asked.due) == ("call_back", "open", START + timedelta(hours=4))
    with pytest.raises(Exists):
        shop.desk.ask_call_back(ticket, phone=PHONE)
    taken = shop.amy.next_task()
    assert taken is not None and taken.id == asked.id and taken.assignee == shop.agent
    assert shop.amy.next_task() is None
    assert "about the delivery" in shop.amy.brief(asked.id)
    promised = START + timedelta(hours=1)
    first = shop.amy.note_attempt(asked.id, "reached", text="is driving", promised=promised)
    assert (first.number, first.outcome, first.promised) == (1, "reached", promised)
    shop.amy.note_attempt(asked.id, "reached", done=True, text="agreed on Tuesday")
    assert shop.desk.task(asked.id).state == "done"
    assert [a.number for a in shop.desk.attempts(asked.id)] == [1, 2]
    with pytest.raises(Transition):
        shop.desk.cancel_task(asked.id)


def test_work_orders_have_their_party(shop: Shop) -> None:
    ticket = shop.say(FURIOUS).ticket
    trace = shop.desk.add_task(ticket, "carrier_trace")
    assert {t.name for t in shop.desk.tasks(ticket=ticket)} == {"follow_up", "carrier_trace"}
    with pytest.raises(Transition):
        shop.amy.assign_task(trace.id, shop.agent)
    with pytest.raises(Denied):
        shop.ann.end_task(code=trace.code)
    ended = shop.desk.end_task(code=trace.code.lower(), outcome="found", key="word 77")
    assert (ended.state, ended.outcome) == ("done", "found")
    assert shop.desk.find_task(trace.code).id == trace.id
