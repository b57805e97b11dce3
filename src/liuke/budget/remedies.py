"""What can be done for a customer, what it costs, and how often it works."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from liuke.budget.policy import EFFORTS, Policy
from liuke.kernel.errors import InvalidInput
from liuke.kernel.words import Words

Level = Literal["financial", "social", "structural"]

LEVELS: dict[Level, Words] = {
    "financial": Words("财务利益", "financial"),
    "social": Words("社会利益", "social"),
    "structural": Words("结构性联系", "structural"),
}
"""The three levels of bonds."""

WIN_BACK_PRIOR = 1 / 4
"""Share of lost customers to whom selling succeeds, before a company knows its own (1 in 4)."""

PROSPECT_PRIOR = 1 / 16
"""Share of prospects to whom selling succeeds (1 in 16)."""

PRIOR_WEIGHT = 50.0
"""How many customers' worth of evidence a starting value counts for beside a measured effect."""

LETTERS = tuple("PQSRLCIENVUMFX")
"""Level-1 letters of the taxonomy of reasons; X is unknown."""


class IndustryUnknown(InvalidInput):
    """There is no catalogue of remedies for this industry."""


class RemedyInvalid(InvalidInput):
    """A remedy's cost, share or channel is not acceptable."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """One thing a company can do for a customer.

    Parameters
    ----------
    code : str
        Its name in tables.
    words : Words
        Its name for people.
    level : {'financial', 'social', 'structural'}
        The bond it builds.
    contact_cost : float
        Money per contact, paid whatever comes of it.
    incentive : float
        Money paid only if the customer stays or returns.
    capacity : int or None
        How many customers can have it; None is no limit.
    minutes : float
        Staff minutes per contact.
    channels : tuple of str
        Channels that can deliver it.
    reasons : tuple of str
        Level-1 letters it suits; empty is all. Used where the policy does not name the remedy.
    efforts : tuple of str
        Efforts that may use it. Used where the policy does not name the remedy.
    success_prior : float
        Share of those about to leave who stay because of it, before it is measured.
    win_back_prior : float
        Share of the lost who return because of it, before it is measured.
    most_waves : int
        How many contacts at most it is worth repeating over: 1 for a single friendly note.
    is_price_match : bool
        Whether it follows a rival's price: not done for a product line under retreat.
    """

    code: str
    words: Words
    level: Level
    contact_cost: float
    incentive: float = 0.0
    capacity: int | None = None
    minutes: float = 0.0
    channels: tuple[str, ...] = ("sms",)
    reasons: tuple[str, ...] = ()
    efforts: tuple[str, ...] = ("utmost", "best", "opportunistic")
    success_prior: float = 0.25
    win_back_prior: float = WIN_BACK_PRIOR
    most_waves: int = 3
    is_price_match: bool = False

    def __post_init__(self) -> None:
        if min(self.contact_cost, self.incentive, self.minutes) < 0:
            raise RemedyInvalid(f"remedy {self.code}: cost, incentive and minutes cannot be negative")
        if not (0 <= self.success_prior <= 1 and 0 <= self.win_back_prior <= 1):
            raise RemedyInvalid(f"remedy {self.code}: success is a share between 0 and 1")
        if not 1 <= self.most_waves <= 3:
            raise RemedyInvalid(f"remedy {self.code}: most_waves is 1, 2 or 3")
        if not self.channels:
            raise RemedyInvalid(f"remedy {self.code}: name at least one channel that can deliver it")

    def suits(self, letter: str, effort: str) -> bool:
        """Whether its own reasons and efforts fit; the policy may say more."""
        return (not self.reasons or letter in self.reasons) and effort in self.efforts


@cache
def catalogue(industry: str) -> tuple[Remedy, ...]:
    """Return the default remedies of an industry, sorted by code.

    Parameters
    ----------
    industry : {'telecom', 'retail', 'express', 'bank', 'property', 'saas'}

    Raises
    ------
    IndustryUnknown
        If there is no such catalogue.
    """
    content = tomllib.loads((files("liuke.budget") / "remedies.toml").read_text(encoding="utf-8"))
    if industry not in content["industries"]:
        known = ", ".join(content["industries"])
        raise IndustryUnknown(f"there are no remedies for industry {industry!r}; write one of {known}")
    rows = content["industries"][industry]
    return tuple(_remedy(code, {**content["remedies"][code], **rows[code]}) for code in sorted(rows))


def _remedy(code: str, row: dict[str, Any]) -> Remedy:
    return Remedy(
        code=code,
        words=Words(row["zh"], row["en"]),
        level=row["level"],
        contact_cost=float(row["contact_cost"]),
        incentive=float(row.get("incentive", 0)),
        capacity=row.get("capacity"),
        minutes=float(row.get("minutes", 0)),
        channels=tuple(row["channels"]),
        reasons=tuple(row["reasons"]),
        efforts=tuple(row["efforts"]),
        success_prior=float(row["keep"]),
        win_back_prior=float(row["win_back"]),
        most_waves=int(row.get("most_waves", 3)),
        is_price_match=bool(row.get("is_price_match", False)),
    )


def combined(defaults: Sequence[Remedy], own: Sequence[Remedy]) -> tuple[Remedy, ...]:
    """Return the defaults with a company's own remedies added; the same code replaces. Sorted by code."""
    by_code = {remedy.code: remedy for remedy in (*defaults, *own)}
    return tuple(by_code[code] for code in sorted(by_code))


def allowed(policy: Policy, remedies: Sequence[Remedy], reasons: Sequence[str]) -> np.ndarray:
    """Return which remedies the policy allows for which reason and effort.

    Parameters
    ----------
    policy : Policy
        Remedies its cells speak of are allowed where a cell names them; others by their own reasons and efforts,
        but never for the effort ``abandon`` nor where the cell allows nothing.
    remedies : sequence of Remedy
        In the order of the last axis.
    reasons : sequence of str
        Reason codes, in the order of the first axis.

    Returns
    -------
    ndarray of bool, shape (n_reasons, n_efforts, n_remedies)
    """
    known = policy.known_remedies
    result = np.zeros((len(reasons), len(EFFORTS), len(remedies)), dtype=bool)
    for i, reason in enumerate(reasons):
        for j, effort in enumerate(EFFORTS):
            cell = policy.cell(reason, effort)
            closed = effort == "abandon" or not cell.remedies
            for k, remedy in enumerate(remedies):
                named = remedy.code in cell.remedies
                by_itself = remedy.code not in known and not closed and remedy.suits(reason[:1], effort)
                result[i, j, k] = named or by_itself
    return result


def success_table(
    remedies: Sequence[Remedy], effects: pa.Table | None = None, *, n_tiers: int = 5, prior_weight: float = PRIOR_WEIGHT
) -> tuple[np.ndarray, np.ndarray]:
    """Return the success of every remedy by tier and reason, and how many customers it rests on.

    Parameters
    ----------
    remedies : sequence of Remedy
    effects : pa.Table, optional
        Measured effects: remedy, tier, reason_letter, effect, n. `effect` is the share of those who would have been
        lost (or, with a column `control_loss_rate`, the lift in the share staying, which is divided by it). A row
        with tier or reason_letter NULL holds for all of them. A column `is_win_back` tells rows about lost customers.
    n_tiers : int, default 5
    prior_weight : float, default 50
        Customers' worth of evidence in the starting value.

    Returns
    -------
    success : ndarray of float, shape (2, n_tiers + 1, n_letters, n_remedies)
        First axis: keep, win back; second: tier, 0 is unknown; third: `LETTERS`.
    weight : ndarray of float, same shape
        Evidence behind each number: the prior's weight plus the customers measured.

    Notes
    -----
    success = (n·effect + w·prior) / (n + w): the prior fades as a company's own results accumulate. The most special
    row wins: tier and letter, then letter alone, then tier alone, then the remedy as a whole.
    """
    shape = (2, n_tiers + 1, len(LETTERS), len(remedies))
    prior = np.array([[r.success_prior for r in remedies], [r.win_back_prior for r in remedies]], dtype=float)
    success = np.broadcast_to(prior[:, None, None, :], shape).copy()
    weight = np.full(shape, prior_weight)
    if effects is None or effects.num_rows == 0:
        return success, weight
    for row in sorted(effects.to_pylist(), key=_speciality):
        place = _place(row, [remedy.code for remedy in remedies], n_tiers)
        if place is None:
            continue
        n, effect = float(row["n"]), float(row["effect"])
        rate = row.get("control_loss_rate")
        measured = effect / rate if rate else effect
        kinds = slice(0, 1) if not row.get("is_win_back") else slice(1, 2)
        start = prior[kinds][:, None, None, place[2]]
        success[kinds, place[0], place[1], place[2]] = np.clip(
            (n * measured + prior_weight * start) / (n + prior_weight), -1, 1
        )
        weight[kinds, place[0], place[1], place[2]] = n + prior_weight
    return success, weight


def _speciality(row: dict[str, Any]) -> tuple[int, str, int, str, bool]:
    rank = (2 if row.get("reason_letter") else 0) + (1 if row.get("tier") else 0)
    return (
        rank, str(row["remedy"]), row.get("tier") or 0, row.get("reason_letter") or "", bool(row.get("is_win_back")),
    )  # fmt: skip


def _place(row: dict[str, Any], codes: list[str], n_tiers: int) -> tuple[slice, slice, int] | None:
    """Return the cells a measured effect speaks of; None if it names something unknown here."""
    tier, letter = row.get("tier"), row.get("reason_letter")
    if row["remedy"] not in codes or (letter and letter not in LETTERS) or (tier and not 1 <= tier <= n_tiers):
        return None
    at = LETTERS.index(letter) if letter else 0
    letters = slice(at, at + 1) if letter else slice(None)
    tiers = slice(tier, tier + 1) if tier else slice(None)
    return tiers, letters, codes.index(row["remedy"])
