"""Models in a store: corrections, training on them, and taking over."""
from __future__ import annotations

import pytest
from conftest import Shop

import aftersales as a

WORDS = {"invoice": "蓝票 {}号 开一下", "logistics": "绿箱 {}号 在哪", "payment": "红卡 {}号 没过"}


def corrected(shop: Shop, n: int = 90) -> None:
    labels = sorted(WORDS)
    for i in range(n):
        label = labels[i % len(labels)]
        said = shop.say(WORDS[label].format(i), customer=None, handle=f"h{i}")
        assert shop.amy.label(ticket=said.ticket, label=label).label == label


def test_a_model_of_corrections_takes_over(shop: Shop) -> None:
    with pytest.raises(a.NotFound):
        shop.desk.current_model()
    corrected(shop)
    told: list[float] = []
    model = shop.desk.train_model(seed=3, progress=told.append)
    assert model.labels == tuple(sorted(WORDS)) and told[-1] == 1
    active, comparison = shop.desk.activate_model(model)
    assert active and comparison.examples > 0 and not comparison.worse
    assert shop.desk.current_model().to_bytes() == model.to_bytes()
    said = shop.say("绿箱 7777号 在哪", customer=None, handle="new")
    assert shop.desk.ticket(said.ticket).category == "logistics"


def test_further_rows_are_read_and_what_they_raise_reaches_the_caller(shop: Shop) -> None:
    rows = [(label, text.format(i)) for i in range(20) for label, text in WORDS.items()]
    model = shop.desk.train_model(more=rows)
    assert model.info.examples == len(rows)

    def broken() -> object:
        yield rows[0]
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        shop.desk.train_model(more=broken())  # type: ignore[arg-type]


def test_a_model_whose_labels_the_policy_lacks_is_refused(shop: Shop) -> None:
    model = a.Model.train([("colour", f"red {i}") for i in range(9)] + [("shape", f"round {i}") for i in range(9)])
    with pytest.raises(a.Error, match="colour"):
        shop.desk.activate_model(model)
    with pytest.raises(TypeError):
        shop.desk.activate_model("model")  # type: ignore[arg-type]


def test_too_few_corrections_are_told(shop: Shop) -> None:
    with pytest.raises(a.Error) as few:
        shop.desk.train_model()
    assert few.value.where == "examples"
