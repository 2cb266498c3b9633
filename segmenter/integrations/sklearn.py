"""scikit-learn: pages in, cleaned texts out; and the fitted labeller of blocks as a classifier.

Needs the extra ``sklearn``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from segmenter.calibration import calibrate
from segmenter.decoder import decode
from segmenter.errors import MissingExtraError
from segmenter.integrations.loading import segmenter_of
from segmenter.within import batch_of

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
except ImportError as error:
    raise MissingExtraError(
        "its estimators need the extra 'sklearn': pip install 'segmenter[sklearn]'"
    ) from error

Floats = NDArray[np.float64]


class SegmentCleaner(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Pages to their cleaned texts.

    ``keep``: labels whose blocks stay; the model's first, the report, unless given.
    ``min_confidence``: blocks of which the model is less sure are left out. ``model``: path of a
    model file; the packaged one unless given. Nothing is learned by `fit`.
    """

    def __init__(
        self,
        keep: Collection[str] | None = None,
        min_confidence: float = 0.0,
        model: Path | str | None = None,
    ) -> None:
        """What is kept, and by which model."""
        self.keep = keep
        self.min_confidence = min_confidence
        self.model = model

    def fit(self, X: Iterable[str], y: object = None) -> Self:  # noqa: N803 scikit-learn's name
        """Checks the parameters and the pages; returns itself."""
        self._kept()
        texts_of(X)
        return self

    def fit_transform(
        self,
        X: Iterable[str],  # noqa: N803
        y: object = None,
        **fit_params: object,
    ) -> NDArray[np.object_]:
        """As `fit`, then `transform`, also of texts that come but once."""
        X = list(X) if isinstance(X, Iterator) else X  # noqa: N806
        found: NDArray[np.object_] = super().fit_transform(X, y, **fit_params)
        return found

    def transform(self, X: Iterable[str]) -> NDArray[np.object_]:  # noqa: N803
        """The cleaned text of each page: of shape (pages,). Raises `ValueError` for no texts."""
        keep = self._kept()
        pages = segmenter_of(self.model).pipe(texts_of(X))
        found = [page.clean(keep, self.min_confidence) for page in pages]
        return np.array([*found, None], dtype=object)[:-1]

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.object_]:
        """The name of the one column, for `set_output`."""
        return np.array(["text"], dtype=object)

    def _kept(self) -> Collection[str] | None:
        if not 0 <= self.min_confidence <= 1:
            raise ValueError(f"min_confidence is from 0 to 1, not {self.min_confidence!r}")
        if self.keep is None:
            return None
        labels = segmenter_of(self.model).model.labels
        keep = [self.keep] if isinstance(self.keep, str) else list(self.keep)
        if unknown := [label for label in keep if label not in labels]:
            raise ValueError(f"keep: {unknown[0]!r} is none of {', '.join(labels)}")
        return keep

    def __sklearn_tags__(self) -> Any:
        return _text_tags(super().__sklearn_tags__())


class BlockClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """The fitted labeller of blocks, for those who study it.

    A sample is the text of a block. ``pages`` names the page of each; blocks of a page stand
    together, in order, and what is around a block speaks for its label. Unless given, each block is
    a page of its own. Nothing is learned by `fit`: `make train` fits the model.
    """

    def __init__(self, model: Path | str | None = None) -> None:
        """``model``: path of a model file; the packaged one unless given."""
        self.model = model

    @property
    def classes_(self) -> NDArray[np.str_]:
        """The labels, in the order of the columns."""
        return np.array(segmenter_of(self.model).model.labels)

    def fit(self, X: Iterable[str], y: Iterable[str] | None = None) -> Self:  # noqa: N803
        """Checks that the labels are the model's; returns itself."""
        texts_of(X)
        if unknown := set([] if y is None else y) - set(self.classes_.tolist()):
            raise ValueError(f"y: {min(unknown)!r} is none of {', '.join(self.classes_)}")
        return self

    def predict(self, X: Iterable[str], pages: Sequence[Any] | None = None) -> NDArray[np.str_]:  # noqa: N803
        """The label of each block, as `Segmenter` gives it."""
        found: NDArray[np.str_] = self.classes_[self._decoded(X, pages)[0]]
        return found

    def predict_proba(self, X: Iterable[str], pages: Sequence[Any] | None = None) -> Floats:  # noqa: N803
        """Calibrated probabilities: of shape (blocks, labels)."""
        return self._decoded(X, pages)[1]

    def decision_function(self, X: Iterable[str], pages: Sequence[Any] | None = None) -> Floats:  # noqa: N803
        """What a block is before the chain over the page: log probabilities."""
        model = segmenter_of(self.model).model
        texts = texts_of(X)
        if not texts:
            return np.zeros((0, len(model.labels)))
        roles = np.exp(model.score(batch_of(*_parts(texts, _counts(texts, pages))).features))
        by_label = [roles[:, model.chain.roles_of(i)].sum(axis=1) for i in range(len(model.labels))]
        logs: Floats = np.log(np.maximum(np.column_stack(by_label), np.finfo(np.float64).tiny))
        return logs

    def _decoded(
        self,
        X: Iterable[str],  # noqa: N803
        pages: Sequence[Any] | None,
    ) -> tuple[NDArray[np.int64], Floats]:
        model = segmenter_of(self.model).model
        texts = texts_of(X)
        if not texts:
            return np.zeros(0, np.int64), np.zeros((0, len(model.labels)))
        counts = _counts(texts, pages)
        found = batch_of(*_parts(texts, counts)).features
        labels, posteriors = decode(model.score(found), counts, model.chain)
        page = np.repeat(np.arange(len(counts)), counts)
        return labels, calibrate(posteriors, page, found.known, model.calibration)

    def __sklearn_tags__(self) -> Any:
        return _text_tags(super().__sklearn_tags__())


def texts_of(pages: Any) -> list[str]:
    """The texts in a list, an array, a column, or a table of one column.

    Raises `ValueError` for one text in place of many, and for what is no text.
    """
    if isinstance(pages, str | bytes):
        raise ValueError("X is one text; give a list of them")
    if len(getattr(pages, "shape", (0,))) == 2:
        if pages.shape[1] != 1:
            raise ValueError(f"X has {pages.shape[1]} columns; give the one that holds the texts")
        pages = pages.to_numpy() if hasattr(pages, "to_numpy") else pages
        pages = np.asarray(pages)[:, 0]
    texts = [str(text) if isinstance(text, np.str_) else text for text in pages]
    for place, text in enumerate(texts):
        if not isinstance(text, str):
            raise ValueError(f"X: sample {place} is no text but {type(text).__name__}")
    return texts


def _counts(texts: list[str], pages: Sequence[Any] | None) -> NDArray[np.int64]:
    """How many blocks each page has, in order."""
    if pages is None:
        return np.ones(len(texts), np.int64)
    names = list(pages)
    if len(names) != len(texts):
        raise ValueError(f"there are {len(texts)} blocks, but the page is told of {len(names)}")
    edges = [0, *(i for i in range(1, len(names)) if names[i] != names[i - 1]), len(names)]
    if len({names[i] for i in edges[:-1]}) < len(edges) - 1:
        raise ValueError("the blocks of a page must stand together")
    return np.diff(edges)


def _parts(texts: list[str], counts: NDArray[np.int64]) -> tuple[list[str], list[list[int]]]:
    """The text of each page, and the lengths of its blocks."""
    parts, lengths, at = [], [], 0
    for count in counts.tolist():
        own = texts[at : at + count]
        parts.append("\n\n".join(own))
        lengths.append([len(text) for text in own])
        at += count
    return parts, lengths


def _text_tags(tags: Any) -> Any:
    tags.input_tags.string = True
    tags.input_tags.one_d_array = True
    tags.input_tags.two_d_array = False
    tags.requires_fit = False
    return tags
