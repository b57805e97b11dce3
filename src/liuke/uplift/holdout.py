"""Who is kept out of all offers, so that what would have happened anyway is known: drawn at random, for good."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from liuke.engines import duckdb
from liuke.kernel.errors import InvalidInput
from liuke.survival.arrays import Flags, Floats

DRAW_SQL = """
SELECT ('0x' || substr(md5($seed || ':' || customer_id), 1, 13))::BIGINT::DOUBLE / 4503599627370496 AS draw
FROM arriving
ORDER BY row_number
"""


class ImpossibleShare(InvalidInput):
    """A holdout share outside [0, 1)."""


def draws(customer_id: Any, *, seed: int | str) -> Floats:
    """Return one random number in [0, 1) per customer that depends on the customer and the seed alone.

    Parameters
    ----------
    customer_id : array-like of str of shape (n_customers,)
        List, NumPy or Arrow.
    seed : int or str
        Another seed (a campaign's name) gives independent numbers.

    Returns
    -------
    ndarray of shape (n_customers,)
        The same on every machine and run, whoever else is in the list.
    """
    if isinstance(customer_id, pa.ChunkedArray):
        names = customer_id.combine_chunks()
    else:
        names = customer_id if isinstance(customer_id, pa.Array) else pa.array(customer_id)
    connection = duckdb.connect()
    connection.register(
        "arriving", pa.table({"customer_id": names.cast(pa.string()), "row_number": np.arange(len(names))})
    )
    drawn = connection.sql(DRAW_SQL, params={"seed": str(seed)}).to_arrow_table()["draw"].to_numpy()
    connection.close()
    return np.asarray(drawn, dtype=float)


def draw_holdout(customer_id: Any, *, share: float, seed: int | str, strata: Any | None = None) -> Flags:
    """Return who is held out.

    Parameters
    ----------
    customer_id : array-like of str of shape (n_customers,)
        The customers who could be treated.
    share : float
        Wanted share of them, 0 (nobody) to below 1.
    seed : int or str
        See `draws`.
    strata : array-like of shape (n_customers,), optional
        Tier and reason of each customer: every stratum then gives its share, to the nearest whole customer, by
        lot where the share is not whole; so small strata are held out as often as large ones.

    Returns
    -------
    ndarray of bool of shape (n_customers,)
        Without strata, a customer once drawn stays drawn for the same seed and share, and a larger share only
        adds customers. The chance of being held out is `share` for everybody: the propensity to record.

    Raises
    ------
    ImpossibleShare
        If `share` is not in [0, 1).
    """
    if not 0.0 <= share < 1.0:
        raise ImpossibleShare(f"the holdout share must be at least 0 and below 1, not {share}")
    lots = draws(customer_id, seed=seed)
    if strata is None:
        return np.asarray(lots < share)
    names, which = np.unique(np.asarray(strata).astype(str), return_inverse=True)
    number = np.bincount(which, minlength=len(names))
    wanted = np.floor(share * number + draws(names.tolist(), seed=f"{seed}/strata"))
    order = np.lexsort((lots, which))
    place = np.empty(len(lots), dtype=np.int64)
    place[order] = np.arange(len(lots)) - np.repeat(np.cumsum(number) - number, number)
    return np.asarray(place < wanted[which])
