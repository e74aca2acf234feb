"""Models of text: trained from lists and generators, kept as bytes, measured, and with scikit-learn's methods."""
from __future__ import annotations

import copy
import csv
import gc
import io
import math
import pathlib
import pickle
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from conftest import Alarm
from hypothesis import given
from hypothesis import strategies as st

import aftersales as a

SAID = {
    "payment": ["付款失败了，第%d次", "钱扣了两次，订单%d", "payment failed, order %d", "the card was charged twice %d"],
    "parcel": ["快递%d天没到", "包裹%d丢了", "where is my parcel %d", "the courier lost number %d"],
    "return": ["想退货，订单%d", "尺码不合适，换%d码", "I want to return order %d", "wrong size, send %d instead"],
}
ROWS = [(label, text % i) for i in range(30) for label, texts in SAID.items() for text in texts]
LABELS = [label for label, _ in ROWS]
TEXTS = [text for _, text in ROWS]
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=80)


class Broken(Exception):
    pass


@pytest.fixture(scope="module")
def model() -> a.Model:
    return a.Model.train(ROWS)


@pytest.fixture(scope="module")
def fitted() -> a.TextClassifier:
    return a.TextClassifier().fit(TEXTS, LABELS)


# ---- training ----


def test_a_list_a_generator_and_a_reader_give_the_same_model(model: a.Model) -> None:
    assert a.Model.train(row for row in ROWS).to_bytes() == model.to_bytes()
    lines = io.StringIO("".join(f"{label}\t{text}\n" for label, text in ROWS))
    reader = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    assert a.Model.train(reader).to_bytes() == model.to_bytes()


def test_what_is_known_of_it(model: a.Model) -> None:
    info = model.info
    assert model.labels == ("parcel", "payment", "return")
    assert (info.labels, info.examples, info.bytes) == (3, len(ROWS), len(model.to_bytes()))
    assert info.accuracy > 0.9 and 0 < info.coverage <= 1 and 0 < info.calibrated <= len(ROWS)
    assert repr(model) == f"<Model of 3 labels, {len(ROWS)} examples, {info.bytes} bytes>"


def test_a_prediction(model: a.Model) -> None:
    found, scores = model.predict("我的包裹丢了，在哪里？"), model.scores("我的包裹丢了，在哪里？")
    assert found.label == "parcel" and found.unsure is (found.confidence < model.info.threshold)
    assert tuple(scores) == model.labels and math.isclose(sum(scores.values()), 1)
    assert found.confidence == scores["parcel"] == max(scores.values())
    assert found.second == scores[found.runner_up] == sorted(scores.values())[-2]
    assert model.predict("").label in model.labels
    explained = model.explain("我的包裹丢了，在哪里？")
    assert (explained["label"], explained["runner_up"]) == (found.label, found.runner_up)
    assert any("包" in word["text"] and word["weight"] > 0 for word in explained["words"])


def test_a_triage_takes_its_scores() -> None:
    rows = [("return_refund", f"返品したいのですが {i}") for i in range(20)]
    rows += [("logistics", f"荷物が届きません {i}") for i in range(20)]
    scores = a.Model.train(rows).scores("返品したいのですが")
    assert a.Triage(a.Policy(), "返品したいのですが", scores=scores).category == "return_refund"


def test_weights_count() -> None:
    def rows(weight: float) -> Iterator[tuple[str, str, float]]:
        for label, text in ROWS:
            yield label, text, 1
            yield "rare", text, weight

    light = a.Model.train(rows(0.001), keep_contradictions=True).scores(TEXTS[0])
    heavy = a.Model.train(rows(1000.0), keep_contradictions=True).scores(TEXTS[0])
    assert light["rare"] < 0.5 < heavy["rare"]


def test_the_options() -> None:
    small = a.Model.train(ROWS, max_bytes=20000, seed=7)
    assert small.info.bytes <= 20000
    assert a.Model.train(ROWS, max_bytes=20000, seed=7).to_bytes() == small.to_bytes()
    promised = a.Model.train(ROWS, wrong=0.2, doubt=0.3)
    assert promised.info.threshold == promised.threshold(0.2, 0.3).confidence
    assert promised.info.coverage == promised.threshold(0.2, 0.3).coverage
    never = promised.threshold(0.0001, 0.0001)
    assert never.confidence > 1 and never.coverage == 0


def nested(row: Any) -> Any:
    return [*ROWS[:11], row]


BAD: list[tuple[Any, dict[str, Any], type[Exception], str]] = [
    ("text", {}, TypeError, r"rows: expected an iterable of \(label, text\)"),
    (5, {}, TypeError, "rows: expected an iterable"),
    (nested("payment"), {}, TypeError, r"examples\[12\]: expected \(label, text\)"),
    (nested(("a",)), {}, TypeError, r"examples\[12\]: expected \(label, text\)"),
    (nested((1, "text")), {}, TypeError, r"examples\[12\].label: expected a str, found int"),
    (nested(("payment", None)), {}, TypeError, r"examples\[12\].text: expected a str, found NoneType"),
    (nested(("payment", "\ud800")), {}, ValueError, r"examples\[12\].text: .*surrogate"),
    (nested(("payment", "x", "1")), {}, TypeError, r"examples\[12\].weight: expected a number, found str"),
    (nested(("payment", "x", 0)), {}, ValueError, r"examples\[12\].weight: expected 0.001 to 1000, found 0"),
    (nested(("payment", "x", math.nan)), {}, ValueError, r"examples\[12\].weight: expected 0.001"),
    (ROWS, {"seed": -1}, ValueError, "seed: expected 0 to"),
    (ROWS, {"seed": "1"}, TypeError, "seed: expected an integer"),
    (ROWS, {"wrong": 0}, ValueError, "wrong: expected 0.001 to 0.999"),
    (ROWS, {"wrong": 50}, ValueError, "wrong: expected 0.001 to 0.999, found 50"),
    (ROWS, {"doubt": None}, TypeError, "doubt: expected a number"),
    (ROWS, {"keep_contradictions": 1}, TypeError, "keep_contradictions: expected a bool"),
    (ROWS, {"progress": 1}, TypeError, "progress: expected a function"),
    (ROWS, {"env": 1}, TypeError, "env: expected an Env"),
    (ROWS, {"max_bytes": 5}, a.Invalid, "options.max_bytes"),
]


@pytest.mark.parametrize("rows, options, kind, words", BAD, ids=[str(i) for i in range(len(BAD))])
def test_bad_arguments(rows: Any, options: dict[str, Any], kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        a.Model.train(rows, **options)


@pytest.mark.parametrize(
    "row, kind, where",
    [
        (("", "text"), a.Invalid, "examples[12]"),
        (("a\tb", "text"), a.Invalid, "examples[12]"),
        (("l" * 201, "text"), a.Invalid, "examples[12]"),
        (("payment", ""), a.Invalid, "examples[12]"),
        (("payment", "a\0b"), a.NulByte, "examples[12]"),
        (("return", TEXTS[0]), a.Invalid, "examples[12]"),  # which has another label in the first row
        (("payment", "x" * (2 << 20)), a.errors.TooLarge, "examples[12]"),
    ],
)
def test_errors_name_the_row(row: tuple[str, str], kind: type[a.Error], where: str) -> None:
    with pytest.raises(kind) as failed:
        a.Model.train(nested(row), env=a.Env(text_bytes=1 << 20))
    assert failed.value.where == where and failed.value.__cause__ is None
    if row[0] == "return":
        assert "example 1" in failed.value.message


@pytest.mark.parametrize("rows", [[], ROWS[:1], ROWS[:4], [("a", "1"), ("b", "2")]])
def test_too_few_examples(rows: list[tuple[str, str]]) -> None:
    with pytest.raises(a.Invalid, match="expected at least two"):
        a.Model.train(rows)


@pytest.mark.parametrize("fault", [Broken("no more"), KeyboardInterrupt(), a.NotFound("gone"), a.CallbackFailed("own")])
def test_what_the_rows_raise_reaches_the_caller(model: a.Model, fault: BaseException) -> None:
    def rows() -> Iterator[tuple[str, str]]:
        yield from ROWS[:11]
        raise fault

    for call in (lambda: a.Model.train(rows()), lambda: a.compare_models(None, model, rows())):
        with pytest.raises(type(fault)) as failed:
            call()
        assert failed.value is fault and fault.__cause__ is None and fault.__context__ is None


def test_what_gave_the_rows_is_not_kept(model: a.Model) -> None:
    class Rows(list):  # type: ignore[type-arg]
        pass

    gc.disable()
    try:
        rows = Rows(ROWS)
        kept = weakref.ref(rows)
        a.Model.train(rows, progress=lambda done, rows=rows: True)  # type: ignore[misc]
        a.compare_models(None, model, rows)
        del rows
        assert kept() is None
    finally:
        gc.enable()


def test_rows_may_use_the_library(model: a.Model) -> None:
    def rows() -> Iterator[tuple[str, str]]:
        for text in TEXTS:
            yield model.predict(text).label, text
        with pytest.raises(Broken):
            a.Model.train(broken())

    def broken() -> Iterator[tuple[str, str]]:
        yield "x", "y"
        raise Broken

    assert a.Model.train(rows()).labels == model.labels


def test_progress() -> None:
    told: list[float] = []
    a.Model.train(ROWS, progress=told.append)
    assert told and told == sorted(told) and 0 <= told[0] and told[-1] <= 1
    assert all(isinstance(share, float) for share in told)


def test_progress_may_stop_it() -> None:
    with pytest.raises(a.Interrupted) as failed:
        a.Model.train(ROWS, progress=lambda done: False)
    assert failed.value.__cause__ is None

    def fail(done: float) -> None:
        raise Broken

    with pytest.raises(a.Interrupted) as failed:
        a.Model.train(ROWS, progress=fail)
    assert isinstance(failed.value.__cause__, Broken)


def test_a_signal_ends_it(alarm: Callable[[float], object]) -> None:
    """Python's handlers run during the training, though nobody asked for its progress."""

    def rows() -> Iterator[tuple[str, str]]:
        for i in range(10):
            yield from ((label, f"{text} {i}") for label, text in ROWS)
        alarm(0.001)

    with pytest.raises((Alarm, a.Interrupted)) as failed:
        a.Model.train(rows())
    assert isinstance(failed.value, Alarm) or isinstance(failed.value.__cause__, Alarm)


# ---- files, bytes, pickles, threads ----


def test_round_trips(model: a.Model, tmp_path: pathlib.Path) -> None:
    model.save(tmp_path / "shop.model")
    model.save(str(tmp_path / "shop.model"))
    again = a.Model.open(tmp_path / "shop.model"), a.Model.from_bytes(model.to_bytes()), pickle.loads(pickle.dumps(model))
    for other in again:
        assert (other.labels, other.info, other.to_bytes()) == (model.labels, model.info, model.to_bytes())
        assert [other.scores(text) for text in TEXTS[:20]] == [model.scores(text) for text in TEXTS[:20]]
    with pytest.raises(a.errors.FileFault):
        a.Model.open(tmp_path / "nothing")
    with pytest.raises(a.errors.FileFault):
        model.save(tmp_path / "nowhere" / "shop.model")
    with pytest.raises(TypeError, match="path: expected a str"):
        model.save(5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="data: expected bytes"):
        a.Model.from_bytes("text")  # type: ignore[arg-type]


def test_damaged_bytes(model: a.Model, tmp_path: pathlib.Path) -> None:
    data = model.to_bytes()
    for place in (0, 10, 40, len(data) // 2, len(data) - 1):
        damaged = data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :]
        with pytest.raises(a.ModelFault):
            a.Model.from_bytes(damaged)
    for damaged in (b"", data[:-1], data[: len(data) // 2], data + b"\0"):
        (tmp_path / "damaged").write_bytes(damaged)
        with pytest.raises(a.ModelFault):
            a.Model.from_bytes(damaged)
        with pytest.raises(a.ModelFault):
            a.Model.open(tmp_path / "damaged")


def test_after_close_there_is_a_clear_error(model: a.Model) -> None:
    other = copy.deepcopy(model)
    with other:
        assert other.predict("包裹").label == "parcel"
    for call in (lambda: other.predict("x"), lambda: other.to_bytes(), lambda: a.compare_models(model, other, ROWS)):
        with pytest.raises(a.Closed, match="the model was closed"):
            call()
    assert other.closed and other.labels == model.labels
    with pytest.raises(TypeError):
        copy.copy(model)


def test_texts_that_cannot_be(model: a.Model) -> None:
    calls = [model.predict, model.scores, model.explain]
    for call in calls:
        with pytest.raises(a.NulByte) as failed:
            call("a\0b")
        assert failed.value.where == "text"
        with pytest.raises(ValueError, match="text: .*surrogate"):
            call("\ud800")
        with pytest.raises(TypeError, match="text: expected a str, found bytes"):
            call(b"x")  # type: ignore[arg-type]
    with pytest.raises(a.Invalid) as invalid:
        model.threshold(wrong=1.5)
    assert invalid.value.where == "wrong"


def test_many_threads_predict_with_one_model(model: a.Model) -> None:
    expected = [model.predict(text) for text in TEXTS]
    failures: list[object] = []

    def work() -> None:
        try:
            for _ in range(5):
                failures.extend(1 for text, found in zip(TEXTS, expected) if model.predict(text) != found)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


# ---- measuring ----


def test_two_models_are_compared(model: a.Model) -> None:
    shuffled = list(zip(LABELS[1:] + LABELS[:1], TEXTS))
    found = a.compare_models(a.Model.train(shuffled), model, iter(ROWS))
    assert found.better and not found.worse and found.p < 0.05 and found.new_accuracy > 0.9 > found.old_accuracy
    assert found.examples == len(ROWS) and found.both + found.only_old <= len(ROWS)
    assert a.compare_models(None, model, ROWS).old_accuracy == pytest.approx(1 / 3)
    same = a.compare_models(model, model, ROWS)
    assert (same.only_old, same.only_new, same.p, same.better, same.worse) == (0, 0, 1, False, False)
    with pytest.raises(a.Invalid) as failed:
        a.compare_models(None, model, [("payment", "x"), ("payment", "")])
    assert failed.value.where == "examples[2]"
    with pytest.raises(TypeError, match="new: expected a Model, found NoneType"):
        a.compare_models(model, None, ROWS)  # type: ignore[arg-type]


def test_an_evaluation(model: a.Model) -> None:
    evaluation = a.Evaluation()
    assert evaluation.report()["n"] == 0
    for label, text in ROWS:
        found = model.predict(text)
        evaluation.add(label, found.label, found.confidence, unsure=found.unsure)
    evaluation.add("payment", "other", 0.25)
    report = evaluation.report()
    assert (report["n"], report["answerable"]) == (len(ROWS) + 1, len(ROWS) + 1)
    assert report["accuracy"] > 0.9 and {c["label"] for c in report["classes"]} == {*model.labels, "other"}
    assert {"truth": "payment", "label": "other", "n": 1} in report["confusion"]
    for wrong in (1.5, -0.1, math.nan):
        with pytest.raises(a.Invalid) as failed:
            evaluation.add("a", "b", wrong)
        assert failed.value.where == "guess.confidence"
    with pytest.raises(TypeError, match="confidence: expected a number"):
        evaluation.add("a", "b", "high")  # type: ignore[arg-type]
    assert evaluation.report() == report
    evaluation.close()
    with pytest.raises(a.Closed):
        evaluation.report()


# ---- as scikit-learn does it ----


def test_fit_and_predict(fitted: a.TextClassifier, model: a.Model) -> None:
    assert fitted.classes_ == ["parcel", "payment", "return"]
    assert fitted.model_.to_bytes() == model.to_bytes()
    assert fitted.predict(["where is my parcel?", "想退货"]) == ["parcel", "return"]
    assert fitted.predict([]) == [] and fitted.predict_proba([]) == []
    assert fitted.score(TEXTS, LABELS) > 0.9
    assert fitted.score(["想退货", "x"], ["return", "?"], sample_weight=[3, 1]) == 0.75
    assert fitted.predict(iter(TEXTS)) == [fitted.model_.predict(text).label for text in TEXTS]


def test_probabilities_are_the_models_scores(fitted: a.TextClassifier, model: a.Model) -> None:
    for text, row in zip(TEXTS, fitted.predict_proba(TEXTS)):
        assert math.isclose(sum(row), 1) and dict(zip(fitted.classes_, row)) == model.scores(text)


def test_sample_weights() -> None:
    texts, labels = TEXTS + TEXTS, LABELS + ["rare"] * len(TEXTS)
    one = a.TextClassifier(keep_contradictions=True).fit(texts, labels, sample_weight=[1] * len(ROWS) + [1000] * len(ROWS))
    assert set(one.predict(TEXTS)) == {"rare"}


def test_parameters() -> None:
    one = a.TextClassifier(seed=3, wrong=0.2)
    expected = {"seed": 3, "max_bytes": 0, "wrong": 0.2, "doubt": 0.1, "keep_contradictions": False}
    assert one.get_params() == expected and a.TextClassifier(**one.get_params()).get_params() == expected
    assert one.set_params(max_bytes=20000) is one and one.get_params()["max_bytes"] == 20000
    assert one.fit(TEXTS, LABELS) is one and one.model_.info.bytes <= 20000
    assert repr(one) == "TextClassifier(seed=3, max_bytes=20000, wrong=0.2, doubt=0.1, keep_contradictions=False)"
    with pytest.raises(ValueError, match="colour: expected one of seed,"):
        one.set_params(colour="red", seed=4)
    assert one.get_params()["seed"] == 3


def test_before_fit() -> None:
    one = a.TextClassifier()
    for call in (lambda: one.predict(["x"]), lambda: one.predict_proba(["x"]), lambda: one.score(["x"], ["y"])):
        with pytest.raises(a.NotFitted, match="call fit first"):
            call()
    assert not one.__sklearn_is_fitted__() and not hasattr(one, "classes_")
    error = pickle.loads(pickle.dumps(a.NotFitted("call fit first", where="classifier")))
    assert isinstance(error, a.NotFitted) and error.where == "classifier"
    with pytest.raises(a.Invalid):
        one.fit(["x"], ["y"])
    assert not one.__sklearn_is_fitted__()


def test_what_fit_refuses(fitted: a.TextClassifier) -> None:
    one = a.TextClassifier()
    for X, y, kind, words in (
        ("text", LABELS, TypeError, "X: expected a list, found str"),
        (TEXTS, 5, TypeError, "y: expected a list, found int"),
        (TEXTS, LABELS[1:], ValueError, f"y: expected {len(TEXTS)} items as in X, found {len(TEXTS) - 1}"),
        (["a", 5], ["x", "y"], TypeError, r"examples\[2\].text: expected a str"),
        (["a", "b"], ["x", 0], TypeError, r"examples\[2\].label: expected a str, found int"),
        (["a", ""], ["x", "y"], a.Invalid, r"examples\[2\]"),
    ):
        with pytest.raises(kind, match=words):
            one.fit(X, y)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="sample_weight: expected 2 items"):
        one.fit(["a", "b"], ["x", "y"], [1.0])
    with pytest.raises(TypeError, match="X: expected a list, found str"):
        fitted.predict("text")
    with pytest.raises(ValueError, match="X: expected at least one text"):
        fitted.score([], [])


def test_a_classifier_is_pickled(fitted: a.TextClassifier) -> None:
    for other in (pickle.loads(pickle.dumps(fitted)), copy.deepcopy(fitted), copy.copy(fitted)):
        assert other.get_params() == fitted.get_params() and other.classes_ == fitted.classes_
        assert other.predict_proba(TEXTS[:20]) == fitted.predict_proba(TEXTS[:20])
    unfitted = pickle.loads(pickle.dumps(a.TextClassifier(seed=5)))
    assert unfitted.seed == 5 and not unfitted.__sklearn_is_fitted__()


@given(st.lists(TEXT, max_size=5))
def test_labels_are_always_among_the_classes(fitted: a.TextClassifier, texts: list[str]) -> None:
    assert set(fitted.predict(texts)) <= set(fitted.classes_)
    for row in fitted.predict_proba(texts):
        assert len(row) == len(fitted.classes_) and math.isclose(sum(row), 1) and all(0 <= p <= 1 for p in row)


@given(st.lists(st.tuples(st.text(max_size=4), st.text(max_size=6)), max_size=12))
def test_whatever_is_trained_on(rows: list[tuple[str, str]]) -> None:
    try:
        trained = a.Model.train(rows)
    except (ValueError, a.Error) as error:
        assert "examples" in str(error)
        return
    assert set(trained.labels) == {label for label, _ in rows}
    assert trained.predict(rows[0][1]).label in trained.labels


def test_with_scikit_learn() -> None:
    selection = pytest.importorskip("sklearn.model_selection", reason="scikit-learn is not installed")
    one = a.TextClassifier(seed=1)
    assert min(selection.cross_val_score(one, TEXTS, LABELS, cv=3)) > 0.8
    search = selection.GridSearchCV(one, {"max_bytes": [20000, 40000]}, cv=3, scoring="neg_log_loss").fit(TEXTS, LABELS)
    assert search.best_estimator_.predict(["想退货"]) == ["return"]
