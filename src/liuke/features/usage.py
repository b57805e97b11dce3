"""Usage and answers: whatever a customer does or says, kind by kind and question by question."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from liuke.engines.duckdb import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from liuke.engines.engine import Engine

MOST_KINDS = 20
MOST_QUESTIONS = 10

KINDS_SQL = """
SELECT kind FROM events WHERE occurred_on <= $as_of GROUP BY kind ORDER BY count(*) DESC, kind LIMIT $most
"""

QUESTIONS_SQL = """
SELECT question FROM survey_answers WHERE answered_on <= $as_of AND score IS NOT NULL
GROUP BY question ORDER BY count(*) DESC, question LIMIT $most
"""

USAGE_BY_KIND_SQL = """
WITH happened AS (
    SELECT customer_id, kind, coalesce(quantity, 1) AS quantity, date_diff('day', occurred_on, $as_of) AS age
    FROM events SEMI JOIN feature_actives USING (customer_id) WHERE occurred_on <= $as_of
)
SELECT customer_id, kind, count(*) FILTER (age < 30) AS n_30d, count(*) FILTER (age < 60) AS n_60d,
       count(*) FILTER (age < 90) AS n_90d, count(*) FILTER (age < 180) AS n_180d, min(age) AS days_since,
       sum(quantity) FILTER (age < 30) AS q_30d, sum(quantity) FILTER (age < 60) AS q_60d,
       sum(quantity) FILTER (age < 90) AS q_90d, sum(quantity) FILTER (age < 180) AS q_180d
FROM happened GROUP BY customer_id, kind
"""

ONE_KIND_SQL = """,
       coalesce(max(q_30d) FILTER (kind = ${bound}), nothing) AS {usage_30d},
       coalesce(max(q_90d) FILTER (kind = ${bound}), nothing) AS {usage_90d},
       coalesce(max(q_180d) FILTER (kind = ${bound}), nothing) AS {usage_180d},
       max(2 * coalesce(q_30d, 0) / nullif(q_90d - coalesce(q_30d, 0), 0)) FILTER (kind = ${bound}) AS {usage_ratio},
       max((q_60d / nullif(n_60d, 0)) / nullif((q_180d - q_60d) / nullif(n_180d - n_60d, 0), 0))
           FILTER (kind = ${bound}) AS {usage_level_ratio},
       max(days_since) FILTER (kind = ${bound}) AS {usage_days_since}"""

USAGE_SQL = """
WITH filler AS (SELECT CASE WHEN EXISTS (SELECT 1 FROM events) THEN 0 END AS nothing)
SELECT customer_id, coalesce(sum(n_30d)::BIGINT, nothing) AS events_30d,
       coalesce(sum(n_90d)::BIGINT, nothing) AS events_90d, min(days_since) AS days_since_event,
       2 * sum(n_30d)::BIGINT / nullif(sum(n_90d - n_30d)::BIGINT, 0) AS events_ratio{kinds}
FROM feature_actives CROSS JOIN filler LEFT JOIN usage_by_kind USING (customer_id)
GROUP BY customer_id, nothing
"""

ANSWERS_BY_QUESTION_SQL = """
WITH answered AS (
    SELECT customer_id, question, score, date_diff('day', answered_on, $as_of) AS age,
           row_number() OVER (PARTITION BY customer_id, question
                              ORDER BY answered_at DESC, survey_id DESC, score) AS newest
    FROM survey_answers SEMI JOIN feature_actives USING (customer_id)
    WHERE answered_on <= $as_of AND score IS NOT NULL
)
SELECT customer_id, question, max(score) FILTER (newest = 1) AS latest, min(age) AS days_since,
       sum(score) FILTER (age < 365) / nullif(count(*) FILTER (age < 365), 0) AS mean_365d,
       max(score) FILTER (newest = 1) - max(score) FILTER (newest = 2) AS change
FROM answered GROUP BY customer_id, question
"""

ONE_QUESTION_SQL = """,
       max(latest) FILTER (question = ${bound}) AS {latest}, max(mean_365d) FILTER (question = ${bound}) AS {mean_365d},
       max(change) FILTER (question = ${bound}) AS {change}"""

SATISFACTION_SQL = """
WITH filler AS (SELECT CASE WHEN EXISTS (SELECT 1 FROM survey_answers) THEN 0 END AS nothing)
SELECT customer_id, min(days_since) AS days_since_answer,
       coalesce(count(question), nothing) + nothing AS questions_answered{questions}
FROM feature_actives CROSS JOIN filler LEFT JOIN answers_by_question USING (customer_id)
GROUP BY customer_id, nothing
"""


def create(engine: Engine, as_of: date, kinds: Sequence[str] | None = None) -> tuple[str, ...]:
    """Keep the families usage and satisfaction of `feature_actives`; return their tables' names.

    Parameters
    ----------
    engine : Engine
        Holds `events`, `survey_answers` and `feature_actives`.
    as_of : date
        The day we look from, inclusive.
    kinds : sequence of str, optional
        Kinds of events to tell apart; the `MOST_KINDS` most frequent ones by default.

    Notes
    -----
    Per kind: quantity of the last 30, 90 and 180 days (an event without a quantity counts 1), ``ratio`` the daily rate
    of the last 30 days over that of the 60 before, ``level_ratio`` the mean quantity per event of the last 60 days
    over that of the 120 before (steady also where use is booked once a month), days since the last one.
    """
    chosen = list(kinds) if kinds is not None else event_kinds(engine, as_of)
    questions = engine.table(QUESTIONS_SQL, as_of=as_of, most=MOST_QUESTIONS).column(0).to_pylist()
    engine.create("usage_by_kind", USAGE_BY_KIND_SQL, as_of=as_of)
    engine.create(
        "feature_usage", USAGE_SQL.format(kinds=_columns(ONE_KIND_SQL, "usage", chosen)), **_bound("usage", chosen)
    )
    engine.create("answers_by_question", ANSWERS_BY_QUESTION_SQL, as_of=as_of)
    engine.create(
        "feature_satisfaction",
        SATISFACTION_SQL.format(questions=_columns(ONE_QUESTION_SQL, "survey", questions)),
        **_bound("survey", questions),
    )
    return ("feature_usage", "feature_satisfaction")


def event_kinds(engine: Engine, as_of: date, most: int = MOST_KINDS) -> list[str]:
    """Return the most frequent kinds of events known on `as_of`, most frequent first, ties by name."""
    kinds: list[str] = engine.table(KINDS_SQL, as_of=as_of, most=most).column(0).to_pylist()
    return kinds


def slugs(names: Sequence[str]) -> list[str]:
    """Return a distinct word for each name, of letters (Chinese too), digits and underscores.

    Examples
    --------
    >>> slugs(["Data (MB)", "data mb", "通话分钟"])
    ['data_mb', 'data_mb_2', '通话分钟']
    """
    found: list[str] = []
    for name in names:
        word = re.sub(r"\W+", "_", name.strip().lower()).strip("_") or "other"
        number = 1
        while (word if number == 1 else f"{word}_{number}") in found:
            number += 1
        found.append(word if number == 1 else f"{word}_{number}")
    return found


def _bound(prefix: str, names: Sequence[str]) -> dict[str, object]:
    return {f"{prefix}_{number}": name for number, name in enumerate(names)}


def _columns(template: str, prefix: str, names: Sequence[str]) -> str:
    """Return the columns of every name; the names themselves are bound, only their slugs become identifiers."""
    ends = re.findall(r"\{(\w+)\}", template)
    columns = []
    for number, slug in enumerate(slugs(names)):
        words = {end: quoted(f"{prefix}_{slug}_{end.removeprefix('usage_')}") for end in ends if end != "bound"}
        columns.append(template.format(bound=f"{prefix}_{number}", **words))
    return "".join(columns)
