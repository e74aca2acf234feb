"""Shows that each gate can fail: patches a fault into a copy of the real files and expects the gate to refuse it,
after it accepted the copy without the fault. Usage: mutants.py ROOT PLAIN_FOLDER"""
import os
import pathlib
import shutil
import sys
import tempfile

import tap
import tree

TOP, USR = tree.root(), pathlib.Path(sys.argv[2]).resolve() / "usr"
COPIED = ["include", "lib", "tests", "docs", "examples", "bindings", "subprojects", "meson.build", "README.md",
          "LICENSE"]
UNFINISHED = "TO" + "DO"


def gate(name, *arguments):
    return lambda top: tap.run([sys.executable, TOP / f"tests/gates/{name}.py", top, *arguments])


def generated(top):
    return tap.run([sys.executable, top / "include/generate.py", "--check"])


def writable(source):
    """The gate over one compiled file of the copy."""

    def check(top):
        made = top / "object.o"
        compiler = [os.environ.get("CC", "cc"), "-std=c11", "-D_POSIX_C_SOURCE=200809L", "-fPIC"]
        tap.must([*compiler, f"-I{top / 'include'}", f"-I{top / 'lib'}", "-c", top / source, "-o", made])
        return tap.run([sys.executable, TOP / "tests/gates/writable.py", top, made])

    return check


layers, names, marks, docs_lint = gate("layers"), gate("names"), gate("marks"), gate("docs_lint")
docs, constants, layout = gate("docs"), gate("constants"), gate("layout")
clients, newer = gate("clients", USR.parent), gate("newer", USR.parent)
no_globals = writable("lib/base/version.c")
headers, symbols = gate("headers"), gate("symbols", *sorted((USR / "lib").glob("libaftersales*.so")))
VERSION, ENV_H = "lib/base/version.c", "include/aftersales/env.h"
ACTOR_H, TICKET_H, STORE_H = "include/aftersales/actor.h", "include/aftersales/ticket.h", "include/aftersales/store.h"
MAP_LINE = ("lib/libaftersales.map", "  aft_version;\n", "")
BASE, TEXT = '#include "base/base.h"\n', '#include "text/text.h"\n'

# What is wrong, the gate, and edits of (file, text, replacement). A text of None makes a new file.
MUTANTS = [
    ("an include points up", layers, (VERSION, BASE, BASE + '#include "store/store.h"\n')),
    ("an include points sideways", layers, ("lib/text/text.h", BASE, BASE + '#include "flow/flow.h"\n')),
    ("a private header is used from outside", layers, ("lib/desk/desk_priv.h", '#include "policy/policy.h"\n',
                                                      '#include "policy/policy_priv.h"\n')),
    ("a pure folder reads the clock", layers, ("lib/text/text.h", BASE, BASE + "#include <time.h>\n")),
    ("utf8proc has a second user", layers, ("lib/text/utf8.c", TEXT,
                                            TEXT + "#include <utf8proc.h>\n")),
    ("libyaml has a second user", layers, ("lib/policy/schema.c", '#include "policy/policy_priv.h"\n',
                                           '#include "policy/policy_priv.h"\n#include <yaml.h>\n')),
    ("SQLite has a second user", layers, ("lib/store/store.h", BASE, BASE + "#include <sqlite3.h>\n")),
    ("libpq has a second user", layers, ("lib/store/store.h", BASE, BASE + "#include <libpq-fe.h>\n")),
    ("a driver apart looks inside the core", layers, ("lib/postgres/postgres_priv.h", "#include <libpq-fe.h>\n",
                                                      "#include <libpq-fe.h>\n" + BASE)),
    ("a file name stands twice", names, ("lib/value/base.h", None, "")),
    ("a source is in no list", names, ("lib/base/forgotten.c", None, "")),
    ("a part of the suite is in no list", names, ("tests/conformance/forgotten.c", None, "")),
    ("a test is in no list", names, ("tests/unit/test_forgotten.c", None, "")),
    ("a public function is not in the map", symbols, MAP_LINE),
    ("the map names an unknown function", symbols, ("lib/libaftersales.map", "  aft_version;\n",
                                                    "  aft_version;\n  aft_version2;\n")),
    ("the library exports more than the headers and the map", symbols, MAP_LINE,
     ("include/aftersales/common.h", "AFT_API const char *aft_version(void);\n", "")),
    ("the library lacks what the headers and the map promise", symbols,
     ("lib/libaftersales.map", "  aft_version;\n", "  aft_version;\n  aft_version2;\n"),
     ("include/aftersales/common.h", "AFT_API const char *aft_version(void);\n",
      "AFT_API const char *aft_version(void);\nAFT_API const char *aft_version2(void);\n")),
    ("a header lacks an include", headers, ("include/aftersales/error.h", "#include <aftersales/status.h>\n", "")),
    ("a header lacks its guard", headers, ("include/aftersales/error.h", "#define AFTERSALES_ERROR_H\n", "")),
    ("a header is no C++", headers, (ENV_H, "typedef struct aft_trace {\n", "typedef struct aft_trace {\n  int new;\n")),
    ("a header is no C99", headers, (ENV_H, "typedef struct aft_trace {\n",
                                     "typedef struct aft_trace {\n  _Static_assert(1, \"\");\n")),
    ("a header has padding", headers, (ENV_H, "  uint32_t reserved0;\n", "")),
    ("a header is no C++11", headers, (ENV_H, "typedef struct aft_trace {\n", "typedef struct aft_trace {\n  int constexpr;\n")),
    ("a header is no C++20", headers, (ENV_H, "typedef struct aft_trace {\n", "typedef struct aft_trace {\n  int requires;\n")),
    ("a macro works in C alone", headers, ("include/aftersales/common.h", "(aft_str{(text), AFT_NTS})",
                                           "((aft_str){(text), AFT_NTS})")),
    ("a macro has no use", headers, (STORE_H, "#define AFT_STORE_CREATE ", "#define AFT_PAIR {1, 2}\n#define AFT_STORE_CREATE ")),
    ("a constant is renumbered", constants, (ACTOR_H, "AFT_ROLE_BUYER     3u", "AFT_ROLE_BUYER     6u")),
    ("a status is renumbered", constants, ("include/aftersales/status.h", "(-110)", "(-111)")),
    ("a constant is gone", constants, (ACTOR_H, "#define AFT_ROLE_WAREHOUSE 4u", "#define OTHER_ROLE 4u")),
    ("a constant is new", constants, (ACTOR_H, "#define AFT_ROLE_BUYER ", "#define AFT_ROLE_OTHER 6u\n#define AFT_ROLE_BUYER ")),
    ("an enumerator is new", constants, (ACTOR_H, "#define AFT_ROLE_BUYER ", "enum { AFT_MODE_A };\n#define AFT_ROLE_BUYER ")),
    ("a field is inserted", layout, (TICKET_H, "  int64_t rev; ", "  int64_t other;\n  int64_t rev; ")),
    ("a field is appended", layout, (TICKET_H, "  aft_str topic;\n", "  aft_str topic;\n  aft_str other;\n")),
    ("a field is of another type", layout, (ENV_H, "  uint32_t retries;", "  int retries[1];\n  uint32_t other;")),
    ("two fields change places", layout, (TICKET_H, "  aft_id agent;\n  aft_id other;\n", "  aft_id other;\n  aft_id agent;\n")),
    ("a struct is new", layout, (ENV_H, "typedef struct aft_trace {\n",
                                 "typedef struct aft_extra {\n  size_t size;\n} aft_extra;\ntypedef struct aft_trace {\n")),
    ("a struct has no size", layout, (ENV_H, "typedef struct aft_trace {\n  size_t size;\n",
                                      "typedef struct aft_trace {\n  size_t bytes;\n")),
    ("a first size moves on", layout, ("lib/desk/ticket/act.c", "offsetof(aft_act_in, topic)", "offsetof(aft_act_in, category)")),
    ("a first size is not the end of its field", layout, ("lib/desk/ticket/act.c", "(offsetof(aft_act_in, topic) + sizeof(aft_str))",
                                                          "(offsetof(aft_act_in, topic) + 8)")),
    ("an input is copied by its present size", layout, ("lib/desk/ticket/act.c", "in, ACT_V1,", "in, sizeof(aft_act_in),")),
    ("a kept client sees another behaviour", clients, ("tests/gates/client/v0.1/expected.txt", "resolved", "solved")),
    ("a kept client's struct has another size", clients, ("tests/gates/client/v0.1/include/aftersales/actor.h",
                                                          "  aft_id tenant;", "  int64_t more;\n  aft_id tenant;")),
    ("a kept client calls what is gone", clients, ("tests/gates/client/v0.1/kept.c", "  values();\n",
                                                   "  int aft_gone(void);\n  values();\n  aft_gone();\n")),
    ("an input is smaller than its first version", newer, (TICKET_H, "  aft_str topic;\n", "")),
    ("a static variable", no_globals, (VERSION, "aft_version(void) {", "aft_version(void) {\n"
                                       "  static volatile int calls;\n  calls++;\n ")),
    ("an initialised global", no_globals, (VERSION, BASE, BASE + "extern int aft__n;\nint aft__n = 1;\n")),
    ("a thread-local", no_globals, (VERSION, BASE, BASE + "extern _Thread_local int aft__n;\n"
                                           "_Thread_local int aft__n = 1;\n")),
    ("a function without Threads:", docs_lint, (ENV_H, " * Threads: any.\n", "")),
    ("a function without Since:", docs_lint, (ENV_H, " * Since: 0.1\n", "")),
    ("a fallible function without Errors:", docs_lint, (ENV_H, " * Errors: AFT_E_ABI", " * Fails: AFT_E_ABI")),
    ("a function without a comment", docs_lint, (ENV_H, "AFT_API aft_env *aft_env_ref(aft_env *env);\n",
                                                 "AFT_API aft_env *aft_env_ref(aft_env *env);\n"
                                                 "AFT_API int aft_env_other(aft_env *env);\n")),
    ("a struct without a comment", docs_lint, (STORE_H, "/* How to open a store. */\n", "")),
    ("a handle without a comment", docs_lint, (STORE_H, "/* A database with the library's tables. Thread-safe; "
                                               "reference-counted. */\n", "")),
    ("a callback type without a comment", docs_lint, (STORE_H, "#ifdef __cplusplus\nextern", "typedef void (*aft_told)(void *user);\n\n"
                                                      "#ifdef __cplusplus\nextern")),
    ("a group of macros without a comment", docs_lint, (ENV_H, "/* How much a note of the library matters. */\n", "")),
    ("a pointer comes out without an owner", docs_lint, (ENV_H, " * out: receives a reference that the caller owns; "
                                                         "release with aft_env_unref.\n", " * out: receives it.\n")),
    ("a text is returned without saying how long it lives", docs_lint, (
        "include/aftersales/error.h", " * Returns: static text; ", " * Returns: text; ")),
    ("a result is not explained", docs_lint, (ENV_H, " * Returns: milliseconds since 1970-01-01 UTC.\n", "")),
    ("a comment explains what is no parameter", docs_lint, (ENV_H, " * options: NULL for defaults", " * settings: NULL for defaults")),
    ("a comment names an unknown status", docs_lint, (ENV_H, " * Errors: AFT_E_ABI,", " * Errors: AFT_E_AIB,")),
    ("Since: is no version", docs_lint, (ENV_H, " * Since: 0.1\n", " * Since: lately\n")),
    ("a comment does not say what it does", docs_lint, (ENV_H, " * Makes an environment.\n *\n", "")),
    ("a header does not say what it is", docs_lint, (ENV_H, "/* The environment: memory, clock, randomness, log, trace and limits. */\n", "")),
    ("a generated file is stale", generated, ("lib/base/errors.def", '"done"', '"finished"')),
    ("the README shows another program", docs, ("examples/hello.c", '"acme"', '"acme2"')),
    ("a link leads nowhere", docs, ("README.md", "(docs/errors.md)", "(docs/mistakes.md)")),
    ("a link leads to no heading", docs, ("docs/conventions.md", "#deadlines-and-interrupts", "#deadlines")),
    ("a page names an unknown function", docs, ("docs/architecture.md", "`aft_tick`", "`aft_tock`")),
    ("a page names an unknown constant", docs, ("docs/conventions.md", "`AFT_STORE_MIGRATE`", "`AFT_STORE_MOVE`")),
    ("a page names an unknown file", docs, ("docs/architecture.md", "lib/desk/ticket/act.c", "lib/desk/acts.c")),
    ("an unfinished word", marks, (VERSION, BASE, BASE + f"/* {UNFINISHED} */\n")),
    ("a blank at the end of a line", marks, (VERSION, BASE, BASE.replace("\n", " \n"))),
    ("no line end at the end", marks, ("lib/value/odd.h", None, "int x;")),
]


def patch(top, edit):
    name, old, new = edit
    path = top / name
    if old is None:
        tap.expect(not path.exists(), name, "exists: the mutant has no place")
        path.write_text(new)
        return
    text = path.read_text()
    tap.expect(old in text, name, "no longer contains", repr(old), "- the mutant needs a new place")
    path.write_text(text.replace(old, new, 1))


def copy(top):
    for name in COPIED:
        source = TOP / name
        if source.is_dir():
            shutil.copytree(source, top / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy(source, top / name)


def case(scratch, clean, check, edits):
    def run():
        if check not in clean:
            clean[check] = check(scratch)
        tap.expect(clean[check].returncode == 0, "refuses the tree without the fault:\n", clean[check].stdout,
                   clean[check].stderr)
        saved = {name: (scratch / name).read_bytes() if old is not None else None for name, old, _ in edits}
        try:
            for edit in edits:
                patch(scratch, edit)
            refused = check(scratch)
        finally:
            for name, before in saved.items():
                if before is not None:
                    (scratch / name).write_bytes(before)
                else:
                    (scratch / name).unlink(missing_ok=True)
        tap.expect(refused.returncode == 1, "the gate did not refuse it: exit status", refused.returncode,
                   refused.stdout, refused.stderr)

    return run


def main():
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="aft-mutants-"))
    try:
        copy(scratch)
        clean = {}
        tap.main([(name, case(scratch, clean, check, edits)) for name, check, *edits in MUTANTS])
    finally:
        shutil.rmtree(scratch)


main()
