"""The indicator dictionary as a table people can read and export."""

from __future__ import annotations

import pyarrow as pa

from liuke.metrics.dictionary import dictionary_table


def indicator_table() -> pa.Table:
    """Return one row per indicator: names, formula, unit, owner, source rows and the SQL itself."""
    return dictionary_table()
