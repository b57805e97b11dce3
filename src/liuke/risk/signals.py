"""Which features speak for a loss, customer by customer: signals, not causes, until evidence confirms them."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from liuke.risk.baselines import Scorer
from liuke.risk.examples import KEY, Encoding, Matrix, texts

CHUNK = 50_000

SCHEMA = pa.schema(
    [
        (KEY, pa.string()),
        ("rank", pa.int8()),
        ("feature", pa.string()),
        ("value", pa.float64()),
        ("value_text", pa.string()),
        ("typical", pa.float64()),
        ("contribution", pa.float64()),
        ("share", pa.float64()),
    ]
)
"""`typical` is the median of the customers tested; `share` is of all that speaks for a loss."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which signals to keep.

    Parameters
    ----------
    top : int
        Signals per customer, at most.
    min_share : float
        Of everything that speaks for a loss, at least; the strongest signal is told whatever its share.
    never : collection of str
        Protected features: they count in the shares but are not told.
    """

    top: int = 3
    min_share: float = 0.05
    never: Collection[str] = ()


def strongest_signals(
    features: pa.Table,
    scorer: Scorer,
    encoding: Encoding,
    typical: Mapping[str, float],
    wanted: Wanted | None = None,
    threads: int = 1,
) -> pa.Table:
    """Return the features that add most to each customer's log-odds of loss.

    Parameters
    ----------
    features : pa.Table
        Customers to explain.
    scorer, encoding
        The candidate in use.
    typical : mapping
        Median of each numeric feature.
    wanted : Wanted, optional
        Which signals to keep.
    threads : int, default 1
        Changes the time, not the result.

    Returns
    -------
    pa.Table
        Of `SCHEMA`, sorted by customer and rank; only contributions that speak for a loss.
    """
    rules = wanted or Wanted()
    ordered = features.sort_by(KEY)
    parts = [
        _of_chunk(ordered.slice(first, CHUNK), scorer, encoding, typical, rules, threads)
        for first in range(0, ordered.num_rows, CHUNK)
    ]
    return pa.concat_tables(parts) if parts else SCHEMA.empty_table()


def _of_chunk(
    features: pa.Table, scorer: Scorer, encoding: Encoding, typical: Mapping[str, float], rules: Wanted, threads: int
) -> pa.Table:
    if not encoding.names:
        return SCHEMA.empty_table()
    matrix = encoding.matrix(features)
    parts = np.maximum(np.round(scorer.contributions(matrix, encoding, threads), 9), 0.0)
    total = parts.sum(axis=1)
    share = parts / np.where(total > 0, total, 1.0)[:, None]
    hidden = [place for place, name in enumerate(encoding.names) if name in rules.never]
    told = parts.copy()
    told[:, hidden] = 0.0
    order = np.argsort(-told, axis=1, kind="stable")[:, : rules.top]
    strength = np.take_along_axis(told, order, axis=1)
    strength[:, 1:][np.take_along_axis(share, order[:, 1:], axis=1) < rules.min_share] = 0.0
    row, rank = np.nonzero(strength > 0)
    place = order[row, rank]
    return pa.table(
        {
            KEY: texts(features[KEY]).take(pa.array(row)),
            "rank": pa.array((rank + 1).astype(np.int8)),
            "feature": pa.array(encoding.names, pa.string()).take(pa.array(place)),
            "value": pa.array(_plain_values(matrix, encoding, row, place), from_pandas=True),
            "value_text": _levels(matrix, encoding, row, place),
            "typical": pa.array(_typical(encoding, typical)[place], from_pandas=True),
            "contribution": pa.array(np.round(strength[row, rank], 6)),
            "share": pa.array(np.round(share[row, place], 6)),
        },
        schema=SCHEMA,
    )


def _plain_values(matrix: Matrix, encoding: Encoding, row: NDArray[Any], place: NDArray[Any]) -> NDArray[np.float64]:
    category = np.array([encoding.is_category(name) for name in encoding.names])
    return np.where(category[place], math.nan, matrix[row, place])


def _typical(encoding: Encoding, typical: Mapping[str, float]) -> NDArray[np.float64]:
    return np.array([typical.get(name, math.nan) for name in encoding.names])


def _levels(matrix: Matrix, encoding: Encoding, row: NDArray[Any], place: NDArray[Any]) -> pa.Array:
    """Return the words of categories, null for numbers and unknown levels."""
    words: list[str] = []
    start = np.full(len(encoding.names), -1)
    for number, name in enumerate(encoding.names):
        if encoding.is_category(name):
            start[number] = len(words)
            words.extend(encoding.levels[name])
    code = matrix[row, place]
    known = (start[place] >= 0) & ~np.isnan(code)
    index = np.where(known, start[place] + np.where(known, code, 0), 0).astype(np.int64)
    return pc.take(pa.array([*words, ""], pa.string()), pa.array(index, mask=~known))


def mean_importances(contributions: Matrix, encoding: Encoding) -> dict[str, float]:
    """Return each feature's share of the mean absolute contribution, largest first."""
    size = np.abs(contributions).mean(axis=0) if len(contributions) else np.zeros(len(encoding.names))
    share = np.round(size / (size.sum() or 1.0), 6)
    ordered = sorted(zip(encoding.names, share.tolist(), strict=True), key=lambda pair: (-pair[1], pair[0]))
    return {name: value for name, value in ordered if value > 0}
