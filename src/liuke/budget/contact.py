"""Whom we may contact, over which channels, in which hours, and from which day on."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from liuke.kernel.errors import InvalidInput
from liuke.kernel.words import Words


class ContactRulesInvalid(InvalidInput):
    """A rule of contact is not acceptable."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One way to a customer."""

    code: str
    words: Words
    consent: str | None
    is_staffed: bool
    is_disturbing: bool
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ContactRules:
    """When and how often a customer may be contacted.

    Parameters
    ----------
    quiet_from, quiet_to : int
        Local hours in which nobody is disturbed; 21 to 9 by default. Equal hours mean no quiet time.
    days_between_same_channel : int
        At most one contact per channel in so many days.
    most_in_30_days, most_offers_in_90_days : int
        Caps over all channels.
    cool_down_days : int
        Silence after a refusal.
    days_between_waves : int
        Spacing of the three waves.
    latest_days : int
        A wave that caps push back beyond so many days is held back instead.
    sequence_days : int
        Waves made in so many days belong to the sequence under way.
    consent_required : bool
        Whether unknown consent forbids a channel; a refused one always does.
    holidays : tuple of date
        Days, besides weekends, on which staff do not work.
    """

    quiet_from: int = 21
    quiet_to: int = 9
    days_between_same_channel: int = 7
    most_in_30_days: int = 3
    most_offers_in_90_days: int = 2
    cool_down_days: int = 60
    days_between_waves: int = 7
    latest_days: int = 30
    sequence_days: int = 60
    consent_required: bool = False
    holidays: tuple[date, ...] = ()

    def __post_init__(self) -> None:
        if not (0 <= self.quiet_from <= 24 and 0 <= self.quiet_to <= 24):
            raise ContactRulesInvalid("quiet hours are hours from 0 to 24, such as quiet_from = 21, quiet_to = 9")
        if self.days_between_waves < 1:
            raise ContactRulesInvalid("days_between_waves must be at least 1")

    @property
    def open_hours(self) -> tuple[int, int]:
        """The one stretch of the day, ``[from, to)``, in which customers may be disturbed."""
        if self.quiet_from == self.quiet_to:
            return 0, 24
        if self.quiet_to < self.quiet_from:
            return self.quiet_to, self.quiet_from
        return self.quiet_to % 24, 24


@cache
def _content() -> dict[str, Any]:
    return tomllib.loads((files("liuke.budget") / "contact.toml").read_text(encoding="utf-8"))


@cache
def channels() -> tuple[Channel, ...]:
    """Return the catalogue of channels; their order numbers them everywhere."""
    return tuple(
        Channel(
            code,
            Words(row["zh"], row["en"]),
            row.get("consent"),
            row["staffed"],
            row["disturbing"],
            (code, *row["aliases"]),
        )
        for code, row in _content()["channels"].items()
    )


def words_of(section: str) -> dict[str, Words]:
    """Return the words of ``scripts``, ``conditions``, ``held_back`` or ``places`` by code."""
    return {code: Words(row["zh"], row["en"]) for code, row in _content()[section].items()}


KINDS = ("consumer", "business", "dealer")
HELD_BACK: tuple[str | None, ...] = (
    None, "opted_out", "no_consent", "outside_matrix", "no_common_hour", "cooling_down", "sequence_finished", "cap",
    "remedy_channel", "no_other_channel",
)  # fmt: skip
"""Why a customer cannot be contacted, by number; 0 is none."""


def matrix() -> np.ndarray:
    """Return the rank of every channel by kind and tier: 0 is first, 99 is not to be used.

    Returns
    -------
    ndarray of int, shape (n_kinds, 6, n_channels)
        Tier 0 is unknown and treated as the lowest.
    """
    codes = [channel.code for channel in channels()]
    ranks = np.full((len(KINDS), 6, len(codes)), 99, dtype=np.int64)
    for k, kind in enumerate(KINDS):
        for tier, order in enumerate(_content()["matrix"][kind], start=1):
            for rank, code in enumerate(order):
                ranks[k, tier, codes.index(code)] = rank
        ranks[k, 0] = ranks[k, 4]
    return ranks


def day_number(day: date) -> int:
    """Return the days since 1970."""
    return int(np.datetime64(day, "D").astype(np.int64))


def column(table: pa.Table, name: str, kind: pa.DataType) -> pa.ChunkedArray:
    """Return a column as `kind`; all unknown where the table has none of that name."""
    if name not in table.column_names:
        return pa.chunked_array([pa.nulls(table.num_rows, kind)])
    return table[name].cast(kind)


def flags(values: pa.ChunkedArray) -> np.ndarray:
    """Return booleans as an array; unknown is False."""
    return np.asarray(values.fill_null(False).to_numpy(zero_copy_only=False), dtype=bool)


def channel_numbers(names: pa.ChunkedArray) -> np.ndarray:
    """Return the number of the channel each name means, in any of its spellings; −1 where unknown."""
    return _numbers(names, [channel.aliases for channel in channels()], default=-1)


def kind_numbers(names: pa.ChunkedArray) -> np.ndarray:
    """Return 0 for consumers (and unknown kinds), 1 for businesses, 2 for dealers."""
    return _numbers(names, [tuple(_content()["kinds"][kind]) for kind in KINDS], default=0)


def _numbers(names: pa.ChunkedArray, spellings: list[tuple[str, ...]], *, default: int) -> np.ndarray:
    pairs = [(spelling, number) for number, group in enumerate(spellings) for spelling in dict.fromkeys(group)]
    clean = pc.utf8_lower(pc.utf8_trim_whitespace(names.cast(pa.string())))
    found = pc.index_in(clean, value_set=pa.array([spelling for spelling, _ in pairs]))
    lookup = np.array([number for _, number in pairs] + [default], dtype=np.int64)
    return np.asarray(lookup[found.fill_null(len(pairs)).to_numpy(zero_copy_only=False)])
