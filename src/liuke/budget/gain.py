"""What one contact, and a sequence of contacts, is expected to bring: profit lift in money."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from liuke.kernel.errors import InvalidInput

WAVE_SHARES = (1.0, 0.6, 0.3)
"""Success of the second and third contact relative to the first, among those not yet won."""


class ArraysUnequal(InvalidInput):
    """Arrays that describe the same customers have different lengths."""


def profit_lift(
    stay_if_untreated: np.ndarray,
    stay_if_treated: np.ndarray,
    value: np.ndarray,
    *,
    contact_cost: np.ndarray | float,
    incentive: np.ndarray | float = 0.0,
) -> np.ndarray:
    """Return the expected net gain of treating each customer.

    Parameters
    ----------
    stay_if_untreated, stay_if_treated : ndarray, shape (n,)
        p0 and pa, probabilities of staying without and with the contact.
    value : ndarray, shape (n,)
        Residual lifetime value V, in money.
    contact_cost : ndarray or float
        c, paid always.
    incentive : ndarray or float
        δ, paid to every treated customer who stays, sure things included.

    Returns
    -------
    ndarray, shape (n,)

    Notes
    -----
    PL = pa·(V − δ) − c − p0·V.

    References
    ----------
    .. [1] Lemmens, A. & Gupta, S. (2020). Managing churn to maximize profits. Marketing Science 39(5):956-973.

    Examples
    --------
    >>> profit_lift(np.array([.55]), np.array([.75]), np.array([300.]), contact_cost=12, incentive=20).round(6)
    array([33.])
    """
    lift: np.ndarray = stay_if_treated * (value - incentive) - contact_cost - stay_if_untreated * value
    return lift


def first_success(success: np.ndarray, *, wave_shares: tuple[float, ...] = WAVE_SHARES) -> np.ndarray:
    """Return the success of the first contact when a whole sequence succeeds with probability `success`.

    Parameters
    ----------
    success : ndarray
        Cumulative success over all waves, in [-1, 1].
    wave_shares : tuple of float
        Success of each wave relative to the first.

    Notes
    -----
    Solves 1 − Π_k (1 − f·w_k) = s for f by bisection; f is increasing in s.
    """
    low, high = np.full(np.shape(success), -1.0), np.full(np.shape(success), 1.0)
    shares = np.array(wave_shares)
    for _ in range(60):
        middle = (low + high) / 2
        reached = 1 - np.prod(1 - middle[..., None] * shares, axis=-1)
        low, high = np.where(reached < success, middle, low), np.where(reached < success, high, middle)
    first: np.ndarray = (low + high) / 2
    return first


@dataclass(frozen=True, slots=True)
class Sequence:
    """What a sequence of contacts with one remedy is expected to bring, by customer.

    Parameters
    ----------
    n_waves : ndarray of int8
        Waves worth their cost, counted from the first one still open; 0 where none is.
    success : ndarray
        Cumulative success s over these waves (over one wave where none is worth it).
    contacts : ndarray
        Expected number of contacts m: a later wave happens only if the earlier ones failed.
    stay : ndarray
        pa = 1 − P·(1 − s).
    cost : ndarray
        Expected cost m·c + pa·δ.
    gain : ndarray
        Expected net gain P·s·V − cost.
    """

    n_waves: np.ndarray
    success: np.ndarray
    contacts: np.ndarray
    stay: np.ndarray
    cost: np.ndarray
    gain: np.ndarray


def sequence(
    loss_probability: np.ndarray,
    value: np.ndarray,
    first: np.ndarray,
    *,
    contact_cost: float,
    incentive: float = 0.0,
    waves_done: np.ndarray | int = 0,
    wave_shares: tuple[float, ...] = WAVE_SHARES,
) -> Sequence:
    """Return what up to three contacts with one remedy bring, stopping where a wave is not worth its cost.

    Parameters
    ----------
    loss_probability : ndarray, shape (n,)
        P, the chance to lose the customer if nothing is done; 1 for those already lost.
    value : ndarray, shape (n,)
        Residual lifetime value V.
    first : ndarray, shape (n,)
        Success of the first contact among those who would be lost.
    contact_cost, incentive : float
        c per contact; δ once, to whoever stays.
    waves_done : ndarray of int or int, default 0
        Contacts already made in vain.
    wave_shares : tuple of float
        Success of each wave relative to the first.

    Notes
    -----
    Wave k succeeds with p_k = first·w_k and is made only while p_k·P·(V − δ) − c > 0. With r_k = Π_{j<k}(1 − p_j) the
    chance that wave k is needed, m = Σ r_k, s = 1 − Π(1 − p_k), pa = 1 − P(1 − s), and the gain equals the profit
    lift pa·(V − δ) − m·c − (1 − P)·V.
    """
    if not len(loss_probability) == len(value) == len(first):
        raise ArraysUnequal("loss_probability, value and first must have one entry per customer")
    n = len(value)
    done = np.broadcast_to(np.asarray(waves_done), (n,))
    open_, needed = np.ones(n, dtype=bool), np.ones(n)
    n_waves, contacts = np.zeros(n, dtype=np.int8), np.zeros(n)
    for number, share in enumerate(wave_shares, start=1):
        chance = first * share
        is_next = done == number - 1
        worth = chance * loss_probability * (value - incentive) - contact_cost > 0
        open_ &= worth | (done >= number)
        made = (open_ & (done < number)) | is_next
        n_waves += (open_ & (done < number)).astype(np.int8)
        contacts += np.where(made, needed, 0.0)
        needed = np.where(made, needed * (1 - chance), needed)
    success = 1 - needed
    stay = 1 - loss_probability * needed
    cost = contacts * contact_cost + stay * incentive
    return Sequence(n_waves, success, contacts, stay, cost, loss_probability * success * value - cost)


def gain_sd(
    loss_probability: np.ndarray,
    value: np.ndarray,
    success: np.ndarray,
    *,
    weight: np.ndarray,
    value_cv: np.ndarray | float = 0.5,
) -> np.ndarray:
    """Return the standard deviation of the expected gain, from what is uncertain in success and value.

    Parameters
    ----------
    loss_probability, value, success : ndarray, shape (n,)
        P, V and s.
    weight : ndarray, shape (n,)
        Customers' worth of evidence behind s.
    value_cv : ndarray or float, default 0.5
        Standard deviation of V over V.

    Notes
    -----
    Var ≈ (P·V)²·s(1 − s)/(weight + 1) + (P·s·V·cv)²: a beta distribution for s, first-order in V.
    """
    spread = np.clip(success, 0, 1) * (1 - np.clip(success, 0, 1)) / (weight + 1)
    by_success = (loss_probability * value) ** 2 * spread
    by_value = (loss_probability * success * value * value_cv) ** 2
    return np.asarray(np.sqrt(by_success + by_value))
