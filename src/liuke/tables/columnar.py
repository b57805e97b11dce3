"""Reading Parquet and Arrow files: typed columns stay typed, everything is decoded once before it is trusted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from liuke.kernel.words import Words
from liuke.tables import layout
from liuke.tables.normal import BATCH, Meta
from liuke.tables.verdicts import FileRefused

MAX_ROWS = 100_000_000
_ROWS_PER_BYTE = 50
_ROWS_FREE = 5_000_000


def read(path: Path, directory: Path) -> Meta:
    """Bring the Parquet or Arrow file at `path` into plain form in `directory`."""
    try:
        with path.open("rb") as file:
            is_parquet = file.read(4) == b"PAR1"
        schema, batches = _parquet(path) if is_parquet else _arrow(path)
        return write_batches(schema, batches, directory)
    except (pa.ArrowInvalid, OSError) as error:
        raise FileRefused.because(
            f"文件不完整或已损坏({error}),请重新获取", f"the file is cut or damaged ({error}): fetch it again"
        ) from error
    except (pa.ArrowNotImplementedError, pa.ArrowException) as error:
        raise FileRefused.because(f"文件无法读取({error})", f"the file cannot be read ({error})") from error


def _parquet(path: Path) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    file = pq.ParquetFile(path, page_checksum_verification=True)
    rows, size = file.metadata.num_rows, path.stat().st_size
    if rows > MAX_ROWS or (rows > _ROWS_FREE and rows > _ROWS_PER_BYTE * size):
        raise FileRefused.because(
            f"{size:,} 字节的文件声称有 {rows:,} 行,拒绝读取", f"a file of {size:,} bytes claims {rows:,} rows: refused"
        )
    return file.schema_arrow, file.iter_batches(BATCH, use_threads=False)


def _arrow(path: Path) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    source = pa.memory_map(str(path))
    try:
        file = pa.ipc.open_file(source)
        return file.schema, (file.get_batch(i) for i in range(file.num_record_batches))
    except pa.ArrowInvalid:
        stream = pa.ipc.open_stream(path.open("rb"))
        return stream.schema, iter(stream)


def write_batches(schema: pa.Schema, batches: Iterator[pa.RecordBatch], directory: Path) -> Meta:
    """Write typed `batches` in plain form; nested columns are left out, and said."""
    kept, notes = usable_columns(schema)
    fields = [("_line", pa.int64()), *((f"c{i}", schema.field(place).type) for i, place in enumerate(kept))]
    written = pa.schema(fields)
    rows = 0
    with pq.ParquetWriter(directory / "rows.parquet", written, compression="zstd", compression_level=1) as writer:
        for batch in batches:
            batch.validate(full=True)
            lines = pa.array(range(rows + 1, rows + 1 + batch.num_rows), pa.int64())
            writer.write_table(pa.table([lines, *(batch.column(place) for place in kept)], schema=written))
            rows += batch.num_rows
    return Meta([schema.field(place).name for place in kept], rows=rows, notes=notes)


def usable_columns(schema: pa.Schema) -> tuple[list[int], list[Words]]:
    """Return the places of the columns with plain values, and a note on the others.

    Raises
    ------
    FileRefused
        If a name stands twice, or there are far too many columns.
    """
    layout.checked_names(list(schema.names))
    kept = [i for i, field in enumerate(schema) if not _is_nested(field.type)]
    left_out = [field.name for i, field in enumerate(schema) if i not in kept]
    if not left_out:
        return kept, []
    names = ", ".join(left_out)
    return kept, [Words(f"嵌套的列未读取:{names}", f"nested columns are left out: {names}")]


def _is_nested(kind: pa.DataType) -> bool:
    return bool(pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind))
