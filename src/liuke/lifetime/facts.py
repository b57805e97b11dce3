"""The parts of value per customer as known on a day: margin, kinds of spend, rhythm, fees, friends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from liuke.engines.engine import Engine

VALUE_FACTS_SQL = """
WITH everyone AS (
    SELECT customer_id FROM customers
    UNION
    SELECT customer_id FROM transactions WHERE occurred_on <= $as_of
    UNION
    SELECT customer_id FROM subscriptions WHERE started_on <= $as_of
),
sales AS (
    SELECT
        customer_id,
        occurred_on,
        amount,
        CASE WHEN cost IS NOT NULL THEN amount - cost
             ELSE amount * $default_margin_rate::DECIMAL(9, 6) END AS margin,
        coalesce(is_essential, CASE WHEN len($essential::VARCHAR[]) > 0
                                    THEN list_contains($essential::VARCHAR[], category) END) AS essential,
        occurred_on > $as_of::DATE - 365 AS is_recent
    FROM transactions
    WHERE occurred_on <= $as_of
),
consumption AS (
    SELECT
        customer_id,
        sum(amount) AS spend_all_time,
        coalesce(sum(amount) FILTER (WHERE is_recent), 0) AS spend_365,
        coalesce(sum(amount) FILTER (WHERE is_recent AND essential), 0) AS spend_essential_365,
        coalesce(sum(amount) FILTER (WHERE is_recent AND NOT essential), 0) AS spend_optional_365,
        coalesce(sum(amount) FILTER (WHERE is_recent AND essential IS NULL), 0) AS spend_unmarked_365,
        coalesce(sum(amount) FILTER (WHERE essential), 0) AS spend_essential_all_time,
        coalesce(sum(amount) FILTER (WHERE NOT essential), 0) AS spend_optional_all_time,
        CASE WHEN count(*) = count(margin) THEN sum(margin) END AS sales_margin_all_time,
        CASE WHEN count(*) FILTER (WHERE is_recent) = count(margin) FILTER (WHERE is_recent)
             THEN coalesce(sum(margin) FILTER (WHERE is_recent), 0) END AS sales_margin_365,
        min(occurred_on) AS first_sale_on
    FROM sales
    GROUP BY customer_id
),
purchase_days AS (
    SELECT customer_id, occurred_on, bool_or(is_recent) AS is_recent
    FROM sales
    GROUP BY customer_id, occurred_on
    HAVING sum(amount) > 0 OR min(amount) >= 0
),
gaps AS (
    SELECT
        *,
        occurred_on - lag(occurred_on) OVER (PARTITION BY customer_id ORDER BY occurred_on) AS gap
    FROM purchase_days
),
rhythms AS (
    SELECT
        customer_id,
        count(*) AS n_purchases,
        count(*) FILTER (WHERE is_recent) AS n_purchases_365,
        count(gap) AS n_gaps,
        sum(gap)::BIGINT AS gap_days,
        sum(gap * gap)::BIGINT AS gap_days_squared,
        $as_of::DATE - max(occurred_on) AS silence_days
    FROM gaps
    GROUP BY customer_id
),
spans AS (
    SELECT
        *,
        ended_on IS NULL OR ended_on > $as_of AS is_live,
        least(coalesce(ended_on, $as_of::DATE + 1), $as_of::DATE + 1) AS until_on
    FROM subscriptions
    WHERE started_on <= $as_of
),
fees AS (
    SELECT
        customer_id,
        min(started_on) AS first_started_on,
        count(*) FILTER (WHERE is_live) AS n_live_subscriptions,
        CASE WHEN count(*) FILTER (WHERE is_live) = count(monthly_fee) FILTER (WHERE is_live)
             THEN coalesce(sum(monthly_fee) FILTER (WHERE is_live), 0) END AS monthly_fee,
        sum(exit_fee) FILTER (WHERE is_live) AS exit_fee,
        max(greatest(committed_until - $as_of::DATE, 0)) FILTER (WHERE is_live) AS committed_days,
        CASE WHEN count(*) = count(monthly_fee)
             THEN sum(monthly_fee * greatest(until_on - started_on, 0)::INTEGER) END AS fee_days,
        CASE WHEN count(*) = count(monthly_fee)
             THEN sum(monthly_fee * greatest(until_on - greatest(started_on, $as_of::DATE - 364), 0)::INTEGER)
             END AS fee_days_365
    FROM spans
    GROUP BY customer_id
),
own AS (
    SELECT
        everyone.customer_id,
        CASE WHEN fees.customer_id IS NULL THEN 0 ELSE fee_days END AS fee_days_known,
        CASE WHEN fees.customer_id IS NULL THEN 0 ELSE fee_days_365 END AS fee_days_365_known,
        (CASE WHEN consumption.customer_id IS NULL THEN 0 ELSE sales_margin_all_time END
         + CASE WHEN fees.customer_id IS NULL THEN 0
                ELSE ((fee_days / 30.4375)::DECIMAL(20, 4) * $default_margin_rate::DECIMAL(9, 6)) END
        )::DECIMAL(24, 4) AS margin_all_time,
        (CASE WHEN consumption.customer_id IS NULL THEN 0 ELSE sales_margin_365 END
         + CASE WHEN fees.customer_id IS NULL THEN 0
                ELSE ((fee_days_365 / 30.4375)::DECIMAL(20, 4) * $default_margin_rate::DECIMAL(9, 6)) END
        )::DECIMAL(24, 4) AS margin_365,
        least(first_sale_on, first_started_on) AS first_on
    FROM everyone
    LEFT JOIN consumption USING (customer_id)
    LEFT JOIN fees USING (customer_id)
),
first_referrals AS (
    SELECT referrer_id, referred_id, occurred_on
    FROM referrals
    WHERE occurred_on <= $as_of AND referrer_id <> referred_id
    QUALIFY row_number() OVER (PARTITION BY referred_id ORDER BY occurred_on, occurred_at, referrer_id) = 1
),
friends AS (
    SELECT referrer_id, referred_id, own.margin_all_time, own.margin_365
    FROM first_referrals
    JOIN own ON own.customer_id = referred_id AND own.first_on >= occurred_on
),
credits AS (
    SELECT
        referrer_id AS customer_id,
        count(*) AS n_friends,
        CASE WHEN count(*) = count(margin_all_time)
             THEN sum(margin_all_time * $referral_share::DECIMAL(5, 4)) END AS referral_margin_all_time,
        CASE WHEN count(*) = count(margin_365)
             THEN sum(margin_365 * $referral_share::DECIMAL(5, 4)) END AS referral_margin_365
    FROM friends
    GROUP BY referrer_id
),
known AS (
    SELECT
        EXISTS (FROM sales) AS has_sales,
        EXISTS (FROM sales WHERE essential IS NOT NULL) AS has_marks,
        EXISTS (FROM first_referrals) AS has_referrals
)
SELECT
    own.customer_id,
    CASE WHEN has_sales THEN coalesce(spend_all_time, 0)::DECIMAL(18, 2) END AS spend_all_time,
    CASE WHEN has_sales THEN coalesce(spend_365, 0)::DECIMAL(18, 2) END AS spend_365,
    CASE WHEN has_marks THEN coalesce(spend_essential_365, 0)::DECIMAL(18, 2) END AS spend_essential_365,
    CASE WHEN has_marks THEN coalesce(spend_optional_365, 0)::DECIMAL(18, 2) END AS spend_optional_365,
    CASE WHEN has_sales THEN coalesce(spend_unmarked_365, 0)::DECIMAL(18, 2) END AS spend_unmarked_365,
    CASE WHEN has_marks THEN coalesce(spend_essential_all_time, 0)::DECIMAL(18, 2) END AS spend_essential_all_time,
    CASE WHEN has_marks THEN coalesce(spend_optional_all_time, 0)::DECIMAL(18, 2) END AS spend_optional_all_time,
    own.margin_all_time::DECIMAL(18, 2) AS margin_all_time,
    own.margin_365::DECIMAL(18, 2) AS margin_365,
    (fee_days_known / 30.4375)::DECIMAL(18, 2) AS fees_all_time,
    (fee_days_365_known / 30.4375)::DECIMAL(18, 2) AS fees_365,
    CASE WHEN spend_all_time > 0 AND $as_of::DATE - first_sale_on >= 365
         THEN spend_365::DOUBLE * ($as_of::DATE - first_sale_on + 1) / (spend_all_time::DOUBLE * 365)
         END AS trend_ratio,
    CASE WHEN has_sales THEN coalesce(n_purchases, 0) END AS n_purchases,
    CASE WHEN has_sales THEN coalesce(n_purchases_365, 0) END AS n_purchases_365,
    CASE WHEN n_gaps > 0 THEN gap_days::DOUBLE / n_gaps END AS interval_days,
    CASE WHEN n_gaps > 1
         THEN sqrt(greatest(n_gaps * gap_days_squared - gap_days * gap_days, 0)::DOUBLE) / gap_days
         END AS interval_variation,
    CASE WHEN n_gaps > 0 THEN silence_days::DOUBLE * n_gaps / gap_days END AS silence_in_intervals,
    CASE WHEN has_referrals THEN coalesce(n_friends, 0) END AS n_friends,
    friends.referrer_id AS referred_by,
    CASE WHEN NOT has_referrals THEN NULL WHEN credits.customer_id IS NULL THEN 0
         ELSE referral_margin_all_time::DECIMAL(18, 2) END AS referral_margin_all_time,
    CASE WHEN NOT has_referrals THEN NULL WHEN credits.customer_id IS NULL THEN 0
         ELSE referral_margin_365::DECIMAL(18, 2) END AS referral_margin_365,
    CASE WHEN NOT has_referrals THEN NULL WHEN friends.referrer_id IS NULL THEN 0
         ELSE (own.margin_365 * $referral_share::DECIMAL(5, 4))::DECIMAL(18, 2) END AS margin_passed_on_365,
    coalesce(n_live_subscriptions, 0) AS n_live_subscriptions,
    monthly_fee::DECIMAL(18, 2) AS monthly_fee,
    exit_fee::DECIMAL(18, 2) AS exit_fee,
    committed_days / 30.4375::DOUBLE AS months_committed
FROM own
CROSS JOIN known
LEFT JOIN consumption USING (customer_id)
LEFT JOIN rhythms USING (customer_id)
LEFT JOIN fees USING (customer_id)
LEFT JOIN credits USING (customer_id)
LEFT JOIN friends ON friends.referred_id = own.customer_id
ORDER BY own.customer_id
"""

YEARLY_SPEND_SQL = """
WITH sales AS (
    SELECT
        customer_id,
        year(occurred_on) AS year,
        amount,
        coalesce(is_essential, CASE WHEN len($essential::VARCHAR[]) > 0
                                    THEN list_contains($essential::VARCHAR[], category) END) AS essential
    FROM transactions
    WHERE occurred_on <= $as_of
)
SELECT
    customer_id,
    year,
    sum(amount)::DECIMAL(18, 2) AS spend,
    (sum(amount) FILTER (WHERE essential))::DECIMAL(18, 2) AS spend_essential,
    (sum(amount) FILTER (WHERE NOT essential))::DECIMAL(18, 2) AS spend_optional
FROM sales
GROUP BY customer_id, year
ORDER BY customer_id, year
"""


def create_value_facts(
    engine: Engine,
    as_of: date,
    *,
    default_margin_rate: float | None = None,
    referral_share: float = 0.2,
    essential_categories: Sequence[str] = (),
) -> None:
    """Create table `value_facts`: one row per customer known on `as_of`, what is unknown left NULL.

    Parameters
    ----------
    engine : Engine
        Holds `customers`, `transactions`, `subscriptions`, `referrals`.
    as_of : date
        The day we look from, inclusive.
    default_margin_rate : float, optional
        Margin per yuan of sales without a recorded cost, and of subscription fees. Without it such margins, and
        the sums they belong to, are NULL: revenue is not margin.
    referral_share : float, default 0.2
        Share of a friend's own margin credited to the one customer who referred that friend first. It is taken
        off the friend (`margin_passed_on_365`) and never goes further up a chain, so sums over customers stay
        the company's margin. A friend who was a customer before the referral brings no credit.
    essential_categories : sequence of str, optional
        Categories that are necessary spending, where a transaction does not say so itself (`is_essential`).

    Notes
    -----
    Columns: customer_id; spend_all_time, spend_365; spend_essential_…, spend_optional_… (all time and 365),
    spend_unmarked_365; margin_all_time, margin_365 (sales and fees); fees_all_time, fees_365; trend_ratio (last
    365 days against the yearly mean since the first sale; NULL in the first year); n_purchases, n_purchases_365
    (days not all taken back); interval_days, interval_variation, silence_in_intervals (the customer's own
    rhythm); n_friends, referred_by, referral_margin_all_time, referral_margin_365, margin_passed_on_365;
    n_live_subscriptions, monthly_fee, exit_fee, months_committed (of the live subscriptions; NULL without).
    """
    engine.create(
        "value_facts",
        VALUE_FACTS_SQL,
        as_of=as_of,
        default_margin_rate=None if default_margin_rate is None else Decimal(str(default_margin_rate)),
        referral_share=Decimal(str(referral_share)),
        essential=list(essential_categories),
    )


def create_yearly_spend(engine: Engine, as_of: date, *, essential_categories: Sequence[str] = ()) -> None:
    """Create table `yearly_spend`: customer_id, year, spend, spend_essential, spend_optional up to `as_of`."""
    engine.create("yearly_spend", YEARLY_SPEND_SQL, as_of=as_of, essential=list(essential_categories))
