"""What the terminal sees: progress on stderr, answers on stdout, errors as one line with an exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from liuke.kernel.errors import LiukeError, Unavailable
from liuke.kernel.progress import Progress as Reported

EXIT_FAULT, EXIT_USE, EXIT_INPUT = 1, 2, 3

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document to stdout · 输出一个 JSON 文档")]

WIDE = 160

out = Console(highlight=False, soft_wrap=True)
if not out.is_terminal:
    out.width = WIDE
err = Console(stderr=True, highlight=False, soft_wrap=True)


def answer(document: object) -> None:
    """Print `document` as JSON on stdout."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=1, default=str) + "\n")


@contextmanager
def spoken_errors(as_json: bool) -> Iterator[None]:
    """Turn an error of ours into its words and its exit code."""
    try:
        yield
    except LiukeError as error:
        code = EXIT_FAULT if isinstance(error, Unavailable) else EXIT_INPUT
        if as_json:
            answer({"error": {"code": type(error).__name__, "message": str(error)}})
        err.print(f"[bold red]liuke:[/] {_escaped(str(error))}")
        raise typer.Exit(code) from error
    except MemoryError as error:
        err.print("[bold red]liuke:[/] not enough memory; nothing was changed. Set [limits] memory_limit in liuke.toml")
        raise typer.Exit(EXIT_FAULT) from error


def _escaped(text: str) -> str:
    return text.replace("[", r"\[")


@contextmanager
def progress_bar() -> Iterator[Reported]:
    """Give a progress callable that draws one bar a step on a terminal, or one line a step elsewhere."""
    if not err.is_terminal:
        yield _lines()
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err) as bars:
        tasks: dict[str, Any] = {}

        def report(done: int, total: int, step: str) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step, total=total)
            bars.update(tasks[step], completed=done, total=total)

        yield report


def _lines() -> Reported:
    told: set[str] = set()

    def report(done: int, total: int, step: str) -> None:
        if step not in told:
            told.add(step)
            err.print(f"… {_escaped(step)}")

    return report


def facts(title: str, rows: Mapping[str, object]) -> None:
    """Print a short list of named facts."""
    out.print(f"[bold]{_escaped(title)}[/]")
    width = max((_width(name) for name in rows), default=0)
    for name, value in rows.items():
        out.print(f"  {name}{' ' * (width - _width(name))}  {_escaped(str(value))}")


def _width(text: str) -> int:
    return sum(2 if ord(character) > 0x2E7F else 1 for character in text)
