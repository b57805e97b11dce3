# ruff: noqa: E501  (lists of names people use read better unbroken)
"""The canonical tables: their columns, types, keys, and the names people give them.

Every other room relies on these names. A table that was never loaded exists and is empty; columns beyond the
contract are kept as attributes under their own names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["id", "word", "text", "instant", "date", "money", "number", "whole", "hour", "share", "flag"]
"""What a column holds.

``id`` text exactly as given; ``word`` a short category; ``text`` free text; ``instant`` a UTC timestamp with a
companion ``…_on`` date in the workspace's time zone; ``date``; ``money`` DECIMAL(18,2); ``number``
DECIMAL(18,4); ``whole`` BIGINT; ``hour`` 0 to 24; ``share`` DOUBLE in [0, 1]; ``flag`` BOOLEAN.
"""

SQL_TYPES: dict[Kind, str] = {
    "id": "VARCHAR",
    "word": "VARCHAR",
    "text": "VARCHAR",
    "instant": "TIMESTAMP",
    "date": "DATE",
    "money": "DECIMAL(18,2)",
    "number": "DECIMAL(18,4)",
    "whole": "BIGINT",
    "hour": "BIGINT",
    "share": "DOUBLE",
    "flag": "BOOLEAN",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a canonical table.

    Parameters
    ----------
    name : str
        The canonical name.
    kind : Kind
        What it holds.
    required : bool
        Whether a row without it is rejected.
    aliases : tuple of str
        Header names people use for it, Chinese and English, compared without case, blanks and punctuation.
    """

    name: str
    kind: Kind
    required: bool = False
    aliases: tuple[str, ...] = ()

    @property
    def companion(self) -> str | None:
        """The local-date companion stored beside an instant (``occurred_at`` → ``occurred_on``)."""
        return self.name.removesuffix("_at") + "_on" if self.kind == "instant" else None


@dataclass(frozen=True, slots=True)
class Table:
    """One canonical table.

    Parameters
    ----------
    name : str
        The canonical name.
    columns : tuple of Column
        In the order of the contract.
    key : tuple of str
        Columns that name a row; empty where a row is known only by its whole content. The key is used only
        where all of its columns are present in the file.
    known_by : str or None
        The column (date or local-date companion) from which a row is known; None for timeless tables.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    known_by: str | None = None

    def column(self, name: str) -> Column | None:
        """Return the column called `name`, or None."""
        return next((column for column in self.columns if column.name == name), None)

    def stored_types(self) -> dict[str, str]:
        """Return SQL types of all stored columns, with the local-date companions of instants."""
        types: dict[str, str] = {}
        for column in self.columns:
            types[column.name] = SQL_TYPES[column.kind]
            if column.companion:
                types[column.companion] = "DATE"
        return types


_CUSTOMER = (
    "客户编号", "客户号", "客户ID", "客户标识", "会员编号", "会员号", "会员ID", "用户编号", "用户ID", "用户号", "买家ID",
    "customer", "customer id", "customerid", "client id", "clientnum", "user id", "userid", "member id", "account id",
    "account number", "cust id", "custid", "id",
)  # fmt: skip
_WHEN = (
    "发生时间", "时间", "日期", "下单时间", "下单日期", "订单时间", "订单日期", "交易时间", "交易日期", "消费时间", "消费日期",
    "购买时间", "购买日期", "支付时间", "付款时间", "创建时间", "date", "datetime", "timestamp", "time", "invoice date",
    "order date", "order time", "purchase date", "transaction date", "created at", "event time", "event date",
    "usage date", "ordered at", "purchased at",
)  # fmt: skip
_CHANNEL = ("渠道", "来源渠道", "channel", "medium")

PERSONAL = ("name", "phone", "email", "address", "id_number")
"""Columns that say who someone is: split off into `people` by the loader."""

_PEOPLE = (
    Column("name", "text", aliases=("姓名", "客户姓名", "客户名称", "名称", "full name", "customer name", "account name",
                                    "surname", "last name", "first name", "contact name", "会员姓名", "联系人", "收货人")),
    Column("phone", "text", aliases=("手机号", "手机", "电话", "手机号码", "联系电话", "电话号码", "phone number", "mobile",
                                     "mobile number", "telephone", "cell")),
    Column("email", "text", aliases=("邮箱", "电子邮件", "电子邮箱", "e-mail", "mail", "email address")),
    Column("address", "text", aliases=("地址", "住址", "联系地址", "通讯地址", "street address", "street")),
    Column("id_number", "text", aliases=("身份证", "身份证号", "身份证号码", "证件号", "证件号码", "national id",
                                         "id card")),
)  # fmt: skip

_TABLES = (
    Table(
        "customers",
        (
            Column("customer_id", "id", True, _CUSTOMER),
            Column("gender", "word", aliases=("性别", "sex")),
            Column("born_on", "date", aliases=("出生日期", "生日", "birth date", "birthday", "date of birth", "dob")),
            Column("region", "word", aliases=("地区", "区域", "省份", "城市", "省市", "所在地", "city", "state", "country",
                                              "province", "area", "geography")),
            Column("occupation", "word", aliases=("职业", "job", "profession")),
            Column("household", "id", aliases=("家庭编号", "家庭", "户号", "household id")),
            Column("kind", "word", aliases=("客户类型", "客户类别", "customer type", "customer kind")),
            Column("org_unit", "word", aliases=("机构", "组织", "分公司", "营业部", "网点", "所属机构", "org unit",
                                                "branch", "org")),
            Column("manager_id", "id", aliases=("客户经理", "客户经理编号", "经理编号", "manager", "account manager")),
            Column("joined_on", "date", aliases=("入网时间", "入网日期", "注册时间", "注册日期", "开户日期", "加入日期",
                                                 "signup date", "joined", "join date", "registered at", "since")),
            Column("source", "word", aliases=("来源", "客户来源", "获客渠道", "acquisition channel", "referral source")),
            Column("consent_sms", "flag", aliases=("同意短信", "短信同意", "sms consent", "sms opt in")),
            Column("consent_email", "flag", aliases=("同意邮件", "邮件同意", "email consent", "email opt in")),
            Column("consent_phone", "flag", aliases=("同意电话", "电话同意", "phone consent", "call consent")),
            Column("preferred_channel", "word", aliases=("偏好渠道", "首选渠道", "preferred contact")),
            Column("preferred_from_hour", "hour", aliases=("方便时间起", "preferred from")),
            Column("preferred_to_hour", "hour", aliases=("方便时间止", "preferred to")),
        ),
        key=("customer_id",),
        known_by="joined_on",
    ),
    Table("people", (Column("customer_id", "id", True, _CUSTOMER), *_PEOPLE), key=("customer_id",)),
    Table(
        "subscriptions",
        (
            Column("subscription_id", "id", True, ("订购编号", "合同编号", "合约编号", "套餐订购编号", "订阅编号", "contract id",
                                                   "subscription", "policy number")),
            Column("customer_id", "id", True, _CUSTOMER),
            Column("plan", "word", aliases=("套餐", "套餐名称", "资费", "产品", "方案", "plan name", "plan tier", "product",
                                            "tariff")),
            Column("started_on", "date", True, ("开始日期", "生效日期", "起始日期", "开通日期", "入网时间", "入网日期",
                                                "begin date", "begindate", "start date", "start", "activated on", "起租日", "合同开始日期", "开始时间", "生效时间", "开户日期")),
            Column("ended_on", "date", aliases=("结束日期", "终止日期", "到期日期", "失效日期", "离网日期", "离网时间", "销户日期",
                                                "end date", "enddate", "end", "cancelled on", "terminated on", "结束时间", "合同结束日期", "churn date")),
            Column("end_reason", "word", aliases=("终止原因", "离网原因", "退订原因", "cancel reason", "reason", "churn reason", "流失原因")),
            Column("monthly_fee", "money", aliases=("月费", "月租", "月租费", "月资费", "monthly charges", "monthly charge",
                                                    "monthly price", "mrr amount", "mrr")),
            Column("exit_fee", "money", aliases=("违约金", "termination fee", "exit fee")),
            Column("committed_until", "date", aliases=("合约到期", "合约到期日", "承诺到期", "contract end",
                                                       "commitment end")),
        ),
        key=("subscription_id",),
        known_by="started_on",
    ),
    Table(
        "transactions",
        (
            Column("transaction_id", "id", aliases=("订单编号", "订单号", "交易编号", "交易号", "流水号", "单号", "order id",
                                                    "orderid", "order number", "transaction", "receipt", "invoice id")),
            Column("customer_id", "id", True, _CUSTOMER),
            Column("occurred_at", "instant", True, _WHEN),
            Column("amount", "money", True, ("金额", "消费金额", "订单金额", "交易金额", "实付金额", "支付金额", "总价", "总额",
                                             "销售额", "total", "price", "value", "revenue", "spend", "dollars",
                                             "order value", "total amount", "order total", "sales", "dollar value", "实付", "应付金额",
                                             "支付金额(元)", "成交金额", "净额")),
            Column("cost", "money", aliases=("成本", "进货成本", "cogs")),
            Column("category", "word", aliases=("类别", "品类", "商品类别", "产品类别", "category name", "product category",
                                                "cat")),
            Column("is_essential", "flag", aliases=("是否必需", "必要消费", "刚需", "essential")),
            Column("channel", "word", aliases=_CHANNEL),
            Column("outlet", "word", aliases=("门店", "网点", "店铺", "store", "shop", "store id", "branch")),
        ),
        key=("transaction_id",),
        known_by="occurred_on",
    ),
    Table(
        "events",
        (
            Column("customer_id", "id", True, _CUSTOMER),
            Column("occurred_at", "instant", True, _WHEN),
            Column("kind", "word", True, ("事件", "事件类型", "类型", "行为", "event", "event type", "action",
                                          "feature name")),
            Column("quantity", "number", aliases=("数量", "用量", "次数", "时长", "usage", "count", "amount", "usage count",
                                                  "minutes")),
        ),
        known_by="occurred_on",
    ),
    Table(
        "contacts",
        (
            Column("contact_id", "id", True, ("联系编号", "触达编号", "contact")),
            Column("customer_id", "id", True, _CUSTOMER),
            Column("occurred_at", "instant", True, (*_WHEN, "联系时间", "触达时间", "contacted at")),
            Column("channel", "word", True, (*_CHANNEL, "联系方式", "触达渠道")),
            Column("direction", "word", True, ("方向", "呼入呼出", "in out")),
            Column("wave", "whole", aliases=("轮次", "第几次")),
            Column("campaign_id", "id", aliases=("活动编号", "活动", "campaign")),
            Column("staff_id", "id", aliases=("员工编号", "坐席编号", "坐席", "agent id", "agent")),
            Column("answered", "flag", aliases=("是否接通", "接通", "已接通", "reached", "responded")),
            Column("outcome", "word", aliases=("结果", "联系结果", "result")),
            Column("reason", "word", aliases=("原因",)),
            Column("cost", "money", aliases=("成本", "费用")),
        ),
        key=("contact_id",),
        known_by="occurred_on",
    ),
    Table(
        "treatments",
        (
            Column("treatment_id", "id", True, ("处理编号", "干预编号", "treatment")),
            Column("customer_id", "id", True, _CUSTOMER),
            Column("campaign_id", "id", True, ("活动编号", "活动", "campaign")),
            Column("assigned_at", "instant", True, (*_WHEN, "分配时间")),
            Column("arm", "word", True, ("组别", "分组", "实验组", "segment", "group", "variant")),
            Column("propensity", "share", aliases=("倾向得分", "分配概率")),
            Column("cost", "money", aliases=("成本", "费用")),
        ),
        key=("treatment_id",),
        known_by="assigned_on",
    ),
    Table(
        "complaints",
        (
            Column("complaint_id", "id", True, ("投诉编号", "工单编号", "工单号", "投诉单号", "ticket id", "ticket", "case id",
                                                "ticket #")),
            Column("customer_id", "id", True, _CUSTOMER),
            Column("occurred_at", "instant", True, (*_WHEN, "投诉时间", "受理时间", "submitted at", "opened at",
                                                    "received")),
            Column("channel", "word", aliases=_CHANNEL),
            Column("text", "text", aliases=("内容", "投诉内容", "描述", "详情", "description", "complaint", "narrative",
                                            "message")),
            Column("category", "word", aliases=("类别", "投诉类别", "投诉类型", "issue", "type")),
            Column("severity", "whole", aliases=("严重程度", "等级", "级别", "priority")),
            Column("resolved_at", "instant", aliases=("解决时间", "办结时间", "处理完成时间", "closed at")),
            Column("is_satisfied", "flag", aliases=("是否满意", "满意", "satisfied")),
        ),
        key=("complaint_id",),
        known_by="occurred_on",
    ),
    Table(
        "survey_answers",
        (
            Column("survey_id", "id", True, ("问卷编号", "调查编号", "survey")),
            Column("customer_id", "id", True, _CUSTOMER),
            Column("answered_at", "instant", True, (*_WHEN, "回答时间", "答题时间", "submitted at")),
            Column("question", "word", True, ("问题", "题目", "item")),
            Column("score", "number", aliases=("得分", "评分", "分数", "rating", "nps")),
            Column("text", "text", aliases=("文本", "回答", "意见", "answer", "comment")),
        ),
        known_by="answered_on",
    ),
    Table(
        "referrals",
        (
            Column("referrer_id", "id", True, ("推荐人", "推荐人编号", "老客户编号", "referrer", "referred by")),
            Column("referred_id", "id", True, ("被推荐人", "被推荐人编号", "新客户编号", "referred", "referee")),
            Column("occurred_at", "instant", True, (*_WHEN, "推荐时间")),
        ),
        known_by="occurred_on",
    ),
    Table(
        "balances",
        (
            Column("customer_id", "id", True, _CUSTOMER),
            Column("on", "date", True, ("日期", "账单日", "截至日期", "date", "as of", "balance date")),
            Column("owed", "money", True, ("欠费", "欠费金额", "应收", "未付金额", "amount owed", "balance", "due")),
            Column("overdue_days", "whole", aliases=("逾期天数", "欠费天数", "days overdue")),
        ),
        known_by="on",
    ),
    Table(
        "staff_links",
        (
            Column("customer_id", "id", True, _CUSTOMER),
            Column("staff_id", "id", True, ("员工编号", "客户经理", "客户经理编号", "staff", "manager id")),
            Column("started_on", "date", True, ("开始日期", "起始日期", "start date", "start")),
            Column("ended_on", "date", aliases=("结束日期", "终止日期", "end date", "end")),
        ),
        known_by="started_on",
    ),
    Table(
        "staff",
        (
            Column("staff_id", "id", True, ("员工编号", "工号", "staff", "employee id")),
            Column("name", "text", aliases=("姓名", "员工姓名")),
            Column("joined_on", "date", aliases=("入职日期", "入职时间", "hire date")),
            Column("left_on", "date", aliases=("离职日期", "离职时间", "leave date", "termination date")),
        ),
        key=("staff_id",),
    ),
    Table(
        "prices",
        (
            Column("plan", "word", True, ("套餐", "资费", "产品", "plan name", "product")),
            Column("effective_on", "date", True, ("生效日期", "调价日期", "date", "effective date")),
            Column("old_price", "money", True, ("原价", "旧价", "调整前")),
            Column("new_price", "money", True, ("新价", "现价", "调整后")),
        ),
        known_by="effective_on",
    ),
    Table(
        "rival_offers",
        (
            Column("rival", "word", True, ("竞争对手", "对手", "竞品", "competitor")),
            Column("region", "word", aliases=("地区", "区域", "area")),
            Column("started_on", "date", True, ("开始日期", "起始日期", "start date", "start")),
            Column("ended_on", "date", aliases=("结束日期", "end date", "end")),
            Column("plan", "word", aliases=("套餐", "产品", "对标套餐")),
            Column("price", "money", aliases=("价格", "售价")),
            Column("note", "text", aliases=("备注", "说明", "comment")),
        ),
        known_by="started_on",
    ),
    Table(
        "market",
        (
            Column("period", "date", True, ("期间", "月份", "时期", "month", "date")),
            Column("region", "word", aliases=("地区", "区域", "area")),
            Column("size", "money", True, ("市场规模", "市场总量", "market size")),
            Column("own_sales", "money", aliases=("本企业销售", "本公司销售额", "own")),
            Column("growth", "number", aliases=("增长率", "市场增长")),
        ),
        known_by="period",
    ),
)  # fmt: skip

TABLES: dict[str, Table] = {table.name: table for table in _TABLES}
"""The canonical tables by name."""

KNOWN_LATER: dict[str, dict[str, str]] = {
    "subscriptions": {"ended_on": "ended_on", "end_reason": "ended_on"},
    "complaints": {"resolved_at": "resolved_on", "resolved_on": "resolved_on", "is_satisfied": "resolved_on"},
    "staff_links": {"ended_on": "ended_on"},
    "staff": {"left_on": "left_on"},
    "rival_offers": {"ended_on": "ended_on"},
}
"""Columns that become known after their row does: column → the date from which it is known."""
