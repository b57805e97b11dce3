"""What the demonstration prints at its end: five numbers, where the files lie, the first ten customers and why."""

from __future__ import annotations

from typing import Any

from liuke.cli.terminal import facts, out
from liuke.kernel.words import Language, Words

NUMBERS = Words("五个要紧的数", "The five numbers that matter")
FILES = Words("文件", "Files")
FIRST = Words("最该先联系的十位客户", "The first ten customers of the plan")


def print_demonstration(done: dict[str, Any]) -> None:
    """Print the demonstration's results."""
    language: Language = done["language"]
    out.print()
    facts(NUMBERS.in_(language), done["headline"])
    out.print()
    facts(FILES.in_(language), {"snapshot": done["snapshot"], **done["files"]})
    out.print()
    out.print(f"[bold]{FIRST.in_(language)}[/]")
    for number, row in enumerate(done["first"], 1):
        values = list(row.values())
        customer, warning, _, reason, remedy, _, _, channel, due_on, from_hour, to_hour, _, unit, why = values
        head = f"{number:>2}. {customer}  {warning or '–'}  {reason}  → {remedy} ({channel}, {due_on} "
        out.print(f"{head}{from_hour}:00–{to_hour}:00, {unit or '–'})".replace("[", r"\["))
        out.print(f"    {why}".replace("[", r"\["))
    out.print()
    seconds = Words(f"用时 {done['seconds']} 秒", f"{done['seconds']} seconds").in_(language)
    out.print(f"{seconds} · liuke show {done['workspace']} plan · liuke explain {done['workspace']} <customer_id>")
