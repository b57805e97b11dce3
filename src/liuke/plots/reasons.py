"""Pictures of why: the Pareto of reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from liuke.kernel.words import Language, Words
from liuke.plots.style import AMBER, BLUE, GREY, RED, TEAL, rows_of, styled, titled

if TYPE_CHECKING:
    import pyarrow as pa

TYPES = {
    "NEG": Words("过失流失", "the firm's fault"),
    "COM": Words("竞争流失", "competition"),
    "NAT": Words("自然流失", "natural"),
    "MAL": Words("恶意流失", "malicious"),
    "UNK": Words("原因未知", "unknown"),
}


def pareto(table: pa.Table, language: Language) -> Any:
    """Return customers per reason, most frequent first, coloured by the four types.

    Parameters
    ----------
    table : pyarrow.Table
        ``reason`` (in words), ``churn_type`` and ``customers``.
    language : {'zh', 'en'}
        Of the labels.
    """
    rows = [
        {**row, "type": TYPES.get(row["churn_type"], TYPES["UNK"]).in_(language)}
        for row in table.slice(0, 15).to_pylist()
    ]
    order = [words.in_(language) for words in TYPES.values()]
    count = Words("客户数", "customers").in_(language)
    chart = (
        alt.Chart(rows_of(rows))
        .mark_bar(cornerRadiusEnd=2)
        .encode(
            y=alt.Y("reason:N", sort=None, title=None),
            x=alt.X("customers:Q", title=count, axis=alt.Axis(tickMinStep=1)),
            color=alt.Color(
                "type:N",
                title=None,
                sort=order,
                scale=alt.Scale(domain=order, range=[BLUE, AMBER, TEAL, RED, GREY]),
            ),
            tooltip=[alt.Tooltip("reason:N"), alt.Tooltip("customers:Q", title=count, format=",")],
        )
    )
    title = Words("为什么离开", "Why they leave")
    return styled(chart.properties(title=titled(title, language)), width=460, height=22 * max(len(rows), 3))
