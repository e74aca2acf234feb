"""README.md and docs/python.md: their programs run; those of one page in order, as one."""
from __future__ import annotations

import os
import pathlib
import re
import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "page, words",
    [
        ("README.md", ["支付失败", "'payment'"]),
        ("docs/python.md", ["payment urgent", "支付失败", "waiting_customer", "AFT_E_DENIED", "['parcel', 'refund']"]),
    ],
)
def test_the_programs_of_a_page_run(top: pathlib.Path, tmp_path: pathlib.Path, page: str, words: list[str]) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```$", (top / page).read_text(encoding="utf-8"), re.M | re.S)
    assert blocks
    script = tmp_path / "page.py"
    script.write_text("\n".join(blocks), encoding="utf-8")
    env = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)], cwd=tmp_path, capture_output=True, text=True, timeout=120, env=env
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert [word for word in words if word not in done.stdout] == []
