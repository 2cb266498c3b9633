"""Training data as numbers: a row a block, in page order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from segmenter import columns as cols
from segmenter import features as ft
from segmenter.errors import InputError
from segmenter.features import Features, Grams
from segmenter.labelled import check_labels
from training.pages import LABELS, LabelledPage, block_labels


@dataclass(frozen=True)
class Rows:
    """Blocks as feature counts.

    ``masked``, ``words``: how often each n-gram occurs, sparse, (blocks, buckets). ``columns``:
    uint8, (blocks, places, columns): the columns of each block and of its neighbours, by
    `columns.NEIGHBOURS`; `MISSING` where there is none. ``page``: int64, the page of each
    block, ascending. ``size``: int64, its characters. ``label``: int8, the place of its label.
    ``weight``: float32, what it counts for in training. ``group``: the writer or source of each
    block. ``source``: the id of its page.
    """

    masked: sparse.csr_array
    words: sparse.csr_array
    columns: NDArray[np.uint8]
    page: NDArray[np.int64]
    size: NDArray[np.int64]
    label: NDArray[np.int8]
    weight: NDArray[np.float32]
    group: NDArray[np.str_]
    source: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.label)

    def take(self, chosen: NDArray[np.bool_]) -> Rows:
        """The chosen rows."""
        return Rows(*(getattr(self, field.name)[chosen] for field in fields(self)))


def count(grams: tuple[Grams, ...], bits: int) -> sparse.csr_array:
    """How often each n-gram of a group occurs in each block: float32, (blocks, 2**bits)."""
    total = None
    for buckets, bounds in grams:
        ones = np.ones(len(buckets), np.float32)
        part = sparse.csr_array((ones, buckets, bounds), shape=(len(bounds) - 1, 1 << bits))
        total = part if total is None else total + part
    assert total is not None
    total.sum_duplicates()
    return total


MISSING = 255
"""Stands for each column of a neighbour that is not there."""


def neighbours(columns: NDArray[np.uint8], page: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The columns of each block's `columns.NEIGHBOURS` on its page: (blocks, places, columns)."""
    blocks = len(columns)
    out = np.full((blocks, len(cols.NEIGHBOURS), columns.shape[1]), MISSING, np.uint8)
    here = np.arange(blocks)
    for i, place in enumerate(cols.NEIGHBOURS):
        near = np.clip(here + place, 0, max(blocks - 1, 0))
        there = (near == here + place) & (page[near] == page)
        out[there, i] = columns[near[there]]
    return out


def rows_of(
    features: Features,
    size: NDArray[np.int64],
    label: NDArray[np.int8],
    group: NDArray[np.str_],
    source: NDArray[np.str_],
) -> Rows:
    """The rows of a batch."""
    return Rows(
        count(features.masked, ft.MASKED_BITS),
        count(features.words, ft.WORD_BITS),
        neighbours(features.columns, features.parts),
        features.parts.astype(np.int64),
        size,
        label,
        np.ones(len(label), np.float32),
        group,
        source,
    )


def join(parts: Sequence[Rows]) -> Rows:
    """Rows one after the other, with pages counted on."""
    shifts = np.cumsum([0, *(int(part.page.max()) + 1 if len(part) else 0 for part in parts)])
    return Rows(
        sparse.vstack([part.masked for part in parts], format="csr"),
        sparse.vstack([part.words for part in parts], format="csr"),
        np.concatenate([part.columns for part in parts]),
        np.concatenate([part.page + shift for part, shift in zip(parts, shifts, strict=False)]),
        np.concatenate([part.size for part in parts]),
        np.concatenate([part.label for part in parts]),
        np.concatenate([part.weight for part in parts]),
        np.concatenate([part.group for part in parts]),
        np.concatenate([part.source for part in parts]),
    )


def from_pages(pages: Sequence[LabelledPage], labels: Sequence[str] = LABELS) -> Rows:
    """The rows of labelled pages. Raises `InputError` for a label that is none of ``labels``."""
    for page in pages:
        try:
            check_labels(page.segments, labels)
        except InputError as error:
            raise InputError(f"page {page.id}: {error}") from error
    batch = ft.extract([page.text for page in pages])
    edges = np.concatenate(([0], np.cumsum(batch.spans.counts)))
    found = [
        block_labels(page, batch.spans.starts[a:b] - base, batch.spans.ends[a:b] - base, labels)
        for page, a, b, base in zip(pages, edges, edges[1:], batch.bounds, strict=False)
    ]
    groups = np.repeat(np.array([page.writer for page in pages]), batch.spans.counts)
    sources = np.repeat(np.array([page.id for page in pages]), batch.spans.counts)
    size = batch.spans.ends - batch.spans.starts
    return rows_of(batch.features, size, np.concatenate(found), groups, sources)
