"""What an early warning has learned, as one value: candidates, calibrations, references for drift; plain when saved."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from liuke.risk import selection
from liuke.risk.baselines import BASE_RATE, Scorer, scorer_from_json
from liuke.risk.calibration import Calibration
from liuke.risk.drift import Drift, Reference
from liuke.risk.examples import Encoding, Matrix
from liuke.risk.learners import thinned
from liuke.risk.signals import mean_importances

Vector = NDArray[np.float64]
CHUNK = 100_000
IMPORTANCE_ROWS = 5000


@dataclass(frozen=True, slots=True, eq=False)
class Knowledge:
    """Everything learned.

    Parameters
    ----------
    encoding : Encoding
        Features to matrix.
    scorers, calibrations : dict
        Every candidate by name.
    used : str
        The candidate in use.
    fallbacks : tuple of str
        What replaces it, best first, when customers differ from those it knows.
    importances : dict
        Share of each feature in what is used.
    typical : dict
        Median of each numeric feature among the tested.
    feature_references, score_references : dict
        The tested population, to tell drift from.
    base_rate : float
        Share of losses on the day of test.
    report : dict
        What the test decides on the card.
    """

    encoding: Encoding
    scorers: dict[str, Scorer]
    calibrations: dict[str, Calibration]
    used: str
    fallbacks: tuple[str, ...]
    importances: dict[str, float]
    typical: dict[str, float]
    feature_references: dict[str, Reference]
    score_references: dict[str, Reference]
    base_rate: float
    report: dict[str, Any]

    def scored(self, features: pa.Table, name: str, threads: int) -> tuple[Vector, Drift, dict[str, Drift]]:
        """Return raw scores, their drift, and the drift of each feature, a chunk of customers at a time."""
        raw = np.empty(features.num_rows)
        counts = {column: np.zeros_like(found.counts) for column, found in self.feature_references.items()}
        for first in range(0, features.num_rows, CHUNK):
            matrix = self.encoding.matrix(features.slice(first, CHUNK))
            raw[first : first + CHUNK] = self.scorers[name].raw(matrix, self.encoding, threads)
            for place, column in enumerate(self.encoding.names):
                counts[column] += self.feature_references[column].counts_of(matrix[:, place])
        score = self.score_references[name]
        moved = {column: found.drift(counts[column]) for column, found in self.feature_references.items()}
        return raw, score.drift(score.counts_of(raw)), moved

    def fallback(self, features: pa.Table, threads: int) -> tuple[str, Vector]:
        """Return the best rule whose scores have not drifted, with its raw scores."""
        for name in self.fallbacks:
            raw, drift, _ = self.scored(features, name, threads)
            if drift.reading != "large":
                return name, raw
        return BASE_RATE, np.zeros(features.num_rows)

    def to_json(self) -> dict[str, Any]:
        """Return plain data from which `from_json` builds the same knowledge."""
        return {
            "encoding": self.encoding.to_json(),
            "scorers": {name: scorer.to_json() for name, scorer in self.scorers.items()},
            "calibrations": {name: found.to_json() for name, found in self.calibrations.items()},
            "used": self.used,
            "fallbacks": list(self.fallbacks),
            "importances": self.importances,
            "typical": self.typical,
            "feature_references": {name: found.to_json() for name, found in self.feature_references.items()},
            "score_references": {name: found.to_json() for name, found in self.score_references.items()},
            "base_rate": self.base_rate,
            "report": self.report,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Knowledge:
        """Return the knowledge written by `to_json`."""
        return cls(
            Encoding.from_json(data["encoding"]),
            {name: scorer_from_json(name, found) for name, found in data["scorers"].items()},
            {name: Calibration.from_json(found) for name, found in data["calibrations"].items()},
            data["used"],
            tuple(data["fallbacks"]),
            dict(data["importances"]),
            dict(data["typical"]),
            {name: Reference.from_json(found) for name, found in data["feature_references"].items()},
            {name: Reference.from_json(found) for name, found in data["score_references"].items()},
            float(data["base_rate"]),
            data["report"],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Fitted candidates with their calibrations."""

    encoding: Encoding
    scorers: dict[str, Scorer]
    calibrations: dict[str, Calibration]


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """The customers tested: what they look like, and how many were lost."""

    matrix: Matrix
    raws: dict[str, Vector]
    base_rate: float


def knowledge(
    candidates: Candidates,
    choice: selection.Choice,
    population: Population,
    report: dict[str, Any],
    *,
    seed: int,
    threads: int,
) -> Knowledge:
    """Return what is remembered of a fit: the candidates, and the tested population as the reference for drift."""
    encoding = candidates.encoding
    some = population.matrix[thinned(len(population.matrix), IMPORTANCE_ROWS, seed)]
    contributions = candidates.scorers[choice.used].contributions(some, encoding, threads)
    typical, references = _described(population.matrix, encoding)
    return Knowledge(
        encoding,
        candidates.scorers,
        candidates.calibrations,
        choice.used,
        choice.fallbacks,
        mean_importances(contributions, encoding),
        typical,
        references,
        {name: Reference.of(raw) for name, raw in population.raws.items()},
        population.base_rate,
        report,
    )


def _described(matrix: Matrix, encoding: Encoding) -> tuple[dict[str, float], dict[str, Reference]]:
    typical, references = {}, {}
    for place, name in enumerate(encoding.names):
        column = matrix[:, place]
        if encoding.is_category(name):
            references[name] = Reference.of_levels(column, len(encoding.levels[name]))
            continue
        references[name] = Reference.of(column)
        known = column[~np.isnan(column)]
        middle = float(np.median(known)) if len(known) else math.nan
        if math.isfinite(middle):
            typical[name] = middle
    return typical, references
