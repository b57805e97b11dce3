"""Every Python example of both READMEs runs as written and prints what it says."""

from __future__ import annotations

import contextlib
import io
import re
from datetime import date, timedelta
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _orders(path: Path) -> None:
    """Write two years of orders: everybody buys at a pace of their own, and every third stops half way."""
    lines = ["客户编号,下单时间,金额"]
    for number in range(60):
        day, until = date(2024, 1, 1 + number % 28), date(2025, 1 if number % 3 == 0 else 12, 31)
        while day <= until:
            lines.append(f"{number:05d},{day},{20 + number % 7 * 5}.50")
            day += timedelta(days=15 + number % 11)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_every_example_prints_what_it_says(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _orders(tmp_path / "orders.csv")
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / name).read_text(encoding="utf-8"), re.DOTALL)
    printed = io.StringIO()
    names: dict[str, object] = {}
    with contextlib.redirect_stdout(printed):
        for block in blocks:
            exec(compile(block, name, "exec"), names)
    said = [line.split("  # ")[1] for block in blocks for line in block.splitlines() if line.startswith("print(")]
    assert len(said) == 7
    assert printed.getvalue().splitlines() == said
