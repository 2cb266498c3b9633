"""Inputs that come as they are made, such as pipes: what is at hand is done at once.

A thread reads ahead. Whatever it has read by the time that the labelling is free is one batch, so
that a lone line is answered without waiting for the next, and many lines are labelled together.
"""

from __future__ import annotations

import os
import stat
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

AHEAD = 1 << 20
"""Characters that are read ahead, at most, and the record that goes beyond them."""

T = TypeVar("T")


def comes_slowly(source: str) -> bool:
    """Whether the input may keep its reader waiting: a pipe, a terminal, a socket; no file."""
    try:
        mode = (os.fstat(sys.stdin.fileno()) if source == "-" else os.stat(source)).st_mode
    except (AttributeError, OSError, ValueError):  # closed, or not there
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def at_hand(items: Iterable[T], size_of: Callable[[T], int]) -> Iterator[list[T]]:
    """The items in order, in batches: all that were read while the last batch was used.

    ``items`` is read in a thread, to at most `AHEAD` of ``size_of`` ahead. What it raises is raised
    here, behind the items before it.
    """
    reader = _Reader(items, size_of)
    threading.Thread(target=reader.run, name="reader", daemon=True).start()
    try:
        yield from reader.batches()
    finally:
        reader.leave()


class _Reader(Generic[T]):
    def __init__(self, items: Iterable[T], size_of: Callable[[T], int]) -> None:
        self._items, self._size_of = items, size_of
        self._changed = threading.Condition()
        self._waiting: deque[T] = deque()
        self._size = 0
        self._ended = False
        self._left = False
        self._error: BaseException | None = None
        # A thread that waits for standard input holds its lock. Were the stream closed while the
        # interpreter ends, it would wait for that lock and abort; so it must outlive the thread.
        self._stream = sys.stdin

    def run(self) -> None:
        """Reads to the end, or until no one asks for more."""
        try:
            for item in self._items:
                size = self._size_of(item)
                with self._changed:
                    self._changed.wait_for(lambda: self._size < AHEAD or self._left)
                    if self._left:
                        return
                    self._waiting.append(item)
                    self._size += size
                    self._changed.notify()
        except BaseException as error:  # handed to the one who reads the batches
            self._error = error
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify()

    def batches(self) -> Iterator[list[T]]:
        """What was read since the last time, again and again."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._ended)
                batch = list(self._waiting)
                self._waiting.clear()
                self._size = 0
                self._changed.notify()
            if batch:
                yield batch
            elif self._error is not None:
                raise self._error
            else:
                return

    def leave(self) -> None:
        """Lets the thread end when it next has something."""
        with self._changed:
            self._left = True
            self._changed.notify()
