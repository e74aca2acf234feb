"""What if a few more agents? One drawn day, played with each number of them, first come and by deadline."""
from __future__ import annotations

import argparse
from datetime import datetime, timedelta, timezone

from aftersales import Demand, Policy, RateIn, SpanIn, WorkerIn, WorkIn, simulate
from aftersales.simulate import Order

ORDERS: tuple[Order, ...] = ("first_come", "by_place")
DAY = datetime(2026, 11, 11, tzinfo=timezone(timedelta(hours=8)))


def hours(from_: float, until: float) -> SpanIn:
    return SpanIn(from_=DAY + timedelta(hours=from_), until=DAY + timedelta(hours=until))


def drawn(policy: Policy, seed: int) -> Demand:
    """Thirty an hour, and a rush at noon."""
    all_day, noon = hours(8, 21), hours(11, 13)
    rates = [RateIn(from_=s.from_, until=s.until, per_hour=n) for s, n in ((all_day, 30), (noon, 50))]
    work = [
        WorkIn(category="logistics", permille=600, mean=timedelta(minutes=6), spread=timedelta(minutes=3)),
        WorkIn(category="return_refund", permille=400, mean=timedelta(minutes=9), spread=timedelta(minutes=5)),
    ]
    return Demand(policy, rates, work, seed=seed, tiers={"": 850, "vip": 150})


def minutes(ms: int) -> str:
    return f"{ms / 60_000:.0f} min"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=7, help="another day")
    parser.add_argument("--more", type=int, default=4, help="up to how many more agents")
    given = parser.parse_args()
    policy = Policy()
    demand = drawn(policy, given.seed)
    crew = [WorkerIn(name=f"agent-{i}", shifts=[hours(8, 16) if i < 4 else hours(13, 21)]) for i in range(8)]
    print(f"{len(demand)} tickets, {len(crew)} agents; 90 of 100 wait at most")
    print(f"{'more':>4}  {'order':<11} {'vip':>9} {'others':>9} {'too late':>9}")
    for more in range(given.more + 1):
        for order in ORDERS:
            found = simulate(policy, demand, crew, order=order, extra_agents=more)
            others, vip = found["tiers"]
            figures = minutes(vip["p90_ms"]), minutes(others["p90_ms"]), found["all"]["breaches"]
            print(f"{more:>4}  {order:<11} {figures[0]:>9} {figures[1]:>9} {figures[2]:>9}")


if __name__ == "__main__":
    main()
