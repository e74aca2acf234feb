"""The recipes of docs/recipes.md: every program examples/recipe_*.c runs and does what it says, and all C of the page
stands in one of them, between `/* recipe: NAME */` and `/* end */`. Usage: recipes.py ROOT PROGRAM…"""
import pathlib
import re
import shutil
import sys
import tempfile
import textwrap

import tap

ROOT = pathlib.Path(sys.argv[1])
PROGRAMS = [pathlib.Path(p).resolve() for p in sys.argv[2:]]
FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="aft-recipes-"))

SAYS = {
    "recipe_backup": "the message is there\n",
    "recipe_deploy": "the servers may start\n",
    "recipe_fork": "three workers served\n",
    "recipe_loop": "loop-1: has a ticket\nloop-2: has a ticket\n",
    "recipe_pool": "taken in: at least 100\n",
    "recipe_tick": "ticked\n",
    "recipe_triage": "return_refund/refund_unshipped sure, request, normal, 2026-1187\n"
    "return_refund/return sure, request, normal, 2026-1187\n"
    "return_refund/ sure, request, normal\n",
}
BLOCK = re.compile(r"^```c\n(.*?)^```$", re.M | re.S)
REGION = re.compile(r"^ */\* recipe: [\w ]+ \*/\n(.*?)^ */\* end \*/$", re.M | re.S)


def runs(program):
    def run():
        done = tap.run([program, FOLDER / f"{program.name}.db"])
        tap.expect(done.returncode == 0, "exit status", done.returncode, done.stderr)
        tap.expect(done.stdout == SAYS[program.name], "it says", repr(done.stdout))
        tap.expect("Sanitizer" not in done.stderr, done.stderr)

    return run


def plain(code):
    return textwrap.dedent(code).strip()


def regions(top):
    return {plain(r) for f in sorted((top / "examples").glob("recipe_*.c")) for r in REGION.findall(f.read_text())}


def page_is_true():
    known, shown = regions(ROOT), [plain(b) for b in BLOCK.findall((ROOT / "docs/recipes.md").read_text())]
    for code in shown:
        tap.expect(code in known, "no recipe has this code:\n", code)
    for code in known:
        tap.expect(code in shown, "the page does not show this code:\n", code)


def every_recipe_runs():
    sources = {f.stem for f in (ROOT / "examples").glob("recipe_*.c")}
    tap.expect(sources == {p.name for p in PROGRAMS} == set(SAYS), "programs, files and words differ:", sources)


CASES = [("every recipe is built and known here", every_recipe_runs), ("the page shows the code that runs", page_is_true)]
CASES += [(p.name + " runs", runs(p)) for p in PROGRAMS]

try:
    tap.main(CASES)
finally:
    shutil.rmtree(FOLDER)
