"""Whom to let go, by which rule, until when, and who must confirm it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from liuke.kernel.words import Words

KEEP_TRYING = 0
"""No rule for letting go applies."""

RULES: dict[str, Words] = {
    "malicious_confirmed": Words("确认恶意欠费或欺诈", "malicious arrears or fraud, confirmed"),
    "deceased": Words("客户已故或丧失能力,停止联系", "deceased or incapable: contact stops"),
    "do_not_contact": Words("客户要求不再联系", "asked not to be contacted"),
    "three_failures": Words("三次挽回均未成功", "three attempts to win back failed"),
    "harms_others": Words("服务该客户损害其他更好的客户", "serving them harms better customers"),
    "let_go_before": Words("此前已放弃,尚未到复核日", "let go before, review not yet due"),
    "not_worth_keeping": Words("政策:该级别不值得挽留", "policy: this tier is not worth keeping"),
    "natural_loss": Words(
        "自然流失,合理成本内无法满足需求", "natural loss: the need cannot be met at a reasonable cost"
    ),
    "negative_value": Words("最佳措施后的价值几乎肯定为负", "value after the best action is almost surely negative"),
}
"""Rules in the order they are asked, 1, 2, …; age, sex, origin and complaining are never among them."""

CODES: tuple[str | None, ...] = (None, *RULES)
"""Rule codes by number; 0 is none."""

WITHOUT_FAREWELL = frozenset({"malicious_confirmed", "deceased", "do_not_contact", "let_go_before"})
"""Rules after which no closing message is sent."""

NEGATIVE_WITH = 0.9
"""How sure we must be that the value after the best action is negative."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the rules look at; every array has one entry per customer.

    Parameters
    ----------
    in_question : ndarray of bool
        Lost, leaving, or about to: the rules about worth are asked only of these.
    malicious_confirmed, is_deceased, do_not_contact, harms_others, let_go_before : ndarray of bool
        Facts; arrears that are only suspected are not among them.
    failed_win_backs : ndarray of int
        Attempts that came to nothing.
    is_abandon_tier, is_natural : ndarray of bool
        The policy's effort is to give up; the loss is a natural one.
    best_gain, best_sd : ndarray of float
        Expected gain of the best suitable action and its standard deviation; NaN where unknown.
    """

    in_question: np.ndarray
    malicious_confirmed: np.ndarray
    is_deceased: np.ndarray
    do_not_contact: np.ndarray
    harms_others: np.ndarray
    let_go_before: np.ndarray
    failed_win_backs: np.ndarray
    is_abandon_tier: np.ndarray
    is_natural: np.ndarray
    best_gain: np.ndarray
    best_sd: np.ndarray


def negative_probability(gain: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """Return the probability that the gain is below zero; unknown gain gives 0.

    Notes
    -----
    Φ(−gain/sd); with sd = 0 it is 1 or 0.

    Examples
    --------
    >>> negative_probability(np.array([-3., -1.]), np.array([2., 2.])).round(6)
    array([0.933193, 0.691462])
    """
    from scipy.special import ndtr

    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(sd > 0, -gain / np.where(sd > 0, sd, 1), np.where(gain < 0, np.inf, -np.inf))
    return np.where(np.isnan(gain), 0.0, ndtr(z))


def letting_go(facts: Circumstances, *, sure: float = NEGATIVE_WITH) -> np.ndarray:
    """Return the number of the first rule that lets each customer go; 0 where none does.

    Parameters
    ----------
    facts : Circumstances
    sure : float, default 0.9
        Probability from which a negative value counts.

    Returns
    -------
    ndarray of int8, shape (n,)
        Index into `CODES`.
    """
    asked = facts.in_question
    is_negative = negative_probability(facts.best_gain, facts.best_sd) >= sure
    nothing_worth = ~(facts.best_gain > 0) & ~np.isnan(facts.best_gain)
    conditions = [
        facts.malicious_confirmed,
        facts.is_deceased,
        asked & facts.do_not_contact,
        asked & (facts.failed_win_backs >= 3),
        facts.harms_others,
        facts.let_go_before,
        asked & facts.is_abandon_tier,
        asked & facts.is_natural & nothing_worth,
        asked & is_negative,
    ]
    return np.select(conditions, range(1, len(CODES)), default=KEEP_TRYING).astype(np.int8)


def review_on(as_of: date) -> date:
    """Return the day a decision to let go is looked at again: 12 months later.

    Examples
    --------
    >>> review_on(date(2024, 2, 29))
    datetime.date(2025, 2, 28)
    """
    is_leap_day = as_of.month == 2 and as_of.day == 29
    return as_of.replace(year=as_of.year + 1, day=28 if is_leap_day else as_of.day)
