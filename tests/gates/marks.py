"""Gate: the tree is finished and speaks of itself alone: no words for unfinished work or for the place where it is
made, no trailing blanks, one line end at the end. Usage: marks.py ROOT"""
import re

import tree

# Each word in two halves, so that this table does not find itself.
HALVES = [
    (r"\bTO", r"DO\b"),
    (r"\bFIX", r"ME\b"),
    (r"\bHA", r"CK\b"),
    (r"\bnot (yet )?imple", r"mented\b"),
    (r"\bfor n", r"ow\b"),
    (r"(?<![\w.])/wo", r"rk/"),
]
WORDS = re.compile("|".join(a + b for a, b in HALVES))
TEXT = (".c", ".h", ".def", ".py", ".sh", ".md", ".yaml", ".build", ".map", ".wrap", "meson_options.txt", "run")


def faults_of(name, text):
    for number, line in enumerate(text.split("\n"), 1):
        word = WORDS.search(line)
        if word:
            yield f"{name}:{number}: {word.group(0)!r}"
        if line != line.rstrip():
            yield f"{name}:{number}: blanks at the end"
    if text and (not text.endswith("\n") or text.endswith("\n\n")):
        yield f"{name}: does not end with one line end"


def main():
    top, faults = tree.root(), []
    for path in tree.files(top, *TEXT):
        faults += faults_of(path.relative_to(top), path.read_text())
    tree.report(faults)


main()
