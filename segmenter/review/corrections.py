"""The file of corrections: read as a whole, and written as a whole, atomically, at each change."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from filelock import FileLock, Timeout

from segmenter.errors import InputError
from segmenter.labelled import LabelledPage, check_labels, from_line


class Corrections:
    """A file in the page format that one program holds for itself.

    `open` takes the lock, `write` replaces the file, `close` gives the lock back. A crash at any
    moment leaves the old or the new file, never a part of one.
    """

    def __init__(self, path: Path) -> None:
        """``path`` need not exist yet; its folder must."""
        # A link stays a link: what it points to is replaced.
        self.path = path.resolve()
        self._lock = FileLock(f"{self.path}.lock", timeout=0)
        self._seen: tuple[int, int, int] | None = None

    def open(self, labels: Iterable[str]) -> list[LabelledPage]:
        """The pages of the file, once it is this program's alone.

        Raises `InputError` if the file is in use, or not in the page format.
        """
        if not self.path.parent.is_dir():
            raise InputError(f"{self.path.parent}: no such folder; make it first")
        try:
            self._lock.acquire()
        except Timeout as error:
            raise InputError(
                f"{self.path}: another review has this file open; close that one, or --save to "
                "another file"
            ) from error
        except OSError as error:
            raise InputError(f"{self.path}: cannot be locked: {error.strerror}") from error
        try:
            return self._read(tuple(labels))
        except InputError:
            self.close()
            raise

    def _read(self, labels: tuple[str, ...]) -> list[LabelledPage]:
        self._seen = self._state()
        if self._seen is None:
            return []
        pages = []
        try:
            lines = self.path.read_bytes().split(b"\n")
        except OSError as error:
            raise InputError(f"{self.path}: cannot be read: {error.strerror}") from error
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    page = from_line(line)
                    check_labels(page.segments, labels)
                except InputError as error:
                    raise InputError(f"{self.path}, line {number}: {error}") from error
                pages.append(page)
        return pages

    def write(self, lines: Iterable[str]) -> None:
        """Replaces the file by ``lines``; they are on the disk when this returns.

        Raises `InputError`, and changes nothing, if the file cannot be written, or was changed by
        another program since it was read.
        """
        if self._state() != self._seen:
            raise InputError(
                f"{self.path.name} was changed by another program; start the review again to go on "
                "from what it holds now"
            )
        fresh = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}.tmp")
        try:
            try:
                with fresh.open("x", encoding="utf-8", newline="\n") as handle:
                    handle.writelines(f"{line}\n" for line in lines)
                    handle.flush()
                    os.fsync(handle.fileno())
                if self._seen is not None:
                    fresh.chmod(self.path.stat().st_mode & 0o777)
                fresh.replace(self.path)
                _sync_folder(self.path.parent)
            except BaseException:
                fresh.unlink(missing_ok=True)
                raise
        except OSError as error:
            raise InputError(f"{self.path.name} cannot be written: {error.strerror}") from error
        self._seen = self._state()

    def close(self) -> None:
        """Gives the lock back."""
        self._lock.release()

    def _state(self) -> tuple[int, int, int] | None:
        """What changes when the file does: its node, size and time."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns


def _sync_folder(folder: Path) -> None:
    """Makes a renaming in the folder last; not every system lets a folder be opened."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
