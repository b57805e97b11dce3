"""The mean number of purchases before dropping out, safe where the printed formula divides by zero or overflows."""

from __future__ import annotations

import numpy as np
from scipy import special

from liuke.survival.arrays import Floats

SERIES_UP_TO = 0.95
LONG_SERIES = 60_000


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
    """
    z = horizon / (rate_age + horizon)
    log_rest = -np.log1p(horizon / rate_age)
    c = a + b - 1.0
    p = c - rate_shape
    bound = rate_shape * horizon / rate_age
    near = z <= SERIES_UP_TO
    tail = np.empty_like(z)
    tail[near] = _series(p[near], c[near], a, z[near], 2000)
    tail[~near] = _closed(p[~near], c[~near], a, z[~near])
    mean = _assembled(c, a, log_rest, tail)
    wrong = ~(np.isfinite(mean) & (mean >= -1e-9 * bound) & (mean <= bound * (1 + 1e-9)))
    if wrong.any():
        again = _series(p[wrong], c[wrong], a, z[wrong], LONG_SERIES)
        mean[wrong] = _assembled(c[wrong], a, log_rest[wrong], again)
    return np.clip(np.where(np.isfinite(mean), mean, bound), 0.0, bound)


def _assembled(c: Floats, a: float, log_rest: Floats, tail: Floats) -> Floats:
    """Return the mean from the tail of the series."""
    above = a - 1.0
    head = -log_rest if abs(above) < 1e-12 else -np.expm1(above * log_rest) / above
    return np.asarray(c * (head - np.exp(above * log_rest) * tail))


def _series(p: Floats, c: Floats, a: float, z: Floats, limit: int) -> Floats:
    """Return G, the series of 2F1(p, a-1; c; z) without its 1 and divided by a-1."""
    term = p / c * z
    total = term.copy()
    open_rows = np.arange(len(z))
    p_, c_, z_ = p, c, z
    for n in range(1, limit):
        if n % 32 == 1:
            still = np.abs(term) > 1e-17 * np.abs(total[open_rows])
            open_rows, term, p_, c_, z_ = open_rows[still], term[still], p_[still], c_[still], z_[still]
            if not len(open_rows):
                break
        term = term * ((p_ + n) * (a + n - 1.0) / ((c_ + n) * (n + 1.0)) * z_)
        total[open_rows] += term
    return total


def _closed(p: Floats, c: Floats, a: float, z: Floats) -> Floats:
    """Return G from the library's 2F1; around a = 1 as the mean of both sides."""
    above = a - 1.0
    if abs(above) < 1e-5:
        return np.asarray((special.hyp2f1(p, 1e-5, c, z) - special.hyp2f1(p, -1e-5, c, z)) / 2e-5)
    return np.asarray((special.hyp2f1(p, above, c, z) - 1.0) / above)
