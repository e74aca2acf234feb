"""The environment: where time and randomness come from, where notes and traces go, and limits."""
from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from ._call import run
from ._ffi import ffi, lib
from ._frame import Frame
from ._handle import Shared, keep_cause
from .values import integer, ms_of, time_of, wrong_type

LEVELS = {lib.AFT_LOG_DEBUG: "debug", lib.AFT_LOG_INFO: "info", lib.AFT_LOG_WARN: "warn", lib.AFT_LOG_ERROR: "error"}


class Trace(NamedTuple):
    """One finished call."""

    name: str
    duration: timedelta
    status: int
    retries: int


class Callbacks:
    """What C calls. The finalizer of every object of this environment holds it, so it outlives them all."""

    def __init__(self, clock: Any, random: Any, log: Any, trace: Any) -> None:
        self.clock, self.random, self.log, self.trace = clock, random, log, trace
        self.handle = ffi.new_handle(self)
        self.told_ms: int | None = None

    def now(self) -> int:
        self.told_ms = ms_of("clock()", self.clock())
        return self.told_ms

    def when_failed(self) -> int:
        """The clock of C cannot fail: the call goes on with the time told last, and raises at its end."""
        return self.told_ms if self.told_ms is not None else time.time_ns() // 1_000_000

    def fill(self, memory: Any, n: int) -> int:
        data = self.random(n)
        if not isinstance(data, bytes) or len(data) != n:
            raise TypeError(f"random({n}): expected {n} bytes, found {type(data).__name__}")
        ffi.memmove(memory, data, n)
        return 0


def clock_failed(kind: object, error: BaseException, trace: Any) -> int:
    keep_cause(kind, error, trace)
    callbacks: Callbacks = ffi.from_handle(trace.tb_frame.f_locals["user"])
    return callbacks.when_failed()


@ffi.def_extern(onerror=clock_failed)  # type: ignore[untyped-decorator]
def aft_py_now(user: Any) -> int:
    return int(ffi.from_handle(user).now())


@ffi.def_extern(error=1, onerror=keep_cause)  # type: ignore[untyped-decorator]
def aft_py_random(user: Any, memory: Any, n: int) -> int:
    return int(ffi.from_handle(user).fill(memory, n))


@ffi.def_extern(onerror=keep_cause)  # type: ignore[untyped-decorator]
def aft_py_log(user: Any, level: int, message: Any) -> None:
    ffi.from_handle(user).log(LEVELS.get(level, str(level)), ffi.string(message).decode())


@ffi.def_extern(onerror=keep_cause)  # type: ignore[untyped-decorator]
def aft_py_trace(user: Any, trace: Any) -> None:
    span = timedelta(microseconds=trace.duration_ns / 1000)
    ffi.from_handle(user).trace(Trace(ffi.string(trace.name).decode(), span, trace.status, trace.retries))


class Env(Shared):
    """Immutable, for any thread. Everything has a default.

    clock() gives an aware datetime; random(n) gives n bytes; log(level, message) and trace(Trace) receive. They run
    inside calls, on their threads, and may not use the session that called. What they raise reaches the caller of the
    library as the cause of its exception. A callback that refers to its own store keeps both until they are closed."""

    def __init__(
        self,
        *,
        clock: Callable[[], datetime] | None = None,
        random: Callable[[int], bytes] | None = None,
        log: Callable[[str, str], object] | None = None,
        log_level: str = "warn",
        trace: Callable[[Trace], object] | None = None,
        text_bytes: int | None = None,
        parts: int | None = None,
        batch: int | None = None,
        policy_bytes: int | None = None,
        retries: int | None = None,
    ) -> None:
        for name, function in (("clock", clock), ("random", random), ("log", log), ("trace", trace)):
            if function is not None and not callable(function):
                raise wrong_type(name, "a function", function)
        callbacks = Callbacks(clock, random, log, trace)
        limits = {"text_bytes": text_bytes, "parts": parts, "batch": batch}
        limits.update(policy_bytes=policy_bytes, retries=retries)
        frame = self._options(callbacks, limits, log_level)
        out = ffi.new("aft_env **")
        run(lib.aft_env_new, [frame.struct, out], lambda _status: None)
        self._callbacks = callbacks
        super().__init__(out[0], lib.aft_env_unref, callbacks)

    @staticmethod
    def _options(callbacks: Callbacks, limits: dict[str, int | None], log_level: str) -> Frame:
        frame = Frame("aft_env_options")
        options, user = frame.struct, callbacks.handle
        options.limits.size = ffi.sizeof("aft_limits")
        for name, value in limits.items():
            setattr(options.limits, name, 0 if value is None else integer(name, value, 0, 2**64 - 1))
        if callbacks.clock:
            options.clock.size = ffi.sizeof("aft_clock")
            options.clock.now_ms, options.clock.user = lib.aft_py_now, user
        if callbacks.random:
            options.random, options.random_user = lib.aft_py_random, user
        if callbacks.log:
            options.log, options.log_user = lib.aft_py_log, user
        if callbacks.trace:
            options.trace, options.trace_user = lib.aft_py_trace, user
        frame.choice("log_level", log_level, {name: level for level, name in LEVELS.items()})
        return frame

    def now(self) -> datetime:
        """The time by the environment's clock."""
        out = ffi.new("int64_t *")

        def read(pointer: Any, _error: Any) -> int:
            out[0] = lib.aft_env_now(pointer)
            return 0

        with self._use() as pointer:
            return run(read, [pointer], lambda _status: time_of(out[0]))


_default: Env | None = None


def default_env() -> Env:
    """The environment of those who named none: the system's clock and randomness."""
    global _default
    if _default is None or _default.closed:
        _default = Env()
    return _default


def env_of(env: Env | None) -> Env:
    if env is None:
        return default_env()
    if not isinstance(env, Env):
        raise wrong_type("env", "an Env", env)
    return env
