"""The work list: the first contact of every customer in the plan, best expected gain first, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

from liuke.kernel.words import Language, Words
from liuke.reasons import taxonomy

if TYPE_CHECKING:
    import pyarrow as pa

    from liuke.pipelines.snapshot import Snapshot

WORK_LIST_SQL = """
SELECT plan.customer_id, customers.warning, customers.churn_probability, customers.reason_1 AS reason,
       customers.remedy, customers.expected_gain, customers.cost, plan.channel, plan.due_on, plan.from_hour,
       plan.to_hour, plan.staff_id, customers.org_unit, customers.decision_why AS why
FROM plan JOIN customers USING (customer_id)
WHERE plan.wave = 1
ORDER BY customers.expected_gain DESC NULLS LAST, plan.customer_id
"""
TITLES = {
    "customer_id": Words("客户编号", "customer_id"),
    "warning": Words("预警", "warning"),
    "churn_probability": Words("流失概率", "churn_probability"),
    "reason": Words("原因", "reason"),
    "remedy": Words("对策", "remedy"),
    "expected_gain": Words("预计净收益", "expected_gain"),
    "cost": Words("预计成本", "cost"),
    "channel": Words("渠道", "channel"),
    "due_on": Words("日期", "due_on"),
    "from_hour": Words("起(时)", "from_hour"),
    "to_hour": Words("止(时)", "to_hour"),
    "staff_id": Words("员工", "staff_id"),
    "org_unit": Words("机构", "org_unit"),
    "why": Words("理由", "why"),
}
"""The list's columns, in order, with their titles."""


def work_list(snapshot: Snapshot, language: Language) -> pa.Table:
    """Return the list with words instead of codes and titles in `language`."""
    with duckdb.connect() as connection:
        connection.register("plan", snapshot.table("plan"))
        connection.register("customers", snapshot.table("customers"))
        found = connection.sql(WORK_LIST_SQL).to_arrow_table()
    for name, words in _vocabularies(snapshot).items():
        place = found.schema.get_field_index(name)
        said = [words[code].in_(language) if code in words else code for code in found[name].to_pylist()]
        found = found.set_column(place, name, [said])
    return found.rename_columns([TITLES[name].in_(language) for name in found.column_names])


def _vocabularies(snapshot: Snapshot) -> dict[str, dict[str, Words]]:
    from liuke.budget.contact import channels
    from liuke.risk.levels import WARNING_WORDS

    groups = {letter: group.words for letter, group in taxonomy.groups().items()}
    remedies = snapshot.document("summary")["budget"].get("remedies", [])
    return {
        "warning": dict(WARNING_WORDS),
        "reason": groups | {code: one.words for code, one in taxonomy.reasons().items()},
        "remedy": {one["code"]: Words(one["zh"], one["en"]) for one in remedies},
        "channel": {one.code: one.words for one in channels()},
    }
