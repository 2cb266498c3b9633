"""Processes that may be lost: a page that hangs or kills its process costs that page alone.

Neither joblib nor concurrent.futures can end one hung process and keep the others and the order,
so these are processes of the standard library with a pipe each. The job keeps what it has sent;
when a process dies, or is killed because it takes too long, what it held is done again page by
page, each in a process of its own, and a page that fails there again is set aside.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from pathlib import Path
from time import monotonic
from typing import Any, Generic, TypeVar

from segmenter.errors import SegmenterError

Item = TypeVar("Item")
Result = TypeVar("Result")
Work = Callable[[list[Item]], list[Result]]

BATCH_BYTES = 1 << 20
"""Bytes of items that a process is sent at once, and half of it the items."""

BATCH_ITEMS = 64
_START = 120.0
_STARTS = 3
_CONTEXT = get_context("spawn")  # a fork would copy the threads of Arrow and fsspec half
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(slots=True)
class _Batch(Generic[Item, Result]):
    """Neighbouring items and their results so far."""

    items: list[Item]
    size: int
    results: dict[int, Result] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        return len(self.results) == len(self.items)


@dataclass(frozen=True, slots=True)
class _Task(Generic[Item, Result]):
    """Items ``begin`` to ``end`` of a batch. ``alone``: the page's second and last try."""

    batch: _Batch[Item, Result]
    begin: int
    end: int
    alone: bool = False

    @property
    def items(self) -> list[Item]:
        return self.batch.items[self.begin : self.end]


class _Worker(Generic[Item, Result]):
    """A process and what it is at; ``task`` is ``None`` while it starts and while it waits."""

    def __init__(self, start: Callable[[], Work[Item, Result]]) -> None:
        self.connection, theirs = _CONTEXT.Pipe()
        self.process = _CONTEXT.Process(target=_serve, args=(theirs, start), daemon=True)
        # Each process has one core; numpy's own threads would fight over it.
        kept = {name: os.environ.get(name) for name in _THREADS}
        os.environ.update(dict.fromkeys(_THREADS, "1"))
        try:
            self.process.start()
        finally:
            for name, value in kept.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})
        theirs.close()
        self.ready = False
        self.task: _Task[Item, Result] | None = None
        self.deadline = monotonic() + _START

    def stop(self) -> str:
        """Ends the process; returns how it had ended, if it had."""
        if self.process.exitcode is None:
            self.process.join(0.1)
        code = self.process.exitcode
        if code is None:
            self.process.kill()
            self.process.join()
        self.connection.close()
        if code is not None and code < 0:
            return f"killed its process: {signal.Signals(-code).name}"
        return "ended its process" if code is None else f"ended its process with code {code}"


class Pool(Generic[Item, Result]):
    """``jobs`` processes that each run what ``start``, called there, returns.

    ``size`` tells an item's bytes, ``failed`` makes the result of an item that is set aside, with
    the reason. ``timeout`` is the seconds that an item may take, and a whole batch before its items
    are done one by one.
    """

    def __init__(
        self,
        jobs: int,
        start: Callable[[], Work[Item, Result]],
        size: Callable[[Item], int],
        failed: Callable[[Item, str], Result],
        timeout: float,
    ) -> None:
        """No process is started before there is work."""
        self._jobs, self._start, self._size = jobs, start, size
        self._failed, self._timeout = failed, timeout
        self._workers: list[_Worker[Item, Result]] = []
        self._failed_starts = 0
        self._ready: deque[_Task[Item, Result]] = deque()

    def __enter__(self) -> Pool[Item, Result]:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.process.kill()
            worker.process.join()
            worker.connection.close()
        self._workers = []

    def map(self, items: Iterable[Item]) -> Iterator[tuple[Item, Result]]:
        """Each item with its result, in order; holds a bounded number of bytes at a time.

        Raises `SegmenterError` if the processes cannot be started.
        """
        batches = self._batches(items)
        order: deque[_Batch[Item, Result]] = deque()
        held, most = 0, (2 * self._jobs + 2) * BATCH_BYTES
        self._ready.clear()
        while True:
            while len(order) < 4 * self._jobs and (held < most or not order):
                if (batch := next(batches, None)) is None:
                    break
                order.append(batch)
                held += batch.size
                self._ready.append(_Task(batch, 0, len(batch.items)))
                self._send()
            if not order:
                return
            self._send()
            if not order[0].complete:
                self._receive()
            while order and order[0].complete:
                done = order.popleft()
                held -= done.size
                for index, item in enumerate(done.items):
                    yield item, done.results.pop(index)

    def _batches(self, items: Iterable[Item]) -> Iterator[_Batch[Item, Result]]:
        batch: list[Item] = []
        total = 0
        for item in items:
            batch.append(item)
            total += self._size(item)
            if total >= BATCH_BYTES // 2 or len(batch) >= BATCH_ITEMS:
                yield _Batch(batch, total)
                batch, total = [], 0
        if batch:
            yield _Batch(batch, total)

    def _send(self) -> None:
        """Gives each waiting process work, and starts processes while there is more of it."""
        for worker in list(self._workers):
            if self._ready and worker.ready and worker.task is None:
                worker.task = self._ready.popleft()
                worker.deadline = monotonic() + self._timeout
                try:
                    worker.connection.send(worker.task.items)
                except OSError:
                    self._lose(worker, "")
        starting = sum(not worker.ready for worker in self._workers)
        while len(self._workers) < self._jobs and starting < len(self._ready):
            self._workers.append(_Worker(self._start))
            starting += 1

    def _receive(self) -> None:
        """Waits for what any process has to say, or for the first that takes too long."""
        busy = [worker for worker in self._workers if worker.task is not None or not worker.ready]
        left = min(worker.deadline for worker in busy) - monotonic()
        heard = wait([worker.connection for worker in busy], max(0.0, left))
        for worker in busy:
            if worker.connection in heard:
                try:
                    message = worker.connection.recv()
                except (EOFError, OSError):
                    self._lose(worker, "")
                else:
                    self._take(worker, message)
            elif monotonic() >= worker.deadline:
                self._lose(worker, f"took longer than {self._timeout:g} s")

    def _take(self, worker: _Worker[Item, Result], message: Any) -> None:
        if isinstance(message, SegmenterError):
            raise message
        if not worker.ready:
            worker.ready = True
            self._failed_starts = 0
            return
        task, worker.task = worker.task, None
        if task is not None:
            task.batch.results.update(zip(range(task.begin, task.end), message, strict=True))

    def _lose(self, worker: _Worker[Item, Result], reason: str) -> None:
        """Does without a process: what it was at is tried again page by page, or set aside."""
        self._workers.remove(worker)
        if reason:
            worker.process.kill()
        ended = worker.stop()
        task = worker.task
        if task is None:
            self._failed_starts += 1
            if self._failed_starts >= _STARTS:
                raise SegmenterError(
                    f"the labelling processes cannot be started: the last one {ended}"
                )
        elif task.alone:
            item = task.batch.items[task.begin]
            task.batch.results[task.begin] = self._failed(item, reason or ended)
        else:
            again = range(task.begin, task.end)
            self._ready.extendleft(_Task(task.batch, i, i + 1, True) for i in reversed(again))


def _serve(connection: Connection, start: Callable[[], Work[Any, Any]]) -> None:
    """What a process does: says that it is ready, and answers items with results, until the end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the job, which ends its processes
    _die_with_parent()
    with suppress(EOFError, OSError):
        try:
            work = start()
            connection.send(None)
            while True:
                connection.send(work(connection.recv()))
        except SegmenterError as error:  # wrong for all items: the job ends with it
            connection.send(error)


def _die_with_parent() -> None:
    """Sees to it that the process ends with its job even in the middle of a page, on Linux.

    The kernel is also told to take this process before the job when memory runs out.
    """
    if sys.platform != "linux":
        return
    set_parent_death_signal = 1  # PR_SET_PDEATHSIG of prctl(2)
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("800")
