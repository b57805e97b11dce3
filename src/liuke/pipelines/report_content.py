"""What a report is made of: a snapshot's tables and documents, any of which may be missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from liuke.kernel.words import Language, Words
from liuke.pipelines.report_words import Speech, plan_words, remedy_words
from liuke.pipelines.snapshot import NoSnapshot, Snapshot
from liuke.workspace.definitions import Definitions


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table people read.

    Parameters
    ----------
    name : str
        Key in the row.
    words : Words
        Its title.
    kind : str
        How it is written, see `Speech.written`.
    """

    name: str
    words: Words
    kind: str = "text"

    @property
    def look(self) -> str:
        """How it is set: numbers to the right, short words on one line, sentences with room."""
        if self.kind in {"number", "decimal", "share", "money"}:
            return "number"
        return {"text": "words", "long": "long", "reason": "words", "remedy": "words"}.get(self.kind, "short")


@dataclass(frozen=True, slots=True)
class Heading:
    """A column's title as shown."""

    title: str
    look: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as shown; `level` marks it red, amber, yellow or green."""

    text: str
    level: str = ""


@dataclass(frozen=True, slots=True)
class Rows:
    """A table as shown: what it says when it has no rows, and what was left out."""

    columns: tuple[Heading, ...]
    rows: tuple[tuple[Cell, ...], ...] = ()
    empty: str = ""
    more: str = ""


LEVEL_KINDS = {"warning"}
NOTHING = Words("没有数据。", "There is no data.")


def written(
    rows: Sequence[dict[str, Any]],
    columns: Sequence[Column],
    speech: Speech,
    *,
    empty: Words = NOTHING,
    more: Words | None = None,
) -> Rows:
    """Return rows written for people; columns that are null in all rows are left out."""
    shown = [one for one in columns if not rows or any(row.get(one.name) is not None for row in rows)]
    return Rows(
        tuple(Heading(one.words.in_(speech.language), one.look) for one in shown),
        tuple(tuple(_cell(one, row.get(one.name), speech) for one in shown) for row in rows),
        empty.in_(speech.language),
        more.in_(speech.language) if more else "",
    )


def _cell(column: Column, value: Any, speech: Speech) -> Cell:
    level = str(value) if column.kind in LEVEL_KINDS and value else ""
    return Cell(speech.written(column.kind, value), level)


@dataclass(frozen=True)
class Content:
    """A snapshot and how it is spoken of.

    Parameters
    ----------
    snapshot : Snapshot
    definitions : Definitions
        The company's, as they are now.
    speech : Speech
    summary, model : dict
        The documents, empty if the snapshot has none.
    """

    snapshot: Snapshot
    definitions: Definitions
    speech: Speech
    summary: dict[str, Any] = field(default_factory=dict)
    model: dict[str, Any] = field(default_factory=dict)

    @property
    def company(self) -> str:
        """The company's name, or a word for it."""
        told = (self.summary.get("company") or {}).get("name")
        return str(told or self.definitions.company.name or self.speech.say("本公司", "Our company"))

    def part(self, name: str) -> dict[str, Any]:
        """Return one part of the summary, empty if missing."""
        return self.summary.get(name) or {}

    def parts(self, name: str) -> list[dict[str, Any]]:
        """Return one list of the summary, empty if missing."""
        return list(self.summary.get(name) or [])

    def table(self, name: str, *wanted: str) -> pa.Table:
        """Return the wanted columns of a table of the snapshot; what is missing is null, or without rows."""
        try:
            table = self.snapshot.table(name)
        except NoSnapshot:
            table = pa.table({one: pa.array([], pa.string()) for one in wanted})
        for one in wanted:
            if one not in table.column_names:
                table = table.append_column(one, pa.nulls(table.num_rows, pa.string()))
        return table.select(list(wanted)) if wanted else table

    def has(self, name: str) -> bool:
        """Whether the snapshot holds a table of this name with at least one row."""
        return bool((self.snapshot.manifest.get("rows") or {}).get(f"{name}.parquet"))


def content_of(snapshot: Snapshot, definitions: Definitions, language: Language) -> Content:
    """Return the content of a snapshot, to be spoken in `language`."""
    summary, model = _document(snapshot, "summary"), _document(snapshot, "model")
    company = summary.get("company") or {}
    industry = str(company.get("industry") or definitions.company.industry)
    remedies = _remedies(industry, definitions, summary)
    own = {"remedy": remedies, "tier": _tiers(snapshot, definitions), **plan_words(remedies)}
    currency = str(company.get("currency") or definitions.company.currency)
    return Content(snapshot, definitions, Speech(language, currency, own), summary, model)


def _document(snapshot: Snapshot, name: str) -> dict[str, Any]:
    try:
        return snapshot.document(name)
    except NoSnapshot:
        return {}


def _remedies(industry: str, definitions: Definitions, summary: dict[str, Any]) -> dict[str, Words]:
    told = (summary.get("budget") or {}).get("remedies") or []
    return {
        **remedy_words(industry),
        **{one.code: Words(one.zh, one.en) for one in definitions.remedies},
        **{str(row["code"]): Words(str(row["zh"]), str(row["en"])) for row in told if row.get("zh") and row.get("en")},
    }


def _tiers(snapshot: Snapshot, definitions: Definitions) -> dict[str, Words]:
    named = {str(place): Words(one.zh, one.en) for place, one in enumerate(definitions.tiers.names, 1)}
    try:
        rows = snapshot.table("tiers").to_pylist()
    except NoSnapshot:
        return named
    return {**named, **{str(row["tier"]): Words(row["zh"], row["en"]) for row in rows if row.get("zh")}}


def joined(left: pa.Table, right: pa.Table, key: str = "customer_id") -> pa.Table:
    """Return `left` with the columns of `right` it does not have, matched on `key`."""
    new = [key, *(name for name in right.column_names if name not in left.column_names)]
    return _with_text_key(left, key).join(_with_text_key(right.select(new), key), key, join_type="left outer")


def _with_text_key(table: pa.Table, key: str) -> pa.Table:
    return table.set_column(table.schema.get_field_index(key), key, pc.cast(table[key], pa.string()))
