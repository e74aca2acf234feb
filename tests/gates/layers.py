"""Gate: includes point down. Usage: layers.py ROOT

A folder of lib/ may include its own headers, the one internal header lib/X/X.h of folders of a lower rank, and the
public <aftersales/...>. The pure folders see no clock, file or thread, and a library from outside has one place."""
import re

import tree

RANKS = [["base"], ["value"], ["flow", "text"], ["model", "policy", "store"], ["simulate"], ["desk"], ["clock", "insight"]]
# Shared objects of their own: they see the public headers alone, as a third party would, and nobody sees them.
APART = {"postgres"}
RANK = {folder: rank for rank, folders in enumerate(RANKS) for folder in folders}

PURE = {"flow", "text", "model", "policy", "simulate"}
IMPURE = re.compile(r"(time|unistd|fcntl|pthread|signal|dirent)\.h|sys/.*")
BUILD_TOOLS = {"policy/compile_default.c"}

PLACES = {
    "utf8proc.h": re.compile(r"text/unicode\.c"),
    "yaml.h": re.compile(r"policy/yaml_read\.c"),
    "sqlite3.h": re.compile(r"store/sqlite_\w+\.[ch]"),
    "libpq-fe.h": re.compile(r"postgres/postgres_\w+\.[ch]"),
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def own_fault(place, folder, header):
    parts = header.split("/")
    if parts[0] not in RANK.keys() | APART:
        return "is in no known folder of lib/"
    if parts[0] == folder:
        return ""
    if folder in APART or parts[0] in APART:
        return "crosses into another shared object"
    if RANK[parts[0]] >= RANK[folder]:
        return f"points up: {folder} stands below or beside {parts[0]}"
    return "" if header == f"{parts[0]}/{parts[0]}.h" else f"is private to lib/{parts[0]}"


def outside_fault(place, folder, header):
    if header in PLACES and not PLACES[header].fullmatch(place):
        return f"may be included by {PLACES[header].pattern} alone"
    if folder in PURE and IMPURE.fullmatch(header) and place not in BUILD_TOOLS:
        return f"does not belong in the pure folder {folder}"
    return ""


def main():
    lib, faults = tree.root() / "lib", []
    for path in tree.files(lib, ".c", ".h", ".def"):
        place = str(path.relative_to(lib))
        folder = place.split("/")[0]
        if folder not in RANK.keys() | APART:
            faults.append(f"lib/{place}: {folder} has no rank in layers.py")
            continue
        for quote, header in INCLUDE.findall(tree.without_comments(path.read_text())):
            fault = own_fault(place, folder, header) if quote == '"' else outside_fault(place, folder, header)
            if fault:
                faults.append(f"lib/{place}: {header} {fault}")
    tree.report(faults)


main()
