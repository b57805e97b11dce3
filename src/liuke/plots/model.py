"""Pictures of a warning's honesty: calibration and lift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from liuke.kernel.words import Language, Words
from liuke.plots.style import BLUE, GREY, rows_of, styled, titled


def calibration(table: Sequence[Mapping[str, Any]], language: Language) -> Any:
    """Return predicted against observed loss per bin, with the line of perfect honesty.

    Parameters
    ----------
    table : sequence of mappings
        ``mean_probability``, ``observed_rate``, ``n`` per bin.
    language : {'zh', 'en'}
        Of the labels.
    """
    predicted = Words("预测流失概率", "predicted probability of loss").in_(language)
    observed = Words("实际流失率", "share actually lost").in_(language)
    top = max([0.05, *(max(row["mean_probability"], row["observed_rate"]) for row in table)])
    scale = alt.Scale(domain=[0, top * 1.05])
    line = (
        alt.Chart(rows_of([{"a": 0.0}, {"a": top}]))
        .mark_line(color=GREY, strokeDash=[4, 4])
        .encode(x=alt.X("a:Q", scale=scale), y=alt.Y("a:Q", scale=scale))
    )
    points = (
        alt.Chart(rows_of(table))
        .mark_circle(color=BLUE, opacity=0.9)
        .encode(
            x=alt.X("mean_probability:Q", scale=scale, title=predicted, axis=alt.Axis(format=".0%")),
            y=alt.Y("observed_rate:Q", scale=scale, title=observed, axis=alt.Axis(format=".0%")),
            size=alt.Size("n:Q", legend=None, scale=alt.Scale(range=[40, 240])),
            tooltip=[
                alt.Tooltip("mean_probability:Q", title=predicted, format=".2%"),
                alt.Tooltip("observed_rate:Q", title=observed, format=".2%"),
                alt.Tooltip("n:Q", title=Words("客户数", "customers").in_(language)),
            ],
        )
    )
    title = Words("校准：预测的概率可信吗", "Calibration: are the probabilities true?")
    return styled((line + points).properties(title=titled(title, language)), width=300, height=260)


def lift(table: Sequence[Mapping[str, Any]], language: Language) -> Any:
    """Return the share of losses found among the riskiest customers, beside chance.

    Parameters
    ----------
    table : sequence of mappings
        ``top`` and ``captured``, both shares in [0, 1].
    language : {'zh', 'en'}
        Of the labels.
    """
    top = Words("按风险排序的客户比例", "share of customers, riskiest first").in_(language)
    captured = Words("捕获的流失比例", "share of losses found").in_(language)
    rows = [{"top": 0.0, "captured": 0.0}, *({"top": row["top"], "captured": row["captured"]} for row in table)]
    axis = alt.Axis(format=".0%")
    line = (
        alt.Chart(rows_of(rows))
        .mark_line(color=BLUE, point=True)
        .encode(
            x=alt.X("top:Q", title=top, axis=axis),
            y=alt.Y("captured:Q", title=captured, axis=axis),
            tooltip=[
                alt.Tooltip("top:Q", title=top, format=".0%"),
                alt.Tooltip("captured:Q", title=captured, format=".1%"),
            ],
        )
    )
    chance = (
        alt.Chart(rows_of([{"a": 0.0}, {"a": 1.0}])).mark_line(color=GREY, strokeDash=[4, 4]).encode(x="a:Q", y="a:Q")
    )
    title = Words("提升：风险最高的客户里有多少真流失", "Lift: how many losses the riskiest hold")
    return styled((chance + line).properties(title=titled(title, language)), width=300, height=260)
