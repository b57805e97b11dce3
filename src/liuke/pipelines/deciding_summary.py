"""What all decisions come to: the budget and its price, cells of tier and reason, remedies, and plain sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from liuke.budget.remedies import Remedy
from liuke.kernel.words import Language, Words
from liuke.pipelines.deciding_words import currency_words

EXTRA = 1000.0
"""How much more money the summary asks about."""

CELLS_SQL = """
SELECT tier, reason_letter, decision, count(*) AS customers,
    CAST(coalesce(sum(CAST(value AS DECIMAL(18, 2))), 0) AS DOUBLE) AS value
FROM cells GROUP BY ALL ORDER BY tier NULLS LAST, reason_letter, decision
"""

SENTENCES = {
    "spent": Words(
        "预算 {budget} {currency},安排 {spent} {currency};预计留住约 {kept} 位客户,净收益约 {gain} {currency}。",
        "Of a budget of {budget} {currency}, {spent} {currency} are assigned; about {kept} customers are expected "
        "to be kept, with a net gain of about {gain} {currency}.",
    ),
    "gap": Words(
        "与任何可能的最优方案相比,至多还差 {gap} {currency}。",
        "Compared with the best plan possible, at most {gap} {currency} are missing.",
    ),
    "more": Words(
        "预算再加 {extra} {currency},预计多留住约 {more_kept} 位客户、多得约 {more_gain} {currency}。",
        "With {extra} {currency} more, about {more_kept} more customers would be kept and about {more_gain} {currency} "
        "more gained.",
    ),
    "enough": Words(
        "预算已够用:再加预算不会多留住客户。", "The budget suffices: more of it would keep no more customers."
    ),
    "staff": Words(
        "员工时间每多 1 小时,预计多得约 {hour} {currency}。",
        "One more hour of staff would gain about {hour} {currency}.",
    ),
    "holdout": Words(
        "对照组 {n_holdout} 位客户不做任何动作,用来检验效果。",
        "{n_holdout} customers are held out and get nothing, to show what the effort is worth.",
    ),
    "held": Words("{n_held} 位客户因联系规则暂不联系。", "{n_held} customers are held back by the rules of contact."),
    "let_go": Words(
        "建议放弃 {n_let_go} 位客户,其中 {n_confirm} 位需人工确认。",
        "{n_let_go} customers are proposed to be let go, {n_confirm} of them to be confirmed by a person.",
    ),
}


def cells(table: pa.Table) -> list[dict[str, Any]]:
    """Return customers and value by tier, reason letter and decision.

    Parameters
    ----------
    table : pa.Table
        tier, reason_letter, decision, value.
    """
    with duckdb.connect() as connection:
        connection.register("cells", table)
        rows: list[dict[str, Any]] = connection.sql(CELLS_SQL).to_arrow_table().to_pylist()
    return rows


def remedy_rows(
    remedies: Sequence[Remedy], place: np.ndarray, cost: np.ndarray, gain: np.ndarray
) -> list[dict[str, Any]]:
    """Return, for every remedy given to anybody, how many have it, its cost and its gain."""
    taken = place >= 0
    n = np.bincount(place[taken], minlength=len(remedies))
    spent = np.bincount(place[taken], weights=cost[taken], minlength=len(remedies))
    gained = np.bincount(place[taken], weights=gain[taken], minlength=len(remedies))
    return [
        {
            "code": remedy.code,
            "zh": remedy.words.zh,
            "en": remedy.words.en,
            "level": remedy.level,
            "customers": int(n[number]),
            "cost": round(float(spent[number]), 2),
            "gain": round(float(gained[number]), 2),
        }
        for number, remedy in enumerate(remedies)
        if n[number]
    ]


def sentences(summary: dict[str, Any], more: tuple[float, float], counts: dict[str, int], currency: str) -> Any:
    """Return the summary in plain sentences, by language.

    Parameters
    ----------
    summary : dict
        budget, spent, expected_gain, customers_kept, gap, shadow_price, capacity_prices.
    more : tuple of float
        Customers kept and money gained with `EXTRA` more.
    counts : dict of str to int
        n_holdout, n_held, n_let_go, n_confirm.
    currency : str
    """
    heads = ["spent", "gap", "more" if summary["shadow_price"] > 0 else "enough"]
    hour = 60 * summary["capacity_prices"].get("staff_minutes", 0.0)
    heads += ["staff"] if hour > 0 else []
    heads += [head for head in ("holdout", "held", "let_go") if counts[f"n_{head}"]]
    return {language: [_sentence(head, summary, more, counts, currency, language) for head in heads]
            for language in ("zh", "en")}  # fmt: skip


def _sentence(
    head: str, summary: dict[str, Any], more: tuple[float, float], counts: dict[str, int], currency: str,
    language: Any,
) -> str:  # fmt: skip
    spoken: Language = language
    return (
        SENTENCES[head]
        .in_(spoken)
        .format(
            currency=currency_words(currency, spoken),
            budget=f"{summary['budget']:,.0f}",
            spent=f"{summary['spent']:,.0f}",
            kept=f"{summary['customers_kept']:,.1f}",
            gain=f"{summary['expected_gain']:,.0f}",
            gap=f"{summary['gap']:,.2f}",
            extra=f"{EXTRA:,.0f}",
            more_kept=f"{more[0]:,.1f}",
            more_gain=f"{more[1]:,.0f}",
            hour=f"{60 * summary['capacity_prices'].get('staff_minutes', 0.0):,.0f}",
            **{name: f"{count:,}" for name, count in counts.items()},
        )
    )
