"""Triage without a store."""
from __future__ import annotations

import json

import pytest

import aftersales as a


@pytest.fixture(scope="module")
def policy() -> a.Policy:
    return a.Policy()


def test_a_message_is_read(policy: a.Policy) -> None:
    found = a.Triage(policy, "付款失败了，很急！")
    assert (found.category, found.topic, found.priority) == ("payment", "payment_failed", "urgent")
    assert found.urgent and not found.question and not found.unsure and found.language == "zh"
    assert "付款失败" in found.explain("zh") and "a payment failed" in found.explain()
    assert json.loads(found.json())["category"] == "payment"
    assert "payment/payment_failed" in repr(found)


def test_a_conversation_changes_it(policy: a.Policy) -> None:
    assert a.Triage(policy, "退款", order_state="paid").topic == "refund_unshipped"
    assert a.Triage(policy, "想换个尺码", earlier=["我买的鞋子"]).turns == 1
    assert a.Triage(policy, "12345678", desk="请提供订单号").act == "answer"
    odd = a.Triage(policy, "付款失败", label="logistics")
    assert (odd.agreement, odd.label, odd.guess) == (-1, "logistics", "payment")


def test_what_is_stated_has_its_place(policy: a.Policy) -> None:
    text = "订单号202611180001，退我199元"
    order, amount = a.Triage(policy, text).stated
    assert (order.kind, order.value, text[order.begin : order.end]) == ("order", "202611180001", "202611180001")
    assert amount.money == a.Money("199.00", "CNY") and text[amount.begin : amount.end] == "199元"


def test_suggestions(policy: a.Policy) -> None:
    assert "faq" in a.Triage(policy, "怎么付款？").suggestions
    assert "review_invitation" in a.Triage(policy, "I love it, great service!").suggestions
    assert a.Triage(policy, "你们就是骗子，垃圾，太恶心了").queue == "skilled"


def test_a_model_is_weighed_in(policy: a.Policy) -> None:
    assert a.Triage(policy, "返品したいのですが").unsure
    found = a.Triage(policy, "返品したいのですが", scores={"return_refund": 0.9, "logistics": 0.05})
    assert found.category == "return_refund" and found.runner_up == "logistics"


def test_wrong_input(policy: a.Policy) -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        a.Triage(policy, "x", scores={"payment": 1.5})
    with pytest.raises(TypeError):
        a.Triage(policy, 5)  # type: ignore[arg-type]
    with pytest.raises(a.errors.TooLarge):
        a.Triage(policy, "a" * (10 << 20))
    found = a.Triage(policy, "x")
    found.close()
    assert found.category == "other"
    with pytest.raises(a.Closed):
        found.explain()
