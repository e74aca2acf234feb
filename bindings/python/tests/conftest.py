"""A desk to test on: a store in a file, a clock of its own, a tenant with a shop, two agents and a buyer."""
from __future__ import annotations

import functools
import gc
import os
import pathlib
import signal
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import hypothesis
import pytest

import aftersales
from aftersales import Desk, Env, Message, Session, Store

TOP = pathlib.Path(__file__).resolve().parents[3]
START = datetime(2026, 11, 25, 9, tzinfo=timezone.utc)

hypothesis.settings.register_profile(
    "tests", deadline=None, max_examples=1000 if os.environ.get("AFT_SLOW") else 60, print_blob=True, database=None
)
hypothesis.settings.load_profile("tests")


class Clock:
    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at

    def go(self, **span: float) -> None:
        self.at += timedelta(**span)


class Shop:
    """Everything that a test of the desk needs."""

    def __init__(self, folder: pathlib.Path, **env: Any) -> None:
        self.clock = Clock()
        self.path = folder / "desk.db"
        self.env = Env(**{"clock": self.clock, **env})
        self.store = Store(self.path, create=True, env=self.env)
        self.session: Session = self.store.session()
        self.tenant = self.session.as_system().put_tenant("acme").id
        self.desk: Desk = self.session.as_system(self.tenant)
        self.shop = self.desk.put_shop("phones").id
        self.agent = self.desk.put_agent("amy", shops=[self.shop]).id
        self.stranger = self.desk.put_agent("bob").id
        self.buyer = self.desk.put_customer(external="ann").id
        self.amy = self.session.as_agent(self.tenant, self.agent)
        self.ann = self.session.as_buyer(self.tenant, self.buyer)
        self.n = 0

    def say(self, text: str = "快递一周没动了，到哪里了？", **more: Any) -> Message:
        self.n += 1
        given = {"customer": self.buyer, "external": f"m{self.n}", **more}
        return self.desk.intake(self.shop, "wechat", text=text, **given)

    def count(self, table: str) -> int:
        with self.store.query(f"SELECT count(*) AS n FROM aft_{table}") as rows:
            return int(next(rows)["n"])

    def written(self) -> list[int]:
        """How many rows the tables hold that a command writes to."""
        tables = ("tenant", "shop", "agent", "customer", "order", "ticket", "message", "part", "event", "outbox", "refusal")
        return [self.count(table) for table in tables]


@pytest.fixture
def shop(tmp_path: pathlib.Path) -> Iterator[Shop]:
    shop = Shop(tmp_path)
    yield shop
    shop.session.close()
    shop.store.close()


@pytest.fixture
def top() -> pathlib.Path:
    return TOP


class Alarm(Exception):
    pass


@pytest.fixture
def alarm() -> Iterator[Callable[[float], object]]:
    """Sets when a signal raises Alarm. The collector rests meanwhile: Hypothesis has a callback in it, and Python
    drops what is raised there."""

    def ring(_number: int, _frame: object) -> None:
        raise Alarm

    before = signal.signal(signal.SIGALRM, ring)
    gc.disable()
    yield functools.partial(signal.setitimer, signal.ITIMER_REAL)
    signal.setitimer(signal.ITIMER_REAL, 0)
    gc.enable()
    signal.signal(signal.SIGALRM, before)


__all__ = ["Alarm", "Clock", "Shop", "START", "TOP", "aftersales"]
