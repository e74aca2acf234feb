"""Routing: who gets which ticket, and when."""
from __future__ import annotations

from datetime import timedelta

import pytest

from aftersales import Denied, Ineligible, Invalid, Transition
from conftest import START, Shop

URGENT = "付款失败了，钱扣了但是订单还是未支付，快点处理！"


def test_an_agent_takes_what_comes_next(shop: Shop) -> None:
    normal = shop.say(customer=None, handle="wx_1").ticket
    urgent = shop.say(URGENT, customer=None, handle="wx_2").ticket
    assert shop.desk.position(normal)[:3] == (True, 0, False)
    taken = shop.amy.next_ticket()
    assert taken is not None and taken.id == urgent and taken.assignee == shop.agent
    assert not shop.desk.position(urgent).waits
    with pytest.raises(Denied):
        shop.amy.next_ticket(agent=shop.stranger)
    taken = shop.desk.next_ticket(agent=shop.agent, queue="logistics", key="once")
    assert taken is not None and taken.id == normal
    assert shop.amy.next_ticket() is None


def test_presence_shift_and_capacity_count(shop: Shop) -> None:
    ticket = shop.say().ticket
    assert shop.amy.set_presence("away").presence == "away"
    with pytest.raises(Transition, match="away"):
        shop.amy.next_ticket()
    shop.amy.set_presence("online")
    shift = shop.desk.put_shift(agent=shop.agent, from_=START + timedelta(hours=1), to=START + timedelta(hours=9))
    with pytest.raises(Transition, match="no shift"):
        shop.amy.next_ticket()
    assert [s.id for s in shop.desk.shifts(shop.agent)] == [shift.id]
    shop.desk.remove_shift(shift.id)
    shop.desk.put_agent("amy", capacity=1, languages="zh en", capacities="chat=3")
    assert shop.amy.next_ticket() is not None
    with pytest.raises(Ineligible):
        shop.amy.next_ticket()
    shop.amy.set_presence("offline")
    shop.session.tick()
    assert shop.desk.ticket(ticket).assignee is None
    with pytest.raises(Invalid, match="team"):
        shop.desk.put_agent("amy", teams="nobody")


def test_an_agent_leaves_a_shop(shop: Shop) -> None:
    other = shop.desk.put_shop("mugs").id
    ticket = shop.say().ticket
    assert shop.amy.next_ticket() is not None
    shop.desk.put_agent("amy", shops=[other], leave_shops=[shop.shop])
    shop.session.tick()
    assert shop.desk.ticket(ticket).assignee is None
    assert shop.amy.next_ticket() is None
    with pytest.raises(Denied):
        shop.amy.ticket(ticket)
    with pytest.raises(Invalid, match="does not work for shop"):
        shop.desk.put_agent("amy", leave_shops=[shop.shop])
    with pytest.raises(TypeError, match=r"leave_shops\[0\]: expected an id"):
        shop.desk.put_agent("amy", leave_shops=["1"])  # type: ignore[list-item]
