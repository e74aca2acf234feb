"""Gate: the installed library serves C and C++ clients, shared and static, through pkg-config, also from where it was
moved to; what it hides stays hidden; and the tree works as a Meson subproject. Usage: install.py ROOT PLAIN_FOLDER"""
import os
import pathlib
import re
import shutil
import sys
import tempfile

import tap
import tree

TOP, PLAIN = tree.root(), pathlib.Path(sys.argv[2]).resolve()
USR = PLAIN / "usr"
SCRATCH = pathlib.Path(tempfile.mkdtemp(prefix="aft-install-"))
CLIENT = TOP / "tests/gates/client/client.c"
CLIENT_PG = TOP / "tests/gates/client/client_pg.c"
WITH_PG = (USR / "lib/pkgconfig/aftersales-pg.pc").exists()
VERSION = re.search(r"version: '([\d.]+)'", (TOP / "meson.build").read_text()).group(1)
EXPECTED = f"{VERSION} AFT_E_NOMEM 64\n"

CC, CXX = os.environ.get("CC", "cc").split(), os.environ.get("CXX", "c++").split()
STRICT = ["-Wall", "-Wextra", "-pedantic", "-Werror"]
LEVELS = [[*CC, "-x", "c", f"-std={level}"] for level in ("c99", "c11", "c17")]
LEVELS += [[*CXX, "-x", "c++", f"-std={level}"] for level in ("c++11", "c++17", "c++20")]
REQUIRED = ("sqlite3", "yaml-0.1", "libutf8proc")
# Everything must be found when the program is linked, in the library too.
COMPLETE = ["-Wl,--no-undefined", "-Wl,--no-allow-shlib-undefined"]


def pkg_config(*options, usr=USR, of="aftersales"):
    return tap.must(["pkg-config", *options, of], env={**os.environ, "PKG_CONFIG_PATH": str(usr / "lib/pkgconfig")})


def flags(static, usr=USR, options=()):
    """Flags of compiling and of linking. Statically, only this library is meant: what it requires stays shared."""
    more = [*options, *(["--static"] if static else [])]
    cflags, libs = pkg_config("--cflags", *more, usr=usr).split(), pkg_config("--libs", *more, usr=usr).split()
    tap.expect(("-DAFT_STATIC" in cflags) == static, "cflags:", cflags)
    tap.expect(("-lsqlite3" in libs) == static, "libs:", libs)
    return cflags, ["-l:libaftersales.a" if word == "-laftersales" and static else word for word in libs]


def runs(program, static, usr=USR):
    search = {} if static else {"LD_LIBRARY_PATH": str(usr / "lib")}
    printed = tap.must([program], env={**os.environ, **search})
    tap.expect(printed == EXPECTED, "printed", repr(printed))
    needed = tap.must(["readelf", "-d", program])
    tap.expect(("libaftersales" in needed) != static, "linked the wrong library:", needed)


def client(level, static, usr=USR, options=()):
    cflags, libs = flags(static, usr, options)
    program = SCRATCH / "client"
    tap.must([*level, *STRICT, *cflags, CLIENT, "-x", "none", "-o", program, *libs, *COMPLETE])
    runs(program, static, usr)


def client_pg(level, static):
    """PostgreSQL is its driver's matter: the core needs no libpq."""
    more = ["--static"] if static else []
    cflags, libs = (pkg_config(words, *more, of="aftersales-pg").split() for words in ("--cflags", "--libs"))
    program = SCRATCH / "client-pg"
    if static:  # what libpq consists of in its turn stays shared
        own = [f"-L{USR / 'lib'}", "-l:libaftersales-pg.a", "-l:libaftersales.a", "-lpthread", "-lm"]
        libs = own + [word for name in ("libpq", *REQUIRED) for word in pkg_config("--libs", of=name).split()]
    tap.must([*level, *STRICT, *cflags, CLIENT_PG, "-x", "none", "-o", program, *libs])
    printed = tap.must([program], env={**os.environ, "LD_LIBRARY_PATH": str(USR / "lib")})
    tap.expect(printed == "postgresql AFT_E_LOST\n", "printed", repr(printed))
    needed = tap.must(["readelf", "-d", program])
    tap.expect(("libaftersales" in needed) != static, "linked the wrong library:", needed)


def drivers_apart():
    """The core needs no libpq, and the driver nothing of the core's."""
    needs = {name: tap.must(["readelf", "-d", USR / f"lib/{name}"])
             for name in ("libaftersales.so", "libaftersales-pg.so")}
    tap.expect("libpq" not in needs["libaftersales.so"], "the core needs libpq")
    tap.expect("libpq" in needs["libaftersales-pg.so"], "the driver needs no libpq")
    tap.expect("NEEDED" in needs["libaftersales-pg.so"] and "[libaftersales.so" not in needs["libaftersales-pg.so"],
               "the driver needs the core")


def headers_installed():
    wanted = {str(p.relative_to(TOP / "include")) for p in tree.public_headers(TOP)} | {"aftersales.ffi.h"}
    if not WITH_PG:
        wanted.remove("aftersales/postgres.h")
    found = {str(p.relative_to(USR / "include")) for p in tree.files(USR / "include", ".h")}
    tap.expect(wanted == found, "differ:", sorted(wanted ^ found))


def pkg_config_tells():
    tap.expect(pkg_config("--modversion").split() == [VERSION], "--modversion:", pkg_config("--modversion"))
    required = pkg_config("--print-requires-private")
    for name in REQUIRED:
        tap.expect(name in required, name, "is not in Requires.private:", required)
    tap.expect(not pkg_config("--print-requires").strip(), "Requires: is not empty:", pkg_config("--print-requires"))


def moved(static):
    """The installed tree in another place; pkg-config is told by where its file lies."""
    place = SCRATCH / "moved"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(USR, place, symlinks=True)
    cflags, _ = flags(static, place, ["--define-prefix"])
    tap.expect(f"-I{place / 'include'}" in cflags, "still points to the first place:", cflags)
    client(LEVELS[0], static, place, ["--define-prefix"])


def staged():
    """DESTDIR, as packagers use it: the same files below another root, with the same words in them."""
    stage = SCRATCH / "stage"
    tap.must(["meson", "install", "-C", PLAIN / "build", "--no-rebuild", "--quiet"], env={**os.environ, "DESTDIR": str(stage)})
    below = stage / str(USR).lstrip("/")
    names = [sorted(str(p.relative_to(top)) for p in top.rglob("*")) for top in (USR, below)]
    tap.expect(names[0] == names[1], "differ:", sorted(set(names[0]) ^ set(names[1])))
    name = "lib/pkgconfig/aftersales.pc"
    tap.expect((USR / name).read_text() == (below / name).read_text(), name, "names the staging folder")


def embed(library, source, *words):
    """A shared object that has the static library inside."""
    cflags, libs = flags(True)
    tap.must([*CC, "-std=c99", "-shared", "-fPIC", *words, *cflags, source, "-o", library, *libs, "-Wl,--no-undefined"])


def conformance_kit():
    """The program runs as it was installed, and a client links the suite by pkg-config."""
    search = {**os.environ, "LD_LIBRARY_PATH": str(USR / "lib")}
    listed = tap.must([USR / "bin/aft-driver-conformance", "--list"], env=search)
    tap.must([USR / "bin/aft-driver-conformance", "--only", "values.", SCRATCH / "kit.db"], env=search)
    source, own = SCRATCH / "kit.c", SCRATCH / "kit"
    source.write_text("#include <aftersales/sys/conformance.h>\n#include <stdio.h>\n"
                      'int main(void) { printf("%u\\n", (unsigned)aft_conformance_count()); return 0; }\n')
    paths = {**os.environ, "PKG_CONFIG_PATH": str(USR / "lib/pkgconfig")}
    words = tap.must(["pkg-config", "--cflags", "--libs", "aftersales-conformance"], env=paths).split()
    tap.must([*CC, "-std=c99", *STRICT, source, "-o", own, *words])
    tap.expect(tap.must([own], env=search) == f"{len(listed.splitlines())}\n", "counts other cases than are listed")


def static_reexports_nothing():
    library = SCRATCH / "embeds.so"
    embed(library, CLIENT)
    exported = tap.must(["nm", "-D", "--defined-only", library])
    tap.expect("aft_" not in exported, exported)


def two_copies():
    """A program with the shared library, and a plug-in with a copy of its own: neither takes the other's functions."""
    embed(SCRATCH / "libplugin.so", CLIENT, "-Dmain=plugin_main")
    source = SCRATCH / "both.c"
    source.write_text(CLIENT.read_text().replace("int main(void)", "int plugin_main(void);\nstatic int own(void)")
                      + "\nint main(void) { return own() || plugin_main(); }\n")
    cflags, libs = flags(False)
    program = SCRATCH / "both"
    tap.must([*CC, "-std=c99", *cflags, source, "-o", program, f"-L{SCRATCH}", "-lplugin", *libs])
    printed = tap.must([program], env={**os.environ, "LD_LIBRARY_PATH": f"{SCRATCH}:{USR / 'lib'}"})
    tap.expect(printed == EXPECTED * 2, "printed", repr(printed))


def hidden():
    """A program cannot reach what begins with aft__, which is the library's inside."""
    source = SCRATCH / "hidden.c"
    source.write_text("#include <stddef.h>\nint aft__nomem(void *error);\nint main(void) { return aft__nomem(NULL); }\n")
    cflags, libs = flags(False)
    done = tap.run([*CC, *cflags, source, "-o", SCRATCH / "hidden", *libs])
    tap.expect(done.returncode != 0 and "aft__nomem" in done.stderr, "an internal function is exported", done.stderr)


def library_is_complete():
    """Every library that it uses is named in it."""
    missing = tap.must(["ldd", "-r", USR / "lib/libaftersales.so"])
    tap.expect("undefined" not in missing and "not found" not in missing, missing)
    named = tap.must(["readelf", "-d", USR / "lib/libaftersales.so"])
    tap.expect(re.search(r"SONAME.*\[libaftersales\.so\.\d+\]", named), "its soname has no number:", named)


def subproject(kind):
    """A user's project with the tree as a subproject, in C and in C++."""
    project, build = SCRATCH / "project", SCRATCH / f"build-{kind}"
    if not project.exists():
        shutil.copytree(TOP / "tests/gates/subproject", project)
        shutil.copy(CLIENT, project)
        shutil.copy(CLIENT_PG, project)
        shutil.copy(CLIENT, project / "client.cpp")
        (project / "subprojects").mkdir()
        (project / "subprojects/aftersales").symlink_to(TOP)
    quick = ["-Dbuildtype=plain", "-Daftersales:tests=false", "-Daftersales:examples=false"]
    tap.must(["meson", "setup", build, project, "--force-fallback-for=aftersales", f"-Ddefault_library={kind}",
              f"-Daftersales:default_library={kind}", *quick])
    tap.must(["ninja", "-C", build, "-j2"])
    tap.must(["meson", "test", "-C", build, "--no-rebuild"])


def name_of(static):
    return "static" if static else "shared"


try:
    tap.main(
        [(f"client as {level[-1][5:]}, {name_of(static)}", lambda level=level, static=static: client(level, static))
         for level in LEVELS for static in (False, True)]
        + [(f"client of PostgreSQL as {level[-1][5:]}, {name_of(static)}",
            lambda level=level, static=static: client_pg(level, static))
           for level in (LEVELS if WITH_PG else []) for static in (False, True)]
        + ([("the driver for PostgreSQL stands apart", drivers_apart)] if WITH_PG else [])
        + [(f"moved to another place, {name_of(static)}", lambda static=static: moved(static)) for static in (False, True)]
        + [
            ("every public header is installed", headers_installed),
            ("the conformance suite and program are installed", conformance_kit),
            ("pkg-config tells version and private libraries", pkg_config_tells),
            ("DESTDIR installs the same files", staged),
            ("the shared library is complete", library_is_complete),
            ("internal functions are not exported", hidden),
            ("the static library is not exported again", static_reexports_nothing),
            ("two copies in one process do not mix", two_copies),
        ]
        + [(f"the tree works as a subproject, {kind}", lambda kind=kind: subproject(kind))
           for kind in ("both", "static", "shared")]
    )
finally:
    shutil.rmtree(SCRATCH)
