"""The numbers of the model for pages with markup: kept as plain arrays, checked when loaded.

The file is like that of `segmenter.model`: a NumPy ``.npz`` archive without pickled objects, with a
JSON record. Loading one runs no code; a damaged or foreign one is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from segmenter import structure as st
from segmenter.archives import digest_of, read_arrays, record_of, write_arrays
from segmenter.article import NUMBERS, around
from segmenter.elements import PATH_BITS
from segmenter.errors import ModelError
from segmenter.features import Grams
from segmenter.structure import Structure

FORMAT = 1

Floats = NDArray[np.float64]
Weights = NDArray[np.float32]


@dataclass(frozen=True)
class ArticleModel:
    """A fitted model of which blocks of a page with markup are its article's body.

    ``path_idf``, ``term_idf``: float32, (buckets,). ``path``, ``terms``: coefficients, float32,
    (buckets,). ``columns``: what each bin of each column says, float32, (columns * bins,).
    ``around``: coefficients of the second stage, float32, (numbers,). ``bias``: float32, (2,), one
    a stage. ``about``: what the model was made from, for people.
    """

    path_idf: Weights
    path: Weights
    term_idf: Weights
    terms: Weights
    columns: Weights
    around: Weights
    bias: Weights
    about: dict[str, Any]

    def score(self, structure: Structure) -> Floats:
        """The probability that each block is of the article's body: (blocks,)."""
        return self.stages(structure)[1]

    def stages(self, structure: Structure) -> tuple[Floats, Floats]:
        """The probabilities by the first stage and by the second: (blocks,) each."""
        columns = structure.columns
        chosen = columns.astype(np.int64) + st.BINS * np.arange(columns.shape[1])
        logits = self.columns.take(chosen).sum(axis=1, dtype=np.float64) + float(self.bias[0])
        logits += _weighted(structure.path, self.path, self.path_idf)
        logits += _weighted(structure.terms, self.terms, self.term_idf)
        first = _logistic(logits)
        numbers = around(first, structure.layout)
        # One block after the other, so that a page's figures do not depend on its batch.
        second = (numbers * self.around).sum(axis=1) + float(self.bias[1])
        return first, _logistic(second)

    def save(self, file: Path | BinaryIO) -> None:
        """Writes the model; the same numbers give the same bytes."""
        arrays = self._arrays()
        record = {
            "format": FORMAT,
            "structure": st.VERSION,
            "sha256": digest_of(arrays),
            "about": self.about,
        }
        write_arrays(file, arrays, record)

    def _arrays(self) -> dict[str, NDArray[Any]]:
        return {name: getattr(self, name) for name in _shapes()}

    @classmethod
    def load(cls, path: Path | str) -> ArticleModel:
        """Reads a model file.

        Raises `ModelError` if the file is missing, is no model file, was damaged or changed, or was
        made for another version; the message says which.
        """
        path = Path(path)
        arrays = read_arrays(path)
        record = record_of(path, arrays)
        stored = (record.get("format"), record.get("structure"))
        if stored != (FORMAT, st.VERSION):
            raise ModelError(
                f"{path}: made for format {stored[0]} and structure {stored[1]}, this version "
                f"reads format {FORMAT} and structure {st.VERSION}: fit it again with `make train`"
            )
        shapes = _shapes()
        if set(arrays) != set(shapes):
            raise ModelError(f"{path}: it does not hold the arrays of a model for markup")
        for name, shape in shapes.items():
            array = arrays[name]
            if array.shape != shape or array.dtype != np.float32:
                raise ModelError(
                    f"{path}: {name} is {array.dtype} {array.shape}, not float32 {shape}"
                )
            if not np.isfinite(array).all():
                raise ModelError(f"{path}: {name} holds values that are no finite numbers")
        if digest_of(arrays) != record.get("sha256"):
            raise ModelError(
                f"{path}: its content was changed or damaged: the SHA-256 does not match"
            )
        return cls(**arrays, about=record["about"])


def _shapes() -> dict[str, tuple[int, ...]]:
    path, terms = 1 << PATH_BITS, 1 << st.WORD_BITS
    return {
        "path_idf": (path,),
        "path": (path,),
        "term_idf": (terms,),
        "terms": (terms,),
        "columns": (st.COLUMNS * st.BINS,),
        "around": (NUMBERS,),
        "bias": (2,),
    }


def _weighted(grams: Grams, coefficients: Weights, idf: Weights) -> Floats:
    """TF-IDF-weighted sums of the coefficients, divided by sqrt(sum of tf * idf**2)."""
    blocks = len(grams.bounds) - 1
    total, norm = np.zeros(blocks), np.zeros(blocks)
    full = np.flatnonzero(grams.bounds[1:] > grams.bounds[:-1])
    if len(full):
        starts = grams.bounds[full]
        weights = idf.take(grams.buckets).astype(np.float64)
        values = coefficients.take(grams.buckets) * weights
        total[full] = np.add.reduceat(values, starts)
        norm[full] = np.add.reduceat(np.square(weights), starts)
    return total / np.sqrt(np.maximum(norm, np.finfo(np.float64).tiny))


def _logistic(logits: Floats) -> Floats:
    return 1 / (1 + np.exp(-np.clip(logits, -500, 500)))
