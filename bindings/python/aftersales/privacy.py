"""What the desk knows about a person."""
from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from ._call import Commands, id_of
from ._ffi import ffi, lib
from .evidence import Sink


class PrivacyCommands(Commands):
    def export_person(self, customer: int, *, deadline: timedelta | None = None) -> list[dict[str, Any]]:
        """Everything about a customer, for the person who asks for it: each record as {"kind": ..., "record": ...},
        the customer first. For the system alone."""
        lines: list[bytes] = []
        handle = ffi.new_handle(Sink(lines.append))
        given = [id_of("customer", customer), lib.aft_py_sink, handle, ffi.NULL]
        self._run(lib.aft_person_export, given, [], lambda _s, _status: None, None, deadline)
        return [json.loads(line) for line in lines]
