"""The leaky bucket: what flows in, what leaks out, and how many newcomers merely replace leavers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from liuke.kernel.words import Words
from liuke.metrics.churn import CustomerFlow, customer_flow

if TYPE_CHECKING:
    from datetime import date

    from liuke.engines.engine import Engine


@dataclass(frozen=True, slots=True)
class Bucket:
    """One period of the bucket.

    Parameters
    ----------
    flow : CustomerFlow
        The counts behind it.
    """

    flow: CustomerFlow

    @property
    def inflow(self) -> int:
        """New and won-back customers, N + R."""
        return self.flow.n_new + self.flow.n_won_back

    @property
    def outflow(self) -> int:
        """Lost customers, L."""
        return self.flow.n_lost

    @property
    def net(self) -> int:
        """Inflow − outflow."""
        return self.inflow - self.outflow

    @property
    def merely_replacing(self) -> int:
        """How many of the inflow only fill the place of a leaver."""
        return min(self.inflow, self.outflow)

    @property
    def replacement_ratio(self) -> float | None:
        """Inflow ÷ outflow; None if nobody left."""
        return self.inflow / self.outflow if self.outflow else None

    @property
    def leak_per_30_days(self) -> float:
        """How many customers leak out per 30 days: the speed of the leak."""
        return self.outflow * 30 / (self.flow.end - self.flow.start).days

    @property
    def newcomer_share(self) -> float | None:
        """Newcomers ÷ present at the start, N/B."""
        return self.flow.n_new / self.flow.n_start if self.flow.n_start else None

    @property
    def kept_share_of_end(self) -> float | None:
        """Share of the stock at the end that was there at the start, |B∩E| ÷ |E|."""
        return self.flow.n_kept / self.flow.n_end if self.flow.n_end else None


def leaky_bucket(engine: Engine, *, start: date, end: date) -> Bucket:
    """Return stock, inflow, outflow and stock of ``[start, end)``.

    Parameters
    ----------
    engine : Engine
        Holds `spells`.
    start, end : date
        The period, end excluded.
    """
    return Bucket(customer_flow(engine, start=start, end=end))


def has_new_up_old_down(previous: Bucket, current: Bucket) -> bool:
    """Return whether new customers keep coming while the share of old ones shrinks.

    Parameters
    ----------
    previous, current : Bucket
        Two consecutive periods of equal length.

    Notes
    -----
    N/B ≥ its previous value and |B∩E|/|E| < its previous value.
    """
    if None in (previous.newcomer_share, current.newcomer_share, previous.kept_share_of_end, current.kept_share_of_end):
        return False
    (n0, b0), (n1, b1) = ((each.flow.n_new, each.flow.n_start) for each in (previous, current))
    (k0, e0), (k1, e1) = ((each.flow.n_kept, each.flow.n_end) for each in (previous, current))
    return n1 * b0 >= n0 * b1 and k1 * e0 < k0 * e1


def in_words(bucket: Bucket) -> Words:
    """Return the bucket as one sentence."""
    flow = bucket.flow
    return Words(
        f"期初{flow.n_start}人，流入{bucket.inflow}人（新增{flow.n_new}，召回{flow.n_won_back}），流失{bucket.outflow}人，"
        f"期末{flow.n_end}人；流入中有{bucket.merely_replacing}人只是填补了流失者的位置。",
        f"{flow.n_start} at the start, {bucket.inflow} in ({flow.n_new} new, {flow.n_won_back} won back), "
        f"{bucket.outflow} out, {flow.n_end} at the end; {bucket.merely_replacing} of those in merely replace leavers.",
    )
