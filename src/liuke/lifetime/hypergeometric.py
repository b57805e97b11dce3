"""The mean number of purchases before dropping out, safe where the printed formula divides by zero or overflows."""

from __future__ import annotations

import numpy as np
from scipy import special

from liuke.survival.arrays import Floats

NODES = 256
ROWS_AT_ONCE = 4096
FARTHEST = 60.0
"""Log-odds beyond which a chance counts as 1."""


def purchases_if_alive(*, rate_shape: Floats, rate_age: Floats, a: float, b: Floats, horizon: float) -> Floats:
    r"""Return the purchases expected within `horizon` of customers alive now.

    Parameters
    ----------
    rate_shape, rate_age : ndarray of shape (n,)
        The purchase rate is Gamma(`rate_shape`, rate `rate_age`).
    a : float
        The chance of dropping out after a purchase is Beta(`a`, `b`).
    b : ndarray of shape (n,)
        See `a`.
    horizon : float
        In the unit of `rate_age`.

    Returns
    -------
    ndarray of shape (n,)
        Between 0 and ``rate_shape * horizon / rate_age``, what they would buy if nobody ever dropped out.

    Notes
    -----
    The papers print :math:`\frac{c}{a-1}[1-(1-z)^{k}\,{}_2F_1(k,b;c;z)]` with :math:`c=a+b-1`,
    :math:`z=t/(A+t)`: undefined at :math:`a=1`, and for large :math:`k` a product of a vanishing and an exploding
    factor. Euler's transform gives :math:`(1-z)^{a-1}{}_2F_1(c-k,a-1;c;z)`, whose series starts
    :math:`1+(a-1)G`, so that the division by :math:`a-1` is done on paper:

    .. math:: c\left[-\frac{e^{(a-1)L}-1}{a-1} - e^{(a-1)L}G\right],\quad L=\ln(1-z).

    Where that series is long or its terms cancel, the mean over the chance of dropping out,
    :math:`E_p[(1-(1+pt/A)^{-k})/p]`, is taken directly by the trapezoid rule in log-odds of p.
    """
    z = horizon / (rate_age + horizon)
    c = a + b - 1.0
    p = c - rate_shape
    short = (z <= 0.9) & (p > -1.0) & (c < 1e4) & (a <= 10.0)
    mean = np.empty_like(z)
    mean[short] = _by_series(p[short], c[short], a, z[short])
    long = np.flatnonzero(~short)
    for first in range(0, len(long), ROWS_AT_ONCE):
        rows = long[first : first + ROWS_AT_ONCE]
        mean[rows] = _by_mean(rate_shape[rows], horizon / rate_age[rows], a, b[rows])
    return np.clip(mean, 0.0, rate_shape * horizon / rate_age)


def _by_series(p: Floats, c: Floats, a: float, z: Floats) -> Floats:
    """Return the mean by the series of 2F1(p, a-1; c; z) without its 1 and divided by a-1."""
    term = p / c * z
    total = term.copy()
    rows, p_, c_, z_ = np.arange(len(z)), p, c, z
    n = 0
    while len(rows):
        n += 1
        term = term * ((p_ + n) * (a + n - 1.0) / ((c_ + n) * (n + 1.0)) * z_)
        total[rows] += term
        if n % 32 == 0:
            still = np.abs(term) > 1e-17 * np.abs(total[rows])
            rows, term, p_, c_, z_ = rows[still], term[still], p_[still], c_[still], z_[still]
    above, log_rest = a - 1.0, np.log1p(-z)
    head = -log_rest if abs(above) < 1e-12 else -np.expm1(above * log_rest) / above
    return np.asarray(c * (head - np.exp(above * log_rest) * total))


def _by_mean(k: Floats, reach: Floats, a: float, b: Floats) -> Floats:
    """Return the mean over p; for a below 1 as what is missing to nobody dropping out, which tames p near 0."""
    order = a if a >= 1.0 else a + 1.0
    low = np.log(special.gammaincinv(order, 1e-18)) - np.log(special.gammainccinv(b, 1e-18))
    high = np.log(special.gammainccinv(order, 1e-18)) - np.log(
        np.maximum(special.gammaincinv(b, 1e-18), np.finfo(float).tiny)
    )
    is_cut = high > FARTHEST
    high = np.where(is_cut, np.maximum(FARTHEST, low + 1.0), high)
    u = low[:, None] + (high - low)[:, None] * np.linspace(0.0, 1.0, NODES)
    log_p, log_q = special.log_expit(u), special.log_expit(-u)
    density = np.exp(order * log_p + b[:, None] * log_q - special.betaln(order, b)[:, None])
    bought = _bought(np.exp(log_p), k[:, None], reach[:, None], is_missing=a < 1.0)
    step = (high - low) / (NODES - 1)
    mean = step * ((density * bought).sum(axis=1) - (density[:, 0] * bought[:, 0] + density[:, -1] * bought[:, -1]) / 2)
    beyond = np.exp(np.where(is_cut, -b * high - np.log(b) - special.betaln(order, b), -np.inf))
    mean = mean + beyond * _bought(np.ones_like(k), k, reach, is_missing=a < 1.0)
    return np.asarray(mean if a >= 1.0 else k * reach * (1.0 - a / (a + b) * mean))


def _bought(p: Floats, k: Floats, reach: Floats, *, is_missing: bool) -> Floats:
    """Return the purchases of those who drop out with chance `p`, or their missing share divided by `p`."""
    bought = -np.expm1(-k * np.log1p(p * reach)) / p
    if not is_missing:
        return np.asarray(bought)
    small = p * reach * (k + 1.0)
    share = np.where(small < 1e-5, small / 2.0, 1.0 - bought / (k * reach))
    return np.asarray(share / p)
