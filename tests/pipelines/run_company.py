"""Workspaces and child processes for the tests of a whole run."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

import liuke
from liuke.pipelines.load import store_of
from liuke.pipelines.snapshot import Snapshot, snapshots
from liuke.workspace.folder import Workspace, new_workspace, open_workspace

RUN = """
import locale, sys
try:
    locale.setlocale(locale.LC_ALL, "")
except locale.Error:
    pass
import liuke
print(liuke.run(sys.argv[1]).snapshot.manifest["content_hash"])
"""


def invented(folder: Path, industry: str = "retail", customers: int = 120, months: int = 24) -> Path:
    """Return a workspace with an invented company."""
    liuke.simulate(folder, industry=industry, customers=customers, months=months, seed=1)
    return folder


def copied(source: Path, folder: Path) -> Path:
    """Return a copy of a workspace."""
    return Path(shutil.copytree(source, folder))


def with_limits(folder: Path, **limits: object) -> Path:
    """Write `limits` into the section [limits] of a workspace's definitions."""
    lines = [f"{name} = {value!r}".replace("'", '"') for name, value in limits.items()]
    file = folder / "liuke.toml"
    file.write_text(file.read_text("utf-8").replace("[limits]", "\n".join(["[limits]", *lines])), "utf-8")
    return folder


def tables_of(folder: Path) -> dict[str, pa.Table]:
    """Return the tables of a workspace, people aside."""
    store = store_of(open_workspace(folder))
    names = {file["table"] for load in store.loads() for file in load["files"]} - {"people"}
    return {name: store.read(name) for name in sorted(names)}


def loaded(folder: Path, tables: Mapping[str, pa.Table], like: Path) -> Path:
    """Load `tables` into `folder`, made with the definitions of the workspace `like` where it is not there yet."""
    if not folder.exists():
        new_workspace(folder)
        shutil.copy(like / "liuke.toml", folder / "liuke.toml")
    for name, table in tables.items():
        if table.num_rows:
            done = liuke.load(folder, name, without_companions(table), accept=True)
            assert done.rejected == 0, (name, done.reasons)
    return folder


def without_companions(table: pa.Table) -> pa.Table:
    """Return `table` without the local days that were computed from its instants, which are said to be UTC."""
    names = table.column_names
    kept = table.select([name for name in names if not (name.endswith("_on") and f"{name[:-3]}_at" in names)])
    zoned = [
        field.with_type(pa.timestamp("us", "UTC")) if pa.types.is_timestamp(field.type) else field
        for field in kept.schema
    ]
    return kept.cast(pa.schema(zoned))


def halves(table: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Return two parts of `table`; rows that are alike stay together: repeated in a second file they add nothing."""
    text = pc.binary_join_element_wise(
        *[pc.fill_null(column.cast(pa.string()), "") for column in table.columns], "|", null_handling="replace"
    )
    first = pa.array([len(one) % 2 == 0 for one in text.to_pylist()])
    return table.filter(first), table.filter(pc.invert(first))


def all_of(folder: Path) -> list[Snapshot]:
    """Return every published snapshot, each verified and read."""
    found = snapshots(Workspace(folder))
    for one in found:
        one.verify()
        assert one.table("customers").num_rows == one.manifest["rows"]["customers.parquet"]
    return found


def leftovers(folder: Path) -> list[str]:
    """Return what a killed run left behind."""
    return [path.name for path in (folder / "snapshots").glob(".staged-*")]


def child(
    code: str, *arguments: object, environment: Mapping[str, str] | None = None, limit: Callable[[], None] | None = None
) -> subprocess.Popen[str]:
    """Start Python on `code`."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=limit,
    )


def limited(kind: int, amount: int) -> Callable[[], None]:
    """Return what sets a limit of the operating system in a child process."""
    return lambda: resource.setrlimit(kind, (amount, resource.getrlimit(kind)[1]))


def liuke_command(*arguments: object, limit: Callable[[], None] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command line in a child process."""
    code = "import sys; from liuke.cli.main import main; sys.argv[0] = 'liuke'; main()"
    started = child(code, *arguments, limit=limit)
    try:
        output, errors = started.communicate(timeout=150)
    except subprocess.TimeoutExpired:
        started.kill()
        output, errors = started.communicate()
    return subprocess.CompletedProcess(started.args, started.returncode, output, errors)
