"""The fitted pipeline as a file: for scikit-learn, by skops or joblib."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path

from sklearn.pipeline import Pipeline

from segmenter.errors import MissingExtraError, SegmenterError

TRUSTED = (
    "training.pipeline.BlockWeights",
    "training.pipeline.Scales",
    "training.regression.PooledRegression",
)
"""The types of the pipeline that are the project's own, to be named when a file is loaded."""


def exporter(path: Path) -> Callable[[Pipeline], object]:
    """What writes a pipeline there; the suffix tells how.

    ``.skops``: data, of which loading runs nothing but the types that are trusted. ``.joblib``: a
    pickle, which runs what is in it: only for one's own files. Raises `SegmenterError` for another
    suffix, `MissingExtraError` without skops.
    """
    if path.suffix == ".joblib":
        return partial(import_module("joblib").dump, filename=path, compress=3)
    if path.suffix != ".skops":
        raise SegmenterError(f"{path}: a pipeline is written as .skops, or as .joblib")
    try:
        skops = import_module("skops.io")
    except ImportError as error:
        raise MissingExtraError(
            "a .skops file needs the extra 'sklearn': pip install 'segmenter[sklearn]'"
        ) from error
    return partial(skops.dump, file=path, compression=8)


def load(path: Path) -> Pipeline:
    """The pipeline in a ``.skops`` file. Raises `SegmenterError` for a file with other types."""
    skops = import_module("skops.io")
    if unknown := sorted(set(skops.get_untrusted_types(file=path)) - set(TRUSTED)):
        raise SegmenterError(f"{path}: holds {', '.join(unknown)}, which is no part of a pipeline")
    found: Pipeline = skops.load(path, trusted=list(TRUSTED))
    return found
