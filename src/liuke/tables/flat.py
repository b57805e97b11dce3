"""Flat files: one row per customer with a churn label become customers and subscriptions.

``started_on = observed_on - tenure``, and ``ended_on = observed_on`` for the churned. Columns known only after the
fact never become features, and neither does a column that alone predicts the label almost perfectly.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from liuke.kernel.errors import InvalidInput
from liuke.kernel.words import Words
from liuke.tables.contract import PERSONAL, TABLES, Column
from liuke.tables.fitting import FALSE, TRUE
from liuke.tables.mapping import ColumnMap
from liuke.tables.matching import Part
from liuke.tables.names import folded
from liuke.tables.store import quoted
from liuke.tables.verdicts import FileRefused

LABEL = "_churned"
TENURE = "_tenure"
UNITS = {"days": "to_days", "months": "to_months", "years": "to_years"}
TOO_GOOD = 0.97
"""Cross-fitted area under the curve from which a single column is refused as a feature."""

DECIDES = 0.5
"""Share of the lost that a column's certain values may decide before it is refused as a feature."""

_CERTAIN, _ENOUGH = 0.99, 20
_SUBSCRIPTION = ("plan", "monthly_fee", "end_reason", "exit_fee", "committed_until")
_SUSPICIOUS = ("churn", "attrit", "exited", "流失", "离网", "销户", "退订")
_SAMPLE = 100_000
_FOLDS = 5
_BINS = 40
_LOST_WORDS = TRUE | {"churned", "exited", "left", "lost", "attrited customer", "流失", "已流失", "离网", "已离网"}


@dataclass(frozen=True, slots=True)
class FlatOptions:
    """What the user says about a flat file; None means: find out from the names.

    Parameters
    ----------
    churned : str or None
        ``COLUMN=VALUE``: who has this value was lost.
    tenure : str or None
        The column of tenure.
    tenure_unit : {'months', 'days', 'years'}
        Its unit.
    observed_on : date or None
        The day the file shows; it cannot be found out and is asked for.
    known_after : tuple of str
        Columns known only after the fact.
    """

    churned: str | None = None
    tenure: str | None = None
    tenure_unit: str = "months"
    observed_on: date | None = None
    known_after: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.tenure_unit not in UNITS:
            raise InvalidInput(f"tenure_unit is one of {', '.join(UNITS)}, not {self.tenure_unit!r}")
        if self.observed_on is None:
            raise FileRefused.because(
                "请用 --observed-on 指明这份快照是哪一天的", "say with --observed-on on which day this file was taken"
            )
        if self.churned is not None and "=" not in self.churned:
            raise InvalidInput(f"churned is written COLUMN=VALUE, not {self.churned!r}")

    def mapping(self) -> dict[str, str]:
        """Return what this says as a column map."""
        found = {LABEL: self.churned.rpartition("=")[0]} if self.churned else {}
        return found | ({TENURE: self.tenure} if self.tenure else {})

    @property
    def value(self) -> str | None:
        """The label's value of the churned, if given."""
        return self.churned.rpartition("=")[2] if self.churned else None


def columns() -> tuple[Column, ...]:
    """Return the columns a flat file may have."""
    subscriptions = [column for column in TABLES["subscriptions"].columns if column.name in _SUBSCRIPTION]
    people = [column for column in TABLES["people"].columns if column.name in PERSONAL]
    label = Column(
        LABEL,
        "word",
        True,
        ("churn", "churned", "churn label", "churn flag", "is churn", "is churned", "churn value", "exited",
         "attrition", "attrition flag", "attrited", "left",
         "是否流失", "流失", "流失标志", "流失标签", "是否离网", "离网标志"),
    )  # fmt: skip
    tenure = Column(
        TENURE,
        "number",
        True,
        ("tenure", "tenure months", "tenure in months", "tenure days", "tenure years", "months on book",
         "account length", "subscription length",
         "在网时长", "在网月数", "在网月份", "入网时长", "在网天数", "合作年限", "会员时长"),
    )  # fmt: skip
    return (*TABLES["customers"].columns, *people, label, tenure, *subscriptions)


def with_attributes(found: ColumnMap, names: list[str]) -> ColumnMap:
    """Return the map with tenure and what the subscription says kept as attributes of the customer too."""
    again = [item for item in found.mapped if item.canonical in (TENURE, "plan", "monthly_fee") and item.places]
    extra = tuple((item.places[0], " ".join(names[item.places[0]].split())) for item in again)
    taken = {name.casefold() for _, name in found.attributes} | {column.name for column in columns()}
    return replace(
        found, attributes=(*found.attributes, *((i, name) for i, name in extra if name.casefold() not in taken))
    )


def staged_sql(options: FlatOptions, sql: str, connection: duckdb.DuckDBPyConnection, found: ColumnMap) -> str:
    """Return the staged rows with `is_churned`, `_started_on` and `_ended_on`."""
    values = [
        str(row[0])
        for row in connection.execute(f"SELECT DISTINCT {LABEL} FROM ({sql}) WHERE {LABEL} IS NOT NULL").fetchall()
    ]
    lost = _lost_values(options, values)
    listed = ", ".join("'" + value.replace("'", "''") + "'" for value in sorted(lost))
    day = f"DATE '{options.observed_on}'"
    unit = UNITS[options.tenure_unit]
    since = f"CAST({day} - {unit}(CAST(floor({TENURE}) AS INTEGER)) AS DATE)"
    trouble = f"CASE WHEN {TENURE} < 0 OR {TENURE} > 40000 THEN '{TENURE}:not_a_number;' END"
    return (
        f"SELECT * REPLACE (concat(_problems, {trouble}) AS _problems), "
        f"{LABEL} IN ({listed}) AS _is_churned, "
        f"CASE WHEN {TENURE} BETWEEN 0 AND 40000 THEN {since} END AS _started_on, "
        f"CASE WHEN {LABEL} IN ({listed}) THEN {day} END AS _ended_on FROM ({sql})"
    )


def _lost_values(options: FlatOptions, values: list[str]) -> set[str]:
    if options.value is not None:
        wanted = _plain(options.value)
        lost = {value for value in values if _plain(value) == wanted}
    else:
        lost = {value for value in values if value.casefold() in _LOST_WORDS}
        if len(values) > 2 and not all(value.casefold() in TRUE | FALSE for value in values):
            lost = set()
    if not lost:
        shown = ", ".join(sorted(values)[:8])
        raise FileRefused.because(
            f"无法判断流失标记的哪个值表示流失(有:{shown}),请用 --churned 列名=值",
            f"it is not clear which value of the label means lost (it has: {shown}): say --churned COLUMN=VALUE",
        )
    return lost


def _plain(value: str) -> str:
    text = value.strip().casefold()
    return text[:-2] if text.endswith(".0") else text


def parts(options: FlatOptions, found: ColumnMap, attributes: dict[str, tuple[int, str]]) -> list[Part]:
    """Return what a flat file gives to customers, subscriptions and people."""
    own = TABLES["customers"]
    customers = {item.canonical: quoted(item.canonical) for item in found.mapped if own.column(item.canonical)}
    customers |= {name: quoted(name) for name in attributes}
    subscriptions = {
        "subscription_id": "customer_id",
        "customer_id": "customer_id",
        "started_on": "_started_on",
        "ended_on": "_ended_on",
    }
    mapped = [item.canonical for item in found.mapped if item.canonical in _SUBSCRIPTION]
    subscriptions |= {
        name: f"CASE WHEN _is_churned THEN {quoted(name)} END" if name == "end_reason" else quoted(name)
        for name in mapped
    }
    result = [Part("customers", customers), Part("subscriptions", subscriptions)]
    personal = [item.canonical for item in found.mapped if item.canonical in PERSONAL]
    if personal:
        where = " OR ".join(f"{quoted(name)} IS NOT NULL" for name in personal)
        who = {"customer_id": "customer_id"} | {name: quoted(name) for name in personal}
        result.append(Part("people", who, f"({where})"))
    return result


def described(options: FlatOptions, found: ColumnMap, connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Return what later steps must know of a flat load: the label, the day, and the columns that are no features."""
    label, tenure = found.of(LABEL), found.of(TENURE)
    names = [name for _, name in found.attributes]
    after = _named(options.known_after, names, found)
    refused = {name: why for name, why in suspicious_columns(connection, found).items() if name not in after}
    return {
        "label": label.theirs if label else None,
        "tenure": tenure.theirs if tenure else None,
        "tenure_unit": options.tenure_unit,
        "observed_on": str(options.observed_on),
        "known_after": after,
        "refused": {name: {"zh": why.zh, "en": why.en} for name, why in refused.items()},
        "not_features": sorted({*after, *refused}),
    }


def refusals(info: dict[str, Any] | None) -> list[Words]:
    """Return the messages about columns refused as features."""
    return [Words(**why) for why in info["refused"].values()] if info else []


def _named(wanted: tuple[str, ...], names: list[str], found: ColumnMap) -> list[str]:
    known = {folded(name): name for name in names}
    known |= {folded(item.theirs): item.canonical for item in found.mapped if folded(item.theirs) not in known}
    for name in wanted:
        if folded(name) not in known:
            raise FileRefused.because(f"--known-after:没有列“{name}”", f"--known-after: there is no column {name!r}")
    return sorted(known[folded(name)] for name in wanted)


def suspicious_columns(connection: duckdb.DuckDBPyConnection, found: ColumnMap) -> dict[str, Words]:
    """Return the attributes that cannot be features of churn, with the reason.

    A column is refused if its name speaks of churn itself, or if it alone, cross-fitted, ranks the lost above the
    others with an area under the curve of at least `TOO_GOOD`, or if values with which practically everybody was lost
    hold at least the share `DECIDES` of all who were.
    """
    own = [item.canonical for item in found.mapped if TABLES["customers"].column(item.canonical)]
    names = [name for name in (*own, *(name for _, name in found.attributes)) if name != "customer_id"]
    if not names:
        return {}
    cells = ", ".join(quoted(name) for name in names)
    table = connection.sql(
        f"SELECT _is_churned, {cells} FROM sound WHERE _is_churned IS NOT NULL "
        f"ORDER BY md5(customer_id), customer_id LIMIT {_SAMPLE}"
    ).to_arrow_table()
    lost = np.asarray(table["_is_churned"].to_numpy(zero_copy_only=False), dtype=bool)
    result: dict[str, Words] = {}
    for name in names:
        if any(mark in name.casefold() for mark in _SUSPICIOUS):
            result[name] = Words(
                f"“{name}”从名称看是流失之后才知道的,不作为特征", f"{name!r} speaks of churn itself: not a feature"
            )
            continue
        codes = _codes(table[name])
        area = single_column_auc(codes, lost)
        if area >= TOO_GOOD or share_decided(codes, lost) >= DECIDES:
            result[name] = Words(
                f"仅凭“{name}”一列就几乎能完全预测流失(AUC {area:.3f}):多半是事后才知道的,不作为特征",
                f"{name!r} alone predicts churn almost perfectly (AUC {area:.3f}): probably known only afterwards, "
                "not a feature",
            )
    return result


def single_column_auc(codes: NDArray[np.int64], lost: NDArray[np.bool_]) -> float:
    """Return the cross-fitted area under the curve of one column that predicts by the rate of loss per value.

    Parameters
    ----------
    codes : ndarray of shape (n_customers,)
        The value of each customer as a number from 0; few values, or bins.
    lost : ndarray of shape (n_customers,)
        Who was lost.

    Notes
    -----
    Each fifth is scored with the rates of the other four, so that a column of unique values scores 0.5.
    """
    if lost.all() or not lost.any():
        return 0.5
    fold = np.arange(len(lost)) % _FOLDS
    score = np.zeros(len(lost))
    size = int(codes.max()) + 1
    for part in range(_FOLDS):
        rest = fold != part
        times = np.bincount(codes[rest], minlength=size)
        losses = np.bincount(codes[rest], weights=lost[rest], minlength=size)
        overall = lost[rest].mean()
        rate = (losses + overall) / (times + 1)
        score[~rest] = rate[codes[~rest]] - overall
    order = np.argsort(score, kind="stable")
    ranks = np.empty(len(lost))
    ordered = score[order]
    edges = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1], True])
    for first, last in itertools.pairwise(edges):
        ranks[order[first:last]] = (first + last + 1) / 2
    n_lost = int(lost.sum())
    return float((ranks[lost].sum() - n_lost * (n_lost + 1) / 2) / (n_lost * (len(lost) - n_lost)))


def share_decided(codes: NDArray[np.int64], lost: NDArray[np.bool_]) -> float:
    """Return the share of the lost who bear a value with which practically everybody (99 %, of 20 or more) was lost."""
    times = np.bincount(codes)
    losses = np.bincount(codes, weights=lost)
    certain = (times >= _ENOUGH) & (losses >= _CERTAIN * times)
    return float(losses[certain].sum() / max(1, lost.sum()))


def _codes(column: Any) -> NDArray[np.int64]:
    """Return a column as numbers from 0: numbers in bins of equal size, others by value; blank is a value."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind) or pa.types.is_date(kind):
        number = (
            pc.cast(pc.cast(column, pa.int32()), pa.float64())
            if pa.types.is_date32(kind)
            else pc.cast(column, pa.float64())
        )
        values = np.asarray(pc.fill_null(number, np.nan).to_numpy(zero_copy_only=False), dtype=float)
        filled = values[~np.isnan(values)]
        if len(np.unique(filled)) > _BINS:
            edges = np.unique(np.quantile(filled, np.linspace(0, 1, _BINS + 1)[1:-1]))
            return np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="right")).astype(
                np.int64
            )
    text = pc.fill_null(pc.cast(column, pa.string()), "\x00")
    return np.unique(np.asarray(text.to_numpy(zero_copy_only=False), dtype=str), return_inverse=True)[1].astype(
        np.int64
    )
