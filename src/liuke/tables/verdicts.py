"""Why a row or a file is not accepted, in words of both languages, by short code."""

from __future__ import annotations

from liuke.kernel.errors import InvalidInput
from liuke.kernel.words import Words

REASONS: dict[str, Words] = {
    "missing": Words("必填项为空", "a required value is missing"),
    "no_customer": Words("没有客户编号", "no customer"),
    "too_short": Words("列数少于表头", "fewer cells than the header has columns"),
    "too_long": Words("列数多于表头", "more cells than the header has columns"),
    "other_encoding": Words("本行编码与文件其余部分不同", "this line is in another encoding than the rest of the file"),
    "open_quote": Words("引号没有配对,吞并了后面的行", "a quote was not closed and swallowed following lines"),
    "total_line": Words("合计行或落款,不是数据", "a totals line or signature, not data"),
    "repeated_header": Words("表头在数据中重复出现", "the header repeated among the data"),
    "control_character": Words(
        "含有控制字符、NUL 或双向文字标记", "contains a control character, NUL or bidirectional mark"
    ),
    "scientific_id": Words(
        "编号是科学计数法,原号码已丢失,请从源系统按文本导出",
        "the id is in scientific notation, its digits are lost: export it as text",
    ),
    "mixed_scripts": Words("编号混用形近的外文字母(如西里尔字母 О)", "the id mixes look-alike letters of two scripts"),
    "not_a_date": Words("不是可识别的日期", "not a date we can read"),
    "no_such_day": Words("日历上没有这一天", "no such day in the calendar"),
    "two_digit_year": Words("年份只有两位", "a year of two digits"),
    "placeholder_date": Words("占位日期,不是真实日期", "a placeholder, not a real date"),
    "in_future": Words("日期在今天之后", "the date lies in the future"),
    "too_early": Words("日期早得不合理", "the date is implausibly early"),
    "excel_serial": Words(
        "像 Excel 日期序号,须声明 1900 或 1904 日期系统", "an Excel serial number: declare 1900 or 1904"
    ),
    "not_a_number": Words("不是数字", "not a number"),
    "not_finite": Words("NaN 或无穷大不是金额", "NaN or infinity is not an amount"),
    "too_large": Words("数值超出范围", "the number is out of range"),
    "not_whole": Words("不是整数", "not a whole number"),
    "not_an_hour": Words("不是 0 到 24 的钟点", "not an hour from 0 to 24"),
    "not_a_share": Words("不是 0 到 1 的比例", "not a share between 0 and 1"),
    "not_a_flag": Words("不是“是/否”", "not a yes or no"),
    "cell_error": Words("单元格是错误值或未计算的公式", "the cell is an error value or a formula never computed"),
    "merged_cell": Words("位于合并单元格之下,值不完整", "lies below a merged cell: its value is not in the row"),
    "key_clash": Words("同一编号在文件中有不同内容", "the same id stands in the file with different content"),
    "self_reference": Words("推荐人与被推荐人相同", "referrer and referred are the same"),
    "unknown_subscription": Words("找不到该订购编号对应的客户", "no customer is known for this subscription"),
    "ends_before_start": Words("结束日期早于开始日期", "ends before it starts"),
    "not_mended": Words(
        "整行有误且尚未修正:改好后请清空 _column 一格", "the row as a whole was wrong and is not mended yet"
    ),
    "not_a_label": Words("流失标记为空", "the churn label is empty"),
}
"""Words of every reason a row can be rejected for."""


MISSHAPEN = frozenset(
    {"too_short", "too_long", "open_quote", "other_encoding", "merged_cell", "total_line", "repeated_header"}
)
"""Reasons that concern the row as a whole, before any cell is looked at."""


class FileRefused(InvalidInput):
    """The file as a whole cannot be accepted; `words` says why and what to do, in both languages."""

    def __init__(self, words: Words) -> None:
        super().__init__(words.en)
        self.words = words

    @classmethod
    def because(cls, zh: str, en: str) -> FileRefused:
        """Return the error from its two texts."""
        return cls(Words(zh, en))
