"""Who a customer is: since when, where, and the company's own attributes."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from liuke.engines.duckdb import quoted
from liuke.tables.contract import PERSONAL, TABLES

if TYPE_CHECKING:
    from liuke.engines.engine import Engine

MOST_CATEGORIES = 50
CATEGORIES = ("region", "occupation", "kind", "org_unit", "source", "preferred_channel")
"""Columns of `customers` that become categories."""

BARRED = ("gender", "born_on")
"""Kept out of features by default: nobody is kept or let go for them."""

_BARRED_TOO = {
    "gender": {"gender", "sex", "性别"},
    "born_on": {"bornon", "age", "agegroup", "birthday", "birthdate", "dateofbirth", "dob", "birthyear",
                "seniorcitizen", "under30", "年龄", "出生日期", "生日", "年龄段", "老年人"},
}  # fmt: skip
_ID_LIKE = re.compile(r"(^|[_\s])(id|no|nr|number|code|key|zip|index)$|[a-z]ID$|编号$|号码?$|序号$", re.IGNORECASE)
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")

PROFILE_SQL = """
SELECT feature_actives.customer_id, date_diff('day', first_on, $as_of) AS tenure_days,
       date_diff('day', started_on, $as_of) AS life_days, spell_no AS life_no, consent_sms::INTEGER AS consent_sms,
       consent_email::INTEGER AS consent_email, consent_phone::INTEGER AS consent_phone
FROM feature_actives LEFT JOIN feature_customers USING (customer_id)
"""

NEWEST_SUBSCRIPTIONS_SQL = """
SELECT * EXCLUDE (newest) FROM (
    SELECT *, row_number() OVER (PARTITION BY customer_id ORDER BY started_on DESC, subscription_id DESC, plan,
                                 monthly_fee, exit_fee, committed_until) AS newest
    FROM subscriptions SEMI JOIN spells USING (customer_id)
    WHERE started_on <= $as_of AND (ended_on IS NULL OR ended_on > $as_of)
) WHERE newest = 1
"""


@dataclass(frozen=True, slots=True)
class Attribute:
    """A column beyond the contract that becomes a feature.

    Parameters
    ----------
    table : str
        Where it stands.
    column : str
        Its name there.
    is_category : bool
        Whether it stays a word; else it becomes a DOUBLE.
    """

    table: str
    column: str
    is_category: bool

    def sql(self, name: str) -> str:
        """Return the expression that gives it as `name`."""
        value = f"{self.table}.{quoted(self.column)}"
        return f"{value if self.is_category else f'TRY_CAST({value} AS DOUBLE)'} AS {quoted(name)}"


def create(engine: Engine, as_of: date, excluded: Collection[str], barred: Collection[str]) -> tuple[str, ...]:
    """Keep the family profile of `feature_actives`, attributes included; return its tables' names.

    Notes
    -----
    Attributes are the columns of `customers` and of the newest running row of `subscriptions` beyond the contract.
    Numbers and flags stay numbers, also where they came as text; words with at most `MOST_CATEGORIES` values are
    categories; dates, ids, row numbers, personal and refused columns are left out. What counts as which is decided on
    all customers who ever were one, never on the sample.
    """
    engine.create("feature_customers", "SELECT * FROM customers SEMI JOIN spells USING (customer_id)")
    engine.create("feature_subscriptions", NEWEST_SUBSCRIPTIONS_SQL, as_of=as_of)
    engine.create("feature_profile", PROFILE_SQL, as_of=as_of)
    refused = {_bare(name) for name in (*excluded, *barred, *PERSONAL)}
    for name in barred:
        refused |= _BARRED_TOO.get(name, set())
    found = [
        *_categories(engine, refused),
        *_attributes(engine, "customers", refused),
        *_attributes(engine, "subscriptions", refused),
    ]
    engine.create("feature_attributes", _attributes_sql(found))
    return ("feature_profile", "feature_attributes")


def _bare(name: str) -> str:
    """Return `name` without case, blanks and punctuation."""
    return re.sub(r"[\W_]+", "", name).lower()


def _categories(engine: Engine, refused: Collection[str]) -> list[Attribute]:
    """Return the contract's own words about a customer that have few enough values."""
    names = [("feature_customers", name) for name in CATEGORIES] + [("feature_subscriptions", "plan")]
    distinct = {(table, name): _distinct(engine, table, name)[0] for table, name in names}
    return [
        Attribute(table, name, is_category=True)
        for table, name in names
        if _bare(name) not in refused and distinct[table, name] <= MOST_CATEGORIES
    ]


def _attributes(engine: Engine, table: str, refused: Collection[str]) -> list[Attribute]:
    """Return the attributes of `table`, by name, that may become features."""
    stored, known = f"feature_{table}", TABLES[table].stored_types()
    types = {
        name: kind
        for name, kind in sorted(engine.columns(stored).items())
        if name not in known and not name.startswith("_") and _bare(name) not in refused
    }
    found = []
    for name, kind in types.items():
        if kind == "VARCHAR":
            found += _word(engine, stored, name)
        elif kind in _WHOLE:
            n_distinct, n = _distinct(engine, stored, name)
            is_id = bool(_ID_LIKE.search(name)) or (n >= MOST_CATEGORIES and n_distinct == n)
            found += [] if is_id else [Attribute(stored, name, is_category=False)]
        elif kind in ("DOUBLE", "FLOAT", "BOOLEAN") or kind.startswith("DECIMAL"):
            found.append(Attribute(stored, name, is_category=False))
    return found


def _word(engine: Engine, table: str, name: str) -> list[Attribute]:
    """Return the text column `name` as a number or a category, or nothing."""
    column = quoted(name)
    counts = engine.one(
        f"""SELECT count(DISTINCT {column}) AS n_distinct, count({column}) AS n,
                   count(nullif(trim({column}), '')) AS n_filled,
                   count(TRY_CAST(nullif(trim({column}), '') AS DOUBLE)) AS n_numbers,
                   count(*) FILTER (TRY_CAST({column} AS DOUBLE) % 1 <> 0) AS n_broken FROM {table}"""
    )
    if counts["n"] and counts["n_filled"] == counts["n_numbers"]:
        is_row_number = counts["n_distinct"] == counts["n"] >= MOST_CATEGORIES and not counts["n_broken"]
        is_id = bool(_ID_LIKE.search(name)) or is_row_number
        return [] if is_id else [Attribute(table, name, is_category=False)]
    return [Attribute(table, name, is_category=True)] if counts["n_distinct"] <= MOST_CATEGORIES else []


def _distinct(engine: Engine, table: str, name: str) -> tuple[int, int]:
    column = quoted(name)
    counts = engine.one(f"SELECT count(DISTINCT {column}) AS n_distinct, count({column}) AS n FROM {table}")
    return counts["n_distinct"], counts["n"]


def _attributes_sql(found: list[Attribute]) -> str:
    """Return the query that takes the attributes to `feature_actives`, names made distinct."""
    columns, taken = [], {"customer_id"}
    for attribute in found:
        name = attribute.column
        while name.lower() in taken:
            name = f"{name}_of_{attribute.table.removeprefix('feature_').removesuffix('s')}"
        taken.add(name.lower())
        columns.append(attribute.sql(name))
    return f"""
        SELECT {", ".join(["feature_actives.customer_id", *columns])} FROM feature_actives
        LEFT JOIN feature_customers ON feature_customers.customer_id = feature_actives.customer_id
        LEFT JOIN feature_subscriptions ON feature_subscriptions.customer_id = feature_actives.customer_id"""
