"""Why customers leave, how likely, and what a remedy does about it.

Every cause has its own monthly intensity, a function of what happened to the customer and of hidden traits. A
customer is lost in a month with probability 1 − exp(−Σ intensities); the cause is drawn in proportion. Some
customers first drift: they have made up their mind for one cause, use less and less, and leave later.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from liuke.simulation.chance import Array, Chance
from liuke.simulation.periods import Period
from liuke.simulation.population import Traits

REMEDIES = ("care_call", "plan_adjustment", "coupon", "apology", "points", "senior_visit")
REMEDY_MONTHS = 3
NO_REMEDY = -1

REACH: dict[str, dict[str, float]] = {
    "care_call": {"V": 0.5, "S": 0.35, "Q": 0.25, "C4": 0.2, "P": 0.1, "X": 0.25, "E": 0.25, "I": 0.2},
    "plan_adjustment": {"P1": 0.8, "P2": 0.75, "P3": 0.4, "C1": 0.4, "V": 0.4},
    "coupon": {"P1": 0.5, "P2": 0.4, "C1": 0.5, "C3": 0.35, "V": 0.3, "X": 0.15},
    "apology": {"R": 0.75, "S": 0.6, "Q": 0.45, "I": 0.5, "P3": 0.4},
    "points": {"V": 0.6, "C1": 0.25, "C3": 0.2, "P1": 0.15, "X": 0.2},
    "senior_visit": {"E": 0.8, "C1": 0.4, "R": 0.45, "S": 0.3, "Q": 0.3, "V": 0.4, "I": 0.4},
}
"""Share of a cause's intensity that a remedy takes away from a customer it fully reaches; a code, or its letter."""

WAKING = (1.0, 0.6, 0.5, 0.3, 0.5, 0.8)
"""How much each remedy wakes sleeping dogs, in the order of `REMEDIES`."""

INVOLUNTARY = ("F2", "F3")
DRIFT_PULL = 2.3
"""How many customers begin to drift for each one that the same causes would take at once."""
DRIFT_INTENSITY = (0.0, 0.02, 0.09, 0.24)
"""Monthly intensity of leaving in the first, second, third and later months of drifting."""
RECOVERY = 0.05
SUDDEN_SHARE = 0.06
"""What is left of the sudden intensities for customers who drift first."""


@dataclass(slots=True)
class Bond:
    """What ties a customer now; arrays of shape (n_customers,). Industries add what is theirs."""

    satisfaction: Array
    drift_months: Array
    drift_cause: Array
    grudge_late: Array
    grudge_unsatisfied: Array
    grudge: Array
    grudge_category: Array
    price_shock: Array
    manager_gone: Array
    neighbour: Array
    moved: Array
    remedy: Array
    remedy_months: Array


@dataclass(frozen=True, slots=True)
class Causes:
    """The causes of one industry, in the order of the columns of its intensities.

    Parameters
    ----------
    codes : tuple of str
        Codes of the taxonomy of reasons.
    waking : str
        The cause under which woken sleeping dogs leave.
    """

    codes: tuple[str, ...]
    waking: str

    def column(self, code: str) -> int:
        """Return the column of `code`."""
        return self.codes.index(code)

    @property
    def drifting(self) -> Array:
        """Return which causes let a customer make up his mind slowly."""
        return np.array([code[0] in "PQRSICVX" for code in self.codes])

    @property
    def reach(self) -> Array:
        """Return the share of each cause that each remedy takes away, shape (n_remedies, n_causes)."""
        rows = [
            [REACH[remedy].get(code, REACH[remedy].get(code[0], 0.0)) for code in self.codes] for remedy in REMEDIES
        ]
        return np.array(rows, dtype=np.float32)


def with_drift(causes: Causes, sudden: Array, bond: Bond, traits: Traits) -> Array:
    """Return intensities of shape (n_customers, n_causes) of those who drift and those who do not."""
    intensities = sudden.copy()
    intensities[:, causes.drifting] *= np.where(traits.drifts, np.float32(SUDDEN_SHARE), np.float32(1))[:, None]
    index = np.flatnonzero(bond.drift_months > 0)
    strength = np.asarray(DRIFT_INTENSITY, dtype=np.float32)[np.minimum(bond.drift_months[index], 3)]
    intensities[index, bond.drift_cause[index]] += strength * np.sqrt(traits.frailty[index])
    return intensities


def with_remedies(intensities: Array, causes: Causes, bond: Bond, traits: Traits) -> Array:
    """Return intensities under the remedies now in force."""
    index = np.flatnonzero(bond.remedy_months > 0)
    if len(index):
        intensities = intensities.copy()
        remedy = bond.remedy[index]
        intensities[index] *= 1 - traits.response[index][:, None] * causes.reach[remedy]
        woken = traits.wakes[index] * np.asarray(WAKING, dtype=np.float32)[remedy]
        intensities[index, causes.column(causes.waking)] += woken
    return intensities


def next_drift(causes: Causes, sudden: Array, bond: Bond, traits: Traits, chance: Chance, period: Period) -> None:
    """Let some begin to drift, for the cause that pulls, and some come to rest again."""
    size = len(traits.frailty)
    pulls = np.cumsum(np.where(causes.drifting, sudden, np.float32(0)), axis=1)
    total = pulls[:, -1]
    draw = chance.uniform("drift", size, period.number)
    drifting = bond.drift_months > 0
    begins = ~drifting & traits.drifts & (draw < -np.expm1(-DRIFT_PULL * total))
    rests = drifting & (draw < RECOVERY)
    bond.drift_months[drifting] += 1
    bond.drift_months[rests] = 0
    bond.drift_months[begins] = 1
    bond.drift_cause[begins] = _drawn_column(pulls[begins], chance.uniform("drift cause", size, period.number)[begins])


def _drawn_column(cumulated: Array, draw: Array) -> Array:
    """Return the column in which `draw` times the row's total falls."""
    column = (cumulated <= (draw * cumulated[:, -1])[:, None]).sum(axis=1)
    return np.asarray(np.minimum(column, cumulated.shape[1] - 1))


def losses(intensities: Array, at_risk: Array, chance: Chance, period: Period) -> tuple[Array, Array, Array]:
    """Return who is lost in the month, for which cause (a column), and on which day.

    Parameters
    ----------
    intensities : ndarray of shape (n_customers, n_causes)
        Monthly intensities of each cause.
    at_risk : ndarray of bool of shape (n_customers,)
        Who was here when the month began.
    chance : Chance
        Where the draws come from.
    period : Period
        The month.

    Returns
    -------
    index, cause, day : ndarray
        Of the lost only.
    """
    size = len(at_risk)
    probability = -np.expm1(-intensities.sum(axis=1))
    index = np.flatnonzero(at_risk & (chance.uniform("loss", size, period.number) < probability))
    cause = _drawn_column(np.cumsum(intensities[index], axis=1), chance.uniform("cause", size, period.number)[index])
    when = np.floor(chance.uniform("loss day", size, period.number)[index] * (period.days - 1))
    return index, cause, (period.start + 1 + when).astype(np.int32)
