"""A day played ahead: who waits how long, in which order, and with two more agents."""
from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from ._call import Commands, buffer_bytes, run
from ._ffi import ffi, lib
from ._frame import Frame
from ._handle import Shared
from .inputs import RateIn, ShareIn, WorkerIn, WorkIn
from .policy import Policy
from .values import ms_of, wrong_type

Order = Literal["by_place", "first_come"]
ORDERS = {"by_place": lib.AFT_NEXT_BY_PLACE, "first_come": lib.AFT_NEXT_FIRST_COME}


def fill_shares(frame: Frame, name: str, shares: Mapping[str, int] | None) -> None:
    """Permille by name."""
    if shares is None:
        return
    if not isinstance(shares, Mapping):
        raise wrong_type(name, "a mapping of names to permille", shares)
    frame.inputs(name, [ShareIn(name=n, permille=permille) for n, permille in shares.items()], ShareIn)


class Demand(Shared):
    """Tickets that arrive, and the work that each of them takes. Immutable, for any thread.

    Drawn from a seed here, or taken from a shop's own days with Desk.demand. rates: how many arrive while; those that
    overlap add up. work: what tickets are about and how long each message takes. tiers, channels, languages,
    priorities: permille by name, 1000 in all; without priorities the policy's rules decide. further: of a thousand
    answers, how many the customer writes again after, further_time later on average. live: a channel whose customers
    give up, after patience on average."""

    def __init__(
        self,
        policy: Policy,
        rates: Sequence[RateIn | Mapping[str, Any]],
        work: Sequence[WorkIn | Mapping[str, Any]],
        *,
        seed: int = 0,
        tiers: Mapping[str, int] | None = None,
        channels: Mapping[str, int] | None = None,
        languages: Mapping[str, int] | None = None,
        priorities: Mapping[str, int] | None = None,
        further: int | None = None,
        further_time: timedelta | None = None,
        live: str | None = None,
        patience: timedelta | None = None,
    ) -> None:
        if not isinstance(policy, Policy):
            raise wrong_type("policy", "a Policy", policy)
        frame, out = Frame("aft_demand_in"), ffi.new("aft_demand **")
        frame.number("seed", seed)
        frame.inputs("rates", rates, RateIn)
        frame.inputs("work", work, WorkIn)
        fill_shares(frame, "tiers", tiers)
        fill_shares(frame, "channels", channels)
        fill_shares(frame, "languages", languages)
        fill_shares(frame, "priorities", priorities)
        frame.number("further", further)
        frame.span("further_time", further_time, field="further_ms")
        frame.text("live", live)
        frame.span("patience", patience, field="patience_ms")
        with policy._use() as pointer:
            run(lib.aft_demand_draw, [pointer, frame.struct, out], lambda _status: None)
        super().__init__(out[0], lib.aft_demand_free, policy.env._callbacks)

    @classmethod
    def _adopt(cls, pointer: Any, kept: Any) -> Demand:
        demand = cls.__new__(cls)
        Shared.__init__(demand, pointer, lib.aft_demand_free, kept)
        return demand

    def __len__(self) -> int:
        with self._use() as pointer:
            return int(lib.aft_demand_count(pointer))


def simulate(
    policy: Policy,
    demand: Demand,
    agents: Sequence[WorkerIn | Mapping[str, Any]] | None = None,
    *,
    order: Order = "by_place",
    extra_agents: int = 0,
    extra_like: int = 0,
    answers: int | None = None,
    content: int | None = None,
    content_late: int | None = None,
    explain: Sequence[datetime] = (),
    until: datetime | None = None,
) -> dict[str, Any]:
    """Plays demand with a crew, as the desk would: figures of all and by tier, hour by hour what waited, and why
    tickets came next. Times are milliseconds, shares permille.

    agents: None takes those that came with Desk.demand. order: "by_place" is the desk's own, "first_come" the one to
    compare with. extra_agents: so many more, like the agent of number extra_like. answers, content, content_late: of a
    thousand customers asked, how many answer a survey; of a thousand answered in time, and of those who waited three
    times as long, how many are content. explain: for the first choice from each of these times on."""
    if not isinstance(policy, Policy):
        raise wrong_type("policy", "a Policy", policy)
    if not isinstance(demand, Demand):
        raise wrong_type("demand", "a Demand", demand)
    frame, out, buffer = Frame("aft_simulation_in"), ffi.new("aft_simulated **"), ffi.new("aft_buf **")
    frame.inputs("agents", agents, WorkerIn)
    frame.choice("order", order, ORDERS)
    frame.number("extra_agents", extra_agents)
    frame.number("extra_like", extra_like)
    frame.number("answers", answers)
    frame.number("content", content)
    frame.number("content_late", content_late)
    times = [ms_of(f"explain[{i}]", at) for i, at in enumerate(explain)]
    frame.array("explain", ffi.new("int64_t[]", times), len(times))
    frame.time("until", until)
    with policy._use() as rules, demand._use() as tickets:
        run(lib.aft_simulate, [rules, tickets, frame.struct, out], lambda _status: None)
    try:
        text = run(lib.aft_simulated_json, [out[0], buffer], lambda _status: buffer_bytes(buffer))
    finally:
        lib.aft_simulated_free(out[0])
    found: dict[str, Any] = json.loads(text)
    return found


class DemandCommands(Commands):
    """Demand from a shop's own days."""

    def demand(
        self,
        shop: int,
        from_: datetime,
        until: datetime,
        *,
        longest: timedelta | None = None,
        deadline: timedelta | None = None,
    ) -> Demand:
        """The shop's tickets that were opened from from_ to until, with the work that they took, and its agents with
        their shifts. longest: work that seems to last longer was interrupted, and counts so much; an hour."""
        frame, out = Frame("aft_demand_span"), ffi.new("aft_demand **")
        frame.id("shop", shop)
        frame.time("from_", from_, field="from")
        frame.time("until", until)
        frame.span("longest", longest, field="longest_ms")

        def take(session: Any, _status: int) -> Demand:
            return Demand._adopt(out[0], session.store.env._callbacks)

        found: Demand = self._run(lib.aft_demand_record, [frame], [out], take, None, deadline)
        return found
