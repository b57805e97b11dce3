"""Verbs that read a snapshot: `show`, `explain`, `report`."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
import typer
from rich.table import Table as RichTable

from liuke.cli.running import WorkspaceArgument
from liuke.cli.terminal import EXIT_USE, JsonOption, answer, err, out, progress_bar, spoken_errors


class Form(StrEnum):
    """How an answer is written."""

    table = "table"
    csv = "csv"
    json = "json"
    parquet = "parquet"
    xlsx = "xlsx"


SnapshotOption = Annotated[str | None, typer.Option(help="ID; the newest by default · 默认最新", metavar="ID")]


class Tongue(StrEnum):
    """The language of an answer."""

    zh = "zh"
    en = "en"


LanguageOption = Annotated[Tongue | None, typer.Option("--lang", help="The workspace's by default · 默认工作区语言")]
ON_TERMINAL = {
    "plan": ("customer_id", "wave", "channel", "due_on", "from_hour", "to_hour", "remedy", "staff_id", "condition"),
    "customers": ("customer_id", "state", "churn_probability", "warning", "residual_lifetime_value", "tier", "reason_1",
                  "decision", "remedy", "expected_gain"),
    "let-go": ("customer_id", "tier", "residual_lifetime_value", "why", "review_on", "needs_confirmation"),
    "evidence": ("customer_id", "code", "happened_on", "confidence", "sentence_zh"),
    "dictionary": ("metric", "name_zh", "name_en", "formula", "unit", "better", "source_rows", "owner_zh"),
    "signals": ("customer_id", "rank", "feature", "share", "text_zh"),
}  # fmt: skip
"""Columns drawn on a terminal where a table has more than fit; files and pipes get all."""


def register(app: typer.Typer) -> None:
    """Add the verbs to `app`."""
    app.command("show")(show)
    app.command("explain")(explain)
    app.command("report")(report)


def show(
    directory: WorkspaceArgument,
    what: Annotated[str, typer.Argument(help="metrics, cohorts, customers, reasons, plan, let-go, model, manifest, …")],
    snapshot: SnapshotOption = None,
    form: Annotated[Form, typer.Option("--format")] = Form.table,
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Rows shown on the terminal · 终端显示行数")] = 20,
    dictionary: Annotated[bool, typer.Option("--dictionary", help="With metrics: what each means · 指标字典")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show a table or document of a snapshot · 查看快照中的表或文档."""
    from liuke.pipelines.dictionary import indicator_table
    from liuke.pipelines.show import show as read

    form = Form.json if as_json else form
    with spoken_errors(as_json):
        content = indicator_table() if dictionary else read(directory, what, snapshot=snapshot)
    if isinstance(content, dict):
        _show_document(content, form, output)
    elif output:
        with spoken_errors(as_json):
            _write(content, output, form)
    else:
        _show_table(content, form, limit if not dictionary else content.num_rows, "dictionary" if dictionary else what)


def _show_document(content: dict[str, Any], form: Form, output: Path | None) -> None:
    if form in (Form.csv, Form.parquet, Form.xlsx):
        err.print("a document has no rows; use --format json")
        raise typer.Exit(EXIT_USE)
    if output:
        import json

        output.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    else:
        answer(content)


def _write(content: pa.Table, output: Path, form: Form) -> None:
    import json

    from liuke.pipelines.show import write

    kinds = {".csv": Form.csv, ".parquet": Form.parquet, ".xlsx": Form.xlsx, ".json": Form.json}
    chosen = kinds.get(output.suffix, Form.csv) if form is Form.table else form
    if chosen is Form.json:
        output.write_text(json.dumps(content.to_pylist(), ensure_ascii=False, default=str), encoding="utf-8")
    else:
        write(content, output, chosen.value)
    err.print(f"{output}: {content.num_rows:,} rows")


def _show_table(content: pa.Table, form: Form, limit: int, title: str) -> None:
    from liuke.tables.exporting import to_csv

    if form is Form.json:
        answer(content.to_pylist())
    elif form is Form.csv:
        sys.stdout.write(to_csv(content))
    elif form in (Form.parquet, Form.xlsx):
        err.print(f"{form.value} is not text; name a file with -o")
        raise typer.Exit(EXIT_USE)
    else:
        _draw(content, limit, title)


def _draw(content: pa.Table, limit: int, title: str) -> None:
    shown = content.slice(0, limit)
    wanted = [name for name in ON_TERMINAL.get(title, content.column_names) if name in content.column_names]
    filled = [name for name in wanted if content.column(name).null_count < content.num_rows]
    drawn = RichTable(title=title, title_justify="left", header_style="bold", show_lines=False)
    for name in filled:
        numeric = pa.types.is_floating(content.schema.field(name).type) or pa.types.is_integer(
            content.schema.field(name).type
        )
        drawn.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in shown.to_pylist():
        drawn.add_row(*[_cell(row[name]) for name in filled])
    out.print(drawn)
    hidden = len(content.column_names) - len(filled)
    rest = f"{min(limit, content.num_rows):,} of {content.num_rows:,} rows"
    out.print(rest + (f"; {hidden} more columns with --format csv -o FILE" if hidden else ""))


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 100 else f"{value:,.0f}"
    return str(value).replace("[", r"\[")


def explain(
    directory: WorkspaceArgument,
    customer: Annotated[str, typer.Argument(help="customer_id · 客户编号")],
    snapshot: SnapshotOption = None,
    language: LanguageOption = None,
    as_json: JsonOption = False,
) -> None:
    """Explain one customer's decision: inputs, rule and sum · 解释对一位客户的决策."""
    from liuke.pipelines.explain import explain as explained

    with spoken_errors(as_json):
        done = explained(directory, customer, snapshot=snapshot, language=language.value if language else None)
    if as_json:
        answer(done)
        return
    for line in done["lines"]:
        out.print(line.replace("[", r"\["))


def report(
    directory: WorkspaceArgument,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE.html|.xlsx")],
    month: Annotated[
        str | None, typer.Option(help="YYYY-MM; the newest snapshot by default", metavar="YYYY-MM")
    ] = None,
    snapshot: SnapshotOption = None,
    language: LanguageOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the report as one HTML file or workbook · 生成报告(HTML 或 XLSX)."""
    from liuke.pipelines.report import report as write

    if output.suffix not in (".html", ".xlsx"):
        raise typer.BadParameter("the file must end in .html or .xlsx", param_hint="-o")
    with spoken_errors(as_json), progress_bar() as progress:
        done = write(
            directory,
            output,
            month=month,
            snapshot=snapshot,
            language=language.value if language else None,
            progress=progress,
        )
    if as_json:
        answer(done)
    else:
        out.print(f"{output} ({done['bytes'] / 1e6:.1f} MB, {done['language']}, snapshot {done['snapshot']})")
