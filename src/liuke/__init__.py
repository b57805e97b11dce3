"""Liuke (留客) keeps customers: measure, warn, value, decide, plan, report.

The verbs of the command line are functions here, loaded on first use::

    import liuke

    liuke.new("acme", industry="retail")
    liuke.load("acme", "transactions", orders, accept=True)   # a path, or an Arrow, pandas or Polars table
    liuke.run("acme")
    plan = liuke.show("acme", "plan")

The pillars `metrics`, `risk`, `lifetime`, `uplift` and `budget` are usable alone, on arrays and tables.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from liuke.pipelines.backtest import backtest
    from liuke.pipelines.explain import explain
    from liuke.pipelines.load import load, loads, unload
    from liuke.pipelines.report import report
    from liuke.pipelines.run import run
    from liuke.pipelines.show import show
    from liuke.pipelines.simulate import simulate
    from liuke.workspace.folder import new_workspace as new
    from liuke.workspace.folder import open_workspace

__version__ = "0.1.0"
__all__ = [
    "backtest",
    "explain",
    "load",
    "loads",
    "new",
    "open_workspace",
    "report",
    "run",
    "show",
    "simulate",
    "unload",
]

_WHERE = {
    "backtest": ("liuke.pipelines.backtest", "backtest"),
    "explain": ("liuke.pipelines.explain", "explain"),
    "load": ("liuke.pipelines.load", "load"),
    "loads": ("liuke.pipelines.load", "loads"),
    "new": ("liuke.workspace.folder", "new_workspace"),
    "open_workspace": ("liuke.workspace.folder", "open_workspace"),
    "report": ("liuke.pipelines.report", "report"),
    "run": ("liuke.pipelines.run", "run"),
    "show": ("liuke.pipelines.show", "show"),
    "simulate": ("liuke.pipelines.simulate", "simulate"),
    "unload": ("liuke.pipelines.load", "unload"),
}


def __getattr__(name: str) -> Any:
    """Load a verb when it is first asked for."""
    if name not in _WHERE:
        raise AttributeError(f"module 'liuke' has no attribute {name!r}")
    module, attribute = _WHERE[name]
    return getattr(import_module(module), attribute)
