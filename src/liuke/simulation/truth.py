"""What is true of an invented company and no company ever knows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from liuke.simulation import arrow
from liuke.simulation import causes as why
from liuke.simulation.campaigns import Campaign, treatment_ids
from liuke.simulation.causes import INVOLUNTARY, REMEDIES
from liuke.simulation.chance import Array, Chance
from liuke.simulation.industry import Industry, World, live, settle
from liuke.simulation.periods import Period
from liuke.simulation.population import Traits, rows_of

IMAGINED_FUTURES = 40
VALUE_MONTHS = 36
MONTHLY_DISCOUNT = 0.008
RESPONSES = ("persuadable", "sure_thing", "lost_cause", "sleeping_dog")
LEAST_EFFECT = 0.01
SAFE_PROBABILITY = 0.05


@dataclass(frozen=True, slots=True)
class Outlook:
    """The future of the customers of the last day (`index`), averaged over imagined futures.

    ``p_loss`` within 90 days; ``p_first`` within the first 30; ``p_untreated`` within 90 days had all remedies ended;
    ``p_treated`` of shape (n, n_remedies) with each remedy given now instead; ``share`` of shape (n, n_causes), the
    expected intensity of each cause.
    """

    index: Array
    p_loss: Array
    p_first: Array
    p_untreated: Array
    p_treated: Array
    share: Array


@dataclass(slots=True)
class Loss:
    """The losses of one month: customer, column of the cause, day, and whether they drifted before."""

    index: Array
    cause: Array
    day: Array
    was_drifting: Array


def outlook(world: World, industry: Industry, active: Array, future: list[Period]) -> Outlook:
    """Imagine several futures of the customers who are here, and average their probabilities.

    Notes
    -----
    Given the path of everything that happens to a customer, the probability of staying is exp(−Λ) with Λ the summed
    intensities; it is averaged over 40 paths, which leaves an error of
    about a hundredth. Remedies already in force go on; a new one replaces them.
    """
    index = np.flatnonzero(active)
    traits = rows_of(world.population.traits, index)
    rows, columns = len(index), len(industry.causes.codes)
    stays, stays_first, stays_untreated = np.zeros(rows), np.zeros(rows), np.zeros(rows)
    stays_treated = np.zeros((rows, len(REMEDIES)))
    share = np.zeros((rows, columns), dtype=np.float32)
    for path in range(1, IMAGINED_FUTURES + 1):
        chance = Chance(world.chance.seed, path)
        state = rows_of(industry.state, index)
        untreated = np.zeros((rows, columns), dtype=np.float32)
        total = np.zeros(rows)
        for number, period in enumerate(future):
            month = live(industry, state, traits, period, chance, np.ones(rows, dtype=bool))
            settle(industry, state, traits, period, chance, month)
            untreated += month.untreated
            share += month.intensities
            total += month.intensities.sum(axis=1)
            if number == 0:
                stays_first += np.exp(-total)
        stays += np.exp(-total)
        stays_untreated += np.exp(-untreated.sum(axis=1))
        for remedy in range(len(REMEDIES)):
            stays_treated[:, remedy] += np.exp(-_treated(industry, untreated, traits, remedy, len(future)))
    return Outlook(
        index=index,
        p_loss=1 - stays / IMAGINED_FUTURES,
        p_first=1 - stays_first / IMAGINED_FUTURES,
        p_untreated=1 - stays_untreated / IMAGINED_FUTURES,
        p_treated=1 - stays_treated / IMAGINED_FUTURES,
        share=share / IMAGINED_FUTURES,
    )


def _treated(industry: Industry, untreated: Array, traits: Traits, remedy: int, periods: int) -> Array:
    """Return summed intensities under a remedy given now."""
    taken = (untreated * industry.causes.reach[remedy]).sum(axis=1)
    woken = periods * traits.wakes * why.WAKING[remedy]
    return np.asarray(np.maximum(untreated.sum(axis=1) - traits.response * taken + woken, 0))


def residual_value(margin: Array, p_loss: Array) -> Array:
    """Return the expected discounted margin of the next 36 months.

    Notes
    -----
    Σ margin · S(t) / 1.008^t, with the true hazard of the next 90 days for the first three months and afterwards
    halfway between it and the average of all.
    """
    near = 1 - (1 - np.minimum(p_loss, 0.999)) ** (1 / 3)
    later = (near + near.mean()) / 2 if len(near) else near
    value, alive = np.zeros(len(margin)), np.ones(len(margin))
    for month in range(1, VALUE_MONTHS + 1):
        alive = alive * (1 - (near if month <= 3 else later))
        value += margin * alive / (1 + MONTHLY_DISCOUNT) ** month
    return value


def customers_truth(world: World, industry: Industry, margin: Array, seen: Outlook, lost_afterwards: Array) -> pa.Table:
    """Return one row per customer ever invented; what concerns the future is null for those who are gone."""
    size = world.population.size
    active = np.zeros(size, dtype=bool)
    active[seen.index] = True

    def of_all(values: Array) -> pa.Array:
        wide = np.full(size, np.nan)
        wide[seen.index] = values
        return pa.array(wide, mask=~active)

    likely = np.full(size, -1)
    likely[seen.index] = seen.share.argmax(axis=1)
    best = np.zeros(size)
    best[seen.index] = (seen.p_untreated[:, None] - seen.p_treated).max(axis=1, initial=-1)
    return pa.table(
        {
            "customer_id": world.customer_ids(np.arange(size)),
            "is_active": arrow.flags(active),
            "p_loss_30_days": of_all(seen.p_first),
            "p_loss_90_days": of_all(seen.p_loss),
            "lost_within_90_days": arrow.flags(lost_afterwards, unknown=~active),
            "likely_reason": arrow.words(likely, industry.causes.codes),
            "monthly_margin": of_all(margin),
            "expected_residual_value": of_all(residual_value(margin, seen.p_loss)),
            "best_uplift": pa.array(best, mask=~active),
            "is_sleeping_dog": arrow.flags(world.population.traits.wakes > 0),
        }
    )


def effects_truth(world: World, seen: Outlook) -> pa.Table:
    """Return one row per customer of the last day and remedy: probabilities of loss within 90 days, and the kind."""
    rows, kinds = len(seen.index), len(REMEDIES)
    untreated = np.repeat(seen.p_untreated, kinds)
    treated = seen.p_treated.reshape(-1)
    uplift = untreated - treated
    response = np.where(untreated < SAFE_PROBABILITY, 1, 2)
    response = np.where(uplift >= LEAST_EFFECT, 0, np.where(uplift <= -LEAST_EFFECT, 3, response))
    return pa.table(
        {
            "customer_id": world.customer_ids(np.repeat(seen.index, kinds)),
            "remedy": arrow.words(np.tile(np.arange(kinds), rows), REMEDIES),
            "p_loss_untreated": untreated,
            "p_loss_treated": treated,
            "uplift": uplift,
            "response": arrow.words(response, RESPONSES),
        }
    )


def losses_truth(world: World, industry: Industry, losses: list[Loss]) -> pa.Table:
    """Return one row per loss, in the order of months and customers."""
    index = np.concatenate([loss.index for loss in losses])
    cause = np.concatenate([loss.cause for loss in losses])
    codes = industry.causes.codes
    involuntary = np.array([code in INVOLUNTARY for code in codes])
    return pa.table(
        {
            "customer_id": world.customer_ids(index),
            "lost_on": arrow.dates(np.concatenate([loss.day for loss in losses])),
            "reason": arrow.words(cause, codes),
            "is_voluntary": arrow.flags(~involuntary[cause]),
            "was_drifting": arrow.flags(np.concatenate([loss.was_drifting for loss in losses])),
        }
    )


def treatments_truth(world: World, campaigns: list[Campaign]) -> pa.Table:
    """Return the true probability of loss in the first month of each treatment, without it and under its arm."""
    schema = pa.schema([("treatment_id", pa.string()), ("p_if_control", pa.float64()), ("p_if_treated", pa.float64())])
    parts = [
        pa.table(
            [treatment_ids(world, c), np.float64(c.if_control), np.float64(c.if_treated)],
            schema=schema,
        )
        for c in campaigns
    ]
    return pa.concat_tables(parts) if parts else schema.empty_table()
