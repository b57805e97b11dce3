"""Time until an event, on plain arrays: curves, competing causes, discrete hazards, concordance.

Modules
-------
curves
    `kaplan_meier`, `nelson_aalen`, `log_rank`, with left truncation and weights.
competing
    `aalen_johansen`: how many have left for which cause, without pretending the other causes away.
hazards
    `survival`, `loss_between`, `periods_lost`, `urgency`, `observed_hazard` for discrete periods.
concordance
    `concordance`: Harrell's C in O(n log n).
arrays
    The one door for input: arrays, lists, Arrow, pandas and Polars columns and tables.
"""
