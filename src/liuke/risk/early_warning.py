"""Early warning of churn: learn on past days, calibrate on a later one, test on a later one still, then warn.

The model is published only if it clearly beats the simple rules on the day of test; otherwise the best rule is used,
and the card says so.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from liuke.kernel.errors import InvalidInput
from liuke.kernel.words import Words
from liuke.risk import card as cards
from liuke.risk import gates, selection
from liuke.risk.baselines import BASE_RATE, BaselineColumns, Scorer
from liuke.risk.drift import Drift
from liuke.risk.examples import KEY, Examples, stacked
from liuke.risk.knowledge import Candidates, Knowledge, Population, knowledge
from liuke.risk.learners import Size
from liuke.risk.learning import Plan, Prepared, calibration_of, fitted_candidates, out_of_fold, prepared
from liuke.risk.signals import Wanted, strongest_signals

Vector = NDArray[np.float64]
FORMAT = 1


class DaysOutOfOrder(InvalidInput):
    """Calibration and test must be later than what is learned from."""


class UnknownModelFormat(InvalidInput):
    """The saved model was written by another version."""


class NotFitted(InvalidInput):
    """The early warning has not learned anything yet."""


@dataclass(frozen=True, slots=True, eq=False)
class Forecast:
    """Probabilities of loss within the horizon.

    Parameters
    ----------
    customer_id : pa.ChunkedArray
        In the order asked.
    probability : ndarray of shape (n_customers,)
        Calibrated, rounded to nine digits.
    risk_score : ndarray of shape (n_customers,)
        The uncalibrated ranking.
    used : str
        ``model`` or the name of the rule that gave them.
    score_drift : Drift or None
        How far the scores are from those of the test.
    feature_drift : dict
        The same per feature.
    notices : tuple of Notice
        What happened on this occasion.
    """

    customer_id: pa.ChunkedArray
    probability: Vector
    risk_score: Vector
    used: str
    score_drift: Drift | None
    feature_drift: dict[str, Drift]
    notices: tuple[gates.Notice, ...]


@dataclass(frozen=True, slots=True, eq=False)
class CrossFit:
    """Out-of-fold probabilities of one cross-section: nobody is judged by a model that has seen them."""

    customer_id: pa.ChunkedArray
    probability: Vector
    used: str
    tested: dict[str, selection.Tested]


class EarlyWarning:
    """Warns which customers will be lost within the horizon, after the lead time.

    Parameters
    ----------
    seed : int, default 0
        Of every draw inside; the same examples and seed give the same bytes.
    horizon_days, lead_days : int
        The window in which a loss counts, and the gap before it that is left to act (for the card).
    size : Size, optional
        How large the model may grow.
    trusted : collection of str
        Features that are known before the loss although they predict it almost perfectly.
    threads : int, default 1
        Changes the time, not the result.

    Notes
    -----
    Learn with ``warning.fit(past_days, calibration=later, test=last)``, or from one cross-section with
    ``warning.cross_fit(examples)``; then ``warning.predict(today)``, ``warning.signals(today)`` and ``warning.card()``.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        horizon_days: int = 90,
        lead_days: int = 14,
        size: Size | None = None,
        trusted: Collection[str] = (),
        threads: int = 1,
    ) -> None:
        self.seed, self.horizon_days, self.lead_days = seed, horizon_days, lead_days
        self.size, self.trusted, self.threads = size or Size(), frozenset(trusted), threads
        self.knowledge_: Knowledge | None = None

    def fit(
        self,
        train: Sequence[Examples],
        calibration: Examples,
        test: Examples,
        baselines: BaselineColumns | None = None,
    ) -> Self:
        """Learn on `train`, calibrate, test, and choose what is used.

        Parameters
        ----------
        train : sequence of Examples
            Past days.
        calibration, test : Examples
            Two later days, in this order.
        baselines : BaselineColumns, optional
            Which features the simple rules read.

        Raises
        ------
        DaysOutOfOrder
            If the days are not in order.
        """
        last = _in_order(train, calibration, test)
        plan = self._plan(baselines)
        examples = prepared(*stacked(train), plan)
        notices = [*examples.notices, *_want_of_losses(examples, calibration, test)]
        if (calibration.as_of - last).days < self.horizon_days:
            notices.append(_OVERLAP)
        candidates = self._calibrated(examples, fitted_candidates(examples, plan), calibration)
        matrix = candidates.encoding.matrix(test.features)
        raws = {name: it.raw(matrix, candidates.encoding, self.threads) for name, it in candidates.scorers.items()}
        chances = {name: candidates.calibrations[name].probability(raw) for name, raw in raws.items()}
        enough = calibration.n_lost >= gates.MIN_LOSSES_LATER and test.n_lost >= gates.MIN_LOSSES_LATER
        choice = selection.chosen(test.churned, chances, seed=self.seed, may_publish=enough)
        results = {name: selection.tested(test.churned, chance, seed=self.seed) for name, chance in chances.items()}
        report = cards.report(choice, results, test.churned, chances, examples.refused, notices) | {
            "trained_on": sorted({some.as_of.isoformat() for some in train}),
            "calibrated_on": calibration.as_of.isoformat(),
            "tested_on": test.as_of.isoformat(),
            "cross_fitted_folds": None,
        }
        population = Population(matrix, raws, float(test.churned.mean()))
        self.knowledge_ = knowledge(candidates, choice, population, report, seed=self.seed, threads=self.threads)
        return self

    def cross_fit(
        self, examples: Examples, folds: int = 5, repeats: int = 1, baselines: BaselineColumns | None = None
    ) -> CrossFit:
        """Learn on one cross-section, each customer judged out of fold; then fit once more on all.

        Parameters
        ----------
        examples : Examples
            One row per customer.
        folds, repeats : int
            Stratified folds, and how often they are drawn anew; measures are averaged over the draws.
        baselines : BaselineColumns, optional
            Which features the simple rules read.
        """
        plan = self._plan(baselines)
        whole = prepared(examples.features, examples.churned, replace(plan, size=replace(plan.size, max_rows=10**9)))
        notices = [*whole.notices, *_want_of_losses(whole, examples, examples)]
        folds = max(2, min(folds, examples.n_lost, examples.n - examples.n_lost))
        chances, results, raws = out_of_fold(whole, plan, folds, repeats)
        enough = gates.MIN_LOSSES <= examples.n_lost <= examples.n - gates.MIN_LOSSES
        choice = selection.chosen(examples.churned, chances, seed=self.seed, may_publish=enough)
        day = examples.as_of.isoformat()
        report = cards.report(choice, results, examples.churned, chances, whole.refused, notices) | {
            "trained_on": [day],
            "calibrated_on": day,
            "tested_on": day,
            "cross_fitted_folds": folds,
        }
        scorers = fitted_candidates(whole, plan)
        maps = {name: calibration_of(name, raws[name], examples.churned, self.seed) for name in scorers}
        final = {name: it.raw(whole.matrix, whole.encoding, self.threads) for name, it in scorers.items()}
        candidates = Candidates(whole.encoding, scorers, maps)
        population = Population(whole.matrix, final, float(examples.churned.mean()))
        self.knowledge_ = knowledge(candidates, choice, population, report, seed=self.seed, threads=self.threads)
        return CrossFit(examples.features[KEY], np.round(chances[choice.used], 9), choice.used, results)

    def predict(self, features: pa.Table) -> Forecast:
        """Return each customer's probability of loss, by whatever is in use.

        If the customers differ clearly from those of the test (PSI of the score, or of the features that matter,
        above .25), the next best rule that still knows them is used, and a notice says so.
        """
        known = self._fitted()
        used = known.used
        raw, drift, moved = known.scored(features, used, self.threads)
        notices: list[gates.Notice] = []
        if used != BASE_RATE and gates.is_foreign(drift, moved, known.importances):
            used, raw = known.fallback(features, self.threads)
            when = Words("评分时", "when scoring")
            notices.append(gates.drifted(known.used, drift, gates.moved_features(moved), used, when))
        chance = np.round(known.calibrations[used].probability(raw), 9)
        return Forecast(features[KEY], chance, raw, used, drift, moved, tuple(notices))

    def signals(
        self,
        features: pa.Table,
        top: int = 3,
        *,
        riskiest: int | None = None,
        min_share: float = 0.05,
        never: Collection[str] = (),
        forecast: Forecast | None = None,
    ) -> pa.Table:
        """Return the features that speak most for a loss, per customer (see `signals.SCHEMA`).

        Parameters
        ----------
        features : pa.Table
            Customers to explain.
        top : int
            Signals per customer, at most.
        riskiest : int, optional
            Explain only so many customers, those with the highest probability.
        min_share : float
            Of everything that speaks for a loss, at least; the strongest signal is told whatever its share.
        never : collection of str
            Protected features that are never told.
        forecast : Forecast, optional
            Of the same customers in the same order; spares computing it again.
        """
        known = self._fitted()
        given = forecast or self.predict(features)
        if riskiest is not None and riskiest < features.num_rows:
            ranked = pa.table({"p": given.probability, KEY: features[KEY]})
            order = pc.sort_indices(ranked, sort_keys=[("p", "descending"), (KEY, "ascending")])
            features = features.take(order[:riskiest])
        wanted = Wanted(top, min_share, frozenset(never))
        return strongest_signals(
            features, known.scorers[given.used], known.encoding, known.typical, wanted, self.threads
        )

    def card(self, forecast: Forecast | None = None) -> dict[str, Any]:
        """Return the model card as plain data; with a forecast, as it stood on that occasion."""
        known = self._fitted()
        own: dict[str, Any] = {
            "horizon_days": self.horizon_days,
            "lead_days": self.lead_days,
            "seed": self.seed,
            "base_rate": selection.rounded(known.base_rate),
            "n_features": len(known.encoding.names),
            "importances": cards.top(known.importances),
        }
        if forecast is None:
            return cards.complete(own | known.report)
        drift, moved = forecast.score_drift, forecast.feature_drift
        return cards.complete(own | known.report, forecast.used, drift, moved, forecast.notices)

    def to_json(self) -> dict[str, Any]:
        """Return plain data (trees in LightGBM's text format) from which `from_json` builds the same warning."""
        own = {"format": FORMAT, "seed": self.seed, "horizon_days": self.horizon_days, "lead_days": self.lead_days}
        return own | self._fitted().to_json()

    @classmethod
    def from_json(cls, data: dict[str, Any], *, threads: int = 1) -> EarlyWarning:
        """Return the early warning written by `to_json`.

        Raises
        ------
        UnknownModelFormat
            If another version wrote it.
        """
        if data.get("format") != FORMAT:
            raise UnknownModelFormat(
                f"the saved model has format {data.get('format')!r}, this version reads {FORMAT}: learn anew by a run"
            )
        warning = cls(
            seed=data["seed"], horizon_days=data["horizon_days"], lead_days=data["lead_days"], threads=threads
        )
        warning.knowledge_ = Knowledge.from_json(data)
        return warning

    def _calibrated(self, examples: Prepared, scorers: dict[str, Scorer], calibration: Examples) -> Candidates:
        encoding = examples.encoding
        matrix, churned = encoding.matrix(calibration.features), calibration.churned
        if calibration.n_lost < gates.MIN_LOSSES_LATER:
            # Too few losses to calibrate on: the examples lend theirs; no model is published then.
            matrix = np.concatenate([matrix, examples.matrix])
            churned = np.concatenate([churned, examples.churned])
        maps = {
            name: calibration_of(name, scorer.raw(matrix, encoding, self.threads), churned, self.seed)
            for name, scorer in scorers.items()
        }
        return Candidates(encoding, scorers, maps)

    def _plan(self, baselines: BaselineColumns | None) -> Plan:
        return Plan(self.seed, self.size, baselines or BaselineColumns(), self.trusted, self.threads)

    def _fitted(self) -> Knowledge:
        if self.knowledge_ is None:
            raise NotFitted("the early warning has learned nothing yet: call fit or cross_fit first")
        return self.knowledge_


_OVERLAP = gates.Notice(
    "overlapping_windows",
    Words(
        "校准日距最后一个学习日不足一个预测窗：结果窗口有重叠，评估可能偏乐观。",
        "the day of calibration is less than a horizon after the last day learned from: outcome windows overlap and "
        "the evaluation may be optimistic.",
    ),
)


def _in_order(train: Sequence[Examples], calibration: Examples, test: Examples) -> date:
    last = max((some.as_of for some in train), default=calibration.as_of)
    if not last < calibration.as_of < test.as_of:
        raise DaysOutOfOrder(
            f"learn until {last}, calibrate on {calibration.as_of}, test on {test.as_of}: "
            "each must be later than the one before"
        )
    return last


def _want_of_losses(train: Prepared, calibration: Examples, test: Examples) -> list[gates.Notice]:
    wants = (
        (int(train.churned.sum()), gates.MIN_LOSSES, Words("学习样本", "among the examples")),
        (calibration.n_lost, gates.MIN_LOSSES_LATER, Words("校准日", "on the day of calibration")),
        (test.n_lost, gates.MIN_LOSSES_LATER, Words("检验日", "on the day of test")),
    )
    return [gates.too_few(found, needed, where) for found, needed, where in wants if found < needed]
