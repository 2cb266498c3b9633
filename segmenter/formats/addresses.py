"""Files here and elsewhere: a path, or an address that fsspec knows (``s3://bucket/key``)."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from segmenter.errors import InputError
from segmenter.formats.extras import load

_VERSIONS = ("ETag", "etag", "md5", "LastModified", "last_modified", "mtime", "updated", "created")
"""What file systems call that which changes when a file does; the first that is there counts."""


@dataclass(frozen=True, slots=True, order=True)
class Found:
    """A file: its address, its size in bytes if known, and a mark that changes when it does."""

    address: str
    size: int | None
    version: str


def is_remote(address: str) -> bool:
    """Whether fsspec is needed to reach it."""
    return "://" in address


def file_system(address: str) -> tuple[Any, str]:
    """The fsspec file system of an address, and the path in it. Raises `MissingExtraError`."""
    fsspec = load("fsspec", "remote", f"an address such as {address.split('://')[0]}://")
    try:
        return cast(tuple[Any, str], fsspec.core.url_to_fs(address))
    except (ImportError, ValueError) as error:
        raise InputError(f"{address}: cannot be reached: {error}") from error


@contextmanager
def reading(address: str) -> Iterator[BinaryIO]:
    """The file at an address, open for reading from any place. Raises `OSError`."""
    if not is_remote(address):
        with open(address, "rb") as handle:
            yield handle
        return
    system, path = file_system(address)
    with system.open(path, "rb") as remote:
        yield remote


def is_folder(address: str) -> bool:
    """Whether there is a folder at the address."""
    if not is_remote(address):
        return Path(address).is_dir()
    system, path = file_system(address)
    return bool(system.isdir(path))


def find(address: str) -> Found | None:
    """The file at an address, or ``None``."""
    if not is_remote(address):
        try:
            status = os.stat(address)
        except FileNotFoundError:
            return None
        return Found(address, status.st_size, f"{status.st_size}-{status.st_mtime_ns}")
    system, path = file_system(address)
    try:
        info = system.info(path)
    except FileNotFoundError:
        return None
    return _found(address, info)


def files_under(folder: str) -> list[tuple[str, Found]]:
    """All files of a folder and the folders in it, with their paths from there, in order."""
    found: list[tuple[str, Found]] = []
    if is_remote(folder):
        system, path = file_system(folder)
        for name, info in system.find(path, detail=True).items():
            relative = name[len(path) :].lstrip("/")
            found.append((relative, _found(f"{folder.rstrip('/')}/{relative}", info)))
    else:
        for above, _, names in os.walk(folder):
            for name in names:
                full = os.path.join(above, name)
                if (file := find(full)) is not None and os.path.isfile(full):
                    found.append((os.path.relpath(full, folder), file))
    return sorted(found)


def matching(pattern: str) -> list[str]:
    """The addresses that a pattern with ``*``, ``?`` or ``[`` names, in order."""
    if not any(mark in pattern for mark in "*?["):
        return []
    if not is_remote(pattern):
        return sorted(glob.glob(pattern, recursive=True))
    system, path = file_system(pattern)
    return sorted(system.unstrip_protocol(name) for name in system.glob(path))


def _found(address: str, info: dict[str, Any]) -> Found:
    mark = next((str(info[key]) for key in _VERSIONS if info.get(key)), "")
    return Found(address, info.get("size"), f"{info.get('size')}-{mark}")
