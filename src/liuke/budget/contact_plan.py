"""The three waves: for every chosen customer the channel, day, hours, words and condition of each contact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pyarrow as pa

from liuke.budget.contact import HELD_BACK, KINDS, ContactRules, channels, day_number, words_of
from liuke.budget.contact_access import Access, Audience, channel_days, common_floor, offer_floor
from liuke.budget.contact_history import History
from liuke.budget.remedies import Remedy
from liuke.kernel.words import Language

COMFORT = -1
"""Stands for the remedy of those who are only to be calmed."""

SLACK_DAYS = 14
"""How much later than the latest day a first contact may fall because staff do not work on it."""

SCRIPTS = ("listen", "listen_and_remedy", "remedy", "senior", "other_channel", "comfort")
CONDITIONS = ("start", "unanswered_or_reason_found", "not_won")

PLAN_SCHEMA = pa.schema(
    [
        ("customer_id", pa.string()), ("wave", pa.int64()), ("channel", pa.string()), ("due_on", pa.date32()),
        ("from_hour", pa.int64()), ("to_hour", pa.int64()), ("staff_id", pa.string()), ("script", pa.string()),
        ("condition", pa.string()), ("remedy", pa.string()), ("place", pa.string()), ("script_words", pa.string()),
        ("condition_words", pa.string()),
    ]
)  # fmt: skip
HELD_SCHEMA = pa.schema(
    [("customer_id", pa.string()), ("wave", pa.int64()), ("why", pa.string()), ("why_words", pa.string())]
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Who is to be contacted; arrays of one length m.

    Parameters
    ----------
    row : ndarray of int
        Place in the audience, rising.
    remedy : ndarray of int
        Place among the remedies; `COMFORT` for those only to be calmed.
    n_waves : ndarray of int
        Waves worth their cost, from the first one still open.
    delay_days : ndarray of int
        Days within which the first contact is due.
    """

    row: np.ndarray
    remedy: np.ndarray
    n_waves: np.ndarray
    delay_days: np.ndarray


@dataclass(frozen=True, slots=True)
class ContactPlan:
    """The plan, and the waves that a rule held back with the reason; both sorted by customer and wave."""

    plan: pa.Table
    held_back: pa.Table


@dataclass(frozen=True, slots=True)
class _Wave:
    """What one wave came to for the customers it was tried on."""

    wave: int
    at: np.ndarray
    channel: np.ndarray
    day: np.ndarray
    script: np.ndarray
    held: np.ndarray


def contact_plan(
    who: Audience,
    ways: Access,
    chosen: Chosen,
    remedies: Sequence[Remedy],
    *,
    as_of: date,
    rules: ContactRules,
    language: Language,
) -> ContactPlan:
    """Return the contacts of the chosen customers, none of which breaks a rule.

    Parameters
    ----------
    who : Audience
    ways : Access
    chosen : Chosen
    remedies : sequence of Remedy
    as_of : date
        Contacts begin on the day after.
    rules : ContactRules
    language : {'zh', 'en'}
        Of script_words and condition_words.

    Notes
    -----
    Wave 1 listens and finds the reason, wave 2 brings the remedy that answers it, wave 3 comes over another channel or
    from a senior person; where only one wave is worth its cost it does the first two things at once. A wave waits for
    its caps; one that would wait longer than ``latest_days`` is held back, and with it the waves after it.
    """
    past = _cut(who.history, chosen.row)
    target = day_number(as_of) + np.maximum(chosen.delay_days, 1)
    done = past.waves_done
    alive = np.ones(len(chosen.row), dtype=bool)
    before = np.full(len(chosen.row), -1, dtype=np.int64)
    deadline = day_number(as_of) + np.maximum(rules.latest_days, chosen.delay_days) + SLACK_DAYS
    waves: list[_Wave] = []
    for number in (1, 2, 3):
        at = np.flatnonzero(alive & (number > done) & (number <= done + chosen.n_waves))
        wave = _wave(number, at, ways, chosen, remedies, past, target, deadline, before, rules)
        waves.append(wave)
        made, lost = at[wave.held == 0], at[wave.held != 0]
        alive[lost] = False
        past = _added(past, made, wave, _makes_offer(wave, chosen, remedies), rules)
        before[made] = wave.channel[wave.held == 0]
        target[made] = wave.day[wave.held == 0] + rules.days_between_waves
        deadline[made] = target[made] + rules.latest_days
    return ContactPlan(
        _plan_table(waves, who, ways, chosen, remedies, language), _held_table(waves, who, chosen, language)
    )


def _wave(
    number: int,
    at: np.ndarray,
    ways: Access,
    chosen: Chosen,
    remedies: Sequence[Remedy],
    past: History,
    target: np.ndarray,
    deadline: np.ndarray,
    before: np.ndarray,
    rules: ContactRules,
) -> _Wave:
    """Return channel, day and script of one wave for the customers `at`."""
    row, remedy = chosen.row[at], chosen.remedy[at]
    is_only = chosen.n_waves[at] == 1
    brings = (remedy != COMFORT) & ((number == 2) | ((number == 1) & is_only))
    carries = _carries(remedies)
    usable = ways.allowed[row] & (carries[remedy] | ~brings[:, None]) & ~_spares(remedies)[remedy]
    rank = ways.rank[row].copy()
    if number == 3:
        staffed = np.array([channel.is_staffed for channel in channels()])
        again = np.arange(len(staffed)) == before[at][:, None]
        usable &= ~again | staffed
        rank[again] += 50
    offers = (remedy != COMFORT) & ((number >= 2) | is_only) & _incentives(remedies)[remedy]
    mine = _cut(past, at)
    floor = common_floor(mine, target[at], rules)
    floor = np.where(offers, np.maximum(floor, offer_floor(mine, rules)), floor)
    days = channel_days(floor, mine.by_channel, rules)
    in_time = usable & (days <= deadline[at][:, None])
    channel = np.where(in_time, rank, 10**6).argmin(axis=1) if len(at) else np.zeros(0, dtype=np.int64)
    missing = HELD_BACK.index("no_other_channel" if number == 3 else "remedy_channel")
    held = np.select([~usable.any(axis=1), ~in_time.any(axis=1)], [missing, HELD_BACK.index("cap")], default=0)
    script = _script(number, remedy, is_only, np.array([c.is_staffed for c in channels()])[channel])
    return _Wave(number, at, channel, days[np.arange(len(at)), channel], script, held)


def _carries(remedies: Sequence[Remedy]) -> np.ndarray:
    """Return which channels can deliver each remedy; the last row, reached by `COMFORT`, is all of them."""
    codes = [channel.code for channel in channels()]
    rows = [[code in remedy.channels for code in codes] for remedy in remedies]
    carries: np.ndarray = np.array([*rows, [True] * len(codes)], dtype=bool) & ~_spares(remedies)
    return carries


def _spares(remedies: Sequence[Remedy]) -> np.ndarray:
    """Return the staffed channels not used for each remedy: one that takes no minutes and can go without staff."""
    is_staffed = np.array([channel.is_staffed for channel in channels()])
    unstaffed = {channel.code for channel in channels() if not channel.is_staffed}
    rows = [remedy.minutes == 0 and not unstaffed.isdisjoint(remedy.channels) for remedy in remedies]
    spares: np.ndarray = np.array([*rows, False], dtype=bool)[:, None] & is_staffed
    return spares


def deliverable(ways: Access, remedies: Sequence[Remedy]) -> np.ndarray:
    """Return which remedies can reach each customer at all, caps on offers included.

    Returns
    -------
    ndarray of bool, shape (n, n_remedies)
    """
    by_channel = (ways.reachable.astype(np.float32) @ _carries(remedies)[:-1].T.astype(np.float32)) > 0
    reachable: np.ndarray = by_channel & (ways.may_offer[:, None] | ~_incentives(remedies)[:-1])
    return reachable


def _incentives(remedies: Sequence[Remedy]) -> np.ndarray:
    return np.array([*(remedy.incentive > 0 for remedy in remedies), False], dtype=bool)


def _script(number: int, remedy: np.ndarray, is_only: np.ndarray, is_staffed: np.ndarray) -> np.ndarray:
    if number == 1:
        plain = np.where(is_only, SCRIPTS.index("listen_and_remedy"), SCRIPTS.index("listen"))
    elif number == 2:
        plain = np.full(len(remedy), SCRIPTS.index("remedy"))
    else:
        plain = np.where(is_staffed, SCRIPTS.index("senior"), SCRIPTS.index("other_channel"))
    return np.where(remedy == COMFORT, SCRIPTS.index("comfort"), plain)


def _makes_offer(wave: _Wave, chosen: Chosen, remedies: Sequence[Remedy]) -> np.ndarray:
    made = wave.at[wave.held == 0]
    is_only = chosen.n_waves[made] == 1
    offers: np.ndarray = _incentives(remedies)[chosen.remedy[made]] & ((wave.wave >= 2) | is_only)
    return offers


def _cut(past: History, row: np.ndarray) -> History:
    return History(
        past.by_channel[row], past.latest[row], past.offers[row], past.refused[row], past.is_opted_out[row],
        past.waves_done[row],
    )  # fmt: skip


def _added(past: History, made: np.ndarray, wave: _Wave, is_offer: np.ndarray, rules: ContactRules) -> History:
    """Return the history with a wave's contacts in it."""
    day, channel = wave.day[wave.held == 0], wave.channel[wave.held == 0]
    by_channel, latest, offers = past.by_channel.copy(), past.latest.copy(), past.offers.copy()
    by_channel[made, channel] = day
    latest[made] = np.column_stack([day, latest[made]])[:, : latest.shape[1]]
    offered = made[is_offer]
    offers[offered] = np.column_stack([day[is_offer], offers[offered]])[:, : offers.shape[1]]
    return replace(past, by_channel=by_channel, latest=latest, offers=offers)


def _plan_table(
    waves: list[_Wave], who: Audience, ways: Access, chosen: Chosen, remedies: Sequence[Remedy], language: Language
) -> pa.Table:
    kept = [wave.held == 0 for wave in waves]
    at = np.concatenate([wave.at[k] for wave, k in zip(waves, kept, strict=True)])
    number = np.concatenate([np.full(k.sum(), wave.wave) for wave, k in zip(waves, kept, strict=True)])
    channel = np.concatenate([wave.channel[k] for wave, k in zip(waves, kept, strict=True)])
    day = np.concatenate([wave.day[k] for wave, k in zip(waves, kept, strict=True)])
    script = np.concatenate([wave.script[k] for wave, k in zip(waves, kept, strict=True)])
    order = np.lexsort((number, at))
    at, number, channel, day, script = at[order], number[order], channel[order], day[order], script[order]
    row, remedy = chosen.row[at], chosen.remedy[at]
    is_staffed = np.array([c.is_staffed for c in channels()])[channel]
    has_manager = is_staffed & (number < 3)
    is_visit = channel == [c.code for c in channels()].index("visit")
    condition = np.where(number == 1, 0, np.where(number == 2, 1, 2))
    places = list(words_of("places").values())
    codes, texts = _script_words(remedies, language)
    conditions = words_of("conditions")
    return pa.Table.from_arrays(
        [
            who.customer_ids.take(pa.array(row)),
            pa.array(number, pa.int64()),
            _words([c.code for c in channels()], channel),
            pa.array(day.astype("datetime64[D]")).cast(pa.date32()),
            pa.array(ways.from_hour[row], pa.int64()),
            pa.array(ways.to_hour[row], pa.int64()),
            who.staff.take(pa.array(row, mask=~has_manager)),
            _words(SCRIPTS, script),
            _words(CONDITIONS, condition),
            _words([r.code for r in remedies], np.where(remedy == COMFORT, -1, remedy)),
            _words([p.in_(language) for p in places[: len(KINDS)]], np.where(is_visit, who.kind[row], -1)),
            _words(texts, script * codes + np.where(remedy == COMFORT, codes - 1, remedy)),
            _words([conditions[c].in_(language) for c in CONDITIONS], condition),
        ],
        schema=PLAN_SCHEMA,
    )


def _script_words(remedies: Sequence[Remedy], language: Language) -> tuple[int, list[str]]:
    """Return the number of remedies (with none last) and the text of every script × remedy, row by row."""
    names = [*(remedy.words.in_(language) for remedy in remedies), ""]
    scripts = words_of("scripts")
    texts = [scripts[script].in_(language).replace("{remedy}", name) for script in SCRIPTS for name in names]
    return len(names), texts


def _words(values: Sequence[str], index: np.ndarray) -> pa.Array:
    """Return `values` by index; a negative index is unknown."""
    return pa.array(list(values), pa.string()).take(pa.array(index, pa.int64(), mask=index < 0))


def _held_table(waves: list[_Wave], who: Audience, chosen: Chosen, language: Language) -> pa.Table:
    at = np.concatenate([wave.at[wave.held != 0] for wave in waves])
    number = np.concatenate([np.full((wave.held != 0).sum(), wave.wave) for wave in waves])
    why = np.concatenate([wave.held[wave.held != 0] for wave in waves])
    order = np.lexsort((number, at))
    return held_table(who.customer_ids, chosen.row[at[order]], number[order], why[order], language)


def held_table(
    customer_ids: pa.Array, row: np.ndarray, wave: np.ndarray, why: np.ndarray, language: Language
) -> pa.Table:
    """Return the rows of those held back: customer_id, wave, why, why_words."""
    words = words_of("held_back")
    texts = [words[code].in_(language) if code else "" for code in HELD_BACK]
    return pa.Table.from_arrays(
        [
            customer_ids.take(pa.array(row, pa.int64())),
            pa.array(wave, pa.int64()),
            _words([code or "" for code in HELD_BACK], why.astype(np.int64)),
            _words(texts, why.astype(np.int64)),
        ],
        schema=HELD_SCHEMA,
    )
