"""The program returns as a newcomer runs it: the same in both languages every time, readable in 100 columns, without
words from inside, stepping with --play, clear about bad input. Usage: returns.py ROOT RETURNS_PROGRAM"""
import os
import pathlib
import random
import re
import sys
import tempfile
import unicodedata

import tap

ROOT = pathlib.Path(sys.argv[1])
RETURNS = pathlib.Path(sys.argv[2]).resolve()
SEED = int(os.environ.get("AFT_SEED", random.randrange(2**32)))
ROUNDS = 40 if os.environ.get("AFT_SLOW") else 8
# A text that was not found or not filled in, JSON, names of the library, its states, reasons and instruments.
INSIDE = re.compile(r"\bcase\.\w+\.|\bnotify\.|[{}\"\[\]]|\(null\)|AFT_|[a-z]+_[a-z]+|\b(leg|clawback|minor)\b")
HEADING = re.compile(r"^(\d+)\. (\S.*?) R-\w{4}-\w{4}: \S", re.M)


def returns(*arguments, **more):
    return tap.run([RETURNS, *arguments], **more)


def columns(line):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def readable(text):
    tap.expect(not INSIDE.search(text), "words from inside:", INSIDE.search(text))
    wide = [line for line in text.splitlines() if columns(line) > 100]
    tap.expect(not wide, "wider than 100 columns:", *wide)


def day(language, *words):
    def run():
        done = returns("--lang", language)
        tap.expect(done.returncode == 0 and not done.stderr, done.returncode, done.stderr)
        for word in words:
            tap.expect(word in done.stdout, repr(word), "is missing in", done.stdout)
        readable(done.stdout)
        tap.expect(done.stdout == returns("--lang", language).stdout, "a second run says something else")

    return run


def eleven_stories():
    kinds = {"1": "return", "2": "return", "3": "return", "4": "return", "5": "reshipment", "6": "price adjustment",
             "7": "return", "8": "dispute", "9": "return", "10": "withdrawal", "11": "repair"}
    found = {}
    for number, kind in HEADING.findall(returns().stdout):
        found.setdefault(number, kind)
    tap.expect(found == kinds, found)


def amount(text):
    return int(re.sub(r"\D", "", text)) * (-1 if text.startswith("-") else 1)


def ledger():
    """What stands above each sum comes to it, and its balance is nothing."""
    tail = returns().stdout.partition("The ledger")[2]
    rows = [re.findall(r"-?(?:CN¥|€)[\d,]+\.\d\d", line) for line in tail.splitlines()]
    total, sums = [0, 0, 0], 0
    for line, row in zip(tail.splitlines(), rows):
        cells = [amount(cell) for cell in row]
        if len(cells) == 3 and line.split()[0] == "sum":
            tap.expect(cells == total and cells[2] == 0 and cells[0] > 0, line, total)
            total, sums = [0, 0, 0], sums + 1
        elif len(cells) == 3:
            total = [a + b for a, b in zip(total, cells)]
    tap.expect(sums == 2, "expected two currencies, found", sums, tail)


def cheats():
    part = returns().stdout.partition("tries to cheat")[2].partition("The ledger")[0]
    answers = [line.split(":")[0].strip() for line in part.splitlines() if line.startswith("      ")]
    tap.expect(answers == ["Ignored"] + ["Refused"] * 5, answers, part)


def steps():
    done = returns("--play", input="4\nnonsense\n999\n\n" + "9" * 300 + "\n2\nt\nt\nq\nt\n")
    tap.expect(done.returncode == 0 and not done.stderr, done.returncode, done.stderr)
    tap.expect(done.stdout.count("expected 1 to") == 4, done.stdout)
    tap.expect("Your request is approved." in done.stdout and done.stdout.count("\n> ") == 9, done.stdout)
    readable(done.stdout.replace("RET-PLAY", ""))


def pick(said, who, label):
    """The number of a choice in the menu that was shown last."""
    menu = said.rpartition("\n> ")[0].rpartition("→")[2]
    found = re.search(rf"^ +(\d+)  {who} +{label}$", menu, re.M)
    tap.expect(found, who, label, "cannot be chosen in", menu)
    return found[1]


def a_return_from_beginning_to_end():
    way = [("shop", "Approve"), ("buyer", "I have sent it"), ("warehouse", "Received"),
           ("warehouse", ".*in good order"), ("shop", "Accept the goods")]
    keys = ""
    for who, label in way:
        keys += pick(returns("--play", input=keys).stdout, who, label) + "\n"
    done = returns("--play", input=keys)
    tap.expect(done.returncode == 0, done.stderr)
    tap.expect("Your money has been refunded." in done.stdout and "CN¥259.00" in done.stdout, done.stdout)


def a_dispute_by_its_menus():
    keys = ""
    for who, label in [("shop", "Turn down"), ("buyer", "Open a dispute.*"), ("shop", "Give in.*")]:
        keys += pick(returns("--play", input=keys).stdout, who, label) + "\n"
    done = returns("--play", input=keys)
    tap.expect(done.returncode == 0, done.stderr)
    tap.expect("Your request is approved." in done.stdout, done.stdout)


def a_claim_on_the_carrier():
    """What follows from a case by itself moves money too."""
    keys = ""
    for who, label in [("shop", "Approve"), ("buyer", "I have sent it"), ("shop", "Parcel lost"), ("shop", "Claim from.*")]:
        keys += pick(returns("--play", input=keys).stdout, who, label) + "\n"
    done = returns("--play", input=keys + "t\n" * 12)
    tap.expect(done.returncode == 0, done.stderr)
    tap.expect(re.search(r"^ +carrier ", done.stdout.partition("The ledger")[2], re.M), done.stdout)


def any_numbers():
    print(f"# AFT_SEED={SEED}", flush=True)
    chance = random.Random(SEED)
    for _ in range(ROUNDS):
        keys = [chance.choice([str(chance.randrange(1, 14)), str(chance.randrange(1, 14)), "t"]) for _ in range(30)]
        done = returns("--play", "--lang", chance.choice(["zh", "en"]), input="\n".join(keys) + "\n")
        tap.expect(done.returncode == 0 and not done.stderr, " ".join(keys), done.stderr, done.stdout[-2000:])


def ends_with_its_input():
    for given in ("", "4", "t\n", "q"):
        tap.expect(returns("--play", input=given).returncode == 0, "the end of input is no failure", repr(given))


def leaves_nothing_behind():
    with tempfile.TemporaryDirectory(prefix="aft-returns-") as folder:
        tap.expect(returns(env={**os.environ, "TMPDIR": folder}).returncode == 0, "it fails with a folder of its own")
        tap.expect(not os.listdir(folder), "left behind:", os.listdir(folder))


def readme():
    """Every line of the story that the README shows."""
    section = (ROOT / "README.md").read_text().partition("## A day of returns")[2]
    shown, said = section.split("```")[3].strip("\n"), returns().stdout
    tap.expect(shown in said, "the README shows what the program does not print:", shown)


def helps():
    done = returns("--help")
    tap.expect(done.returncode == 0 and "--play" in done.stdout and not done.stderr, done.stdout, done.stderr)


def refuses(*arguments):
    def run():
        done = returns(*arguments)
        tap.expect(done.returncode == 2 and "usage" in done.stderr, done.returncode, done.stderr)

    return run


tap.main([
    ("a day in English", day("en", "CN¥0.00", "€0.00", "insurer → buyer", "RED-0001", "Goods and money agree.")),
    ("a day in Chinese", day("zh", "合计", "¥0.00", "七天无理由", "保险公司 → 买家", "货与款都对上了")),
    ("the day has its eleven stories, each with its kind", eleven_stories),
    ("the ledger sums to zero", ledger),
    ("each attempt to cheat is refused", cheats),
    ("a case is stepped through", steps),
    ("a return from beginning to end by its menus", a_return_from_beginning_to_end),
    ("a dispute by its menus", a_dispute_by_its_menus),
    ("a claim on the carrier stands in the ledger", a_claim_on_the_carrier),
    ("any numbers in any order", any_numbers),
    ("the end of the input ends it", ends_with_its_input),
    ("nothing is left behind", leaves_nothing_behind),
    ("the README shows what it prints", readme),
    ("--help", helps),
    ("an unknown option is refused", refuses("--colour")),
    ("another language is refused", refuses("--lang", "fr")),
    ("a missing language is refused", refuses("--lang")),
])
