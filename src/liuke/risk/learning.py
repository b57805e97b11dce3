"""From examples to fitted candidates: the model and the simple rules, all seeing the same features."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from liuke.risk import gates, selection
from liuke.risk.baselines import BASE_RATE, MODEL, BaselineColumns, Everybody, Scorer, fitted_baselines
from liuke.risk.calibration import Calibration, calibrated, constant, stratified_folds
from liuke.risk.examples import Encoding, Matrix, learned_encoding
from liuke.risk.learners import Size, fitted_ensemble, thinned

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Plan:
    """The settings that shape what is learned.

    Parameters
    ----------
    seed : int
        Of every draw.
    size : Size
        How large the model may grow.
    columns : BaselineColumns
        Which features the simple rules read.
    trusted : frozenset of str
        Features never refused as leaks.
    threads : int
        Changes the time, not the result.
    """

    seed: int
    size: Size
    columns: BaselineColumns
    trusted: frozenset[str]
    threads: int


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Examples as a matrix of the features that may be used."""

    matrix: Matrix
    churned: NDArray[np.bool_]
    encoding: Encoding
    strength: dict[str, float]
    refused: tuple[gates.Refusal, ...]
    notices: tuple[gates.Notice, ...]


def prepared(features: pa.Table, churned: NDArray[np.bool_], plan: Plan) -> Prepared:
    """Return the examples encoded, without silent and leaked features.

    Parameters
    ----------
    features : pa.Table
        Sorted by day and customer.
    churned : ndarray of bool
        The outcome.
    plan : Plan
        The settings.
    """
    rows = thinned(len(churned), plan.size.max_rows, plan.seed)
    if not isinstance(rows, slice):
        features, churned = features.take(pa.array(rows)), churned[rows]
    encoding, constant = learned_encoding(features)
    matrix = encoding.matrix(features)
    strength = gates.single_feature_aucs(matrix, churned, encoding, seed=plan.seed)
    refused = gates.leaks(strength, plan.trusted)
    notices = list(gates.suspicions(strength, plan.trusted))
    if constant:
        notices.append(gates.silent(constant))
    if refused:
        encoding, matrix = narrowed(encoding, matrix, {refusal.feature for refusal in refused})
    if not encoding.names:
        notices.append(gates.NOTHING_TO_LEARN)
    return Prepared(matrix, churned, encoding, strength, refused, tuple(notices))


def narrowed(encoding: Encoding, matrix: Matrix, dropped: Collection[str]) -> tuple[Encoding, Matrix]:
    """Return encoding and matrix without some features."""
    kept = [place for place, name in enumerate(encoding.names) if name not in dropped]
    return encoding.without(sorted(dropped)), matrix[:, kept]


def fitted_candidates(examples: Prepared, plan: Plan) -> dict[str, Scorer]:
    """Return the simple rules the features allow and, with enough losses, the model.

    With too few losses only rules without fitted weights remain.
    """
    n_lost = int(examples.churned.sum())
    enough = gates.MIN_LOSSES <= n_lost <= len(examples.churned) - gates.MIN_LOSSES
    if not examples.encoding.names or not 0 < n_lost < len(examples.churned):
        return {"base_rate": Everybody()}
    found = fitted_baselines(
        examples.matrix, examples.churned, examples.encoding, plan.columns, examples.strength, seed=plan.seed
    )
    if not enough:
        return {name: rule for name, rule in found.items() if name in ("base_rate", "overdue_ratio", "p_alive")}
    found[MODEL] = fitted_ensemble(
        examples.matrix, examples.churned, examples.encoding, plan.size, seed=plan.seed, threads=plan.threads
    )
    return found


def calibration_of(name: str, raw: Vector, churned: NDArray[np.bool_], seed: int) -> Calibration:
    """Return the calibration of a candidate: the base rate is a constant, all others are curves."""
    return constant(churned) if name == BASE_RATE else calibrated(raw, churned, seed=seed)


def out_of_fold(
    whole: Prepared, plan: Plan, folds: int, repeats: int
) -> tuple[dict[str, Vector], dict[str, selection.Tested], dict[str, Vector]]:
    """Return out-of-fold probabilities (mean of the repeats), measures (the same), and raw scores."""
    chances: dict[str, list[Vector]] = {}
    raws: dict[str, list[Vector]] = {}
    results: dict[str, list[selection.Tested]] = {}
    for repeat in range(repeats):
        fold = stratified_folds(whole.churned, folds, plan.seed + repeat)
        for name, raw in _raw_out_of_fold(whole, plan, fold).items():
            chance = np.empty(len(raw))
            for number in range(folds):
                others = fold != number
                outcome = whole.churned[others]
                known = calibration_of(name, raw[others], outcome, plan.seed)
                chance[~others] = known.probability(raw[~others])
            chances.setdefault(name, []).append(chance)
            raws.setdefault(name, []).append(raw)
            results.setdefault(name, []).append(selection.tested(whole.churned, chance, seed=plan.seed))
    mean = {name: np.mean(found, axis=0) for name, found in chances.items()}
    return (
        mean,
        {name: selection.averaged(found) for name, found in results.items()},
        {name: np.mean(found, axis=0) for name, found in raws.items()},
    )


def _raw_out_of_fold(whole: Prepared, plan: Plan, fold: NDArray[np.intp]) -> dict[str, Vector]:
    found: dict[str, Vector] = {}
    for number in range(int(fold.max()) + 1):
        learn = fold != number
        strength = gates.single_feature_aucs(whole.matrix[learn], whole.churned[learn], whole.encoding, seed=plan.seed)
        part = Prepared(whole.matrix[learn], whole.churned[learn], whole.encoding, strength, (), ())
        for name, scorer in fitted_candidates(part, plan).items():
            raw = scorer.raw(whole.matrix[~learn], whole.encoding, plan.threads)
            found.setdefault(name, np.zeros(len(fold)))[~learn] = raw
    return found
