"""Files here and elsewhere: a path, or an address that fsspec knows (``s3://bucket/key``)."""

from __future__ import annotations

import errno
import glob
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from segmenter.errors import InputError, SegmenterError
from segmenter.formats.extras import load

_VERSIONS = ("ETag", "etag", "md5", "LastModified", "last_modified", "mtime", "updated", "created")
"""What file systems call that which changes when a file does; the first that is there counts."""

_MISTAKES = (
    TypeError, AttributeError, NameError, LookupError, ArithmeticError, AssertionError, MemoryError,
)  # fmt: skip
"""What tells of a mistake in a program, and not of a file system; it is not to be hidden."""


@dataclass(frozen=True, slots=True, order=True)
class Found:
    """A file: its address, its size in bytes if known, and a mark that changes when it does."""

    address: str
    size: int | None
    version: str


def is_remote(address: str) -> bool:
    """Whether fsspec is needed to reach it."""
    return "://" in address


@contextmanager
def reaching(address: str) -> Iterator[None]:
    """Makes an `OSError` that names the address of what the library of a file system raises.

    Such a library has exceptions of its own, such as botocore's ``NoCredentialsError``, and its
    `OSError` may not tell of what. Only calls of the library belong within.
    """
    try:
        yield
    except (SegmenterError, *_MISTAKES):
        raise
    except FileNotFoundError as error:
        raise OSError(errno.ENOENT, os.strerror(errno.ENOENT), address) from error
    except Exception as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        number = error.errno if isinstance(error, OSError) else None
        raise OSError(number or errno.EIO, " ".join(str(reason).split()), address) from error


def file_system(address: str) -> tuple[Any, str]:
    """The fsspec file system of an address, and the path in it.

    Raises `InputError`, `MissingExtraError`, and `OSError` where it does not let one in.
    """
    fsspec = load("fsspec", "remote", f"an address such as {address.split('://')[0]}://")
    with reaching(address):
        try:
            return cast(tuple[Any, str], fsspec.core.url_to_fs(address))
        except (ImportError, ValueError) as error:
            raise InputError(f"{address}: cannot be reached: {error}") from error


class _Remote:
    """An open file of a file system, of which reading fails with an `OSError` only."""

    def __init__(self, handle: Any, address: str) -> None:
        self._handle, self._address = handle, address

    def read(self, count: int = -1) -> bytes:
        with reaching(self._address):
            return bytes(self._handle.read(count))

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        with reaching(self._address):
            return int(self._handle.seek(offset, whence))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._handle, name)


@contextmanager
def reading(address: str) -> Iterator[BinaryIO]:
    """The file at an address, open for reading from any place. Raises `OSError`."""
    if not is_remote(address):
        with open(address, "rb") as handle:
            yield handle
        return
    system, path = file_system(address)
    with reaching(address):
        handle = system.open(path, "rb")
    with handle:
        yield cast(BinaryIO, _Remote(handle, address))


def is_folder(address: str) -> bool:
    """Whether there is a folder at the address."""
    if not is_remote(address):
        return Path(address).is_dir()
    system, path = file_system(address)
    with reaching(address):
        return bool(system.isdir(path))


def find(address: str) -> Found | None:
    """The file at an address, or ``None``."""
    if not is_remote(address):
        try:
            status = os.stat(address)
        except FileNotFoundError:
            return None
        if not stat.S_ISREG(status.st_mode):
            return Found(address, None, "")
        return Found(address, status.st_size, f"{status.st_size}-{status.st_mtime_ns}")
    system, path = file_system(address)
    try:
        with reaching(address):
            info = system.info(path)
    except FileNotFoundError:
        return None
    return _found(address, info)


def files_under(folder: str) -> list[tuple[str, Found]]:
    """All files of a folder and the folders in it, with their paths from there, in order.

    Raises `OSError` for a folder that cannot be read; links to folders are not followed.
    """
    found: list[tuple[str, Found]] = []
    if is_remote(folder):
        system, path = file_system(folder)
        with reaching(folder):
            listing = system.find(path, detail=True)
        for name, info in listing.items():
            relative = name[len(path) :].lstrip("/")
            found.append((relative, _found(f"{folder.rstrip('/')}/{relative}", info)))
    else:
        for above, _, names in os.walk(folder, onerror=_raise):
            for name in names:
                full = os.path.join(above, name)
                try:
                    file = find(full)
                except OSError:
                    file = None
                # A link that leads nowhere is told of where it is read.
                if file is None or os.path.isfile(full):
                    place = os.path.relpath(full, folder)
                    found.append((place, file or Found(full, None, "")))
    return sorted(found)


def _raise(error: OSError) -> None:
    raise error


def matching(pattern: str) -> list[str]:
    """The addresses that a pattern with ``*``, ``?`` or ``[`` names, in order."""
    if not any(mark in pattern for mark in "*?["):
        return []
    if not is_remote(pattern):
        return sorted(glob.glob(pattern, recursive=True))
    system, path = file_system(pattern)
    with reaching(pattern):
        names = system.glob(path)
    return sorted(system.unstrip_protocol(name) for name in names)


def _found(address: str, info: dict[str, Any]) -> Found:
    mark = next((str(info[key]) for key in _VERSIONS if info.get(key)), "")
    return Found(address, info.get("size"), f"{info.get('size')}-{mark}")
