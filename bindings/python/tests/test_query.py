"""SQL for analysts: rows with types, nothing written, one copy of SQLite."""
from __future__ import annotations

import pathlib
import sqlite3
import threading

import pytest
from conftest import START, Shop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import aftersales as a
from aftersales import _copies

VALUES = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1), st.binary(max_size=50))
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=50)


def test_rows_are_dicts(shop: Shop) -> None:
    for i in range(3):
        shop.say(customer=None, handle=f"h{i}")
    sql = "SELECT category, count(*) AS n, avg(points) AS mean, min(opened) AS first FROM aft_ticket GROUP BY category"
    with shop.store.query(sql) as rows:
        assert rows.columns == ["category", "n", "mean", "first"]
        row = next(rows)
        assert (row["n"], type(row["mean"]), a.time_of(row["first"])) == (3, float, START)
        assert list(rows) == [] and list(rows) == [] and rows.closed


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(VALUES | TEXTS, min_size=1, max_size=6))
def test_values_there_and_back(shop: Shop, values: list[object]) -> None:
    sql = "SELECT " + ", ".join(f"? AS c{i}" for i in range(len(values)))
    assert list(next(shop.store.query(sql, values)).values()) == values  # type: ignore[arg-type]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_with_fractions_keep_seventeen_digits(shop: Shop, number: float) -> None:
    found = next(shop.store.query(f"SELECT {number!r} * 1.0 AS x"))["x"]
    assert found == pytest.approx(number, rel=1e-15, abs=5e-324)


@pytest.mark.parametrize(
    "sql, kind",
    [
        ("DELETE FROM aft_ticket", a.ReadOnly),
        ("UPDATE aft_ticket SET state = 'x' RETURNING id", a.ReadOnly),
        ("CREATE TEMP TABLE t (x)", a.ReadOnly),
        ("ATTACH 'x.db' AS x", a.ReadOnly),
        ("PRAGMA user_version", a.ReadOnly),
        ("SELECT 1 AS a; DELETE FROM aft_ticket", a.Invalid),
        ("SELECT FROM", a.StoreFault),
        ("SELECT 1 AS x, 2 AS x", ValueError),
        ("SELECT ? AS x", a.Invalid),
        ("", a.Invalid),
        ("SELECT '\0'", a.NulByte),
    ],
)
def test_sql_that_is_refused(shop: Shop, sql: str, kind: type[Exception]) -> None:
    before = shop.written()
    with pytest.raises(kind):
        shop.store.query(sql)
    assert shop.written() == before


@pytest.mark.parametrize("params", [[1.5], [{}], "ab", 5, [2**63], ["\ud800"]])
def test_parameters_that_are_refused(shop: Shop, params: object) -> None:
    with pytest.raises((TypeError, ValueError), match="params"):
        shop.store.query("SELECT ? AS x, ? AS y", params)  # type: ignore[arg-type]


def test_all_rows_are_of_one_moment(shop: Shop) -> None:
    shop.say()
    with shop.store.query("SELECT id FROM aft_message") as rows:
        first = next(rows)
        shop.say()
        assert list(rows) == [] and first
    assert shop.count("message") == 2


def test_an_interrupt_ends_a_long_query(shop: Shop) -> None:
    rows = shop.store.query("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) AS n FROM n")
    failures: list[BaseException] = []

    def read() -> None:
        try:
            next(rows)
        except a.Error as error:
            failures.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    while not rows._busy.locked():
        pass
    with pytest.raises(a.BusySession):
        next(rows)
    while reader.is_alive():
        rows.interrupt()
        reader.join(0.01)
    assert isinstance(failures[0], a.Interrupted)


def test_a_store_in_memory_has_no_sql() -> None:
    with a.Store("memory:", create=True) as store, pytest.raises(a.DriverFault):
        store.query("SELECT 1")


def test_another_copy_of_sqlite_is_kept_off(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_copies, "one_copy", lambda: False)
    path = tmp_path / "guarded.db"
    link = tmp_path / "link.db"
    with a.Store(path, create=True):
        link.symlink_to(path)
        for name in (path, str(path), link, f"file:{path}?mode=ro"):
            with pytest.raises(a.TwoCopies, match="Store.query"):
                sqlite3.connect(name, uri=True)
        sqlite3.connect(":memory:").close()
        sqlite3.connect(tmp_path / "other.db").close()
    sqlite3.connect(path).close()


def test_one_copy_is_one_version(shop: Shop) -> None:
    there = sqlite3.connect(":memory:").execute("SELECT sqlite_source_id()").fetchone()[0]
    here = next(shop.store.query("SELECT sqlite_source_id() AS id"))["id"]
    assert here == there or not a.one_copy()
