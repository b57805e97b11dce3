"""Pictures of value: concentration, tiers, and what a budget buys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from liuke.kernel.words import Language, Words
from liuke.plots.style import BLUE, GREY, RED, rows_of, styled, titled

if TYPE_CHECKING:
    import pyarrow as pa


def concentration(table: pa.Table, language: Language) -> Any:
    """Return the curve of value held by the best customers.

    Parameters
    ----------
    table : pyarrow.Table
        ``share_of_customers`` and ``share_of_value``, both in [0, 1].
    language : {'zh', 'en'}
        Of the labels.
    """
    x = Words("客户比例（从高到低）", "share of customers, best first").in_(language)
    y = Words("未来价值比例", "share of future value").in_(language)
    axis = alt.Axis(format=".0%")
    curve = (
        alt.Chart(rows_of(table))
        .mark_line(color=BLUE, strokeWidth=2)
        .encode(
            x=alt.X("share_of_customers:Q", title=x, axis=axis),
            y=alt.Y("share_of_value:Q", title=y, axis=axis),
        )
    )
    equal = (
        alt.Chart(rows_of([{"a": 0.0}, {"a": 1.0}])).mark_line(color=GREY, strokeDash=[4, 4]).encode(x="a:Q", y="a:Q")
    )
    title = Words("价值集中度", "How concentrated value is")
    return styled((equal + curve).properties(title=titled(title, language)), width=300, height=260)


def spend_curve(table: pa.Table, spent: float, language: Language) -> Any:
    """Return expected net gain against money spent, with the plan's budget marked.

    Parameters
    ----------
    table : pyarrow.Table
        ``spent`` and ``gain`` in money, rising.
    spent : float
        What the plan spends.
    language : {'zh', 'en'}
        Of the labels.
    """
    x = Words("投入", "spent").in_(language)
    y = Words("预计净收益", "expected net gain").in_(language)
    curve = (
        alt.Chart(rows_of(table))
        .mark_line(color=BLUE, strokeWidth=2)
        .encode(
            x=alt.X("spent:Q", title=x, axis=alt.Axis(format=",.0f", tickCount=5)),
            y=alt.Y("gain:Q", title=y, axis=alt.Axis(format=",.0f", tickCount=5)),
        )
    )
    here = (
        alt.Chart(rows_of([{"spent": spent}]))
        .mark_rule(color=RED, strokeDash=[4, 4], strokeWidth=1.5)
        .encode(x="spent:Q")
    )
    title = Words("再多投入还值得吗（虚线为本计划）", "Is more money worth it? (dashed: this plan)")
    return styled((curve + here).properties(title=titled(title, language)), width=300, height=260)
