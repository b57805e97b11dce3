"""The child process in which untrusted files are parsed, with limits on memory, CPU and written bytes.

A crash of the reader, a bomb or an endless loop ends the child, never the caller; the caller says in words what
happened. Started as ``python -m liuke.tables.sandbox``, the request comes as JSON on standard input.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from liuke.kernel.errors import Unavailable
from liuke.kernel.words import Words
from liuke.tables.verdicts import FileRefused

_REFUSED = 3


@dataclass(frozen=True, slots=True)
class Limits:
    """What the child may use.

    Parameters
    ----------
    memory_bytes : int
        Address space.
    cpu_seconds : int
        Processor time.
    written_bytes : int
        Size of any one file it writes.
    """

    memory_bytes: int = 1 << 30
    cpu_seconds: int = 60
    written_bytes: int = 64 << 30


def limits_for(path: Path) -> Limits:
    """Return limits for the file at `path`: more time for larger files, within which bombs stay small."""
    size = path.stat().st_size
    written = max(2 << 30, 100 * size)
    return Limits(cpu_seconds=55 + size // (2 << 20), written_bytes=written, memory_bytes=(1 << 30) + 4 * size)


def parse(path: Path, kind: str, directory: Path, options: dict[str, object], limits: Limits | None = None) -> None:
    """Bring the file at `path` into plain form in `directory`, in a child process.

    Raises
    ------
    FileRefused
        With the child's words, or with words for the limit it ran into.
    """
    limits = limits or limits_for(path)
    request = {"path": str(path), "kind": kind, "directory": str(directory), "options": options, **asdict(limits)}
    child = subprocess.run(
        [sys.executable, "-m", "liuke.tables.sandbox"],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if child.returncode == 0:
        return
    refusal = directory / "refused.json"
    if child.returncode == _REFUSED and refusal.exists():
        raise FileRefused(Words(**json.loads(refusal.read_text("utf-8"))))
    raise _in_words(child.returncode, child.stderr, limits)


def _in_words(code: int, trace: str, limits: Limits) -> FileRefused | Unavailable:
    if "No space left" in trace:
        return Unavailable("no room to bring the file into plain form: free disk space; nothing was changed")
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        return FileRefused.because(
            f"读取超过 {limits.cpu_seconds} 秒的 CPU 上限,文件可能有意设陷,请另存为 CSV",
            f"reading took more than {limits.cpu_seconds} s of CPU: the file may be a trap, save it as CSV",
        )
    if code == -signal.SIGXFSZ or "File too large" in trace:
        return FileRefused.because("展开后的数据超过大小上限", "the data unpack to more than may be written: refused")
    if code in (-signal.SIGABRT, -signal.SIGSEGV, -signal.SIGBUS) or "MemoryError" in trace or "alloc" in trace:
        mebibytes = limits.memory_bytes >> 20
        return FileRefused.because(
            f"读取所需内存超过 {mebibytes} MiB 的上限,文件可能有意设陷;大表请存为 CSV 或 Parquet",
            f"reading needs more than {mebibytes} MiB of memory: the file may be a trap; save large tables as CSV",
        )
    last = trace.strip().splitlines()[-1] if trace.strip() else f"exit {code}"
    return FileRefused.because(f"文件无法读取:{last}", f"the file cannot be read: {last}")


def read_here(path: Path, kind: str, directory: Path, options: dict[str, object]) -> None:
    """Bring the file at `path` into plain form in this very process (what the child does)."""
    from liuke.tables import columnar, delimited, excel, normal

    names = options.get("names")
    wanted = normal.ReadOptions(**{**options, "names": tuple(names) if isinstance(names, list | tuple) else None})  # type: ignore[arg-type]
    if kind == "columnar":
        meta = columnar.read(path, directory)
    else:
        meta = (excel.read if kind == "excel" else delimited.read)(path, directory, wanted)
    normal.write_meta(directory, meta)


def _limit(request: dict[str, int]) -> None:
    """Take the limits on, before anything large is imported."""
    os.environ["ARROW_DEFAULT_MEMORY_POOL"] = "system"
    os.environ["OMP_NUM_THREADS"] = "1"
    try:
        import resource
    except ImportError:  # not on Windows: the zip totals and row counts still hold
        return
    ctypes.CDLL(None).mallopt(-8, 1)  # one arena: each costs address space
    cpu = request["cpu_seconds"]
    wanted = {
        resource.RLIMIT_AS: (request["memory_bytes"],) * 2,
        resource.RLIMIT_CPU: (cpu, cpu + 2),
        resource.RLIMIT_FSIZE: (request["written_bytes"],) * 2,
        resource.RLIMIT_CORE: (0, 0),
    }
    for kind, (soft, hard) in wanted.items():
        given = resource.getrlimit(kind)[1]  # a caller may allow less already; it cannot be raised
        most = hard if given == resource.RLIM_INFINITY else min(hard, given)
        resource.setrlimit(kind, (min(soft, most), most))


def _child() -> int:
    request = json.loads(sys.stdin.read())
    _limit(request)
    directory = Path(request["directory"])
    try:
        read_here(Path(request["path"]), request["kind"], directory, request["options"])
    except FileRefused as error:
        (directory / "refused.json").write_text(json.dumps(asdict(error.words), ensure_ascii=False), "utf-8")
        return _REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(_child())
