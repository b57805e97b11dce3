"""Names of columns as people write them, brought to one form before they are compared."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from liuke.tables.contract import PERSONAL, TABLES, Column

_SIMPLIFIED = str.maketrans(
    "編號戶時間訂單會員電話機碼郵類別產門開結費數價額姓稱證職業區貨總務環經實際後訊發離網銷帳號標識買賣領購單據確類優質",
    "编号户时间订单会员电话机码邮类别产门开结费数价额姓称证职业区货总务环经实际后讯发离网销账号标识买卖领购单据确类优质",
)
_UNIT = re.compile(r"[（(\[【]\s*([^（()）\[\]【】]{1,8})\s*[)）\]】]")
UNITS = {"元": "1", "人民币": "1", "rmb": "1", "cny": "1", "千元": "1000", "万元": "10000", "万": "10000", "分": "0.01"}
"""Units of money a header may declare in brackets, and their worth in the main unit."""

WHOLE_ROW = "(row)"
"""Stands in `_column` of a rejected row that is wrong as a whole; the row is accepted once that cell is emptied."""

MEND_COLUMNS = ("_line", "_column", "_value", "_reason")
"""Columns that a file of rejected rows has beyond its own; ignored when it is loaded again."""


def folded(name: str) -> str:
    """Return `name` without case, blanks, punctuation, width, brackets with units, and traditional forms.

    Examples
    --------
    >>> folded("Customer_ID") == folded("customer id") == "customerid"
    True
    >>> folded("訂單金額（元）")
    '订单金额'
    """
    text = _UNIT.sub("", unicodedata.normalize("NFKC", name)).translate(_SIMPLIFIED).casefold()
    return "".join(character for character in text if character.isalnum()) or name.strip().casefold()


def unit_in(name: str) -> str | None:
    """Return the factor a header declares in brackets, such as ``10000`` for ``金额(万元)``; None if it does not."""
    found = _UNIT.search(unicodedata.normalize("NFKC", name))
    return UNITS.get(found.group(1).strip().casefold()) if found else None


def words_of(name: str) -> list[str]:
    """Return the words of a name written with blanks, underscores or capitals.

    Examples
    --------
    >>> words_of("InvoiceNo"), words_of("zip_code")
    (['invoice', 'no'], ['zip', 'code'])
    """
    return [word.casefold() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\x00-\x7f]+", name)]


@cache
def names_of(column: Column) -> tuple[str, ...]:
    """Return the folded names of `column`: its own first, then its aliases in their order."""
    return tuple(dict.fromkeys(folded(name) for name in (column.name, *column.aliases)))


@cache
def _all_names() -> frozenset[str]:
    names = {name for table in TABLES.values() for column in table.columns for name in names_of(column)}
    return frozenset(names | set(PERSONAL) | {folded(name) for name in MEND_COLUMNS})


def is_known_name(name: str) -> bool:
    """Return whether some column of the contract goes by `name`."""
    return bool(name.strip()) and folded(name) in _all_names()
