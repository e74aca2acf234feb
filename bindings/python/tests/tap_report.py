"""Makes pytest speak TAP, for tests/summary.py: one line a case, what failed as comments below it."""
from __future__ import annotations

from typing import Any

import pytest


class Tap:
    def __init__(self) -> None:
        self.n = 0

    def line(self, good: bool, name: str, more: str = "") -> None:
        self.n += 1
        print(f"{'ok' if good else 'not ok'} {self.n} - {name}{more}", flush=True)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        print(f"1..{len(session.items)}", flush=True)

    def pytest_runtest_logreport(self, report: Any) -> None:
        name = report.nodeid.split("/")[-1]
        if report.skipped:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
            self.line(True, name, f" # SKIP {reason}")
        elif report.failed:
            self.line(False, f"{name} ({report.when})" if report.when != "call" else name)
            text = f"{report.longreprtext}\n{report.capstdout}\n{report.capstderr}"
            print("\n".join("# " + line for line in text.strip().splitlines()[-80:]), flush=True)
        elif report.when == "call":
            self.line(True, name)

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.line(False, f"collecting {report.nodeid}")
            print("\n".join("# " + line for line in report.longreprtext.splitlines()[-40:]), flush=True)


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Tap())
