"""Gate: each public header compiles alone, and again, in every language level with every compiler of the machine,
without a warning and without padding; all of them in both orders; and the macros work. Prints TAP.

Usage: headers.py ROOT [FFI_HEADER]"""
import os
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor

import surface
import tap
import tree

STRICT = ["-Wall", "-Wextra", "-pedantic", "-Wpadded", "-Wundef", "-Wshadow", "-Werror", "-fsyntax-only"]
LEVELS = {"c": ["c99", "c11", "c17"], "c++": ["c++11", "c++17", "c++20"]}

# A tiny use of each macro that is no number. One that is not here is a fault: say how it is used.
USES = {
    "AFT_STR": "{ aft_str text = AFT_STR(\"text\"); if (text.len != AFT_NTS || text.data[0] != 't') return 1; }",
    "AFT_ERROR_INIT": "{ aft_error error = AFT_ERROR_INIT; if (error.size != sizeof error || error.code != AFT_OK) return 1; }",
    "AFT_VERSION_STRING": "{ const char *version = AFT_VERSION_STRING \".\"; if (version[1] != '.') return 1; }",
    "AFT_API": "",
}


def compilers():
    """The machine's own, and the other family where it is installed."""
    found = [{"c": os.environ.get("CC", "cc"), "c++": os.environ.get("CXX", "c++")}]
    if shutil.which("clang") and shutil.which("clang++") and "clang" not in found[0]["c"]:
        found.append({"c": "clang", "c++": "clang++"})
    return found


def compiles(words, source, top):
    def case():
        done = tap.run([*words, f"-I{top / 'include'}", *STRICT, "-"], input=source)
        tap.expect(done.returncode == 0, done.stderr[:4000])

    return case


def macros(top):
    """A program that uses every macro and every constant."""
    names = sorted({m.name for m in surface.each(top, surface.macros_of)})
    constants = surface.constants(top)
    for name in names:
        known = name in USES or name in constants or name.startswith("AFT_VERSION_")
        tap.expect(known, f"{name} is no number and has no use in USES of headers.py")
    uses = [USES[name] for name in names if name in USES]
    uses += [f"if (({name}) == ({name}) + 1) return 1;" for name in constants if name != "AFT_TIME_NONE"]
    lines = "".join(f"  {use}\n" for use in uses if use)
    return surface.includes(top) + "int main(void) {\n" + lines + "  return 0;\n}\n"


def sources(top, ffi):
    """What to compile: name, language, text."""
    headers = [str(h.relative_to(top / "include")) for h in tree.public_headers(top)]
    tap.expect(headers, "no public header: nothing was examined")
    for name in headers:
        for language in LEVELS:
            yield name, language, f"#include <{name}>\n" * 2
    for title, names in (("all", headers), ("all, backwards", headers[::-1])):
        for language in LEVELS:
            yield title, language, "".join(f"#include <{name}>\n" for name in names)
    for language in LEVELS:
        yield "the macros", language, macros(top)
    if ffi:
        yield "aftersales.ffi.h", "c", "#include <stddef.h>\n#include <stdint.h>\n" + open(ffi).read()


def main():
    top = tree.root()
    cases = [
        (f"{title} as {level} by {os.path.basename(compiler[language])}",
         compiles([*compiler[language].split(), "-x", language, f"-std={level}"], text, top))
        for title, language, text in sources(top, sys.argv[2] if len(sys.argv) > 2 else None)
        for compiler in compilers()
        for level in LEVELS[language]
    ]
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        running = [(name, pool.submit(case)) for name, case in cases]
        tap.main([(name, future.result) for name, future in running])


main()
