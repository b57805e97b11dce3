"""The commented `liuke.toml` a new workspace begins with."""

from __future__ import annotations

import json

from liuke.workspace.definitions import Industry

_CHURN: dict[Industry, tuple[int, int, int]] = {
    "telecom": (30, 14, 90),
    "retail": (30, 7, 90),
    "express": (30, 7, 60),
    "bank": (60, 14, 90),
    "property": (60, 30, 180),
    "saas": (30, 14, 90),
}
"""Industry → grace, lead and horizon in days."""

_TEXT = """\
# Liuke definitions · 留客的定义文件
# Every line may be left out; what is shown is the default. Changes take effect at the next run.
# 每一行都可以省略,所示为默认值;修改在下一次运行时生效。

[company]
name = {name}
industry = "{industry}"            # telecom, retail, express, bank, property, saas
language = "zh"                 # zh or en: the language of decisions and reports · 决策与报告的语言
currency = "CNY"
time_zone = "Asia/Shanghai"     # days begin at midnight here · 每天从该时区的零点开始

[churn]                         # who is lost, how far ahead we look · 流失定义
kind = "auto"                   # contractual (subscriptions end), non_contractual (silence), auto · 契约、非契约、自动
grace_days = {grace}                 # an ended contract renewed within so many days is no loss · 宽限期
tail = 0.05                     # silence this unlikely under the customer's own rhythm is a loss · 个人节奏尾概率
lead_days = {lead}                  # time staff need before a loss can be prevented · 提前期
horizon_days = {horizon}               # window in which a loss counts · 预测窗口
ceiling = 0.03                  # monthly churn above this is told · 月流失率上限

[value]
margin_rate = 0.3               # used where transactions carry no cost · 没有成本数据时的毛利率
annual_discount_rate = 0.1
value_horizon_days = 730        # how far into the future value is counted · 未来价值的计算期
referral_share = 0.2            # share of a friend's margin credited to who recommended · 推荐分成

[warning]                       # three axes: risk, value, urgency · 三维预警:风险、价值、紧迫度
# risk_mid = 0.15               # as probabilities; left out: multiples of the base rate · 省略时按基准率倍数
# risk_high = 0.35
value_mid = 0.5
value_high = 0.8
urgency_mid = 0.45              # share of the window's risk that falls into its first third · 风险落在窗口前段的比例
urgency_high = 0.52

[tiers]                         # at most five, by FUTURE value · 最多五层,按未来价值划分
names = [
  {{ zh = "关键客户", en = "key" }},
  {{ zh = "主要客户", en = "main" }},
  {{ zh = "普通客户", en = "ordinary" }},
  {{ zh = "小客户", en = "small" }},
]
cut_points = [0.5, 0.8, 0.95]   # cumulative share of future value · 未来价值累计占比

[policy]
preset = "lecture"              # lecture or mobile: they differ on ordinary customers · 对普通客户的态度不同
stance = "defend"               # attack, defend, retreat · 进攻、防守、撤退

[budget]
# amount = 50000                # in the currency; left out: a share of the value at risk · 省略时按风险价值的比例
share_of_value_at_risk = 0.05
staff_hours = 160

[holdout]
share = 0.1                     # random customers left alone, so that the work can be proved · 随机对照组

[contact]                       # contact rules · 联系规则
quiet_from = 21                 # no contact from 21:00 to 9:00 · 免打扰时段
quiet_to = 9
days_between_same_channel = 7
most_in_30_days = 3
most_offers_in_90_days = 2
cool_down_days = 60             # after a refusal · 拒绝后的冷静期
days_between_waves = 7

[limits]
# threads = 2
# memory_limit = "4GB"

# Remedies of your own; one with the code of a built-in remedy replaces it. · 自定义对策,同代码者替换内置对策
# [[remedies]]
# code = "care_call"
# zh = "关怀电话"
# en = "care call"
# level = "social"              # financial, social, structural · 财务、社会、结构
# contact_cost = 6.0            # paid for each contact · 每次联系成本
# incentive = 0.0               # paid only if the customer stays · 留住才发生的成本
# minutes = 12                  # staff time · 员工用时
# capacity = 500                # at most so many in one plan · 容量
# channels = ["phone"]
# reasons = ["S", "Q", "R"]     # first letters of the reasons it answers · 对应的原因大类
# success_prior = 0.25          # share saved of those who would leave · 成功率先验
"""


def definitions_text(name: str, industry: Industry) -> str:
    """Return the text of a new `liuke.toml`."""
    grace, lead, horizon = _CHURN[industry]
    title = json.dumps(name, ensure_ascii=False)
    return _TEXT.format(name=title, industry=industry, grace=grace, lead=lead, horizon=horizon)
