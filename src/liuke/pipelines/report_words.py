"""How the report speaks: every code in words, every figure written for people, in one language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

import pyarrow as pa

from liuke.budget import contact
from liuke.budget.letting_go import RULES
from liuke.budget.remedies import LEVELS as REMEDY_LEVELS
from liuke.budget.remedies import catalogue
from liuke.features.dictionary import FAMILIES, feature
from liuke.kernel.words import Language, Words
from liuke.metrics.dictionary import INDICATORS
from liuke.reasons import taxonomy
from liuke.risk.levels import LEVEL_WORDS, WARNING_WORDS

UNKNOWN = "—"
_CHINESE = re.compile("[\u3400-\u9fff]")
_CODE = re.compile(r"(?<![\w.])[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+(?![\w.])")

STATES = {
    "active": Words("活跃", "active"),
    "leaving": Words("正在流失", "leaving"),
    "lost": Words("已流失", "lost"),
    "won_back": Words("已挽回", "won back"),
    "abandoned": Words("已放手", "let go"),
}
DECISIONS = {
    "keep": Words("挽留", "keep"),
    "win_back": Words("召回", "win back"),
    "comfort": Words("安抚道别", "comfort and part well"),
    "let_go": Words("放手", "let go"),
    "monitor": Words("观察", "watch"),
    "none": Words("不采取行动", "no action"),
}
MODELS = {
    "model": Words("机器学习模型", "the learned model"),
    "base_rate": Words("基础流失率", "the base rate"),
    "overdue_ratio": Words("逾期倍数规则", "the overdue rule"),
    "p_alive": Words("存活概率规则", "the chance of being alive"),
    "rfm_cells": Words("RFM 分格规则", "RFM cells"),
    "logistic_ten": Words("十特征逻辑回归", "a logistic regression on ten features"),
}
DATA = {
    "customers": Words("客户", "customers"),
    "people": Words("客户联系方式", "people"),
    "subscriptions": Words("订购与合约", "subscriptions"),
    "transactions": Words("交易", "transactions"),
    "events": Words("使用事件", "events of use"),
    "contacts": Words("联系记录", "contacts"),
    "treatments": Words("挽留措施", "treatments"),
    "complaints": Words("投诉", "complaints"),
    "survey_answers": Words("调查回答", "survey answers"),
    "referrals": Words("推荐关系", "referrals"),
    "balances": Words("账户余额", "balances"),
    "staff_links": Words("客户经理归属", "account managers' customers"),
    "staff": Words("员工", "staff"),
    "prices": Words("自有价格", "own prices"),
    "rival_offers": Words("竞品报价", "rivals' offers"),
    "market": Words("市场数据", "market"),
}
KINDS = {
    "contractual": Words("合约客户", "under contract"),
    "dormant": Words("非合约客户", "without contract"),
    "consumer": Words("个人", "consumer"),
    "business": Words("企业", "business"),
    "dealer": Words("经销商", "dealer"),
}
SEGMENTS = {
    "all": Words("全部", "all"),
    "kind": Words("客户类型", "kind"),
    "region": Words("地区", "region"),
    "plan": Words("套餐", "plan"),
    "newness": Words("新老客户", "new or old"),
    "role": Words("角色", "role"),
    "body": Words("排名机构", "ranking body"),
}
SEGMENT_VALUES = {
    "new": Words("新客户", "new customers"),
    "old": Words("老客户", "old customers"),
    "intermediate": Words("中间客户", "intermediate customers"),
    "final": Words("最终客户", "final customers"),
    **KINDS,
}
READINGS = {"rolling": Words("滚动口径", "rolling"), "strict": Words("严格口径", "strict")}
CURRENCIES = {
    "CNY": Words("人民币元", "CNY"),
    "USD": Words("美元", "USD"),
    "EUR": Words("欧元", "EUR"),
    "HKD": Words("港元", "HKD"),
    "JPY": Words("日元", "JPY"),
    "GBP": Words("英镑", "GBP"),
}
INDUSTRIES = {
    "telecom": Words("电信", "telecommunications"),
    "retail": Words("零售", "retail"),
    "express": Words("快递", "express delivery"),
    "bank": Words("银行", "banking"),
    "property": Words("物业", "property"),
    "saas": Words("软件服务", "software as a service"),
}
CHURN_KINDS = {
    "auto": Words("按数据自动判断", "told from the data"),
    "contractual": Words("按合约", "by contract"),
    "non_contractual": Words("按购买间隔", "by gaps between purchases"),
}


@cache
def _vocabularies() -> dict[str, Mapping[str, Words]]:
    """Return the words of every kind of code that does not depend on the company."""
    reasons = {**taxonomy.groups(), **taxonomy.reasons()}
    return {
        "state": STATES,
        "decision": DECISIONS,
        "warning": WARNING_WORDS,
        "level": LEVEL_WORDS,
        "model": MODELS,
        "data": DATA,
        "kind": KINDS,
        "segment": SEGMENTS,
        "segment_value": SEGMENT_VALUES,
        "reading": READINGS,
        "currency": CURRENCIES,
        "industry": INDUSTRIES,
        "churn_kind": CHURN_KINDS,
        "rule": RULES,
        "remedy_level": {str(code): words for code, words in REMEDY_LEVELS.items()},
        "channel": {channel.code: channel.words for channel in contact.channels()},
        "held_back": contact.words_of("held_back"),
        "metric": {code: indicator.name for code, indicator in INDICATORS.items()},
        "reason": {code: reason.words for code, reason in reasons.items()},
        "churn_type": {str(code): words for code, words in taxonomy.CHURN_TYPES.items()},
        "family": {str(code): words for code, words in FAMILIES.items()},
    }


def remedy_words(industry: str) -> dict[str, Words]:
    """Return the words of an industry's remedies by code."""
    return {remedy.code: remedy.words for remedy in catalogue(industry)}


def plan_words(remedies: Mapping[str, Words]) -> dict[str, dict[str, Words]]:
    """Return what staff say and on which condition, by code and by the text in either language."""
    conditions, scripts = contact.words_of("conditions"), contact.words_of("scripts")
    names = [Words("对策", "the remedy"), *remedies.values()]
    said = [
        Words(script.zh.replace("{remedy}", name.zh), script.en.replace("{remedy}", name.en))
        for script in scripts.values()
        for name in names
    ]
    plain = {
        code: Words(script.zh.replace("{remedy}", names[0].zh), script.en.replace("{remedy}", names[0].en))
        for code, script in scripts.items()
    }
    return {"script": {**plain, **_by_text(said)}, "condition": {**conditions, **_by_text(conditions.values())}}


def _by_text(several: Iterable[Words]) -> dict[str, Words]:
    return {text: words for words in several for text in (words.zh, words.en)}


@dataclass(frozen=True)
class Speech:
    """One language, one currency, and the company's own words.

    Parameters
    ----------
    language : {'zh', 'en'}
    currency : str
        ISO code.
    own : mapping
        Vocabulary → code → words, for what the company names itself: ``remedy``, ``tier``, ``reason``.
    """

    language: Language
    currency: str = "CNY"
    own: Mapping[str, Mapping[str, Words]] = field(default_factory=dict)

    def say(self, zh: str, en: str) -> str:
        """Return the text in the report's language."""
        return zh if self.language == "zh" else en

    def either(self, row: Mapping[str, Any] | None, stem: str = "") -> str:
        """Return ``<stem>zh`` or ``<stem>en`` of a row; empty if there is neither."""
        return str((row or {}).get(f"{stem}{self.language}") or "")

    def code(self, vocabulary: str, code: object) -> str:
        """Return `code` in words; what no vocabulary knows is the company's own word and stays as it is."""
        if code is None or code == "":
            return UNKNOWN
        text = str(code)
        words = self.own.get(vocabulary, {}).get(text) or _vocabularies().get(vocabulary, {}).get(text)
        return text.replace("_", " ") if words is None else words.in_(self.language)

    def codes(self, vocabulary: str, column: pa.ChunkedArray) -> pa.Array:
        """Return a column of codes in words, looking every code up once; nulls and empty ones are null."""
        encoded = column.cast(pa.string()).combine_chunks().dictionary_encode()
        if isinstance(encoded, pa.ChunkedArray):
            encoded = encoded.combine_chunks()
        said = [self.code(vocabulary, code) if code else None for code in encoded.dictionary.to_pylist()]
        words = pa.array(said, pa.string())
        return words.take(encoded.indices)

    def feature(self, name: str) -> str:
        """Return a feature's name in words."""
        return feature(name).words.in_(self.language)

    def spoken(self, text: str) -> str:
        """Return `text` with the codes of features and models inside it put in words."""
        return _CODE.sub(lambda match: self._named(match[0]), text)

    def _named(self, code: str) -> str:
        known = MODELS.get(code)
        return self.feature(code) if known is None else known.in_(self.language)

    def is_mine(self, text: str | None) -> bool:
        """Whether a text is written in the report's language: Chinese has Chinese characters, English none."""
        return bool(text) and bool(_CHINESE.search(text or "")) == (self.language == "zh")

    def number(self, value: Any, decimals: int = 0) -> str:
        """Return a number with thousands separators."""
        return UNKNOWN if value is None else f"{float(value) + 0.0:,.{decimals}f}"

    def share(self, value: Any, decimals: int = 1) -> str:
        """Return a share in [0, 1] as a percentage."""
        return UNKNOWN if value is None else f"{float(value):.{decimals}%}"

    def money(self, value: Any) -> str:
        """Return an amount: whole units, hundredths below ten."""
        if value is None:
            return UNKNOWN
        return f"{float(value):,.{2 if 0 < abs(float(value)) < 10 else 0}f}"

    def day(self, value: date | str | None) -> str:
        """Return a day, ISO in both languages."""
        return UNKNOWN if value is None else str(value)[:10]

    def month(self, value: date) -> str:
        """Return a month by name."""
        return f"{value.year} 年 {value.month} 月" if self.language == "zh" else f"{value:%B} {value.year}"

    def written(self, kind: str, value: Any) -> str:
        """Return `value` written as its kind asks: text (long, name), number, share, money, date, or a vocabulary."""
        writers: dict[str, Callable[[Any], str]] = {
            **dict.fromkeys(("text", "long", "name"), lambda one: UNKNOWN if one in (None, "") else str(one)),
            "number": self.number,
            "decimal": lambda one: self.number(one, 3),
            "share": self.share,
            "money": self.money,
            "date": self.day,
        }
        writer = writers.get(kind)
        return self.code(kind, value) if writer is None else writer(value)
