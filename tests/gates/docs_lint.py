"""Gate: every public function has a comment of its own that names its threads and the version it came with, and its
errors where it reports any. Usage: docs_lint.py ROOT"""
import re

import tree

FUNCTION = re.compile(r"AFT_API\s+([^;{]*?\b(\w+)\s*\([^;]*\));", re.S)
COMMENT = re.compile(r"/\*(?:[^*]|\*(?!/))*\*/\s*$")


def slots(signature):
    fallible = signature.startswith("aft_status") and "aft_error *" in signature
    return ["Threads:", "Since:"] + (["Errors:"] if fallible else [])


def faults_of(path, name, text):
    for match in FUNCTION.finditer(text):
        comment = COMMENT.search(text[: match.start()])
        place = f"{name}:{text.count(chr(10), 0, match.start()) + 1}: {match.group(2)}"
        if not comment:
            yield f"{place} has no comment"
            continue
        body = [line.strip(" */") for line in comment.group(0).splitlines()]
        if not any(line and not re.match(r"\w+:", line) for line in body):
            yield f"{place}: the comment does not say what it does"
        for slot in slots(match.group(1)):
            if not any(line.startswith(slot) and len(line) > len(slot) + 1 for line in body):
                yield f"{place}: the comment has no line {slot}"


def main():
    top, faults, seen = tree.root(), [], 0
    for path in tree.public_headers(top):
        text = path.read_text()
        seen += len(FUNCTION.findall(text))
        faults += faults_of(path, path.relative_to(top), text)
        if text.count("AFT_API ") != len(FUNCTION.findall(text)) and path.name != "common.h":
            faults.append(f"{path.relative_to(top)}: a use of AFT_API was not understood")
    tree.report(faults or ([] if seen else ["no function at all: nothing was examined"]))


main()
