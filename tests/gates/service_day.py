"""The program service_day as a newcomer runs it: the same bytes for a seed, readable in 100 columns in both languages,
the overload at noon in sight, clear about bad input. Usage: service_day.py ROOT SERVICE_DAY_PROGRAM"""
import pathlib
import re
import sys
import time
import unicodedata

import tap

ROOT = pathlib.Path(sys.argv[1])
SERVICE_DAY = pathlib.Path(sys.argv[2]).resolve()
# A text that was not found or not filled in, JSON, names of the library.
INSIDE = re.compile(r"[{}\"\[\]]|\(null\)|AFT_|[a-z]+_[a-z]+|priority\.|category\.")
LARGEST = str(2**64 - 1)


def day(*arguments):
    return tap.run([SERVICE_DAY, *arguments])


def columns(line):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def readable(language, *words):
    def run():
        for seed in ("7", "0", "1", LARGEST):
            done = day("--lang", language, "--seed", seed)
            tap.expect(done.returncode == 0 and not done.stderr, done.returncode, done.stderr)
            for word in words:
                tap.expect(word in done.stdout, repr(word), "is missing in", done.stdout)
            tap.expect(not INSIDE.search(done.stdout), "words from inside:", INSIDE.search(done.stdout))
            wide = [line for line in done.stdout.splitlines() if columns(line) > 100]
            tap.expect(not wide, "wider than 100 columns:", *wide)

    return run


def same_bytes():
    tap.expect(day().stdout == day("--seed", "7", "--lang", "en").stdout, "the defaults are not seed 7 and en")
    first = day("--seed", "42").stdout
    time.sleep(1.1)
    tap.expect(first == day("--seed", "42").stdout, "a second run says something else")
    tap.expect(first != day("--seed", "43").stdout, "another seed says the same")


def figures(text, label):
    """The three columns of a row."""
    line = next(line for line in text.splitlines() if line.strip().startswith(label))
    return [float(n) for n in re.findall(r"([\d.]+)(?: %)?(?=\s|$)", line.replace(label, "", 1))]


def hours(text):
    """Hour: arrived, waiting, waiting with two more."""
    rows = re.findall(r"^  (\d\d):00 +(\d+) +\d+ +(\d+) [# ]{30} +(\d+) ", text, re.M)
    return {int(hour): tuple(map(int, rest)) for hour, *rest in rows}


def noon():
    """More come at noon than at any other time of the morning, more wait after it, and two more agents leave fewer."""
    for seed in range(5):
        found = hours(day("--seed", str(seed)).stdout)
        tap.expect(found[12][0] > 2 * found[9][0], seed, found)
        tap.expect(found[13][1] > 20 and found[13][1] > 3 * found[10][1], seed, found)
        tap.expect(found[14][2] < found[14][1], seed, found)


def bars():
    """A bar is as long as its number of the greatest number."""
    text = day().stdout
    rows = re.findall(r"^  \d\d:00 +\d+ +\d+ +(\d+) ([# ]{30}) +(\d+) ([# ]{30})$", text, re.M)
    pairs = [(int(n), bar.count("#")) for row in rows for n, bar in (row[:2], row[2:])]
    most = max(n for n, _ in pairs)
    tap.expect(len(rows) == 14 and all(abs(length - 30 * n / most) <= 1 for n, length in pairs), rows)


def tiers_gain():
    """Customers of a tier are served sooner by deadline than first come, on every one of these days."""
    for seed in range(5):
        text = day("--seed", str(seed)).stdout
        for label in ("gold", "vip"):
            first, ours, more = figures(text, label)
            tap.expect(first < ours <= more + 5, seed, label, first, ours, more)


def reasons():
    part = day().stdout.partition("Why this one next")[2]
    moments = part.strip().split("\n\n")[1:]
    tap.expect(2 <= len(moments) <= 3, part)
    for moment in moments:
        tap.expect(moment.count("→") == 1 and moment.count(" place ") >= 2, moment)
        places = re.findall(r"place (\d\d:\d\d)", moment)
        tap.expect(places == sorted(places) and "→" in moment.splitlines()[1], moment)


def shown_in(page, heading, block):
    """Every line that a page shows of the program."""

    def run():
        section = (ROOT / page).read_text().partition(heading)[2]
        shown, said = section.split("```")[block].strip("\n"), day().stdout
        tap.expect(shown and shown in said, page, "shows what the program does not print:", shown)

    return run


def helps():
    done = day("--help")
    tap.expect(done.returncode == 0 and "--seed" in done.stdout and not done.stderr, done.stdout, done.stderr)


def refuses(expected, *arguments):
    def run():
        done = day(*arguments)
        tap.expect(done.returncode == 2 and not done.stdout, done.returncode, done.stdout)
        tap.expect(expected in done.stderr and "usage" in done.stderr, done.stderr)

    return run


tap.main([
    ("a day in English", readable("en", "first come", "by deadline", "two more agents", "Why this one next", "survey")),
    ("a day in Chinese", readable("zh", "先到先得", "按期限", "再加两人", "为什么下一张是它", "满意")),
    ("a seed gives the same bytes", same_bytes),
    ("noon is too much", noon),
    ("bars are as long as their numbers", bars),
    ("customers of a tier gain", tiers_gain),
    ("the reasons name places in order", reasons),
    ("the README shows what it prints", shown_in("README.md", "## A day of service", 3)),
    ("the page on simulation shows what it prints", shown_in("docs/simulation.md", "## Measured", 1)),
    ("--help", helps),
    ("a seed that is no number is refused", refuses("found 'x'", "--seed", "x")),
    ("a seed below zero is refused", refuses("found '-1'", "--seed", "-1")),
    ("a seed above the range is refused", refuses("18446744073709551615", "--seed", str(2**64))),
    ("a seed with something behind it is refused", refuses("found '7x'", "--seed", "7x")),
    ("a missing seed is refused", refuses("found ''", "--seed")),
    ("another language is refused", refuses("found 'fr'", "--lang", "fr")),
    ("an unknown option is refused", refuses("found '--colour'", "--colour")),
])
