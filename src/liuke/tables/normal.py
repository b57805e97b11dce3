"""The plain form every file is brought to before its values are looked at: columns as text, with line numbers.

A directory holds `rows.parquet` (`_line` and `c0`, `c1`, …), `bad.parquet` (rows whose shape is already wrong, as they
stood) and `meta.json`. The child process writes it, the parent reads it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from liuke.kernel.words import Words

BATCH = 65_536


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the user may say about how to read a file; None means: find out.

    Parameters
    ----------
    encoding, delimiter : str or None
        Codec and delimiter of a text file.
    names : tuple of str or None
        Names of the columns of a file without header.
    sheet : str or None
        Name of the sheet of a workbook.
    """

    encoding: str | None = None
    delimiter: str | None = None
    names: tuple[str, ...] | None = None
    sheet: str | None = None


@dataclass(slots=True)
class Meta:
    """What is known of a file once it is in plain form.

    Parameters
    ----------
    names : list of str
        The columns' names.
    rows, bad : int
        Rows in good shape, and rows whose shape is wrong.
    encoding, delimiter : str or None
        As found; None where they have no meaning.
    is_plain : bool
        Whether all text is printable ASCII.
    doubts, notes : list of Words
        What the user should confirm, and what is merely said.
    """

    names: list[str]
    rows: int = 0
    bad: int = 0
    encoding: str | None = None
    delimiter: str | None = None
    is_plain: bool = False
    doubts: list[Words] = field(default_factory=list)
    notes: list[Words] = field(default_factory=list)


class NormalForm:
    """Writes rows and bad rows of one file into a directory, batch by batch."""

    def __init__(self, directory: Path, width: int) -> None:
        self._width = width
        self._schema = pa.schema([("_line", pa.int64()), *((f"c{i}", pa.string()) for i in range(width))])
        bad = pa.schema([("_line", pa.int64()), ("_code", pa.string()), ("_text", pa.string()), *self._schema][:3])
        self._bad_schema = pa.schema([*bad, *(pa.field(f"c{i}", pa.string()) for i in range(width))])
        self._rows = pq.ParquetWriter(directory / "rows.parquet", self._schema, compression="zstd", compression_level=1)
        self._bad = pq.ParquetWriter(directory / "bad.parquet", self._bad_schema)
        self._lines: list[int] = []
        self._cells: list[list[str]] = []
        self._bad_rows: list[tuple[int, str, str, list[str]]] = []
        self.rows = self.bad = 0

    def add(self, line: int, cells: list[str]) -> None:
        """Add a row of the right width that began on `line`."""
        self._lines.append(line)
        self._cells.append(cells)
        if len(self._lines) >= BATCH:
            self._flush()

    def reject(self, line: int, code: str, cells: list[str], text: str = "") -> None:
        """Add a row whose shape is wrong, with the reason's code and its text as it stood."""
        fitted = (cells + [""] * self._width)[: self._width]
        self._bad_rows.append((line, code, text[:10_000], fitted))
        if len(self._bad_rows) >= BATCH:
            self._flush_bad()

    def _flush(self) -> None:
        columns = zip(*self._cells, strict=True) if self._cells else [[]] * self._width
        arrays = [pa.array(self._lines, pa.int64()), *(pa.array(column, pa.string()) for column in columns)]
        self._rows.write_table(pa.table(arrays, schema=self._schema))
        self.rows += len(self._lines)
        self._lines, self._cells = [], []

    def _flush_bad(self) -> None:
        rows = [[line, code, text, *cells] for line, code, text, cells in self._bad_rows]
        columns = zip(*rows, strict=True) if rows else [[]] * len(self._bad_schema)
        arrays = [pa.array(column, kind.type) for column, kind in zip(columns, self._bad_schema, strict=True)]
        self._bad.write_table(pa.table(arrays, schema=self._bad_schema))
        self.bad += len(rows)
        self._bad_rows = []

    def close(self) -> None:
        """Write what is left."""
        self._flush()
        self._flush_bad()
        self._rows.close()
        self._bad.close()


def write_meta(directory: Path, meta: Meta) -> None:
    """Write `meta` beside the rows."""
    (directory / "meta.json").write_text(json.dumps(asdict(meta), ensure_ascii=False), "utf-8")


def read_meta(directory: Path) -> Meta:
    """Return what `write_meta` wrote."""
    found: dict[str, Any] = json.loads((directory / "meta.json").read_text("utf-8"))
    for key in ("doubts", "notes"):
        found[key] = [Words(**words) for words in found[key]]
    return Meta(**found)
