"""The workspace: one folder a company, and the lock that keeps two writers apart."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from liuke.kernel.errors import Conflict, InvalidInput, NotFound
from liuke.workspace import publishing
from liuke.workspace.definitions import Definitions, Industry, read_definitions
from liuke.workspace.template import definitions_text

DEFINITIONS = "liuke.toml"


class NoWorkspace(NotFound):
    """The folder named is not a workspace."""


class AlreadyThere(Conflict):
    """A workspace, or something else, is already in the way."""


class WorkspaceBusy(Conflict):
    """Another load or run holds the workspace."""


@dataclass(frozen=True)
class Workspace:
    """One company's folder.

    Parameters
    ----------
    path : Path
        Where `liuke.toml` lies.
    """

    path: Path

    @cached_property
    def definitions(self) -> Definitions:
        """The definitions as they are in the file now."""
        return read_definitions(self.path / DEFINITIONS)

    @property
    def tables(self) -> Path:
        """Where the canonical tables lie."""
        return self.path / "tables"

    @property
    def rejected(self) -> Path:
        """Where rejected rows wait to be mended."""
        return self.path / "rejected"

    @property
    def snapshots(self) -> Path:
        """Where the results lie."""
        return self.path / "snapshots"

    @property
    def spill(self) -> Path:
        """Where the engine lays what does not fit into memory; nothing there outlives a run."""
        return self.path / ".spill"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the workspace against other writers; the operating system frees it when the process dies.

        Raises
        ------
        WorkspaceBusy
            If another load or run holds it now.
        """
        descriptor = os.open(self.path / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise WorkspaceBusy(
                    f"another load or run is working in {self.path} right now; wait until it has ended and try again"
                ) from error
            for folder in (self.path, self.snapshots, self.rejected):
                publishing.sweep(folder)
            shutil.rmtree(self.spill, ignore_errors=True)
            yield
        finally:
            os.close(descriptor)


def open_workspace(path: Path | str) -> Workspace:
    """Return the workspace at `path`.

    Raises
    ------
    NoWorkspace
        If there is none.
    """
    folder = Path(path)
    if not (folder / DEFINITIONS).is_file():
        raise NoWorkspace(f"{folder} is no workspace: it has no {DEFINITIONS}. Make one with: liuke new {folder}")
    return Workspace(folder)


def new_workspace(path: Path | str, *, industry: Industry = "retail", name: str | None = None) -> Workspace:
    """Make a workspace with a commented `liuke.toml`.

    Parameters
    ----------
    path : Path or str
        A folder that does not exist yet, or is empty.
    industry : str
        Chooses the defaults: churn definition, remedies, horizon.
    name : str, optional
        The company's name; the folder's name by default.

    Raises
    ------
    AlreadyThere
        If the folder holds anything.
    """
    folder = Path(path)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise AlreadyThere(f"{folder} is already there and not empty; choose another name or remove it first")
    title = folder.resolve().name if name is None else name
    if any(ord(character) < 32 for character in title):
        raise InvalidInput(f"the company's name {title!r} contains a control character")
    folder.mkdir(parents=True, exist_ok=True)
    with publishing.staged_file(folder / DEFINITIONS) as file:
        file.write_text(definitions_text(title, industry), encoding="utf-8")
    return open_workspace(folder)
