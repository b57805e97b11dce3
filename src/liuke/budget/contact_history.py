"""What was sent to each customer before, as far as the rules of contact look back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from liuke.budget.contact import ContactRules, channel_numbers, channels, column, day_number, flags

NEVER = -(10**6)
"""A day, counted since 1970, so early that no rule looks back to it."""

REFUSALS = ("refused", "拒绝", "已拒绝", "declined", "rejected")
OPT_OUTS = ("opted_out", "do_not_contact", "unsubscribed", "退订", "不再联系", "拒绝联系")


@dataclass(frozen=True, slots=True)
class History:
    """What was sent to each customer before; days are counted since 1970, `NEVER` where there is none.

    Parameters
    ----------
    by_channel : ndarray of int, shape (n, n_channels)
        Last day on each channel.
    latest : ndarray of int, shape (n, most_in_30_days)
        Latest days over all channels, newest first.
    offers : ndarray of int, shape (n, most_offers_in_90_days)
        Latest days on which an offer was made.
    refused : ndarray of int, shape (n,)
        Last refusal.
    is_opted_out : ndarray of bool, shape (n,)
    waves_done : ndarray of int, shape (n,)
        Waves of the sequence under way.
    """

    by_channel: np.ndarray
    latest: np.ndarray
    offers: np.ndarray
    refused: np.ndarray
    is_opted_out: np.ndarray
    waves_done: np.ndarray


def history(customer_ids: pa.Array, contacts: pa.Table | None, *, as_of: date, rules: ContactRules) -> History:
    """Return what `contacts` says was sent to each customer up to `as_of`.

    Parameters
    ----------
    customer_ids : pa.Array of string, shape (n,)
    contacts : pa.Table or None
        Canonical `contacts`: customer_id, channel, direction, occurred_on (or occurred_at), wave?, campaign_id?,
        outcome?, and is_offer?. Only outgoing rows count, and of these the ones of a wave or campaign where the
        table tells them at all: messages about a complaint are no pressure.
    as_of : date
    rules : ContactRules
    """
    n, n_channels = len(customer_ids), len(channels())
    by_channel = np.full((n, n_channels), NEVER, dtype=np.int64)
    refused = np.full(n, NEVER, dtype=np.int64)
    is_opted_out, waves_done = np.zeros(n, dtype=bool), np.zeros(n, dtype=np.int64)
    if contacts is None or contacts.num_rows == 0:
        never = np.full((n, max(rules.most_in_30_days, 1)), NEVER, dtype=np.int64)
        offers = np.full((n, max(rules.most_offers_in_90_days, 1)), NEVER, dtype=np.int64)
        return History(by_channel, never, offers, refused, is_opted_out, waves_done)
    row, day, known = _rows(customer_ids, contacts, as_of)
    outcome = pc.utf8_lower(column(contacts, "outcome", pa.string()))
    for values, target in ((REFUSALS, refused), (OPT_OUTS, None)):
        hit = known & flags(pc.is_in(outcome, pa.array(values)))
        if target is None:
            is_opted_out[row[hit]] = True
        else:
            np.maximum.at(target, row[hit], day[hit])
    sent = known & _is_pressure(contacts)
    channel = channel_numbers(column(contacts, "channel", pa.string()))
    with_channel = sent & (channel >= 0)
    np.maximum.at(by_channel, (row[with_channel], channel[with_channel]), day[with_channel])
    wave = column(contacts, "wave", pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    under_way = sent & (day > day_number(as_of) - rules.sequence_days)
    np.maximum.at(waves_done, row[under_way], wave[under_way])
    is_offer = sent & ((wave >= 2) | flags(column(contacts, "is_offer", pa.bool_())))
    return History(
        by_channel,
        _newest(row[sent], day[sent], n, rules.most_in_30_days),
        _newest(row[is_offer], day[is_offer], n, rules.most_offers_in_90_days),
        refused,
        is_opted_out,
        np.clip(waves_done, 0, 3),
    )


def _rows(customer_ids: pa.Array, contacts: pa.Table, as_of: date) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return each contact's customer number and day, and whether it is known: ours, dated, not later than `as_of`."""
    found = pc.index_in(contacts["customer_id"].cast(pa.string()), value_set=customer_ids.cast(pa.string()))
    name = "occurred_on" if "occurred_on" in contacts.column_names else "occurred_at"
    days = (
        contacts[name].cast(pa.timestamp("us")).cast(pa.date32(), safe=False)
        if name == "occurred_at"
        else contacts[name]
    )
    day = days.cast(pa.date32()).cast(pa.int32()).fill_null(10**9).to_numpy(zero_copy_only=False).astype(np.int64)
    row = found.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return row, day, (row >= 0) & (day <= day_number(as_of))


def _is_pressure(contacts: pa.Table) -> np.ndarray:
    direction = column(contacts, "direction", pa.string()).fill_null("out")
    out = ~flags(pc.is_in(pc.utf8_lower(direction), pa.array(["in", "呼入", "inbound", "incoming"])))
    planned = flags(column(contacts, "wave", pa.int64()).is_valid())
    planned |= flags(column(contacts, "campaign_id", pa.string()).is_valid())
    return out & planned if planned.any() else out


def _newest(row: np.ndarray, day: np.ndarray, n: int, most: int) -> np.ndarray:
    """Return the newest `most` days of each customer, newest first."""
    result = np.full((n, max(most, 1)), NEVER, dtype=np.int64)
    order = np.lexsort((-day, row))
    row, day = row[order], day[order]
    starts = np.flatnonzero(np.r_[True, row[1:] != row[:-1]]) if len(row) else np.array([], dtype=np.int64)
    rank = np.arange(len(row)) - np.repeat(starts, np.diff(np.r_[starts, len(row)]))
    keep = rank < result.shape[1]
    result[row[keep], rank[keep]] = day[keep]
    return result
