"""What the model hints at: weak evidence from its contributions per customer. A signal, not a cause."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from liuke.kernel.errors import InvalidInput
from liuke.reasons import taxonomy
from liuke.reasons.evidence import EVIDENCE_SCHEMA

MOST = 0.3
"""The most that signals for one group weigh."""


class NotASignal(InvalidInput):
    """The signals lack a column, or a feature hints at a group that does not exist."""


def _hints(families: Mapping[str, str]) -> pa.Table:
    """Return feature, code, part: one row per feature and group it hints at."""
    unknown = sorted({letter for letters in families.values() for letter in letters} - set(taxonomy.groups()))
    if unknown:
        raise NotASignal(f"no group of reasons has the letter {unknown[0]!r}; known are {', '.join(taxonomy.groups())}")
    rows = [(feature, letter, 1 / len(letters)) for feature, letters in sorted(families.items()) for letter in letters]
    return pa.table(
        {
            "feature": pa.array([row[0] for row in rows], pa.string()),
            "code": pa.array([row[1] for row in rows], pa.string()),
            "part": pa.array([row[2] for row in rows], pa.float64()),
        }
    )


def evidence_from_signals(signals: pa.Table, families: Mapping[str, str], *, as_of: date) -> pa.Table:
    """Return weak evidence for groups of reasons from the model's contributions.

    Parameters
    ----------
    signals : pa.Table
        customer_id, rank, feature, share: what drives each customer's risk, the share of it in [0, 1].
    families : mapping of str to str
        Feature → letters of the groups it hints at, ``{"price_rise_percent": "P", "n_complaints": "RQ"}``; a feature
        without an entry hints at nothing.
    as_of : date
        The day of the signal.

    Returns
    -------
    pa.Table
        The columns of `evidence`, kind ``model_signal``, one row per customer and group, sorted.

    Raises
    ------
    NotASignal
        If a column is absent or a letter is no group of the taxonomy.

    Notes
    -----
    Confidence is ``0.3 · Σ share``, a feature's share split evenly over its groups; shares are added in whole
    millionths, so the order of rows does not matter. The detail is the strongest feature.
    """
    absent = [name for name in ("customer_id", "rank", "feature", "share") if name not in signals.column_names]
    if absent:
        raise NotASignal(f"the signals have no column {absent[0]}; they need customer_id, rank, feature, share")
    typed = signals.select(["customer_id", "rank", "feature", "share"]).set_column(
        2, "feature", signals.column("feature").cast(pa.string())
    )
    hinted = typed.join(_hints(families), "feature", join_type="inner")
    parts = pc.cast(pc.round(pc.multiply(pc.multiply(hinted.column("share"), hinted.column("part")), 1e6)), pa.int64())
    hinted = hinted.append_column("millionths", pc.max_element_wise(parts, 0))
    hinted = hinted.sort_by([("customer_id", "ascending"), ("code", "ascending"), ("rank", "ascending")])
    grouped = hinted.group_by(["customer_id", "code"], use_threads=False).aggregate(
        [("millionths", "sum"), ("feature", "first")]
    )
    grouped = grouped.filter(pc.greater(grouped.column("millionths_sum"), 0))
    size = grouped.num_rows
    share = pc.min_element_wise(pc.divide(pc.cast(grouped.column("millionths_sum"), pa.float64()), 1e6), 1.0)
    return pa.table(
        {
            "customer_id": grouped.column("customer_id"),
            "code": grouped.column("code"),
            "kind": pa.repeat("model_signal", size),
            "happened_on": pa.repeat(pa.scalar(as_of, pa.date32()), size),
            "confidence": pc.round(pc.multiply(share, MOST), 6),
            "value": share,
            "detail": grouped.column("feature_first"),
        },
        schema=EVIDENCE_SCHEMA,
    )
