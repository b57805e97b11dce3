"""Where rows come from: a file of any kind we read, or a table in memory; checked, and brought into plain form."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from liuke.kernel.errors import InvalidInput, NotFound
from liuke.tables import columnar, normal, sandbox
from liuke.tables.normal import Meta, ReadOptions
from liuke.tables.verdicts import FileRefused
from liuke.workspace import publishing

_EXCEL = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
_COLUMNAR = (".parquet", ".pq", ".arrow", ".feather", ".ipc")
_FOREIGN = {
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"\xd0\xcf\x11\xe0": "Excel (.xls)",
    b"PAR1": "Parquet",
    b"ARROW1": "Arrow",
    b"%PDF": "PDF",
    b"\x89PNG": "PNG",
    b"\x7fELF": "ELF",
    b"7z\xbc\xaf": "7z",
    b"Rar!": "RAR",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"SQLite format": "SQLite",
}

Parse = Callable[[Path, str, Path, dict[str, object]], None]


class SourceNotFound(NotFound):
    """There is no file of that name."""


@dataclass(frozen=True, slots=True)
class Source:
    """A source in plain form.

    Parameters
    ----------
    name : str
        The file's name, or the kind of the table in memory.
    sha256 : str or None
        Of the file's bytes; None for a table in memory.
    meta : Meta
        Columns, counts and what was noticed.
    rows : pyarrow.Table or Path
        The rows with columns `_line` and `c0`, `c1`, ….
    bad : Path or None
        Rows whose shape is wrong.
    """

    name: str
    sha256: str | None
    meta: Meta
    rows: pa.Table | Path
    bad: Path | None


def stage(source: object, directory: Path, options: ReadOptions, parse: Parse = sandbox.parse) -> Source:
    """Return `source` in plain form, written into `directory` if it is a file.

    Parameters
    ----------
    source : path, pyarrow.Table, or any data frame that exports Arrow data
        What to read. A file is parsed in a child process with limits; a table in memory is taken as it is.
    directory : Path
        An empty directory for the plain form.
    options : ReadOptions
        What the user said about the file.
    parse : callable
        How a file is parsed.

    Raises
    ------
    FileRefused
        If the file as a whole cannot be accepted.
    SourceNotFound
        If there is no such file.
    """
    if not isinstance(source, str | os.PathLike):
        return _in_memory(source)
    path = Path(source)
    before = _regular(path)
    kind = _kind(path)
    parse(path.absolute(), kind, directory, asdict(options))
    digest = publishing.sha256(path)
    after = path.stat()
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise FileRefused.because(
            f"{path.name} 在读取过程中被改动:请等它写完再载入",
            f"{path.name} changed while it was read: wait until it is complete",
        )
    bad = directory / "bad.parquet"
    return Source(
        _shown(path), digest, normal.read_meta(directory), directory / "rows.parquet", bad if bad.exists() else None
    )


def _regular(path: Path) -> os.stat_result:
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:
        raise SourceNotFound(f"there is no file {path}") from error
    except OSError as error:
        raise FileRefused.because(f"{path} 无法打开({error})", f"{path} cannot be opened ({error})") from error
    if not stat.S_ISREG(found.st_mode):
        raise FileRefused.because(f"{path} 不是普通文件", f"{path} is a folder or device, not a file: name one file")
    if found.st_size == 0:
        raise FileRefused.because(f"{path.name} 是空的(0 字节)", f"{path.name} is empty (0 bytes)")
    if not os.access(path, os.R_OK):
        raise FileRefused.because(f"没有读取 {path} 的权限", f"no permission to read {path}")
    return found


def _kind(path: Path) -> str:
    suffix = path.suffix.lower()
    with path.open("rb") as file:
        head = file.read(2048)
    if suffix in _COLUMNAR:
        return "columnar"
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1024].lower()
    if start.startswith(b"<") and any(mark in start for mark in (b"<html", b"<table", b"<!doctype", b"<?xml", b"<div")):
        raise FileRefused.because(
            f"{path.name} 其实是网页(HTML/XML):请在 Excel 中打开后另存为 .xlsx 或 CSV",
            f"{path.name} is in truth a web page (HTML or XML): open it in Excel and save it as .xlsx or CSV",
        )
    foreign = next((name for mark, name in _FOREIGN.items() if head.startswith(mark)), None)
    if suffix in _EXCEL:
        if foreign in ("zip", "Excel (.xls)"):
            return "excel"
        raise FileRefused.because(
            f"{path.name} 不是工作簿:内容像文本或其他格式,请改正扩展名",
            f"{path.name} is no workbook: correct its extension",
        )
    if foreign == "Parquet":
        return "columnar"
    if foreign:
        raise FileRefused.because(
            f"{path.name} 的内容是 {foreign},不是文本表格:请先解压或另存为 CSV",
            f"{path.name} holds {foreign}, not a table of text",
        )
    if start.startswith((b"{", b"[{")):
        raise FileRefused.because(
            f"{path.name} 是 JSON,请另存为 CSV 或 Parquet", f"{path.name} is JSON: save it as CSV or Parquet"
        )
    return "delimited"


def _in_memory(source: object) -> Source:
    table = _arrow_table(source)
    kept, notes = columnar.usable_columns(table.schema)
    names = [table.schema.names[place] for place in kept]
    plain = table.select(kept).rename_columns([f"c{i}" for i in range(len(kept))])
    plain = plain.append_column("_line", pa.array(np.arange(1, plain.num_rows + 1)))
    return Source(type(source).__name__, None, Meta(names, rows=plain.num_rows, notes=notes), plain, None)


def _arrow_table(source: Any) -> pa.Table:
    if isinstance(source, pa.Table):
        return source
    if not hasattr(source, "__arrow_c_stream__"):
        raise InvalidInput(f"cannot load a {type(source).__name__}: give a path, an Arrow table or a data frame")
    try:
        table = pa.RecordBatchReader.from_stream(source).read_all()
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise InvalidInput(
            f"a column of the data frame mixes types ({error}): make it text or numbers throughout"
        ) from error
    return table.select([name for name in table.column_names if not name.startswith("__index_level_")])


def _shown(path: Path) -> str:
    return path.name.encode("utf-8", "replace").decode("utf-8")
