"""The program returns as a newcomer runs it: the same in both languages every time, readable in 100 columns, stepping
with --play, clear about bad input. Usage: returns.py ROOT RETURNS_PROGRAM"""
import pathlib
import re
import sys
import unicodedata

import tap

RETURNS = pathlib.Path(sys.argv[2]).resolve()
# Of a text that was not found, or not filled in.
UNFILLED = re.compile(r"\bcase\.\w+\.|\bnotify\.|\{\w+\}|\(null\)")


def returns(*arguments, **more):
    return tap.run([RETURNS, *arguments], **more)


def columns(line):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def day(language, *words):
    def run():
        done = returns("--lang", language)
        tap.expect(done.returncode == 0 and not done.stderr, done.stderr)
        for word in words:
            tap.expect(word in done.stdout, repr(word), "is missing in", done.stdout)
        tap.expect(not UNFILLED.search(done.stdout), UNFILLED.findall(done.stdout))
        wide = [line for line in done.stdout.splitlines() if columns(line) > 100]
        tap.expect(not wide, "wider than 100 columns:", *wide)
        tap.expect(done.stdout == returns("--lang", language).stdout, "a second run says something else")

    return run


def eleven_stories():
    numbers = {int(n) for n in re.findall(r"^(\d+)\. ", returns().stdout, re.M)}
    tap.expect(numbers == set(range(1, 12)), numbers)


def steps():
    done = returns("--play", input="4\nt\nnonsense\n999\nq\n")
    tap.expect(done.returncode == 0, done.stderr)
    tap.expect("expected 1 to" in done.stdout and "approved" in done.stdout, done.stdout)


def ends_with_its_input():
    tap.expect(returns("--play", input="").returncode == 0, "the end of input is no failure")


def refuses(*arguments):
    def run():
        done = returns(*arguments)
        tap.expect(done.returncode == 2 and "usage" in done.stderr, done.returncode, done.stderr)

    return run


tap.main([
    ("a day in English", day("en", "The ledger", "CN¥0.00", "€0.00", "Refused: it is booked", "Refused: the first case holds it", "signature is wrong",
                             "Goods and money agree")),
    ("a day in Chinese", day("zh", "合计", "¥0.00", "账本")),
    ("the day has its eleven stories", eleven_stories),
    ("a case is stepped through", steps),
    ("the end of the input ends it", ends_with_its_input),
    ("an unknown option is refused", refuses("--colour")),
    ("another language is refused", refuses("--lang", "fr")),
])
