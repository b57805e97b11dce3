"""From facts, offers and the choice to one decision per customer, and the rule that decided it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from liuke.budget.contact import HELD_BACK, channels
from liuke.budget.contact_access import Access
from liuke.budget.letting_go import CODES, WITHOUT_FAREWELL, Circumstances, letting_go
from liuke.budget.policy import EFFORTS, Policy
from liuke.pipelines.deciding_choice import Choice, Offers
from liuke.pipelines.deciding_facts import Facts

DECISIONS = ("keep", "win_back", "comfort", "let_go", "monitor", "none")
"""What can be decided, in the order of their numbers."""

RULES = (
    *(code for code in CODES if code), "best_remedy", "holdout", "complaint_first", "suspected", "calm", "healthy",
    "unknown_value", "held_back", "budget", "no_remedy", "beyond_cap",
    "not_worth",
)  # fmt: skip
"""Every rule that can decide, in the order of their numbers; those of letting go first."""

FAREWELL_DAYS = 90
"""A customer lost longer ago is not written to only to be calmed."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """One decision per customer; arrays of shape (n,).

    Parameters
    ----------
    decision, rule : ndarray of int
        Places in `DECISIONS` and `RULES`.
    remedy : ndarray of int
        The remedy given, −1 for none.
    would_have : ndarray of int
        What the held out would have had, −1 for none.
    shown : ndarray of int
        The remedy whose numbers explain the decision: given, missed or best; −1 where none was looked at.
    in_play : ndarray of int
        Place in the offers, −1 for customers who were not in question.
    is_calmed : ndarray of bool
        Gets one message that sells nothing.
    is_held : ndarray of bool
        A remedy was worth it but rules of contact forbid it.
    """

    decision: np.ndarray
    rule: np.ndarray
    remedy: np.ndarray
    would_have: np.ndarray
    shown: np.ndarray
    in_play: np.ndarray
    is_calmed: np.ndarray
    is_held: np.ndarray


def let_go_rules(known: Facts, these: Offers, is_opted_out: np.ndarray, policy: Policy) -> np.ndarray:
    """Return for every customer the number of the rule that lets them go, 0 for none; see `letting_go`.

    Notes
    -----
    The gain of the best remedy speaks only against the lost: whoever is still here, leaving or not, and worth
    something is best left in peace, which costs nothing.
    """
    n = len(known.ids)
    best_gain, best_sd = np.full(n, np.nan), np.full(n, np.nan)
    place = these.best(these.suitable & ~np.isnan(these.gain))
    best_gain[these.row], best_sd[these.row] = these.at("gain", place), these.at("sd", place)
    is_passive = ~known.is_lost & (known.value > 0)
    best_gain[is_passive] = np.nan
    return letting_go(
        Circumstances(
            in_question=known.is_lost | known.is_at_risk,
            malicious_confirmed=known.malicious,
            is_deceased=known.is_deceased,
            do_not_contact=is_opted_out,
            harms_others=known.harms_others,
            let_go_before=known.let_go_before,
            failed_win_backs=known.failed_win_backs,
            is_abandon_tier=known.effort == EFFORTS.index("abandon"),
            is_natural=known.is_natural,
            best_gain=best_gain,
            best_sd=best_sd,
        )
    )


def calm_ways(ways: Access) -> np.ndarray:
    """Return the channels over which a customer is calmed: written ones, so that no staff time is taken."""
    is_staffed = np.array([channel.is_staffed for channel in channels()])
    written: np.ndarray = ways.reachable & ~is_staffed
    return written


def ruling(
    known: Facts, these: Offers, chosen: Choice, let_go: np.ndarray, is_holdout: np.ndarray, ways: Access
) -> Ruling:
    """Return the decisions.

    Notes
    -----
    Asked in this order: a rule for letting go; suspected malice (no offer before a person has looked; a fault of ours
    is dealt with first); no warning; the holdout; the remedy chosen; calming whoever leaves by our own fault; and
    otherwise what stood in the way of a remedy.
    """
    n = len(known.ids)
    in_play = np.full(n, -1, dtype=np.int64)
    in_play[these.row] = np.arange(len(these.row))
    remedy, would_have = _spread(chosen.place, these, n), _spread(chosen.would_have, these, n)
    shown, is_eligible, is_suited, is_worth, is_beyond = _looked_at(these, chosen, n)
    finished = ways.held == HELD_BACK.index("sequence_finished")
    is_held = (is_worth & ~is_eligible) | ((in_play >= 0) & finished)
    is_gone = known.is_leaving | (known.is_lost & (known.days_lost <= FAREWELL_DAYS))
    may_calm = is_gone & ~is_holdout & calm_ways(ways).any(axis=1)
    is_let_go = let_go > 0
    complaint_first = known.fault_suspected & ~is_holdout & calm_ways(ways).any(axis=1)
    names = [*(code for code in CODES if code)]
    conditions = {
        **{name: let_go == number for number, name in enumerate(names, start=1)},
        "complaint_first": complaint_first,
        "suspected": known.suspected,
        "healthy": in_play < 0,
        "holdout": would_have >= 0,
        "best_remedy": remedy >= 0,
        "calm": may_calm & known.is_fault,
        "unknown_value": np.isnan(known.value) | np.isnan(known.loss),
        "held_back": is_held,
        "budget": is_eligible,
        "no_remedy": ~is_suited,
        "beyond_cap": is_beyond,
    }
    rule = np.select(
        list(conditions.values()), [RULES.index(name) for name in conditions], default=RULES.index("not_worth")
    )
    is_calm_rule = np.isin(rule, [RULES.index("complaint_first"), RULES.index("calm")])
    farewell = np.array([name not in WITHOUT_FAREWELL for name in names])
    decision = np.select(
        [is_let_go, is_calm_rule, (remedy >= 0) & known.is_lost, remedy >= 0, known.is_lost],
        [DECISIONS.index(name) for name in ("let_go", "comfort", "win_back", "keep", "none")],
        default=DECISIONS.index("monitor"),
    )
    return Ruling(
        decision=decision,
        rule=rule,
        remedy=remedy,
        would_have=would_have,
        shown=shown,
        in_play=in_play,
        is_calmed=is_calm_rule | (is_let_go & may_calm & farewell[np.maximum(let_go, 1) - 1]),
        is_held=is_held & ~is_holdout & (remedy < 0) & ~known.suspected & _may_be_held(let_go),
    )


def _may_be_held(let_go: np.ndarray) -> np.ndarray:
    """Return who is not let go for another reason than that they want no contact."""
    return np.asarray((let_go == 0) | (let_go == CODES.index("do_not_contact")))


def _spread(place: np.ndarray, these: Offers, n: int) -> np.ndarray:
    result = np.full(n, -1, dtype=np.int64)
    result[these.row] = place
    return result


def _looked_at(these: Offers, chosen: Choice, n: int) -> tuple[np.ndarray, ...]:
    """Return the remedy that explains, and whether any is eligible, suits, pays inside the caps, or pays at all."""
    eligible = these.eligible
    paying = these.suitable & (these.gain > 0) & (these.n_waves > 0)
    worth = paying & these.affordable
    shown = np.where(chosen.place >= 0, chosen.place, chosen.would_have)
    for among in (eligible, worth, paying, these.suitable & ~np.isnan(these.gain)):
        shown = np.where(shown >= 0, shown, these.best(among))
    flags = [np.zeros(n, dtype=bool) for _ in range(4)]
    for flag, among in zip(flags, (eligible, these.suitable, worth, paying), strict=True):
        flag[these.row] = among.any(axis=1)
    return _spread(shown, these, n), *flags


def why_held(known_row: np.ndarray, shown: np.ndarray, ways: Access, incentive: np.ndarray) -> np.ndarray:
    """Return why no contact is possible with the remedy `shown`, as places in `HELD_BACK`."""
    capped = ~ways.may_offer[known_row] & incentive[np.maximum(shown, 0)] & (shown >= 0)
    by_rule = ways.held[known_row].astype(np.int64)
    rest = np.where(capped, HELD_BACK.index("cap"), HELD_BACK.index("remedy_channel"))
    return np.where(by_rule > 0, by_rule, rest)


def needs_confirmation(known: Facts, let_go: np.ndarray, policy: Policy) -> np.ndarray:
    """Return whose decision a person must confirm: let go from the top tiers, now or ever, and suspected malice."""
    is_top = known.best_tier <= policy.confirm_tiers
    return np.asarray(np.where(let_go > 0, is_top, known.suspected), dtype=bool)


def review_days(known: Facts, let_go: np.ndarray, review_on: date, given: np.ndarray) -> np.ndarray:
    """Return the day each let-go is looked at again, days since 1970; −1 for the others. A running review stays."""
    fresh = int(np.datetime64(review_on, "D").astype(np.int64))
    running = (let_go == CODES.index("let_go_before")) & (given >= 0)
    return np.where(let_go > 0, np.where(running, given, fresh), -1)
