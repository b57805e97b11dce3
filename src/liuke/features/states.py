"""How customers moved between active, leaving, lost, won back and abandoned, and what shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from liuke.engines.duckdb import quoted

if TYPE_CHECKING:
    from liuke.engines.engine import Engine
    from liuke.features.spells import ChurnRule

LEAVING_FROM = 0.7
"""From this share of the own limit on, a silence counts as leaving."""

NOTICES = (
    "notice", "cancel_request", "cancellation_request", "termination_request", "port_out_request",
    "unsubscribe_request", "退订申请", "销户申请", "离网申请", "解约申请", "退网申请", "携号转网申请",
)  # fmt: skip
"""Kinds of events with which a customer announces that they will go."""

NOBODY_LET_GO_SQL = "SELECT NULL::VARCHAR AS customer_id, NULL::DATE AS decided_on WHERE FALSE"

MOMENTS_SQL = """
WITH lives AS (SELECT * FROM spells WHERE started_on <= $as_of),
began AS (
    SELECT customer_id, started_on AS on_day, spell_no AS life, 1 AS step,
           CASE WHEN spell_no = 1 THEN 'active' ELSE 'won_back' END AS state,
           CASE WHEN kind = 'contractual' THEN 'contract_begun' ELSE 'purchase' END AS evidence, NULL::DOUBLE AS value
    FROM lives
),
in_grace AS (
    SELECT customer_id, lost_on, spell_no, 2, 'leaving', 'contract_ended_in_grace', NULL
    FROM lives WHERE kind = 'contractual' AND lost_on <= $as_of
),
lost AS (
    SELECT customer_id, certain_on, spell_no, 3, 'lost',
           CASE WHEN kind = 'contractual' THEN 'contract_not_renewed' ELSE 'silence_beyond_own_rhythm' END, NULL
    FROM lives WHERE certain_on <= $as_of
),
silences AS (
    SELECT customer_id, next_on,
           CAST(bought_on + CAST(ceil(threshold_days * $leaving_from) AS INTEGER) AS DATE) AS near_on,
           CAST(bought_on + CAST(floor(threshold_days) + 1 AS INTEGER) AS DATE) AS lost_on
    FROM purchase_rhythm SEMI JOIN (SELECT customer_id FROM lives WHERE kind = 'dormant') USING (customer_id)
),
fading AS (
    SELECT customer_id, near_on, 0, 2, 'leaving', 'silence_near_own_limit', $leaving_from
    FROM silences WHERE near_on <= $as_of AND (next_on IS NULL OR near_on < next_on)
),
back_in_rhythm AS (
    SELECT customer_id, next_on, 0, 1, 'active', 'bought_again', NULL
    FROM silences WHERE near_on < next_on AND date_diff('day', lost_on, next_on) <= $grace_days
),
announced AS (
    SELECT customer_id, min(occurred_on), spell_no, 2, 'leaving', 'notice_given', NULL
    FROM events JOIN lives USING (customer_id)
    WHERE list_contains($notices, events.kind) AND occurred_on <= $as_of AND occurred_on >= started_on
      AND (lost_on IS NULL OR occurred_on < lost_on)
    GROUP BY customer_id, spell_no
),
spent AS (
    SELECT customer_id, sum(amount) FILTER (date_diff('day', occurred_on, $as_of) < 90) AS lately,
           sum(amount) FILTER (date_diff('day', occurred_on, $as_of) BETWEEN 90 AND 179) AS earlier,
           count(*) FILTER (date_diff('day', occurred_on, $as_of) BETWEEN 90 AND 179 AND amount > 0) AS n_earlier
    FROM transactions
         SEMI JOIN (SELECT customer_id FROM lives WHERE (lost_on IS NULL OR lost_on > $as_of)
                    AND date_diff('day', started_on, $as_of) >= 180) USING (customer_id)
    WHERE occurred_on <= $as_of GROUP BY customer_id
),
season AS (SELECT least(1, coalesce(sum(lately) / nullif(sum(earlier), 0), 1)) AS usual FROM spent),
partly_gone AS (
    SELECT customer_id, $as_of, 9999, 2, 'leaving', 'spend_fell', 1 - greatest(coalesce(lately, 0), 0) / earlier
    FROM spent, season
    WHERE earlier > 0 AND n_earlier >= 3 AND coalesce(lately, 0) <= (1 - $partial_drop) * usual * earlier
),
let_go AS (
    SELECT customer_id, decided_on, 9999, 4, 'abandoned', 'let_go', NULL
    FROM abandoned_customers SEMI JOIN lives USING (customer_id) WHERE decided_on <= $as_of
)
SELECT * FROM began UNION ALL SELECT * FROM in_grace UNION ALL SELECT * FROM lost UNION ALL SELECT * FROM fading
UNION ALL SELECT * FROM back_in_rhythm UNION ALL SELECT * FROM announced UNION ALL SELECT * FROM partly_gone
UNION ALL SELECT * FROM let_go
"""

STATES_SQL = """
WITH in_order AS (
    SELECT *, lag(state) OVER own AS from_state, row_number() OVER own AS move_no
    FROM state_moments
    WINDOW own AS (PARTITION BY customer_id ORDER BY on_day, life, step, evidence, value)
)
SELECT customer_id, from_state, state AS to_state, on_day AS "on", evidence, value, move_no
FROM in_order
WHERE from_state IS DISTINCT FROM state
ORDER BY customer_id, move_no
"""

CURRENT_SQL = """
WITH newest AS (
    SELECT *, row_number() OVER (PARTITION BY customer_id ORDER BY move_no DESC) AS age FROM states
)
SELECT customer_id,
       CASE WHEN to_state = 'won_back' AND date_diff('day', "on", $as_of) >= $won_back_days THEN 'active'
            ELSE to_state END AS state, "on" AS since_on, evidence
FROM newest WHERE age = 1 ORDER BY customer_id
"""

SILENT_SQL = """
WITH base AS (
    SELECT customer_id, greatest(max(started_on), coalesce(max(lost_on) FILTER (kind = 'contractual'), max(started_on)))
               AS last_on
    FROM spells WHERE started_on <= $as_of GROUP BY customer_id
    HAVING NOT bool_or(kind = 'contractual' AND (lost_on IS NULL OR lost_on > $as_of))
),
bought AS (
    SELECT customer_id, max(bought_on) AS last_purchase_on FROM purchase_days WHERE bought_on <= $as_of
    GROUP BY customer_id
),
responses AS (
    SELECT customer_id, occurred_on AS responded_on FROM contacts WHERE answered OR direction = 'in'
    UNION ALL SELECT customer_id, occurred_on FROM complaints
    UNION ALL SELECT customer_id, answered_on FROM survey_answers
    UNION ALL SELECT customer_id, occurred_on FROM events
    UNION ALL SELECT referrer_id, occurred_on FROM referrals
),
echoes AS (
    SELECT customer_id, max(responded_on) AS last_response_on FROM responses WHERE responded_on <= $as_of
    GROUP BY customer_id
),
tried AS (
    SELECT customer_id, count(*) AS contacts_without_answer FROM contacts
    WHERE direction = 'out' AND occurred_on <= $as_of AND date_diff('day', occurred_on, $as_of) < $window_days
    GROUP BY customer_id
),
spent AS (
    SELECT customer_id, sum(amount) AS spend_all FROM transactions WHERE occurred_on <= $as_of GROUP BY customer_id
)
SELECT base.customer_id, last_purchase_on, last_response_on,
       coalesce(contacts_without_answer, 0) AS contacts_without_answer, spend_all
FROM base LEFT JOIN bought USING (customer_id) LEFT JOIN echoes USING (customer_id) LEFT JOIN tried USING (customer_id)
     LEFT JOIN spent USING (customer_id)
WHERE date_diff('day', coalesce(last_purchase_on, last_on), $as_of) >= $window_days
  AND date_diff('day', last_on, $as_of) >= $window_days
  AND coalesce(date_diff('day', last_response_on, $as_of) >= $window_days, TRUE)
ORDER BY base.customer_id
"""

SILENT_COUNTS_SQL = """
SELECT (SELECT count(*) FROM silent_customers) AS n_silent,
       (SELECT count(DISTINCT customer_id) FROM spells WHERE started_on <= $as_of) AS n_customers,
       (SELECT coalesce(sum(spend_all), 0) FROM silent_customers) AS spend_silent,
       (SELECT coalesce(sum(amount), 0) FROM transactions WHERE occurred_on <= $as_of) AS spend_all
"""


@dataclass(frozen=True, slots=True)
class SilentCustomers:
    """How many customers neither buy nor respond, and what they once spent.

    Parameters
    ----------
    n_silent, n_customers : int
        The silent, and everyone who ever was a customer.
    spend_silent, spend_all : Decimal
        What the silent and what all spent so far.
    """

    n_silent: int
    n_customers: int
    spend_silent: Decimal
    spend_all: Decimal

    @property
    def share(self) -> float | None:
        """Share of the silent among all customers; None where there are none."""
        return self.n_silent / self.n_customers if self.n_customers else None


def create_states(
    engine: Engine, as_of: date, rule: ChurnRule, *, abandoned: str | None = None, won_back_days: int = 90
) -> None:
    """Keep `states`, every dated change of state with its evidence, and `current_states`, one row per customer.

    ``states``: customer_id, from_state (null at first), to_state, on, evidence, value, move_no. ``current_states``:
    customer_id, state, since_on, evidence.

    Parameters
    ----------
    engine : Engine
        Holds `spells`, `purchase_rhythm` and the canonical tables, known on `as_of`.
    as_of : date
        The day we look from, inclusive.
    rule : ChurnRule
        Says how long a loss may be taken back and how deep a fall of spend is a partial defection.
    abandoned : str, optional
        Name of a table (customer_id, decided_on) of customers whom the company has let go.
    won_back_days : int, default 90
        How long a returned customer is shown as won back, then as active.

    Notes
    -----
    Leaving is: the contract has ended but may still be renewed (in grace); the silence has reached `LEAVING_FROM` of
    the customer's own limit; notice was given; or, looked at on `as_of` only, spend of the last 90 days fell by the
    rule's share or more against the 90 before (three purchases at least), beyond the fall that all customers show. A
    relation may go back from any state: who buys again within the limit is active again, who returns after a loss is
    won back. A loss is dated on the day it is certain; rates count it on ``spells.lost_on``.
    """
    chosen = f"SELECT customer_id, decided_on FROM {quoted(abandoned)}" if abandoned else NOBODY_LET_GO_SQL
    engine.create("abandoned_customers", chosen)
    engine.create(
        "state_moments",
        MOMENTS_SQL,
        as_of=as_of,
        leaving_from=LEAVING_FROM,
        notices=list(NOTICES),
        partial_drop=rule.partial_drop,
        grace_days=rule.grace_days,
    )
    engine.create("states", STATES_SQL)
    engine.create("current_states", CURRENT_SQL, as_of=as_of, won_back_days=won_back_days)


def silent_customers(engine: Engine, as_of: date, window_days: int = 365) -> SilentCustomers:
    """Keep `silent_customers`, those who neither bought nor responded in any way, and return how many they are.

    Parameters
    ----------
    engine : Engine
        Holds `spells`, `purchase_days` and the canonical tables, known on `as_of`.
    as_of : date
        The day we look from, inclusive.
    window_days : int, default 365
        Without a purchase and without a response for so long.

    Notes
    -----
    A response is an answered or an incoming contact, a complaint, an answer to a survey, an event of any kind, or a
    referral made.
    """
    engine.create("silent_customers", SILENT_SQL, as_of=as_of, window_days=window_days)
    return SilentCustomers(**engine.one(SILENT_COUNTS_SQL, as_of=as_of))
