"""The lower bound: one DuckDB pass over a workspace's Parquet files that groups every table by customer.

No workspace, no views, no windows, no sorting, no distinct counts: counts, sums, extremes and filtered sums of the
kind the features are made of, kept in a table in memory. Nothing that reads the same files can be much faster.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

TRANSACTIONS = """
count(*) AS n, min(occurred_on) AS first_on, max(occurred_on) AS last_on, sum(amount) AS spend,
sum(amount) FILTER (age < 30) AS spend_30d, sum(amount) FILTER (age < 90) AS spend_90d,
sum(amount) FILTER (age BETWEEN 90 AND 179) AS spend_before, sum(amount) FILTER (age < 365) AS spend_365d,
sum(amount) FILTER (age < 365 AND amount > 0) AS paid, sum(amount) FILTER (age < 365 AND amount < 0) AS refunded,
sum(amount) FILTER (age < 365 AND is_essential) AS essential, count(*) FILTER (age < 90) AS n_90d,
sum(amount) FILTER (month = 0) AS month_0, sum(amount) FILTER (month = 1) AS month_1,
sum(amount) FILTER (month = 2) AS month_2, sum(amount) FILTER (month = 3) AS month_3,
sum(amount) FILTER (month = 4) AS month_4, sum(amount) FILTER (month = 5) AS month_5"""
EVENTS = """
count(*) AS n, max(occurred_on) AS last_on, count(*) FILTER (age < 30) AS n_30d, count(*) FILTER (age < 90) AS n_90d,
sum(quantity) FILTER (age < 30) AS q_30d, sum(quantity) FILTER (age < 60) AS q_60d,
sum(quantity) FILTER (age < 90) AS q_90d, sum(quantity) FILTER (age < 180) AS q_180d"""
CONTACTS = """
count(*) FILTER (direction = 'out' AND age < 365) AS n_out, count(*) FILTER (answered AND age < 365) AS n_answered,
count(*) FILTER (direction = 'in' AND age < 90) AS n_in, max(occurred_on) AS last_on"""
COMPLAINTS = """
count(*) FILTER (age < 90) AS n_90d, count(*) FILTER (age < 365) AS n_365d, sum(severity) AS weight,
count(*) FILTER (resolved_on IS NULL) AS n_open, max(occurred_on) AS last_on"""
SUBSCRIPTIONS = """
count(*) AS n, min(started_on) AS first_on, max(started_on) AS last_on, max(ended_on) AS ended_on,
sum(monthly_fee) FILTER (ended_on IS NULL) AS fee, max(committed_until) AS committed_until"""
BALANCES = 'max(owed) AS owed, max(overdue_days) AS overdue, count(*) AS n, max("on") AS last_on'
ANSWERS = "count(*) AS n, sum(score) AS score, max(answered_on) AS last_on"

GROUPED = {
    "transactions": (TRANSACTIONS, "occurred_on", "customer_id"),
    "events": (EVENTS, "occurred_on", "customer_id, kind"),
    "contacts": (CONTACTS, "occurred_on", "customer_id"),
    "complaints": (COMPLAINTS, "occurred_on", "customer_id"),
    "subscriptions": (SUBSCRIPTIONS, "started_on", "customer_id"),
    "balances": (BALANCES, '"on"', "customer_id"),
    "survey_answers": (ANSWERS, "answered_on", "customer_id, question"),
    "treatments": ("count(*) AS n, max(assigned_on) AS last_on", "assigned_on", "customer_id"),
    "staff_links": ("count(*) AS n, max(started_on) AS last_on", "started_on", "customer_id"),
}

SUMMARY_SQL = """
SELECT customer_id, count(*) - 1 AS frequency, max(occurred_on) - min(occurred_on) AS recency,
       $as_of::DATE - min(occurred_on) AS T, (sum(spend) - arg_min(spend, occurred_on)) / (count(*) - 1) AS value
FROM (SELECT customer_id, occurred_on, sum(amount) AS spend FROM {files} WHERE occurred_on <= $as_of
      GROUP BY customer_id, occurred_on)
GROUP BY customer_id
"""


def files(workspace: Path, table: str) -> str:
    """Return the SQL that reads the files of `table`."""
    return f"read_parquet('{workspace}/tables/{table}/*.parquet')"


def one_pass(workspace: Path, as_of: str) -> int:
    """Group every table by customer; return how many groups came out."""
    connection = duckdb.connect(config={"preserve_insertion_order": False})
    groups = 0
    for table, (aggregates, day, key) in GROUPED.items():
        if not (workspace / "tables" / table).is_dir():
            continue
        connection.execute(
            f"""CREATE TABLE {table} AS
            SELECT {key}, {aggregates} FROM (
                SELECT *, date_diff('day', {day}, DATE '{as_of}') AS age,
                       date_diff('month', {day}, DATE '{as_of}') AS month
                FROM {files(workspace, table)} WHERE {day} <= DATE '{as_of}')
            GROUP BY {key}"""
        )
        groups += connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0]
    connection.close()
    return groups
