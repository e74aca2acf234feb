#!/usr/bin/env python3
"""Writes aftersales.ffi.h: the public declarations without the preprocessor, as cffi's cdef, LuaJIT and
others read them. Headers are followed from aftersales.h and aftersales/sys/*.h, each once, in order of use.

Usage: generate_ffi.py INCLUDE_DIR OUTPUT"""
import pathlib
import re
import sys

INCLUDE = re.compile(r"^\s*#\s*include\s*<(aftersales[^>]*)>", re.M)
NUMBER = re.compile(r"^#define[ \t]+(AFT_\w+)[ \t]+\(?(-?(?:0[xX][0-9a-fA-F]+|\d+))[uU]?\)?[ \t]*$", re.M)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*\n", re.M)
CXX_BRACES = re.compile(r'#ifdef __cplusplus\n.*?#endif\n', re.S)
INLINE = re.compile(r"^static\s+inline\s[^;{]*\{", re.M)
HEAD = """/* Written by include/generate_ffi.py from the public headers of libaftersales: declarations only, for tools that
 * know size_t and the integers of <stdint.h> but no preprocessor. C and C++ include <aftersales.h>. */
"""


def without_comments(text):
    """Block comments become a space, but never more than the text between two quotes."""
    return re.sub(r'("(?:\\.|[^"\\])*")|/\*.*?\*/', lambda m: m.group(1) or " ", text, flags=re.S)


def without_inline(text):
    """Cuts each static inline function, its body by counting braces."""
    while True:
        start = INLINE.search(text)
        if not start:
            return text
        depth, end = 1, start.end()
        while depth:
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        text = text[: start.start()] + text[end:]


def constants(text):
    rows = [(name, int(value, 0)) for name, value in NUMBER.findall(text)]
    rows = [f"  {name} = {value}" for name, value in rows if -(2**31) <= value < 2**31]
    return "enum {\n" + ",\n".join(rows) + "\n};\n" if rows else ""


def declarations(text):
    text = CXX_BRACES.sub("", without_comments(text))
    text = re.sub(r"[ \t]+$", "", text, flags=re.M)
    plain = without_inline(DIRECTIVE.sub("", text).replace("AFT_API ", ""))
    return constants(text) + re.sub(r"\n\s*\n+", "\n", plain).strip() + "\n"


def in_order(root, name, seen):
    if name in seen:
        return
    seen.add(name)
    text = (root / name).read_text()
    for inner in INCLUDE.findall(text):
        yield from in_order(root, inner, seen)
    yield name, text


def ffi_header(root):
    seen = set()
    out = [HEAD]
    tops = ["aftersales.h"] + sorted(str(p.relative_to(root)) for p in root.glob("aftersales/**/*.h"))
    # Libraries of their own.
    tops = [name for name in tops if name not in ("aftersales/postgres.h", "aftersales/sys/conformance.h")]
    for top in tops:
        for name, text in in_order(root, top, seen):
            body = declarations(text)
            if body.strip():
                out.append(f"/* {name} */\n{body}")
    return "\n".join(out)


def main():
    text = ffi_header(pathlib.Path(sys.argv[1]))
    left = re.search(r"^.*(#|\bAFT_API\b|__attribute__|\binline\b).*$", text, re.M)
    if left:
        sys.exit(f"generate_ffi.py: this line is not plain C: {left.group(0)}")
    pathlib.Path(sys.argv[2]).write_text(text)


if __name__ == "__main__":
    main()
