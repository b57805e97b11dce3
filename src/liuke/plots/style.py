"""One look for every picture: palette, type, and how a chart becomes SVG for a page without a network."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import altair as alt

from liuke.kernel.words import Language, Words
from liuke.risk.levels import WARNING_WORDS as LEVELS

if TYPE_CHECKING:
    import pyarrow as pa

INK, MUTED, GRID = "#1f2933", "#5f6c7b", "#e4e8ee"
BLUE, TEAL, RED, AMBER, YELLOW, GREEN, GREY = (
    "#2456a6", "#1d7f8c", "#b3261e", "#b85c00", "#8a6d00", "#1e7a46", "#8592a3",
)  # fmt: skip
WARNING_COLOURS = {"red": RED, "amber": AMBER, "yellow": YELLOW, "green": GREEN}
WARNING_WORDS = {code: LEVELS[code] for code in WARNING_COLOURS}
_NAMED = re.compile(r'\bid="([\w-]+)"')
_REFERRED = re.compile(r'(\bid="|url\(#|href="#)([\w-]+)')
FONT = "system-ui, -apple-system, 'Segoe UI', 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif"


def rows_of(table: pa.Table | Sequence[Mapping[str, Any]]) -> alt.InlineData:
    """Return `table` as inline data of a chart; dates become ISO text."""
    rows = table if isinstance(table, Sequence) else table.to_pylist()
    values = [{name: _plain(value) for name, value in row.items()} for row in rows]
    return alt.InlineData(values=values)


def _plain(value: object) -> object:
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return float(str(value))


def titled(words: Words, language: Language) -> alt.TitleParams:
    """Return a chart's title in `language`."""
    return alt.TitleParams(words.in_(language), anchor="start", fontSize=14, fontWeight=600, color=INK, offset=10)


def styled(chart: Any, *, width: int = 430, height: int = 230) -> Any:
    """Return `chart` in the house's look."""
    sized: Any = chart.properties(width=width, height=height)
    return (
        sized.configure(font=FONT, background="transparent", aria=False)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=MUTED, titleColor=MUTED, gridColor=GRID, domainColor=GRID, tickColor=GRID, labelFontSize=11,
            titleFontSize=11, titleFontWeight="normal", titlePadding=10, labelLimit=220,
        )
        .configure_legend(labelColor=INK, titleColor=MUTED, orient="top", labelFontSize=11, titleFontSize=11)
    )  # fmt: skip


def svg(chart: Any) -> str:
    """Return `chart` as SVG text, made in this process without a browser or a network; its title names it.

    Names inside it, such as those of clips, are its own, so that several pictures can stand on one page.
    """
    import vl_convert

    spec = chart.to_dict(validate=False)
    made: str = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
    name = escape(str((spec.get("title") or {}).get("text") or ""), quote=True)
    plain = made.replace(' xmlns:xlink="http://www.w3.org/1999/xlink"', "", 1)
    alone = _with_own_names(plain)
    return alone.replace("<svg ", f'<svg role="img" aria-label="{name}" ', 1)


def _with_own_names(picture: str) -> str:
    """Return SVG whose inner names carry a mark of its content instead of a running number of the process."""
    names = list(dict.fromkeys(_NAMED.findall(picture)))
    if not names:
        return picture
    place = {name: number for number, name in enumerate(names)}
    anonymous = _REFERRED.sub(lambda found: f"{found[1]}{place.get(found[2], found[2])}", picture)
    mark = f"{zlib.crc32(anonymous.encode()):08x}"
    return _REFERRED.sub(
        lambda found: f"{found[1]}n{mark}-{place[found[2]]}" if found[2] in place else found[0], picture
    )
