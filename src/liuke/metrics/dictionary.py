"""The indicator dictionary: every figure once, with its names, formula, SQL, sources and owner.

The metrics table is written from these entries, so that one name never has two values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa

from liuke.kernel.words import Words
from liuke.metrics import bases, churn, outcomes, revenue, types

Unit = Literal["customers", "money", "share", "ratio", "rank", "score"]
Better = Literal["high", "low", "neither"]
Needs = Literal["lives", "reasons", "revenue", "sales", "cost", "market", "rankings"]

ANALYST = Words("客户保持分析员", "retention analyst")
MANAGER = Words("客户保持经理", "retention manager")
FINANCE = Words("财务部", "finance")
MARKET = Words("市场部", "marketing")
PER_UNIT = Words("月与滚动十二个月 × 组织单元 × 分群", "month and trailing twelve months × unit × segment")
PER_REGION = Words("市场数据的期间 × 地区", "period of the market data × region")
PER_BODY = Words("每次排名 × 发布机构", "each ranking × body")


@dataclass(frozen=True, slots=True)
class Indicator:
    """One entry of the dictionary.

    Parameters
    ----------
    code : str
        Its name in tables, pages and REST.
    name : Words
        Its name for people.
    formula : str
        In the field's letters.
    numerator : str
        SQL over the definition's columns.
    denominator : str or None
        Likewise; None for a count or a sum, whose value is the numerator.
    definition : str
        SQL that yields the counts and sums for one period of the whole company.
    source_rows : tuple of str
        Rows of the requirements it answers.
    owner : Words
        Who answers for it.
    unit : str
        Unit of its value.
    better : str
        Which direction is good.
    needs : str
        Data without which it is not shown.
    grain : Words
        For what it is shown.
    is_core : bool
        Whether it is also shown for segments within units.
    is_additive : bool
        Whether numerator and denominator add up over child units and over the values of a segment.
    valid_from : str
        Version of the definition.
    """

    code: str
    name: Words
    formula: str
    numerator: str
    denominator: str | None
    definition: str
    source_rows: tuple[str, ...]
    owner: Words = ANALYST
    unit: Unit = "share"
    better: Better = "neither"
    needs: Needs = "lives"
    grain: Words = PER_UNIT
    is_core: bool = False
    is_additive: bool = True
    valid_from: str = "1"

    @property
    def has_interval(self) -> bool:
        """Whether the value is a share of customers and so has Wilson's interval."""
        return self.unit == "share" and self.needs in {"lives", "reasons"} and self.denominator is not None

    @property
    def sql(self) -> str:
        """The SQL of the figure for one period (``$start``, ``$end``) of the whole company."""
        below = self.denominator or "NULL"
        return f"SELECT {self.numerator} AS numerator, {below} AS denominator FROM ({self.definition})"


def _entry(
    code: str, names: tuple[str, str], formula: str, parts: tuple[str, str | None], source: tuple[str, str], **more: Any
) -> Indicator:
    definition, rows = source
    return Indicator(code, Words(*names), formula, *parts, definition, tuple(rows.split()), **more)


def _count(code: str, zh: str, en: str, formula: str, column: str, sql: str, rows: str, **more: Any) -> Indicator:
    return _entry(code, (zh, en), formula, (column, None), (sql, rows), **{"unit": "customers", **more})


def _money(code: str, zh: str, en: str, formula: str, column: str, sql: str, rows: str, **more: Any) -> Indicator:
    shared = {"owner": FINANCE, "unit": "money", "needs": "revenue", **more}
    return _entry(code, (zh, en), formula, (column, None), (sql, rows), **shared)


def _rate(
    code: str, zh: str, en: str, formula: str, parts: tuple[str, str], sql: str, rows: str, **more: Any
) -> Indicator:
    return _entry(code, (zh, en), formula, parts, (sql, rows), **more)


_FLOW, _TOLD, _MOVED, _SOLD, _OLD = (
    churn.FLOW_SQL,
    outcomes.OUTCOME_SQL,
    revenue.MOVEMENT_SQL,
    revenue.SALES_SQL,
    types.OLD_SQL,
)
_HERE = "(revenue_start + revenue_expanded - revenue_contracted - revenue_lost)"

_CUSTOMERS = (
    _count(
        "customers_at_start", "期初客户数", "customers at the start", "|B|", "n_start", _FLOW, "S2-04", is_core=True
    ),
    _count(
        "customers_new",
        "新增客户数",
        "new customers",
        "|N|",
        "n_new",
        _FLOW,
        "S2-04 S0-25",
        better="high",
        is_core=True,
    ),
    _count(
        "customers_won_back", "召回客户数", "customers won back", "|R|", "n_won_back", _FLOW, "S2-04", better="high"
    ),
    _count(
        "customers_lost",
        "流失客户数",
        "customers lost",
        "|L|",
        "n_lost",
        _FLOW,
        "S0-27 S2-04",
        better="low",
        is_core=True,
    ),
    _count(
        "customers_lost_of_start",
        "期初客户中的流失数",
        "lost of those at the start",
        "|L∩B|",
        "n_lost_of_start",
        _FLOW,
        "S0-27",
        better="low",
        is_core=True,
    ),
    _count(
        "customers_kept", "保持客户数", "customers kept", "|B∩E|", "n_kept", _FLOW, "S0-28", better="high", is_core=True
    ),
    _count(
        "customers_at_end",
        "期末客户数",
        "customers at the end",
        "|E| = |B|+|N|+|R|−|L|",
        "n_end",
        _FLOW,
        "S2-04",
        better="high",
        is_core=True,
    ),
    _count(
        "customers_consuming",
        "消费人数",
        "consuming customers",
        "|C| = under contract or buying in the period",
        "n_consuming",
        churn.CONSUMING_SQL,
        "S0-27",
        better="high",
    ),
    _count(
        "customers_lost_provisional",
        "待确认流失数",
        "losses still within the grace period",
        "|L∩B| not certain at as_of",
        "n_provisional",
        _TOLD,
        "S0-27",
    ),
    _count(
        "lost_to_rival",
        "流向竞争对手",
        "lost to a rival",
        "|L∩B| to a rival",
        "n_to_rival",
        _TOLD,
        "S0-24",
        better="low",
        needs="reasons",
    ),
    _count(
        "lost_left_market",
        "退出市场",
        "left the market",
        "|L∩B| moved, died, stopped",
        "n_left_market",
        _TOLD,
        "S0-24",
        needs="reasons",
    ),
    _count(
        "lost_undecided",
        "去向未定",
        "lost, destination unknown",
        "|L∩B| otherwise",
        "n_undecided",
        _TOLD,
        "S0-24",
        needs="reasons",
    ),
    _count(
        "lost_involuntary",
        "非自愿流失数",
        "involuntary losses",
        "|L∩B| not chosen by the customer",
        "n_involuntary",
        _TOLD,
        "S0-24",
        better="low",
        needs="reasons",
    ),
)

_RATES = (
    _rate(
        "churn_rate",
        "客户流失率",
        "churn rate",
        "|L∩B| / |B|",
        ("n_lost_of_start", "n_start"),
        _FLOW,
        "S0-22 S0-26 S0-27",
        better="low",
        is_core=True,
        owner=MANAGER,
    ),
    _rate(
        "retention_rate",
        "客户保持率",
        "retention rate",
        "|B∩E| / |B| = 1 − |L∩B| / |B|",
        ("n_kept", "n_start"),
        _FLOW,
        "S0-28",
        better="high",
        is_core=True,
        owner=MANAGER,
    ),
    _rate(
        "churn_rate_open",
        "流失率（期初口径）",
        "churn rate, open base",
        "|L| / |B|",
        ("n_lost", "n_start"),
        _FLOW,
        "S0-27",
        better="low",
    ),
    _rate(
        "churn_rate_mid",
        "流失率（平均口径）",
        "churn rate, mean base",
        "|L| / ((|B|+|E|)/2)",
        ("n_lost", "(n_start + n_end) / 2"),
        _FLOW,
        "S0-27",
        better="low",
    ),
    _rate(
        "churn_rate_end",
        "流失率（期末口径，仅供核对）",
        "churn rate, end base, to reconcile only",
        "|L| / |E|",
        ("n_lost", "n_end"),
        _FLOW,
        "S0-27",
        better="low",
    ),
    _rate(
        "churn_rate_consuming",
        "流失率（本期消费人数口径）",
        "churn rate, base consuming in the period",
        "|L| / |C|",
        ("n_lost", "n_consuming"),
        churn.CONSUMING_SQL,
        "S0-27",
        better="low",
    ),
    _rate(
        "churn_rate_to_rival",
        "流失率（严格口径：流向对手）",
        "churn rate, strict: to a rival",
        "|L∩B| to a rival / |B|",
        ("n_to_rival", "n_start"),
        _TOLD,
        "S0-24",
        better="low",
        needs="reasons",
    ),
    _rate(
        "churn_rate_voluntary",
        "流失率（不含非自愿）",
        "churn rate without involuntary losses",
        "(|L∩B| − involuntary) / |B|",
        ("n_lost_of_start - n_involuntary", "n_start"),
        _TOLD,
        "S0-24",
        better="low",
        needs="reasons",
    ),
    _rate(
        "replacement_ratio",
        "补充比",
        "replacement ratio",
        "(|N|+|R|) / |L|",
        ("n_new + n_won_back", "n_lost"),
        _FLOW,
        "S2-04",
        better="high",
        unit="ratio",
    ),
    _rate(
        "newcomer_ratio",
        "新客户比",
        "newcomers to base",
        "|N| / |B|",
        ("n_new", "n_start"),
        _FLOW,
        "S2-07",
        unit="ratio",
    ),
    _rate(
        "kept_share_of_end",
        "期末客户中的老底占比",
        "share of the end that was there at the start",
        "|B∩E| / |E|",
        ("n_kept", "n_end"),
        _FLOW,
        "S2-07",
        better="high",
    ),
    _rate(
        "old_share_of_start",
        "期初老客户占比",
        "old customers' share at the start",
        "|B, 12 months or older| / |B|",
        ("n_old_start", "n_start"),
        _OLD,
        "S0-25 S2-07 S3-58",
        better="high",
    ),
    _rate(
        "old_share_of_end",
        "期末老客户占比",
        "old customers' share at the end",
        "|E, 12 months or older| / |E|",
        ("n_old_end", "n_end"),
        _OLD,
        "S0-25 S2-07 S3-58",
        better="high",
        is_core=True,
    ),
)

_REVENUE = (
    _money("revenue_at_start", "期初年化收入", "yearly revenue at the start", "S", "revenue_start", _MOVED, "S0-30"),
    _money("revenue_expanded", "增购收入", "expansion", "e", "revenue_expanded", _MOVED, "S0-30", better="high"),
    _money(
        "revenue_contracted", "缩减收入", "contraction", "c", "revenue_contracted", _MOVED, "S0-30 S2-24", better="low"
    ),
    _money(
        "revenue_lost",
        "流失收入",
        "revenue of those lost",
        "x",
        "revenue_lost",
        _MOVED,
        "S0-27 S0-30",
        better="low",
        is_core=True,
    ),
    _money("revenue_new", "新客户收入", "revenue of newcomers", "new", "revenue_new", _MOVED, "S0-30", better="high"),
    _money(
        "revenue_won_back",
        "召回客户收入",
        "revenue of those won back",
        "won back",
        "revenue_won_back",
        _MOVED,
        "S0-30",
        better="high",
    ),
    _money(
        "revenue_at_end",
        "期末年化收入",
        "yearly revenue at the end",
        "S + e − c − x + new + won back",
        f"{_HERE} + revenue_new + revenue_won_back",
        _MOVED,
        "S0-30",
        better="high",
    ),
    _rate(
        "gross_revenue_retention",
        "毛收入留存率",
        "gross revenue retention",
        "(S − c − x) / S",
        ("revenue_start - revenue_contracted - revenue_lost", "revenue_start"),
        _MOVED,
        "S0-27 S0-30",
        better="high",
        needs="revenue",
        owner=FINANCE,
        is_core=True,
    ),
    _rate(
        "net_revenue_retention",
        "净收入留存率",
        "net revenue retention",
        "(S + e − c − x) / S",
        (_HERE, "revenue_start"),
        _MOVED,
        "S0-30",
        better="high",
        needs="revenue",
        owner=FINANCE,
        unit="ratio",
        is_core=True,
    ),
    _rate(
        "revenue_churn_rate",
        "收入流失率",
        "revenue churn rate",
        "x / S",
        ("revenue_lost", "revenue_start"),
        _MOVED,
        "S0-27 S0-30",
        better="low",
        needs="revenue",
        owner=FINANCE,
    ),
    _rate(
        "quick_ratio",
        "速动比（增收/失收）",
        "quick ratio",
        "(new + e + won back) / (c + x)",
        ("revenue_new + revenue_expanded + revenue_won_back", "revenue_contracted + revenue_lost"),
        _MOVED,
        "S0-30",
        better="high",
        needs="revenue",
        owner=FINANCE,
        unit="ratio",
    ),
    _money("sales", "销售额", "sales", "Σ amount", "sales", _SOLD, "S0-30", better="high", needs="sales"),
    _money("margin", "毛利", "margin", "Σ (amount − cost)", "margin", _SOLD, "S0-30", better="high", needs="cost"),
    _rate(
        "margin_rate",
        "毛利率",
        "margin rate",
        "Σ (amount − cost) / Σ amount with a cost",
        ("margin", "sales_with_cost"),
        _SOLD,
        "S0-30",
        better="high",
        needs="cost",
        owner=FINANCE,
        unit="ratio",
    ),
)

_OUTSIDE: dict[str, Any] = {"owner": MARKET, "needs": "market", "grain": PER_REGION}
_RANKED: dict[str, Any] = {"owner": MARKET, "needs": "rankings", "grain": PER_BODY, "is_additive": False}
_AREA, _PLACE = bases.MARKET_SQL, bases.RANKINGS_SQL

_OTHERS = (
    _money("market_size", "市场规模", "market size", "M", "size", _AREA, "S0-29", **_OUTSIDE),
    _money(
        "own_sales",
        "本企业销售额",
        "our sales in the market",
        "O",
        "own_sales",
        _AREA,
        "S0-29",
        **{**_OUTSIDE, "better": "high"},
    ),
    _rate(
        "market_share",
        "市场占有率",
        "market share",
        "O / M",
        ("own_sales", "size"),
        _AREA,
        "S0-29",
        better="high",
        **_OUTSIDE,
    ),
    _rate(
        "market_growth",
        "市场增长率",
        "market growth",
        "(M − M₋₁) / M₋₁",
        ("size - size_before", "size_before"),
        _AREA,
        "S0-29",
        unit="ratio",
        **_OUTSIDE,
    ),
    _rate(
        "own_growth",
        "本企业增长率",
        "our growth",
        "(O − O₋₁) / O₋₁",
        ("own_sales - own_before", "own_before"),
        _AREA,
        "S0-29",
        unit="ratio",
        better="high",
        **_OUTSIDE,
    ),
    _rate(
        "relative_growth_index",
        "相对增长指数",
        "relative growth index",
        "(O / O₋₁) / (M / M₋₁)",
        ("own_sales / own_before", "size / size_before"),
        _AREA,
        "S0-29",
        unit="ratio",
        better="high",
        is_additive=False,
        **_OUTSIDE,
    ),
    _count(
        "industry_rank",
        "行业排名",
        "industry rank",
        "position by the ranking's body",
        "position",
        _PLACE,
        "S0-31",
        unit="rank",
        better="low",
        **_RANKED,
    ),
    _count(
        "industry_score",
        "行业评分",
        "industry score",
        "score by the ranking's body",
        "score",
        _PLACE,
        "S0-31",
        unit="score",
        better="high",
        **_RANKED,
    ),
)

INDICATORS: dict[str, Indicator] = {each.code: each for each in (*_CUSTOMERS, *_RATES, *_REVENUE, *_OTHERS)}
"""Every indicator by its code."""


def dictionary_table() -> pa.Table:
    """Return the dictionary as a table, one row per indicator."""
    entries = list(INDICATORS.values())
    return pa.table(
        {
            "metric": [each.code for each in entries],
            "name_zh": [each.name.zh for each in entries],
            "name_en": [each.name.en for each in entries],
            "formula": [each.formula for each in entries],
            "sql": [each.sql for each in entries],
            "source_rows": [" ".join(each.source_rows) for each in entries],
            "owner_zh": [each.owner.zh for each in entries],
            "owner_en": [each.owner.en for each in entries],
            "unit": [each.unit for each in entries],
            "better": [each.better for each in entries],
            "grain_zh": [each.grain.zh for each in entries],
            "grain_en": [each.grain.en for each in entries],
            "is_additive": [each.is_additive for each in entries],
            "valid_from": [each.valid_from for each in entries],
        }
    )
