"""Who is a customer and since when: one row per life of a customer, ended or not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

from liuke.features import rhythm
from liuke.kernel.errors import InvalidInput

if TYPE_CHECKING:
    from liuke.engines.engine import Engine

RuleKind = Literal["contractual", "non_contractual"]


class NobodyIsACustomer(InvalidInput):
    """Neither subscriptions nor purchases say who is a customer."""


@dataclass(frozen=True, slots=True)
class ChurnRule:
    """What counts as leaving.

    Parameters
    ----------
    kind : {'contractual', 'non_contractual'}
        Whether an ended contract or the customer's own silence tells a loss. Under ``contractual``, customers who never
        had a subscription are judged by their purchases.
    grace_days : int, default 30
        A new contract within so many days of the last one's end is a renewal; a purchase within so many days after the
        silence crossed the own limit is a late one, and no loss either.
    tail : float, default 0.05
        How often a silent customer who is still there may be taken for gone.
    partial_drop : float, default 0.5
        Fall of spend against the customer's own earlier level that counts as partial defection.
    """

    kind: RuleKind
    grace_days: int = 30
    tail: float = 0.05
    partial_drop: float = 0.5


COUNTS_SQL = """
SELECT (SELECT count(*) FROM subscriptions) AS n_subscriptions,
       (SELECT count(*) FROM transactions WHERE amount > 0) AS n_purchases
"""

SPELLS_SQL = """
WITH contracts AS (
    SELECT customer_id, started_on,
           CASE WHEN ended_on <= $as_of THEN greatest(ended_on, started_on) ELSE DATE '9999-12-31' END AS until_on
    FROM subscriptions
    WHERE $is_contractual AND started_on <= $as_of
),
after_the_last AS (
    SELECT *, max(until_on) OVER (PARTITION BY customer_id ORDER BY started_on, until_on
                                  ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS covered_until
    FROM contracts
),
contract_lives AS (
    SELECT customer_id, started_on, until_on,
           sum(CASE WHEN date_diff('day', covered_until, started_on) <= $grace_days THEN 0 ELSE 1 END)
               OVER (PARTITION BY customer_id ORDER BY started_on, until_on
                     ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS spell_no
    FROM after_the_last
),
contractual AS (
    SELECT customer_id, spell_no::INTEGER AS spell_no, min(started_on) AS started_on,
           nullif(max(until_on), DATE '9999-12-31') AS lost_on
    FROM contract_lives GROUP BY ALL
),
silences AS (
    SELECT customer_id, bought_on,
           CAST(bought_on + CAST(floor(threshold_days) + 1 AS INTEGER) AS DATE) AS silent_on, next_on
    FROM purchase_rhythm ANTI JOIN contracts USING (customer_id)
),
absences AS (
    SELECT *, CASE WHEN next_on IS NULL THEN silent_on <= $as_of
                   ELSE date_diff('day', silent_on, next_on) > $grace_days END AS is_loss
    FROM silences
),
purchase_lives AS (
    SELECT customer_id, bought_on, CASE WHEN is_loss THEN silent_on END AS lost_on,
           1 + coalesce(sum(CASE WHEN is_loss THEN 1 ELSE 0 END)
               OVER (PARTITION BY customer_id ORDER BY bought_on
                     ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS spell_no
    FROM absences
),
dormant AS (
    SELECT customer_id, spell_no::INTEGER AS spell_no, min(bought_on) AS started_on, max(lost_on) AS lost_on
    FROM purchase_lives GROUP BY ALL
)
SELECT customer_id, spell_no, started_on, lost_on, CAST(lost_on + $grace_days AS DATE) AS certain_on,
       'contractual' AS kind, CASE WHEN lost_on IS NULL THEN 'contract_running' ELSE 'contract_ended' END AS evidence
FROM contractual
UNION ALL
SELECT customer_id, spell_no, started_on, lost_on, CAST(lost_on + $grace_days AS DATE),
       'dormant' AS kind, CASE WHEN lost_on IS NULL THEN 'within_own_rhythm' ELSE 'silence_beyond_own_rhythm' END
FROM dormant
ORDER BY customer_id, spell_no
"""


def choose_rule(
    engine: Engine,
    kind: Literal["auto", "contractual", "non_contractual"] = "auto",
    *,
    grace_days: int = 30,
    tail: float = 0.05,
    partial_drop: float = 0.5,
) -> ChurnRule:
    """Return the rule that fits the company's tables: contracts where there are any, else the rhythm of purchases.

    Parameters
    ----------
    engine : Engine
        Holds `subscriptions` and `transactions`.
    kind : {'auto', 'contractual', 'non_contractual'}, default 'auto'
        The company's own choice, or ``auto``.
    grace_days, tail, partial_drop
        As in `ChurnRule`.

    Raises
    ------
    NobodyIsACustomer
        If the tables that the rule needs are empty.
    """
    counts = engine.one(COUNTS_SQL)
    by_tables: RuleKind = "contractual" if counts["n_subscriptions"] else "non_contractual"
    chosen = by_tables if kind == "auto" else kind
    needed = ("subscriptions", "transactions") if chosen == "contractual" else ("transactions",)
    if not (counts["n_purchases"] or (chosen == "contractual" and counts["n_subscriptions"])):
        raise NobodyIsACustomer(
            f"nothing says who is a customer: {' and '.join(needed)} hold no contract and no purchase; "
            "load one of them first"
        )
    return ChurnRule(kind=chosen, grace_days=grace_days, tail=tail, partial_drop=partial_drop)


def create_spells(engine: Engine, rule: ChurnRule, as_of: date) -> None:
    """Keep table `spells`, one row per life of a customer as known on `as_of`, and `rhythm` beside it.

    Parameters
    ----------
    engine : Engine
        Holds `subscriptions` and `transactions`.
    rule : ChurnRule
        What counts as leaving.
    as_of : date
        The day we look from, inclusive; later rows and later ends are not looked at.

    Notes
    -----
    Contracts ``[started_on, ended_on)`` of one customer at most `grace_days` apart are one life; it ends with the last
    of them. A life without a contract ends on the first day on which the silence is longer than the limit that stood
    at the last purchase (`rhythm.create_rhythm`), unless a purchase follows within `grace_days`: a limit exceeded by
    one gap in twenty would else make regular buyers leave and come back all the time. Either loss is certain
    `grace_days` later; until then it may be taken back. Whatever comes after begins another life. A customer who ever
    had a contract is judged by contracts alone.
    """
    rhythm.create_rhythm(engine, as_of, rule.tail, by_contract=rule.kind == "contractual")
    engine.create(
        "spells",
        SPELLS_SQL,
        as_of=as_of,
        grace_days=rule.grace_days,
        is_contractual=rule.kind == "contractual",
    )
