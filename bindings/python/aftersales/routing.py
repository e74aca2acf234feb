"""Who gets which ticket or task: the next one of an agent, and how far a ticket is from being taken."""
from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple

from ._call import Commands, id_of
from ._ffi import ffi, lib
from ._frame import Frame
from .records import Task, Ticket


class Position(NamedTuple):
    """How far a ticket is from being taken."""

    waits: bool  # for an agent; else the rest says nothing
    ahead: int  # tickets of its lane that come before it; at most 1000 are counted
    more: bool  # there are more than were counted
    wait: timedelta | None  # that is still to be expected, by what the last ones waited


class RoutingCommands(Commands):
    """The next ticket and task, and places in the lanes."""

    def next_ticket(
        self,
        *,
        agent: int | None = None,
        shop: int | None = None,
        queue: str | None = None,
        key: str | None = None,
        deadline: timedelta | None = None,
    ) -> Ticket | None:
        """Gives the agent the ticket that comes next of all that it may take; None when none waits for it.

        agent: whom the system claims for; an agent claims for itself. shop, queue: only from there."""
        frame = Frame("aft_next_in")
        frame.id("agent", agent)
        frame.id("shop", shop)
        frame.text("queue", queue)
        found: Ticket | None = self._next(lib.aft_ticket_claim, frame, Ticket, key, deadline)
        return found

    def next_task(
        self,
        *,
        agent: int | None = None,
        shop: int | None = None,
        name: str | None = None,
        key: str | None = None,
        deadline: timedelta | None = None,
    ) -> Task | None:
        """Gives the agent the task that comes next of all that it may take; None when none waits for it.

        agent: whom the system claims for; an agent claims for itself. shop, name: only of that shop or name."""
        frame = Frame("aft_task_claim_in")
        frame.id("agent", agent)
        frame.id("shop", shop)
        frame.text("name", name)
        found: Task | None = self._next(lib.aft_task_claim, frame, Task, key, deadline)
        return found

    def _next(self, function: Any, frame: Frame, kind: Any, key: str | None, deadline: timedelta | None) -> Any:
        out = ffi.new("aft_record **")

        def take(_session: Any, status: int) -> Any:
            if out[0] == ffi.NULL:
                return None
            try:
                return kind._read(out[0], status)
            finally:
                lib.aft_record_free(out[0])

        return self._run(function, [frame], [out], take, key, deadline)

    def position(self, ticket: int, *, deadline: timedelta | None = None) -> Position:
        """Tells how many tickets stand before one in its lane, and how long it may still take."""
        out = Frame("aft_position")

        def take(_session: Any, _status: int) -> Position:
            at = out.struct
            wait = timedelta(milliseconds=at.wait_ms) if at.waits and at.wait_ms >= 0 else None
            return Position(bool(at.waits), int(at.ahead), bool(at.more), wait)

        found: Position = self._run(lib.aft_ticket_position, [id_of("ticket", ticket), out], [], take, None, deadline)
        return found
