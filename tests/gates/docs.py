"""Gate: README.md and docs/*.md say what is true of the tree: the README's program stands in examples/hello.c, links and the
paths of the tree lead somewhere, and names of the library exist. Usage: docs.py ROOT"""
import re

import tree

BLOCK = re.compile(r"^```c\n(.*?)^```$", re.M | re.S)
FENCE = re.compile(r"^```.*?^```$", re.M | re.S)
LINK = re.compile(r"\]\(([^)\s]+)\)")
NAME = re.compile(r"\b(?:aft|AFT)_\w+")
PATH = re.compile(r"`((?:bindings|docs|examples|include|lib|tests)/[\w./*-]*)")
HEADING = re.compile(r"^#+ +(.*)$", re.M)

MADE = {"tests/gates/abi/aftersales.abi"}  # by tests/gates/abi/renew

# Names of the public headers, of the library's inside, and of the test runner alone.
PLACES = [("include", r"(?:aft|AFT)_(?!_)"), ("lib", r"(?:aft|AFT)__"), ("tests", r"AFT_(?:SLOW|LIE|TEST_DSN)$")]


def known_names(top):
    names = set()
    for folder, kind in PLACES:
        for path in tree.files(top / folder, ".h", ".c", ".def", "run"):
            names.update(n for n in NAME.findall(path.read_text()) if re.match(kind, n))
    return names


def anchors(text):
    """The anchors of a page's headings, as GitHub makes them."""
    return {re.sub(r"[^\w\- ]", "", h).strip().lower().replace(" ", "-") for h in HEADING.findall(FENCE.sub("", text))}


def link_fault(path, target):
    if re.match(r"[a-z]+:", target):
        return ""
    name, _, anchor = target.partition("#")
    page = path.parent / name if name else path
    if not page.exists():
        return "leads nowhere"
    return "leads to no heading" if anchor and anchor not in anchors(page.read_text()) else ""


def name_fault(name, known):
    """A name that ends in _ stands for all that begin so: AFT_STORE_…"""
    if name in known or (name.endswith("_") and any(k.startswith(name) for k in known)):
        return ""
    return "does not exist"


def path_fault(top, name):
    return "" if name in MADE or any(top.glob(name.rstrip("/"))) else "is no path of the tree"


def faults_of(top, path, known):
    text = path.read_text()
    found = [(m, link_fault(path, m.group(1))) for m in LINK.finditer(text)]
    found += [(m, name_fault(m.group(0), known)) for m in NAME.finditer(text)]
    found += [(m, path_fault(top, m.group(1))) for m in PATH.finditer(text)]
    for match, fault in found:
        if fault:
            line = text.count("\n", 0, match.start()) + 1
            yield f"{path.relative_to(top)}:{line}: {match.group(match.lastindex or 0)} {fault}"


def main():
    top, faults = tree.root(), []
    readme = top / "README.md"
    if not readme.exists():
        tree.report(["README.md: there is none"])
    shown = BLOCK.findall(readme.read_text())[:1]
    if not shown or shown[0] not in (top / "examples/hello.c").read_text():
        faults.append("README.md: its first block of C does not stand in examples/hello.c")
    known = known_names(top)
    for path in [readme, *sorted((top / "docs").glob("*.md"))]:
        faults += faults_of(top, path, known)
    tree.report(faults)


main()
