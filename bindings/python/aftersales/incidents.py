"""Incidents: how far an answer to all of their tickets has come."""
from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple

from ._call import Commands, id_of
from ._ffi import lib
from ._frame import Frame


class Incident(NamedTuple):
    """How far an incident's answer and resolution have come."""

    message: int | None  # the last answer to all
    total: int  # tickets below it now
    told: int  # of them: the answer came there, or it was found that they take none
    not_told: int  # of those: took none
    settled: int  # the incident's resolution came there
    unresolved: int  # of those: could not be resolved with it
    running: bool  # while the tick has something to bring to them


class IncidentCommands(Commands):
    """What belongs to incidents."""

    def incident(self, incident: int, *, deadline: timedelta | None = None) -> Incident:
        """Tells how far an incident's answer and resolution have come."""
        out = Frame("aft_incident")

        def take(_session: Any, _status: int) -> Incident:
            at = out.struct
            return Incident(
                int(at.message) or None,
                int(at.total),
                int(at.told),
                int(at.not_told),
                int(at.settled),
                int(at.unresolved),
                bool(at.running),
            )

        arguments = [id_of("incident", incident), out]
        found: Incident = self._run(lib.aft_incident_get, arguments, [], take, None, deadline)
        return found
