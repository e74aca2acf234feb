"""The desk: every command, on behalf of one caller."""
from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from ._error import Error, error_of, new_error
from ._ffi import ffi, lib
from ._frame import Frame
from .commands import DeskCommands
from .evidence import EvidenceCommands
from .incidents import IncidentCommands
from .inputs import MessageIn
from .learning import Learning
from .links import LinkCommands
from .privacy import PrivacyCommands
from .routing import RoutingCommands
from .simulate import DemandCommands
from .values import span_ms

if TYPE_CHECKING:
    from .store import Session


class BatchResult(NamedTuple):
    """What became of one message of a batch."""

    message: int  # its id, or 0
    ticket: int  # its ticket's id, or 0
    replayed: bool  # it was delivered before
    error: Error | None


def batch_results(batch: Any) -> list[BatchResult]:
    results = []
    for i in range(lib.aft_batch_count(batch)):
        error = new_error()
        status = lib.aft_batch_status(batch, i, error)
        failed = error_of(status, error) if status < 0 else None
        ids = lib.aft_batch_message(batch, i), lib.aft_batch_ticket(batch, i)
        results.append(BatchResult(*ids, status == lib.AFT_REPLAYED, failed))
    return results


class Desk(
    DeskCommands,
    DemandCommands,
    EvidenceCommands,
    IncidentCommands,
    LinkCommands,
    PrivacyCommands,
    RoutingCommands,
    Learning,
):
    """Made by Session.as_system and its like. key: a name of your own for what must happen once; the same again gives
    the first outcome. deadline: how long the call may take."""

    def __init__(self, session: Session, tenant: int, role: int, actor: int, link: int = 0) -> None:
        self.session = session
        self._who = Frame("aft_call")
        self._who.id("tenant", tenant)
        self._who.number("role", role)
        self._who.id("actor", actor)
        self._who.id("link", link)

    @property
    def tenant(self) -> int:
        return int(self._who.struct.tenant)

    @property
    def actor(self) -> int:
        """The agent or customer; 0 for others."""
        return int(self._who.struct.actor)

    def _working(self) -> AbstractContextManager[Session]:
        return self.session._working()

    def _caller(self, key: str | None, deadline: timedelta | None) -> Frame:
        if key is None and deadline is None:
            return self._who
        frame = Frame("aft_call")
        frame.struct[0] = self._who.struct[0]
        frame.text("key", key)
        if deadline is not None:
            if span_ms("deadline", deadline) <= 0:
                raise ValueError("deadline: expected a span of at least a millisecond")
            frame.span("deadline", deadline, field="deadline_ms")
        return frame

    def intake_batch(
        self, messages: Sequence[MessageIn], *, deadline: timedelta | None = None
    ) -> list[BatchResult]:
        """Takes in many messages in one commit. A message that is wrong gets its own error and does not spoil the
        rest; its external id makes each exactly-once."""
        frame, out = Frame("aft_call"), ffi.new("aft_batch **")
        array, n = frame.structs("messages", messages, MessageIn)

        def take(_session: Session, _status: int) -> list[BatchResult]:
            try:
                return batch_results(out[0])
            finally:
                lib.aft_batch_free(out[0])

        return self._run(lib.aft_intake_batch, [array, n], [out], take, None, deadline)
