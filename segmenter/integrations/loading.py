"""The segmenter that a step of a pipeline works with."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from segmenter.segmenter import Segmenter, default


def segmenter_of(model: Segmenter | Path | str | None) -> Segmenter:
    """The segmenter given, that of a model file, or the one with the packaged model.

    A file is loaded once a process. Steps keep its path, which is what engines send to workers, and
    not its numbers. Raises `ModelError`.
    """
    if isinstance(model, Segmenter):
        return model
    return default() if model is None else _loaded(str(model))


@lru_cache(maxsize=4)
def _loaded(path: str) -> Segmenter:
    return Segmenter.load(path)
