"""Whether a sample value could be of a kind: for proposals only; what is stored is decided by `casting`."""

from __future__ import annotations

import re
import unicodedata

from liuke.tables.contract import Kind

MISSING = frozenset(
    {"", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "-", "--", "\\n", "无", "不详", "未知", "空", "暂无"}
)
"""Words that stand for "no value" in typed columns, in lower case."""

STILL_ACTIVE = frozenset(
    {
        "no",
        "never",
        "active",
        "still active",
        "present",
        "current",
        "ongoing",
        "open",
        "至今",
        "在网",
        "在用",
        "现在",
        "否",
        "无",
        "长期",
    }
)
"""Words that stand for "has not ended" in columns of ends, in lower case."""

TRUE = frozenset({"是", "有", "对", "真", "y", "yes", "t", "true", "1", "1.0", "√", "同意", "已"})
FALSE = frozenset({"否", "无", "错", "假", "n", "no", "f", "false", "0", "0.0", "×", "不同意", "未"})

_NUMBER = re.compile(
    r"[-+(−]?\s*([A-Z]{3}|[¥￥$€£])?\s*[-−]?[\d][\d,.' ]*(e[-+]?\d+)?\s*(元|万元|万|%|[A-Z]{3})?[-)]?", re.IGNORECASE
)
_DATE = re.compile(
    r"(\d{4}[-/.年]\d{1,2}([-/.月]\d{1,2}日?)?|\d{1,2}[-/. ]([A-Z]{3,9}|\d{1,2})[-/. ]\d{2,4}"
    r"|[A-Z]{3,9} \d{1,2},? \d{4}"
    r"|(19|20)\d{6}(\d{6})?|0000-00-00.*|\d{5}(\.\d+)?)([ T]+\d{1,2}(:|时)\d{1,2}.*)?",
    re.IGNORECASE,
)


def fits(value: str, kind: Kind) -> bool:
    """Return whether `value` could be read as `kind`.

    Examples
    --------
    >>> fits("2026年1月2日", "date"), fits("high", "whole"), fits("￥1,200.00", "money")
    (True, False, True)
    """
    text = unicodedata.normalize("NFKC", value).strip().casefold()
    if text in MISSING or kind in ("id", "word", "text"):
        return True
    if kind in ("instant", "date"):
        return text in STILL_ACTIVE or bool(_DATE.fullmatch(text))
    if kind == "flag":
        return text in TRUE or text in FALSE
    if kind == "hour":
        return bool(re.fullmatch(r"\d{1,2}([:时点].*)?", text))
    return bool(_NUMBER.fullmatch(text))
