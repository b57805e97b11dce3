"""Are the indicators related, and does each matter? The audit that keeps invented indicators (凑数指标) out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray
from threadpoolctl import threadpool_limits

from liuke.kernel.errors import InvalidInput, NotAllowed
from liuke.risk.evaluation import roc_auc, top_lift

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]
RELATED, COPIES = 0.80, 0.95
INFLATED, COLLINEAR = 5.0, 10.0
CONDITION = 30.0
RELEVANT_AUC = 0.52


class NotAuditable(InvalidInput):
    """Too few customers or indicators for an audit."""


class NoMeasuredEffect(NotAllowed):
    """An indicator without measured effect on losses is not activated without a reason."""


@dataclass(frozen=True, slots=True)
class AuditRow:
    """What the audit found about one indicator.

    Parameters
    ----------
    name : str
        The indicator.
    auc, lift : float
        How it alone ranks later losses, in its declared direction: ROC-AUC and top-decile lift.
    vif : float
        Variance inflation factor: how much the others together say the same.
    closest, correlation : str, float
        The indicator most like it, and their rank correlation (Spearman).
    verdict : {"keep", "merge", "drop"}
        Merge names a stronger near-copy in `closest`; drop means no evidence.
    warnings : tuple of str
        Codes: related, inflated, collinear, wrong_direction.
    """

    name: str
    auc: float
    lift: float
    vif: float
    closest: str
    correlation: float
    verdict: Literal["keep", "merge", "drop"]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Audit:
    """The audit of a set of indicators."""

    rows: tuple[AuditRow, ...]
    correlations: Matrix
    condition_index: float
    is_ill_conditioned: bool

    def row(self, name: str) -> AuditRow:
        """Return what was found about one indicator."""
        return next(row for row in self.rows if row.name == name)

    def to_table(self) -> pa.Table:
        """Return one row per indicator, in their order."""
        return pa.table(
            {
                "indicator": [row.name for row in self.rows],
                "auc": np.round([row.auc for row in self.rows], 6),
                "lift": np.round([row.lift for row in self.rows], 6),
                "vif": np.round([row.vif for row in self.rows], 6),
                "closest": [row.closest for row in self.rows],
                "correlation": np.round([row.correlation for row in self.rows], 6),
                "verdict": [row.verdict for row in self.rows],
                "warnings": [" ".join(row.warnings) for row in self.rows],
            }
        )


def audit(names: Sequence[str], oriented: ArrayLike, churned: ArrayLike) -> Audit:
    """Return the audit of indicators against each other and against later losses.

    Parameters
    ----------
    names : sequence of str
        The indicators.
    oriented : array_like, shape (n_customers, n_indicators)
        In [0, 1], 1 = more lost (`IndicatorSystem.oriented`).
    churned : array_like of bool, shape (n_customers,)
        Losses realised later than the indicators were measured.

    Notes
    -----
    Rank correlation of .80 is warned of, .95 merges the weaker into the stronger, and so does .80 together with a
    variance inflation above 10. An AUC of .52 or less is no evidence: drop.

    References
    ----------
    .. [1] Belsley, Kuh and Welsch (1980), Regression Diagnostics (condition index). Vector CM-44.
    """
    values, lost = np.asarray(oriented, np.float64), np.asarray(churned, bool)
    if values.shape != (len(lost), len(names)) or not lost.any() or lost.all():
        raise NotAuditable(
            f"{len(names)} indicators, values of shape {values.shape}, {int(lost.sum())} losses among {len(lost)}: "
            "an audit needs one value per customer and indicator, and both lost and kept customers"
        )
    aucs = np.array([roc_auc(lost, column) for column in values.T])
    lifts = [top_lift(lost, column) for column in values.T]
    ranks = spearman(values)
    inflation, condition = variance_inflation(values), condition_index(values)
    rows = tuple(
        _row(place, tuple(names), aucs, lifts[place], ranks, float(inflation[place])) for place in range(len(names))
    )
    return Audit(rows, ranks, condition, condition > CONDITION)


def _row(place: int, names: tuple[str, ...], aucs: Vector, lift: float, ranks: Matrix, vif: float) -> AuditRow:
    strength = np.abs(ranks[place]).copy()
    strength[place] = -1.0
    closest = int(np.argmax(strength))
    alike = float(strength[closest]) if len(names) > 1 else 0.0
    auc = float(aucs[place])
    stronger = [
        other
        for other in range(len(names))
        if other != place
        and (aucs[other], -other) > (aucs[place], -place)
        and (strength[other] >= COPIES or (strength[other] >= RELATED and vif > COLLINEAR))
    ]
    verdict: Literal["keep", "merge", "drop"] = "keep"
    if auc <= RELEVANT_AUC:
        verdict = "drop"
    elif stronger:
        verdict, closest = "merge", max(stronger, key=lambda other: (strength[other], -other))
    said = {
        "related": alike >= RELATED,
        "inflated": INFLATED < vif <= COLLINEAR,
        "collinear": vif > COLLINEAR,
        "wrong_direction": auc < 1 - RELEVANT_AUC,
    }
    correlation = float(ranks[place, closest]) if len(names) > 1 else 0.0
    near = names[closest] if len(names) > 1 else ""
    return AuditRow(
        names[place], auc, lift, vif, near, correlation, verdict, tuple(code for code in said if said[code])
    )


def activated(found: Audit, overrides: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Return the indicators that may be used.

    Parameters
    ----------
    found : Audit
        The audit of all indicators one wishes to use.
    overrides : mapping of str to str, optional
        Indicators to use although the audit says drop, each with a reason that is kept on record.

    Raises
    ------
    NoMeasuredEffect
        If an indicator without measured effect is neither dropped from the wish nor overridden with a reason.
    """
    reasons = {name: reason.strip() for name, reason in (overrides or {}).items()}
    refused = [row for row in found.rows if row.verdict == "drop" and not reasons.get(row.name)]
    if refused:
        listed = ", ".join(f"{row.name} (AUC {row.auc:.3f})" for row in refused)
        raise NoMeasuredEffect(
            f"no measured effect on later losses: {listed}. Leave these indicators out, or activate each with a reason"
        )
    return tuple(row.name for row in found.rows if row.verdict != "merge" or reasons.get(row.name))


def spearman(values: ArrayLike) -> Matrix:
    """Return the rank correlations of the columns; a constant column correlates with nothing."""
    from scipy.stats import rankdata

    return _correlations(rankdata(np.asarray(values, np.float64), axis=0))


def variance_inflation(values: ArrayLike) -> Vector:
    r"""Return the variance inflation factors of the columns, infinite for exact copies.

    Notes
    -----
    :math:`VIF_j = 1 / (1 - R_j^2)`, the j-th diagonal element of the inverse correlation matrix.

    References
    ----------
    .. [1] Vector CM-44.
    """
    matrix = _correlations(np.asarray(values, np.float64))
    with threadpool_limits(1):
        roots, vectors = np.linalg.eigh(matrix)
        usable = roots > 1e-12 * len(matrix)
        factors = (vectors[:, usable] ** 2 / roots[usable]).sum(axis=1)
        # A column with a part in a vanished direction is a combination of others.
        hidden = (vectors[:, ~usable] ** 2).sum(axis=1) > 1e-9
    return np.where(hidden, np.inf, factors)


def condition_index(values: ArrayLike) -> float:
    r"""Return :math:`\sqrt{\lambda_{max} / \lambda_{min}}` of the correlation matrix, infinite for exact copies."""
    with threadpool_limits(1):
        roots = np.linalg.eigvalsh(_correlations(np.asarray(values, np.float64)))
    return float(np.sqrt(roots[-1] / roots[0])) if roots[0] > 1e-12 * len(roots) else float("inf")


def _correlations(values: Matrix) -> Matrix:
    centred = values - values.mean(axis=0)
    size = np.sqrt((centred**2).sum(axis=0))
    scaled = centred / np.where(size > 0, size, 1.0)
    with threadpool_limits(1):
        matrix = scaled.T @ scaled
    np.fill_diagonal(matrix, 1.0)
    return cast(Matrix, np.clip(matrix, -1.0, 1.0))


@dataclass(frozen=True, slots=True)
class RuleComparison:
    """A single-threshold rule beside a score that flags as many customers."""

    n_flagged: int
    rule_false_alarms: int
    score_false_alarms: float
    rule_missed: int
    score_missed: float


def rule_against_score(flagged: ArrayLike, score: ArrayLike, churned: ArrayLike) -> RuleComparison:
    """Return the false alarms and misses of a rule ("half a year without a purchase") and of a score as strict.

    Parameters
    ----------
    flagged : array_like of bool, shape (n_customers,)
        Whom the rule calls lost.
    score : array_like, shape (n_customers,)
        Better high for the lost; its highest are flagged, as many as the rule flags; ties count in part.
    churned : array_like of bool, shape (n_customers,)
        Who was in truth.
    """
    from liuke.risk.evaluation import lift_table

    rule, lost = np.asarray(flagged, bool), np.asarray(churned, bool)
    n = int(rule.sum())
    if not n:
        return RuleComparison(0, 0, 0.0, int(lost.sum()), float(lost.sum()))
    hits = lift_table(lost, score, (n / len(rule),))[0].hits
    found = int((rule & lost).sum())
    return RuleComparison(n, n - found, n - hits, int(lost.sum()) - found, float(lost.sum()) - hits)
