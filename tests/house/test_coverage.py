"""`docs/coverage.md` names only what exists, and every requirement once."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROWS = re.findall(
    r"S\d-\d+",
    """
S0-24 S0-25 S0-26 S0-27 S0-28 S0-29 S0-30 S0-31 S2-04 S2-24 S3-58 S0-53 S3-11 S2-06 S2-07 S2-08 S2-09 S2-10 S2-14 S2-63
S2-64 S2-65 S2-66 S3-93 S3-94 S3-128 S2-38 S2-43 S2-68 S2-69 S2-70 S2-71 S2-72 S2-73 S2-74 S3-52 S3-53 S2-05 S1-04 S1-07
S1-10 S0-20 S0-23 S0-32 S0-33 S0-34 S2-12 S2-22 S3-126 S0-19 S0-22 S0-36 S0-37 S1-11 S1-13 S1-18 S2-15 S2-19 S2-35 S2-36
S2-39 S2-67 S4-02 S2-84 S2-85 S2-86 S2-87 S2-88 S2-89 S2-92
""",
)


def _lines() -> list[list[str]]:
    text = (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if re.match(r"\| S\d-", line)]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


@cache
def _names(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef))


def test_every_requirement_has_one_row() -> None:
    assert [cells[0] for cells in _lines()] == ROWS


def test_every_place_named_exists() -> None:
    named = [
        (cells[0], place)
        for cells in _lines()
        for place in re.findall(r"`((?!liuke\.toml)[a-z_.]+\.\w+)`", f"{cells[3]} {cells[5]}")
    ]
    missing = []
    for row, place in named:
        *module, name = place.split(".")
        path = ROOT.joinpath("src", "liuke", *module).with_suffix(".py")
        if not path.is_file() or name not in _names(path):
            missing.append(f"{row}: {place}")
    assert len(named) >= len(ROWS)
    assert missing == []


def test_every_test_named_exists() -> None:
    missing = []
    for cells in _lines():
        found = re.fullmatch(r"`([\w/]+\.py)::(test_\w+)`", cells[4])
        path = ROOT / "tests" / (found[1] if found else "")
        if not found or not path.is_file() or found[2] not in _names(path):
            missing.append(f"{cells[0]}: {cells[4]}")
    assert missing == []


def test_what_is_not_in_a_run_says_what_is_missing() -> None:
    assert {cells[2] for cells in _lines()} == {"run", "library"}
    assert [cells[0] for cells in _lines() if cells[2] == "library" and not cells[5].startswith("not yet: ")] == []
