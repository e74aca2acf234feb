"""The example of a host with a connection pool: orders and tickets commit together, and every connection comes back.
Usage: pool.py ROOT POOL_PROGRAM"""
import pathlib
import shutil
import sys
import tempfile

import tap

POOL = pathlib.Path(sys.argv[2]).resolve()
FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="aft-pool-"))


def orders_and_tickets_together():
    for _ in range(2):  # the second time everything is there already
        printed = tap.must([POOL, FOLDER / "pool.db"])
        tap.expect("holds 2 orders and 2 tickets" in printed, printed)
        tap.expect("2 were lent at the same time" in printed and "closed 0 are in" in printed, printed)


def no_database():
    done = tap.run([POOL, FOLDER / "nowhere/pool.db"])
    tap.expect(done.returncode == 1 and "cannot be opened" in done.stderr, done.stdout, done.stderr)


try:
    tap.main([
        ("an order and its ticket commit or vanish together", orders_and_tickets_together),
        ("a database that cannot be opened", no_database),
    ])
finally:
    shutil.rmtree(FOLDER)
