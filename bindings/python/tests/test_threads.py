"""Threads: calls let others run, a session is one thread's, shared objects are everybody's."""
from __future__ import annotations

import sqlite3
import threading
from datetime import timedelta

import pytest
from conftest import Shop

import aftersales as a


def blocked(shop: Shop) -> sqlite3.Connection:
    """Holds the database's write lock until it is rolled back."""
    if not a.one_copy():
        pytest.skip("Python's sqlite3 is another copy of SQLite than the library's")
    other = sqlite3.connect(shop.path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    return other


def test_others_run_during_a_call(shop: Shop) -> None:
    """The call waits for a lock that only another Python thread can give back."""
    other = blocked(shop)
    giver = threading.Timer(0.05, other.rollback)
    giver.start()
    assert shop.say().id
    giver.join()
    other.close()


def test_one_call_at_a_time(shop: Shop) -> None:
    other = blocked(shop)
    results: list[object] = []
    waiting = threading.Thread(target=lambda: results.append(shop.say()))
    waiting.start()
    while not shop.session._busy.locked():
        pass
    for call in (lambda: shop.amy.inbox(), lambda: shop.session.health(), lambda: shop.session.close()):
        with pytest.raises(a.BusySession):
            call()
    shop.store.close()  # others still use it: it goes when the last session goes
    other.rollback()
    waiting.join()
    other.close()
    assert isinstance(results[0], a.Message)


def test_an_interrupt_from_another_thread(shop: Shop) -> None:
    other = blocked(shop)
    before = shop.count("message")
    failures: list[BaseException] = []

    def call() -> None:
        try:
            shop.say()
        except a.Error as error:
            failures.append(error)

    waiting = threading.Thread(target=call)
    waiting.start()
    while waiting.is_alive():
        shop.session.interrupt()
        waiting.join(0.01)
    other.rollback()
    other.close()
    assert isinstance(failures[0], a.Interrupted)
    assert shop.count("message") == before
    assert shop.say().id


def test_a_locked_database_is_a_clear_error(shop: Shop) -> None:
    with a.Store(shop.path, busy=timedelta(milliseconds=30)) as store, store.session() as session:
        other = blocked(shop)
        with pytest.raises(a.Locked) as locked:
            session.as_system(shop.tenant).put_shop("other")
        assert locked.value.transient and locked.value.native
        other.rollback()
        other.close()


def test_one_session_for_each_thread(shop: Shop) -> None:
    failures: list[BaseException] = []

    def work(n: int) -> None:
        try:
            with shop.store.session() as session:
                desk = session.as_system(shop.tenant)
                for i in range(10):
                    desk.intake(shop.shop, "web", external=f"{n}-{i}", handle=f"h{n}", text="有问题")
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert shop.count("message") == 40


def test_closing_what_others_use(shop: Shop) -> None:
    """A shared object that is closed while a call uses it is released after the call."""
    stop = threading.Event()
    failures: list[BaseException] = []

    def use() -> None:
        while not stop.is_set():
            try:
                assert policies[-1].text("category.payment", "zh")
            except a.Closed:
                pass
            except BaseException as error:
                failures.append(error)
                return

    policies = [a.Policy()]
    threads = [threading.Thread(target=use) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(50):
        policies.append(a.Policy())
        policies[-2].close()
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
