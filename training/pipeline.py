"""The labeller as a scikit-learn pipeline: counts, TF-IDF weights, logistic regression.

`segmenter.model.Model` holds the same numbers and needs numpy alone; `to_model` copies them. With
what is added for what a page tells twice (`training.fit.role_scores`), a test holds both to the
same probabilities.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.pipeline import Pipeline

from segmenter import columns as cols
from segmenter import features as ft
from segmenter.calibration import Calibration
from segmenter.decoder import Chain
from segmenter.errors import SegmenterError
from segmenter.model import STEPS, Model
from segmenter.retelling import Retelling
from segmenter.tables import Coefficients
from training.regression import PooledRegression
from training.rows import MISSING, Rows

MASKED, WORDS = 1 << ft.MASKED_BITS, 1 << ft.WORD_BITS
_PLACES = len(cols.NEIGHBOURS)
_EDGES = np.cumsum(
    (0, MASKED, WORDS, *[len(cols.column_names()) * cols.BINS] * _PLACES, _PLACES)
).tolist()
GROUPS: dict[str, tuple[int, int]] = {
    "masked": (_EDGES[0], _EDGES[1]),
    "words": (_EDGES[1], _EDGES[2]),
    "columns": (_EDGES[2], _EDGES[3]),
    "neighbours": (_EDGES[3], _EDGES[-1]),
}
"""Where the features of each group of `Scales` are, from the first to behind the last."""


@dataclass(frozen=True, slots=True)
class Scales:
    """What each group of features is multiplied by: the larger, the less it is held back."""

    masked: float = 1.0
    words: float = 0.8
    columns: float = 1.4
    neighbours: float = 0.4


class BlockWeights(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Rows of counts to the weights that the regression sees: each n-gram group by TF-IDF.

    A row of TF-IDF weights is divided by sqrt(sum of tf * idf**2), as `segmenter.tables.weighted`
    explains.
    A column is as many 0/1 features as it has bins, of this block and of its neighbours; its most
    frequent bin is the reference level, of which nothing is told.
    """

    def __init__(
        self, scales: Scales | None = None, without: tuple[str, ...] = (), min_df: float = 0.0
    ) -> None:
        """``without`` names columns that are left out, for ablations.

        ``min_df``: the share of blocks up to which a feature is too rare to be told.
        """
        self.scales = scales
        self.without = without
        self.min_df = min_df

    def fit(self, rows: Rows, y: object = None) -> Self:
        """Learns inverse document frequencies, reference levels, and which features are rare.

        A block is a document. ``reference_``: the bin, int64 of shape (places, columns).
        """
        self.fit_transform(rows)
        return self

    def fit_transform(self, rows: Rows, y: object = None) -> sparse.csr_array:
        """As `fit`, then `transform`, with the weights made once."""
        self.masked_ = TfidfTransformer(norm=None).fit(rows.masked)
        self.words_ = TfidfTransformer(norm=None).fit(rows.words)
        for transformer in (self.masked_, self.words_):
            # What the model file keeps.
            transformer.idf_ = transformer.idf_.astype(np.float32).astype(np.float64)
        self.reference_ = np.array(
            [[_most_frequent(bins) for bins in near.T] for near in rows.columns.swapaxes(0, 1)]
        )
        weights = self._weights(rows)
        blocks_with = np.bincount(weights.indices, minlength=weights.shape[1])
        self.frequent_ = blocks_with > self.min_df * len(rows)
        return self._without_rare(weights)

    def transform(self, rows: Rows) -> sparse.csr_array:
        """The weights, of shape (blocks, features)."""
        return self._without_rare(self._weights(rows))

    def _without_rare(self, weights: sparse.csr_array) -> sparse.csr_array:
        weights.data *= self.frequent_[weights.indices]
        weights.eliminate_zeros()
        return weights

    def _weights(self, rows: Rows) -> sparse.csr_array:
        scales = self.scales or Scales()
        parts = [
            _normalised(self.masked_, rows.masked) * scales.masked,
            _normalised(self.words_, rows.words) * scales.words,
            *_columns(rows, self.reference_, scales, self.without),
        ]
        return sparse.hstack(parts, format="csr")


def _normalised(transformer: Any, counts: sparse.csr_array) -> sparse.csr_array:
    weights = transformer.transform(counts.astype(np.float64))
    norm = np.sqrt(counts @ transformer.idf_**2)
    return sparse.diags_array(1 / np.maximum(norm, np.finfo(np.float64).tiny)) @ weights


def _most_frequent(bins: NDArray[np.uint8]) -> int:
    """The most frequent bin of a column."""
    return int(np.bincount(bins, minlength=MISSING + 1)[:MISSING].argmax())


def _columns(
    rows: Rows, reference: NDArray[np.int64], scales: Scales, without: tuple[str, ...]
) -> list[sparse.csr_array]:
    """The 0/1 features of each place in `columns.NEIGHBOURS`, then those of missing neighbours.

    Bins that are the ``reference``, of shape (places, columns), are left out.
    """
    blocks, places, columns = rows.columns.shape
    used = np.array([name not in without for name in cols.column_names()])
    parts, edges = [], []
    for i, place in zip(range(places), cols.NEIGHBOURS, strict=True):
        scale = column_scale(scales, place, columns)
        there = rows.columns[:, i, 0] != MISSING
        told = there[:, None] & used & (rows.columns[:, i] != reference[i])
        block, column = np.nonzero(told)
        chosen = rows.columns[block, i, column] + cols.BINS * column
        bounds = np.concatenate(([0], np.cumsum(np.count_nonzero(told, axis=1))))
        values = np.full(len(chosen), scale)
        shape = (blocks, columns * cols.BINS)
        parts.append(sparse.csr_array((values, chosen, bounds), shape=shape))
        edges.append(~there * scale)
    return [*parts, sparse.csr_array(np.column_stack(edges))]


def column_scale(scales: Scales, place: int, columns: int) -> float:
    """The value of a 0/1 feature: a block's columns together have length ``scale`` at most."""
    return float((scales.neighbours if place else scales.columns) / np.sqrt(columns))


def pipeline(
    scales: Scales,
    c: float,
    without: tuple[str, ...] = (),
    min_df: float = 0.0,
    pool: tuple[str, ...] = (),
) -> Pipeline:
    """The pipeline, to be fitted on `Rows`; ``c`` is the inverse strength of the penalty.

    ``without``, ``min_df``: see `BlockWeights`. ``pool``: for each of the regressions that are
    averaged, the group of features that it lacks, of `GROUPS`.
    """
    lacking = [GROUPS[group] for group in pool]
    # Ended earlier or later by as many iterations, the accuracy differs by less than .002.
    return Pipeline(
        [
            ("weights", BlockWeights(scales, without, min_df)),
            ("regression", PooledRegression(lacking, C=c, max_iter=1000, tol=1e-3)),
        ]
    )


def to_model(
    fitted: Pipeline,
    labels: tuple[str, ...],
    chain: Chain,
    calibration: Calibration,
    retelling: Retelling,
    about: dict[str, Any],
) -> Model:
    """The numbers of a fitted pipeline as a `Model`.

    Raises `SegmenterError` for a coefficient that a model file cannot hold.
    """
    weights: BlockWeights = fitted.named_steps["weights"]
    regression = fitted.named_steps["regression"]
    scales = weights.scales or Scales()
    columns = len(cols.column_names())
    steps = np.round(regression.coef_.T * STEPS)
    largest = np.abs(steps).max()
    if not largest <= np.iinfo(np.int16).max:  # so that what is no number fails too
        raise SegmenterError(
            f"a coefficient of {largest / STEPS:.0f} does not fit into a model file: choose a "
            "smaller C (`c` of `training.fit.Settings`)"
        )
    masked, words, *places, edge = np.split(steps.astype(np.int16), _EDGES[1:-1])

    def kept(array: NDArray[np.float64]) -> NDArray[np.float32]:
        return np.ascontiguousarray(array, np.float32)

    return Model(
        labels=labels,
        masked_idf=kept(weights.masked_.idf_),
        masked=Coefficients.of(masked),
        word_idf=kept(weights.words_.idf_),
        words=Coefficients.of(words),
        columns=np.stack(places),
        edge=edge,
        scales=np.array(
            [
                scales.masked,
                scales.words,
                *(column_scale(scales, place, columns) for place in cols.NEIGHBOURS),
            ]
        ),
        bias=kept(regression.intercept_ - regression.intercept_.mean()),
        chain=chain,
        calibration=calibration,
        retelling=retelling,
        about=about,
    )
