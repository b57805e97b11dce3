"""Leaving for one of several causes: how many have gone for which, out of all who came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from liuke.survival import arrays
from liuke.survival.arrays import Floats


@dataclass(frozen=True, slots=True)
class CumulativeIncidence:
    """The share lost to each cause by each time.

    Attributes
    ----------
    times : ndarray of shape (n_times,)
        Distinct times of losses, ascending.
    causes : tuple of str
        In sorted order.
    incidence : ndarray of shape (n_times, n_causes)
        Share of all customers lost to each cause up to and including each time.
    survival : ndarray of shape (n_times,)
        Share lost to none; with `incidence` it sums to 1.
    """

    times: Floats
    causes: tuple[str, ...]
    incidence: Floats
    survival: Floats

    def of(self, cause: str, time: float) -> float:
        """Return the share lost to `cause` by `time`."""
        row = int(np.searchsorted(self.times, time, side="right")) - 1
        return 0.0 if row < 0 else float(self.incidence[row, self.causes.index(cause)])


def aalen_johansen(
    duration: Any, cause: Any, *, entry: Any | None = None, weights: Any | None = None
) -> CumulativeIncidence:
    r"""Return the share of customers lost to each cause as time goes by.

    Parameters
    ----------
    duration : array-like of shape (n_customers,)
        Time from the start to loss or to the end of observation.
    cause : array-like of str of shape (n_customers,)
        Why the customer was lost; None where no loss was seen.
    entry : array-like of shape (n_customers,), optional
        Age at which observation began (left truncation).
    weights : array-like of shape (n_customers,), optional
        How many customers each row stands for.

    Returns
    -------
    CumulativeIncidence
        The shares of all causes and of those still there.

    Raises
    ------
    UnusableColumn
        If the columns differ in length.

    Notes
    -----
    :math:`F_k(t)=\sum_{t_i\le t} S(t_i-)\,d_{ki}/n_i`. One minus a Kaplan-Meier curve per cause, with the others
    censored, is always larger and answers a question nobody has: what if no other cause existed.

    References
    ----------
    .. [1] Aalen, O. O. & Johansen, S. (1978). Scandinavian Journal of Statistics 5, 141-150.

    Examples
    --------
    >>> shares = aalen_johansen([1, 2, 3], ["price", None, "moved"])
    >>> shares.causes, shares.incidence[-1].round(4)
    (('moved', 'price'), array([0.6667, 0.3333]))
    """
    lasting = arrays.numbers(duration, "duration", at_least=0.0)
    held = arrays.weights_of(weights, len(lasting))
    names, which = _causes(cause, len(lasting))
    lost = which >= 0
    times = np.unique(lasting[lost])
    place = np.searchsorted(times, lasting[lost])
    cell = place * len(names) + which[lost]
    n_events = np.bincount(cell, held[lost], minlength=len(times) * len(names)).reshape(len(times), len(names))
    n_at_risk = arrays.weight_from(lasting, held, times)
    if entry is not None:
        n_at_risk -= arrays.weight_from(arrays.numbers(entry, "entry", length=len(lasting), at_least=0.0), held, times)
    survival = np.cumprod(1.0 - n_events.sum(axis=1) / n_at_risk)
    before = np.concatenate([[1.0], survival[:-1]])[: len(times)]
    incidence = np.cumsum((before / n_at_risk)[:, None] * n_events, axis=0)
    return CumulativeIncidence(times, names, incidence, np.maximum(survival, 0.0))


def _causes(cause: Any, length: int) -> tuple[tuple[str, ...], Any]:
    """Return sorted cause names and the index of each row's cause, -1 where none."""
    column = pa.chunked_array(cause) if isinstance(cause, list) and cause and isinstance(cause[0], pa.Array) else cause
    if not isinstance(column, (pa.Array, pa.ChunkedArray)):
        column = pa.array(column, from_pandas=True)
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if len(column) != length:
        raise arrays.UnusableColumn(f"`cause` has {len(column)} rows, `duration` has {length}")
    coded = column.cast(pa.string()).dictionary_encode()
    names = [str(name) for name in coded.dictionary.to_pylist()]
    order = sorted(range(len(names)), key=names.__getitem__)
    rank = np.empty(len(names) + 1, dtype=np.int64)
    rank[order] = np.arange(len(names))
    rank[-1] = -1
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return tuple(names[index] for index in order), rank[codes]
