"""The name of a model file's content, by which its users tell two models apart."""

from __future__ import annotations

import hashlib
from importlib.resources import as_file, files
from pathlib import Path

from segmenter.errors import InputError


def digest(path: str | None) -> str:
    """The beginning of the SHA-256 of a model file, of the packaged one unless a path is given.

    Raises `InputError` if it cannot be read.
    """
    try:
        if path is not None:
            content = Path(path).read_bytes()
        else:
            with as_file(files("segmenter").joinpath("models/default.npz")) as packaged:
                content = packaged.read_bytes()
    except OSError as error:
        raise InputError(f"{path or 'the packaged model'}: {error.strerror}") from error
    return hashlib.sha256(content).hexdigest()[:16]
