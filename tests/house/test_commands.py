"""The house: every verb is documented in both languages, and `import liuke` is light."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

import liuke
from liuke.cli.main import app

ROOT = Path(__file__).resolve().parents[2]
HEAVY = (
    "altair",
    "duckdb",
    "lightgbm",
    "numpy",
    "pandas",
    "polars",
    "pyarrow",
    "pydantic",
    "scipy",
    "sklearn",
    "typer",
)
VERBS = sorted(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


@pytest.mark.parametrize("page", ["README.md", "README.zh.md"])
def test_every_verb_is_documented(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    undocumented = [verb for verb in VERBS if not re.search(rf"liuke {verb}\b", text)]
    assert undocumented == []


@pytest.mark.parametrize("page", ["README.md", "README.zh.md"])
def test_no_page_promises_a_verb_that_is_not_there(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    promised = set(re.findall(r"^\s*(?:\$ )?(?:\.venv/bin/)?liuke ([a-z]+)\b", text, flags=re.MULTILINE))
    assert promised
    assert promised <= set(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_says_what_it_does_in_both_languages(verb: str) -> None:
    command = typer.main.get_command(app).commands[verb]  # type: ignore[attr-defined]
    assert re.search("[A-Za-z]{3}", command.help or "")
    assert re.search("[\u4e00-\u9fff]", command.help or "")


@pytest.mark.parametrize("name", liuke.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert callable(getattr(liuke, name))
    assert getattr(liuke, name).__doc__


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'sell'"):
        liuke.sell  # noqa: B018


def test_importing_liuke_loads_nothing_heavy() -> None:
    code = f"import sys, liuke; print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_the_command_line_loads_no_engine_and_no_learner() -> None:
    heavy = ("altair", "duckdb", "lightgbm", "pandas", "polars", "scipy", "sklearn")
    code = f"import sys, liuke.cli.main; print(sorted(set({heavy!r}) & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
