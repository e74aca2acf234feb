"""Gate: every public declaration has its comment, and the comment of a function keeps its slots: what it does, what its
parameters mean, who frees what it hands out, Threads, Errors, Since. Usage: docs_lint.py ROOT"""
import re

import surface
import tree

COMMENT = re.compile(r"/\*(?:[^*]|\*(?!/))*\*/\s*$")
TYPE = re.compile(r"^typedef\s+(?!struct\s+\w+\s*\{)[^;{]*?(?:\(\s*\*\s*(\w+)\s*\)|\b(\w+))\s*(?:\([^;]*\))?;", re.M)
SLOT = re.compile(r"^([a-z_]\w*(?:, [a-z_]\w*)*): ")
HEADED = re.compile(r"^(Returns|Threads|Errors|Since): ")
STATUS = re.compile(r"\bAFT_E_\w+")
CONVENTION = re.compile(r"<aftersales/\w+\.h>|those above")  # the conventions of commands, in desk.h

# How a comment says to whom a pointer belongs that comes out of a function.
OWNED = re.compile(r"\b(?:frees? with|release with|close with|closes? it|owned by|owns it|caller's|lives?\b|static text|copied|itself)")
OPAQUE = re.compile(r"(?:const )?aft_\w+ \*\*")


def comment_before(text, start):
    """The lines of the comment that ends where the declaration begins, without their stars."""
    found = COMMENT.search(text[:start])
    if not found or "\n\n" in found.group(0)[found.group(0).rindex("*/"):]:
        return None
    return [re.sub(r"^\s*/?\*+/?\s?|\s*\*+/\s*$", "", line).strip() for line in found.group(0).splitlines()]


def slots(lines):
    """Each slot of a comment with the lines that belong to it; what it does stands under '', closed by an empty line."""
    found, name, closed = {"": ""}, "", False
    for line in lines:
        head = HEADED.match(line) or (SLOT.match(line) if closed else None)
        if head:
            name = head.group(1)
            line = line[head.end():]
        elif not line:
            closed = closed or bool(found[""])
            continue
        found[name] = (found.get(name, "") + " " + line).strip()
    return found


def slot_of(found, parameter):
    for name, text in found.items():
        if parameter in name.split(", "):
            return text
    return None


def is_command(function):
    return any(kind == "const aft_call *" for kind, _ in function.parameters)


def faults_of_outputs(function, found):
    """A pointer that comes out has an owner."""
    if function.result.endswith("*") and not OWNED.search(found.get("Returns", "")):
        yield "hands out a pointer: its Returns: does not say how long it lives"
    for kind, name in function.parameters:
        if not OPAQUE.fullmatch(kind):
            continue
        said = slot_of(found, name)
        if said is None and is_command(function) and kind == "aft_record **":
            continue  # by the conventions of desk.h
        command = is_command(function) and kind == "aft_record **"
        if said is None or not (OWNED.search(said) or command):
            yield f"hands out {name}: no line {name}: says who frees it and how"


def faults_of_slots(function, found, statuses):
    fallible = function.result == "aft_status" and any(kind == "aft_error *" for kind, _ in function.parameters)
    if not found[""]:
        yield "the comment does not say what it does"
    for slot in ["Threads", "Since"] + (["Errors"] if fallible else []):
        if not found.get(slot):
            yield f"the comment has no line {slot}:"
    if found.get("Since") and not re.fullmatch(r"\d+\.\d+", found["Since"]):
        yield f"Since: is {found['Since']}, expected a version such as 0.1"
    if function.result not in ("void", "aft_status") and not found.get("Returns") and "number of" not in found[""]:
        yield "the comment has no line Returns:"
    known = {name for _, name in function.parameters}
    for name in found:
        for word in name.split(", ") if SLOT.match(f"{name}: ") else []:
            if word not in known:
                yield f"the comment explains {word}, which is no parameter"
    for name in STATUS.findall(" ".join(found.values())):
        if name.rstrip("_") not in statuses and not name.endswith("_"):
            yield f"names {name}, which is no status"


def faults_of_functions(header, text, statuses):
    for function in surface.functions_of(header):
        lines = comment_before(text, function.start)
        if lines is None:
            yield function.start, f"{function.name} has no comment"
            continue
        found = slots(lines)
        for fault in [*faults_of_slots(function, found, statuses), *faults_of_outputs(function, found)]:
            yield function.start, f"{function.name}: {fault}"


def faults_of_types(header, text):
    """Structs, handles, scalars and callbacks."""
    rows = [(s.start, s.name) for s in surface.structs_of(header)]
    rows += [(m.start(), m.group(1) or m.group(2)) for m in TYPE.finditer(surface.code(text))]
    for start, name in rows:
        if comment_before(text, start) is None:
            yield start, f"{name} has no comment"


def groups(text):
    """Runs of the preprocessor's lines: the first and the one after the last."""
    lines, at = text.split("\n"), 0
    while at < len(lines):
        first = at
        while at < len(lines) and (lines[at].startswith("#") or at > first and lines[at - 1].endswith("\\")):
            at += 1
        if at > first:
            yield first, at
        at = max(at, first + 1)


def faults_of_macros(header, text):
    """A group of macros has a comment before it, or each has one on its line."""
    lines = text.split("\n")
    macros = {text.count("\n", 0, m.start): m.name for m in surface.macros_of(header)}
    for first, end in groups(text):
        bare = [macros[n] for n in range(first, end) if n in macros and "/*" not in lines[n]]
        if bare and not (first and lines[first - 1].rstrip().endswith("*/")):
            yield sum(len(line) + 1 for line in lines[:first]), f"{bare[0]}: its group of macros has no comment before it"


def main():
    top, faults, seen = tree.root(), [], 0
    statuses = set(surface.constants(top))
    for path in tree.public_headers(top):
        text = path.read_text()
        if not text.startswith("/*"):
            faults.append(f"{path.relative_to(top)}:1: the header does not say what it is")
        seen += len(list(surface.functions_of(path)))
        found = [*faults_of_functions(path, text, statuses), *faults_of_types(path, text), *faults_of_macros(path, text)]
        faults += [f"{path.relative_to(top)}:{text.count(chr(10), 0, start) + 1}: {fault}" for start, fault in sorted(found)]
    tree.report(faults or ([] if seen else ["no function at all: nothing was examined"]))


main()
