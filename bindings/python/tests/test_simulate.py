"""A day played ahead, and a day of the desk played again."""
from __future__ import annotations

import pathlib
import subprocess
import sys
from datetime import timedelta

import pytest

from aftersales import Closed, Demand, Invalid, Policy, RateIn, SpanIn, WorkerIn, simulate
from conftest import START, Shop

HOUR = timedelta(hours=1)
WORK = [
    {"category": "logistics", "permille": 700, "mean": timedelta(minutes=6), "spread": timedelta(minutes=3)},
    {"category": "payment", "topic": "payment_failed", "permille": 300, "mean": timedelta(minutes=9)},
]


def drawn(policy: Policy, seed: int = 7, per_hour: int = 40) -> Demand:
    rates = [RateIn(from_=START, until=START + 8 * HOUR, per_hour=per_hour)]
    return Demand(policy, rates, WORK, seed=seed, tiers={"": 900, "vip": 100})


def crew(n: int) -> list[WorkerIn]:
    return [WorkerIn(name=f"a{i}", shifts=[SpanIn(from_=START, until=START + 9 * HOUR)]) for i in range(n)]


def test_two_more_agents_shorten_the_waits() -> None:
    policy = Policy()
    demand = drawn(policy)
    without, more = simulate(policy, demand, crew(5)), simulate(policy, demand, crew(5), extra_agents=2)
    assert without["all"]["tickets"] == more["all"]["tickets"] == len(demand)
    assert more["agents"] == 7 and more["all"]["p90_ms"] < without["all"]["p90_ms"]
    assert [tier["tier"] for tier in more["tiers"]] == ["", "vip"]


def test_a_seed_gives_the_same_and_first_come_another_order() -> None:
    policy = Policy()
    first = simulate(policy, drawn(policy), crew(4), explain=[START + 4 * HOUR])
    assert first == simulate(policy, drawn(policy), crew(4), explain=[START + 4 * HOUR])
    assert first != simulate(policy, drawn(policy, seed=8), crew(4), explain=[START + 4 * HOUR])
    plain = simulate(policy, drawn(policy), crew(4), order="first_come")
    assert plain["order"] == "first_come"
    assert plain["tiers"][1]["mean_ms"] > first["tiers"][1]["mean_ms"]
    asked = [c for c in first["choices"] if c["why"] == "asked"]
    assert len(asked) == 1 and sum(c["chosen"] for c in asked[0]["candidates"]) == 1


def test_bad_input_names_its_place() -> None:
    policy = Policy()
    with pytest.raises(Invalid, match="found -1"):
        drawn(policy, per_hour=-1)
    with pytest.raises(Invalid, match="add up to 1000"):
        Demand(policy, [{"from_": START, "until": START + HOUR, "per_hour": 1}], WORK[:1])
    with pytest.raises(Invalid, match="somebody who works"):
        simulate(policy, drawn(policy))
    with pytest.raises(TypeError, match="a Demand"):
        simulate(policy, None)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="by_place"):
        simulate(policy, drawn(policy), crew(1), order="random")  # type: ignore[arg-type]
    demand = drawn(policy)
    demand.close()
    with pytest.raises(Closed):
        len(demand)


def test_a_lived_day_is_played_with_its_own_agents(shop: Shop) -> None:
    ticket = shop.say().ticket
    shop.clock.go(minutes=2)
    taken = shop.amy.next_ticket()
    assert taken is not None and taken.id == ticket
    shop.clock.go(minutes=5)
    shop.amy.answer(ticket, "今天会到。")
    shop.clock.go(minutes=1)
    demand = shop.desk.demand(shop.shop, START, shop.clock())
    assert len(demand) == 1
    found = simulate(Policy(), demand)
    assert found["agents"] == 1 and found["all"]["p50_ms"] == 5 * 60_000
    assert simulate(Policy(), demand, extra_agents=2)["agents"] == 3
    with pytest.raises(Invalid, match="92 days"):
        shop.desk.demand(shop.shop, START, START)


def test_the_example_shows_what_more_agents_bring(top: pathlib.Path) -> None:
    command = [sys.executable, "-W", "error", str(top / "bindings/python/examples/what_if.py"), "--more", "2"]
    done = [subprocess.run(command, capture_output=True, text=True, timeout=60) for _ in range(2)]
    assert (done[0].returncode, done[0].stderr) == (0, "")
    assert done[0].stdout == done[1].stdout
    rows = [line.split() for line in done[0].stdout.splitlines()[2:]]
    assert [(row[0], row[1]) for row in rows] == [(str(n), o) for n in range(3) for o in ("first_come", "by_place")]
    late = [int(row[-1]) for row in rows]
    assert late[4] < late[0] and late[5] <= late[1] < late[0]
