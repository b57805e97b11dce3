"""How sure a share is: Wilson's interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Z95 = 1.959963984540054
"""The 97.5 % quantile of the standard normal."""


def wilson_interval(
    count: ArrayLike, total: ArrayLike, *, z: float = Z95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return lower and upper ends of Wilson's interval for `count` of `total`.

    Parameters
    ----------
    count, total : array-like of shape (n,)
        Cases and their base.
    z : float
        Normal quantile; 1.96 for 95 %.

    Returns
    -------
    low, high : ndarray of shape (n,)
        NaN where the base is not positive or `count` is not within it.

    Notes
    -----
    With p = k/n: (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n).

    References
    ----------
    .. [1] Wilson, E. B. (1927). Probable inference. JASA 22, 209-212.

    Examples
    --------
    >>> low, high = wilson_interval(90, 1000)
    >>> round(float(low), 6), round(float(high), 6)
    (0.073796, 0.109342)
    """
    k, n = np.broadcast_arrays(np.asarray(count, dtype=np.float64), np.asarray(total, dtype=np.float64))
    fits = (n > 0) & (k >= 0) & (k <= n)
    n = np.where(fits, n, 1.0)
    p = np.where(fits, k, 0.0) / n
    centre = p + z * z / (2 * n)
    reach = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low = np.where(p == 0, 0.0, np.maximum((centre - reach) / scale, 0.0))
    high = np.where(p == 1, 1.0, np.minimum((centre + reach) / scale, 1.0))
    return np.where(fits, low, np.nan), np.where(fits, high, np.nan)
