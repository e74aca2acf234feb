"""Handles: released once and in any order, a clear error afterwards, nothing left behind."""
from __future__ import annotations

import copy
import ctypes
import gc
import os
import pathlib
import pickle
import random
import subprocess
import sys
import textwrap
import threading
from typing import Any

import pytest
from conftest import Shop

import aftersales as a


def open_files(path: pathlib.Path) -> int:
    """How often this process has files of the database open; a connection has at least one."""
    links = [os.path.join("/proc/self/fd", name) for name in os.listdir("/proc/self/fd")]
    return sum(os.path.exists(link) and os.readlink(link).startswith(str(path)) for link in links)


def test_after_close_there_is_a_clear_error(shop: Shop) -> None:
    shop.say()
    policy, rows = shop.desk.current_policy(), shop.store.query("SELECT 1 AS n")
    inbox = shop.amy.inbox()
    for handle in (inbox, rows, policy, shop.session, shop.store, shop.env):
        handle.close()
        handle.close()
        assert handle.closed
    for call in (
        lambda: next(inbox),
        lambda: next(rows),
        lambda: policy.hash,
        lambda: shop.desk.inbox(),
        lambda: shop.session.tick(),
        lambda: shop.store.session(),
        lambda: shop.store.query("SELECT 1"),
        lambda: shop.env.now(),
        lambda: a.Store(shop.path, env=shop.env),
        lambda: shop.session.__enter__(),
    ):
        with pytest.raises(a.Closed, match="was closed"):
            call()
    shop.session.interrupt()
    rows.interrupt()


def test_a_used_up_cursor_stays_at_its_end(shop: Shop) -> None:
    inbox = shop.amy.inbox()
    assert list(inbox) == [] and list(inbox) == [] and inbox.closed


def test_a_cursor_outlives_its_session_in_memory_alone(shop: Shop) -> None:
    for i in range(70):
        shop.say(customer=None, handle=f"h{i}")
    session = shop.store.session()
    inbox = session.as_system(shop.tenant).inbox()
    assert next(inbox).id
    session.close()
    with pytest.raises(a.Closed):
        next(inbox)


MODEL = a.Model.train((label, f"{label} {i}") for i in range(9) for label in ("parcel", "refund")).to_bytes()


def family(shop: Shop) -> list[Any]:
    """Parents and children, none of which anybody else holds."""
    env = a.Env(clock=shop.clock)
    store = a.Store(shop.path, env=env)
    session = store.session()
    desk = session.as_system(shop.tenant)
    policy = desk.current_policy()
    own = a.Policy({"x.yaml": "texts:\n  zh:\n    category.payment: 钱\n"}, env=env)
    inbox, rows = desk.inbox(), store.query("SELECT id FROM aft_ticket")
    next(inbox), next(rows)
    model, evaluation = a.Model.from_bytes(MODEL, env=env), a.Evaluation(env=env)
    return [env, store, session, desk, policy, own, inbox, rows, model, evaluation]


def close_some(members: list[Any], chance: random.Random) -> None:
    for member in chance.sample(members, len(members)):
        if hasattr(member, "close") and chance.random() < 0.5:
            member.close()


def used_bytes() -> int:
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "mallinfo2"):
        pytest.skip("this C library does not tell how much memory is in use")

    class Info(ctypes.Structure):
        _fields_ = [(name, ctypes.c_size_t) for name in "arena ordblks smblks hblks hblkhd usmblks fsm uord ford keep".split()]

    libc.mallinfo2.restype = Info
    info = libc.mallinfo2()
    return int(info.uord + info.hblkhd)


def test_whatever_the_order_nothing_stays(shop: Shop) -> None:
    shop.say()
    shop.session.close()
    shop.store.close()
    assert open_files(shop.path) == 0
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    sizes = []
    gc.collect()
    gc.freeze()  # what was there before is not looked through again
    for turn in range(36):
        members = family(shop)
        if turn % 3 == 0:
            cycle: list[Any] = [members]
            cycle.append(cycle)  # only the collector finds it
            del cycle
        elif turn % 3 == 1:
            close_some(members, chance)
        chance.shuffle(members)
        while members:
            members.pop()
            if chance.random() < 0.2:
                gc.collect()
        del members
        gc.collect()
        assert open_files(shop.path) == 0, turn
        sizes.append(used_bytes())
    gc.unfreeze()
    assert sizes[-1] - sizes[len(sizes) // 3] < 64 * 1024


def test_children_keep_their_parents(shop: Shop) -> None:
    shop.say()
    rows = a.Store(shop.path).query("SELECT count(*) AS n FROM aft_ticket")
    inbox = a.Store(shop.path).session().as_system(shop.tenant).inbox()
    gc.collect()
    assert [row["n"] for row in rows] == [1]
    assert len(list(inbox)) == 1


def test_records_are_plain_values(shop: Shop) -> None:
    ticket = shop.desk.ticket(shop.say().ticket)
    shop.session.close()
    assert pickle.loads(pickle.dumps(ticket)) == copy.deepcopy(ticket) == ticket
    assert hash(copy.copy(ticket)) == hash(ticket)
    for handle in (shop.session, shop.store, shop.env):
        with pytest.raises(TypeError):
            pickle.dumps(handle)
        with pytest.raises(TypeError):
            copy.copy(handle)
    error = pickle.loads(pickle.dumps(a.NotFound("gone", where="ticket")))
    assert isinstance(error, a.NotFound) and str(error) == "AFT_E_NOT_FOUND at ticket: gone"


def in_child(function: Any) -> int:
    """The exit status of a child that runs the function: 0 when it raises Forked."""
    child = os.fork()
    if not child:
        try:
            function()
        except a.Forked:
            os._exit(0)
        except BaseException as error:
            print(repr(error), file=sys.stderr)
            os._exit(2)
        os._exit(1)
    return os.waitpid(child, 0)[1]


def test_a_child_process_is_told(shop: Shop) -> None:
    shop.say()
    rows, inbox = shop.store.query("SELECT 1 AS n"), shop.amy.inbox()
    for call in (lambda: shop.amy.inbox(), lambda: shop.store.session(), lambda: next(rows), lambda: next(inbox)):
        assert in_child(call) == 0
    assert shop.say().id and next(rows)["n"] == 1


def test_a_child_that_was_made_during_a_call_is_told(shop: Shop, tmp_path: pathlib.Path) -> None:
    statuses: list[int] = []

    def trace(_trace: a.Trace) -> None:
        if session and not statuses:
            statuses.append(in_child(lambda: session[0].as_system().put_tenant("x")))

    session: list[a.Session] = []
    store = a.Store(shop.path, env=a.Env(trace=trace))
    session.append(store.session())
    thread = threading.Thread(target=lambda: session[0].tick())
    thread.start()
    thread.join()
    assert statuses == [0]


def test_the_interpreter_ends_with_everything_open(shop: Shop) -> None:
    script = f"""
        import aftersales as a, datetime
        env = a.Env(clock=lambda: datetime.datetime.now(datetime.timezone.utc), trace=lambda t: None)
        store = a.Store({str(shop.path)!r}, env=env)
        session = store.session()
        rows = store.query("SELECT id FROM aft_shop")
        inbox = session.as_system({shop.tenant}).inbox()
        policy = session.as_system({shop.tenant}).current_policy()
        store.me = store
        next(rows)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
