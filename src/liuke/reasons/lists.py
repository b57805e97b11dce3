"""Every list of reasons in use, mapped on the codes of the taxonomy and back.

Six lists of the lecture (A to F), the customer's own reasons, the two typologies, Keaveney's categories and the
codes of well-known data sets: a loss coded in one vocabulary can be told in any other.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from liuke.kernel.errors import NotFound
from liuke.kernel.words import Words
from liuke.reasons import taxonomy

if TYPE_CHECKING:
    from collections.abc import Mapping

_NOT_STATED = ("events", "complaint_categories")


class UnknownReasonList(NotFound):
    """No list of reasons has this name."""


class UnknownLabel(NotFound):
    """The list has no such label."""


@dataclass(frozen=True, slots=True)
class Label:
    """One label of a list.

    Parameters
    ----------
    words : Words
        The label in Chinese and English.
    codes : tuple of str
        What it means, the primary code first; a letter stands for its whole group.
    aliases : tuple of str
        Other spellings.
    reports : tuple of str
        Further codes and groups that are told under this label.
    """

    words: Words
    codes: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    reports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReasonList:
    """One list of reasons, with the place it comes from."""

    name: str
    words: Words
    source: str | None
    labels: tuple[Label, ...]


def normalised(label: str) -> str:
    """Return `label` as it is compared: without case, `_` and `-` as blanks, single blanks.

    Examples
    --------
    >>> normalised("  Payment_Failed ")
    'payment failed'
    """
    return re.sub(r"[\s_\-]+", " ", label).strip().casefold()


def _codes_with(by: str, value: str) -> tuple[str, ...]:
    return tuple(code for code, item in taxonomy.reasons().items() if getattr(item, by) == value)


def _label(row: dict[str, Any], by: str | None) -> Label:
    codes = _codes_with(by, row["value"]) if by else tuple(row["codes"])
    return Label(Words(row["zh"], row["en"]), codes, tuple(row.get("aliases", ())), tuple(row.get("reports", ())))


@cache
def reason_lists() -> Mapping[str, ReasonList]:
    """Return every list of reasons by name."""
    data = tomllib.loads(files(__package__).joinpath("lists.toml").read_text(encoding="utf-8"))
    found = {
        row["name"]: ReasonList(
            row["name"],
            Words(row["zh"], row["en"]),
            row.get("source"),
            tuple(_label(item, row.get("by")) for item in row["items"]),
        )
        for row in data["list"]
    }
    return MappingProxyType(found)


def reason_list(name: str) -> ReasonList:
    """Return the list called `name`.

    Raises
    ------
    UnknownReasonList
        If there is none.
    """
    if name not in reason_lists():
        raise UnknownReasonList(f"no list of reasons is called {name!r}; known are {', '.join(reason_lists())}")
    return reason_lists()[name]


@cache
def _by_spelling(name: str) -> Mapping[str, tuple[str, ...]]:
    spellings: dict[str, tuple[str, ...]] = {}
    for label in reason_list(name).labels:
        for spelling in (label.words.zh, label.words.en, *label.aliases):
            spellings.setdefault(normalised(spelling), label.codes)
    return MappingProxyType(spellings)


def translate(name: str, label: str) -> tuple[str, ...]:
    """Return the codes that `label` means in the list called `name`, the primary code first.

    Raises
    ------
    UnknownReasonList
        If no list is called `name`.
    UnknownLabel
        If the list has no such label.

    Examples
    --------
    >>> translate("ibm_telco", "Lack of affordable download/upload speed")
    ('P1', 'Q4')
    >>> translate("A", "竞争对手争夺")
    ('C',)
    """
    codes = _by_spelling(name).get(normalised(label))
    if codes is None:
        raise UnknownLabel(f"list {name} has no label {label!r}; see `reason_list({name!r}).labels`")
    return codes


def label_for(name: str, code: str) -> Label | None:
    """Return the label under which a loss with this code is told in the list called `name`.

    The nearest wins: a label whose primary code it is, then one that contributes it, then one that stands for or
    reports it or its group. None where the list has no place for it, as list C (the firm's faults) for a move.

    Examples
    --------
    >>> label_for("keaveney", "S2").words.en
    'failed service encounters'
    >>> label_for("C", "U1") is None
    True
    """
    group = taxonomy.reason(code).group
    labels = reason_list(name).labels
    ranks = (
        lambda label: label.codes[:1] == (code,),
        lambda label: code in label.codes,
        lambda label: code in label.reports,
        lambda label: group in label.codes,
        lambda label: group in label.reports,
    )
    for fits in ranks:
        for label in labels:
            if fits(label):
                return label
    return None


@cache
def _stated() -> Mapping[str, tuple[str, ...]]:
    spellings: dict[str, tuple[str, ...]] = {}
    for code, item in (*taxonomy.reasons().items(), *taxonomy.groups().items()):
        for spelling in (code, item.words.zh, item.words.en):
            spellings.setdefault(normalised(spelling), (code,))
    for name in (*(name for name in reason_lists() if name not in _NOT_STATED), *_NOT_STATED):
        if name in ("four_types", "intent"):
            continue
        for spelling, codes in _by_spelling(name).items():
            spellings.setdefault(spelling, codes)
    return MappingProxyType(spellings)


def codes_stated(label: str) -> tuple[str, ...]:
    """Return the codes of a reason written down in any of the known vocabularies; empty where none knows it.

    Codes and names of the taxonomy come first, then the lists in the order of the data.

    Examples
    --------
    >>> codes_stated("p2"), codes_stated("Moved"), codes_stated("blue")
    (('P2',), ('U1',), ())
    """
    return _stated().get(normalised(label), ())


def codes_in(name: str, label: str) -> tuple[str, ...]:
    """Return the codes `label` means in the list called `name`; empty where it is not in the list."""
    return _by_spelling(name).get(normalised(label), ())


def label_table(name: str) -> pa.Table:
    """Return, for every code of the taxonomy, the label under which the list called `name` tells it.

    Returns
    -------
    pa.Table
        code, zh, en (null where the list has no place for the code).
    """
    codes = taxonomy.reason_codes().column("code").to_pylist()
    found = [label_for(name, code) for code in codes]
    return pa.table(
        {
            "code": codes,
            "zh": pa.array([label.words.zh if label else None for label in found], pa.string()),
            "en": pa.array([label.words.en if label else None for label in found], pa.string()),
        }
    )
