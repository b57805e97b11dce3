"""The days a model may learn from: past views whose later losses are already known, none overlapping another's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from liuke.kernel.words import Words

if TYPE_CHECKING:
    from liuke.engines.engine import Engine

SHORTER_HORIZONS = (180, 120, 90, 60, 45, 30, 28)
SHORTEST_HORIZON_DAYS = 28
IMPLAUSIBLY_MANY = 10
"""If more days with losses than this should have come before the first one, losses were not written down then."""


@dataclass(frozen=True, slots=True)
class Windows:
    """Days to look from, oldest first; the losses of each count in ``(day + lead, day + lead + horizon]``.

    Parameters
    ----------
    train : tuple of date
        Views to learn from.
    calibration, test : date
        Views to calibrate and to test on, later than all of `train`.
    horizon_days, lead_days : int
        Length of the label window and of the gap before it.
    shortened : bool
        Whether history was too short for the horizon that was asked for.
    why : Words
        How the days were found.
    """

    train: tuple[date, ...]
    calibration: date
    test: date
    horizon_days: int
    lead_days: int
    shortened: bool
    why: Words


@dataclass(frozen=True, slots=True)
class TooShort:
    """No honest training is possible; a baseline that needs none has to do.

    Parameters
    ----------
    why : Words
        What is missing.
    """

    why: Words


@dataclass(frozen=True, slots=True)
class History:
    """The days for which losses are on record.

    Parameters
    ----------
    first_on, last_on : date
        First and last day on which a loss would have been written down.
    observed_from : date
        First day of anything.
    n_losses : int
        Losses on record.
    """

    first_on: date
    last_on: date
    observed_from: date
    n_losses: int


HISTORY_SQL = """
WITH lost AS (SELECT lost_on FROM spells WHERE lost_on IS NOT NULL AND lost_on <= $as_of),
ends AS (SELECT min(lost_on) AS first_loss, max(lost_on) AS last_loss, count(*) AS n_losses,
                count(DISTINCT lost_on) AS n_days FROM lost)
SELECT first_loss, last_loss, n_losses, n_days, min(started_on) AS first_start,
       bool_or(kind = 'contractual') AS is_contractual,
       sum(greatest(0, date_diff('day', started_on, least(first_loss, coalesce(lost_on, $as_of)))))::BIGINT
           AS days_before,
       sum(greatest(0, date_diff('day', greatest(started_on, first_loss), coalesce(lost_on, $as_of))))::BIGINT
           AS days_after
FROM spells, ends
WHERE started_on <= $as_of
GROUP BY ALL
"""


def loss_history(engine: Engine, as_of: date) -> History | None:
    """Return since when and until when losses are on record; None where nobody is or was a customer.

    Parameters
    ----------
    engine : Engine
        Holds `spells`, created for `as_of` or later.
    as_of : date
        The day we look from.

    Notes
    -----
    The record begins with the first customer, unless more than `IMPLAUSIBLY_MANY` days with losses should have come
    before the first one at the rate per customer-day seen after it: then it begins with that loss. Where contracts end
    in batches (on days a week or more apart, ten or more at a time) it ends with the last batch, so that a window
    never waits for a batch that is not due yet; otherwise on `as_of`.
    """
    rows = engine.table(HISTORY_SQL, as_of=as_of).to_pylist()
    if not rows:
        return None
    found = rows[0]
    if not found["n_losses"]:
        return History(found["first_start"], as_of, found["first_start"], 0)
    first_on, last_on = found["first_start"], as_of
    if found["is_contractual"]:
        if (found["n_days"] - 1) * found["days_before"] > IMPLAUSIBLY_MANY * max(found["days_after"], 1):
            first_on = found["first_loss"]
        pause = (found["last_loss"] - found["first_loss"]).days / max(found["n_days"] - 1, 1)
        is_batched = pause >= 7 and found["n_losses"] >= 10 * found["n_days"]
        if is_batched and (as_of - found["last_loss"]).days <= 1.5 * pause:
            last_on = found["last_loss"]
    return History(first_on, last_on, found["first_start"], found["n_losses"])


def plan_windows(
    first_on: date,
    last_on: date,
    as_of: date,
    lead_days: int = 14,
    horizon_days: int = 90,
    *,
    observed_from: date | None = None,
    lookback_days: int = 60,
    most_train: int = 3,
) -> Windows | TooShort:
    """Return the past days to train, calibrate and test on.

    Parameters
    ----------
    first_on, last_on : date
        First and last day on which losses are on record (`loss_history`).
    as_of : date
        The day of the run; nothing later is used.
    lead_days, horizon_days : int
        Gap left to act, and the window in which a loss counts.
    observed_from : date, optional
        First day of any data; `first_on` by default.
    lookback_days : int, default 60
        History that the oldest view needs behind it.
    most_train : int, default 3
        At most so many days to train on.

    Returns
    -------
    Windows or TooShort
        With the horizon asked for where history allows, else the longest usual one (at least 28 days) that fits.

    Notes
    -----
    Windows end on the last day on record and follow each other backwards. Where history allows they stand
    ``horizon + lead`` apart, so that each view's losses were known on the next view's day; else ``horizon`` apart, so
    that they just do not overlap.
    """
    end = min(last_on, as_of)
    oldest_view = (observed_from or first_on) + timedelta(days=lookback_days)
    horizons = [horizon_days, *(days for days in SHORTER_HORIZONS if days < horizon_days)]
    for horizon in horizons:
        for step in (horizon + lead_days, horizon):
            views = _views(end, horizon, lead_days, step, most_train + 2)
            usable = [
                view
                for view in views
                if view >= oldest_view and view + timedelta(days=lead_days) >= first_on - timedelta(days=1)
            ]
            if len(usable) >= 3:
                return _windows(usable, horizon, lead_days, horizon_days)
    days = (end - first_on).days + 1
    return TooShort(
        Words(
            f"流失记录只有 {days} 天({first_on} 至 {end}),不足以划分训练、校准和检验三个互不重叠的时间窗,暂用基线方法",
            f"losses are on record for {days} days only ({first_on} to {end}): too short for three windows that do not "
            "overlap to train, calibrate and test; a baseline is used",
        )
    )


def _views(end: date, horizon: int, lead: int, step: int, count: int) -> list[date]:
    """Return days to look from, newest first, whose label windows end on `end` and every `step` days before."""
    newest = end - timedelta(days=horizon + lead)
    return [newest - timedelta(days=step * number) for number in range(count)]


def _windows(views: list[date], horizon: int, lead: int, asked: int) -> Windows:
    test, calibration, *train = views
    shortened = horizon < asked
    zh = f"{len(train)} 个训练时点、1 个校准时点、1 个检验时点,预测期 {horizon} 天,提前期 {lead} 天"
    en = f"{len(train)} days to train on, one to calibrate, one to test; horizon {horizon} days, lead time {lead} days"
    if shortened:
        zh += f"(历史不够长,预测期由 {asked} 天缩短)"
        en += f" (history is too short for the {asked} days asked for)"
    return Windows(tuple(reversed(train)), calibration, test, horizon, lead, shortened, Words(zh, en))
