"""Gate: the installed library serves C and C++ clients, shared and static, through pkg-config; every public header is
installed; and the tree works as a Meson subproject. Usage: install.py ROOT PLAIN_FOLDER"""
import os
import pathlib
import shutil
import sys
import tempfile

import tap
import tree

TOP, USR = tree.root(), pathlib.Path(sys.argv[2]).resolve() / "usr"
SCRATCH = pathlib.Path(tempfile.mkdtemp(prefix="aft-install-"))
CLIENT = TOP / "tests/gates/client/client.c"
PATHS = {**os.environ, "PKG_CONFIG_PATH": str(USR / "lib/pkgconfig")}
EXPECTED = "0.1.0 AFT_E_NOMEM 64\n"


def flags(*options, of=("aftersales",)):
    return tap.must(["pkg-config", *options, *of], env=PATHS).split()


def libraries_of(static):
    """Statically, only this library is meant: what it requires stays shared."""
    own = flags("--libs")
    if not static:
        return own
    required = flags("--print-requires-private")
    rest = flags("--libs", of=[word for word in required if word[0].isalpha()])
    return ["-l:libaftersales.a" if word == "-laftersales" else word for word in own] + rest + ["-lpthread"]


def cflags_of(static):
    words = flags("--cflags", *(["--static"] if static else []))
    tap.expect(("-DAFT_STATIC" in words) == static, "cflags:", words)
    return words


def client(language, static):
    compiler = [os.environ.get("CC", "cc"), "-std=c99"] if language == "c" else [os.environ.get("CXX", "c++")]
    program = SCRATCH / f"client-{language}-{static}"
    words = ["-Wall", "-Wextra", "-pedantic", "-Werror", "-x", language, CLIENT, "-x", "none", "-o", program]
    tap.must(compiler + cflags_of(static) + words + libraries_of(static))
    search = {} if static else {"LD_LIBRARY_PATH": str(USR / "lib")}
    printed = tap.must([program], env={**os.environ, **search})
    tap.expect(printed == EXPECTED, "printed", repr(printed))
    needed = tap.must(["readelf", "-d", program])
    tap.expect(("libaftersales" in needed) != static, "linked the wrong library:", needed)


def headers_installed():
    wanted = {str(p.relative_to(TOP / "include")) for p in tree.public_headers(TOP)} | {"aftersales.ffi.h"}
    found = {str(p.relative_to(USR / "include")) for p in tree.files(USR / "include", ".h")}
    tap.expect(wanted == found, "differ:", sorted(wanted ^ found))


def pkg_config_version():
    version = flags("--modversion")
    tap.expect(version == ["0.1.0"], version)
    required = tap.must(["pkg-config", "--print-requires-private", "aftersales"], env=PATHS)
    for name in ("sqlite3", "yaml-0.1", "libutf8proc"):
        tap.expect(name in required, name, "is not in Requires.private:", required)


def static_reexports_nothing():
    """A shared object that embeds the static library exports none of its functions."""
    library = SCRATCH / "embeds.so"
    words = [os.environ.get("CC", "cc"), "-shared", "-fPIC", *cflags_of(True), CLIENT, "-o", library]
    tap.must(words + libraries_of(True))
    exported = tap.must(["nm", "-D", "--defined-only", library])
    tap.expect("aft_" not in exported, exported)


def subproject():
    project, build = SCRATCH / "project", SCRATCH / "build"
    shutil.copytree(TOP / "tests/gates/subproject", project)
    shutil.copy(CLIENT, project)
    (project / "subprojects").mkdir()
    (project / "subprojects/aftersales").symlink_to(TOP)
    quick = ["-Dbuildtype=plain", "-Daftersales:tests=false", "-Daftersales:examples=false"]
    tap.must(["meson", "setup", build, project, "--force-fallback-for=aftersales", *quick])
    tap.must(["ninja", "-C", build])
    tap.must(["meson", "test", "-C", build, "--no-rebuild"])


try:
    clients = [(l, s) for l in ("c", "c++") for s in (False, True)]
    tap.main(
        [(f"client in {l}, {'static' if s else 'shared'}", lambda l=l, s=s: client(l, s)) for l, s in clients]
        + [
            ("every public header is installed", headers_installed),
            ("pkg-config tells version and private libraries", pkg_config_version),
            ("the static library is not exported again", static_reexports_nothing),
            ("the tree works as a subproject", subproject),
        ]
    )
finally:
    shutil.rmtree(SCRATCH)
