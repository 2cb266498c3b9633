"""Where output goes: a folder, here or at an address. A file is there as a whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from segmenter.errors import InputError
from segmenter.formats import addresses

PARTIAL = ".partial"
"""Folder in the output for files that are being written."""


class Store:
    """The output folder at ``address``. Raises `InputError` and `OSError`."""

    def __init__(self, address: str, part: str = "") -> None:
        """Makes the folder; files begin in ``staging``, on this machine.

        ``part`` is for one of several processes that write to the same output, each in a staging
        folder of its own. That of the whole is another job's until `claim`.
        """
        if not address:
            raise InputError("the output has an empty name")
        self.address = address.rstrip("/") or "/"
        self._remote = addresses.is_remote(address)
        self._own = self._remote or bool(part)
        if self._remote:
            self._system, self._path = addresses.file_system(self.address)
            self.staging = Path(tempfile.mkdtemp(prefix="segmenter-"))
            return
        self._folder = Path(self.address)
        if self._folder.exists() and not self._folder.is_dir():
            raise InputError(f"{address}: is a file; name a folder for the output")
        self._folder.mkdir(parents=True, exist_ok=True)
        self.staging = self._folder / PARTIAL / part

    def begin(self, name: str) -> Path:
        """Where a file that will be ``name`` is to be written first."""
        path = self.staging / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def publish(self, names: list[str]) -> None:
        """Gives complete files their names. When this returns they outlast a loss of power."""
        for name in names:
            with (self.staging / name).open("rb") as handle:
                os.fsync(handle.fileno())
        if self._remote:
            for name in names:
                with addresses.reaching(f"{self.address}/{name}"):
                    # An object appears when all of it has arrived.
                    self._system.makedirs(str(Path(self._path, name).parent), exist_ok=True)
                    self._system.put_file(str(self.staging / name), f"{self._path}/{name}")
                (self.staging / name).unlink()
            return
        folders: set[Path] = set()
        for name in names:
            target = self._folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(self.staging / name, target)
            folders.update(self._folder / above for above in Path(name).parents)
        for folder in sorted(folders, reverse=True):
            _sync_folder(folder)

    def send(self, path: Path, name: str) -> None:
        """Puts a copy of a file that stays open here, such as the manifest, where output goes."""
        if self._remote:
            with addresses.reaching(f"{self.address}/{name}"):
                self._system.put_file(str(path), f"{self._path}/{name}")

    def fetch(self, name: str) -> Path:
        """The file of this name on this machine, brought to the staging folder if it is away."""
        if not self._remote:
            return self._folder / name
        path = self.begin(name)
        if self.size(name) is not None:
            with addresses.reaching(f"{self.address}/{name}"):
                self._system.get_file(f"{self._path}/{name}", str(path))
        return path

    def size(self, name: str) -> int | None:
        """The bytes of a file, or ``None`` if it is not there."""
        found = addresses.find(f"{self.address}/{name}")
        return None if found is None else found.size

    def remove(self, name: str) -> None:
        """Takes a file away, if it is there."""
        if not self._remote:
            (self._folder / name).unlink(missing_ok=True)
        elif self.size(name) is not None:
            with addresses.reaching(f"{self.address}/{name}"):
                self._system.rm_file(f"{self._path}/{name}")

    def files(self) -> dict[str, int | None]:
        """All files that are there, with their bytes."""
        return {
            name: found.size
            for name, found in addresses.files_under(self.address)
            if not name.startswith(PARTIAL)
        }

    def claim(self, keep: Path) -> None:
        """Takes the staging folder over, for who is sure that no other job is at work here.

        What was being written is taken away, but for the file ``keep``.
        """
        self._own = True
        self.staging.mkdir(exist_ok=True)
        for path in self.staging.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif not path.name.startswith(keep.name):
                path.unlink()

    def close(self) -> None:
        """Takes the staging folder away, if it is this one's."""
        if self._own:
            shutil.rmtree(self.staging, ignore_errors=True)


def digest(path: Path) -> tuple[int, str]:
    """The bytes of a file and their SHA-256."""
    with path.open("rb") as handle:
        return path.stat().st_size, hashlib.file_digest(handle, "sha256").hexdigest()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
