"""The tier × reason policy: how hard to try for whom, and what to do about which reason, as versioned data."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from liuke.kernel.errors import InvalidInput
from liuke.kernel.words import Words

Effort = Literal["utmost", "best", "opportunistic", "abandon"]
Stance = Literal["attack", "defend", "retreat"]

EFFORTS: tuple[Effort, ...] = ("utmost", "best", "opportunistic", "abandon")
"""From the hardest try to none (极力挽回, 尽力挽回, 见机行事, 彻底放弃)."""

STANCES: dict[Stance, Words] = {
    "attack": Words("进攻:正面改进产品与品牌", "attack: improve product and brand head-on"),
    "defend": Words("防守:以服务与价格守住市场", "defend: hold the market by service and price"),
    "retreat": Words("撤退:放弃该产品,不跟价", "retreat: give the product up, match no price"),
}
"""How the company competes with a product line."""


class PolicyUnknown(InvalidInput):
    """There is no such policy preset, effort or stance."""


@dataclass(frozen=True, slots=True)
class EffortRow:
    """What one effort allows.

    Parameters
    ----------
    effort : Effort
        Its code.
    words, who : Words
        Its name, and who acts.
    cap_amount, cap_share : float
        Most that may be spent on one customer: the lesser of an amount and a share of the residual value.
    max_minutes : float
        Most staff minutes for one contact; what takes longer is not "easy" for the opportunistic effort.
    response_hours : int
        Time until the first contact.
    """

    effort: Effort
    words: Words
    who: Words
    cap_amount: float
    cap_share: float
    max_minutes: float
    response_hours: int


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the matrix: the remedies allowed and the action in words."""

    remedies: tuple[str, ...]
    words: Words


@dataclass(frozen=True, slots=True)
class Policy:
    """Tier × reason policy of one version.

    Parameters
    ----------
    name, version : str
        Preset and version; both are stored with every decision.
    words : Words
        Its name.
    tiers : tuple of Effort
        Effort for tier 1, 2, …; a tier beyond the last gets the last.
    efforts : mapping of Effort to EffortRow
        Caps, who acts, response time.
    cells : mapping of (reason, Effort) to Cell
        By level-1 letter, or by a level-2 code that beats its letter.
    hard_to_avoid : Effort
        The most that is tried against a natural loss.
    considered_warnings : tuple of str
        Warning levels from which an active customer is considered for a remedy.
    confirm_tiers : int
        Letting go of a customer of tiers 1 to this needs a person's confirmation.
    stance : Stance
        How the company competes where no line has a stance of its own.
    stances : mapping of str to Stance
        Stance by product line.
    """

    name: str
    version: str
    words: Words
    tiers: tuple[Effort, ...]
    efforts: Mapping[Effort, EffortRow]
    cells: Mapping[tuple[str, Effort], Cell]
    hard_to_avoid: Effort = "opportunistic"
    considered_warnings: tuple[str, ...] = ("red", "amber", "yellow")
    confirm_tiers: int = 2
    stance: Stance = "defend"
    stances: Mapping[str, Stance] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Preset and version in one word, as stored with a decision."""
        return f"{self.name}-{self.version}"

    def effort_of(self, tier: int | None, *, is_natural: bool = False) -> Effort:
        """Return the effort for a customer of `tier` (unknown: the lowest that still tries)."""
        wanted: Effort = "opportunistic" if tier is None or tier < 1 else self.tiers[min(tier, len(self.tiers)) - 1]
        if is_natural and EFFORTS.index(wanted) < EFFORTS.index(self.hard_to_avoid):
            return self.hard_to_avoid
        return wanted

    def cell(self, reason: str | None, effort: Effort) -> Cell:
        """Return the cell for a reason code (level 2 first, then its letter, then unknown) and an effort."""
        code = reason or "X"
        for key in (code, code[:1], "X"):
            if (key, effort) in self.cells:
                return self.cells[key, effort]
        raise PolicyUnknown(f"policy {self.label} has no cell for reason {code!r} and effort {effort!r}")

    @property
    def known_remedies(self) -> frozenset[str]:
        """Codes the cells speak of; other remedies are allowed by their own reasons and efforts."""
        return frozenset(code for cell in self.cells.values() for code in cell.remedies)

    def with_stance(self, stance: Stance, **lines: Stance) -> Policy:
        """Return this policy with another general stance and stances by product line."""
        for value in (stance, *lines.values()):
            if value not in STANCES:
                raise PolicyUnknown(f"there is no stance {value!r}; write one of {', '.join(STANCES)}")
        return replace(self, stance=stance, stances={**self.stances, **lines})


@cache
def preset(name: str) -> Policy:
    """Return the policy preset `name`: ``mobile`` or ``lecture``.

    Raises
    ------
    PolicyUnknown
        If there is no such preset.

    Notes
    -----
    Both agree on key and main customers and on those not worth keeping; they differ on the ordinary: best effort in
    ``mobile``, only if it is easy in ``lecture``.

    Examples
    --------
    >>> preset("mobile").effort_of(3), preset("lecture").effort_of(3)
    ('best', 'opportunistic')
    """
    content = tomllib.loads((files("liuke.budget") / "policy.toml").read_text(encoding="utf-8"))
    if name not in content["presets"]:
        raise PolicyUnknown(f"there is no policy preset {name!r}; write one of {', '.join(content['presets'])}")
    chosen = content["presets"][name]
    return Policy(
        name=name,
        version=content["version"],
        words=Words(chosen["zh"], chosen["en"]),
        tiers=tuple(chosen["tiers"]),
        efforts={effort: _effort_row(effort, content["efforts"][effort]) for effort in EFFORTS},
        cells={
            (reason, effort): Cell(tuple(cell["remedies"]), Words(cell["zh"], cell["en"]))
            for reason, row in content["cells"].items()
            for effort, cell in row.items()
        },
        hard_to_avoid=content["hard_to_avoid"],
        considered_warnings=tuple(content["considered_warnings"]),
        confirm_tiers=content["confirm_tiers"],
    )


def _effort_row(effort: Effort, row: dict[str, Any]) -> EffortRow:
    return EffortRow(
        effort=effort,
        words=Words(row["zh"], row["en"]),
        who=Words(row["who_zh"], row["who_en"]),
        cap_amount=float(row["cap_amount"]),
        cap_share=float(row["cap_share"]),
        max_minutes=float(row["max_minutes"]),
        response_hours=int(row["response_hours"]),
    )


def efforts(policy: Policy, tier: np.ndarray, is_natural: np.ndarray) -> np.ndarray:
    """Return the effort of every customer as an index into `EFFORTS`.

    Parameters
    ----------
    policy : Policy
        The policy in force.
    tier : ndarray of int, shape (n,)
        1 is the highest; 0 stands for unknown.
    is_natural : ndarray of bool, shape (n,)
        Whether the loss is a natural one, very hard to avoid.

    Returns
    -------
    ndarray of int8, shape (n,)
    """
    by_tier = np.array(
        [EFFORTS.index(policy.effort_of(number or None)) for number in range(len(policy.tiers) + 1)], dtype=np.int8
    )
    wanted = by_tier[np.clip(tier, 0, len(policy.tiers))]
    least = np.int8(EFFORTS.index(policy.hard_to_avoid))
    decided: np.ndarray = np.where(is_natural, np.maximum(wanted, least), wanted)
    return decided


def difference(policy_a: Policy, policy_b: Policy, customers: pa.Table) -> pa.Table:
    """Return the customers whom two policies decide differently, and how.

    Parameters
    ----------
    policy_a, policy_b : Policy
        The policies compared.
    customers : pa.Table
        customer_id, tier, reason_1, churn_type.

    Returns
    -------
    pa.Table
        customer_id, tier, reason, effort_a, effort_b, action_a_zh, action_a_en, action_b_zh, action_b_en; one row per
        customer with another effort or another action, sorted by customer_id.
    """
    customers = customers.sort_by("customer_id")
    tier = np.nan_to_num(customers["tier"].to_numpy(zero_copy_only=False).astype(float), nan=0).astype(np.int64)
    is_natural = np.asarray(customers["churn_type"].fill_null("UNK").to_numpy(zero_copy_only=False) == "NAT", bool)
    encoded = customers["reason_1"].cast(pa.string()).fill_null("X").combine_chunks().dictionary_encode()
    reasons = encoded.dictionary.to_pylist()
    reason = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    effort_a, effort_b = efforts(policy_a, tier, is_natural), efforts(policy_b, tier, is_natural)
    cells_a, cells_b = _cell_table(policy_a, reasons), _cell_table(policy_b, reasons)
    codes = {cell: number for number, cell in enumerate(dict.fromkeys([*cells_a, *cells_b]))}
    n_efforts = len(EFFORTS)
    action_a = np.array([codes[cell] for cell in cells_a])[reason * n_efforts + effort_a]
    action_b = np.array([codes[cell] for cell in cells_b])[reason * n_efforts + effort_b]
    rows = np.flatnonzero((effort_a != effort_b) | (action_a != action_b))
    words = [cell.words for cell in codes]
    return pa.table(
        {
            "customer_id": customers["customer_id"].take(pa.array(rows)),
            "tier": pa.array(tier[rows], mask=tier[rows] == 0),
            "reason": pa.array(reasons, pa.string()).take(pa.array(reason[rows])),
            "effort_a": pa.array(EFFORTS).take(pa.array(effort_a[rows])),
            "effort_b": pa.array(EFFORTS).take(pa.array(effort_b[rows])),
            "action_a_zh": pa.array([w.zh for w in words], pa.string()).take(pa.array(action_a[rows])),
            "action_a_en": pa.array([w.en for w in words], pa.string()).take(pa.array(action_a[rows])),
            "action_b_zh": pa.array([w.zh for w in words], pa.string()).take(pa.array(action_b[rows])),
            "action_b_en": pa.array([w.en for w in words], pa.string()).take(pa.array(action_b[rows])),
        }
    )


def _cell_table(policy: Policy, reasons: list[str]) -> list[Cell]:
    """Return the cells of `reasons` × efforts, row by row."""
    return [policy.cell(reason, effort) for reason in reasons for effort in EFFORTS]
