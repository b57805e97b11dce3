"""What a decision looks at: the customers as arrays, and the random draw of the holdout."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from liuke.budget.contact import column, day_number, flags
from liuke.budget.policy import STANCES, Policy, efforts
from liuke.budget.remedies import LETTERS
from liuke.kernel.errors import InvalidInput

DRAW_SQL = """
SELECT CAST(('0x' || left(md5(concat($seed, ':', customer_id)), 13)) AS UBIGINT) / 4503599627370496.0 AS draw
FROM drawn ORDER BY place
"""


class CustomersInvalid(InvalidInput):
    """The table of customers cannot be decided on: an id is missing or appears twice."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The customers, one entry each, sorted by customer_id.

    Parameters
    ----------
    table : pa.Table
        As given, sorted.
    ids : pa.Array of string
    is_lost, is_leaving, is_at_risk : ndarray of bool
        Lost already; leaving now; warned of (or leaving).
    loss : ndarray of float
        P, the chance to be lost if nothing is done: 1 for the lost, NaN where unknown.
    value : ndarray of float
        V, residual lifetime value, NaN where unknown.
    tier : ndarray of int
        0 where unknown.
    best_tier : ndarray of int
        The highest tier the customer ever had, 9 where unknown.
    reasons : tuple of str
        Reason codes that occur; X is unknown.
    reason, letter : ndarray of int
        First reason as a place in `reasons`, and its level-1 letter as a place in `LETTERS`.
    effort : ndarray of int8
        The policy's effort.
    is_natural, is_fault, is_deceased : ndarray of bool
        A natural loss; one by the company's own fault; deceased or incapable.
    malicious, suspected, fault_suspected : ndarray of bool
        Arrears or fraud confirmed; suspected; suspected but with a fault of ours before it.
    harms_others, let_go_before : ndarray of bool
    failed_win_backs : ndarray of int
    retreats : ndarray of bool
        Whether their product line is under retreat.
    days_lost : ndarray of int
        Days since the loss; 0 where unknown.
    """

    table: pa.Table
    ids: pa.Array
    is_lost: np.ndarray
    is_leaving: np.ndarray
    is_at_risk: np.ndarray
    loss: np.ndarray
    value: np.ndarray
    tier: np.ndarray
    best_tier: np.ndarray
    reasons: tuple[str, ...]
    reason: np.ndarray
    letter: np.ndarray
    effort: np.ndarray
    is_natural: np.ndarray
    is_fault: np.ndarray
    is_deceased: np.ndarray
    malicious: np.ndarray
    suspected: np.ndarray
    fault_suspected: np.ndarray
    harms_others: np.ndarray
    let_go_before: np.ndarray
    failed_win_backs: np.ndarray
    retreats: np.ndarray
    days_lost: np.ndarray


OWN_FAULTS = tuple("PQSRLIE")
"""Letters of reasons the company itself gave; a customer who leaves over them is to be calmed."""


def facts(customers: pa.Table, policy: Policy, *, as_of: date) -> Facts:
    """Return the customers as arrays; see `decide` for the columns.

    Raises
    ------
    CustomersInvalid
        If a customer_id is missing or appears twice.
    """
    table = _sorted(customers)
    state = column(table, "state", pa.string()).fill_null("active")
    is_lost, is_leaving = _is(state, "lost", "abandoned"), _is(state, "leaving")
    risk = _number(table, "churn_probability")
    loss = np.where(is_lost, 1.0, np.where(is_leaving & np.isnan(risk), 1.0, risk))
    warning = column(table, "warning", pa.string())
    warned = _is(warning, *policy.considered_warnings)
    unwarned = flags(warning.is_null()) & (np.nan_to_num(risk) >= 0.5)
    tier = np.clip(np.nan_to_num(_number(table, "tier")), 0, 5).astype(np.int64)
    past_tier = np.clip(np.nan_to_num(_number(table, "past_tier")), 0, 5).astype(np.int64)
    reason_column = column(table, "reason_1", pa.string()).fill_null("X").combine_chunks()
    encoded = pc.dictionary_encode(reason_column)
    reasons = tuple(encoded.dictionary.to_pylist())
    letters = np.array([LETTERS.index(code[:1]) if code[:1] in LETTERS else LETTERS.index("X") for code in reasons])
    reason = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    letter = letters[reason] if len(reasons) else reason
    churn_type = column(table, "churn_type", pa.string())
    is_natural = _is(churn_type, "NAT")
    malicious = flags(column(table, "malicious_confirmed", pa.bool_()))
    suspected = ~malicious & (
        flags(column(table, "malicious_suspected", pa.bool_()))
        | _is(churn_type, "MAL")
        | _is(column(table, "reason_1", pa.string()), "F1", "F4")
    )
    return Facts(
        table=table,
        ids=table["customer_id"].combine_chunks(),
        is_lost=is_lost,
        is_leaving=is_leaving,
        is_at_risk=~is_lost & (warned | is_leaving | unwarned),
        loss=loss,
        value=_number(table, "residual_lifetime_value"),
        tier=tier,
        best_tier=np.minimum(np.where(tier > 0, tier, 9), np.where(past_tier > 0, past_tier, 9)),
        reasons=reasons,
        reason=reason,
        letter=letter,
        effort=efforts(policy, tier, is_natural),
        is_natural=is_natural,
        is_fault=_is(churn_type, "NEG") | np.isin(letter, [LETTERS.index(own) for own in OWN_FAULTS]),
        is_deceased=_is(column(table, "reason_1", pa.string()), "U4"),
        malicious=malicious,
        suspected=suspected,
        fault_suspected=suspected & flags(column(table, "has_open_complaint", pa.bool_())),
        harms_others=flags(column(table, "harms_others", pa.bool_())),
        let_go_before=_is(state, "abandoned") & ~_review_is_due(table, as_of),
        failed_win_backs=np.nan_to_num(_number(table, "failed_win_backs")).astype(np.int64),
        retreats=_retreats(table, policy),
        days_lost=np.nan_to_num(_number(table, "days_lost")).astype(np.int64),
    )


def draws(ids: pa.Array, seed: int) -> np.ndarray:
    """Return one number in [0, 1) per customer, the same whenever the same customer is drawn with the same seed."""
    if len(ids) == 0:
        return np.zeros(0)
    with duckdb.connect() as connection:
        connection.register("drawn", pa.table({"customer_id": ids, "place": np.arange(len(ids))}))
        return np.asarray(connection.execute(DRAW_SQL, {"seed": str(seed)}).fetchnumpy()["draw"], dtype=float)


def stance_codes(policy: Policy, lines: pa.ChunkedArray) -> np.ndarray:
    """Return the stance of each product line as a place in `STANCES`."""
    names = list(STANCES)
    own = list(policy.stances)
    table = np.array([names.index(policy.stances[line]) for line in own] + [names.index(policy.stance)])
    found = pc.index_in(lines, value_set=pa.array(own, pa.string())).fill_null(len(own))
    return np.asarray(table[found.to_numpy(zero_copy_only=False)])


def _sorted(customers: pa.Table) -> pa.Table:
    ids = customers["customer_id"].cast(pa.string())
    table = customers.set_column(customers.schema.get_field_index("customer_id"), "customer_id", ids)
    if ids.null_count:
        raise CustomersInvalid(f"{ids.null_count} rows of the customers have no customer_id; give every row one")
    repeated = len(ids) - pc.count_distinct(ids).as_py()
    if repeated:
        raise CustomersInvalid(f"{repeated} rows of the customers repeat a customer_id; give one row per customer")
    return table.sort_by("customer_id")


def _number(table: pa.Table, name: str) -> np.ndarray:
    values = column(table, name, pa.float64())
    return np.asarray(values.fill_null(float("nan")).to_numpy(zero_copy_only=False), dtype=float)


def _is(values: pa.ChunkedArray, *wanted: str) -> np.ndarray:
    return flags(pc.is_in(values, pa.array(wanted, pa.string())))


def _review_is_due(table: pa.Table, as_of: date) -> np.ndarray:
    due = column(table, "let_go_review_on", pa.date32()).cast(pa.int32()).fill_null(10**9)
    return np.asarray(due.to_numpy(zero_copy_only=False) <= day_number(as_of))


def _retreats(table: pa.Table, policy: Policy) -> np.ndarray:
    lines = column(table, "product_line", pa.string())
    return np.asarray(stance_codes(policy, lines) == list(STANCES).index("retreat"))
