"""Notices: what customers wish, what they were told, and what became of it."""
from __future__ import annotations

import json

import pytest

from aftersales import Invalid
from conftest import Shop


def test_wishes_decide_and_receipts_tell(shop: Shop) -> None:
    message = shop.say()
    contact = shop.desk.put_contact(customer=message.customer, channels="wechat sms", quiet_from=0, quiet_until=0)
    assert shop.desk.contact(message.customer).channels == contact.channels == "wechat sms"
    shop.amy.act(message.ticket, "resolve")
    (notice,) = shop.desk.notices(subject=message.ticket)
    assert (notice.event, notice.state, notice.channel) == ("ticket.resolved", "queued", "wechat")
    payloads = [json.loads(effect.payload or "{}") for effect in shop.desk.outbox(message.ticket)]
    assert [p["format"] for p in payloads if p.get("notice_id") == str(notice.id)] == ["plain"]
    read = shop.desk.tell_notice(notice=notice.id, what="read")
    assert read is not None and read.state == "read" and read.delivered is not None
    assert "WeChat" in shop.desk.explain_notice(notice.id)


def test_a_topic_must_be_known(shop: Shop) -> None:
    with pytest.raises(Invalid, match="no topic"):
        shop.desk.put_contact(customer=shop.say().customer, no_topics="weather")
