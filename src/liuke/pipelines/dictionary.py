"""The indicator dictionary as a table people can read and export."""

from __future__ import annotations

import pyarrow as pa

from liuke.metrics.dictionary import INDICATORS


def indicator_table() -> pa.Table:
    """Return one row per indicator: names, formula, unit, owner, source rows and the SQL itself."""
    rows = [
        {
            "metric": one.code,
            "zh": one.words.zh,
            "en": one.words.en,
            "formula": one.formula,
            "unit": one.unit,
            "better": one.better,
            "grain": one.grain,
            "owner": one.owner,
            "source_rows": ", ".join(one.source_rows),
            "sql": one.sql.strip(),
        }
        for one in INDICATORS
    ]
    return pa.Table.from_pylist(rows)
