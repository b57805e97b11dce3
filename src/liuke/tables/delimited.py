"""Reading delimited text: cells as they stand, line numbers, and rows whose shape is wrong told apart."""

from __future__ import annotations

import csv
import gzip
import itertools
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from liuke.tables import encodings, layout
from liuke.tables.normal import Meta, NormalForm, ReadOptions
from liuke.tables.verdicts import FileRefused

MAX_FIELD = 1 << 20
_GZIP_FREE = 256 << 20
_GZIP_RATIO = 100
_FOOT = re.compile(
    r"\s*((合计|总计|小计|共计|累计|本页小计|本页合计|(grand |sub)?totals?)\s*[:：]?"
    r"|(制表人?|审核人?|复核人?|打印时间|导出时间|签字|签章|备注)\s*[:：].*)\s*",
    re.IGNORECASE,
)


def read(path: Path, directory: Path, options: ReadOptions) -> Meta:
    """Bring the delimited text at `path` into plain form in `directory`."""
    if _first(path, 2) == b"\x1f\x8b":
        path = _unzipped(path, directory)
    csv.field_size_limit(MAX_FIELD)
    if path.stat().st_size == 0:
        raise FileRefused.because("文件是空的(0 字节)", "the file is empty (0 bytes)")
    encoding = encodings.Encoding(options.encoding) if options.encoding else encodings.detect(path)
    try:
        return _read_text(path, directory, options, encoding)
    except UnicodeError as error:
        raise FileRefused.because(
            f"文件不是 {encoding.name} 编码({error}),请改用 --encoding", f"the file is not in {encoding.name} ({error})"
        ) from error
    except LookupError as error:
        raise FileRefused.because(f"不认识的编码 {encoding.name}", f"unknown encoding {encoding.name}") from error


def _unzipped(path: Path, directory: Path) -> Path:
    plain = directory / "unzipped"
    limit = max(_GZIP_FREE, _GZIP_RATIO * path.stat().st_size)
    written = 0
    try:
        with gzip.open(path) as source, plain.open("wb") as sink:
            while chunk := source.read(encodings.CHUNK):
                written += len(chunk)
                if written > limit:
                    raise FileRefused.because(
                        f"压缩包展开后超过 {limit >> 20} MiB,疑似压缩炸弹",
                        f"unpacks to more than {limit >> 20} MiB: refused",
                    )
                sink.write(chunk)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise FileRefused.because(
            "压缩文件不完整或已损坏,请重新获取", f"the gzip file is cut or damaged ({error}): fetch it again"
        ) from error
    return plain


def _read_text(path: Path, directory: Path, options: ReadOptions, encoding: encodings.Encoding) -> Meta:
    head, is_whole = _head(path, encoding)
    delimiter = options.delimiter or layout.delimiter_of(head)
    first = list(itertools.islice(_records(head.splitlines(keepends=True), delimiter), 50))
    if not is_whole and len(first) < 2:
        raise FileRefused.because("表头超过 1 MiB", "the header is longer than 1 MiB")
    header = layout.find_header([cells for _, cells in first], options.names)
    meta = Meta(list(header.names), encoding=encoding.name, delimiter=delimiter, is_plain=encoding.is_plain)
    meta.doubts += header.doubts
    meta.notes += header.notes
    if encoding.note:
        (meta.notes if encoding.is_sure else meta.doubts).append(encoding.note)
    form = NormalForm(directory, len(header.names))
    skip = -1 if header.index < 0 else first[header.index][0]
    with _opened(path, encoding) as text:
        lines: Iterator[str] | TextIO = _marked(path, encoding.name) if encoding.is_mixed else text
        shape = Shape(first[header.index][1] if header.index >= 0 else list(header.names), delimiter, encoding.is_mixed)
        last = rows_into(form, _records(lines, delimiter), shape, skip)
    form.close()
    _refuse_open_quote(path, encoding, shape, last)
    _refuse_cut_row(path, directory, form, encoding)
    meta.rows, meta.bad = form.rows, form.bad
    return meta


def _opened(path: Path, encoding: encodings.Encoding) -> TextIO:
    return path.open(encoding=encoding.name, newline="", errors="surrogateescape" if encoding.is_mixed else "strict")


def _head(path: Path, encoding: encodings.Encoding) -> tuple[str, bool]:
    """Return the first whole lines, at most 1 MiB, and whether that is all."""
    with _opened(path, encoding) as text:
        head = text.read(layout.HEADER_BYTES)
        if not text.read(1):
            return head, True
    cut = max(head.rfind("\n"), head.rfind("\r"))
    return head[: cut + 1] if cut >= 0 else head, False


def _marked(path: Path, name: str) -> Iterator[str]:
    """Yield the lines of a file of two encodings; bytes of the other one become surrogates."""
    with path.open("rb") as file:
        for line in file:
            is_utf8 = encodings.is_surely_utf8(line)
            try:
                yield line.decode("ascii", "surrogateescape") if is_utf8 and name != "utf-8" else line.decode(name)
            except UnicodeDecodeError:
                yield line.decode("ascii", "surrogateescape")


def _records(lines: Iterator[str] | list[str] | TextIO, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of the line a record began on, and its cells."""
    if delimiter == layout.BLANKS:
        for number, line in enumerate(lines, start=1):
            yield number, line.split()
        return
    reader = csv.reader(lines, delimiter=delimiter)
    before = 0
    try:
        for cells in reader:
            yield before + 1, cells
            before = reader.line_num
    except csv.Error as error:
        raise FileRefused.because(
            f"第 {before + 1} 行起无法读取:单元格过大或引号没有配对({error})",
            f"cannot be read from line {before + 1}: a cell is too large or a quote never closed ({error})",
        ) from error


@dataclass(frozen=True, slots=True)
class Shape:
    """What a row must look like: the header as it stands, the delimiter, whether two encodings are mixed."""

    header: list[str]
    delimiter: str
    is_mixed: bool


def rows_into(form: NormalForm, records: Iterator[tuple[int, list[str]]], shape: Shape, skip: int) -> int:
    """Add the records after line `skip` to `form`; return the line the last one began on."""
    width, add, line = len(shape.header), form.add, 0
    for line, cells in records:
        if line <= skip:
            continue
        if len(cells) != width:
            cells = _fitted(form, line, cells, width)
            if not cells:
                continue
        code = _misshapen(cells, shape)
        if code is None:
            add(line, cells)
        elif code:
            form.reject(line, code, [_readable(cell) for cell in cells])
    return line


def _fitted(form: NormalForm, line: int, cells: list[str], width: int) -> list[str]:
    """Return the cells if only empty ones are too many; else reject the row (or pass over a blank line)."""
    if not any(cell.strip() for cell in cells):
        return []
    if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
        return cells[:width]
    cells = [_readable(cell) for cell in cells]
    if _FOOT.fullmatch(cells[0]):
        code = "total_line"
    elif any("\n" in cell for cell in cells):
        code = "open_quote"
    else:
        code = "too_short" if len(cells) < width else "too_long"
    form.reject(line, code, cells, " | ".join(cells[width:]) if code == "too_long" else "")
    return []


def _misshapen(cells: list[str], shape: Shape) -> str | None:
    """Return the code of what is wrong with a row of the right width; '' for a blank row, None for nothing."""
    start = cells[0]
    if not start and not any(cells):
        return ""
    if start == shape.header[0] and cells == shape.header:
        return "repeated_header"
    if _FOOT.fullmatch(start):
        return "total_line"
    if shape.is_mixed and any("\udc80" <= character <= "\udcff" for cell in cells for character in cell):
        return "other_encoding"
    for cell in cells:
        if "\n" in cell and _swallowed(cell, shape):
            return "open_quote"
    return None


def _swallowed(cell: str, shape: Shape) -> bool:
    """Return whether a cell of several lines holds what look like whole rows."""
    return any(line.count(shape.delimiter) >= len(shape.header) - 1 > 0 for line in cell.split("\n")[1:])


def _readable(cell: str) -> str:
    """Return a cell of another encoding as it was probably meant, so that it can be mended."""
    if not any("\udc80" <= character <= "\udcff" for character in cell):
        return cell
    raw = cell.encode("utf-8", "surrogateescape")
    for name in ("utf-8", "gb18030"):
        try:
            return raw.decode(name)
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1")


def _refuse_cut_row(path: Path, directory: Path, form: NormalForm, encoding: encodings.Encoding) -> None:
    """Refuse a file whose very last row is too short and has no line end: it was cut in transfer."""
    if form.bad != 1 or encoding.name.startswith("utf-16"):
        return
    with path.open("rb") as file:
        file.seek(-1, 2)
        if file.read(1) in b"\r\n":
            return
    import pyarrow.parquet as pq

    bad = pq.read_table(directory / "bad.parquet", columns=["_line", "_code"]).to_pylist()[0]
    last = pq.read_table(directory / "rows.parquet", columns=["_line"])["_line"]
    if bad["_code"] == "too_short" and (not len(last) or bad["_line"] > last[-1].as_py()):
        raise FileRefused.because(
            f"最后一行(第 {bad['_line']} 行)不完整:传输中断,请重新获取",
            f"the last row (line {bad['_line']}) is cut: the transfer is incomplete, fetch the file again",
        )


def _refuse_open_quote(path: Path, encoding: encodings.Encoding, shape: Shape, last: int) -> None:
    """Refuse a file whose last record is inside a quote when the file ends."""
    if shape.delimiter == layout.BLANKS or last == 0:
        return
    with path.open("rb") as file:
        if sum(chunk.count(b'"') for chunk in iter(lambda: file.read(encodings.CHUNK), b"")) % 2 == 0:
            return
    with _opened(path, encoding) as text:
        tail = list(itertools.islice(text, last - 1, None))
    try:
        list(csv.reader(tail, delimiter=shape.delimiter, strict=True))
    except csv.Error as error:
        if "unexpected end" in str(error):
            raise FileRefused.because(
                f"第 {last} 行打开的引号直到文件末尾都没有关闭",
                f"a quote opened on line {last} is never closed: mend it there",
            ) from error


def _first(path: Path, size: int) -> bytes:
    with path.open("rb") as file:
        return file.read(size)
