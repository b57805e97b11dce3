"""A run that is killed, starved or disturbed leaves the workspace whole (T20, T21, T22, T29, T30, T31)."""

from __future__ import annotations

import errno
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import liuke
from liuke.kernel.errors import Unavailable
from liuke.pipelines import snapshot as snapshot_module
from liuke.pipelines.snapshot import publish
from liuke.pipelines.steps import STEPS
from liuke.workspace import publishing
from liuke.workspace.folder import Workspace, WorkspaceBusy
from tests.pipelines import run_company as company

INSIDE = ("file_written", "files_written", "manifest_written", "before_rename", "after_rename")
KILLED_AT = """
import os, signal, sys
import liuke
from liuke.pipelines import snapshot
from liuke.pipelines.steps import STEPS
from liuke.workspace import publishing
folder, point = sys.argv[1:]
def passed(name):
    if name == point:
        os.kill(os.getpid(), signal.SIGKILL)
write_parquet, write_json, rename = snapshot.write_parquet, snapshot._write_json, os.rename
def parquet(table, path):
    write_parquet(table, path)
    passed("file_written")
def document(content, path):
    if path.name == snapshot.MANIFEST:
        passed("files_written")
    write_json(content, path)
    if path.name == snapshot.MANIFEST:
        passed("manifest_written")
def move(source, target):
    passed("before_rename")
    rename(source, target)
    passed("after_rename")
snapshot.write_parquet, snapshot._write_json, publishing.os.rename = parquet, document, move
names = {words.in_(language): name for name, words in STEPS.items() for language in ("zh", "en")}
print("ready", flush=True)
liuke.run(folder, progress=lambda done, total, step: passed(names[step]) if not done else None)
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with one snapshot."""
    folder = company.invented(tmp_path_factory.mktemp("faults") / "shop", customers=60, months=12)
    liuke.run(folder)
    return folder


@pytest.fixture(scope="module")
def undisturbed(shop: Path) -> str:
    return str(company.all_of(shop)[0].manifest["content_hash"])


@contextmanager
def watched(folder: Path) -> Iterator[list[str]]:
    """Read every snapshot there is again and again; collect what could not be trusted."""
    wrong: list[str] = []
    is_over = threading.Event()

    def read() -> None:
        while not is_over.is_set():
            try:
                company.all_of(folder)
            except Exception as error:
                wrong.append(repr(error))
            time.sleep(0.02)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield wrong
    finally:
        is_over.set()
        reader.join()


def killed(folder: Path, point: str, delay: float | None = None) -> int:
    with company.child(KILLED_AT, folder, point) as started:
        assert started.stdout is not None
        started.stdout.readline()
        if delay is not None:
            time.sleep(delay)
            started.kill()
        return started.wait(timeout=300)


def assert_whole(folder: Path, hash_before: str) -> None:
    for one in company.all_of(folder):
        assert one.manifest["content_hash"] == hash_before


def test_t20_t22_a_run_killed_before_its_rename_is_swept_and_run_again(
    shop: Path, undisturbed: str, tmp_path: Path
) -> None:
    folder = company.copied(shop, tmp_path / "shop")
    with watched(folder) as wrong:
        assert killed(folder, "before_rename") == -signal.SIGKILL
    assert wrong == []
    assert len(company.all_of(folder)) == 1
    assert len(company.leftovers(folder)) == 1
    again = liuke.run(folder)
    assert again.snapshot.manifest["content_hash"] == undisturbed
    assert company.leftovers(folder) == []


@pytest.mark.slow
def test_t20_a_run_killed_at_each_named_point_leaves_whole_snapshots(
    shop: Path, undisturbed: str, tmp_path: Path
) -> None:
    folder = company.copied(shop, tmp_path / "shop")
    with watched(folder) as wrong:
        for point in [*STEPS, *INSIDE]:
            n_before = len(company.all_of(folder))
            assert killed(folder, point) == -signal.SIGKILL, point
            assert len(company.all_of(folder)) == n_before + (point == "after_rename"), point
            assert_whole(folder, undisturbed)
            assert len(company.leftovers(folder)) <= 1, point
    assert wrong == []
    with Workspace(folder).locked():
        assert company.leftovers(folder) == []


@pytest.mark.slow
def test_t20_t22_a_run_killed_at_random_moments_leaves_whole_snapshots(
    shop: Path, undisturbed: str, tmp_path: Path
) -> None:
    folder, chance = company.copied(shop, tmp_path / "shop"), random.Random(20)
    began = time.perf_counter()
    liuke.run(folder)
    longest = time.perf_counter() - began
    with watched(folder) as wrong:
        for _ in range(12):
            killed(folder, "never", delay=chance.uniform(0, longest))
            assert_whole(folder, undisturbed)
    assert wrong == []
    assert liuke.run(folder).snapshot.manifest["content_hash"] == undisturbed
    assert company.leftovers(folder) == []


def published(folder: Path) -> Any:
    from datetime import date

    return publish(
        Workspace(folder), as_of=date(2026, 6, 30), facts={"seed": 1}, documents={"model": {"used": "model"}},
        tables={"customers": pa.table({"customer_id": ["1", "2"]}), "plan": pa.table({"customer_id": ["1"]})},
    )  # fmt: skip


def test_t21_files_are_synced_before_the_manifest_then_renamed_then_the_folder_is_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deeds: list[str] = []
    names: dict[int, str] = {}
    real_open, fsync, rename, write = os.open, os.fsync, os.rename, snapshot_module._write_json

    def opened(path: Any, flags: int, *rest: Any, **options: Any) -> int:
        descriptor = real_open(path, flags, *rest, **options)
        names[descriptor] = Path(path).name
        return descriptor

    def synced(descriptor: int) -> None:
        name = names[descriptor]
        deeds.append(f"sync {'folder' if name.startswith(publishing.STAGED) else name}")
        fsync(descriptor)

    def written(content: Any, path: Path) -> None:
        deeds.append(f"write {path.name}")
        write(content, path)

    monkeypatch.setattr(os, "open", opened)
    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "rename", lambda a, b: (deeds.append("rename"), rename(a, b)))
    monkeypatch.setattr(snapshot_module, "_write_json", written)
    published(tmp_path)
    at = {deed: place for place, deed in reversed(list(enumerate(deeds)))}
    for name in ("customers.parquet", "plan.parquet", "model.json"):
        assert at[f"sync {name}"] < at["write manifest.json"]
    assert at["write manifest.json"] < at["sync manifest.json"] < at["sync folder"] < at["rename"]
    assert deeds[-2:] == ["rename", "sync snapshots"]


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed here")
def test_t21_the_operating_system_sees_that_order(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom tests.pipelines.test_faults import published\n"
        "published(Path(sys.argv[1]))"
    )
    trace = tmp_path / "trace"
    command = ["strace", "-f", "-y", "-e", "trace=fsync,rename,renameat,renameat2", "-o", str(trace)]
    import sys

    found = subprocess.run(
        [*command, sys.executable, "-c", code, str(tmp_path / "acme")],
        capture_output=True, text=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    if "ptrace" in found.stderr.lower():
        pytest.skip("this machine does not let a process be traced")
    assert found.returncode == 0, found.stderr
    calls = [line for line in trace.read_text().splitlines() if str(tmp_path) in line]
    place = {
        name: [at for at, line in enumerate(calls) if name in line]
        for name in ("customers.parquet", "plan.parquet", "model.json", "manifest.json", "rename")
    }
    (renamed,) = place["rename"]
    for name in ("customers.parquet", "plan.parquet", "model.json"):
        assert place[name][0] < place["manifest.json"][0] < renamed
    assert "fsync" in calls[-1]
    assert "snapshots>" in calls[-1]
    assert renamed == len(calls) - 2


def test_t29_a_disk_full_at_any_write_of_publishing_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(tmp_path)
    n_failed = 0
    while True:
        with monkeypatch.context() as patched:
            fail_at_write(patched, n_failed)
            try:
                published(tmp_path)
                break
            except publishing.NoRoom as error:
                assert "Free some space" in str(error)
        n_failed += 1
        assert len(company.all_of(tmp_path)) == 1
        assert company.leftovers(tmp_path) == []
    assert n_failed >= 10
    assert len(company.all_of(tmp_path)) == 2


def fail_at_write(patched: pytest.MonkeyPatch, number: int) -> None:
    """Make one write, sync or rename fail for want of room: the one after the first `number` of them."""
    left = [number]

    def guarded(function: Any) -> Any:
        def run(*arguments: Any) -> Any:
            left[0] -= 1
            if left[0] == -1:
                raise OSError(errno.ENOSPC, "No space left on device")
            return function(*arguments)

        return run

    patched.setattr(snapshot_module, "write_parquet", guarded(snapshot_module.write_parquet))
    patched.setattr(snapshot_module, "_write_json", guarded(snapshot_module._write_json))
    patched.setattr(os, "fsync", guarded(os.fsync))
    patched.setattr(os, "rename", guarded(os.rename))


def test_t29_a_run_that_may_not_write_exits_with_words(shop: Path, undisturbed: str, tmp_path: Path) -> None:
    folder = company.copied(shop, tmp_path / "shop")
    told = company.liuke_command("run", folder, limit=company.limited(resource.RLIMIT_FSIZE, 2_000))
    assert (told.returncode, "no room left" in told.stderr) == (1, True), told.stderr
    assert "Traceback" not in told.stderr
    assert_whole(folder, undisturbed)
    assert (len(company.all_of(folder)), company.leftovers(folder)) == (1, [])


@pytest.mark.slow
def test_t29_a_file_limit_of_any_size_leaves_the_workspace_whole(shop: Path, undisturbed: str, tmp_path: Path) -> None:
    folder = company.copied(shop, tmp_path / "shop")
    codes = []
    for size in (0, 500, 4_000, 10_000, 30_000, 100_000, 10_000_000):
        told = company.liuke_command("run", folder, limit=company.limited(resource.RLIMIT_FSIZE, size))
        assert "Traceback" not in told.stderr, told.stderr
        assert_whole(folder, undisturbed)
        assert company.leftovers(folder) == []
        codes.append(told.returncode)
    assert set(codes) == {0, 1}
    assert codes[-1] == 0


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_t29_a_small_full_disk_leaves_the_workspace_whole(shop: Path, undisturbed: str, tmp_path: Path) -> None:
    import sys

    script = f"""
set -e
mount -t tmpfs -o size=64M none "{tmp_path}"
cp -r "{shop}" "{tmp_path}/shop"
dd if=/dev/zero of="{tmp_path}/filling" bs=1k count=$(($(df -k --output=avail "{tmp_path}" | tail -1) - 40)) status=none
set +e
"{sys.executable}" -m liuke.cli.main run "{tmp_path}/shop"
echo "code $?"
ls -A "{tmp_path}/shop/snapshots"
rm "{tmp_path}/filling"
"{sys.executable}" -c 'import liuke; print(liuke.run("{tmp_path}/shop").snapshot.manifest["content_hash"])'
"""
    script = script.replace("-m liuke.cli.main", "-c 'from liuke.cli.main import main; main()'")
    found = subprocess.run(["unshare", "-m", "bash", "-c", script], capture_output=True, text=True)
    if "mount" in found.stderr and "code" not in found.stdout:
        pytest.skip("this machine does not let a disk be mounted")
    lines = found.stdout.splitlines()
    assert "code 1" in lines, found.stderr
    assert "no room left" in found.stderr
    assert [line for line in lines if line.startswith((".staged", "2"))] == ["2026-06-30.001"]
    assert lines[-1] == undisturbed


@pytest.mark.parametrize("limit", ["256MB", "20MB"])
def test_t30_little_memory_for_the_engine_gives_the_same_bytes_or_clear_words(
    limit: str, shop: Path, undisturbed: str, tmp_path: Path
) -> None:
    folder = company.with_limits(company.copied(shop, tmp_path / "shop"), memory_limit=limit)
    try:
        found = liuke.run(folder).snapshot.manifest["content_hash"]
    except Unavailable as error:
        assert "[limits] memory_limit" in str(error)
        assert limit != "256MB"
        found = undisturbed
    assert found == undisturbed
    assert_whole(folder, undisturbed)
    assert not list(folder.glob(".spill/*"))


@pytest.mark.slow
def test_t30_a_process_short_of_memory_never_publishes_a_wrong_figure(
    shop: Path, undisturbed: str, tmp_path: Path
) -> None:
    folder = company.copied(shop, tmp_path / "shop")
    codes = []
    for megabytes in (8_000, 2_000, 1_200, 800, 600):
        told = company.liuke_command("run", folder, limit=company.limited(resource.RLIMIT_AS, megabytes << 20))
        codes.append(told.returncode)
        assert_whole(folder, undisturbed)
    assert codes[0] == 0
    assert any(codes)


def test_t31_a_run_beside_another_is_refused_in_words_and_the_lock_dies_with_its_holder(
    shop: Path, undisturbed: str, tmp_path: Path
) -> None:
    folder = company.copied(shop, tmp_path / "shop")
    hold = (
        "import sys, time\nfrom pathlib import Path\nfrom liuke.workspace.folder import Workspace\n"
        "with Workspace(Path(sys.argv[1])).locked():\n    print('held', flush=True)\n    time.sleep(300)"
    )
    with company.child(hold, folder) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        orders = pa.table({"customer_id": ["1"], "occurred_at": ["2026-01-01"], "amount": ["1"]})
        for deed in (lambda: liuke.run(folder), lambda: liuke.load(folder, "transactions", orders, accept=True)):
            with pytest.raises(WorkspaceBusy, match="wait until it has ended and try again"):
                deed()
        told = company.liuke_command("run", folder, "--json")
        assert (told.returncode, json.loads(told.stdout)["error"]["code"]) == (3, "WorkspaceBusy")
        holder.kill()
        holder.wait()
        with Workspace(folder).locked():
            pass
    assert_whole(folder, undisturbed)


@pytest.mark.slow
def test_t31_two_runs_at_once_publish_one_whole_snapshot_each_or_are_refused(
    shop: Path, undisturbed: str, tmp_path: Path
) -> None:
    folder = company.copied(shop, tmp_path / "shop")
    both = [company.child(company.RUN, folder) for _ in range(2)]
    told = [one.communicate(timeout=300) for one in both]
    refused = [errors for one, (_, errors) in zip(both, told, strict=True) if one.returncode]
    assert all("WorkspaceBusy" in errors for errors in refused)
    assert len(company.all_of(folder)) == 3 - len(refused)
    assert_whole(folder, undisturbed)
