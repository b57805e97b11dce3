"""The ceiling on churn: not zero, a low controlled level; an alert with its contributors when it is exceeded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

from liuke.kernel.errors import InvalidInput
from liuke.kernel.words import Words

if TYPE_CHECKING:
    from datetime import date

    import pyarrow as pa


_SEGMENTS = {
    ("newness", "new"): Words("新客户", "new customers"),
    ("newness", "old"): Words("老客户", "old customers"),
}
_OF = {"region": Words("地区", "region"), "plan": Words("套餐", "plan"), "kind": Words("客户类型", "kind")}


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The highest churn rate tolerated per period.

    Parameters
    ----------
    rate : float
        In (0, 1], for periods of the length checked.
    org_unit : str
        ``''`` for the whole company.
    segment, segment_value : str
        ``all`` and ``''`` for everybody.
    metric : str
        An indicator whose numerator counts losses.
    """

    rate: float
    org_unit: str = ""
    segment: str = "all"
    segment_value: str = ""
    metric: str = "churn_rate"


@dataclass(frozen=True, slots=True)
class Contributor:
    """A part in which more were lost than its ceiling allows.

    Parameters
    ----------
    org_unit, segment, segment_value : str
        Which part.
    excess : float
        Losses beyond ceiling × base.
    rate : float
        Its own rate.
    """

    org_unit: str
    segment: str
    segment_value: str
    excess: float
    rate: float


@dataclass(frozen=True, slots=True)
class Alert:
    """A ceiling exceeded.

    Parameters
    ----------
    ceiling : Ceiling
        Which.
    period_start, period_end : date
        When, end excluded.
    rate : float
        The rate reached.
    excess : float
        Losses beyond the ceiling.
    is_certain : bool
        Whether even the lower end of the interval lies above the ceiling.
    contributors : tuple of Contributor
        The parts with most losses in excess, at most five.
    words : Words
        The alert as a sentence.
    """

    ceiling: Ceiling
    period_start: date
    period_end: date
    rate: float
    excess: float
    is_certain: bool
    contributors: tuple[Contributor, ...]
    words: Words


def ceiling_alerts(
    metrics: pa.Table, ceilings: Sequence[Ceiling], *, period: tuple[date, date] | None = None
) -> list[Alert]:
    """Return the ceilings exceeded, worst excess first.

    Parameters
    ----------
    metrics : pyarrow.Table
        Of the shape of `table.metrics_table`.
    ceilings : sequence of Ceiling
        What is tolerated; a ceiling for a part that nobody belongs to raises nothing.
    period : tuple of date, optional
        ``[start, end)`` to check; by default the latest of the shortest periods.

    Raises
    ------
    InvalidInput
        If a ceiling is not in (0, 1]: zero churn is neither real nor economic.
    """
    found = []
    for ceiling in ceilings:
        if not 0 < ceiling.rate <= 1:
            raise InvalidInput(f"a churn ceiling lies above 0 and up to 1, got {ceiling.rate}; zero loss is not a goal")
        rows = metrics.filter(pc.equal(metrics["metric"], ceiling.metric)).to_pylist()
        chosen = period or _latest_short(rows)
        here = [row for row in rows if (row["period_start"], row["period_end"]) == chosen and row["value"] is not None]
        alert = _alert(ceiling, here)
        if alert is not None:
            found.append(alert)
    return sorted(found, key=lambda alert: (-alert.excess, alert.ceiling.org_unit, alert.ceiling.segment_value))


def _latest_short(rows: list[dict[str, Any]]) -> tuple[date, date] | None:
    """Return the latest period whose length is about the shortest there is."""
    periods = {(row["period_start"], row["period_end"]) for row in rows}
    shortest = min(((end - start).days for start, end in periods), default=0)
    return max((each for each in periods if (each[1] - each[0]).days <= shortest + 3), default=None)


def _alert(ceiling: Ceiling, rows: list[dict[str, Any]]) -> Alert | None:
    own = [
        row
        for row in rows
        if (row["org_unit"], row["segment"], row["segment_value"])
        == (ceiling.org_unit, ceiling.segment, ceiling.segment_value)
    ]
    if not own or own[0]["value"] <= ceiling.rate:
        return None
    row = own[0]
    contributors = _contributors(ceiling, row, rows)
    return Alert(
        ceiling=ceiling,
        period_start=row["period_start"],
        period_end=row["period_end"],
        rate=row["value"],
        excess=_excess(ceiling, row),
        is_certain=row["low"] is not None and row["low"] > ceiling.rate,
        contributors=contributors,
        words=_words(ceiling, row, contributors),
    )


def _contributors(ceiling: Ceiling, own: dict[str, Any], rows: list[dict[str, Any]]) -> tuple[Contributor, ...]:
    """Return the parts of what the ceiling covers that exceed it; a part that is everybody explains nothing."""
    same_segment = [row for row in rows if _segment(row) == _segment(own)]
    parts = _child_units(own, same_segment)
    if ceiling.segment == "all":
        parts += [row for row in rows if row["segment"] != "all" and row["org_unit"] == ceiling.org_unit]
    exceeding = [
        Contributor(row["org_unit"], row["segment"], row["segment_value"], _excess(ceiling, row), row["value"])
        for row in parts
        if row["value"] > ceiling.rate and row["denominator"] != own["denominator"]
    ]
    return tuple(
        sorted(exceeding, key=lambda part: (-part.excess, part.org_unit, part.segment, part.segment_value))[:5]
    )


def _segment(row: dict[str, Any]) -> tuple[str, str]:
    return row["segment"], row["segment_value"]


def _child_units(parent: dict[str, Any], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows of the units below `parent`, going down where one unit is all there is."""
    children = [row for row in rows if row["org_unit"] and row["org_unit"].rpartition("/")[0] == parent["org_unit"]]
    whole = [row for row in children if row["denominator"] == parent["denominator"]]
    return _child_units(whole[0], rows) if whole else children


def _excess(ceiling: Ceiling, row: dict[str, Any]) -> float:
    return float(row["numerator"]) - ceiling.rate * float(row["denominator"])


def _words(ceiling: Ceiling, row: dict[str, Any], contributors: tuple[Contributor, ...]) -> Words:
    def name(unit: str, segment: str, value: str) -> Words:
        if segment == "all":
            return Words(unit, unit) if unit else Words("全公司", "the company")
        of = _OF.get(segment, Words(segment, segment))
        known = _SEGMENTS.get((segment, value), Words(f"{of.zh}“{value}”", f"{of.en} {value}"))
        return Words(f"{unit} {known.zh}".strip(), f"{unit} {known.en}".strip())

    whole = name(ceiling.org_unit, ceiling.segment, ceiling.segment_value)
    parts = [
        (name(part.org_unit if part.segment == "all" else "", part.segment, part.segment_value), part.rate)
        for part in contributors[:3]
    ]
    excess = _excess(ceiling, row)
    return Words(
        f"{whole.zh}流失率{row['value']:.1%}，超过上限{ceiling.rate:.1%}，多流失约{excess:.0f}人"
        + (f"；主要来自{'、'.join(f'{each.zh}（{rate:.1%}）' for each, rate in parts)}。" if parts else "。"),
        f"Churn in {whole.en} is {row['value']:.1%}, above the ceiling of {ceiling.rate:.1%}: "
        f"about {excess:.0f} too many"
        + (f"; mainly {', '.join(f'{each.en} ({rate:.1%})' for each, rate in parts)}." if parts else "."),
    )
