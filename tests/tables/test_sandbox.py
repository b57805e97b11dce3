# ruff: noqa: E501  (tables of cases read better unbroken)
"""Bombs end the child process, never the caller, and are refused in words (T15)."""

from __future__ import annotations

import gzip
import io
import resource
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from liuke.tables import sandbox
from liuke.tables.normal import ReadOptions
from liuke.tables.sandbox import Limits
from liuke.tables.sources import stage
from liuke.tables.verdicts import FileRefused


def xlsx(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", b"<Types/>")
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def workbook(sheet: bytes, strings: bytes = b"<sst/>") -> bytes:
    import openpyxl

    buffer = io.BytesIO()
    openpyxl.Workbook().save(buffer)
    with zipfile.ZipFile(buffer) as source:
        parts = {name: source.read(name) for name in source.namelist() if name != "[Content_Types].xml"}
        types = source.read("[Content_Types].xml")
    parts["xl/worksheets/sheet1.xml"] = sheet
    parts["xl/sharedStrings.xml"] = strings
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", types)
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%s</sheetData></worksheet>'


def far_cell(path: Path) -> None:
    cells = b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    path.write_bytes(workbook(SHEET % cells))


MANIFEST = b'<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'


def ods_repeated(path: Path) -> None:
    content = (
        b'<?xml version="1.0"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        b'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">'
        b'<office:body><office:spreadsheet><table:table table:name="a"><table:table-row table:number-rows-repeated="1048576">'
        b'<table:table-cell table:number-columns-repeated="16384" office:value-type="string"><text:p>x</text:p></table:table-cell>'
        b"</table:table-row></table:table></office:spreadsheet></office:body></office:document-content>"
    )
    path.write_bytes(
        xlsx(
            {
                "mimetype": b"application/vnd.oasis.opendocument.spreadsheet",
                "content.xml": content,
                "META-INF/manifest.xml": MANIFEST,
            }
        )
    )


def zip_of_zeros(path: Path) -> None:
    path.write_bytes(xlsx({"xl/worksheets/sheet1.xml": b"0" * (200 << 20)}))


def nested_zip(path: Path) -> None:
    path.write_bytes(xlsx({"xl/worksheets/sheet1.xml": xlsx({"inner": b"0" * (50 << 20)})}))


def gzip_of_gigabytes(path: Path) -> None:
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(400):
            file.write(b"a,b,c\n" * (1 << 18))


def laughs(path: Path) -> None:
    entities = b"".join(b'<!ENTITY l%d "%s">' % (i, b"&l%d;" % (i - 1) * 10 if i else b"lol") for i in range(10))
    path.write_bytes(workbook(b'<?xml version="1.0"?><!DOCTYPE x [' + entities + b"]>" + SHEET % b"", b"<sst/>"))


def parquet_of_equal_numbers(path: Path) -> None:
    dictionary = pa.DictionaryArray.from_arrays(pa.array(np.zeros(20_000_000, np.int8)), pa.array([7], pa.int64()))
    with pq.ParquetWriter(path, pa.schema([("n", pa.int64())]), compression="zstd") as writer:
        batch = pa.table({"n": dictionary.cast(pa.int64())})
        for _ in range(6):
            writer.write_table(batch, row_group_size=20_000_000)


def million_columns(path: Path) -> None:
    path.write_text(",".join(f"column{i}" for i in range(1_000_000)) + "\n1\n")


def endless_line(path: Path) -> None:
    with path.open("wb") as file:
        file.write(b"customer_id,date,amount\n")
        file.truncate(2 << 30)


def endless_field(path: Path) -> None:
    path.write_bytes(b'customer_id,date,amount\nC1,2026-01-01,"' + b"x\n" * (5 << 20) + b'"\n')


def encrypted(path: Path) -> None:
    path.write_bytes(b"\xd0\xcf\x11\xe0" + b"\0" * 900 + "EncryptedPackage".encode("utf-16-le"))


def shared_strings(path: Path) -> None:
    strings = b"<sst>" + b"<si><t>" + b"x" * (600 << 20) + b"</t></si></sst>"
    path.write_bytes(workbook(SHEET % b"", strings))


BOMBS: list[tuple[str, Callable[[Path], None], str]] = [
    ("far.xlsx", far_cell, "memory|columns"),
    ("repeated.ods", ods_repeated, "memory|columns|CPU|limit"),
    ("zeros.xlsx", zip_of_zeros, "unpacks"),
    ("nested.xlsx", nested_zip, "cannot be read|unpacks"),
    ("orders.csv.gz", gzip_of_gigabytes, "unpacks"),
    ("laughs.xlsx", laughs, "entities"),
    ("equal.parquet", parquet_of_equal_numbers, "claims"),
    ("wide.csv", million_columns, "1 MiB|columns"),
    ("line.csv", endless_line, "1 MiB"),
    ("field.csv", endless_field, "too large"),
    ("secret.xlsx", encrypted, "password"),
    ("strings.xlsx", shared_strings, "unpacks"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "make", "words"), BOMBS, ids=[name for name, _, _ in BOMBS])
def test_a_bomb_is_refused_within_its_limits(
    name: str, make: Callable[[Path], None], words: str, tmp_path: Path
) -> None:
    bomb, place = tmp_path / name, tmp_path / "place"
    make(bomb)
    place.mkdir()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    cpu = resource.getrusage(resource.RUSAGE_CHILDREN)
    with pytest.raises(FileRefused, match=words):
        stage(bomb, place, ReadOptions())
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert used.ru_utime + used.ru_stime - cpu.ru_utime - cpu.ru_stime <= 60
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before <= 100 * 1024


def test_a_reader_that_never_ends_is_stopped_by_its_processor_limit(tmp_path: Path) -> None:
    source = tmp_path / "orders.csv"
    source.write_text("customer_id,date,amount\n" + "C1,2026-01-02,5\n" * 1_500_000)
    with pytest.raises(FileRefused, match="more than 1 s of CPU"):
        sandbox.parse(source, "delimited", tmp_path, {}, Limits(cpu_seconds=1))


def test_a_reader_that_asks_for_too_much_memory_is_stopped_in_words(tmp_path: Path) -> None:
    source = tmp_path / "orders.csv"
    source.write_text("customer_id,date,amount\n" + "C1,2026-01-02,5\n" * 500_000)
    with pytest.raises(FileRefused, match="MiB of memory"):
        sandbox.parse(source, "delimited", tmp_path, {}, Limits(memory_bytes=300 << 20))


def test_what_the_child_may_write_is_limited_in_words(tmp_path: Path) -> None:
    source = tmp_path / "orders.csv.gz"
    source.write_bytes(gzip.compress(b"customer_id,date,amount\n" + b"C1,2026-01-02,5\n" * 100_000))
    with pytest.raises(FileRefused, match="more than may be written"):
        sandbox.parse(source, "delimited", tmp_path, {}, Limits(written_bytes=1 << 16))


def test_limits_grow_with_the_file(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.write_bytes(b"x")
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(1 << 30)
    assert sandbox.limits_for(small).memory_bytes == pytest.approx(1 << 30, rel=0.01)
    assert sandbox.limits_for(large).cpu_seconds > sandbox.limits_for(small).cpu_seconds
    assert time.monotonic() > 0
