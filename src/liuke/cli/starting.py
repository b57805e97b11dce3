"""Verbs that begin something: `new`, `simulate`, `demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast

import typer

from liuke.cli.terminal import EXIT_USE, JsonOption, answer, err, facts, out, progress_bar, spoken_errors
from liuke.workspace.definitions import Industry

INDUSTRIES = ("telecom", "retail", "express", "bank", "property", "saas")


def register(app: typer.Typer) -> None:
    """Add the verbs to `app`."""
    app.command("new")(new)
    app.command("simulate")(simulate)
    app.command("demo")(demo)


def _industry(value: str) -> Industry:
    if value not in INDUSTRIES:
        raise typer.BadParameter(f"choose one of {', '.join(INDUSTRIES)}")
    return cast("Industry", value)


IndustryOption = Annotated[str, typer.Option(help="; ".join(INDUSTRIES), callback=_industry)]


def new(
    directory: Annotated[Path, typer.Argument(help="The new workspace's folder · 新工作区的文件夹")],
    industry: IndustryOption = "retail",
    as_json: JsonOption = False,
) -> None:
    """Make a workspace with a commented liuke.toml · 新建工作区."""
    from liuke.workspace.folder import new_workspace

    with spoken_errors(as_json):
        workspace = new_workspace(directory, industry=_industry(industry))
    if as_json:
        answer({"workspace": str(workspace.path), "industry": industry})
        return
    out.print(f"{workspace.path / 'liuke.toml'} is written; every line in it may be changed.")
    first = "transactions orders.csv" if industry in ("retail", "express") else "subscriptions contracts.csv"
    out.print(f"Next · 下一步: liuke load {directory} {first}")


def simulate(
    directory: Annotated[Path, typer.Argument(help="A workspace, or a new folder · 工作区")],
    industry: IndustryOption = "telecom",
    customers: Annotated[int, typer.Option(min=10)] = 20_000,
    months: Annotated[int, typer.Option(min=12, max=120)] = 24,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    as_json: JsonOption = False,
) -> None:
    """Invent a company whose truth is known · 虚构一家已知真相的公司."""
    from liuke.pipelines.simulate import simulate as invent

    with spoken_errors(as_json), progress_bar() as progress:
        done = invent(
            directory, industry=_industry(industry), customers=customers, months=months, seed=seed, progress=progress
        )
    if as_json:
        answer(done)
        return
    facts(f"{directory}: {industry}, {customers:,} customers, {months} months", done["rows"])
    out.print(f"The truth lies in {done['truth']}; run never looks there.")


def demo(
    directory: Annotated[Path, typer.Argument(help="Where to · 位置")] = Path("demo"),
    customers: Annotated[int, typer.Option(min=1000)] = 20_000,
    months: Annotated[int, typer.Option(min=18, max=120)] = 24,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="End after the reports · 不启动网页")] = False,
    as_json: JsonOption = False,
) -> None:
    """Invent an operator and do the whole job · 虚构一家运营商并完成全部工作."""
    from liuke.cli.demonstration import print_demonstration
    from liuke.pipelines.demo import demonstrate

    if directory.exists() and any(directory.iterdir()) and not (directory / "liuke.toml").is_file():
        err.print(f"{directory} is not empty and no workspace; choose another folder")
        raise typer.Exit(EXIT_USE)
    with spoken_errors(as_json), progress_bar() as progress:
        done = demonstrate(directory, customers=customers, months=months, seed=seed, progress=progress)
    if as_json:
        answer(done)
    else:
        print_demonstration(done)
