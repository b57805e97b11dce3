"""A customer as known on a date.

`spells` says who is a customer and since when, `rhythm` how long a silence still fits them (`gaps` holds the
arithmetic), `states` how they moved between active, leaving, lost and won back; `windows` plans the days a model learns
from, `labels` who had left by then, `table` what was known of each customer (`dictionary` explains every feature).
"""
