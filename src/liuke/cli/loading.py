"""Verbs around data: `load`, `loads`, `unload`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from liuke.cli.running import DayOption, WorkspaceArgument
from liuke.cli.terminal import JsonOption, answer, err, facts, out, progress_bar, spoken_errors

if TYPE_CHECKING:
    from liuke.tables.loading import Loaded


def register(app: typer.Typer) -> None:
    """Add the verbs to `app`."""
    app.command("load")(load)
    app.command("loads")(loads)
    app.command("unload")(unload)


def load(
    directory: WorkspaceArgument,
    table: Annotated[str, typer.Argument(help="A canonical table, or flat · 规范表名,或 flat")],
    file: Annotated[Path, typer.Argument(help="CSV, Excel, Parquet", metavar="FILE")],
    mapping: Annotated[
        list[str] | None, typer.Option("--map", help="canonical=theirs, repeatable · 列对应", metavar="A=B")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Accept the proposed map · 接受建议的列对应")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen · 只预演")] = False,
    date_order: Annotated[str | None, typer.Option(help="dmy, mdy, ymd: for dates such as 03/04/2025")] = None,
    encoding: Annotated[str | None, typer.Option(help="Such as gb18030, utf-16 · 文件编码")] = None,
    delimiter: Annotated[str | None, typer.Option(help="Between the columns; tab may be written tab · 分隔符")] = None,
    names: Annotated[
        str | None, typer.Option(help="Of the columns, where the file has no header · 列名", metavar="A,B,C")
    ] = None,
    sheet: Annotated[str | None, typer.Option(help="Of a workbook · 工作表")] = None,
    excel_dates: Annotated[str | None, typer.Option(help="1900 or 1904: what a day's number counts from")] = None,
    language: Annotated[str | None, typer.Option("--lang", help="zh or en; the workspace's by default")] = None,
    churned: Annotated[str | None, typer.Option(help="flat: COLUMN=VALUE of the lost", metavar="COLUMN=VALUE")] = None,
    tenure: Annotated[str | None, typer.Option(help="flat: the column of tenure", metavar="COLUMN")] = None,
    tenure_unit: Annotated[str, typer.Option(help="days, months, years")] = "months",
    observed_on: Annotated[datetime | None, DayOption] = None,
    known_after: Annotated[
        list[str] | None, typer.Option(help="flat: a column known only after the fact, repeatable", metavar="COLUMN")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Read, check and append a file · 读取、检查并追加一个文件."""
    options: dict[str, Any] = {
        "mapping": _pairs(mapping or []),
        "date_order": _one_of(date_order, ("dmy", "mdy", "ymd"), "--date-order"),
        "excel_dates": _one_of(excel_dates, ("1900", "1904"), "--excel-dates"),
        "encoding": encoding,
        "delimiter": {"tab": "\t", r"\t": "\t"}.get(delimiter or "", delimiter),
        "names": tuple(name.strip() for name in names.split(",")) if names else None,
        "sheet": sheet,
        "today": date.today(),
        "dry_run": dry_run,
    }
    if language:
        options["language"] = _one_of(language, ("zh", "en"), "--lang")
    if table == "flat":
        day = observed_on.date() if observed_on else None
        options |= {"churned": churned, "tenure": tenure, "tenure_unit": tenure_unit, "observed_on": day}
        options |= {"known_after": tuple(known_after or ())}
    with spoken_errors(as_json):
        done = _load(directory, table, file, accept=yes, **options)
    if as_json:
        answer(done.as_json())
        return
    _print(done, dry_run)


def _load(directory: Path, table: str, file: Path, *, accept: bool, **options: Any) -> Loaded:
    from liuke.pipelines import load as loading
    from liuke.tables.loading import MapNotAccepted

    try:
        with progress_bar() as progress:
            return loading.load(directory, table, file, accept=accept, progress=progress, **options)
    except MapNotAccepted as error:
        if accept or not sys.stdin.isatty():
            raise
        err.print(str(error).replace("[", r"\["))
        if not typer.confirm("Load it with this map? · 按此列对应载入?", err=True):
            raise
    with progress_bar() as progress:
        return loading.load(directory, table, file, accept=True, progress=progress, **options)


def _one_of(given: str | None, allowed: tuple[str, ...], name: str) -> str | None:
    if given is not None and given not in allowed:
        raise typer.BadParameter(f"choose one of {', '.join(allowed)}", param_hint=name)
    return given


def _pairs(given: list[str]) -> dict[str, str]:
    pairs = [one.split("=", 1) for one in given]
    if any(len(pair) != 2 for pair in pairs):
        raise typer.BadParameter("write canonical=theirs, for example --map customer_id=会员号", param_hint="--map")
    return {canonical.strip(): theirs for canonical, theirs in pairs}


def _print(done: Loaded, dry_run: bool) -> None:
    facts(
        f"{'Would load' if dry_run else 'Loaded'} {done.load} → {done.table}",
        {
            "read · 读取": f"{done.read:,}",
            "accepted · 接受": f"{done.accepted:,}"
            + (f" ({done.revised:,} revise earlier rows)" if done.revised else ""),
            "rejected · 拒绝": f"{done.rejected:,}",
            "already there · 已存在": f"{done.already_there:,}",
        },
    )
    pairs = "; ".join(f"{item.canonical} ← {item.theirs}" for item in done.columns.mapped)
    out.print(f"  columns · 列对应: {pairs}".replace("[", r"\["))
    for note in done.notes:
        out.print(f"  {note.en} · {note.zh}".replace("[", r"\["))
    if done.rejected_file:
        out.print(f"  Mend and load again · 修正后重新载入: {done.rejected_file}")


def loads(directory: WorkspaceArgument, as_json: JsonOption = False) -> None:
    """List the loads · 列出载入记录."""
    from liuke.pipelines.load import loads as listed

    with spoken_errors(as_json):
        rows = [dict(row) for row in listed(directory)]
    if as_json:
        answer(rows)
        return
    if not rows:
        out.print(f"Nothing is loaded yet · 尚未载入数据. liuke load {directory} transactions orders.csv")
    for row in rows:
        facts(row["load"], _counts(row))


def _counts(row: Mapping[str, Any]) -> dict[str, object]:
    names = ("source", "read", "accepted", "rejected", "already_there")
    return {name: row[name] for name in names if name in row}


def unload(
    directory: WorkspaceArgument,
    load: Annotated[str, typer.Argument(help="As listed by loads · 载入编号", metavar="LOAD")],
    as_json: JsonOption = False,
) -> None:
    """Take one load back whole · 整批撤回一次载入."""
    from liuke.pipelines.load import unload as take_back

    with spoken_errors(as_json):
        take_back(directory, load)
    if as_json:
        answer({"unloaded": load})
    else:
        out.print(f"{load} is taken back · 已撤回")
