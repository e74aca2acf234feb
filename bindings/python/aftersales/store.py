"""The store and the sessions to work in it."""
from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from . import _copies
from ._call import buffer_bytes, id_of, run
from ._ffi import ffi, lib
from ._frame import Frame
from ._handle import Handle, Shared
from .backup import Progress
from .commands import SessionCommands
from .desk import Desk
from .env import Env, env_of
from .errors import BusySession, Forked
from .evidence import Blobs, sweep
from .links import LinkKeys, OpenedLink, opened
from .query import Rows
from .values import integer, span_ms, time_of, wrong_type

TIME_NONE = -(2**63)


class TickReport(NamedTuple):
    """What one tick did. next: when there is work again, as far as is known."""

    fired: int
    sequenced: int
    expired: int
    next: datetime | None


class Store(Shared):
    """A database with the library's tables, for any thread.

    dsn: a file name; "memory:" for a store in this process's memory, for tests. create: make the file and tables
    where they are missing. migrate: bring older tables up. relaxed: commits that a power loss may undo. restored: the file
    was put back from a backup; say so once. busy: how
    long to wait for a locked database. prefix: of the tables' names. blobs: the
    directory that keeps evidence; without one none is taken."""

    def __init__(
        self,
        dsn: str | os.PathLike[str],
        *,
        create: bool = False,
        migrate: bool = False,
        read_only: bool = False,
        relaxed: bool = False,
        restored: bool = False,
        busy: timedelta | None = None,
        prefix: str | None = None,
        blobs: Blobs | str | os.PathLike[str] | None = None,
        env: Env | None = None,
    ) -> None:
        self.env = env_of(env)
        frame, out = Frame("aft_store_options"), ffi.new("aft_store **")
        path = os.fspath(dsn) if isinstance(dsn, (str, os.PathLike)) else dsn
        frame.text("dsn", path)
        frame.text("prefix", prefix)
        flags = {"CREATE": create, "MIGRATE": migrate, "READ_ONLY": read_only, "RELAXED": relaxed}
        flags["RESTORED"] = restored
        for name, given in flags.items():
            if not isinstance(given, bool):
                raise wrong_type(name.lower(), "a bool", given)
            frame.struct.flags |= getattr(lib, f"AFT_STORE_{name}") if given else 0
        if busy is not None:
            frame.number("busy_ms", integer("busy", span_ms("busy", busy), 1, 2**32 - 1))
        self.blobs = blobs if blobs is None or isinstance(blobs, Blobs) else Blobs(blobs, env=self.env)
        with self.env._use() as pointer, self.blobs._use() if self.blobs else nullcontext(ffi.NULL) as kept:
            frame.struct.blobs = kept
            run(lib.aft_store_open, [pointer, frame.struct, out], lambda _status: None)
        super().__init__(out[0], lib.aft_store_unref, self.env._callbacks)
        _copies.guard(path, self)

    def session(self) -> Session:
        """A connection, for one thread at a time. Cheap after the first."""
        return Session(self)

    def query(self, sql: str, params: Sequence[int | str | bytes | None] = ()) -> Rows:
        """Runs one SELECT and gives its rows, each a dict. The tables are aft_ticket, aft_message and so on; times are
        milliseconds since 1970 (time_of), and nothing is checked of who may see what."""
        return Rows(self, sql, params)


class Session(SessionCommands, Handle):
    """Works in a store. as_system and its like give the commands; here is what workers do."""

    def __init__(self, store: Store) -> None:
        if not isinstance(store, Store):
            raise wrong_type("store", "a Store", store)
        out = ffi.new("aft_session **")
        with store._use() as pointer:
            run(lib.aft_session_open, [pointer, out], lambda _status: None)
        super().__init__(out[0], lib.aft_session_close, store.env._callbacks)
        self.store = store
        self._busy, self._guard, self._pid = threading.Lock(), threading.Lock(), os.getpid()

    @contextmanager
    def _owned(self) -> Iterator[None]:
        """No other call runs in the session meanwhile, in whatever thread, and none around this one."""
        if not self._busy.acquire(blocking=False):
            if self._pid != os.getpid():
                raise Forked("the session belongs to another process; open the store here again")
            raise BusySession("another call is running in the session; use one for each thread", where="session")
        try:
            yield
        finally:
            self._busy.release()

    @contextmanager
    def _using(self) -> Iterator[Session]:
        with self._owned():
            self._live()
            yield self

    def _working(self) -> AbstractContextManager[Session]:
        return self._using()

    def as_system(self, tenant: int = 0) -> Desk:
        """Your server itself: the whole tenant. Without a tenant only put_tenant is possible."""
        return Desk(self, tenant, lib.AFT_ROLE_SYSTEM, 0)

    def as_agent(self, tenant: int, agent: int) -> Desk:
        """A person of the shop: the shops that the agent is a member of."""
        return Desk(self, tenant, lib.AFT_ROLE_AGENT, agent)

    def as_buyer(self, tenant: int, customer: int) -> Desk:
        """A customer: what is theirs."""
        return Desk(self, tenant, lib.AFT_ROLE_BUYER, customer)

    def as_warehouse(self, tenant: int) -> Desk:
        """People who count and send goods."""
        return Desk(self, tenant, lib.AFT_ROLE_WAREHOUSE, 0)

    def as_arbiter(self, tenant: int) -> Desk:
        """The platform's: tickets of all shops."""
        return Desk(self, tenant, lib.AFT_ROLE_ARBITER, 0)

    def open_link(self, tenant: int, keys: LinkKeys, token: str) -> OpenedLink:
        """Opens a link: a Desk of the buyer whom it lets in. Denied says why where it is refused."""
        return opened(self, id_of("tenant", tenant), keys, token)

    def sweep_evidence(self) -> int:
        """Removes contents that belong to no evidence and are older than a day; returns how many. Call it once a day."""
        return sweep(self)

    def tick(self, *, rows: int | None = None, time: timedelta | None = None) -> TickReport:
        """Does what has fallen due: deadlines, surveys, the feed. Call it every minute or so; in the budget given, else
        1000 rows and ten seconds."""
        budget, report = Frame("aft_tick_budget"), Frame("aft_tick_report")
        budget.number("rows", rows)
        if time is not None:
            budget.span("time", time, field="ms")

        def take(_session: Session, _status: int) -> TickReport:
            r = report.struct
            return TickReport(r.fired, r.sequenced, r.expired, None if r.next == TIME_NONE else time_of(r.next))

        return self._run(lib.aft_tick, [budget, report], [], take, None, None)

    def health(self) -> dict[str, Any]:
        """The state of the store: schema, node, last_tick, and how much waits in due rows, outbox and feed."""
        out = ffi.new("aft_buf **")
        text = self._run(lib.aft_store_health, [], [out], lambda _s, _status: buffer_bytes(out), None, None)
        found: dict[str, Any] = json.loads(text)
        return found

    def backup(
        self,
        target: str | os.PathLike[str],
        *,
        replace: bool = False,
        verify: bool = False,
        step_pages: int | None = None,
        pause: timedelta | None = None,
        progress: Progress | None = None,
    ) -> None:
        """Copies the store to a file while others write: whole at its target, or nothing. replace: a file that stands
        there. verify: check the copy first. progress(done, left) is told the pages; False ends the copying."""
        frame = Frame("aft_backup_options")
        frame.text("target", os.fspath(target) if isinstance(target, os.PathLike) else target)
        frame.bit("replace", replace, lib.AFT_BACKUP_REPLACE)
        frame.bit("verify", verify, lib.AFT_BACKUP_VERIFY)
        frame.number("step_pages", step_pages)
        if pause is not None:
            frame.number("pause_ms", integer("pause", span_ms("pause", pause), 0, 2**32 - 1))
        if progress is not None:
            if not callable(progress):
                raise wrong_type("progress", "a function", progress)
            handle = ffi.new_handle(progress)
            frame.kept.append(handle)
            frame.struct.progress, frame.struct.user = lib.aft_py_progress, handle
        self._run(lib.aft_store_backup, [frame], [], lambda _s, _status: None, None, None)

    def interrupt(self) -> None:
        """From another thread: the call that runs raises Interrupted soon, and leaves nothing behind."""
        with self._guard:
            if not self.closed:
                lib.aft_session_interrupt(self._pointer)

    def close(self) -> None:
        with self._owned(), self._guard:
            super().close()
