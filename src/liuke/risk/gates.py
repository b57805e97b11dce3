"""What must hold before a model is published: no leaked outcome, enough losses, a population it knows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from liuke.kernel.words import Words
from liuke.risk.calibration import stratified_folds
from liuke.risk.drift import LARGE, Drift
from liuke.risk.evaluation import roc_auc
from liuke.risk.examples import Encoding, Matrix
from liuke.risk.learners import thinned

Vector = NDArray[np.float64]
LEAK_AUC = 0.97
SUSPICIOUS_AUC = 0.90
TOO_GOOD_AUC = 0.95
MIN_LOSSES = 30
"""Losses among the examples below which no model is fitted."""
MIN_LOSSES_LATER = 10
"""Losses on the day of calibration, and on the day of test, below which a model cannot be vouched for."""
BETTER = 0.95
"""Share of paired resamples in which a challenger must have the smaller log loss."""
SCAN_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the reader of the card must know."""

    code: str
    words: Words

    def to_json(self) -> dict[str, str]:
        """Return code and both texts."""
        return {"code": self.code, "zh": self.words.zh, "en": self.words.en}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A feature that was not used, and why."""

    feature: str
    auc: float
    words: Words

    def to_json(self) -> dict[str, object]:
        """Return feature, its AUC alone, and both texts."""
        return {"feature": self.feature, "auc": round(self.auc, 6), "zh": self.words.zh, "en": self.words.en}


def single_feature_aucs(
    matrix: Matrix, churned: NDArray[np.bool_], encoding: Encoding, *, seed: int = 0
) -> dict[str, float]:
    """Return how well each feature alone ranks the lost, 0.5 to 1.

    A feature is judged twice and the better counts: by its values as they are, in either direction; and by the loss
    rate of its values or fifty bins (unknown is one), learned on one half of the customers and judged on the other.
    """
    rows = thinned(len(churned), SCAN_ROWS, seed)
    matrix, churned = matrix[rows], churned[rows]
    if not churned.any() or churned.all():
        return dict.fromkeys(encoding.names, 0.5)
    half = stratified_folds(churned, 2, seed)
    return {name: _strength(matrix[:, place], churned, half) for place, name in enumerate(encoding.names)}


def _strength(column: Vector, churned: NDArray[np.bool_], half: NDArray[np.intp]) -> float:
    unknown = np.isnan(column)
    values, place = np.unique(column[~unknown], return_inverse=True)
    if len(values) > 50:
        edges = np.unique(np.quantile(column[~unknown], np.linspace(0, 1, 51)[1:-1]))
        place = np.searchsorted(edges, column[~unknown], side="right")
    bins = np.zeros(len(column), dtype=np.intp)
    bins[~unknown] = place + 1
    rate = np.empty(len(column))
    for judged in (0, 1):
        learn = half != judged
        hits = np.bincount(bins[learn], churned[learn], minlength=bins.max() + 1) + churned.mean()
        rate[half == judged] = (hits / (np.bincount(bins[learn], minlength=bins.max() + 1) + 1))[bins[half == judged]]
    as_rate = roc_auc(churned, rate)
    as_is = roc_auc(churned, np.where(unknown, np.inf, column))
    turned = roc_auc(churned, np.where(unknown, np.inf, -column))
    return max(as_rate, as_is, turned, 0.5)


def leaks(strength: Mapping[str, float], trusted: Collection[str] = ()) -> tuple[Refusal, ...]:
    """Return the features that alone predict the loss almost perfectly; they are known only after the fact.

    Parameters
    ----------
    strength : mapping
        ROC-AUC of each feature alone.
    trusted : collection of str
        Features the company vouches for: never refused.
    """
    return tuple(
        Refusal(
            name,
            auc,
            Words(
                f"特征“{name}”单独就几乎完全预测流失（AUC {auc:.3f}）：多半是事后才知道的信息，已拒绝使用。"
                "若确属事前已知，请列为可信特征；否则请在导入时标明为事后列。",
                f"feature {name} alone predicts the loss almost perfectly (AUC {auc:.3f}): it is probably known only "
                "after the fact, so it is refused. If it is known before, list it as trusted; otherwise name it as "
                "known-after when loading.",
            ),
        )
        for name, auc in sorted(strength.items())
        if auc >= LEAK_AUC and name not in trusted
    )


def suspicions(strength: Mapping[str, float], trusted: Collection[str] = ()) -> tuple[Notice, ...]:
    """Return notices of features that are used although they predict suspiciously well."""
    return tuple(
        Notice(
            "suspicious_feature",
            Words(
                f"特征“{name}”单独的 AUC 达 {auc:.3f}，请确认它在流失之前就已知。",
                f"feature {name} alone has an AUC of {auc:.3f}: make sure it is known before the loss.",
            ),
        )
        for name, auc in sorted(strength.items())
        if SUSPICIOUS_AUC <= auc < LEAK_AUC and name not in trusted
    )


def too_few(n_lost: int, needed: int, where: Words) -> Notice:
    """Return the notice that a model is not published for want of losses."""
    return Notice(
        "too_few_losses",
        Words(
            f"{where.zh}只有 {n_lost} 个流失客户，少于 {needed} 个：不发布模型，改用简单规则。",
            f"only {n_lost} losses {where.en}, fewer than {needed}: no model is published, a simple rule is used.",
        ),
    )


def not_better(champion: str, share: float) -> Notice:
    """Return the notice that the model did not beat the baseline `champion`."""
    return Notice(
        "model_not_better",
        Words(
            f"模型没有明显胜过基线“{champion}”（仅在 {share:.0%} 的重抽样中更好，要求 {BETTER:.0%}），故采用基线。",
            f"the model does not clearly beat the baseline {champion} (better in {share:.0%} of resamples, "
            f"{BETTER:.0%} wanted): the baseline is used.",
        ),
    )


NOTHING_PREDICTS = Notice(
    "nothing_predicts",
    Words(
        "没有任何规则或模型胜过基础流失率：所有客户都给同一概率，不应据此排序。",
        "neither a rule nor the model beats the base rate: everybody gets the same probability, do not rank by it.",
    ),
)

NOTHING_TO_LEARN = Notice(
    "no_features",
    Words(
        "没有可用的特征（全部缺失、恒定或被拒绝）：只能给出基础流失率。",
        "no usable feature is left (all unknown, constant or refused): only the base rate can be given.",
    ),
)


def silent(names: tuple[str, ...]) -> Notice:
    """Return the notice of features that say nothing."""
    listed = ", ".join(names[:12]) + (" …" if len(names) > 12 else "")
    return Notice(
        "constant_features",
        Words(
            f"{len(names)} 个特征全部缺失或恒定，未使用：{listed}",
            f"{len(names)} features are unknown or the same for everybody and are not used: {listed}",
        ),
    )


def off_level(observed_over_expected: float) -> Notice:
    """Return the notice that probabilities are off in the large."""
    return Notice(
        "calibration_off",
        Words(
            f"在检验日，实际流失是预测的 {observed_over_expected:.2f} 倍（容许 0.80–1.25）：概率用于算钱之前请先复核。",
            f"on the day of test losses were {observed_over_expected:.2f} times the expected (0.80 to 1.25 is fine): "
            "check before computing money from the probabilities.",
        ),
    )


def too_good(auc: float) -> Notice:
    """Return the notice that the test went better than churn can usually be foretold."""
    return Notice(
        "too_good",
        Words(
            f"检验 AUC 达 {auc:.3f}，高于流失预测通常能达到的水平：请检查是否有特征在事后才产生或更新。",
            f"the AUC of the test is {auc:.3f}, better than churn can usually be foretold: check whether some features "
            "arise or are updated only after the fact.",
        ),
    )


def drifted(name: str, score: Drift, moved: Mapping[str, float], used: str, when: Words) -> Notice:
    """Return the notice that the population moved away from what `name` knows, so that `used` is used."""
    listed = ", ".join(list(moved)[:6]) or "–"
    return Notice(
        "drifted_population",
        Words(
            f"{when.zh}，客户群已明显偏离“{name}”学习时的样子（评分 PSI {score.psi:.2f}；变化大的特征：{listed}）："
            f"待复核，改用“{used}”。",
            f"{when.en} the customers differ clearly from those {name} has learned from (score PSI {score.psi:.2f}; "
            f"features that moved: {listed}): to be reviewed, {used} is used instead.",
        ),
    )


def is_foreign(score: Drift, features: Mapping[str, Drift], importances: Mapping[str, float]) -> bool:
    """Return whether a population is too far from the known one for a model to be trusted.

    True if the score's PSI reads large; or if it reads moderate and features that carry at least half of the
    importance read large. Features that count calendar time move with every run: alone they are no alarm.
    """
    moved = sum(share for name, share in importances.items() if name in features and features[name].reading == "large")
    return score.reading == "large" or (score.reading == "moderate" and moved >= 0.5)


def moved_features(features: Mapping[str, Drift]) -> dict[str, float]:
    """Return the features whose PSI reads large, the farthest first."""
    large = {name: drift.psi for name, drift in features.items() if drift.reading == "large" and drift.psi > LARGE}
    return cast(dict[str, float], dict(sorted(large.items(), key=lambda pair: (-pair[1], pair[0]))))
