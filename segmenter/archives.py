"""Archives of plain arrays: what model files are."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from segmenter.errors import ModelError

LARGEST_FILE, LARGEST_CONTENT = 64 << 20, 256 << 20
"""Bytes that a model file may have, and that its arrays may have unpacked."""

_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 1
_DAMAGE = (
    zipfile.BadZipFile, ValueError, EOFError, KeyError, NotImplementedError, zlib.error
)  # fmt: skip


def write_arrays(
    file: Path | BinaryIO, arrays: dict[str, NDArray[Any]], record: dict[str, Any]
) -> None:
    """Writes ``arrays`` and the JSON ``record``; the same content gives the same bytes.

    They are not compressed: inflating them would take longer than all else that loading does.
    """
    stored = {
        **arrays,
        "record": np.frombuffer(json.dumps(record, sort_keys=True).encode(), np.uint8),
    }
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in stored.items():
            # A fixed date, for the same bytes whenever the model is fitted.
            entry = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
            with archive.open(entry, "w") as handle:
                npy.write_array(handle, np.asarray(array, order="C"), allow_pickle=False)


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a file. Raises `ModelError`, with the reason, if it is no sound archive."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ModelError(f"{path}: over {LARGEST_FILE >> 20} MiB, so no model file")
        with path.open("rb") as handle:
            return _read(path, handle)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror or error}") from error


def digest_of(arrays: dict[str, NDArray[Any]]) -> str:
    """SHA-256 over the names, types, shapes and bytes of the arrays."""
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _read(path: Path, handle: BinaryIO) -> dict[str, NDArray[Any]]:
    """The arrays of an archive, after a look at what they would take."""
    try:
        with zipfile.ZipFile(handle) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > LARGEST_CONTENT:
                raise ModelError(f"{path}: unpacks to over {LARGEST_CONTENT >> 20} MiB; not loaded")
            arrays = {}
            for entry in archive.infolist():
                if entry.flag_bits & _ENCRYPTED or entry.compress_type not in _PACKINGS:
                    raise ValueError(f"{entry.filename} is encrypted, or packed in another way")
                # All at once, which is the fastest, and no more than the archive says it holds.
                with archive.open(entry) as member:
                    content = member.read(entry.file_size)
                arrays[entry.filename.removesuffix(".npy")] = _array(content)
            return arrays
    except _DAMAGE as error:
        raise ModelError(f"{path}: no model file, or a damaged one: {error}") from error


def record_of(path: Path, arrays: dict[str, NDArray[Any]]) -> dict[str, Any]:
    """Takes the record out of the arrays of a file. Raises `ModelError` if there is none."""
    try:
        record = json.loads(arrays.pop("record").tobytes())
    except (KeyError, ValueError, RecursionError) as error:
        raise ModelError(f"{path}: no model file: it has no readable record") from error
    if not isinstance(record, dict) or not isinstance(record.get("about"), dict):
        raise ModelError(f"{path}: no model file: it has no readable record")
    return record


def _array(content: bytes) -> NDArray[Any]:
    """The array of a ``.npy`` file, without a copy of its numbers.

    Raises `ValueError` for what `write_arrays` does not write: objects, among others.
    """
    file = io.BytesIO(content)
    if npy.read_magic(file) != (1, 0):
        raise ValueError("an array of another format")
    shape, transposed, kind = npy.read_array_header_1_0(file, max_header_size=1000)
    if kind.hasobject or transposed:
        raise ValueError("an array of objects, or in another order")
    array = np.frombuffer(content, kind, offset=file.tell())
    return array.reshape(shape)
