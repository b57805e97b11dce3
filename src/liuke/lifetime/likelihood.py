"""The maximum of a likelihood over positive parameters: several starts, exact slopes, no chance involved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from liuke.survival.arrays import Floats

Objective = Callable[[Floats], tuple[float, Floats]]
"""Minus the mean log-likelihood at the logarithms of the parameters, and its gradient there."""

LOWEST, HIGHEST = -13.0, 13.0
"""Bounds of the logarithms: parameters between 2e-6 and 4e5 in scaled units."""


@dataclass(frozen=True, slots=True)
class Optimum:
    """Where a likelihood is largest.

    Attributes
    ----------
    theta : ndarray of shape (n_parameters,)
        Logarithms of the parameters.
    loss : float
        Minus the mean log-likelihood.
    curvature : ndarray of shape (n_parameters, n_parameters)
        Second derivatives of `loss` in `theta`.
    is_converged, is_at_bound : bool
        The slope vanishes within the bounds; some parameter runs off to a bound (a limit of the model fits best).
    n_evaluations : int
        Evaluations over all rows.
    """

    theta: Floats
    loss: float
    curvature: Floats
    is_converged: bool
    is_at_bound: bool
    n_evaluations: int

    @property
    def condition(self) -> float:
        """How much harder one direction is to tell than another: the condition number of the curvature."""
        sizes = np.abs(np.linalg.eigvalsh(self.curvature))
        return float(sizes.max() / max(sizes.min(), np.finfo(float).tiny))


def maximum(objective: Objective, starts: Sequence[Floats], rough: Objective | None = None) -> Optimum:
    """Return the best optimum reached from `starts`.

    Parameters
    ----------
    objective : Objective
        Over all rows.
    starts : sequence of ndarray
        Logarithms of the parameters to start from; each gets a few steps, the best goes on.
    rough : Objective, optional
        The same over a part of the rows: finds the neighbourhood and the curvature, so that few evaluations over
        all rows remain.

    Returns
    -------
    Optimum
        The same on every run with the same rows.
    """
    near = rough or objective
    tried = [_descend(near, start, 12, 1e-4) for start in starts]
    theta, _ = min(tried, key=lambda found: found[1])
    theta, _ = _descend(near, theta, 200, 1e-6)
    theta, n_newton = _newton(objective, theta, curvature(near, theta))
    loss, slope = objective(theta)
    if np.abs(slope).max() > 1e-6:
        theta, loss = _descend(objective, theta, 500, 1e-8)
        slope = objective(theta)[1]
    inside = (theta > LOWEST + 0.1) & (theta < HIGHEST - 0.1)
    return Optimum(
        theta=theta,
        loss=loss,
        curvature=curvature(objective, theta),
        is_converged=bool(np.abs(slope[inside]).max(initial=0.0) < 1e-5),
        is_at_bound=not bool(inside.all()),
        n_evaluations=n_newton + 1 + 2 * len(theta),
    )


def curvature(objective: Objective, theta: Floats, step: float = 1e-4) -> Floats:
    """Return the second derivatives by central differences of the exact slope."""
    shifts = step * np.eye(len(theta))
    rows = np.array([objective(theta + shift)[1] - objective(theta - shift)[1] for shift in shifts]) / (2 * step)
    return np.asarray((rows + rows.T) / 2)


def _descend(objective: Objective, start: Floats, steps: int, slope: float) -> tuple[Floats, float]:
    """Follow the slope within the bounds."""
    found = optimize.minimize(
        objective,
        np.clip(start, LOWEST, HIGHEST),
        jac=True,
        method="L-BFGS-B",
        bounds=[(LOWEST, HIGHEST)] * len(start),
        options={"maxiter": steps, "gtol": slope, "ftol": 1e-15},
    )
    return found.x, float(found.fun)


def _newton(objective: Objective, theta: Floats, bend: Floats) -> tuple[Floats, int]:
    """Take quasi-Newton steps while they help; the curvature is corrected after each step."""
    loss, slope = objective(theta)
    for count in range(1, 20):
        step = _step(bend, slope)
        if np.abs(slope).max() < 1e-9 or np.abs(step).max() > 1.0:
            return theta, count
        there = np.clip(theta + step, LOWEST, HIGHEST)
        next_loss, next_slope = objective(there)
        if next_loss > loss + 1e-13 * abs(loss):
            return theta, count + 1
        change, moved = next_slope - slope, there - theta
        theta, loss, slope = there, next_loss, next_slope
        along = bend @ moved
        if change @ moved > 0 and moved @ along > 0:
            bend = bend + np.outer(change, change) / (change @ moved) - np.outer(along, along) / (moved @ along)
    return theta, 20


def _step(bend: Floats, slope: Floats) -> Floats:
    """Return the Newton step, with the curvature kept positive."""
    sizes, axes = np.linalg.eigh(bend)
    sizes = np.maximum(sizes, 1e-10 * max(float(sizes.max()), 1e-12))
    return np.asarray(-axes @ ((axes.T @ slope) / sizes))


def dot(left: NDArray[Any], right: NDArray[Any]) -> float:
    """Return the sum of products in one fixed order, whatever the number of threads."""
    return float(np.einsum("i,i->", left, right))
