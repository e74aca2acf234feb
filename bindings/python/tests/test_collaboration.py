"""Agents on one ticket, and incidents with one answer to all."""
from __future__ import annotations

import pytest

from aftersales import Conflict, Denied, Invalid
from conftest import Shop


def test_notes_mention_and_followers_are_told(shop: Shop) -> None:
    said = shop.say()
    carl = shop.desk.put_agent("carl", shops=[shop.shop]).id
    note = shop.amy.answer(said.ticket, "@carl 看一下", visibility="private")
    [mention] = shop.desk.mentions(agent=carl)
    assert (mention.agent, mention.ticket, mention.message) == (carl, said.ticket, note.id)
    shop.desk.see_mention(mention.id)
    assert list(shop.desk.mentions(agent=carl, unseen=True)) == []
    assert [f.agent for f in shop.desk.followers(said.ticket)] == [carl]
    shop.amy.follow(said.ticket)
    shop.desk.unfollow(said.ticket, carl)
    assert [f.agent for f in shop.desk.followers(said.ticket)] == [shop.agent]
    with pytest.raises(Invalid, match="work for"):
        shop.amy.answer(said.ticket, "看一下", visibility="private", mentions=[shop.stranger])


def test_who_else_is_there(shop: Shop) -> None:
    said = shop.say()
    carl = shop.desk.put_agent("carl", shops=[shop.shop]).id
    assert list(shop.amy.look(said.ticket, "viewing")) == []
    assert [(w.agent, w.doing) for w in shop.desk.look(said.ticket, "typing", agent=carl)] == [(shop.agent, "viewing")]
    shop.desk.answer(said.ticket, "好的", seen=said.id)
    with pytest.raises(Conflict, match="wrote message"):
        shop.amy.answer(said.ticket, "好的", seen=said.id)
    shop.amy.answer(said.ticket, "好的", seen=said.id, force=True)


def test_messages_are_split_off(shop: Shop) -> None:
    first, second = shop.say(), shop.say("还有，发票怎么开")
    assert first.ticket == second.ticket
    made = shop.amy.split(first.ticket, [second.id])
    assert made.split_from == first.ticket
    assert [m.id for m in shop.desk.messages(made.id)] == [second.id]


def test_one_answer_goes_to_all(shop: Shop) -> None:
    tickets = [shop.say(customer=None, handle=f"wx_{i}").ticket for i in range(3)]
    for child in tickets[1:]:
        shop.amy.attach(child, tickets[0])
    shop.amy.answer_all(tickets[0], "已恢复", resolve=True)
    assert shop.desk.incident(tickets[0]).running
    shop.session.tick()
    now = shop.desk.incident(tickets[0])
    assert (now.total, now.told, now.not_told, now.settled, now.running) == (2, 2, 0, 2, False)
    assert [c.outcome for c in shop.desk.children(tickets[0])] == ["resolved", "resolved"]
    assert [shop.desk.ticket(t).state for t in tickets] == ["resolved"] * 3
    shop.amy.detach(tickets[2])
    with pytest.raises(Denied):
        shop.ann.children(tickets[0])
