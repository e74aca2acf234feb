"""Gate: file names are unique across lib/, and every source, test and header stands in a list of the build.
Usage: names.py ROOT"""
import collections

import tree


def unlisted(top, folder, pattern):
    listed = (top / folder / "meson.build").read_text()
    for path in sorted((top / folder).rglob(pattern)):
        name = str(path.relative_to(top / folder))
        if folder == "tests":
            name = path.stem.removeprefix("test_")
        if f"'{name}'" not in listed:
            yield f"{path.relative_to(top)}: is in no list of {folder}/meson.build"


def main():
    top = tree.root()
    names = collections.defaultdict(list)
    for path in tree.files(top / "lib", ".c", ".h", ".def"):
        names[path.name].append(str(path.relative_to(top)))
    faults = [f"{name}: stands {len(p)} times: {', '.join(p)}" for name, p in sorted(names.items()) if len(p) > 1]
    faults += unlisted(top, "lib", "*.c")
    faults += unlisted(top, "lib", "*.yaml")
    faults += unlisted(top, "tests/conformance", "*.c")
    faults += unlisted(top, "include", "*.h")
    faults += unlisted(top, "tests", "unit/test_*.c")
    faults += unlisted(top, "examples", "*.c")
    tree.report(faults)


main()
