"""What happened: churn and retention, the leaky bucket, revenue, cohorts, tenure, and the table of all of them.

Modules: `churn` (rates of the same base), `bucket` (in, out, what is left), `outcomes` (where the lost went),
`revenue` (gross and net retention), `defection` (partial and complete), `bases` (market, money, rankings), `cohorts`,
`tenure`, `change` (compounding, half-life, mix), `types` (new and old, intermediate and final), `dictionary` (every
indicator, once), `table` (all of them per period, unit and segment; its steps are in `flows`, `units`, `periods`),
`ceiling` (alerts).
"""
