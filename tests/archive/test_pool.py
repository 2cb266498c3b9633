from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from segmenter.archive.pool import BATCH_BYTES, Pool
from segmenter.errors import SegmenterError


def double() -> Callable[[list[int]], list[str]]:
    return lambda items: [str(2 * item) for item in items]


def work_that_fails(folder: str, items: list[int]) -> list[str]:
    """13 segfaults, 26 hangs, 39 runs out of memory; 52 kills its process the first time only."""
    for item in items:
        first = Path(folder, str(item))
        if item == 13:
            ctypes.string_at(0)
        elif item == 26:
            while True:
                pass
        elif item == 39:
            os.kill(os.getpid(), signal.SIGKILL)
        elif item == 52 and not first.exists():
            first.touch()
            os._exit(3)
    return [str(2 * item) for item in items]


def failing(folder: str) -> Callable[[list[int]], list[str]]:
    return partial(work_that_fails, folder)


def pool_of(
    start: Callable[[], Callable[[list[int]], list[str]]],
    jobs: int = 2,
    size: int = BATCH_BYTES // 20,
    timeout: float = 1.0,
) -> Pool[int, str]:
    return Pool(jobs, start, lambda item: size, lambda item, reason: f"{item}: {reason}", timeout)


def test_results_come_in_order() -> None:
    with pool_of(double) as pool:
        for count in (0, 1, 100):
            assert list(pool.map(range(count))) == [(n, str(2 * n)) for n in range(count)]


def test_a_lost_process_costs_one_item(tmp_path: Path) -> None:
    with pool_of(partial(failing, str(tmp_path))) as pool:
        found = dict(pool.map(range(60)))
    assert list(found) == list(range(60))
    assert found.pop(13) == "13: killed its process: SIGSEGV"
    assert found.pop(26) == "26: took longer than 1 s"
    assert found.pop(39) == "39: killed its process: SIGKILL"
    assert found == {n: str(2 * n) for n in found}  # with 52, which the second try did


def test_a_bounded_number_of_bytes_is_held() -> None:
    taken = 0

    def items() -> range:
        return range(1000)

    def counted() -> object:
        nonlocal taken
        for item in items():
            taken += 1
            yield item

    with pool_of(double, size=BATCH_BYTES) as pool:
        for done, _ in enumerate(pool.map(counted())):  # type: ignore[call-overload]
            assert taken - done <= 2 * 2 + 3


def never() -> Callable[[list[int]], list[str]]:
    os._exit(7)


def refuses() -> Callable[[list[int]], list[str]]:
    raise SegmenterError("the model is damaged")


def test_processes_that_do_not_start_end_the_job() -> None:
    with pool_of(never) as pool, pytest.raises(SegmenterError, match=r"cannot be started.*code 7"):
        list(pool.map(range(3)))
    with pool_of(refuses) as pool, pytest.raises(SegmenterError, match="the model is damaged"):
        list(pool.map(range(3)))


def hanging() -> Callable[[list[int]], list[str]]:
    return lambda items: [str(time.sleep(600))]


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is Linux's")
def test_no_process_outlives_the_job() -> None:
    code = (
        "from tests.archive.test_pool import hanging, pool_of\n"
        "import threading, sys\n"
        "with pool_of(hanging, timeout=600) as pool:\n"
        "    list(pool.map(range(40)))\n"
    )
    job = subprocess.Popen([sys.executable, "-c", code])
    children: list[int] = []
    deadline = time.monotonic() + 30
    while len(children) < 2 and time.monotonic() < deadline:
        text = Path(f"/proc/{job.pid}/task/{job.pid}/children").read_text(encoding="utf-8")
        lines = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in text.split()]
        children = [
            int(pid) for pid, line in zip(text.split(), lines, strict=True) if b"spawn_main" in line
        ]
        time.sleep(0.05)
    time.sleep(1)
    job.kill()
    job.wait()
    assert len(children) == 2
    while any(_alive(pid) for pid in children) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(_alive(pid) for pid in children)


def _alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"
