"""The report as one HTML file that needs nothing else: no script, no network, pictures inside."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from liuke.kernel.words import Words
from liuke.pipelines import report_charts, report_customers, report_figures, report_tables, report_text
from liuke.pipelines.report_content import Content, Rows

if TYPE_CHECKING:
    from jinja2 import Template

NO_WARNINGS = Words("还没有预警。", "There are no warnings yet.")
NO_DECISIONS = Words("还没有决策。", "There are no decisions yet.")


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("liuke.pipelines", "templates")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template("report.html")


def html(content: Content) -> str:
    """Return the whole report as HTML text."""
    months, cells = report_figures.months(content), report_figures.cohorts(content)
    reasons = report_tables.reason_rows(content)
    speech = content.speech
    return _template().render(
        zh_page=speech.language == "zh",
        title=report_text.title(content),
        as_of=content.snapshot.as_of.isoformat(),
        snapshot=content.snapshot.name,
        currency=speech.code("currency", speech.currency),
        sections=report_text.SECTIONS,
        headline=report_text.headline(content),
        told=report_text.told(content),
        budget_words=report_text.budget_words(content),
        model_words=report_text.model_words(content),
        cannot_see=report_text.cannot_see(content),
        facts=report_text.facts(content),
        charts=SimpleNamespace(**report_charts.charts(content, months, cells, reasons)),
        tables=SimpleNamespace(**_tables(content, months, reasons)),
    )


def _tables(content: Content, months: list[dict[str, Any]], reasons: list[dict[str, Any]]) -> dict[str, Rows]:
    return {
        "bucket": report_figures.bucket(months, content),
        "findings": report_tables.findings(content),
        "warnings": report_tables.from_summary(content, "warnings", report_tables.WARNINGS, NO_WARNINGS),
        "signals": report_tables.signals(content),
        "reasons": report_tables.reasons(reasons, content),
        "tiers": report_tables.tiers(content),
        "decisions": report_tables.from_summary(content, "decisions", report_tables.DECISION, NO_DECISIONS),
        "remedies": report_tables.remedies(content),
        "first": report_customers.first_contacts(content),
        "let_go": report_customers.let_go(content),
        "let_go_rules": report_customers.let_go_rules(content),
        "baselines": report_tables.tested(content),
        "changes": report_tables.changes(content),
        "data": report_tables.from_summary(content, "data", report_tables.DATA),
    }
