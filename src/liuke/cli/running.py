"""Verbs that compute: `run`, `verify`, `backtest`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from liuke.cli.terminal import JsonOption, answer, facts, out, progress_bar, spoken_errors

WorkspaceArgument = Annotated[Path, typer.Argument(help="The workspace · 工作区", metavar="DIR")]
DayOption = typer.Option(formats=["%Y-%m-%d"], help="YYYY-MM-DD", metavar="DATE")


def register(app: typer.Typer) -> None:
    """Add the verbs to `app`."""
    app.command("run")(run)
    app.command("backtest")(backtest)
    app.command("verify")(verify)


def run(
    directory: WorkspaceArgument,
    as_of: Annotated[datetime | None, DayOption] = None,
    engine: Annotated[str, typer.Option(help="duckdb")] = "duckdb",
    seed: Annotated[int, typer.Option(min=0)] = 0,
    as_json: JsonOption = False,
) -> None:
    """Do the whole job: one snapshot · 完成全部计算,发布一个快照."""
    from liuke.pipelines.run import run as run_once

    if engine != "duckdb":
        raise typer.BadParameter("only duckdb runs here yet", param_hint="--engine")
    with spoken_errors(as_json), progress_bar() as progress:
        done = run_once(directory, as_of=as_of.date() if as_of else None, seed=seed, progress=progress)
    if as_json:
        answer(done.as_json())
        return
    facts(f"Snapshot {done.snapshot.name} in {done.seconds:.1f} s", done.headline())
    out.print(f"Next · 下一步: liuke show {directory} plan; liuke report {directory} -o report.html")


def backtest(
    directory: WorkspaceArgument,
    at: Annotated[list[datetime] | None, typer.Option("--at", formats=["%Y-%m-%d"], metavar="DATE")] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    as_json: JsonOption = False,
) -> None:
    """Warn as of past days and compare with what happened · 回测:在过去的日期预警,与后来的事实对照."""
    from liuke.pipelines.backtest import backtest as test_back

    with spoken_errors(as_json), progress_bar() as progress:
        done = test_back(directory, days=[one.date() for one in at or []], seed=seed, progress=progress)
    if as_json:
        answer(done)
        return
    for day in done["days"]:
        facts(day["as_of"], {name: value for name, value in day.items() if name != "as_of"})


def verify(
    directory: WorkspaceArgument,
    snapshot: Annotated[str | None, typer.Option(help="ID; the newest by default")] = None,
    as_json: JsonOption = False,
) -> None:
    """Check tables and snapshot against their manifests · 校验文件完整性."""
    from liuke.pipelines.load import store_of
    from liuke.pipelines.snapshot import find
    from liuke.workspace.folder import open_workspace

    with spoken_errors(as_json):
        workspace = open_workspace(directory)
        store_of(workspace).verify()
        chosen = find(workspace, snapshot)
        chosen.verify()
    if as_json:
        answer({"snapshot": chosen.name, "content_hash": chosen.manifest["content_hash"], "verified": True})
    else:
        out.print(f"Tables and snapshot {chosen.name} are as they were written · 数据表与快照完好")
