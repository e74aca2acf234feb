#!/usr/bin/env python3
"""Runs a program with a PostgreSQL server of its own, which nobody else sees and which is gone afterwards; its
connection string is in AFT_TEST_DSN. Where no server can be had, one skipped case says why.

Usage: postgres.py PROGRAM ARGS…        the argument @DSN@ stands for the connection string

Two users: postgres, whom the server trusts, and guarded, who needs the password "correct horse". The server's
program and data folder are in AFT_TEST_PG_CTL and AFT_TEST_PG_DATA for tests that stop and start it."""
import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile

PORT = "5432"  # a part of the socket's name alone: the server listens on no address
HBA = "local all guarded scram-sha-256\nlocal all all trust\n"
# Nothing here outlives the test, so the disk is not waited for. A lock that is held for a second is a deadlock.
SETTINGS = ["fsync=off", "full_page_writes=off", "listen_addresses=", "max_connections=80", "shared_buffers=32MB",
            "deadlock_timeout=200ms", "log_min_messages=panic", "autovacuum=off"]


def skip(why):
    print(f"1..1\nok 1 - PostgreSQL # SKIP {why}")
    sys.exit(0)


def programs():
    """The folder of initdb, newest version first; Debian keeps it out of PATH."""
    found = shutil.which("initdb")
    folders = [pathlib.Path(found).parent] if found else []
    versions = [p for p in pathlib.Path("/usr/lib/postgresql").glob("*/bin") if p.parent.name.isdigit()]
    folders += sorted(versions, key=lambda p: -int(p.parent.name))
    for folder in folders:
        if all((folder / name).exists() for name in ("initdb", "postgres", "pg_ctl")):
            return folder
    return skip("it is not installed (package postgresql)")


def account():
    """Whom the server runs as: it refuses root."""
    if os.getuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
            return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        except KeyError:
            continue
    return skip("it does not run as root, and there is no user postgres or nobody")


def quiet(command, **how):
    return subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, **how)


def make(folder, data, who):
    made = quiet([folder / "initdb", "--pgdata", data, "--username=postgres", "--encoding=UTF8", "--no-locale",
                  "--auth=trust", "--no-sync"], cwd="/", **who)
    if made.returncode:
        skip("no server can be set up: " + re.sub(r"\s+", " ", made.stdout.strip())[-200:])
    settings = [f"{name} = '{value}'" for name, value in (line.split("=", 1) for line in SETTINGS)]
    with open(data / "postgresql.conf", "a", encoding="utf-8") as out:
        out.write("\n".join(settings + [f"unix_socket_directories = '{data.parent}'", f"port = {PORT}"]) + "\n")
    (data / "pg_hba.conf").write_text(HBA)


def start(folder, data, who):
    # pg_ctl waits until the server answers.
    started = quiet([folder / "pg_ctl", "-D", data, "-l", data.parent / "server.log", "-w", "-t", "60", "start"],
                    cwd="/", **who)
    if started.returncode:
        skip("the server does not start: " + re.sub(r"\s+", " ", started.stdout.strip())[-200:])


def stop(folder, data, who):
    quiet([folder / "pg_ctl", "-D", data, "-m", "immediate", "-w", "-t", "20", "stop"], cwd="/", **who)


def run(command, folder, data, who):
    environment = {**os.environ, "AFT_TEST_DSN": f"postgresql:///postgres?host={data.parent}&port={PORT}&user=postgres",
                   "AFT_TEST_PG_CTL": str(folder / "pg_ctl"), "AFT_TEST_PG_DATA": str(data),
                   "AFT_TEST_PG_USER": str(who.get("user", ""))}
    for name in [name for name in environment if name.startswith("PG")]:
        del environment[name]
    words = [environment["AFT_TEST_DSN"] if word == "@DSN@" else word for word in command]
    return subprocess.run(words, env=environment).returncode


def main():
    folder, who = programs(), account()
    home = pathlib.Path(tempfile.mkdtemp(prefix="aft-pg-", dir="/tmp"))  # a socket's name may have 107 bytes
    data = home / "data"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # a runner whose patience ended: the server goes, too
    try:
        if who:
            os.chown(home, who["user"], who["group"])
        home.chmod(0o755)
        make(folder, data, who)
        start(folder, data, who)
        try:
            status = run(sys.argv[1:], folder, data, who)
        finally:
            stop(folder, data, who)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    sys.exit(status if status >= 0 else 128 - status)


main()
