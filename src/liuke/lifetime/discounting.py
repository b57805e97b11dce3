"""What money later is worth now: discount rates, present values, the margin multiple, the parts of lifetime value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from liuke.kernel.errors import InvalidInput
from liuke.survival import arrays
from liuke.survival.arrays import Floats

DAYS_PER_MONTH = 30.4375
DAYS_PER_YEAR = 365.25


class NeverEnding(InvalidInput):
    """The sum of all future margins has no end: they grow as fast as they are discounted."""


def rate_per(annual_rate: float, *, days: float) -> float:
    """Return the rate per period of `days` that compounds to `annual_rate` in a year.

    Examples
    --------
    >>> round(rate_per(0.12, days=DAYS_PER_MONTH), 6)
    0.009489
    """
    return float(np.expm1(np.log1p(annual_rate) * days / DAYS_PER_YEAR))


def present_value(amounts: Any, *, rate: float, periods: Any | None = None) -> float:
    r"""Return what a row of amounts is worth now, :math:`\sum_t m_t/(1+d)^t`.

    Parameters
    ----------
    amounts : array-like of shape (n_periods,)
        Expected money of each period (already times survival).
    rate : float
        Discount rate per period.
    periods : array-like of shape (n_periods,), optional
        When each falls due; 0, 1, 2, ... by default (the first one now).

    Returns
    -------
    float
        In the money of now.
    """
    money = arrays.numbers(amounts, "amounts")
    time = np.arange(len(money)) if periods is None else arrays.numbers(periods, "periods", length=len(money))
    return float(np.sum(money * np.exp(-np.log1p(rate) * time)))


def margin_multiple(
    retention_rate: float, discount_rate: float, *, growth: float = 0.0, is_first_margin_included: bool = False
) -> float:
    r"""Return lifetime value as a multiple of one period's margin, for constant retention without end.

    Parameters
    ----------
    retention_rate, discount_rate : float
        Per period.
    growth : float, default 0
        Growth of the margin per period.
    is_first_margin_included : bool, default False
        Whether a margin is earned at once, before the first decision to stay.

    Returns
    -------
    float
        Times the margin of the current period.

    Raises
    ------
    NeverEnding
        If ``retention_rate * (1 + growth)`` is not below ``1 + discount_rate``.

    Notes
    -----
    :math:`r/(1+i-r(1+g))`, and :math:`(1+i)/(1+i-r(1+g))` with the first margin.

    References
    ----------
    .. [1] Gupta, S. & Lehmann, D. R. (2003). Journal of Interactive Marketing 17(1), 9-24.

    Examples
    --------
    >>> round(margin_multiple(0.8, 0.12), 4)
    2.5
    """
    rest = 1.0 + discount_rate - retention_rate * (1.0 + growth)
    if rest <= 0:
        raise NeverEnding(
            f"a margin growing by {growth:.1%} at {retention_rate:.1%} retention outruns a discount of "
            f"{discount_rate:.1%}: give a horizon instead"
        )
    return (1.0 + discount_rate if is_first_margin_included else retention_rate) / rest


@dataclass(frozen=True, slots=True)
class LifetimeValue:
    """Lifetime value and the parts that make it up.

    Attributes
    ----------
    parts : dict of str to float
        Present value of each source of value.
    acquisition_cost : float
        Spent to win the customer.
    total : float
        Sum of the parts less the acquisition cost.
    """

    parts: dict[str, float]
    acquisition_cost: float
    total: float


def lifetime_value(
    parts: Mapping[str, Any], survival: Any, *, rate: float, acquisition_cost: float = 0.0
) -> LifetimeValue:
    """Return lifetime value split into its sources (base profit, growth, savings, referrals, price premium, ...).

    Parameters
    ----------
    parts : mapping of str to array-like of shape (n_periods,)
        Money of each source per period while the customer stays; the first period is now.
    survival : array-like of shape (n_periods,)
        Share still there in each period.
    rate : float
        Discount rate per period.
    acquisition_cost : float, default 0
        Taken off the sum.

    Returns
    -------
    LifetimeValue
        The parts, the cost and the total.
    """
    staying = arrays.numbers(survival, "survival", at_least=0.0)
    worth = {
        name: present_value(arrays.numbers(money, name, length=len(staying)) * staying, rate=rate)
        for name, money in parts.items()
    }
    return LifetimeValue(worth, acquisition_cost, sum(worth.values()) - acquisition_cost)


def referral_value(
    *,
    n_because: Any,
    n_anyway: Any,
    margin: float,
    saved_cost: float,
    incentive: float,
    rate: float,
) -> float:
    r"""Return the value of the customers somebody refers.

    Parameters
    ----------
    n_because : array-like of shape (n_periods,)
        Friends per period who joined because of the referral: they bring `margin` and `saved_cost`.
    n_anyway : array-like of shape (n_periods,)
        Friends who would have joined anyway: only `saved_cost`.
    margin, saved_cost, incentive : float
        Per friend: margin brought, acquisition cost saved, paid to the referrer.
    rate : float
        Discount rate per period; the first period ends one period from now.

    Returns
    -------
    float
        Present value. Not to be added to the friends' own lifetime value in a company's total.

    References
    ----------
    .. [1] Kumar, V., Petersen, J. A. & Leone, R. P. (2010). Journal of Marketing 74(5), 1-17.
    """
    because, anyway = arrays.numbers(n_because, "n_because"), arrays.numbers(n_anyway, "n_anyway")
    money: Floats = because * (margin + saved_cost - incentive) + anyway * (saved_cost - incentive)
    return present_value(money, rate=rate, periods=np.arange(1, len(because) + 1))
