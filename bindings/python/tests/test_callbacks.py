"""Clock, randomness, log, trace and policy loader in Python. What they raise reaches the caller as a cause."""
from __future__ import annotations

import gc
import os
import pathlib
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from conftest import START, Alarm, Clock, Shop

import aftersales as a


class Broken(Exception):
    pass


def test_the_clock_is_asked(tmp_path: pathlib.Path) -> None:
    shop = Shop(tmp_path)
    shop.clock.go(hours=5)
    assert shop.env.now() == shop.clock.at
    assert shop.say().created == shop.clock.at
    assert a.made_at(shop.say().id) == shop.clock.at


@pytest.mark.parametrize("told", [Broken("no time"), datetime(2026, 1, 1), 17.5, None])
def test_a_clock_that_fails(tmp_path: pathlib.Path, told: object) -> None:
    class Failing(Clock):
        fails = False

        def __call__(self) -> Any:
            if self.fails and isinstance(told, Exception):
                raise told
            return told if self.fails else self.at

    clock = Failing()
    shop = Shop(tmp_path, clock=clock)
    clock.fails = True
    with pytest.raises(a.CallbackFailed) as failed:
        shop.say("还在吗")
    assert isinstance(failed.value.__cause__, Broken if isinstance(told, Exception) else TypeError)
    assert failed.value.result.text == "还在吗"  # the clock of C cannot fail: the last time counted
    assert failed.value.result.created == START
    clock.fails = False
    assert shop.say().id


def test_randomness_that_fails_fails_the_command(tmp_path: pathlib.Path) -> None:
    broken: list[object] = []

    def random(n: int) -> Any:
        if broken and isinstance(broken[0], Exception):
            raise broken[0]
        return broken[0] if broken else os.urandom(n)

    shop = Shop(tmp_path, random=random)
    before = shop.written()
    for fault in (Broken("no entropy"), b"short", "text", None):
        broken[:] = [fault]
        with pytest.raises(a.CallbackFailed) as failed:
            shop.say(customer=None, handle="new")
        assert isinstance(failed.value.__cause__, Broken if isinstance(fault, Exception) else TypeError)
        assert failed.value.result is None
        broken.clear()
        assert shop.written() == before
    assert shop.say().id


def test_traces_and_notes(tmp_path: pathlib.Path) -> None:
    traces: list[a.Trace] = []
    notes: list[tuple[str, str]] = []
    shop = Shop(tmp_path, trace=traces.append, log=lambda *note: notes.append(note), log_level="debug")
    shop.say()
    names = [trace.name for trace in traces]
    assert "intake" in names and all(trace.duration.total_seconds() >= 0 for trace in traces)
    assert all(level in ("debug", "info", "warn", "error") and text for level, text in notes)
    with pytest.raises(a.NotFound):
        shop.desk.ticket(7)
    assert traces[-1].status == a.NotFound.CODE or a.NotFound.CODE in [trace.status for trace in traces]


def test_a_trace_that_raises_keeps_the_result(tmp_path: pathlib.Path) -> None:
    armed: list[bool] = []

    def trace(_trace: a.Trace) -> None:
        if armed:
            raise Broken("full")

    shop = Shop(tmp_path, trace=trace)
    armed.append(True)
    with pytest.raises(a.CallbackFailed) as failed:
        shop.say("第一句")
    assert isinstance(failed.value.__cause__, Broken)
    with pytest.raises(a.NotFound) as missing:
        shop.desk.ticket(7)
    assert isinstance(missing.value.__cause__, Broken)
    armed.clear()
    assert shop.desk.ticket(failed.value.result.ticket).id


def test_a_keyboard_interrupt_passes_as_it_is(tmp_path: pathlib.Path) -> None:
    armed: list[bool] = []

    def trace(_trace: a.Trace) -> None:
        if armed:
            raise KeyboardInterrupt

    shop = Shop(tmp_path, trace=trace)
    armed.append(True)
    with pytest.raises(KeyboardInterrupt):
        shop.desk.current_policy()
    armed.clear()


def test_a_signal_during_a_call_reaches_the_caller(alarm: Callable[[float], object]) -> None:
    """Python raises it as the next callback begins, before a statement of that could catch it."""
    env, causes = a.Env(clock=lambda: START), 0
    for _ in range(50):
        try:
            alarm(0.0005)
            for _ in range(100000):
                assert env.now() == START
        except Alarm:
            causes += 1
        except a.CallbackFailed as error:
            assert isinstance(error.__cause__, Alarm) and error.result == START
            causes += 1
    assert causes == 50


def test_the_calling_session_is_busy_inside_its_callbacks(tmp_path: pathlib.Path) -> None:
    seen: list[Exception] = []

    def trace(_trace: a.Trace) -> None:
        if len(shops) == 1 and not seen:
            try:
                shops[0].desk.current_policy()
            except a.BusySession as error:
                seen.append(error)

    shops: list[Shop] = []
    shops.append(Shop(tmp_path, trace=trace))
    assert shops[0].say().id
    assert len(seen) == 1


def test_a_callback_that_fails_while_something_is_released(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    armed: list[bool] = []

    def clock() -> datetime:
        if armed:
            raise Broken("at the end")
        return START

    seen: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda report: seen.append(report.exc_value))
    stores = [a.Store(tmp_path / f"{i}.db", create=True, env=a.Env(clock=clock)) for i in range(2)]
    armed.append(True)
    with pytest.raises(a.CallbackFailed) as failed:
        stores[0].close()  # gives back what the store had leased
    assert isinstance(failed.value.__cause__, Broken) and stores[0].closed and not seen
    stores[0].close()
    stores.clear()
    gc.collect()
    assert isinstance(seen[0], Broken)


def test_documents_come_one_by_one(shop: Shop) -> None:
    documents = [("a.yaml", "texts:\n  zh:\n    category.payment: 钱\n"), ("b.yaml", "texts:\n  en:\n    category.payment: Money\n")]
    asked: list[int] = []

    def load(index: int) -> tuple[str, str] | None:
        asked.append(index)
        return documents[index] if index < len(documents) else None

    policy = a.Policy(load, env=shop.env)
    assert asked == [0, 1, 2]
    assert (policy.text("category.payment", "zh"), policy.text("category.payment")) == ("钱", "Money")
    assert a.Policy(dict(documents)).hash == policy.hash


def test_a_loader_that_fails() -> None:
    def load(index: int) -> Any:
        raise Broken(str(index))

    with pytest.raises(a.CallbackFailed) as failed:
        a.Policy(load)
    assert isinstance(failed.value.__cause__, Broken)
    for wrong in ("text", ("one",), (1, 2)):
        with pytest.raises(a.CallbackFailed) as failed:
            a.Policy(lambda index, wrong=wrong: wrong)  # type: ignore[misc]
        assert isinstance(failed.value.__cause__, TypeError)


def test_all_faults_of_a_policy_are_reported() -> None:
    with pytest.raises(a.Error) as failed:
        a.Policy({"shop.yaml": "prioritie:\n  x: 1\nworse: true\n"})
    error = failed.value
    assert isinstance(error, a.PolicyKey) and (error.line, error.column) == (1, 1)
    assert "shop.yaml:1:1" in error.where and len(error.report.splitlines()) == 2
    with pytest.raises(a.PolicySyntax):
        a.Policy({"shop.yaml": "a: [\n"})


def test_images_of_policies(tmp_path: pathlib.Path) -> None:
    policy = a.Policy()
    path = tmp_path / "policy.bin"
    path.write_bytes(policy.image())
    assert a.Policy.map_image(str(path)).hash == a.Policy.from_image(policy.image()).hash == policy.hash
    with pytest.raises(a.PolicyImage):
        a.Policy.from_image(b"nothing")
    with pytest.raises(a.FileFault):
        a.Policy.map_image(str(tmp_path / "none"))
    assert policy.draw(format="dot").startswith("digraph")
    with pytest.raises(a.NotFound):
        policy.draw("nothing")
    assert policy.text("no.such.key", "zh") == "no.such.key"
