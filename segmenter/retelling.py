"""Retellings: where a page tells a matter twice, and which of the two is the report.

A comic rewrite tells again what the report on the same page tells, so the two share words that few
other blocks have. Alone, a dry rewrite passes for a report; beside the report it is still the less
dry of the two. A block's manner is how much more it reads like a rewrite than like a report. What
counts here is how far it is from the manner of the blocks that tell the same: the further, and the
more of its words they share, the more its scores are moved.

The constants were chosen by leaving out writers: `FEW`, and the smaller of two shares in `shift`,
keep honest pages whole; with half or twice `REACH`, `FAR`, `RARE`, `LITTLE` or `MOST` the accuracy
is within .001.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

REACH = 3
"""Blocks on either side over which manners and shares are averaged."""

FAR = 4
"""Blocks this close to each other are of one telling."""

FEW = 3
"""What more blocks name is what the page is about; what is told twice, two or three name."""

RARE = 0.004
"""The share of blocks up to which a word is rare enough to tell that two blocks tell the same."""

LITTLE = 8
"""A block's rare words are taken to be as many at least."""

FRAME = 0.7
"""The probability of the frame from which on no other block is held against a block."""

WIDEST, MOST = 8.0, 4.0
"""In nats: the most that is seen of a block's manner, and that its labels are moved apart."""

_LEAST = 1 - np.log(RARE)
"""The inverse document frequency, smoothed as by scikit-learn, of a word that such a share has."""

_STEPS = 256
"""Manners and shares are whole numbers of so many steps to 1: sums are exact in any order."""


@dataclass(frozen=True, slots=True)
class Retelling:
    """The places of the two labels that are told apart, and how strongly: not at all with 0."""

    told: int = 0
    retold: int = 0
    strength: float = 0.0


@dataclass(frozen=True, slots=True)
class Words:
    """The words of blocks, and the text, or the part of a long one, that each block belongs to.

    ``buckets``: those of each block one after the other, ``bounds``: where each block's begin, then
    their number. ``count``: how many words each block has, (blocks,); ``parts``: ascending.
    ``idf``: the inverse document frequency of each bucket.
    """

    buckets: NDArray[np.integer]
    bounds: NDArray[np.integer]
    count: Ints
    parts: Ints
    idf: NDArray[np.floating]


def contrast(scores: Floats, labels: Ints, retelling: Retelling, words: Words) -> Floats:
    """What is added to the scores of each block for what its page tells twice.

    ``scores``: log probabilities of the roles of each block, of shape (blocks, roles); ``labels``:
    the label of each role; the last label is the frame. Returns nats, of the shape of ``scores``.
    """
    added = np.zeros_like(scores)
    if retelling.strength == 0:
        return added
    told, retold, frame = (
        np.logaddexp.reduce(scores[:, labels == label], axis=1)
        for label in (retelling.told, retelling.retold, labels.max())
    )
    nats = np.clip(retelling.strength * shift(told, retold, frame, words), -MOST, MOST) / 2
    added[:, labels == retelling.told] -= nats[:, None]
    added[:, labels == retelling.retold] += nats[:, None]
    return added


def shift(told: Floats, retold: Floats, frame: Floats, words: Words) -> Floats:
    """How much more each block sounds retold than those that tell the same, in nats: (blocks,).

    ``told``, ``retold``, ``frame``: log probabilities of these labels, of shape (blocks,). The
    difference in manner is multiplied by the share of the block's rare words that such blocks have,
    or by the mean share of the blocks about it, if that is less: a telling has more than one block.
    """
    blocks = len(told)
    manner = np.rint(np.clip(retold - told, -WIDEST, WIDEST) * _STEPS).astype(np.int64)
    prose = np.exp(frame) < FRAME
    weight = words.count * prose
    manner = _averaged(manner, weight, words.parts)
    word, block = _distinct(words)
    shared = np.zeros(len(word), bool)
    partners, theirs = np.zeros(blocks), np.zeros(blocks)
    for step in range(1, FEW):
        same = (word[step:] == word[:-step]) & (block[step:] - block[:-step] > FAR)
        pair = np.flatnonzero(same)
        for own, other in ((pair, pair + step), (pair + step, pair)):
            met = np.flatnonzero(prose[block[other]])
            one, two = block[own[met]], block[other[met]]
            shared[own[met]] = True
            partners += np.bincount(one, minlength=blocks)
            theirs += np.bincount(one, manner[two], minlength=blocks)
    rare = np.maximum(np.bincount(block, minlength=blocks), LITTLE)
    share = (np.bincount(block[shared], minlength=blocks) * _STEPS) // rare
    share = np.minimum(share, _averaged(share, weight, words.parts))
    found: Floats = share * (manner - theirs / np.maximum(partners, 1)) / _STEPS**2
    return found


def _averaged(values: Ints, weight: Ints, parts: Ints) -> Ints:
    """The mean of steps over the blocks within `REACH`, of the same part."""
    here = np.arange(len(values))
    low = np.maximum(here - REACH, np.searchsorted(parts, parts))
    high = np.minimum(here + REACH + 1, np.searchsorted(parts, parts, side="right"))
    sums = np.concatenate(([0], np.cumsum(values * weight)))
    total = np.concatenate(([0], np.cumsum(weight)))
    mean = (sums[high] - sums[low]) / np.maximum(total[high] - total[low], 1)
    steps: Ints = np.rint(mean).astype(np.int64)
    return steps


def _distinct(words: Words) -> tuple[Ints, Ints]:
    """A number for each rare word of a part, and a block that has it, in order, each pair once.

    Words that more than `FEW` blocks of the part have get a number of their own for each block.
    """
    block = np.repeat(np.arange(len(words.parts)), np.diff(words.bounds))
    chosen = np.flatnonzero(words.idf.take(words.buckets) > _LEAST)
    keys = (words.buckets[chosen].astype(np.int64) << 32) | block[chosen]
    keys.sort()
    keys = keys[np.diff(keys, prepend=-1) != 0]
    block = keys & 0xFFFFFFFF
    first = np.ones(len(keys) + 1, bool)
    first[1:-1] = (np.diff(keys >> 32) != 0) | (np.diff(words.parts[block]) != 0)
    edges = np.flatnonzero(first)
    length = np.diff(edges)
    word = np.repeat(np.arange(len(length)), length)
    many = np.repeat(length > FEW, length)
    word[many] = -1 - np.arange(np.count_nonzero(many))
    return word, block
