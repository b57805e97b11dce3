"""One look for every picture: palette, type, and how a chart becomes SVG for a page without a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import altair as alt

from liuke.kernel.words import Language, Words

if TYPE_CHECKING:
    import pyarrow as pa

INK, MUTED, GRID = "#1f2933", "#5f6c7b", "#e4e8ee"
BLUE, TEAL, RED, AMBER, YELLOW, GREEN, GREY = (
    "#2456a6", "#1d7f8c", "#b3261e", "#b85c00", "#8a6d00", "#1e7a46", "#8592a3",
)  # fmt: skip
WARNING_COLOURS = {"red": RED, "amber": AMBER, "yellow": YELLOW, "green": GREEN}
WARNING_WORDS = {
    "red": Words("高危", "red"),
    "amber": Words("预警", "amber"),
    "yellow": Words("关注", "yellow"),
    "green": Words("正常", "green"),
}
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


def styled(chart: Any, *, width: int = 520, height: int = 240) -> Any:
    """Return `chart` in the house's look."""
    sized: Any = chart.properties(width=width, height=height)
    return (
        sized.configure(font=FONT, background="transparent")
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=MUTED, titleColor=MUTED, gridColor=GRID, domainColor=GRID, tickColor=GRID, labelFontSize=11,
            titleFontSize=11, titleFontWeight="normal", labelLimit=220,
        )
        .configure_legend(labelColor=INK, titleColor=MUTED, orient="top", labelFontSize=11, titleFontSize=11)
    )  # fmt: skip


def svg(chart: alt.TopLevelMixin) -> str:
    """Return `chart` as SVG text, made in this process without a browser or a network."""
    import vl_convert

    made: str = vl_convert.vegalite_to_svg(chart.to_json(validate=False), allowed_base_urls=[])
    return made
