"""Measuring any classifier."""
from __future__ import annotations

import json
import threading
from typing import Any

from ._call import buffer_bytes, run
from ._ffi import ffi, lib
from ._frame import Frame
from ._handle import Handle
from .env import Env, env_of
from .values import wrong_type


class Evaluation(Handle):
    """Collects guesses beside the truth, from any thread."""

    def __init__(self, *, env: Env | None = None) -> None:
        env, out = env_of(env), ffi.new("aft_eval **")
        with env._use() as pointer:
            run(lib.aft_eval_new, [pointer, out], lambda _status: None)
        super().__init__(out[0], lib.aft_eval_free, env._callbacks)
        self._lock = threading.Lock()

    def add(self, truth: str, label: str, confidence: float, *, unsure: bool = False) -> None:
        """Adds one guess. unsure: it was not given as an answer."""
        frame = Frame("aft_guess")
        frame.text("truth", truth)
        frame.text("label", label)
        if isinstance(confidence, bool) or not isinstance(confidence, (int, float)):
            raise wrong_type("confidence", "a number", confidence)
        frame.put("confidence", confidence)
        frame.flag("unsure", unsure)
        with self._lock:
            run(lib.aft_eval_add, [self._live(), frame.struct], lambda _status: None)

    def report(self) -> dict[str, Any]:
        """The figures so far: n, accuracy, macro_f1 (mean over the labels that are true somewhere), answerable (rows
        whose truth is not "other"), answered (of those, the rows answered with another label than "other"),
        answered_accuracy, ece (expected calibration error), classes (label, n, precision, recall, f1), confusion
        (truth, label, n)."""
        out = ffi.new("aft_buf **")
        with self._lock:
            text = run(lib.aft_eval_report, [self._live(), out], lambda _status: buffer_bytes(out))
        found: dict[str, Any] = json.loads(text)
        return found

    def close(self) -> None:
        with self._lock:
            super().close()
