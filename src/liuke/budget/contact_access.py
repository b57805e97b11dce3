"""Whom we may reach at all: consent, preference, the channel matrix, hours and caps, customer by customer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from liuke.budget.contact import (
    HELD_BACK,
    ContactRules,
    channel_numbers,
    channels,
    column,
    day_number,
    flags,
    kind_numbers,
    matrix,
)
from liuke.budget.contact_history import NEVER, History, history

UNKNOWN_HOUR = -1


@dataclass(frozen=True, slots=True)
class Audience:
    """Customers as the contact rules see them; every array has one entry per customer, sorted by customer_id.

    Parameters
    ----------
    customer_ids, staff : pa.Array of string
        Who, and their account manager.
    kind, tier : ndarray of int
        Kind of customer by number; tier, 0 if unknown.
    consent : ndarray of int8, shape (n, n_channels)
        1 given, 0 refused, −1 unknown or not needed.
    preferred : ndarray of int
        Preferred channel, −1 if none.
    from_hour, to_hour : ndarray of int
        Convenient hours, −1 if unknown.
    is_opted_out : ndarray of bool
        Wants no contact at all.
    history : History
    """

    customer_ids: pa.Array
    staff: pa.Array
    kind: np.ndarray
    tier: np.ndarray
    consent: np.ndarray
    preferred: np.ndarray
    from_hour: np.ndarray
    to_hour: np.ndarray
    is_opted_out: np.ndarray
    history: History


def audience(customers: pa.Table, contacts: pa.Table | None, *, as_of: date, rules: ContactRules) -> Audience:
    """Return the customers with what binds us towards them.

    Parameters
    ----------
    customers : pa.Table
        customer_id, sorted and unique; and where known tier, kind, manager_id, consent_sms, consent_email,
        consent_phone, preferred_channel, preferred_from_hour, preferred_to_hour, is_opted_out.
    contacts : pa.Table or None
        Canonical `contacts`.
    as_of : date
    rules : ContactRules

    Notes
    -----
    Whoever refused text, email and phone alike wants no contact, whatever else is possible.
    """
    ids = customers["customer_id"].cast(pa.string()).combine_chunks()
    past = history(ids, contacts, as_of=as_of, rules=rules)
    asked = {name: _consent(customers, name) for name in ("consent_sms", "consent_email", "consent_phone")}
    unknown = np.full(len(ids), -1, dtype=np.int8)
    consent = np.column_stack([asked[channel.consent] if channel.consent else unknown for channel in channels()])
    refused_all = np.all(np.column_stack(list(asked.values())) == 0, axis=1)
    return Audience(
        customer_ids=ids,
        staff=column(customers, "manager_id", pa.string()).combine_chunks(),
        kind=kind_numbers(column(customers, "kind", pa.string())),
        tier=np.clip(_whole(customers, "tier", 0), 0, 5),
        consent=consent,
        preferred=channel_numbers(column(customers, "preferred_channel", pa.string())),
        from_hour=_whole(customers, "preferred_from_hour", UNKNOWN_HOUR),
        to_hour=_whole(customers, "preferred_to_hour", UNKNOWN_HOUR),
        is_opted_out=refused_all | past.is_opted_out | flags(column(customers, "is_opted_out", pa.bool_())),
        history=past,
    )


def _consent(customers: pa.Table, name: str) -> np.ndarray:
    given = column(customers, name, pa.bool_()).cast(pa.int8()).fill_null(-1)
    return np.asarray(given.to_numpy(zero_copy_only=False), dtype=np.int8)


def _whole(customers: pa.Table, name: str, unknown: int) -> np.ndarray:
    values = column(customers, name, pa.int64()).fill_null(unknown)
    return np.asarray(values.to_numpy(zero_copy_only=False), dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Access:
    """What is allowed for every customer.

    Parameters
    ----------
    allowed : ndarray of bool, shape (n, n_channels)
        Consented, inside the matrix or preferred, and with an hour to be used.
    rank : ndarray of int, shape (n, n_channels)
        −1 the customer's preference, then the order of the matrix.
    from_hour, to_hour : ndarray of int, shape (n,)
        Hours to be used, ``[from, to)``.
    earliest : ndarray of int, shape (n, n_channels)
        First day the caps allow the next contact on each channel.
    may_offer : ndarray of bool, shape (n,)
        Whether the cap on offers leaves room for one.
    held : ndarray of int8, shape (n,)
        Why nothing is possible in the plan's period, by number in `HELD_BACK`; 0 where something is.
    last : int
        Last day of the plan's period for a first contact, counted since 1970.
    """

    allowed: np.ndarray
    rank: np.ndarray
    from_hour: np.ndarray
    to_hour: np.ndarray
    earliest: np.ndarray
    may_offer: np.ndarray
    held: np.ndarray
    last: int

    @property
    def reachable(self) -> np.ndarray:
        """Channels that can be used inside the plan's period by those who are not held back."""
        usable: np.ndarray = self.allowed & (self.earliest <= self.last) & (self.held == 0)[:, None]
        return usable

    @property
    def possible(self) -> np.ndarray:
        """First possible day over the allowed channels."""
        days: np.ndarray = np.where(self.allowed, self.earliest, 10**7).min(axis=1)
        return days


def access(who: Audience, *, as_of: date, rules: ContactRules) -> Access:
    """Return which channels, hours and days are open to each customer; consent beats preference beats the matrix."""
    n = len(who.tier)
    catalogue = channels()
    consented = (who.consent != 0) & ~who.is_opted_out[:, None]
    if rules.consent_required:
        needed = np.array([channel.consent is not None for channel in catalogue])
        consented &= ~needed | (who.consent == 1)
    rank = matrix()[who.kind, who.tier]
    stated = np.flatnonzero(who.preferred >= 0)
    rank[stated, who.preferred[stated]] = -1
    from_hour, to_hour, has_hours = hours(who.from_hour, who.to_hour, rules)
    quiet_ok = has_hours[:, None] | ~np.array([channel.is_disturbing for channel in catalogue])
    inside = consented & (rank < 99)
    allowed = inside & quiet_ok
    today = day_number(as_of)
    floor = common_floor(who.history, np.full(n, today + 1), rules)
    earliest = channel_days(floor, who.history.by_channel, rules)
    last = today + rules.latest_days
    open_ = (allowed & (earliest <= last)).any(axis=1)
    conditions = {
        "opted_out": who.is_opted_out,
        "no_consent": ~consented.any(axis=1),
        "outside_matrix": ~inside.any(axis=1),
        "no_common_hour": ~allowed.any(axis=1),
        "sequence_finished": who.history.waves_done >= 3,
        "cooling_down": who.history.refused + rules.cool_down_days > last,
        "cap": ~open_,
    }
    held = np.select(list(conditions.values()), [HELD_BACK.index(code) for code in conditions], default=0)
    may_offer = offer_floor(who.history, rules) <= last
    return Access(allowed, rank, from_hour, to_hour, earliest, may_offer, held.astype(np.int8), last)


def hours(start: np.ndarray, stop: np.ndarray, rules: ContactRules) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the hours to be used: the convenient ones inside the open ones, and whether there are any.

    A window over midnight is used by its evening part, or its morning part where the evening is quiet. Where there is
    no common hour the open hours come back, for channels that disturb nobody.
    """
    opens, closes = rules.open_hours
    start_ = np.where(start >= 0, start, np.where(stop >= 0, 0, opens))
    stop_ = np.where(stop >= 0, stop, np.where(start >= 0, 24, closes))
    same = start_ == stop_
    start_, stop_ = np.where(same, 0, start_), np.where(same, 24, stop_)
    wraps = start_ > stop_
    low, high = np.maximum(start_, opens), np.minimum(np.where(wraps, 24, stop_), closes)
    morning = wraps & (low >= high)
    low, high = np.where(morning, opens, low), np.where(morning, np.minimum(stop_, closes), high)
    has_any = low < high
    return np.where(has_any, low, opens), np.where(has_any, high, closes), has_any


def common_floor(past: History, target: np.ndarray, rules: ContactRules) -> np.ndarray:
    """Return the first day on or after `target` that the cool-down and the 30-day cap leave open."""
    if rules.most_in_30_days == 0:
        return np.full(len(target), 10**7)
    by_cap = past.latest[:, rules.most_in_30_days - 1] + 30
    floor: np.ndarray = np.maximum(np.maximum(target, by_cap), past.refused + rules.cool_down_days)
    return floor


def offer_floor(past: History, rules: ContactRules) -> np.ndarray:
    """Return the first day on which the cap on offers leaves room for one."""
    if rules.most_offers_in_90_days == 0:
        return np.full(len(past.refused), 10**7)
    days: np.ndarray = past.offers[:, rules.most_offers_in_90_days - 1] + 90
    return days


def channel_days(floor: np.ndarray, by_channel: np.ndarray, rules: ContactRules) -> np.ndarray:
    """Return the first day on or after `floor` each channel allows; staffed channels wait for a working day."""
    days: np.ndarray = np.maximum(floor[:, None], by_channel + rules.days_between_same_channel)
    holidays = np.array(sorted(rules.holidays), dtype="datetime64[D]")
    for number, channel in enumerate(channels()):
        if channel.is_staffed:
            dated = np.clip(days[:, number], NEVER, 10**6).astype("datetime64[D]")
            rolled = np.busday_offset(dated, 0, roll="forward", holidays=holidays).astype(np.int64)
            days[:, number] = np.maximum(days[:, number], rolled)
    return days
