"""Wrong arguments: the exception names the argument, and nothing is written."""
# mypy: disable-error-code="arg-type,list-item,dict-item"
from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from conftest import Shop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import aftersales as a

NAIVE = datetime(2026, 1, 1)
BAD: list[tuple[Callable[[Shop], Any], type[Exception], str]] = [
    (lambda s: s.desk.intake("1", "web", text="x"), TypeError, r"shop: expected an id \(int\), found str"),
    (lambda s: s.desk.intake(1.0, "web", text="x"), TypeError, "shop: expected an id"),
    (lambda s: s.desk.intake(True, "web", text="x"), TypeError, "shop: expected an id"),
    (lambda s: s.desk.intake(s.desk.customer(s.buyer), "web", text="x"), TypeError, "shop: .*pass its .id"),
    (lambda s: s.desk.intake(-1, "web", text="x"), ValueError, "shop: expected 0 to"),
    (lambda s: s.desk.intake(2**63, "web", text="x"), ValueError, "shop: expected 0 to"),
    (lambda s: s.desk.intake(s.shop, None, text="x"), a.Invalid, "message.channel"),
    (lambda s: s.desk.intake(s.shop, b"web", text="x"), TypeError, "channel: expected a str, found bytes"),
    (lambda s: s.desk.intake(s.shop, "web", text=5), TypeError, "text: expected a str"),
    (lambda s: s.desk.intake(s.shop, "web", text="\ud800"), ValueError, "text: .*surrogate"),
    (lambda s: s.desk.intake(s.shop, "web", handle="h", text="a\0b"), a.NulByte, "message.text"),
    (lambda s: s.say("x", sent=NAIVE), TypeError, "sent: .*without a time zone"),
    (lambda s: s.say("x", sent=1700000000), TypeError, "sent: expected an aware datetime, found int"),
    (lambda s: s.say("x", sent=date(2026, 1, 1)), TypeError, "sent: expected an aware datetime"),
    (lambda s: s.say("x", sent=a.time_of(0)), ValueError, "sent: .*not given"),
    (lambda s: s.say("x", parts=a.PartIn("image", blob="b")), TypeError, "parts: expected a sequence"),
    (lambda s: s.say("x", parts="ab"), TypeError, "parts: expected a sequence, found str"),
    (lambda s: s.say("x", parts=["a"]), TypeError, r"parts\[0\]: expected a PartIn"),
    (lambda s: s.say("x", parts=[a.FieldIn("a", "b")]), TypeError, r"parts\[0\]: expected a PartIn"),
    (lambda s: s.say("x", parts=[a.PartIn("sound", blob="b")]), ValueError, r"parts\[0\].kind: expected one of text,"),
    (lambda s: s.say("x", parts=[a.PartIn("image", blob=7)]), TypeError, r"parts\[0\].blob: expected a str"),
    (lambda s: s.desk.intake_batch([7]), TypeError, r"messages\[0\]: expected a MessageIn"),
    (lambda s: s.desk.intake_batch([a.MessageIn(s.shop, 3)]), TypeError, r"messages\[0\].channel: expected a str"),
    (lambda s: s.amy.act(1, "explode"), ValueError, "act: expected one of assign,"),
    (lambda s: s.amy.act(1, 5), TypeError, "act: expected a str, found int"),
    (lambda s: s.amy.act(1, "close", rev=1.5), TypeError, "rev: expected an integer"),
    (lambda s: s.amy.answer(1, "x", visibility="secret"), ValueError, "visibility: expected one of public, private"),
    (lambda s: s.amy.answer(1, "x", key=7), TypeError, "key: expected a str"),
    (lambda s: s.amy.answer(1, "x", deadline=5), TypeError, "deadline: expected a timedelta, found int"),
    (lambda s: s.amy.explain(1, locale="\0"), ValueError, "locale: .*NUL"),
    (lambda s: s.amy.ticket(None), TypeError, "ticket: expected an id"),
    (lambda s: s.desk.put_agent("x", shops=s.shop), TypeError, "shops: expected a sequence, found int"),
    (lambda s: s.desk.put_agent("x", shops=["1"]), TypeError, r"shops\[0\]: expected an id"),
    (lambda s: s.desk.put_agent("x", left=1), TypeError, "left: expected a bool, found int"),
    (lambda s: s.desk.put_order(s.shop, s.buyer, "A", total=12.5), TypeError, "total: expected Money, found float"),
    (lambda s: s.desk.put_order(s.shop, s.buyer, "A", total=(1, "CNY")), TypeError, "total: expected Money"),
    (lambda s: s.desk.activate_policy("x"), TypeError, "policy: expected a Policy, found str"),
    (lambda s: s.session.as_agent("acme", 1), TypeError, "tenant: expected an id"),
    (lambda s: s.session.settle(1, 1, "lost"), ValueError, "outcome: expected one of done, retry, dead"),
    (lambda s: s.session.claim(lease=60), TypeError, "lease: expected a timedelta"),
    (lambda s: s.session.claim(most=2**32), ValueError, "most: expected 0 to"),
    (lambda s: s.session.tick(rows=-1), ValueError, "rows: expected 0 to"),
    (lambda s: a.Store(5), TypeError, "dsn: expected a str"),
    (lambda s: a.Store(b"x"), TypeError, "dsn: expected a str"),
    (lambda s: a.Store("x", create=1), TypeError, "create: expected a bool"),
    (lambda s: a.Store("x", env="e"), TypeError, "env: expected an Env"),
    (lambda s: a.Session(s.env), TypeError, "store: expected a Store"),
    (lambda s: a.Env(clock=5), TypeError, "clock: expected a function"),
    (lambda s: a.Env(retries=-1), ValueError, "retries: expected 0 to"),
    (lambda s: a.Env(log_level="loud"), ValueError, "log_level: expected one of debug,"),
    (lambda s: a.Policy(["x"]), TypeError, "documents: expected a mapping"),
    (lambda s: a.Policy({"x": 5}), TypeError, r"documents\['x'\]: expected a str"),
    (lambda s: a.Policy.from_image("x"), TypeError, "image: expected bytes"),
]


@pytest.mark.parametrize("call, kind, words", BAD, ids=[str(i) for i in range(len(BAD))])
def test_bad_arguments(shop: Shop, call: Callable[[Shop], Any], kind: type[Exception], words: str) -> None:
    before = shop.written()
    with pytest.raises(kind, match=words):
        call(shop)
    assert shop.written() == before


def test_an_unknown_keyword_is_a_type_error(shop: Shop) -> None:
    with pytest.raises(TypeError, match="colour"):
        shop.desk.intake(shop.shop, "web", colour="red")  # type: ignore[call-arg]


ANY = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.binary(max_size=4))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(["customer", "handle", "text", "sent", "parts", "fields", "external"]), ANY))
def test_whatever_is_passed_the_desk_stands(shop: Shop, given_: dict[str, Any]) -> None:
    before = shop.count("message")
    try:
        shop.desk.intake(shop.shop, "web", **given_)
    except (TypeError, ValueError, a.Error):
        assert shop.count("message") == before


LINES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=60)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LINES)
def test_any_text_comes_back(shop: Shop, text: str) -> None:
    try:
        message = shop.say(text)
    except a.Error as error:
        assert error.where.startswith("message")
        return
    assert message.text == text
    assert [m.text for m in shop.amy.messages(message.ticket)][-1] == text
