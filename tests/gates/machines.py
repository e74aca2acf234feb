#!/usr/bin/env python3
"""docs/machines.md draws the machines of the default policy: machines.py ROOT DRAW-MACHINES [--write].

Without --write it only tells whether the document is what it would write. DRAW-MACHINES is the program of
tests/support/draw_machines.c."""

import difflib
import re
import subprocess
import sys
from pathlib import Path

HEAD = """# State machines

Written by tests/gates/machines.py from the default policy, `lib/policy/default/*.yaml`; change it there.

A label names the event, who may fire it, and what the desk does then: `approve (agent, system) / agree, label`.
`[if]` stands where a transition has a condition; the policy says which. Under a state stands what happens when
nobody does anything: `after 2d silence`, where `bd` counts Monday to Friday. [policy.md](policy.md) tells how to
change a machine or to write one.
"""

TITLES = {
    "ticket": "A ticket",
    "return": "Return: goods back, money back",
    "exchange": "Exchange: goods back, other goods out, or the new ones in advance",
    "refund": "Refund without a return",
    "reissue": "Reissue: sent once more",
    "price_protection": "Price protection",
    "freight": "Freight refund",
    "goodwill": "Goodwill payment",
    "undelivered": "Undelivered parcel on its way back",
    "withdrawal": "Withdrawal by law",
    "repair": "Repair",
    "claim": "Claim",
    "dispute": "Dispute",
}


def machines(drawn):
    """Name and drawing of each machine, the known ones first and in the order of TITLES."""
    parts = re.split(r"^# (\w+)\n", drawn, flags=re.MULTILINE)[1:]
    found = dict(zip(parts[::2], parts[1::2]))
    order = [name for name in TITLES if name in found] + sorted(set(found) - set(TITLES))
    return [(name, found[name]) for name in order]


def document(drawn):
    """The numbers of conditions change with every policy and say nothing to a reader."""
    text = HEAD
    for name, drawing in machines(drawn):
        drawing = re.sub(r" \[condition \d+\]", " [if]", drawing)
        text += f"\n## {TITLES.get(name, name)}\n\n`{name}`\n\n```mermaid\n{drawing.rstrip()}\n```\n"
    return text


def main(root, draw, *options):
    path = Path(root) / "docs" / "machines.md"
    wanted = document(subprocess.run([draw], check=True, capture_output=True, text=True).stdout)
    if "--write" in options:
        path.write_text(wanted)
        return 0
    present = path.read_text() if path.exists() else ""
    if present == wanted:
        return 0
    changes = difflib.unified_diff(present.splitlines(), wanted.splitlines(), "docs/machines.md", "the policy", n=1)
    print("\n".join(list(changes)[:40]))
    print("docs/machines.md is not what the default policy draws: run this again with --write")
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
