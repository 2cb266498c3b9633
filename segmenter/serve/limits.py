"""What a server allows a request, and whom it lets in."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from segmenter.web.problems import ProblemError

T = TypeVar("T")

SMOOTHING = 0.2
"""Weight of the latest request in the running mean of the time that a byte takes."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds: bytes of a body, seconds of a request, requests that are worked on and that wait."""

    body: int = 10 << 20
    seconds: float = 10.0
    workers: int = 2
    waiting: int = 16
    pages: int = 1000


class OutOfTimeError(Exception):
    """The deadline is over."""


class Deadline:
    """The end of a request's time; work looks at it between pages."""

    def __init__(self, seconds: float) -> None:
        """A deadline so many seconds from now."""
        self._end = time.monotonic() + seconds
        self.cancelled = False

    @property
    def left(self) -> float:
        """Seconds that are left; 0 once it is over."""
        return 0.0 if self.cancelled else max(self._end - time.monotonic(), 0.0)

    def check(self) -> None:
        """Raises `OutOfTimeError` once it is over."""
        if not self.left:
            raise OutOfTimeError


class Admission:
    """Lets as many requests in as can be answered in time, and refuses the others at once.

    A request is refused when all places are taken, or when the work that is already accepted would
    use up half of its time before it is begun. What is let in and still comes too late is refused
    with 503 while it waits, and with 504 while it is worked on.
    """

    def __init__(self, limits: Limits) -> None:
        """All places free."""
        self.limits = limits
        self.inside = 0
        self.running = 0
        self._bytes = 0
        self._seconds_a_byte = 0.0
        self._slots = asyncio.Semaphore(limits.workers)
        self._threads = ThreadPoolExecutor(limits.workers, thread_name_prefix="label")

    def close(self) -> None:
        """Waits for the work that is under way."""
        self._threads.shutdown()

    def expected_wait(self) -> float:
        """Seconds until work that comes now would be begun."""
        return self._bytes * self._seconds_a_byte / self.limits.workers

    @asynccontextmanager
    async def place(self, size: int) -> AsyncIterator[Deadline]:
        """A place for a request of ``size`` bytes. Raises `ProblemError` (503) if there is none."""
        limits = self.limits
        if self.inside >= limits.workers + limits.waiting:
            raise self._refusal("all places are taken")
        if self.expected_wait() > limits.seconds / 2:
            raise self._refusal("what is waiting takes all the time there is")
        self.inside += 1
        self._bytes += size
        try:
            yield Deadline(limits.seconds)
        finally:
            self.inside -= 1
            self._bytes -= size

    def _refusal(self, reason: str) -> ProblemError:
        after = max(1, round(self.expected_wait()))
        return ProblemError(
            503,
            f"{reason}; try again in {after} s",
            {"Retry-After": str(after), "Connection": "close"},
        )

    async def work(self, deadline: Deadline, size: int, task: Callable[[], T]) -> T:
        """What ``task`` returns, run in a thread once it is its turn.

        Raises `ProblemError`: 503 if its turn does not come in time, 504 if it does not end in
        time. A task cannot be ended from outside: it keeps its thread until it sees its deadline.
        """
        try:
            async with asyncio.timeout(deadline.left):
                await self._slots.acquire()
        except TimeoutError:
            raise self._refusal("the turn did not come in time") from None
        began = time.monotonic()
        try:
            future = asyncio.get_running_loop().run_in_executor(self._threads, task)
        except BaseException:
            self._slots.release()
            raise
        self.running += 1

        def done(ended: asyncio.Future[T]) -> None:
            self.running -= 1
            self._slots.release()
            if not ended.cancelled() and ended.exception() is None and size:
                took = (time.monotonic() - began) / size
                known = self._seconds_a_byte or took
                self._seconds_a_byte = known + SMOOTHING * (took - known)

        future.add_done_callback(done)
        try:
            return await asyncio.wait_for(asyncio.shield(future), deadline.left)
        except (TimeoutError, OutOfTimeError):
            deadline.cancelled = True
            raise ProblemError(
                504,
                f"the work did not end within {self.limits.seconds:g} s; send less at a time",
            ) from None
        except asyncio.CancelledError:
            deadline.cancelled = True
            raise
