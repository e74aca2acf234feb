"""The tour as a newcomer runs it: readable in 100 columns in both languages, clear about bad input, and killed with
kill -9 at random moments without losing or doubling what it acknowledged. Usage: tour.py ROOT TOUR_PROGRAM"""
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unicodedata

import tap

ROOT, TOUR = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
SEED = int(os.environ.get("AFT_SEED", random.randrange(2**32)))
ROUNDS = 60 if os.environ.get("AFT_SLOW") else 12
SERVER = os.environ.get("AFT_TEST_DSN")  # from tests/postgres.py
FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="aft-tour-"))


def tour(*arguments):
    return tap.run([TOUR, *arguments])


def columns(line):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def fits(language, heading):
    def run():
        done = tour("--lang", language)
        tap.expect(done.returncode == 0, done.stderr)
        tap.expect(heading in done.stdout, "the heading", heading, "is missing")
        tap.expect(not re.search(r"\btour\.(?!db)", done.stdout), "a text of the catalogue is missing")
        wide = [line for line in done.stdout.splitlines() if columns(line.rstrip()) > 100]
        tap.expect(not wide, "wider than 100 columns:", *wide)

    return run


def reads_every_kind_of_line():
    file = FOLDER / "messages.txt"
    file.write_text('payment\t付款失败\nwhere is my parcel?\n{"text": "要发票", "label": "invoice", "id": "x1"}\n')
    done = tour("--messages", file)
    tap.expect(done.returncode == 0 and "3 messages taken in" in done.stdout, done.stdout, done.stderr)
    tap.expect("2 of 2 labels" in done.stdout and "100 %" in done.stdout, done.stdout)


def refuses(words, status, *arguments):
    def run():
        done = tour(*arguments)
        tap.expect(done.returncode == status, "exit status", done.returncode, done.stderr)
        tap.expect(words in done.stderr, "expected", repr(words), "in", done.stderr)
        tap.expect("Sanitizer" not in done.stderr, done.stderr)

    return run


def wrong_line():
    file = FOLDER / "wrong.jsonl"
    file.write_text('{"text": "ok"}\n{"text": 7}\n')
    refuses("wrong.jsonl:2:", 1, "--messages", file)()
    file.write_text('{"text": "ok"\n')
    refuses("wrong.jsonl:1:", 1, "--messages", file)()


def no_database():
    file = FOLDER / "notes.txt"
    text = "these are notes, no database\n" * 200
    file.write_text(text)
    refuses("notes.txt", 1, "--db", file)()
    tap.expect(file.read_text() == text, "the file was changed")


def killed():
    print(f"# AFT_SEED={SEED}", flush=True)
    chance = random.Random(SEED)
    store = FOLDER / "killed.db"
    start = time.monotonic()
    tap.expect(tour("--db", FOLDER / "whole.db").returncode == 0, "the tour fails without a kill")
    whole = time.monotonic() - start
    for _ in range(ROUNDS):
        process = subprocess.Popen([TOUR, "--db", store], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True)
        try:
            process.wait(chance.random() ** 2 * whole)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        words = process.communicate()[1]
        tap.expect(process.returncode in (0, -signal.SIGKILL), process.returncode, words)
    done = tour("--db", store)
    tap.expect(done.returncode == 0, done.stderr)
    lines = pathlib.Path(f"{store}.journal").read_text().splitlines()
    tap.expect(any(line.startswith("message ") for line in lines), "nothing was acknowledged")
    tap.expect("every one is there" in done.stdout, done.stdout[:600])


def on_a_server():
    """A second run goes on with the first one's store, by the journal that it left in the present folder."""
    for words in ("23 opened a ticket", "every one is there"):
        done = tap.run([TOUR, "--db", SERVER], cwd=FOLDER)
        tap.expect(done.returncode == 0 and words in done.stdout, done.stdout[:600], done.stderr)
        tap.expect(SERVER not in done.stdout, "the connection string is shown")


ON_SERVER = [("the tour on PostgreSQL, twice", on_a_server)]
CASES = [
    ("the tour in English fits into 100 columns", fits("en", "1. Messages come in")),
    ("the tour in Chinese fits into 100 columns", fits("zh", "1. 消息进来")),
    ("every kind of line is read", reads_every_kind_of_line),
    ("an unknown option is refused", refuses("unknown option --colour", 2, "--colour")),
    ("another language is refused", refuses("--lang is zh or en", 2, "--lang", "fr")),
    ("a missing file is named", refuses("nowhere.txt", 1, "--messages", "/nowhere.txt")),
    ("a wrong line is named by its number", wrong_line),
    ("a file that is no database is left alone", no_database),
    ("killed at random moments nothing is lost or doubled", killed),
]

try:
    tap.main(ON_SERVER if SERVER else CASES)
finally:
    shutil.rmtree(FOLDER)
