"""Predictions for pages by models that have not seen their writer, or their source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import joblib
import numpy as np
from numpy.typing import NDArray

from segmenter import features as ft
from segmenter.decoder import Chain, decode
from training.fit import Settings, chain_of, fit, role_scores
from training.label_set import variants_of
from training.pages import LABELS, LabelledPage
from training.rows import Rows, from_pages
from training.score import Tally, spread

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Pages:
    """Labelled pages with their blocks: offsets into each page's text, rows, variants' rows."""

    pages: list[LabelledPage]
    starts: Ints
    ends: Ints
    counts: Ints
    rows: Rows
    others: Rows | None
    labels: tuple[str, ...] = LABELS

    @classmethod
    def of(
        cls,
        pages: Sequence[LabelledPage],
        *,
        varied: bool = True,
        labels: tuple[str, ...] = LABELS,
    ) -> Pages:
        """Pages taken apart; with the rows of their variants unless not to be trained on."""
        batch = ft.extract([page.text for page in pages])
        base = np.repeat(batch.bounds[:-1], batch.spans.counts)
        return cls(
            list(pages),
            batch.spans.starts - base,
            batch.spans.ends - base,
            batch.spans.counts,
            from_pages(pages, labels),
            from_pages(variants_of(pages, labels[-1]), labels) if varied else None,
            labels,
        )

    def take(self, chosen: NDArray[np.bool_]) -> Pages:
        """The chosen pages."""
        blocks = np.repeat(chosen, self.counts)
        pages = [page for page, keep in zip(self.pages, chosen.tolist(), strict=True) if keep]
        others = self.others
        if others is not None:
            others = others.take(np.isin(others.source, [page.id for page in pages]))
        return Pages(
            pages,
            self.starts[blocks],
            self.ends[blocks],
            self.counts[chosen],
            self.rows.take(blocks),
            others,
            self.labels,
        )

    def tally(self, labels: Ints) -> Tally:
        """The counts for block labels, over all pages."""
        total = Tally()
        for page, own in self.each():
            total.add(page, spread(len(page.text), self.starts[own], self.ends[own], labels[own]))
        return total

    def each(self) -> list[tuple[LabelledPage, slice]]:
        """Each page with the place of its blocks."""
        edges = np.concatenate(([0], np.cumsum(self.counts))).tolist()
        return [
            (page, slice(a, b)) for page, a, b in zip(self.pages, edges, edges[1:], strict=False)
        ]


def fold_of(pages: Sequence[LabelledPage], folds: int | None) -> Ints:
    """The fold of each page: its writer's, or with a number of folds, one of so many by writer."""
    writers = sorted({page.writer for page in pages})
    number = {writer: i % (folds or len(writers)) for i, writer in enumerate(writers)}
    return np.array([number[page.writer] for page in pages])


def held_out(
    data: Pages, public: Sequence[Rows], settings: Settings, folds: int | None = None, jobs: int = 2
) -> tuple[Floats, list[Chain], Ints]:
    """Scores of all blocks by models that did not see their writer.

    Returns log probabilities, (blocks, roles); the chain of each fold; the fold of each page.
    """
    fold = fold_of(data.pages, folds)

    def one(number: int) -> tuple[Floats, Chain]:
        seen, unseen = data.take(fold != number), data.take(fold == number)
        fitted = fit(seen.rows, seen.others, public, settings, data.labels)
        scores = role_scores(fitted, unseen.rows, settings, data.labels)
        return scores, chain_of(seen.rows, settings, data.labels)

    numbers = sorted(set(fold.tolist()))
    results = joblib.Parallel(n_jobs=jobs)(joblib.delayed(one)(number) for number in numbers)
    scores = np.zeros((int(data.counts.sum()), results[0][0].shape[1]))
    block_fold = np.repeat(fold, data.counts)
    for number, (found, _) in zip(numbers, results, strict=True):
        scores[block_fold == number] = found
    return scores, [chain for _, chain in results], fold


def decode_folds(
    data: Pages, scores: Floats, chains: Sequence[Chain], fold: Ints
) -> tuple[Ints, Floats]:
    """Labels and probabilities of all blocks, each page by its own fold's chain."""
    labels = np.zeros(len(scores), np.int64)
    probabilities = np.zeros((len(scores), len(data.labels)))
    block_fold = np.repeat(fold, data.counts)
    for number, chain in enumerate(chains):
        own = block_fold == number
        labels[own], probabilities[own] = decode(scores[own], data.counts[fold == number], chain)
    return labels, probabilities
