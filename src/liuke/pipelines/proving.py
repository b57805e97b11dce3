"""What past remedies did: randomised treatments turned into measured success, ready to replace the starting values."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa

from liuke.engines.engine import Engine
from liuke.uplift.cells import shrunken_effects

OUTCOME_DAYS = 90
LEAST_EACH = 30
"""Customers needed in each arm before its result is listened to."""

ARMS_SQL = """
WITH outcomes AS (
    SELECT treatments.campaign_id, treatments.customer_id, treatments.arm,
           bool_or(coalesce(lost_on > assigned_on AND lost_on <= assigned_on + $days::INTEGER, false)) AS was_lost
    FROM treatments LEFT JOIN spells USING (customer_id)
    WHERE assigned_on + $days::INTEGER <= $as_of
    GROUP BY treatments.treatment_id, treatments.campaign_id, treatments.customer_id, treatments.arm
),
controls AS (
    SELECT campaign_id, count(*) AS n, count(*) FILTER (WHERE was_lost) AS lost
    FROM outcomes WHERE arm = 'control' GROUP BY campaign_id
),
arms AS (
    SELECT campaign_id, arm, count(*) AS n, count(*) FILTER (WHERE was_lost) AS lost
    FROM outcomes WHERE arm <> 'control' GROUP BY campaign_id, arm
)
SELECT arm AS remedy, sum(arms.n)::BIGINT AS n_treated, sum(arms.lost)::BIGINT AS lost_treated,
       sum(controls.n)::BIGINT AS n_control, sum(controls.lost)::BIGINT AS lost_control
FROM arms JOIN controls USING (campaign_id)
GROUP BY arm ORDER BY arm
"""


def measured_effects(engine: Engine, as_of: date) -> pa.Table:
    """Return what each remedy did in randomised campaigns whose outcome is known.

    Parameters
    ----------
    engine : Engine
        Holds `treatments` and `spells`.
    as_of : date
        Treatments younger than 90 days are not counted yet.

    Returns
    -------
    pyarrow.Table
        remedy, tier and reason_letter (null: for all), effect (lift in the share staying, shrunk towards the common
        effect), n, control_loss_rate, n_control, low and high (95 %); one row per remedy with enough customers in
        both arms.
    """
    found = engine.table(ARMS_SQL, as_of=as_of, days=OUTCOME_DAYS)
    counts = {name: found[name].cast(pa.float64()).to_numpy() for name in found.column_names if name != "remedy"}
    enough = (np.minimum(counts["n_treated"], counts["n_control"]) >= LEAST_EACH) & (counts["lost_control"] > 0)
    found, counts = found.filter(pa.array(enough)), {name: values[enough] for name, values in counts.items()}
    treated, control = counts["n_treated"], counts["n_control"]
    shrunk = (
        shrunken_effects(treated - counts["lost_treated"], treated, control - counts["lost_control"], control)
        if len(treated)
        else None
    )
    effect = shrunk.effect if shrunk is not None else np.zeros(0)
    deviation = shrunk.standard_error if shrunk is not None else np.zeros(0)
    return pa.table(
        {
            "remedy": found["remedy"],
            "tier": pa.nulls(len(treated), pa.int8()),
            "reason_letter": pa.nulls(len(treated), pa.string()),
            "effect": np.round(effect, 9),
            "n": found["n_treated"],
            "control_loss_rate": np.round(counts["lost_control"] / np.maximum(control, 1), 9),
            "n_control": found["n_control"],
            "low": np.round(effect - 1.96 * deviation, 9),
            "high": np.round(effect + 1.96 * deviation, 9),
        }
    )
