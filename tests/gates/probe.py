"""Asks the compiler about the public headers: compiles, or runs, a small program over them."""
import os
import pathlib
import tempfile

import surface
import tap

CC = os.environ.get("CC", "cc")
HEAD = "#include <stddef.h>\n#include <stdint.h>\n#include <stdio.h>\n"


def words(top):
    return [CC, "-std=c11", f"-I{top / 'include'}", f"-I{top / 'lib'}"]


def is_lp64(top):
    return tap.run([*words(top), "-dM", "-E", "-x", "c", "-"], input="").stdout.find("__LP64__ 1") >= 0


def compiles(top, text):
    """The compiler's complaints, empty when there are none."""
    done = tap.run([*words(top), "-fsyntax-only", "-x", "c", "-"], input=text)
    return "" if done.returncode == 0 else done.stderr


def printed(top, statements):
    """What a main of these statements prints, with every public header included."""
    source = HEAD + surface.includes(top) + "int main(void) {\n" + "".join(f"  {s}\n" for s in statements) + "  return 0;\n}\n"
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder) / "probe"
        tap.must([*words(top), "-w", "-x", "c", "-", "-o", program], input=source)
        return tap.must([program])
