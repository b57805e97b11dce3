"""The units of an organisation: which ancestors a customer counts in."""

from __future__ import annotations

import pyarrow as pa

CROSSED_UNITS = 12
DIRECT = "·"
"""Name of the pseudo child that holds those who belong to a unit itself, not to one of its children."""


def units(paths: list[str], *, crossed_units: int = CROSSED_UNITS) -> pa.Table:
    """Return every unit's ancestors and itself, with a pseudo child for those who sit directly on a parent.

    Parameters
    ----------
    paths : list of str
        Units as they stand in the data, such as ``总部/广东/深圳``; ``''`` for customers without one.
    crossed_units : int
        Segments are also shown within units, from the top down, for whole levels while there are no more units than
        this.

    Returns
    -------
    pyarrow.Table
        unit (as in the data), org_unit (where it counts; ``''`` is the whole company), is_crossed.
    """
    parts = {path: tuple(part.strip() for part in path.split("/") if part.strip()) for path in sorted(set(paths))}
    ancestors = {prefix[:depth] for prefix in parts.values() for depth in range(len(prefix) + 1)} | {()}
    parents = {unit[:-1] for unit in ancestors if unit}
    rows = []
    for path, own in parts.items():
        counted = [own[:depth] for depth in range(len(own) + 1)]
        if own in parents:
            counted.append((*own, DIRECT))
        rows += [(path, unit) for unit in counted]
    deepest = _crossed_depth({unit for _, unit in rows}, crossed_units)
    return pa.table(
        {
            "unit": pa.array([path for path, _ in rows], pa.string()),
            "org_unit": pa.array(["/".join(unit) for _, unit in rows], pa.string()),
            "is_crossed": pa.array([len(unit) <= deepest for _, unit in rows], pa.bool_()),
        }
    )


def _crossed_depth(present: set[tuple[str, ...]], crossed_units: int) -> int:
    """Return the deepest level down to which there are at most `crossed_units` units below the company."""
    depth = 0
    while any(len(unit) > depth for unit in present):
        if sum(1 for unit in present if 0 < len(unit) <= depth + 1) > crossed_units:
            break
        depth += 1
    return depth
