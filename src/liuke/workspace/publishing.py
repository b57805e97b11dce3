"""How files come to be there whole or not at all.

Everything is written into a fresh temporary folder beside its final place, every file and folder is synced, and
one rename publishes it. A kill at any moment leaves at most a temporary folder, which the next run sweeps.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from liuke.kernel.errors import LiukeError, Unavailable

STAGED = ".staged-"
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class NoRoom(Unavailable):
    """The disk is full, or a limit on file size was reached."""


def sync(path: Path) -> None:
    """Flush the file or folder at `path` to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256(path: Path) -> str:
    """Return the SHA-256 of the file at `path` in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_want_of_room(error: BaseException | None) -> bool:
    """Return whether a full disk is at the root of `error`; writers wrap it in errors of their own."""
    if error is None:
        return False
    if isinstance(error, OSError) and (error.errno in _NO_ROOM or "No space left" in str(error)):
        return True
    return _is_want_of_room(error.__cause__ or error.__context__)


@contextmanager
def told_when_full(where: Path) -> Iterator[None]:
    """Turn a full disk under `where` into words with what is left."""
    try:
        yield
    except LiukeError:
        raise
    except Exception as error:
        if not _is_want_of_room(error):
            raise
        free = shutil.disk_usage(where if where.exists() else where.parent).free
        raise NoRoom(
            f"there is no room left under {where} ({free / 1e6:.0f} MB free, or a limit on file size was reached); "
            "nothing was changed. Free some space and do it again"
        ) from error


@contextmanager
def staged(final: Path) -> Iterator[Path]:
    """Give a fresh folder to write in; when the block ends well it becomes `final` by one rename.

    Raises
    ------
    FileExistsError
        If `final` is already there: what is published is never written over.
    NoRoom
        If the disk is full.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    with told_when_full(final.parent):
        if final.exists():
            raise FileExistsError(f"{final} is already there")
        folder = Path(tempfile.mkdtemp(prefix=STAGED, dir=final.parent))
        try:
            yield folder
            for path in sorted(folder.rglob("*"), reverse=True):
                sync(path)
            sync(folder)
            folder.chmod(0o755)
            os.rename(folder, final)
            try:
                sync(final.parent)
            except OSError:
                os.rename(final, folder)  # what is not safely on the disk is not published
                raise
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise


@contextmanager
def staged_file(final: Path) -> Iterator[Path]:
    """Give a fresh path to write one file to; when the block ends well it replaces `final` by one rename."""
    final.parent.mkdir(parents=True, exist_ok=True)
    with told_when_full(final.parent):
        descriptor, name = tempfile.mkstemp(prefix=STAGED, suffix=final.suffix, dir=final.parent)
        os.close(descriptor)
        temporary = Path(name)
        try:
            yield temporary
            sync(temporary)
            temporary.chmod(0o644)
            os.replace(temporary, final)
            sync(final.parent)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def sweep(folder: Path) -> None:
    """Remove what killed runs left in `folder`. Call it only while holding the workspace's lock."""
    for leftover in folder.glob(STAGED + "*"):
        if leftover.is_dir():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink(missing_ok=True)
