"""Rules and macros: previewed, activated, used."""
from __future__ import annotations

from datetime import timedelta

import pytest

from aftersales import Denied, NotFound, Policy, PolicyFault
from conftest import START, Shop

RULES = """
version: 1
automations:
  upset: {order: 1, on: ticket.opened, when: {tone: {at_most: -400}}, do: [{tag: upset}]}
  note_it: {order: 2, on: tag.added, when: {tag: calm}, do: [{note: look}]}
macros:
  calm: {do: [{tag: calm}, {answer: sorry}, resolve], by: [agent]}
texts:
  zh: {note.look: 请看, answer.sorry: 非常抱歉, macro.calm: 安抚}
  en: {note.look: look, answer.sorry: so sorry, macro.calm: calm down}
"""


def test_a_preview_comes_before_the_rule(shop: Shop) -> None:
    policy = Policy({"shop.yaml": RULES}, env=shop.env)
    ticket = shop.say("太差了，骗子！垃圾！").ticket
    told = shop.desk.preview_rules(START, START + timedelta(days=1), policy)
    upset, note_it = told["rules"][:2]  # those of the default, which are not enabled, come behind
    assert (upset["came"], upset["held"], upset["actions"][0]["would"]) == (1, 1, 1)
    assert upset["examples"] == [shop.desk.ticket(ticket).code]
    assert note_it["came"] == 0 and told["complete"]
    assert list(shop.desk.tags("ticket", ticket)) == []
    default = shop.desk.preview_rules(START, START + timedelta(days=1))["rules"]
    assert [rule["name"] for rule in default] == ["look_it_up", "review_invitation"]


def test_a_macro_does_several_things(shop: Shop) -> None:
    shop.desk.activate_policy(Policy({"shop.yaml": RULES}, env=shop.env))
    ticket = shop.say("太差了，骗子！垃圾！").ticket
    assert [tag.tag for tag in shop.desk.tags("ticket", ticket)] == ["upset"]
    assert [m["label"] for m in shop.amy.macros(ticket, locale="zh")] == ["安抚"]
    assert shop.desk.macros(ticket) == []
    assert shop.amy.apply_macro(ticket, "calm", key="k").state == "resolved"
    assert shop.amy.apply_macro(ticket, "calm", key="k").state == "resolved"
    assert sum(m.text == "非常抱歉" for m in shop.desk.messages(ticket)) == 1
    assert "note" in [m.disposition for m in shop.desk.messages(ticket)]
    with pytest.raises(NotFound, match="no macro 'clam'"):
        shop.amy.apply_macro(ticket, "clam")
    with pytest.raises(Denied):
        shop.desk.apply_macro(ticket, "calm")


def test_a_circle_has_its_place(shop: Shop) -> None:
    with pytest.raises(PolicyFault, match="in a circle: again → ticket.noted → again"):
        Policy({"shop.yaml": "version: 1\nautomations:\n  again: {order: 1, on: ticket.noted, do: [{note: look}]}\n"
                             "texts: {zh: {note.look: x}, en: {note.look: x}}\n"})
