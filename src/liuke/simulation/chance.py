"""Draws that repeat: every part of every month has its own stream of random numbers."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Chance:
    """Random numbers by name.

    Parameters
    ----------
    seed : int
        The seed of the whole invention.
    path : int, default 0
        0 for what really happens; 1, 2, … for imagined futures.

    Notes
    -----
    Each draw names its part and month and gets a fresh stream, in which the customers stand in the order of their
    numbers. A run with more customers therefore repeats the smaller run for the customers both have.
    """

    seed: int
    path: int = 0

    def of(self, part: str, *where: int) -> np.random.Generator:
        """Return the generator of one part of one month."""
        key = (self.path, zlib.crc32(part.encode()), *where)
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence(self.seed, spawn_key=key)))

    def uniform(self, part: str, size: int, *where: int) -> Array:
        """Return `size` numbers uniform on [0, 1)."""
        return self.of(part, *where).random(size, dtype=np.float32)

    def normal(self, part: str, size: int, *where: int) -> Array:
        """Return `size` standard normal numbers."""
        return self.of(part, *where).standard_normal(size, dtype=np.float32)

    def pick(self, part: str, shares: tuple[float, ...], size: int, *where: int) -> Array:
        """Return `size` choices 0, 1, … drawn with the given shares."""
        edges = np.cumsum(np.asarray(shares, dtype=np.float64))
        drawn = np.searchsorted(edges / edges[-1], self.uniform(part, size, *where), side="right")
        return np.minimum(drawn, len(shares) - 1).astype(np.int8)
