"""Surveys: sent when due, answered by a link or by hand, added up."""
from __future__ import annotations

from datetime import timedelta

import pytest

from aftersales import Denied, Invalid, LinkKeys, Policy, Transition
from conftest import START, Shop


def sent(shop: Shop, person: str) -> int:
    ticket = shop.say("要发票", customer=None, handle=person).ticket
    shop.amy.answer(ticket, "已开好")
    shop.amy.act(ticket, "resolve")
    shop.clock.go(hours=1)
    shop.session.tick()
    (survey,) = shop.desk.surveys(ticket)
    assert survey.state == "sent"
    return int(survey.id)


def test_a_survey_is_answered_by_its_link_and_counted(shop: Shop) -> None:
    keys = LinkKeys({"2026-11": bytes(range(32))}, env=shop.env)
    survey = shop.desk.survey(sent(shop, "wx_1"))
    made = shop.desk.make_link(keys, survey.customer, survey=survey.id)
    assert shop.desk.make_link(keys, survey.customer, survey=survey.id).token == made.token
    opened = shop.session.open_link(shop.tenant, keys, made.token)
    assert (opened.survey, opened.order, opened.case) == (survey.id, None, None)
    with pytest.raises((Denied, Invalid)):
        opened.desk.surveys(survey.ticket)
    with pytest.raises(Denied):
        shop.desk.answer_survey(score=5, token=made.token[:-2] + "AA", keys=keys)
    answered = shop.desk.answer_survey(score=5, text="很好", token=made.token, keys=keys)
    assert (answered.state, answered.score, answered.source, answered.agent) == ("answered", 5, "link", shop.agent)
    low = shop.amy.answer_survey(sent(shop, "wx_2"), score=1, source="phone")
    assert low.low == 1
    with pytest.raises(Invalid, match="expected 1 to 5"):
        shop.desk.answer_survey(low.id, score=6, source="chat")
    report = shop.desk.survey_report(START, START + timedelta(days=9), by="agent")
    (group,) = report["groups"]
    assert (group["group"], group["sent"], group["answered"], group["score"]) == (str(shop.agent), 2, 2, 0.5)
    assert group["small"] and group["method"] == "wilson" and group["from"] < 0.5 < group["to"]


def test_a_survey_ends(shop: Shop) -> None:
    survey = sent(shop, "wx_1")
    shop.clock.go(days=14)
    shop.session.tick()
    with pytest.raises(Transition):
        shop.desk.answer_survey(survey, score=5, source="chat")


ENDED = """
version: 1
surveys:
  words:
    order: 1
    kind: custom
    questions:
      speed: {type: scale, order: 1, required: true, low: 2}
      again: {type: yes_no, order: 2}
      why: {type: choices, order: 3, choices: [price, late]}
texts:
  zh: {notify.survey.words.invite: 请回答, survey.words.speed: 快, survey.words.again: 再来, survey.words.why: 为何,
       survey.words.why.price: 价格, survey.words.why.late: 太慢}
  en: {notify.survey.words.invite: Please answer, survey.words.speed: Fast, survey.words.again: Again,
       survey.words.why: Why, survey.words.why.price: price, survey.words.why.late: late}
"""


def test_questions_of_a_survey_are_answered_and_counted(shop: Shop) -> None:
    shop.desk.activate_policy(Policy({"shop.yaml": ENDED}, env=shop.env))
    survey = sent(shop, "wx_1")
    form = shop.desk.survey_form(survey)
    assert [q["name"] for q in form["questions"]] == ["speed", "again", "why"] and form["score"] is None
    with pytest.raises(Invalid, match="an answer to 'speed'"):
        shop.desk.answer_survey(survey, answers={"again": True}, source="phone")
    shop.desk.answer_survey(survey, answers={"speed": 2, "again": True, "why": ["late", "price"]}, source="phone")
    replies = {r.question: (r.number, r.choices, r.low) for r in shop.desk.replies(survey)}
    assert replies == {"speed": (2, None, 1), "again": (None, "yes", 0), "why": (None, "price late", 0)}
    report = shop.desk.survey_report(START, START + timedelta(days=9), name="words", question="why")
    answers = report["groups"][0]["question"]["answers"]
    assert [(a["answer"], a["answered"]) for a in answers] == [("price", 1), ("late", 1)]


def test_questions_of_a_survey_are_answered_in_a_call(shop: Shop) -> None:
    shop.desk.activate_policy(Policy({"shop.yaml": ENDED}, env=shop.env))
    survey = sent(shop, "wx_1")
    task = shop.desk.add_task(shop.desk.survey(survey).ticket, "call_back")
    with pytest.raises(Invalid, match="an answer to 'speed'"):
        shop.amy.note_attempt(task.id, "reached", survey=survey, answers={"again": False})
    shop.amy.note_attempt(task.id, "reached", survey=survey, answers={"speed": 4, "again": False})
    assert shop.desk.survey(survey).source == "phone"
    replies = {r.question: (r.number, r.choices) for r in shop.desk.replies(survey)}
    assert replies == {"speed": (4, None), "again": (None, "no")}
