"""The package: its version, its names, its types, its example; everything of the C interface is reachable."""
from __future__ import annotations

import importlib
import json
import os
import pathlib
import re
import subprocess
import sys

import pytest
from conftest import Shop

import aftersales as a
from aftersales import _ffi, _version


def run(*command: object, **more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=300, **more)  # type: ignore[call-overload,no-any-return]


def test_one_version(top: pathlib.Path) -> None:
    found = re.search(r"^\s*version: '([^']+)'", (top / "meson.build").read_text(), re.M)
    assert found and a.__version__ == a.library_version() == found.group(1)


@pytest.mark.parametrize(
    "built, found, good",
    [
        ("0.1.0", "0.1.0", True),
        ("0.1.0", "0.1.7", True),
        ("0.1.7", "0.1.0", False),
        ("0.1.0", "0.2.0", False),
        ("0.2.0", "0.1.9", False),
        ("1.2.0", "1.10.0", True),
        ("1.2.0", "2.0.0", False),
        ("0.1.0", "strange", False),
    ],
)
def test_a_library_that_does_not_fit_is_refused(built: str, found: str, good: bool) -> None:
    if good:
        _version.check(built, found)
        return
    with pytest.raises(ImportError, match=f"built for libaftersales {built}, but {found} was loaded"):
        _version.check(built, found)


def test_every_public_function_has_its_place(top: pathlib.Path) -> None:
    """A new function of the C interface is either a line of generator/table.py or used by hand."""
    sys.path.insert(0, str(top / "bindings/python/generator"))
    table = importlib.import_module("table")

    listed = re.findall(r"^  (aft_\w+);", (top / "lib/libaftersales.map").read_text(), re.M)
    placed = [c.function for c in table.COMMANDS] + table.BY_HAND + table.NOT_THERE
    assert sorted(listed) == sorted(placed)
    sources = "".join(p.read_text() for p in (top / "bindings/python/aftersales").glob("*.py"))
    assert [name for name in table.BY_HAND if f"lib.{name}" not in sources] == []


def test_errors_follow_the_table(top: pathlib.Path) -> None:
    rows = re.findall(r'AFT__STATUS\((AFT_E_\w+), (-\d+), ([01]), "([^"]+)"\)', (top / "lib/base/errors.def").read_text())
    assert len(rows) == len(a.errors.BY_CODE)
    for name, code, transient, phrase in rows:
        error = a.errors.BY_CODE[int(code)]("what")
        assert (error.code, error.name, error.transient) == (int(code), name, transient == "1")
        assert phrase in (type(error).__doc__ or "") and str(error) == f"{name}: what"


def test_records_follow_the_table(shop: Shop) -> None:
    ticket = shop.desk.ticket(shop.say().ticket)
    shown = json.loads(ticket.json())
    assert list(shown) == list(ticket.as_dict()) == list(ticket.FIELDS)
    assert shown["id"] == str(ticket.id) and shown["chain"] == ticket.chain.hex()
    event = next(shop.amy.history(ticket.id))
    assert event.as_dict()["from"] == event.from_
    assert ticket.subject and "快递" not in repr(ticket) and ticket.code in repr(ticket)
    kinds = [getattr(a, name) for name in a.records.__all__]
    for kind in kinds:
        assert getattr(_ffi.lib, "AFT_KIND" + re.sub("([A-Z])", r"_\1", kind.__name__).upper()) == kind.KIND
        assert not set(kind.FIELDS) & {"json", "as_dict", "replayed", "ignored"}


def test_nothing_of_the_core_is_exported() -> None:
    shown = run("nm", "-D", "--defined-only", _ffi.__file__)
    names = [line.split()[-1] for line in shown.stdout.splitlines()]
    assert [name for name in names if not name.startswith(("PyInit_", "_cffi_pypyinit_"))] == []


@pytest.mark.parametrize("language, words", [("zh", ["支付", "投诉", "合计"]), ("en", ["Payment", "Complaint", "in all"])])
def test_the_tour(top: pathlib.Path, language: str, words: list[str]) -> None:
    done = run(sys.executable, "-W", "error", top / "bindings/python/examples/tour.py", language)
    assert (done.returncode, done.stderr) == (0, "")
    assert all(word in done.stdout for word in ["replayed", "AFT_E_DENIED", *words])


def test_with_the_shared_library(top: pathlib.Path) -> None:
    """The same package, built for the installed library instead of with the core inside."""
    if "AFT_SHARED" not in os.environ:
        pytest.skip("no library is installed for this run")
    places = {"PYTHONPATH": os.environ["AFT_SHARED"], "LD_LIBRARY_PATH": os.environ["AFT_PREFIX"] + "/lib"}
    env = {**os.environ, **places}
    script = "import aftersales._ffi as f; print(f.__file__); print(open('/proc/self/maps').read())"
    shown = run(sys.executable, "-c", script, env=env).stdout
    assert shown.startswith(os.environ["AFT_SHARED"]) and "/libaftersales.so" in shown
    done = run(sys.executable, "-W", "error", top / "bindings/python/examples/tour.py", "en", env=env)
    assert (done.returncode, done.stderr) == (0, "") and "replayed" in done.stdout


@pytest.mark.parametrize("what", [["-p", "aftersales"], ["../examples", "."]], ids=["package", "examples and tests"])
def test_types(top: pathlib.Path, tmp_path_factory: pytest.TempPathFactory, what: list[str]) -> None:
    cache = tmp_path_factory.getbasetemp() / "mypy"
    done = run(sys.executable, "-m", "mypy", "--strict", "--cache-dir", cache, *what, cwd=top / "bindings/python/tests")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_package_documents_itself() -> None:
    assert a.Desk.answer.__doc__ and "ticket" in a.Desk.answer.__doc__
    assert all((getattr(a, name).__doc__ or "").strip() for name in a.__all__ if name != "__version__")
