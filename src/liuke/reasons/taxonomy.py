"""The taxonomy of reasons for churn: two levels of codes as data, in Chinese and English.

Level 1 is a letter (``P`` price), level 2 a letter and a digit (``P2`` price increase), ``X`` is unknown. Each code
says to which of the four types it belongs, whether the customer meant it, on whose side it lies, whether the firm
can do something about it, and with which remedy.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa

from liuke.kernel.errors import NotFound
from liuke.kernel.words import Words

if TYPE_CHECKING:
    from collections.abc import Mapping

ChurnType = Literal["NAT", "MAL", "COM", "NEG", "UNK"]
Intent = Literal["UNI", "DEL", "INV", "UNK"]

UNKNOWN = "X"
"""The code of a reason nobody knows or the customer did not tell."""

CHURN_TYPES: Mapping[ChurnType, Words] = MappingProxyType(
    {
        "NAT": Words("自然流失", "natural"),
        "MAL": Words("恶意流失", "malicious"),
        "COM": Words("竞争流失", "competitive"),
        "NEG": Words("过失流失", "the firm's fault"),
        "UNK": Words("未知", "unknown"),
    }
)
INTENTS: Mapping[Intent, Words] = MappingProxyType(
    {
        "UNI": Words("无意流失", "unintentional"),
        "DEL": Words("蓄意流失", "deliberate"),
        "INV": Words("被动流失", "involuntary"),
        "UNK": Words("未知", "unknown"),
    }
)


class UnknownReason(NotFound):
    """The code is not in the taxonomy."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """What the firm does about a reason, and who does it."""

    words: Words
    owner: Words


@dataclass(frozen=True, slots=True)
class Reason:
    """One code of the taxonomy, of level 1 (`remedy` is None) or level 2.

    Parameters
    ----------
    code : str
        ``P2``, or ``P`` for the whole group.
    words : Words
        Its name in Chinese and English.
    churn_type : {'NAT', 'MAL', 'COM', 'NEG', 'UNK'}
        Natural, malicious, competitive, the firm's fault; unknown where it is none of the four or, for a group,
        where its members differ.
    intent : {'UNI', 'DEL', 'INV', 'UNK'}
        Unintentional, deliberate, involuntary, unknown.
    is_voluntary : bool or None
        Whether the customer left (True) or was made to (False); None where it is not known.
    controllable : str
        ``yes``, ``partly``, ``no`` or ``unknown``: whether the firm can do something about it.
    side : str
        ``firm``, ``employee``, ``customer``, ``rival``, ``market`` or ``unknown``.
    speed : str
        ``sudden``, ``gradual`` or ``unknown``.
    remedy : Remedy or None
        What helps.
    valid_to : date or None
        Last day on which the code may be given; None while it is in use.
    """

    code: str
    words: Words
    churn_type: ChurnType
    intent: Intent
    is_voluntary: bool | None
    controllable: str = "unknown"
    side: str = "unknown"
    speed: str = "unknown"
    remedy: Remedy | None = None
    valid_to: date | None = None

    @property
    def group(self) -> str:
        """The level-1 letter."""
        return self.code[0]


def _is_voluntary(row: dict[str, Any]) -> bool | None:
    return row.get("is_voluntary", {"UNK": None, "INV": False}.get(row["intent"], True))


def _reason(row: dict[str, Any], remedies: Mapping[str, Remedy]) -> Reason:
    return Reason(
        code=row["code"],
        words=Words(row["zh"], row["en"]),
        churn_type=row["churn_type"],
        intent=row["intent"],
        is_voluntary=_is_voluntary(row),
        controllable=row.get("controllable", "unknown"),
        side=row.get("side", "unknown"),
        speed=row.get("speed", "unknown"),
        remedy=remedies.get(row["code"]),
        valid_to=row.get("valid_to"),
    )


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("taxonomy.toml").read_text(encoding="utf-8"))


@cache
def reasons() -> Mapping[str, Reason]:
    """Return the level-2 reasons and ``X`` by code, in the order of the taxonomy."""
    remedies = {
        code: Remedy(Words(row["zh"], row["en"]), Words(row["owner_zh"], row["owner_en"]))
        for row in _data()["remedy"]
        for code in row["codes"]
    }
    return MappingProxyType({row["code"]: _reason(row, remedies) for row in _data()["reason"]})


@cache
def groups() -> Mapping[str, Reason]:
    """Return the level-1 groups by letter, in the order of the taxonomy."""
    return MappingProxyType({row["code"]: _reason(row, {}) for row in _data()["group"]})


def reason(code: str) -> Reason:
    """Return the reason with this code, of level 2 or level 1.

    Raises
    ------
    UnknownReason
        If the taxonomy has no such code.

    Examples
    --------
    >>> reason("P2").words.en
    'price increase or discount ended'
    >>> reason("P").words.en
    'price'
    """
    found = reasons().get(code) or groups().get(code)
    if found is None:
        raise UnknownReason(f"the taxonomy of reasons has no code {code!r}; known are {', '.join(reasons())}")
    return found


def members(code: str) -> tuple[str, ...]:
    """Return the level-2 codes that `code` stands for: itself, or all of its group.

    Examples
    --------
    >>> members("E")
    ('E1', 'E2')
    >>> members("E2")
    ('E2',)
    """
    if reason(code).code in reasons():
        return (code,)
    return tuple(other for other in reasons() if other[0] == code)


def reason_codes() -> pa.Table:
    """Return the taxonomy as a table, level 1 and level 2, to be joined on `code`.

    Returns
    -------
    pa.Table
        code, level_1, zh, en, churn_type, intent, is_voluntary, controllable, side, remedy_zh, remedy_en.
    """
    rows = [*groups().values(), *(item for item in reasons().values() if item.code != UNKNOWN)]
    return pa.table(
        {
            "code": [row.code for row in rows],
            "level_1": [row.group for row in rows],
            "zh": [row.words.zh for row in rows],
            "en": [row.words.en for row in rows],
            "churn_type": pa.array([row.churn_type for row in rows], pa.string()),
            "intent": pa.array([row.intent for row in rows], pa.string()),
            "is_voluntary": pa.array([row.is_voluntary for row in rows], pa.bool_()),
            "controllable": [row.controllable for row in rows],
            "side": [row.side for row in rows],
            "remedy_zh": pa.array([row.remedy.words.zh if row.remedy else None for row in rows], pa.string()),
            "remedy_en": pa.array([row.remedy.words.en if row.remedy else None for row in rows], pa.string()),
        }
    )
