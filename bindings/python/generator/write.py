#!/usr/bin/env python3
"""Writes the parts of the package that follow from the library: _ffi.c (by cffi, from the public headers), and
commands.py, errors.py, inputs.py and records.py. Usage: write.py FOLDER [DEPFILE]"""
from __future__ import annotations

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[2]
sys.path[:0] = [str(TOP / "include"), str(TOP / "lib/desk/tables")]
sys.dont_write_bytecode = True

import cffi  # noqa: E402
import emit  # noqa: E402
import generate  # noqa: E402
import generate_ffi  # noqa: E402
import generate_tables  # noqa: E402
from headers import Headers  # noqa: E402

# What C calls in Python, and what the extension says of itself.
CALLBACKS = """
extern "Python" int64_t aft_py_now(void *);
extern "Python" int aft_py_random(void *, void *, size_t);
extern "Python" void aft_py_log(void *, int32_t, const char *);
extern "Python" void aft_py_trace(void *, const aft_trace *);
extern "Python" int aft_py_progress(void *, int64_t, int64_t);
extern "Python" int aft_py_sink(void *, const void *, size_t);
extern "Python" int aft_py_load(void *, size_t, aft_document *);
extern "Python" int aft_py_example(void *, aft_example *);
extern "Python" int aft_py_training(void *, uint32_t);
const char *aft_py_built_for(void);
"""
PREAMBLE = """
#include <aftersales.h>
static const char *aft_py_built_for(void) { return AFT_VERSION_STRING; }
"""


def extension(path: pathlib.Path) -> None:
    ffi = cffi.FFI()
    ffi.cdef(generate_ffi.ffi_header(TOP / "include") + CALLBACKS)
    ffi.set_source("aftersales._ffi", PREAMBLE)
    ffi.emit_c_code(str(path))


def depfile(path: pathlib.Path, targets: list[pathlib.Path], headers: Headers) -> None:
    used = [*headers.files, *HERE.glob("*.py"), *(TOP / "lib/desk/tables").iterdir()]
    used += [TOP / "lib/base/errors.def", TOP / "lib/store/store_tables.c", *(TOP / "include").glob("*.py")]
    path.write_text(f"{' '.join(map(str, targets))}: {' '.join(str(p) for p in used if p.is_file())}\n")


def main() -> None:
    folder = pathlib.Path(sys.argv[1])
    headers = Headers(TOP / "include")
    modules = {
        "commands.py": emit.commands_module(headers),
        "errors.py": emit.errors_module(generate.statuses()),
        "inputs.py": emit.inputs_module(headers),
        "records.py": emit.records_module(generate_tables.kinds(TOP / "lib/desk/tables")),
    }
    extension(folder / "_ffi.c")
    for name, text in modules.items():
        (folder / name).write_text(text, encoding="utf-8")
    if len(sys.argv) > 2:
        depfile(pathlib.Path(sys.argv[2]), [folder / "_ffi.c"], headers)


if __name__ == "__main__":
    main()
