"""How long work tells where it is: one callable, nothing more."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called with how much is done, of how much, and the step's name."""

    def __call__(self, done: int, total: int, step: str) -> None:
        """Report `done` of `total` units of `step`."""


def silent(done: int, total: int, step: str) -> None:
    """Report nothing."""
