"""`liuke`: the command line's entry."""

from __future__ import annotations

import typer

from liuke.cli import loading, reading, running, starting

app = typer.Typer(
    name="liuke",
    help="Keep customers: measure, warn, value, decide, plan, report · 留客:度量、预警、估值、决策、计划、报告",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for group in (starting, loading, running, reading):
    group.register(app)


def main() -> None:
    """Run the command line."""
    app()
