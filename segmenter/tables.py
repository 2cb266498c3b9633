"""Coefficients laid out for look-ups: what the sums of a block's scores are taken from.

A look-up costs what it misses in the processor's caches, and what numpy spends on each row. So rows
are short and lie on even addresses, and columns are looked up two at a time.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segmenter.features import Grams

CHUNK = 16
"""Pairs of columns whose weights are summed together: few enough that they stay in the cache."""

LINE = 64
"""Bytes that the processor's caches hold together."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Steps = NDArray[np.int16]
Weights = NDArray[np.float32]


class Coefficients(NamedTuple):
    """The coefficients of a group of n-grams, of the buckets that have any: most have none.

    ``buckets``: int32, ascending. ``steps``: int16 of shape (buckets, roles).
    """

    buckets: NDArray[np.int32]
    steps: Steps

    @classmethod
    def of(cls, steps: Steps) -> Coefficients:
        """Those of all buckets, of shape (buckets, roles)."""
        buckets = np.flatnonzero(steps.any(axis=1))
        return cls(buckets.astype(np.int32), np.ascontiguousarray(steps[buckets]))

    def at(self, buckets: Ints) -> Steps:
        """The coefficients of any buckets: (buckets asked for, roles)."""
        found = np.zeros((len(buckets), self.steps.shape[1]), np.int16)
        known = np.isin(buckets, self.buckets)
        found[known] = self.steps[np.searchsorted(self.buckets, buckets[known])]
        return found


def aligned(shape: tuple[int, ...]) -> Weights:
    """Zeros that begin where a cache line does, so that a row of 32 bytes lies in one line."""
    room = np.zeros(4 * math.prod(shape) + LINE, np.uint8)
    skip = -room.ctypes.data % LINE
    return room[skip : skip + 4 * math.prod(shape)].view(np.float32).reshape(shape)


class Pairs(NamedTuple):
    """The summed weights of two columns, for each pair of their bins.

    ``tables``: one of shape (rows, roles) for each place. ``highest``: uint8, the first bin of each
    column from which on no bin has a weight. ``width``, ``offset``: of each pair, how many rows a
    bin of its first column takes, and where its rows begin.
    """

    tables: tuple[Weights, ...]
    highest: NDArray[np.uint8]
    width: Ints
    offset: Ints

    def rows(self, columns: NDArray[np.uint8]) -> Ints:
        """The row of each pair for each block, (pairs, blocks), from columns of (blocks, columns).

        Pairs come first, since columns lie in memory one behind the other.
        """
        bins = np.minimum(columns.T, self.highest[:, None])
        rows = bins[0::2].astype(np.int64)
        rows *= self.width[:, None]
        second = bins[1::2]
        rows[: len(second)] += second
        rows += self.offset[:, None]
        return rows

    def scores(self, place: int, rows: Ints) -> Floats:
        """The summed weights of each block's columns at a place: (blocks, roles)."""
        table = self.tables[place]
        total = np.zeros((rows.shape[1], table.shape[1]))
        for low in range(0, len(rows), CHUNK):
            total += table.take(rows[low : low + CHUNK], axis=0).sum(axis=0)
        return total


def pair_columns(weights: Floats) -> Pairs:
    """Pairs of neighbouring columns, from weights of shape (places, columns, bins, roles)."""
    places, count, bins, roles = weights.shape
    # One bin more for each column, without weight, stands for all bins that have none.
    padded = np.zeros((places, count + count % 2, bins + 1, roles), np.float32)
    padded[:, :count, :bins] = weights
    has: NDArray[np.bool_] = (padded != 0).max(axis=(0, 3))
    highest = np.where(has.any(axis=1), bins + 1 - has[:, ::-1].argmax(axis=1), 0)
    levels = (highest + 1).reshape(-1, 2)
    size = levels.prod(axis=1)
    offset = np.cumsum(size) - size
    tables = [aligned((int(size.sum()), roles)) for _ in range(places)]
    for pair, ((first, second), begin) in enumerate(
        zip(levels.tolist(), offset.tolist(), strict=True)
    ):
        for table, columns in zip(tables, padded, strict=True):
            np.add(
                columns[2 * pair, :first, None],
                columns[2 * pair + 1, None, :second],
                out=table[begin : begin + first * second].reshape(first, second, roles),
            )
    return Pairs(tuple(tables), highest[:count].astype(np.uint8), levels[:, 1], offset)


def gram_table(idf: Weights, coefficients: Coefficients, unit: float) -> Weights:
    """What `weighted` looks up, from idf of shape (buckets,) and coefficients: (buckets, roles).

    The coefficients are whole numbers of steps of ``unit``.

    Only differences between the roles' scores count, so the first role needs no column, and squared
    idf takes its place; behind it, idf times how much more each other role gets. For eight roles
    that makes a row of 32 bytes, half a cache line, and one look-up for all.
    """
    buckets, steps = coefficients
    table = aligned((len(idf), steps.shape[1]))
    relative = np.subtract(steps, steps[:, :1], dtype=np.float32)
    table[buckets] = relative * (idf[buckets] * np.float32(unit))[:, None]
    np.square(idf, out=table[:, 0])
    return table


def weighted(grams: tuple[Grams, ...], table: Weights) -> Floats:
    """TF-IDF-weighted sums of the coefficients, each block's divided by the norm of its weights.

    How much more each role but the first gets than the first, (blocks, roles - 1). The norm takes
    each occurrence of an n-gram for itself, sqrt(sum of tf * idf**2), so that no occurrence needs
    to be matched with another: for blocks of a few sentences this is close to the Euclidean norm of
    the TF-IDF vector, and equal to it where no n-gram recurs.
    """
    total = np.zeros((len(grams[0].bounds) - 1, table.shape[1]))
    for buckets, bounds in grams:
        full = np.flatnonzero(bounds[1:] > bounds[:-1])
        if len(full):
            total[full] += np.add.reduceat(table.take(buckets, axis=0), bounds[full])
    norm = np.sqrt(np.maximum(total[:, :1], np.finfo(np.float64).tiny))
    sums: Floats = total[:, 1:] / norm
    return sums
