"""Pictures of what happened: churn by month, the leaky bucket, cohorts, warnings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from liuke.kernel.words import Language, Words
from liuke.plots.style import BLUE, GREEN, INK, RED, WARNING_COLOURS, WARNING_WORDS, rows_of, styled, titled


def churn_by_month(rows: Sequence[Mapping[str, Any]], ceiling: float, language: Language) -> Any:
    """Return the monthly churn rate with its 95 % interval and the ceiling.

    Parameters
    ----------
    rows : sequence of mappings
        ``month`` (ISO text), ``value``, ``low``, ``high``.
    ceiling : float
        The rate above which churn is told.
    language : {'zh', 'en'}
        Of the labels.
    """
    rate = Words("月流失率", "monthly churn").in_(language)
    base = alt.Chart(rows_of(rows)).encode(x=alt.X("month:O", title=None, axis=alt.Axis(labelAngle=-45)))
    band = base.mark_area(color=BLUE, opacity=0.15).encode(y=alt.Y("low:Q", title=rate), y2="high:Q")
    line = base.mark_line(color=BLUE, point=True).encode(
        y=alt.Y("value:Q", title=rate, axis=alt.Axis(format=".1%")),
        tooltip=[alt.Tooltip("month:O"), alt.Tooltip("value:Q", title=rate, format=".2%")],
    )
    roof = alt.Chart(rows_of([{"ceiling": ceiling}])).mark_rule(color=RED, strokeDash=[4, 4]).encode(y="ceiling:Q")
    title = Words("流失率与上限（虚线）", "Churn against its ceiling (dashed)")
    return styled((band + line + roof).properties(title=titled(title, language)))


def leaky_bucket(rows: Sequence[Mapping[str, Any]], language: Language) -> Any:
    """Return inflow above and outflow below the line, month by month.

    Parameters
    ----------
    rows : sequence of mappings
        ``month``, ``joined``, ``returned``, ``lost``.
    language : {'zh', 'en'}
        Of the labels.
    """
    names = {
        "joined": (Words("新增", "joined"), 1),
        "returned": (Words("挽回", "returned"), 1),
        "lost": (Words("流失", "lost"), -1),
    }
    long = [
        {"month": row["month"], "what": words.in_(language), "n": sign * row[key], "size": row[key], "place": place}
        for row in rows
        for place, (key, (words, sign)) in enumerate(names.items())
    ]
    domain = [words.in_(language) for words, _ in names.values()]
    chart = (
        alt.Chart(rows_of(long))
        .mark_bar()
        .encode(
            x=alt.X("month:O", title=None, axis=alt.Axis(labelAngle=-45)),
            y=alt.Y("n:Q", title=Words("客户数", "customers").in_(language)),
            color=alt.Color("what:N", title=None, scale=alt.Scale(domain=domain, range=[GREEN, BLUE, RED])),
            order=alt.Order("place:Q"),
            tooltip=["month:O", "what:N", alt.Tooltip("size:Q", format=",")],
        )
    )
    title = Words("漏桶：流入与流出", "The leaky bucket: in and out")
    return styled(chart.properties(title=titled(title, language)))


def cohort_heatmap(rows: Sequence[Mapping[str, Any]], language: Language) -> Any:
    """Return the share of each cohort still here, by age.

    Parameters
    ----------
    rows : sequence of mappings
        ``cohort`` (ISO month), ``age`` in months, ``rate``.
    language : {'zh', 'en'}
        Of the labels.
    """
    age = Words("加入后月数", "months since joining").in_(language)
    base = alt.Chart(rows_of(rows)).encode(
        x=alt.X("age:O", title=age, axis=alt.Axis(labelAngle=0)),
        y=alt.Y("cohort:O", title=Words("加入月份", "joined in").in_(language)),
    )
    cells = base.mark_rect().encode(
        color=alt.Color("rate:Q", title=None, scale=alt.Scale(scheme="blues", domain=[0, 1]), legend=None),
        tooltip=["cohort:O", "age:O", alt.Tooltip("rate:Q", format=".1%")],
    )
    text = base.mark_text(fontSize=9).encode(
        text=alt.Text("rate:Q", format=".0%"),
        color=alt.condition("datum.rate > 0.6", alt.value("white"), alt.value(INK)),
    )
    ages, cohorts = len({row["age"] for row in rows}), len({row["cohort"] for row in rows})
    title = Words("各批客户的保持率", "Retention by cohort")
    size = {"width": max(28 * ages, 200), "height": max(18 * cohorts, 80)}
    return styled((cells + text).properties(title=titled(title, language)), **size)


def warnings(rows: Sequence[Mapping[str, Any]], language: Language) -> Any:
    """Return customers per warning level.

    Parameters
    ----------
    rows : sequence of mappings
        ``warning`` and ``customers``.
    language : {'zh', 'en'}
        Of the labels.
    """
    order = [words.in_(language) for words in WARNING_WORDS.values()]
    named = [{**row, "level": WARNING_WORDS[row["warning"]].in_(language)} for row in rows]
    count = Words("客户数", "customers").in_(language)
    base = alt.Chart(rows_of(named)).encode(
        y=alt.Y("level:N", sort=order, title=None),
        x=alt.X("customers:Q", title=count, axis=alt.Axis(tickMinStep=1, format=",d", tickCount=5)),
    )
    bars = base.mark_bar(cornerRadiusEnd=2).encode(
        color=alt.Color("level:N", legend=None, scale=alt.Scale(domain=order, range=[*WARNING_COLOURS.values()])),
        tooltip=["level:N", alt.Tooltip("customers:Q", format=",")],
    )
    figures = base.mark_text(align="left", dx=4, color=INK).encode(text=alt.Text("customers:Q", format=","))
    title = Words("预警等级", "Warnings by level")
    return styled((bars + figures).properties(title=titled(title, language)), width=300, height=130)
