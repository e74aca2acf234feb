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

## What cases can be made to do

A machine of any name but `ticket` is a kind of case. It begins as `new`, and filing fires `file` at once. These are
the effects that its transitions may name, each alone (`plan`) or with its word (`{hold: in_return}`).

| Effect | What the desk does |
|---|---|
| `propose`, `agree`, `decline` | what comes with the event is the next proposal; the newest open one binds, and what binds already stays where none is newer; the newest no longer stands |
| `hold: in_return`, `in_exchange` or `in_repair` | the units of the case are counted there, so that no other case can have them |
| `free`, `take`, `lose` | units still held go back to where they were; are the shop's again; count as lost |
| `give_back` | units still held are sent back to the buyer |
| `ship`, `count`, `miss` | a parcel on its way back; what an inspection found; what was announced did not come |
| `accept`, `accept: all`, `refuse` | as found or as the lines say; everything counted; nothing |
| `plan`, `void` | the money that is due is set aside; money that has not left is dropped |
| `arrive` | the goods are back: the law's clock of the refund may begin |
| `release: STAGE` | money that waits for `approval`, `pickup`, `delivery`, `inspection`, `settlement` or an earlier one of these is sent, unless a hold or papers stop it; `now`: all of it, whatever stops it |
| `advance`, `advance: STAGE`, `debt` | money is sent before the inspection; where the policy releases it so early; what it was too much is asked back |
| `retry`, `offline` | failed payments are sent again, or made by hand |
| `charge`, `uncharge`, `quote` | the buyer is asked for the difference or the price of the repair; what they paid of it is given back; that price is set |
| `hold_money`, `capture_money`, `free_money` | the price of the new goods is held on the buyer's payment method; what is owed is taken out of it; it is held no longer |
| `settlement: hold` or `free` | automatic receipt and settlement of the order wait; go on where no case of the order is open any more, which the end of each case sees to by itself |
| `label`, `void_label`, `intercept`, `let_pass`, `reserve`, `unreserve` | is asked of the host |
| `replace`, `stand` | the new goods go out as a new line of the order; what was paid for the old ones stands behind new ones that went out in advance |
| `invoice` | the reversal of the order's invoice is asked for |
| `convert: KIND.STATE` | the case goes on as another kind |
| `follow: KIND`, `follow: KIND.REASON` | another case about the same units is opened and judged as if it had been filed, with the evidence of this one; its reason, who answers for it and who pays the freight are those of this case, or follow from the reason that is named |
| `parent: EVENT` | the case in dispute is told `disputed`, `verdict_buyer`, `verdict_seller`, `verdict_shared` or `dispute_ended` |
| `verdict`, `verdict: buyer`, `seller` or `shared` | the verdict and the buyer's share of it are set |
| `ticket: resolve` or `trouble` | the ticket behind the case is resolved, or opened again |
| `notify: KEY` | the customer is sent the text `notify.case.KEY` |
| `work: NAME` | people of the shop are asked to do something |
| `inform`, `fault` | the legal clocks start; what the repair is about |
| `exclude` | the exception is kept by which a withdrawal is contested, for the condition of the goods that comes with the event |
| `warranty: pause`, `resume` or `renew` | is asked of the host |
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
    "recourse": "Recourse: what the shop asks of a carrier or an insurer",
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
