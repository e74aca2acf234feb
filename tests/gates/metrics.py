"""The metrics example as a collector reads it: its text keeps the rules of OpenMetrics 1.0.
Usage: metrics.py ROOT HELLO_PROGRAM METRICS_PROGRAM"""
import pathlib
import re
import shutil
import sys
import tempfile

import tap

HELLO, METRICS = (pathlib.Path(p).resolve() for p in sys.argv[2:4])
FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="aft-metrics-"))
STORE = FOLDER / "desk.db"

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
SAMPLE = re.compile(rf'({NAME})(?:\{{((?:{NAME}="(?:[^"\\\n]|\\[\\"n])*",?)*)\}})? (\S+)')
SUFFIXES = {"gauge": [""], "counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"]}


class Wrong(Exception):
    pass


def need(holds, *words):
    if not holds:
        raise Wrong(" ".join(map(str, words)))


def check_histograms(name, samples):
    """Buckets grow, the last is +Inf and equals the count."""
    series = {}
    for sample, labels, value in samples:
        rest = re.sub(r',?le="[^"]*"', "", labels)
        series.setdefault(rest, {}).setdefault(sample[len(name):], []).append((labels, value))
    for rest, parts in series.items():
        need(set(parts) == {"_bucket", "_count", "_sum"}, name, rest, "lacks a part")
        edges = [float(re.search(r'le="([^"]*)"', labels).group(1)) for labels, _ in parts["_bucket"]]
        counts = [value for _, value in parts["_bucket"]]
        need(edges == sorted(edges) and len(set(edges)) == len(edges), name, rest, "has unordered buckets")
        need(edges[-1] == float("inf"), name, rest, "has no +Inf bucket")
        need(counts == sorted(counts) and counts[-1] == parts["_count"][0][1], name, rest, "counts wrongly")


def parse(text):
    """The families by name; raises Wrong where the text breaks a rule."""
    need(text.endswith("# EOF\n"), "the text does not end with # EOF and a line feed")
    families, name, seen = {}, None, set()
    for line in text[: -len("# EOF\n")].splitlines():
        if line.startswith("# "):
            word, subject, rest = line[2:].split(" ", 2)
            need(word in ("TYPE", "UNIT", "HELP"), "unknown comment", line)
            need(re.fullmatch(NAME, subject), "wrong name", line)
            if word == "TYPE":
                need(subject not in families, subject, "stands twice or in pieces")
                need(rest in SUFFIXES, "unknown type", line)
                name, families[subject] = subject, {"type": rest, "samples": []}
            need(subject == name, "a line of another family", line)
            need(word == "TYPE" or word not in families[name], "stands twice:", line)
            need(word != "UNIT" or name.endswith("_" + rest), "the name does not end with its unit", line)
            need(not families[name]["samples"], "stands behind samples:", line)
            families[name][word] = rest
            continue
        match = SAMPLE.fullmatch(line)
        need(match and name, "no sample:", repr(line))
        sample, labels, value = match.group(1), match.group(2) or "", float(match.group(3))
        need(sample.startswith(name) and sample[len(name):] in SUFFIXES[families[name]["type"]], "strange name", line)
        need((sample, labels) not in seen, "stands twice:", line)
        need(families[name]["type"] == "gauge" or value >= 0, "below zero:", line)
        seen.add((sample, labels))
        families[name]["samples"].append((sample, labels, value))
    for name, family in families.items():
        need("HELP" in family, name, "has no help")
        need(family["samples"] or family["type"] != "gauge", name, "has no sample")
        if family["type"] == "histogram":
            check_histograms(name, family["samples"])
    return families


def metrics(*arguments):
    done = tap.run([METRICS, STORE, *arguments])
    tap.expect(done.returncode == 0, done.stderr)
    return done.stdout


def keeps_the_rules():
    families = parse(metrics())
    for name in ("due_lag_seconds", "outbox_lag_seconds", "database_size_bytes", "last_tick_timestamp_seconds"):
        tap.expect("aftersales_" + name in families, name, "is missing")
    ready = families["aftersales_outbox_ready_rows"]["samples"][0][2]
    tap.expect(ready == 1, "hello leaves one effect ready, found", ready)
    counts = {labels: value for sample, labels, value in families["aftersales_command_duration_seconds"]["samples"]
              if sample.endswith("_count")}
    tap.expect(counts.get('command="tick"') == 1, "the tick is not counted once:", counts)
    tap.expect("aftersales_last_backup_timestamp_seconds" not in families, "there was no backup")


def writes_a_file_whole():
    file = FOLDER / "desk.prom"
    file.write_text("old")
    metrics(file)
    parse(file.read_text())
    tap.expect(sorted(p.name for p in FOLDER.glob("desk.prom*")) == ["desk.prom"], "something is left behind")


def refuses_what_is_no_store():
    done = tap.run([METRICS, FOLDER / "nowhere.db"])
    tap.expect(done.returncode == 1 and "metrics:" in done.stderr and not done.stdout, done.returncode, done.stderr)
    tap.expect(tap.run([METRICS]).returncode == 2, "no arguments are accepted")


def checker_refuses():
    good = metrics()
    for old, new in [("# EOF\n", ""), ("gauge", "gouge"), ("# HELP", "# HALP"), ('le="+Inf"} ', 'le="+Inf"} 9'),
                     ("_seconds seconds", "_seconds bytes"), ("due_rows ", "due rows "), ("# HELP aftersales_due_rows", "# HELP aftersales_dew_rows")]:
        try:
            tap.expect(old in good, old, "is not in the text")
            parse(good.replace(old, new))
        except Wrong:
            continue
        tap.expect(False, "the checker lets", repr(new), "pass")


CASES = [
    ("the text keeps the rules of OpenMetrics", keeps_the_rules),
    ("a file is written whole", writes_a_file_whole),
    ("what is no store is refused", refuses_what_is_no_store),
    ("the checker refuses what breaks a rule", checker_refuses),
]

try:
    tap.expect(tap.run([HELLO, STORE]).returncode == 0, "hello fails")
    tap.main(CASES)
finally:
    shutil.rmtree(FOLDER)
